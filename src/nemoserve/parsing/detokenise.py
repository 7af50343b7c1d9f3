"""Text from token ids as they come, never cut inside a character. Knows bytes and a decode function; no model."""

from __future__ import annotations

import codecs
from collections.abc import Callable, Sequence
from typing import Protocol

REPLACEMENT = "\N{REPLACEMENT CHARACTER}"


class Detokeniser(Protocol):
    """One sequence's text. What `push` returned, joined, is the text of all tokens but for a last unfinished character."""

    def push(self, token: int) -> str:
        """The characters that this token completes; often empty, as a character may span tokens."""
        ...


class ByteDetokeniser:
    """For tokenizers whose tokens are byte strings (byte-level BPE): exact, and O(1) a token.

    `bytes_of` gives a token's bytes. Bytes that are no UTF-8 become replacement characters, as in the tokenizer's own
    decoding; an unfinished character at the end is left out.
    """

    def __init__(self, bytes_of: Callable[[int], bytes]) -> None:
        self._bytes_of = bytes_of
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")

    def push(self, token: int) -> str:
        return self._decoder.decode(self._bytes_of(token))


class WindowDetokeniser:
    """For any other tokenizer: decodes a window of the last tokens and takes what is new in it.

    The window begins with tokens already shown, because some decoders strip or join at the beginning of their input.
    """

    def __init__(self, decode: Callable[[Sequence[int]], str]) -> None:
        self._decode = decode
        self._window: list[int] = []
        self._shown = 0
        """How many tokens of the window have been shown in full."""

    def push(self, token: int) -> str:
        self._window.append(token)
        before = self._decode(self._window[: self._shown])
        now = self._decode(self._window)
        # A replacement character at the end may become a real one with the next token.
        if len(now) <= len(before) or now.endswith(REPLACEMENT):
            return ""
        self._window = self._window[self._shown :]
        self._shown = len(self._window)
        return now[len(before) :]
