"""Where thinking ends and the answer begins, in a text that comes in pieces. Knows the markers; no tokens, no templates.

The markers are strings, because in some vocabularies they are several tokens. Text inside a closed think block is never
looked at again; tool markup at the beginning of a line ends a think block that the model forgot to close.
"""

from __future__ import annotations

import msgspec

from nemoserve.parsing.markers import partial_suffix
from nemoserve.types.prompt import ReplyStart

OPENER = "<think>"
CLOSER = "</think>"


class Segment(msgspec.Struct, frozen=True):
    """A piece of the reply on one side of the closing marker."""

    thinking: bool
    text: str


class ThinkingSplitter:
    """Splits a reply into thinking and answer; the markers, and the newlines between thinking and answer, are dropped.

    * thinking: everything up to the first `</think>` is thinking; without one, all of it.
    * undecided: a reply whose first word is `<think>` thinks; otherwise all of it is the answer, from which the first
      orphan `</think>` is dropped.
    `tool_marker` is the text that begins a tool call, or empty if none are expected.
    """

    def __init__(self, start: ReplyStart, tool_marker: str = "") -> None:
        self._tool_marker = tool_marker
        self._held = ""
        self._line_start = True
        self._skip_think_newlines = start == "undecided"
        self._skip_newlines = start != "answer"
        self._drop_orphan = start == "undecided"
        self._fed = 0
        self.state: ReplyStart = start
        self.thinking_end: int | None = None
        """Characters of raw text up to the end of the thinking, its closing marker included, once that is known."""

    @property
    def held(self) -> int:
        """Characters held back at the moment."""
        return len(self._held)

    @property
    def answering(self) -> bool:
        """The thinking is over, or there was none."""
        return self.state == "answer"

    def push(self, text: str) -> list[Segment]:
        """The segments that are certain now, in order, empty ones left out."""
        self._fed += len(text)
        text, self._held = self._held + text, ""
        segments: list[Segment] = []
        if self.state == "undecided":
            text = self._decide(text)
        if self.state == "thinking":
            text = self._think(text, segments)
        if self.state == "answer" and text:
            self._answer(text, segments)
        return segments

    def finish(self) -> list[Segment]:
        """What was held back, when no more is coming."""
        held, self._held = self._held, ""
        segments: list[Segment] = []
        if self.state == "thinking":
            self._thought(held, segments)
        else:
            self.state, self._drop_orphan = "answer", False
            self._answer(held, segments)
        return segments

    def _decide(self, text: str) -> str:
        """Leaves the undecided state as soon as the first word is known; returns the text still to be split."""
        word = text.lstrip()
        if word.startswith(OPENER):
            self.state, self._drop_orphan = "thinking", False
            return word[len(OPENER) :]
        if OPENER.startswith(word) or (CLOSER.startswith(word) and word != CLOSER):
            self._held = text
            return ""
        self.state = "answer"
        return text

    def _think(self, text: str, segments: list[Segment]) -> str:
        """Emits thinking; returns the text after it once it has ended."""
        close = text.find(CLOSER)
        call = self._find_call(text)
        if call >= 0 and (close < 0 or call < close):
            self._thought(text[:call], segments)
            return self._end_thinking(text[call:])
        if close >= 0:
            self._thought(text[:close], segments)
            return self._end_thinking(text[close + len(CLOSER) :])
        keep = partial_suffix(text, CLOSER)
        if self._tool_marker:
            tail = partial_suffix(text, self._tool_marker)
            if self._starts_line(text, len(text) - tail):
                keep = max(keep, tail)
        cut = len(text) - keep
        self._held = text[cut:]
        self._thought(text[:cut], segments)
        return ""

    def _end_thinking(self, rest: str) -> str:
        self.state, self.thinking_end = "answer", self._fed - len(rest)
        return rest

    def _thought(self, text: str, segments: list[Segment]) -> None:
        if self._skip_think_newlines:
            text = text.lstrip("\n")
        if text:
            segments.append(Segment(True, text))
            self._line_start = text.endswith("\n")
            self._skip_think_newlines = False

    def _starts_line(self, text: str, position: int) -> bool:
        return text[position - 1] == "\n" if position else self._line_start

    def _find_call(self, text: str) -> int:
        """Position of a tool marker at the beginning of a line, or -1: in prose about tools it stands elsewhere."""
        if not self._tool_marker:
            return -1
        position = text.find(self._tool_marker)
        while position >= 0 and not self._starts_line(text, position):
            position = text.find(self._tool_marker, position + 1)
        return position

    def _answer(self, text: str, segments: list[Segment]) -> None:
        if self._skip_newlines:
            text = text.lstrip("\n")
        if self._drop_orphan:
            text = self._without_orphan(text, segments)
        self._said(text, segments)

    def _without_orphan(self, text: str, segments: list[Segment]) -> str:
        """Drops the first orphan marker; inside a tool call it would be an argument's text."""
        orphan = text.find(CLOSER)
        call = text.find(self._tool_marker) if self._tool_marker else -1
        if call >= 0 and (orphan < 0 or call < orphan):
            self._drop_orphan = False
            return text
        if orphan >= 0:
            self._drop_orphan = False
            self._said(text[:orphan], segments)
            text = text[orphan + len(CLOSER) :]
            return text.lstrip("\n") if self._skip_newlines else text
        keep = max(partial_suffix(text, marker) for marker in (CLOSER, self._tool_marker))
        cut = len(text) - keep
        self._held = text[cut:]
        return text[:cut]

    def _said(self, text: str, segments: list[Segment]) -> None:
        if text:
            segments.append(Segment(False, text))
            self._skip_newlines = False
