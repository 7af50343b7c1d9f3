"""One attempt at a reply: its events checked, kept and counted, and its line in the ledger settled. Knows no endpoint's ways.

Whatever ends the attempt ends what runs for it and writes one line into the ledger: the end, an error, a client that went away,
an engine that died, a reply that nobody began to read.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Protocol, cast

import msgspec

from nemoserve.admission import Admission
from nemoserve.alarm import Alarm
from nemoserve.attempts.asked import Asked, keeper_of
from nemoserve.attempts.services import Running, Services
from nemoserve.ledger.content import ContentError, Said, content_body
from nemoserve.parsing.fold import Fold, FoldedChoice
from nemoserve.routing.health import Watch, outcome_of
from nemoserve.structured.validate import check_output
from nemoserve.types.chat import ChatRequest, CompletionRequest, Notice, OutputFormat, Sampling
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.entry import Entry, Outcome
from nemoserve.types.errors import ApiError, shutting_down
from nemoserve.types.events import ChoiceFinished, Completed, Event, ReasoningDelta, UpstreamCost
from nemoserve.types.usage import Timing, Usage


class Counted(msgspec.Struct, frozen=True):
    """What an attempt has used."""

    usage: Usage
    estimated: bool = False
    """Counted here, since nobody told, or not to the end."""
    images: int = 0
    """That were read, all calls together."""
    requests: int = 1
    """That the reply has taken."""
    notices: tuple[Notice, ...] = ()
    """What is to be said at the end."""


class Source(Protocol):
    """Where an attempt's events come from: an engine's generation, or a provider's stream."""

    def events(self) -> AsyncGenerator[Sequence[Event]]:
        """The reply, in lots as they come; a lot may be empty. Every choice ends with ChoiceFinished; Completed is left out.

        Raises ApiError. Closing it ends what runs.
        """
        ...

    def used(self) -> Counted:
        """What is known to have been used until now."""
        ...

    async def counted(self) -> Counted:
        """What was used in the end, where that was not waited for. To be asked for after `close`."""
        ...

    def close(self) -> bool:
        """Ends what still runs; whether `counted` knows more than `used` then."""
        ...

    def end_thinking(self) -> None:
        """Has the choices that still think answer soon. Raises ApiError (400) where that cannot be done."""
        ...

    @property
    def timing(self) -> Timing | None: ...

    @property
    def thinking_cut(self) -> bool: ...


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """What an attempt is, besides its source."""

    asked: Asked[ChatRequest] | Asked[CompletionRequest]
    endpoint: Endpoint
    admission: Admission
    entry: Entry
    """The ledger's line as far as it is known before anything has run."""
    sampling: Sampling
    """As applied."""
    notices: tuple[Notice, ...]
    """What was applied otherwise than asked, here."""
    output: OutputFormat | None = None
    exclude_thinking: bool = False
    hosted: bool = False
    patience_s: float | None
    """How long nothing at all may come of the reply before it is given up; None: the source says itself when it is too long."""


def chat_entry(asked: Asked[ChatRequest], admission: Admission, *, thinking: bool, budget: int | None) -> Entry:
    """The ledger's line of an attempt at a conversation, before anything has run."""
    return msgspec.structs.replace(
        admission.entry,
        session_id=asked.request.session_id,
        streamed=asked.request.stream,
        thinking=thinking,
        effort=asked.intent.effort,
        reasoning_budget=budget,
    )


def text_entry(asked: Asked[CompletionRequest], admission: Admission) -> Entry:
    """The same of plain texts."""
    request = asked.request
    return msgspec.structs.replace(admission.entry, api="text", session_id=request.session_id, streamed=request.stream)


_SOON_S = 0.5
"""A failed reply waits so long at most for its engine's last count, before it tells what is left of the key's money."""


