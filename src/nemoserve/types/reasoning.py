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
    max_tokens: int | None = None
    """Most tokens of thinking wanted."""
