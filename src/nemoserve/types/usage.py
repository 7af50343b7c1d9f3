"""What a request consumed: tokens, money, time. Counts only."""

from __future__ import annotations

import msgspec


class Usage(msgspec.Struct, frozen=True):
    """Token counts in the model's own tokens. `completion_tokens` includes `reasoning_tokens` and the stop token."""

    prompt_tokens: int = 0
    completion_tokens: int = 0
    reasoning_tokens: int = 0
    cached_tokens: int = 0
    image_tokens: int = 0
    """Of the prompt."""

    @property
    def total_tokens(self) -> int:
        return self.prompt_tokens + self.completion_tokens


class Timing(msgspec.Struct, frozen=True):
    """Seconds spent waiting for a slot, reading the prompt and generating; of the slowest choice where there are several."""

    queue_s: float = 0.0
    prefill_s: float = 0.0
    decode_s: float = 0.0
