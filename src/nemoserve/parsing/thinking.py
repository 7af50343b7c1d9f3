"""Where thinking ends and the answer begins, in a text that comes in pieces. Knows the markers; no tokens, no templates.

The markers are strings, because in some vocabularies they are several tokens. Text inside a closed think block is never
looked at again; tool markup at the beginning of a line ends a think block that the model forgot to close.

A model whose thinking was switched off may open a block all the same. Then it is not known whether it thinks or has put its
answer into the wrong place, so the block is held back, `DOUBT` characters of it at most, so that no stream stalls. If it is
closed within them and something other than blanks follows, it was thinking. If nothing follows, it is the answer (and, if
closed, is not searched for tool calls). If it grows longer than that, it is the answer too, from then on as it comes.
"""

from __future__ import annotations

import msgspec

from nemoserve.parsing.markers import partial_suffix
from nemoserve.types.prompt import ReplyStart

OPENER = "<think>"
CLOSER = "</think>"

DOUBT = 4096
"""Characters of an unwanted think block that are held back; its closing marker has to end within them."""


class Segment(msgspec.Struct, frozen=True):
    """A piece of the reply on one side of the closing marker."""

    thinking: bool
    text: str
    literal: bool = False
    """Not to be searched for tool calls: answer that stood in a closed think block."""


