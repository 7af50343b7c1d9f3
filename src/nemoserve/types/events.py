"""The events that a generation is made of, in the order in which they happened. No wire format, no I/O.

A stream of events is `TextDelta`, `ReasoningDelta`, `ToolCallEvent` in any number, one `ChoiceFinished` per choice, then one
`Completed`. A stream that ends without `Completed` has failed.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.types.chat import Notice, ToolCall
from nemoserve.types.usage import Timing, Usage

FinishReason = Literal["stop", "length", "tool_calls", "error"]


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


class ReasoningDelta(msgspec.Struct, frozen=True):
    """More of the thinking."""

    index: int
    text: str
    logprobs: tuple[TokenLogprob, ...] = ()


class ToolCallEvent(msgspec.Struct, frozen=True):
    """A complete call; `position` counts the calls of this choice from 0."""

    index: int
    position: int
    call: ToolCall


class ChoiceFinished(msgspec.Struct, frozen=True):
    """The last event of a choice; `native_reason` is the backend's own word."""

    index: int
    reason: FinishReason
    native_reason: str
    warnings: tuple[Notice, ...] = ()


class Completed(msgspec.Struct, frozen=True):
    """The last event of a request that did not fail."""

    usage: Usage
    timing: Timing


Event = TextDelta | ReasoningDelta | ToolCallEvent | ChoiceFinished | Completed
