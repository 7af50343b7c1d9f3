"""What a model's name says beside the model: its variant. Knows spellings; no models."""

from __future__ import annotations

VARIANTS = ("free", "nitro", "floor", "exacto", "thinking", "extended", "online")
"""What may stand behind a colon. `free` and `extended` are endpoints of their own, the others say how to route or to think."""


def split_variant(name: str) -> tuple[str, str]:
    """The name without a known variant, and the variant in small letters: `a/b:FREE` is (`a/b`, `free`)."""
    model, colon, variant = name.rpartition(":")
    if colon and model and variant.lower() in VARIANTS:
        return model, variant.lower()
    return name, ""
