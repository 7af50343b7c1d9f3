"""One attempt at a reply: the job run, its output turned into events, what was used counted. Knows no requests' spellings.

Whatever ends the iteration over the events ends the generation, and is counted and logged.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Sequence

import msgspec

from nemoserve.backends.base import Backend, Generation
from nemoserve.backends.catalogue import Catalogue
from nemoserve.config.settings import Settings
from nemoserve.observe.logs import Log
from nemoserve.observe.metrics import Metrics
from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.parsing.fold import Fold, FoldedChoice
from nemoserve.reasoning.keep import ReasoningKeep
from nemoserve.structured.compiler import GrammarCompiler
from nemoserve.structured.validate import check_output
from nemoserve.types.chat import Notice, OutputFormat
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, Completed, Event, ReasoningDelta
from nemoserve.types.prompt import Ended, Job, Pieces, PromptPieces, RawOutput
from nemoserve.types.usage import Timing, Usage


class Services(msgspec.Struct, frozen=True):
    """What the server holds between requests."""

    settings: Settings
    catalogue: Catalogue
    compilers: dict[str, GrammarCompiler]
    """By model id; a model that cannot be made to follow a grammar has none."""
    keep: ReasoningKeep
    secret: bytes
    """Signs thinking."""
    metrics: Metrics
    log: Log
    running: dict[str, Generation] = {}
    """Replies under way, by their id."""


class Plan(msgspec.Struct, frozen=True):
    """What an attempt is to do besides running the job: how to read its output, and what to make of it."""

    job: Job
    rules: Rules
    arrived: float
    """When the request came, on the monotonic clock."""
    exclude_thinking: bool = False
    output: OutputFormat | None = None
    if_cut: Notice | None = None
    """Reported for a choice whose thinking was ended at its budget."""
    owner: str = ""
    session_id: str | None = None


class Attempt:
    """`events` may be read once; closing it stops the generation."""

    def __init__(self, house: Services, backend: Backend, plan: Plan) -> None:
        self._house, self._backend, self._plan = house, backend, plan
        count = len(plan.job.prompts) * plan.job.sampling.n
        self._parsers = [ChoiceParser(index, plan.rules) for index in range(count)]
        self._sampled = [0] * count
        self._timings: list[Timing] = []
        self._folding = Fold(logprobs=False)
        self._generation: Generation | None = None
        self._spoken = False

    async def events(self) -> AsyncIterator[Event]:
        """The reply. Raises ApiError when it cannot begin or breaks off, with what was used until then."""
        house, job = self._house, self._plan.job
        started, outcome = time.monotonic(), "cancelled"
        usage: Usage | None = None
        try:
            self._generation = house.running[job.id] = await self._backend.generate(job)
            async for output in self._generation:
                for event in self._read(output):
                    self._folding.add(event)
                    if isinstance(event, ChoiceFinished):
                        event = await self._finished(event)
                    if not (self._plan.exclude_thinking and isinstance(event, ReasoningDelta)):
                        yield event
            usage = self._used()
            outcome = "finished"
            yield Completed(usage, _slowest(self._timings, time.monotonic() - started))
        except ApiError as error:
            outcome = "failed"
            usage = error.usage = self._used()
            raise
        finally:
            house.running.pop(job.id, None)
            if self._generation is not None:
                self._generation.close()
            self._settle(outcome, usage or self._used())

    def _read(self, output: RawOutput) -> Sequence[Event]:
        """The events that one output of the backend makes."""
        if not self._spoken:
            self._spoken = True
            self._house.metrics.first_token(self._backend.card.id, time.monotonic() - self._plan.arrived)
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
                if output.thinking_cut and self._plan.if_cut is not None:
                    *events, end = events
                    assert isinstance(end, ChoiceFinished)
                    events.append(msgspec.structs.replace(end, warnings=(self._plan.if_cut, *end.warnings)))
                return events

    async def _finished(self, event: ChoiceFinished) -> ChoiceFinished:
        """The choice's end, with what is to be said of its answer; its thinking is kept for the next turn."""
        plan, choice = self._plan, self._folding.choice(event.index)
        calls = [call.id for call in choice.tool_calls]
        self._house.keep.remember(plan.owner, plan.session_id, choice.text, calls, choice.reasoning)
        notice = await self._mismatch(choice) if plan.output is not None and not calls else None
        return event if notice is None else msgspec.structs.replace(event, warnings=(*event.warnings, notice))

    async def _mismatch(self, choice: FoldedChoice) -> Notice | None:
        assert self._plan.output is not None
        complete = choice.finish_reason == "stop"
        # In a thread: compiling a large schema takes a while.
        return await asyncio.to_thread(check_output, self._plan.output, choice.text, complete=complete)

    def _used(self) -> Usage:
        began = self._generation is not None
        prompt_tokens = sum(len(prompt.tokens) for prompt in self._plan.job.prompts) if began else 0
        counts = (count or parser.tokens for count, parser in zip(self._sampled, self._parsers, strict=True))
        return Usage(prompt_tokens, sum(counts), sum(parser.reasoning_tokens for parser in self._parsers))

    def _settle(self, outcome: str, usage: Usage) -> None:
        house, model = self._house, self._backend.card.id
        house.metrics.generation(model, outcome)
        house.metrics.usage(model, usage, _slowest(self._timings, 0.0))
        house.log.info(
            "generation",
            id=self._plan.job.id,
            model=model,
            outcome=outcome,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            seconds=round(time.monotonic() - self._plan.arrived, 4),
        )


def _slowest(timings: list[Timing], elapsed: float) -> Timing:
    """The slowest choice's times; where the engine told none (a stop string ended it), all the time counts as decoding."""
    if not timings:
        return Timing(decode_s=elapsed)
    return Timing(
        max(timing.queue_s for timing in timings),
        max(timing.prefill_s for timing in timings),
        max(timing.decode_s for timing in timings),
    )
