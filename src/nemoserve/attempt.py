"""One attempt at a reply: the job run, its output turned into events, what was used settled. Knows no requests' spellings.

Whatever ends the attempt ends the generation and writes one line into the ledger: the end, an error, a client that went away,
an engine that died, a reply that nobody began to read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, AsyncIterator, Sequence

import msgspec

from nemoserve.access.keyring import Keyring
from nemoserve.access.rates import Rates
from nemoserve.admission import Admission, monotonic_ms
from nemoserve.backends.base import Backend, Generation
from nemoserve.backends.catalogue import Catalogue
from nemoserve.config.settings import Settings
from nemoserve.ledger.books import Books
from nemoserve.ledger.content import ContentError, Said, content_body
from nemoserve.observe.logs import Log
from nemoserve.observe.metrics import Metrics
from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.parsing.fold import Fold, FoldedChoice
from nemoserve.reasoning.keep import ReasoningKeep
from nemoserve.storage.database import Database
from nemoserve.structured.compiler import GrammarCompiler
from nemoserve.structured.validate import check_output
from nemoserve.types.caller import Caller
from nemoserve.types.chat import Notice, OutputFormat
from nemoserve.types.entry import Entry, Outcome
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, Completed, Event, ReasoningDelta
from nemoserve.types.prompt import Ended, Job, Pieces, PromptPieces, RawOutput
from nemoserve.types.usage import Timing, Usage

_COUNTING_S = 10.0
"""An engine that does not say how many tokens it made within this time is taken at its word so far."""


class Running(msgspec.Struct, frozen=True):
    """A reply under way, and whose it is."""

    generation: Generation
    caller: Caller


class Services(msgspec.Struct, frozen=True):
    """What the server holds between requests."""

    settings: Settings
    catalogue: Catalogue
    compilers: dict[str, GrammarCompiler]
    """By model id; a model that cannot be made to follow a grammar has none."""
    keep: ReasoningKeep
    secret: bytes
    """Signs thinking."""
    database: Database
    keyring: Keyring
    rates: Rates
    books: Books
    metrics: Metrics
    log: Log
    running: dict[str, Running] = {}
    """Replies under way, by their id."""
    settling: set[asyncio.Task[None]] = set()
    """Attempts that have ended and wait for their engine's last count."""


class Plan(msgspec.Struct, frozen=True):
    """What an attempt is to do besides running the job: how to read its output, and what to make of it."""

    job: Job
    rules: Rules
    arrived: float
    """When the request came, on the monotonic clock."""
    admission: Admission
    entry: Entry
    """The ledger's line as far as it is known before anything has run."""
    content: dict[str, object] | None = None
    """What went in, where the key has its requests' content stored."""
    exclude_thinking: bool = False
    output: OutputFormat | None = None
    if_cut: Notice | None = None
    """Reported for a choice whose thinking was ended at its budget."""


