"""Tool calls in the text of an answer that comes in pieces. Knows Nano v2's markup and JSON; no tools, no wire.

The markup is `<TOOLCALL>[{"name": ..., "arguments": {...}}, ...]</TOOLCALL>`.
"""

from __future__ import annotations

import json
from typing import cast

import msgspec

from nemoserve.parsing.markers import partial_suffix

OPENER = "<TOOLCALL>"
CLOSER = "</TOOLCALL>"


class ParsedCall(msgspec.Struct, frozen=True):
    """A call as the model wrote it; `arguments` is JSON text."""

    name: str
    arguments: str


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def parse_calls(text: str) -> list[ParsedCall] | None:
    """The calls of one wrapper's inside, or None if it is not what the format says. A lone object counts as a list of one."""
    try:
        value: object = json.loads(text, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return None
    items = cast("list[object]", value if isinstance(value, list) else [value])
    calls: list[ParsedCall] = []
    for item in items:
        if not isinstance(item, dict):
            return None
        fields = cast("dict[str, object]", item)
        name, arguments = fields.get("name"), fields.get("arguments", {})
        if not isinstance(name, str) or not name or not isinstance(arguments, (dict, str)):
            return None
        if isinstance(arguments, dict):
            arguments = json.dumps(arguments, ensure_ascii=False)
        calls.append(ParsedCall(name, arguments))
    return calls or None


class ToolCallSplitter:
    """Takes calls out of the answer. Text that may begin a call is held back; malformed calls come back as text."""

    def __init__(self) -> None:
        self._text = ""
        self._scanned = 0
        self._inside = False

    @property
    def held(self) -> int:
        """Characters held back at the moment."""
        return len(self._text)

    def push(self, text: str) -> list[str | ParsedCall]:
        """Text and calls that are certain now, in order."""
        self._text += text
        pieces: list[str | ParsedCall] = []
        while self._step(pieces):
            pass
        return pieces

    def finish(self) -> list[str | ParsedCall]:
        """What was held back, when no more is coming. A complete list whose closing marker is missing still counts."""
        held, self._text = self._text, ""
        if not held:
            return []
        if self._inside:
            calls = parse_calls(held[len(OPENER) :])
            if calls is not None:
                return list(calls)
        return [held]

    def _step(self, pieces: list[str | ParsedCall]) -> bool:
        """Takes one thing off the front of the text; False when more must come first."""
        if not self._inside:
            start = self._text.find(OPENER)
            cut = start if start >= 0 else len(self._text) - partial_suffix(self._text, OPENER)
            if cut:
                pieces.append(self._text[:cut])
            self._text = self._text[cut:]
            self._inside, self._scanned = start >= 0, len(OPENER)
            return self._inside
        end = self._text.find(CLOSER, self._scanned)
        if end < 0:
            self._scanned = max(len(OPENER), len(self._text) - len(CLOSER) + 1)
            return False
        whole, inside = self._text[: end + len(CLOSER)], self._text[len(OPENER) : end]
        self._text, self._inside = self._text[len(whole) :], False
        calls = parse_calls(inside)
        pieces.extend(calls if calls is not None else [whole])
        return bool(self._text)
