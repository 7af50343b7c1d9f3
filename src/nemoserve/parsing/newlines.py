"""Newlines that belong to the chat format rather than to the answer. Knows characters only."""

from __future__ import annotations


class TrailingNewlines:
    """Holds newlines back until something follows them.

    The chat format puts a newline between the answer and the end-of-turn token; whether the last newlines are the format's
    or the answer's is known only at the end.
    """

    def __init__(self) -> None:
        self._newlines = ""

    @property
    def held(self) -> int:
        """Characters held back at the moment."""
        return len(self._newlines)

    def push(self, text: str) -> str:
        text = self._newlines + text
        body = text.rstrip("\n")
        self._newlines = text[len(body) :]
        return body

    def finish(self, *, ended_turn: bool) -> str:
        """The newlines held back: dropped if the model ended its turn, given back if it was cut off."""
        newlines, self._newlines = self._newlines, ""
        return "" if ended_turn else newlines
