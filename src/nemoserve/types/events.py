"""The events that a generation is made of, in the order in which they happened. No wire format, no I/O.

A stream of events is `TextDelta`, `ReasoningDelta`, `ToolCallStart` and `ToolCallDelta` in any number, one `ChoiceFinished` per
choice, then one `Completed`. A choice's thinking comes before all else of it. A stream that ends without `Completed` has failed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.types.chat import Notice
from nemoserve.types.usage import Timing, Usage

FinishReason = Literal["stop", "length", "tool_calls", "content_filter", "error"]


class TokenAlternative(msgspec.Struct, frozen=True):
    """A token with its text, its exact bytes and its log probability (natural log)."""

    id: int
    text: str
    data: bytes
    logprob: float | None
    """None for the first token of a prompt, which nothing precedes."""


class TokenLogprob(msgspec.Struct, frozen=True):
    """A chosen token and the most likely ones in its place, best first."""

    chosen: TokenAlternative
    top: tuple[TokenAlternative, ...]
    offset: int = 0
    """Where the token's text begins, in characters from the beginning of the choice's raw text."""


class TextDelta(msgspec.Struct, frozen=True):
    """More of the answer. `text` may be empty when only log probabilities are due."""

    index: int
    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    refusal: bool = False
    """It says, in place of an answer, that there will be none."""
    repeats: bool = False
    """Thinking that was sent as such before: the same tokens again."""
    held: int = 0
    """Bytes of the choice that have come and are held back for now; they are counted, but in no event yet."""


class Step(msgspec.Struct, frozen=True):
    """A step of the thinking: characters `text_start` to `text_end` of the reasoning text; steps leave no gaps.

    `tokens` are those whose first character is in the step; a token that begins in a marker is in none.
    """

    index: int
    text_start: int
    text_end: int
    tokens: int
    duration_ms: float
    """From the arrival of the last token before the step (the first token, for the first step) to that of its own last."""


class ReasoningDelta(msgspec.Struct, frozen=True):
    """More of the thinking, and the steps known to have ended. `text` may be empty when only they are due."""

    index: int
    text: str
    logprobs: tuple[TokenLogprob, ...] = ()
    steps: tuple[Step, ...] = ()


class ToolCallStart(msgspec.Struct, frozen=True):
    """A call begins; `position` counts the calls of this choice from 0."""

    index: int
    position: int
    id: str
    name: str


class ToolCallDelta(msgspec.Struct, frozen=True):
    """More of the arguments of a call that has begun; all of them, joined, are its JSON text."""

    index: int
    position: int
    arguments: str


class ChoiceFinished(msgspec.Struct, frozen=True):
    """The last event of a choice; `native_reason` is the backend's own word."""

    index: int
    reason: FinishReason
    native_reason: str
    warnings: tuple[Notice, ...] = ()


class UpstreamCost(msgspec.Struct, frozen=True):
    """What a provider asks for a reply, in nano-dollars."""

    prompt: int
    completion: int


class Completed(msgspec.Struct, frozen=True):
    """The last event of a request that did not fail."""

    usage: Usage
    timing: Timing
    cost: int = 0
    """Nano-dollars."""
    upstream: UpstreamCost | None = None
    """None: the reply was made on this machine."""
    estimated: bool = False
    """Some of the counts were not told by the provider."""
    warnings: tuple[Notice, ...] = ()
    """What only the end has shown."""


Event = TextDelta | ReasoningDelta | ToolCallStart | ToolCallDelta | ChoiceFinished | Completed
