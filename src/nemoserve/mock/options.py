"""What a mock is told when it starts; all but its style and models can be changed while it runs."""

from __future__ import annotations

import msgspec

from nemoserve.mock.faults import Rule


class Options(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The settings of one mock."""

    style: str = "openai"
    models: tuple[str, ...] = ()
    """The ids that it serves; empty: those that the provider is known for."""
    keys: tuple[str, ...] = ()
    """The only keys that it takes; empty: any, and none where the provider wants none."""
    tokens: int = 32
    """Of each reply, thinking included."""
    pace_ms: float = 0.0
    """Between two tokens."""
    first_byte_ms: float = 0.0
    seed: int = 0
    faults: tuple[Rule, ...] = ()