class Attempt:
    """An iterator over the reply's events, to be read once and closed in any case, also when it was never read."""

    def __init__(self, house: Services, backend: Backend, plan: Plan) -> None:
        self._house, self._backend, self._plan = house, backend, plan
        count = len(plan.job.prompts) * plan.job.sampling.n
        self._parsers = [ChoiceParser(index, plan.rules) for index in range(count)]
        self._sampled: list[int | None] = [None] * count
        self._timings: list[Timing] = []
        self._folding = Fold(logprobs=False)
        self._generation: Generation | None = None
        self._first_token_ms: int | None = None
        self._thinking_cut = False
        self._finish: ChoiceFinished | None = None
        self._ended = False
        self._claim = house.books.open(plan.entry, plan.admission.hold, self._used)
        self._events = self._run()

    def __aiter__(self) -> AsyncIterator[Event]:
        return self

    async def __anext__(self) -> Event:
        return await self._events.__anext__()

    async def aclose(self) -> None:
        """Stops the generation if it still runs."""
        await self._events.aclose()
        self._end("cancelled", None)  # where nobody began to read, nothing else would

    async def _run(self) -> AsyncGenerator[Event]:
        """The reply. Raises ApiError when it cannot begin or breaks off, with what was used until then."""
        house, job = self._house, self._plan.job
        started, error = time.monotonic(), None
        try:
            self._generation = await self._backend.generate(job)
            house.running[job.id] = Running(self._generation, self._plan.admission.caller)
            async for output in self._generation:
                for event in self._read(output):
                    self._folding.add(event)
                    if isinstance(event, ChoiceFinished):
                        event = await self._finished(event)
                    if not (self._plan.exclude_thinking and isinstance(event, ReasoningDelta)):
                        yield event
            self._ended = True
            usage, timing = self._used(), _slowest(self._timings, time.monotonic() - started)
            yield Completed(usage, timing, self._settle("finished", usage, None).cost)
        except ApiError as failure:
            error = failure
            error.usage = self._used()
            raise
        finally:
            house.running.pop(job.id, None)
            self._end("cancelled" if error is None else "failed", error)

    def _end(self, outcome: Outcome, error: ApiError | None) -> None:
        """Ends what still runs, and settles once the backend has said how much that was. Waits for nothing."""
        if self._ended:
            return
        self._ended = True
        if self._generation is None:
            self._settle(outcome, Usage(), error)
            return
        self._generation.close()
        task = asyncio.create_task(self._settle_counted(self._generation, outcome, error))
        self._house.settling.add(task)
        task.add_done_callback(self._house.settling.discard)

    async def _settle_counted(self, generation: Generation, outcome: Outcome, error: ApiError | None) -> None:
        try:
            async with asyncio.timeout(_COUNTING_S):
                counts = await generation.counted()
        except TimeoutError:
            counts = [parser.tokens for parser in self._parsers]
        thinking = 0
        for index, (parser, counted) in enumerate(zip(self._parsers, counts, strict=True)):
            thinking += parser.reasoning_tokens
            if self._sampled[index] is None:
                self._sampled[index] = counted
                # What nobody has read any more was thinking if the last that was read was.
                thinking += max(0, counted - parser.tokens) if parser.thinks else 0
        usage = msgspec.structs.replace(self._used(), reasoning_tokens=thinking)
        self._settle(outcome, usage, error)

    def _read(self, output: RawOutput) -> Sequence[Event]:
        """The events that one output of the backend makes."""
        if self._first_token_ms is None:
            seconds = time.monotonic() - self._plan.arrived
            self._first_token_ms = round(1000 * seconds)
            self._house.metrics.first_token(self._backend.card.id, seconds)
        parser = self._parsers[output.index]
        match output:
            case PromptPieces():
                return parser.echo(output.pieces)
            case Pieces():
                events = parser.push(output.pieces)
                if parser.stopped and self._generation is not None:
                    self._generation.stop(output.index)
                    self._sampled[output.index] = parser.tokens
                    events += parser.finish("stop", ended_turn=False)
                return events
            case Ended():
                self._sampled[output.index] = output.completion_tokens
                self._timings.append(output.timing)
                events = parser.finish(output.reason, ended_turn=output.ended_turn)
                self._thinking_cut |= output.thinking_cut
                if output.thinking_cut and self._plan.if_cut is not None:
                    *events, end = events
                    assert isinstance(end, ChoiceFinished)
                    events.append(msgspec.structs.replace(end, warnings=(self._plan.if_cut, *end.warnings)))
                return events

    async def _finished(self, event: ChoiceFinished) -> ChoiceFinished:
        """The choice's end, with what is to be said of its answer; its thinking is kept for the next turn."""
        plan, choice = self._plan, self._folding.choice(event.index)
        if self._finish is None or event.index == 0:
            self._finish = event
        calls = [call.id for call in choice.tool_calls]
        keeper, session = keeper_of(plan.admission.caller), plan.entry.session_id
        self._house.keep.remember(keeper, session, choice.text, calls, choice.reasoning)
        notice = await self._mismatch(choice) if plan.output is not None and not calls else None
        return event if notice is None else msgspec.structs.replace(event, warnings=(*event.warnings, notice))

    async def _mismatch(self, choice: FoldedChoice) -> Notice | None:
        assert self._plan.output is not None
        complete = choice.finish_reason == "stop"
        # In a thread: compiling a large schema takes a while.
        return await asyncio.to_thread(check_output, self._plan.output, choice.text, complete=complete)

    def _used(self) -> Usage:
        """What is known to have been used until now."""
        began = self._generation is not None
        prompt_tokens = sum(len(prompt.tokens) for prompt in self._plan.job.prompts) if began else 0
        counts = (
            parser.tokens if count is None else count
            for count, parser in zip(self._sampled, self._parsers, strict=True)
        )
        return Usage(prompt_tokens, sum(counts), sum(parser.reasoning_tokens for parser in self._parsers))

    def _settle(self, outcome: Outcome, usage: Usage, error: ApiError | None) -> Entry:
        """Writes the attempt's line. Returns it."""
        house, plan, model = self._house, self._plan, self._backend.card.id
        seconds = time.monotonic() - plan.arrived
        finish = self._finish if outcome == "finished" else None
        entry = house.books.settle(
            self._claim,
            usage,
            outcome=outcome,
            finish_reason="error" if error is not None else None if finish is None else finish.reason,
            native_finish_reason=None if finish is None else finish.native_reason,
            error_type=None if error is None else error.error_type,
            first_token_ms=self._first_token_ms,
            total_ms=round(1000 * seconds),
            thinking_cut=self._thinking_cut,
        )
        plan.admission.ticket.leave(usage.total_tokens, monotonic_ms())
        if plan.content is not None:
            body = self._content(plan.content, error)
            house.books.content(plan.job.id, entry.key_id, entry.created_at, body)
        house.metrics.generation(model, outcome)
        house.metrics.usage(model, usage, _slowest(self._timings, 0.0))
        house.log.info(
            "generation",
            id=plan.job.id,
            key=entry.key_id,
            model=model,
            outcome=outcome,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_nano=entry.cost,
            seconds=round(seconds, 4),
        )
        return entry

    def _content(self, given: dict[str, object], error: ApiError | None) -> bytes:
        """What went in and came out."""
        said = [
            Said(completion=choice.text, reasoning=choice.reasoning or None, tool_calls=choice.tool_calls)
            for choice in self._folding.choices()
        ]
        failure = None if error is None else ContentError(message=error.message, status=error.status)
        return content_body(given, said, failure)


def keeper_of(caller: Caller) -> str:
    """Under whose name past thinking is kept."""
    return caller.key_id or caller.owner


def _slowest(timings: list[Timing], elapsed: float) -> Timing:
    """The slowest choice's times; where the engine told none (a stop string ended it), all the time counts as decoding."""
    if not timings:
        return Timing(decode_s=elapsed)
    return Timing(
        max(timing.queue_s for timing in timings),
        max(timing.prefill_s for timing in timings),
        max(timing.decode_s for timing in timings),
    )
