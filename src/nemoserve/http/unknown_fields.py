"""Fields of a body that are known to nobody here: told to the client, since most are slips. Knows names; no meanings."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

import msgspec

from nemoserve.types.chat import Notice

_NO_MATTER: Final = frozenset({
    "cache_control", "debug", "metadata", "prompt_cache_retention", "safety_identifier", "store", "trace", "usage",
})  # fmt: skip
"""What clients send to other servers, and what would not change the answer."""
_MOST = 8
"""Told of one body."""
_LONGEST = 64
_NAMES = msgspec.json.Decoder(dict[str, msgspec.Raw])


def unknown_fields(body: bytes, kind: type[msgspec.Struct]) -> tuple[Notice, ...]:
    """A notice for each field of the JSON object that `kind` has not. To be called with what was decoded as `kind` before."""
    known = kind.__struct_encode_fields__
    names = [name for name in _NAMES.decode(body) if name not in known and name not in _NO_MATTER]
    return tuple(_notice(name[:_LONGEST], known) for name in names[:_MOST])


def _notice(name: str, known: tuple[str, ...]) -> Notice:
    near = get_close_matches(name, known, 1, cutoff=0.75)
    hint = f" The nearest field that is known is {near[0]}." if near else ""
    return Notice("unknown_parameter", f"{name} was not read: no such field is known here.{hint}", name)
