"""A reply that repeats the text that it continues, without it. Pure; knows text alone."""

from __future__ import annotations


class Unrepeated:
    """Takes a text off the beginning of another one that comes in pieces, if that begins with it, blanks aside."""

    def __init__(self, beginning: str) -> None:
        self._beginning = beginning
        self._held: str = ""

    def push(self, text: str) -> str:
        """What is to be passed on."""
        if not self._beginning:
            return text
        text = self._held + text
        said, self._held = text.lstrip(), ""
        if self._beginning != said and self._beginning.startswith(said):
            self._held = text
            return ""
        beginning, self._beginning = self._beginning, ""
        return said.removeprefix(beginning) if said.startswith(beginning) else text

    def finish(self) -> str:
        """What only began like it."""
        held, self._held, self._beginning = self._held, "", ""
        return held