class Attempt:
    """An iterator over the reply's events, to be read once and closed in any case, also when it was never read.

    To be made with nothing awaited since the admission, whose hold it takes over.
    """

    def __init__(self, house: Services, plan: Plan, source: Source, watch: Watch) -> None:
        self._house, self.plan, self._source, self._watch = house, plan, source, watch
        self._folding = Fold(logprobs=False)
        self._first_token_ms: int | None = None
        self._finish: ChoiceFinished | None = None
        self._ended = False
        self._settling: asyncio.Task[None] | None = None
        self.error: ApiError | None = None
        """What ended it, with the counts of its line in the ledger once that is settled."""
        self._stored = plan.asked.content is None
        self._alarm = Alarm()
        self._deadline = asyncio.get_running_loop().time() + plan.asked.deadline - time.monotonic()
        self._claim = house.books.open(
            plan.entry, plan.admission.hold, lambda: source.used().usage, lambda: source.used().images
        )
        plan.asked.visit.opened()
        self._events = self._run()

    def __aiter__(self) -> AsyncGenerator[Event]:
        return self._events

    async def __anext__(self) -> Event:
        return await self._events.__anext__()

    async def aclose(self) -> None:
        """Stops what still runs."""
        await self._events.aclose()
        self._end()  # where nobody began to read, nothing else would

    async def settled(self) -> None:
        """Returns when what was held has been given back, or soon: a backend that does not say how much it made may take its time."""
        if self._settling is not None:
            await asyncio.wait({self._settling}, timeout=_SOON_S)

    def store(self, told: ApiError | None = None) -> None:
        """Has what went in and came out kept, where the key asks for it. To be called for the attempt that was the last.

        `told`: what the client hears, where that is not how this attempt failed, or not that alone.
        """
        if self._stored or self.plan.asked.content is None:
            return
        self._stored = True
        entry = self._claim.entry
        body = self._content(self.plan.asked.content, told or self.error)
        self._house.books.content(self.plan.asked.id, entry.key_id, entry.created_at, body)

    async def _run(self) -> AsyncGenerator[Event]:
        """The reply. Raises ApiError when it cannot begin or breaks off, with what was used until then."""
        house, plan, source = self._house, self.plan, self._source
        running = house.running[plan.asked.id] = Running(source, plan.asked.caller)
        try:
            async with aclosing(source.events()) as lots:
                lot = await self._first(lots)
                while lot is not None:
                    for event in lot:
                        self._folding.add(event)
                        if isinstance(event, ChoiceFinished):
                            event = await self._finished(event)
                        if not (plan.exclude_thinking and isinstance(event, ReasoningDelta)):
                            yield event
                    lot = await self._in_time(lots)
            self._ended = True
            counted = source.used()
            entry = self._settle("finished", counted)
            if counted.usage.cached_tokens and plan.asked.opening is not None:
                house.router.served(plan.asked.opening, plan.endpoint, time.monotonic())
            self.store()
            plan.asked.visit.over()  # before the client hears of the end, and may come again
            elapsed = time.monotonic() - plan.asked.arrived
            timing = source.timing or Timing(decode_s=elapsed)
            upstream = self._upstream(entry)
            yield Completed(counted.usage, timing, entry.cost, upstream, counted.estimated, counted.notices)
        except ApiError as error:
            self._failed(error, source.used())
            error.metadata.setdefault("provider_name", plan.endpoint.provider)
            raise
        except asyncio.CancelledError as cancelled:
            if cancelled.args:  # uvicorn says why when it ends a request; where a client has left, nothing is said
                self._failed(shutting_down(), source.used())
            raise
        finally:
            if house.running.get(plan.asked.id) is running:
                del house.running[plan.asked.id]
            self._alarm.close()
            self._end()

    async def _first(self, lots: AsyncGenerator[Sequence[Event]]) -> Sequence[Event] | None:
        """The first lot, which has to come in time."""
        patience_s = self.plan.patience_s
        if patience_s is None:
            lot = await self._in_time(lots)
        else:
            try:
                async with asyncio.timeout(patience_s):
                    lot = await self._in_time(lots)
            except TimeoutError:
                name = self.plan.endpoint.provider
                raise ApiError("timeout", f"{name} has not begun to answer within {patience_s:g} s.") from None
        now = time.monotonic()
        seconds = now - self.plan.asked.arrived
        self._first_token_ms = round(1000 * seconds)
        self._watch.first_token(now)
        self._house.metrics.first_token(self.plan.endpoint.model, seconds)
        return lot

    async def _in_time(self, lots: AsyncGenerator[Sequence[Event]]) -> Sequence[Event] | None:
        """The next lot, or None at the end. Raises ApiError at the request's deadline, also where nothing comes at all."""
        try:
            with self._alarm.by(self._deadline):
                return await anext(lots, None)
        except TimeoutError:
            seconds = self._house.settings.routing.deadline
            error = ApiError("timeout", f"The request has taken longer than the {seconds:g} s that it may.")
            error.blameless = self._first_token_ms is not None  # it was answering; the clock is ours
            raise error from None

    def _failed(self, error: ApiError, counted: Counted) -> None:
        self.error = error
        error.usage, error.estimated = counted.usage, counted.estimated

    def _end(self) -> None:
        """Ends what still runs, and settles once it is known how much that was. Waits for nothing."""
        if self._ended:
            return
        self._ended = True
        outcome: Outcome = "cancelled" if self.error is None else "failed"
        if not self._source.close():
            self._settle(outcome, self._source.used())
            return
        self._settling = task = asyncio.create_task(self._settle_counted(outcome))
        self._house.settling.add(task)
        task.add_done_callback(self._house.settling.discard)

    async def _settle_counted(self, outcome: Outcome) -> None:
        self._settle(outcome, await self._source.counted())

    async def _finished(self, event: ChoiceFinished) -> ChoiceFinished:
        """The choice's end, with what is to be said of its answer; its thinking is kept for the next turn."""
        plan, choice = self.plan, self._folding.choice(event.index)
        if self._finish is None or event.index == 0:
            self._finish = event
        calls = [call.id for call in choice.tool_calls]
        keeper, session = keeper_of(plan.asked.caller), plan.entry.session_id
        self._house.keep.remember(keeper, session, choice.text, calls, choice.reasoning)
        answered = not calls and not choice.refusal
        notice = await self._mismatch(choice, plan.output) if plan.output is not None and answered else None
        return event if notice is None else msgspec.structs.replace(event, warnings=(*event.warnings, notice))

    async def _mismatch(self, choice: FoldedChoice, output: OutputFormat) -> Notice | None:
        complete = choice.finish_reason == "stop"
        # In a thread: compiling a large schema takes a while.
        return await asyncio.to_thread(check_output, output, choice.text, complete=complete)

    def _upstream(self, entry: Entry) -> UpstreamCost | None:
        """What the provider asks for; nobody asks for anything on this machine."""
        if not self.plan.hosted:
            return None
        prompt = entry.price.prompt_cost(
            Usage(entry.prompt_tokens, entry.completion_tokens, entry.reasoning_tokens, entry.cached_tokens),
            entry.images,
        )
        return UpstreamCost(min(prompt, entry.cost), max(0, entry.cost - prompt))

    def _settle(self, outcome: Outcome, counted: Counted) -> Entry:
        """Writes the attempt's line, and tells all who want to know. Returns the line."""
        house, plan, usage, error = self._house, self.plan, counted.usage, self.error
        if error is not None:
            self._failed(error, counted)
        now = time.monotonic()
        finish = self._finish if outcome == "finished" else None
        entry = house.books.settle(
            self._claim,
            usage,
            outcome=outcome,
            finish_reason="error" if error is not None else None if finish is None else finish.reason,
            native_finish_reason=None if finish is None else finish.native_reason,
            error_type=None if error is None else error.error_type,
            first_token_ms=self._first_token_ms,
            total_ms=round(1000 * (now - plan.asked.arrived)),
            thinking_cut=self._source.thinking_cut,
            images=counted.images,
            requests=counted.requests,
            tokens_estimated=counted.estimated,
        )
        plan.asked.visit.settled(usage.total_tokens)
        self._watch.ended(
            "ok" if outcome == "finished" else "cancelled" if error is None else outcome_of(error),
            now,
            tokens=usage.completion_tokens,
            retry_after_s=None if error is None else error.retry_after_s,
        )
        house.metrics.generation(plan.endpoint.model, outcome)
        house.metrics.usage(plan.endpoint.model, usage, self._source.timing or Timing())
        house.log.info(
            "generation",
            id=entry.generation_id,
            key=entry.key_id,
            model=entry.model,
            provider=entry.provider,
            outcome=outcome,
            prompt_tokens=usage.prompt_tokens,
            completion_tokens=usage.completion_tokens,
            reasoning_tokens=usage.reasoning_tokens,
            cost_nano=entry.cost,
            seconds=round(now - plan.asked.arrived, 4),
        )
        return entry

    def _content(self, given: dict[str, object], error: ApiError | None) -> str:
        said = [
            Said(
                completion=choice.text or choice.refusal,
                reasoning=choice.reasoning or None,
                tool_calls=choice.tool_calls,
            )
            for choice in self._folding.choices()
        ]
        failure = None
        if error is not None:
            provider, raw, others = (error.metadata.get(name) for name in ("provider_name", "raw", "previous_errors"))
            failure = ContentError(
                message=error.message,
                status=error.status,
                provider_name=provider if isinstance(provider, str) else self.plan.endpoint.provider,
                raw=raw if isinstance(raw, str) else None,
                previous_errors=cast("list[dict[str, object]]", others or []),
            )
        return content_body(given, said, failure)
