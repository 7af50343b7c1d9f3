"""A budget of thinking for providers that have none: think in one call, answer in another. Pure but for the calls it is given.

The first call may make as many tokens as there may be thinking. If it ends by itself, that was the reply. If it was cut off, the
second one continues it, with the thinking closed in the family's own words and the tokens that are left. What each call cost is
added up, so that the bill is right: the second reads the prompt again.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import aclosing

import msgspec

from nemoserve.backends.base import HostedEvent, HostedJob, Told
from nemoserve.parsing.estimate import estimate_tokens
from nemoserve.types.chat import Message
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, ReasoningDelta, TextDelta, ToolCallDelta, ToolCallStart
from nemoserve.types.model import Family
from nemoserve.types.prompt import ReplyStart
from nemoserve.types.usage import Usage

Call = Callable[[HostedJob, ReplyStart | None], AsyncGenerator[Sequence[HostedEvent]]]
"""Runs a job; the second argument is None for a reply of its own, else where the reply that it continues had come to."""


async def two_calls(job: HostedJob, budget: int, family: Family, call: Call) -> AsyncGenerator[Sequence[HostedEvent]]:
    """The events of a reply of one choice whose thinking has `budget` tokens at most."""
    first = _First()
    whole = job.max_tokens is not None and job.max_tokens <= budget
    if budget > 0:
        only = msgspec.structs.replace(job, budget=None, max_tokens=job.max_tokens if whole else budget)
        async with aclosing(call(only, None)) as lots:
            async for lot in lots:
                yield [event for event in lot if first.take(event)]
        finish = first.finish
        if whole or finish is None or finish.reason != "length":
            yield first.rest()
            return
    left = None if job.max_tokens is None else job.max_tokens - min(first.tokens, budget)
    if left is not None and left < 1:
        yield first.rest()
        return
    again = msgspec.structs.replace(
        job,
        budget=None,
        max_tokens=left,
        request=msgspec.structs.replace(
            job.request, messages=(*job.request.messages, Message("assistant", first.text(family)))
        ),
    )
    second = _Second()
    try:
        async with aclosing(call(again, "answer" if first.said else "undecided")) as lots:
            async for lot in lots:
                yield [_both(first, second, event) if isinstance(event, Told) else second.take(event) for event in lot]
    except ApiError as error:
        yield [_both(first, second, Told(usage=error.usage))]
        raise


class _Second:
    """The second call: what came of it, as it may not get to telling its length."""

    def __init__(self) -> None:
        self.begun = False
        self._thought: list[str] = []
        self._said: list[str] = []
        self._held = 0
        """Bytes that have come, of which nobody knows yet what they are."""

    def take(self, event: HostedEvent) -> HostedEvent:
        """Notes an event, and gives it back."""
        self.begun = True
        match event:
            case ReasoningDelta():
                self._thought.append(event.text)
            case TextDelta():
                self._held = event.held
                self._said.append("" if event.held or event.repeats else event.text)
            case ToolCallStart():
                self._said.append(event.name)
            case ToolCallDelta():
                self._said.append(event.arguments)
            case ChoiceFinished():
                self._held = 0
            case Told():
                pass
        return event

    def estimate(self, first: Usage) -> Usage:
        """By its text; it has read what the first one read and made."""
        thinking = estimate_tokens("".join(self._thought))
        said = estimate_tokens("".join(self._said) + self._held * "?")
        return Usage(first.total_tokens, thinking + said, thinking, image_tokens=first.image_tokens)


class _First:
    """The first call: what of it was passed on, and what its end depends on."""

    def __init__(self) -> None:
        self.thought: list[str] = []
        self.said: list[str] = []
        self.finish: ChoiceFinished | None = None
        self.told = Told()
        self._calls: list[HostedEvent] = []

    def take(self, event: HostedEvent) -> bool:
        """Notes an event; whether it can be passed on at once. Calls wait: one that was cut off is made anew."""
        match event:
            case ReasoningDelta():
                self.thought.append(event.text)
            case TextDelta() if event.held:
                pass
            case TextDelta():
                self.said.append(event.text)
            case ToolCallStart() | ToolCallDelta():
                self._calls.append(event)
            case ChoiceFinished():
                self.finish = event
            case Told():
                self.told = event
        return isinstance(event, ReasoningDelta | TextDelta)

    def rest(self) -> list[HostedEvent]:
        """What has not been passed on, where the first call is all of the reply."""
        return [*self._calls, *((self.finish,) if self.finish is not None else ()), self.told]

    @property
    def tokens(self) -> int:
        """Made by the first call; estimated if it did not say."""
        if self.told.usage is not None and self.told.usage.completion_tokens:
            return self.told.usage.completion_tokens
        return estimate_tokens("".join(self.thought)) + estimate_tokens("".join(self.said))

    def text(self, family: Family) -> str:
        """The reply so far as the last message. Templates that begin a thought themselves get it without the opening marker."""
        opener = "" if family.switch == "slash" and family.thinking_prefix else f"{family.opener}\n"
        return f"{opener}{''.join(self.thought).rstrip()}{family.end}{''.join(self.said)}"

    def usage(self) -> Usage | None:
        """As it was told; all that a cut call made before any answer was thinking."""
        told = self.told.usage
        if told is None or not self.all_thinking:
            return told
        return msgspec.structs.replace(told, reasoning_tokens=told.completion_tokens)

    def estimate(self, second: Usage) -> Usage:
        """By its text; the second one has read what it read and made."""
        thinking = self.tokens if self.all_thinking else estimate_tokens("".join(self.thought))
        read = max(0, second.prompt_tokens - self.tokens)
        return Usage(read, self.tokens, thinking, image_tokens=second.image_tokens)

    @property
    def all_thinking(self) -> bool:
        return bool(self.thought) and not self.said and not self._calls


def _both(first: _First, second: _Second, told: Told) -> Told:
    """What both calls used: what one of them did not tell is estimated, unless it never began or neither told any."""
    if first.finish is None:
        return told
    one, two = first.usage(), told.usage
    calls = first.told.calls + (told.calls if second.begun else 0)
    if one is None and two is None:
        return msgspec.structs.replace(told, calls=calls)
    estimated = one is None or (two is None and second.begun)
    if two is None:
        two = second.estimate(one or Usage()) if second.begun else Usage()
    if one is None:
        one = first.estimate(two)
    return msgspec.structs.replace(
        told,
        usage=Usage(*(getattr(one, name) + getattr(two, name) for name in Usage.__struct_fields__)),
        reasoning_told=estimated or first.all_thinking or first.told.reasoning_told,
        calls=calls,
        estimated=estimated,
    )
