"""What a request wants from the model's thinking. Knows nothing of templates, tokens or wire spellings."""

from __future__ import annotations

from typing import Literal

import msgspec

Effort = Literal["minimal", "low", "medium", "high", "xhigh", "max"]


class ReasoningIntent(msgspec.Struct, frozen=True):
    """One meaning for all spellings of think, don't, this much, and don't show me."""

    enabled: bool | None = None
    """True or False if a parameter said so; None leaves it to switches in the text, then to the model's default."""
    exclude: bool = False
    """Think, but return none of it."""
    effort: Effort | None = None
    effort_shares: bool = True
    """The effort stands for a share of max_tokens, too; False: the model is asked for it, and thinks as long as it then does."""
    max_tokens: int | None = None
    """Most tokens of thinking wanted; it goes before `effort`. 0: thinking is ended before it begins."""
    most_tokens: int | None = None
    """What the caller may have at most, whatever it asks for."""
    min_tokens: int = 0
    """Fewest tokens of thinking wanted."""
    answer_reserve: int | None = None
    """Tokens of max_tokens that thinking may not use; None is the server's own rule, 0 none."""
    transition: str | None = None
    """What thinking that is cut off ends with, before the family's closing marker."""
    auto: bool = False
    """Decide by the request itself what of `enabled` and `effort` it leaves open."""
    steps: bool = False
    """Report the steps of the thinking, with their token counts and durations."""


class ThinkingLimits(msgspec.Struct, frozen=True):
    """How long one reply may think, in tokens; what the intent came to, once max_tokens is known."""

    budget: int | None = None
    """From here on the thinking is to end; None only where nothing is to be kept for the answer."""
    grace: int = 0
    """So many more tokens may come while a newline is waited for."""
    minimum: int = 0
    end: tuple[int, ...] = ()
    """The tokens that end thinking which does not end by itself."""
