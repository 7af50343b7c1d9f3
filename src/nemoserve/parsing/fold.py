"""Events folded into one answer: the non-streaming reply is the fold of the stream. Pure; no wire format."""

from __future__ import annotations

from collections.abc import AsyncIterable, Iterable

import msgspec

from nemoserve.types.chat import Notice, ToolCall
from nemoserve.types.errors import ApiError
from nemoserve.types.events import (
    ChoiceFinished,
    Completed,
    Event,
    FinishReason,
    ReasoningDelta,
    Step,
    TextDelta,
    TokenLogprob,
    ToolCallDelta,
    ToolCallStart,
    UpstreamCost,
)
from nemoserve.types.usage import Timing, Usage


class FoldedChoice(msgspec.Struct):
    """One choice's answer, whole."""

    index: int
    text: str = ""
    refusal: str = ""
    reasoning: str = ""
    steps: list[Step] = []
    tool_calls: list[ToolCall] = []
    logprobs: list[TokenLogprob] = []
    finish_reason: FinishReason = "error"
    native_reason: str = ""


class Folded(msgspec.Struct):
    """A request's answer, whole; choices in order of their index."""

    choices: list[FoldedChoice]
    usage: Usage
    timing: Timing
    warnings: list[Notice]
    cost: int = 0
    """Nano-dollars."""
    upstream: UpstreamCost | None = None
    estimated: bool = False


class _Open:
    """A choice whose texts are still in pieces."""

    def __init__(self, index: int) -> None:
        self.choice = FoldedChoice(index)
        self.text: list[str] = []
        self.refusal: list[str] = []
        self.reasoning: list[str] = []
        self.calls: dict[int, tuple[ToolCallStart, list[str]]] = {}
        self.finished = False

    def close(self) -> FoldedChoice:
        choice = self.choice
        choice.text, choice.reasoning = "".join(self.text), "".join(self.reasoning)
        choice.refusal = "".join(self.refusal)
        choice.tool_calls = [ToolCall(start.id, start.name, "".join(parts)) for start, parts in self.calls.values()]
        return choice


class Fold:
    """Takes events in order; `result` is the whole. What is missing makes it an error, never a success.

    `logprobs` False leaves the log probabilities out, which are most of a reply's bulk.
    """

    def __init__(self, *, logprobs: bool = True) -> None:
        self._logprobs = logprobs
        self._choices: dict[int, _Open] = {}
        self._warnings: list[Notice] = []
        self._completed: Completed | None = None

    def add(self, event: Event) -> None:
        if isinstance(event, Completed):
            self._completed = event
            return
        if event.index not in self._choices:
            self._choices[event.index] = _Open(event.index)
        part = self._choices[event.index]
        match event:
            case TextDelta():
                (part.refusal if event.refusal else part.text).append(event.text)
                if self._logprobs:
                    part.choice.logprobs.extend(event.logprobs)
            case ReasoningDelta():
                part.reasoning.append(event.text)
                if self._logprobs:
                    part.choice.logprobs.extend(event.logprobs)
                part.choice.steps.extend(event.steps)
            case ToolCallStart():
                part.calls[event.position] = (event, [])
            case ToolCallDelta():
                part.calls[event.position][1].append(event.arguments)
            case ChoiceFinished():
                part.choice.finish_reason, part.choice.native_reason = event.reason, event.native_reason
                self._warnings.extend(event.warnings)
                part.finished = True

    def choice(self, index: int) -> FoldedChoice:
        """One choice as far as it has come. Raises KeyError before its first event."""
        return self._choices[index].close()

    def choices(self) -> list[FoldedChoice]:
        """All choices as far as they have come, in order of their index."""
        return [part.close() for _, part in sorted(self._choices.items())]

    def result(self) -> Folded:
        """Raises ApiError when the stream ended before it was complete."""
        if self._completed is None or not all(part.finished for part in self._choices.values()):
            raise ApiError("provider_unavailable", "The reply ended before it was complete.")
        end = self._completed
        warnings = [*self._warnings, *end.warnings]
        return Folded(self.choices(), end.usage, end.timing, warnings, end.cost, end.upstream, end.estimated)


def fold(events: Iterable[Event]) -> Folded:
    """The fold of a finished list of events."""
    folding = Fold()
    for event in events:
        folding.add(event)
    return folding.result()


async def fold_stream(events: AsyncIterable[Event]) -> Folded:
    """The fold of events as they come."""
    folding = Fold()
    async for event in events:
        folding.add(event)
    return folding.result()
