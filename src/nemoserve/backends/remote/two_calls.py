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
    try:
        async with aclosing(call(again, "answer" if first.said else "undecided")) as lots:
            async for lot in lots:
                yield [first.added(event) if isinstance(event, Told) else event for event in lot]
    except ApiError as error:
        error.usage = first.total(error.usage)
        raise


class _First:
    """The first call: what of it was passed on, and what its end depends on."""

    def __init__(self) -> None:
        self.thought: list[str] = []
        self.said: list[str] = []
        self.finish: ChoiceFinished | None = None
        self._told = Told()
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
                self._told = event
        return isinstance(event, ReasoningDelta | TextDelta)

    def rest(self) -> list[HostedEvent]:
        """What has not been passed on, where the first call is all of the reply."""
        return [*self._calls, *((self.finish,) if self.finish is not None else ()), self._told]

    @property
    def tokens(self) -> int:
        """Made by the first call; estimated if it did not say."""
        if self._told.usage is not None and self._told.usage.completion_tokens:
            return self._told.usage.completion_tokens
        return estimate_tokens("".join(self.thought)) + estimate_tokens("".join(self.said))

    def text(self, family: Family) -> str:
        """The reply so far as the last message. Templates that begin a thought themselves get it without the opening marker."""
        opener = "" if family.switch == "slash" and family.thinking_prefix else f"{family.opener}\n"
        return f"{opener}{''.join(self.thought).rstrip()}{family.end}{''.join(self.said)}"

    def added(self, told: Told) -> Told:
        """What both calls consumed."""
        total = self.total(told.usage) if told.usage is not None else None
        return msgspec.structs.replace(
            told,
            usage=total,
            reasoning_told=self._all_thinking or self._told.reasoning_told,
            calls=told.calls + (self.finish is not None),
        )

    def total(self, second: Usage | None) -> Usage | None:
        """The sum, as far as it was told; all that a cut call made before any answer was thinking, and what the second one thought on."""
        first = self._told.usage
        if first is None:
            return None if self.finish is not None else second
        thinking = first.completion_tokens if self._all_thinking else first.reasoning_tokens
        second = second or Usage()
        return Usage(
            first.prompt_tokens + second.prompt_tokens,
            first.completion_tokens + second.completion_tokens,
            thinking + second.reasoning_tokens,
            first.cached_tokens + second.cached_tokens,
        )

    @property
    def _all_thinking(self) -> bool:
        return bool(self.thought) and not self.said and not self._calls
