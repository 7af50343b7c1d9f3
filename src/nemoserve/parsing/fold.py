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
    TextDelta,
    TokenLogprob,
    ToolCallEvent,
)
from nemoserve.types.usage import Timing, Usage


class FoldedChoice(msgspec.Struct):
    """One choice's answer, whole."""

    index: int
    text: str = ""
    reasoning: str = ""
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


class Fold:
    """Takes events in order; `result` is the whole. What is missing makes it an error, never a success."""

    def __init__(self) -> None:
        self._choices: dict[int, tuple[FoldedChoice, list[str], list[str]]] = {}
        self._warnings: list[Notice] = []
        self._open: set[int] = set()
        self._completed: Completed | None = None

    def add(self, event: Event) -> None:
        if isinstance(event, Completed):
            self._completed = event
            return
        choice, text, reasoning = self._choice(event.index)
        match event:
            case TextDelta():
                text.append(event.text)
                choice.logprobs.extend(event.logprobs)
            case ReasoningDelta():
                reasoning.append(event.text)
                choice.logprobs.extend(event.logprobs)
            case ToolCallEvent():
                choice.tool_calls.append(event.call)
            case ChoiceFinished():
                choice.finish_reason, choice.native_reason = event.reason, event.native_reason
                self._warnings.extend(event.warnings)
                self._open.discard(event.index)

    def _choice(self, index: int) -> tuple[FoldedChoice, list[str], list[str]]:
        if index not in self._choices:
            self._choices[index] = (FoldedChoice(index), [], [])
            self._open.add(index)
        return self._choices[index]

    def result(self) -> Folded:
        """Raises ApiError when the stream ended before it was complete."""
        if self._completed is None or self._open:
            raise ApiError("provider_unavailable", "The reply ended before it was complete.")
        choices: list[FoldedChoice] = []
        for _, (choice, text, reasoning) in sorted(self._choices.items()):
            choice.text, choice.reasoning = "".join(text), "".join(reasoning)
            choices.append(choice)
        return Folded(choices, self._completed.usage, self._completed.timing, self._warnings)


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
