"""Tool calls in the text of an answer that comes in pieces: finds their markup, and reads it in the family's format. No wire."""

from __future__ import annotations

from nemoserve.parsing.calls import CallFormat, CallPart, Reader, Source
from nemoserve.parsing.json_calls import JSON_CALLS
from nemoserve.parsing.markers import partial_suffix
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.parsing.xml_calls import xml_calls
from nemoserve.types.model import ToolFormat


def call_format(name: ToolFormat, tools: ToolSchemas) -> CallFormat | None:
    """The format of that name, or None if calls are not to be looked for."""
    match name:
        case "json":
            return JSON_CALLS
        case "xml":
            return xml_calls(tools)
        case "none":
            return None


class ToolCallSplitter:
    """Takes calls out of the answer. Text that may begin a call is held back; what turns out to be none comes back."""

    def __init__(self, form: CallFormat) -> None:
        self._form = form
        self._first_characters = frozenset(opener[0] for opener in form.openers)
        self._text = ""
        self._opener = ""
        self._source: Source | None = None
        self._reader: Reader | None = None

    @property
    def held(self) -> int:
        """Characters held back at the moment."""
        return len(self._text) + (self._source.held if self._source is not None else 0)

    def push(self, text: str) -> list[str | CallPart]:
        """Text and calls that are certain now, in order."""
        pieces: list[str | CallPart] = []
        text, self._text = self._text + text, ""
        if self._reader is None and text and self._first_characters.isdisjoint(text):
            pieces.append(text)
            return pieces
        while text:
            text = self._outside(text, pieces) if self._reader is None else self._inside(text, pieces)
        return pieces

    def finish(self) -> list[str | CallPart]:
        """What was held back, when no more is coming."""
        pieces: list[str | CallPart] = []
        left = self._feed("", pieces) if self._reader is not None else self._text
        self._text = ""
        return [*pieces, left] if left else pieces

    def _outside(self, text: str, pieces: list[str | CallPart]) -> str:
        """Up to the next opening marker; returns what follows it."""
        found = [(at, opener) for opener in self._form.openers if (at := text.find(opener)) >= 0]
        start, opener = min(found, default=(-1, ""))
        cut = start if found else len(text) - max(partial_suffix(text, opener) for opener in self._form.openers)
        if cut:
            pieces.append(text[:cut])
        if not found:
            self._text = text[cut:]
            return ""
        self._opener, self._source = opener, Source(opener)
        self._reader = self._form.read(self._source, opener)
        next(self._reader)
        return text[start + len(opener) :]

    def _inside(self, text: str, pieces: list[str | CallPart]) -> str:
        """Up to the end of the markup; returns what is still to be looked at."""
        for position, character in enumerate(text):
            left = self._feed(character, pieces)
            if left is not None:
                return left + text[position + 1 :]
        return ""

    def _feed(self, character: str, pieces: list[str | CallPart]) -> str | None:
        """Gives one character to the reader. Returns None while it wants more, otherwise the text that is no call's."""
        assert self._source is not None and self._reader is not None
        left = None
        try:
            self._reader.send(character)
        except StopIteration as done:
            left = str(done.value)
        pieces.extend(self._source.parts)
        self._source.parts.clear()
        if left is None:
            return None
        if not self._source.calls:
            # The marker began nothing, and is not to be looked at again.
            pieces.append(self._opener)
            left = left[len(self._opener) :]
        self._reader = self._source = None
        return left
