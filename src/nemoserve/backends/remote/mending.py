"""JSON as some providers write it made readable: characters cut in two, and numbers that are none. Pure; knows no fields.

A provider that counts in UTF-16 may end one piece of its text after the first half of a character and begin the next one with
the second half. Nothing here is run for what is JSON as it came.
"""

from __future__ import annotations

import json
import re
from typing import Final

import msgspec

from nemoserve.backends.remote.wire import Chunk

_ESCAPES: Final = re.compile(
    rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}"  # a whole character
    rb'|("?)(\\u[dD][89a-fA-F][0-9a-fA-F]{2})("?)'  # half of one, perhaps where a text begins or ends
    rb"|\\."
)
_NO_HALF: Final = rb"\ufffd"
_NO_NUMBER: Final = -9999.0
"""OpenAI's word for a log probability that cannot be told."""


class Mender:
    """Reads the events of one reply that are not quite JSON; remembers the half of a character that the last of them ended with."""

    def __init__(self) -> None:
        self._half = b""

    def read(self, data: bytes) -> Chunk:
        """The chunk in it. Raises one of `wire.UNREADABLE`."""
        text = _ESCAPES.sub(self._joined, data).decode()
        try:
            body = json.loads(text, parse_constant=_no_number)
        except ValueError as error:
            raise msgspec.DecodeError(str(error)) from None
        return msgspec.convert(body, Chunk)

    def _joined(self, found: re.Match[bytes]) -> bytes:
        half = found[2]
        if half is None:
            return found[0]
        first = half[3:4] in b"89abAB"
        if first and found[3]:
            self._half = half
            return found[1] + found[3]
        if not first and found[1] and self._half:
            return found[1] + self._half + half + found[3]
        return found[1] + _NO_HALF + found[3]


def _no_number(_name: str) -> float:
    return _NO_NUMBER