class ThinkingSplitter:
    """Splits a reply into thinking and answer; the markers, and the newlines between thinking and answer, are dropped.

    * thinking: everything up to the first closing marker is thinking; without one, all of it.
    * undecided: a reply whose first word is the opening marker thinks; otherwise all of it is the answer, from which the
      first orphan closing marker is dropped.
    `tool_markers` are the texts that begin a tool call, none if no calls are expected. `wanted` is False where thinking
    was switched off.
    """

    def __init__(
        self,
        start: ReplyStart,
        tool_markers: tuple[str, ...] = (),
        *,
        opener: str = OPENER,
        closer: str = CLOSER,
        wanted: bool = True,
    ) -> None:
        self._opener = opener
        self._closer = closer
        self._tool_markers = tool_markers
        self._first_characters = frozenset(marker[0] for marker in (closer, *tool_markers))
        self._wanted = wanted
        self._doubted = False
        self._held = ""
        self._line_start = True
        self._skip_think_newlines = start == "undecided"
        self._skip_newlines = start != "answer"
        self._drop_orphan = start == "undecided"
        self.orphan = False
        """A closing marker was dropped from an answer that no opening one had preceded."""
        self._fed = 0
        self.state: ReplyStart = start
        self.opened_at = 0
        """Characters of raw text up to the end of the opening marker; 0 if the prompt opened the block."""
        self.thinking_start = 0
        """Characters of raw text before the thinking's first one: the opening marker, and newlines that were dropped."""
        self.thinking_end: int | None = None
        """Characters of raw text up to the end of the thinking, its closing marker included, once that is known."""

    @property
    def held(self) -> int:
        """Characters held back at the moment."""
        return self._fed if self._doubted else len(self._held)

    @property
    def answering(self) -> bool:
        """The thinking is over, or there was none."""
        return self.state == "answer"

    def push(self, text: str) -> list[Segment]:
        """The segments that are certain now, in order, empty ones left out."""
        self._fed += len(text)
        text, self._held = self._held + text, ""
        segments: list[Segment] = []
        if self.state == "thinking" and not self._doubted and self._first_characters.isdisjoint(text):
            # Nearly every token: no marker ends, begins or goes on in it.
            self._thought(text, segments)
            return segments
        if self.state == "undecided":
            text = self._decide(text)
        if self._doubted:
            text = self._doubt(text, segments)
        elif self.state == "thinking":
            text = self._think(text, segments)
        if self.state == "answer" and text:
            self._answer(text, segments)
        return segments

    def finish(self) -> list[Segment]:
        """What was held back, when no more is coming."""
        held, self._held = self._held, ""
        segments: list[Segment] = []
        if self.state == "thinking" and not self._doubted:
            self._thought(held, segments)
            return segments
        block, closed, _ = held.partition(self._closer) if self._doubted else (held, "", "")
        self.state, self._doubted, self._drop_orphan = "answer", False, False
        self._answer(block, segments, literal=bool(closed))
        return segments

    def _decide(self, text: str) -> str:
        """Leaves the undecided state as soon as the first word is known; returns the text still to be split."""
        word = text.lstrip()
        if word.startswith(self._opener):
            self.state, self._drop_orphan, self._doubted = "thinking", False, not self._wanted
            rest = word[len(self._opener) :]
            self.opened_at = self.thinking_start = self._fed - len(rest)
            return rest
        if self._opener.startswith(word) or (self._closer.startswith(word) and word != self._closer):
            self._held = text
            return ""
        self.state = "answer"
        return text

    def _doubt(self, block: str, segments: list[Segment]) -> str:
        """Holds an unwanted block back until it is known what it is; returns the text after the thinking, if it is that."""
        end, marked = self._find_end(block)
        if end < 0 or marked > DOUBT:
            if len(block) <= DOUBT:
                self._held = block
                return ""
            self.state, self._doubted, self._drop_orphan = "answer", False, True
            return block
        rest = block[marked:] if block.startswith(self._closer, end) else block[end:]
        if not rest.strip():
            self._held = block
            return ""
        self._doubted = False
        self._thought(block[:end], segments)
        return self._end_thinking(rest)

    def _think(self, text: str, segments: list[Segment]) -> str:
        """Emits thinking; returns the text after it once it has ended."""
        end, marked = self._find_end(text)
        if end >= 0:
            self._thought(text[:end], segments)
            return self._end_thinking(text[marked:] if text.startswith(self._closer, end) else text[end:])
        keep = partial_suffix(text, self._closer)
        for marker in self._tool_markers:
            tail = partial_suffix(text, marker)
            if self._starts_line(text, len(text) - tail):
                keep = max(keep, tail)
        cut = len(text) - keep
        self._held = text[cut:]
        self._thought(text[:cut], segments)
        return ""

    def _find_end(self, text: str) -> tuple[int, int]:
        """Where the marker that ends the thinking begins and ends, or (-1, -1)."""
        close = text.find(self._closer)
        found = [(close, close + len(self._closer))] if close >= 0 else []
        for marker in self._tool_markers:
            call = self._find_call(text, marker)
            if call >= 0:
                found.append((call, call + len(marker)))
        return min(found, default=(-1, -1))

    def _end_thinking(self, rest: str) -> str:
        self.state, self.thinking_end = "answer", self._fed - len(rest)
        return rest

    def _thought(self, text: str, segments: list[Segment]) -> None:
        if self._skip_think_newlines:
            stripped = text.lstrip("\n")
            self.thinking_start += len(text) - len(stripped)
            text = stripped
        if text:
            segments.append(Segment(True, text))
            self._line_start = text.endswith("\n")
            self._skip_think_newlines = False

    def _starts_line(self, text: str, position: int) -> bool:
        return text[position - 1] == "\n" if position else self._line_start

    def _find_call(self, text: str, marker: str) -> int:
        """Position of a tool marker at the beginning of a line, or -1: in prose about tools it stands elsewhere."""
        position = text.find(marker)
        while position >= 0 and not self._starts_line(text, position):
            position = text.find(marker, position + 1)
        return position

    def _answer(self, text: str, segments: list[Segment], *, literal: bool = False) -> None:
        if self._skip_newlines:
            text = text.lstrip("\n")
        if self._drop_orphan:
            text = self._without_orphan(text, segments)
        self._said(text, segments, literal=literal)

    def _without_orphan(self, text: str, segments: list[Segment]) -> str:
        """Drops the first orphan marker; inside a tool call it would be an argument's text."""
        orphan = text.find(self._closer)
        calls = [call for marker in self._tool_markers if (call := text.find(marker)) >= 0]
        if calls and (orphan < 0 or min(calls) < orphan):
            self._drop_orphan = False
            return text
        if orphan >= 0:
            self._drop_orphan, self.orphan = False, True
            self._said(text[:orphan], segments)
            text = text[orphan + len(self._closer) :]
            return text.lstrip("\n") if self._skip_newlines else text
        keep = partial_suffix(text, self._closer)
        for marker in self._tool_markers:
            keep = max(keep, partial_suffix(text, marker))
        cut = len(text) - keep
        self._held = text[cut:]
        return text[:cut]

    def _said(self, text: str, segments: list[Segment], *, literal: bool = False) -> None:
        if text:
            segments.append(Segment(False, text, literal))
            self._skip_newlines = False
