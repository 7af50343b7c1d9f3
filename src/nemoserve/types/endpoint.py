"""One model at one provider, as routing sees it. Knows facts that hold for hours; no health, no prices, no connections."""

from __future__ import annotations

from typing import Literal

import msgspec

Quantization = Literal[
    "int4", "int8", "fp4", "mxfp4", "nvfp4", "fp6", "fp8", "mxfp8", "fp16", "bf16", "fp32", "unknown",
]  # fmt: skip


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A model at a provider. What it costs is the price book's to say, for (`model`, `provider`, now)."""

    model: str
    """The id under which requests name the model, without a variant."""
    provider: str
    """The provider's name: `nemoserve` for this machine's own engines."""
    upstream_id: str = ""
    """The provider's own id for the model; empty: `model`."""
    variant: Literal["", "free"] = ""
    local: bool = False
    """Runs on this machine: preferred while it is healthy and not saturated."""
    context_length: int
    max_completion_tokens: int | None = None
    quantization: Quantization = "unknown"
    collects_data: bool = False
    """The provider may keep prompts, or train on them, as far as is known."""
    zdr: bool = True
    """Zero data retention."""
    parameters: frozenset[str] | None = None
    """Request fields that it honours; None: all that nemoserve knows. Others are dropped and reported."""
    images: bool = False
    """It reads images beside text."""
    texts: bool = True
    """It continues plain texts, beside conversations."""
    past_thinking: bool = True
    """It is sent what earlier turns thought."""
    reasoning_budget: bool = True
    """Whether it can limit thinking by itself, or is helped by two calls."""
    two_calls: bool = False
    """It is helped by two calls, of one choice each."""

    @property
    def own(self) -> bool:
        """One of this machine's own engines, which is watched and restarted here, and says itself when it is full."""
        return self.provider == "nemoserve"

    @property
    def slug(self) -> str:
        """The id with its variant, under which it is listed: `nvidia/nemotron-nano-9b-v2:free`."""
        return f"{self.model}:{self.variant}" if self.variant else self.model

    @property
    def key(self) -> tuple[str, str, str]:
        """What tells it from all other endpoints."""
        return self.model, self.provider, self.variant
