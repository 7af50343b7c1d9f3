"""The steps of a thinking: where they begin, how many tokens they have, how long they took. Knows text, counts and times only.

A step begins at a paragraph (after a blank line) and at a line that is numbered or bulleted ("1.", "2)", "Step 3:", "- "). As
long as neither has come and most lines are short, every line is one. Steps leave no gaps: blanks belong to the step before.
"""

from __future__ import annotations

import re
from collections import deque

from nemoserve.types.events import Step

_SHORT_LINE = 80
"""Characters that most lines of a terse, line-by-line trace stay within."""

_MARKER = re.compile(r"(?:\(?\d{1,3}[.)]|[-*•]|Step \d{1,3}\b[.:)]?|\*\*Step \d{1,3}\b)(?:\s|$)", re.IGNORECASE)
_MARKER_FIRST = frozenset("(0123456789-*•sS")
_MARKER_LENGTH = 14
"""So many characters of a line decide whether it begins with a marker."""


class StepBoundaries:
    """Where steps begin, in a text that comes in pieces; the same places however it is cut."""

    def __init__(self) -> None:
        self._read = 0
        """Characters of text that are done with."""
        self._rest = ""
        self._line = 0
        """Characters of the current line, as far as they are done with."""
        self._undecided = True
        """Whether the current line begins a step is not known yet."""
        self._said = False
        """Something other than blanks has come."""
        self._blank_line = False
        """The line before was blank."""
        self._structured = False
        """Paragraphs or marked lines say where steps begin."""
        self._lines = 0
        self._short_lines = 0

    def push(self, text: str) -> list[int]:
        """Offsets at which a step is now known to begin; the first step's, 0, is left out."""
        self._rest += text
        return self._scan(final=False)

    def finish(self) -> list[int]:
        """The last ones, when no more is coming."""
        return self._scan(final=True)

    def _scan(self, *, final: bool) -> list[int]:
        begins: list[int] = []
        at = 0
        while at < len(self._rest):
            newline = self._rest.find("\n", at)
            end = len(self._rest) if newline < 0 else newline
            if self._undecided:
                decided = self._begins_step(self._rest[at:end], whole=final or newline >= 0)
                if decided is None:
                    break
                self._undecided = False
                indent = end - at - len(self._rest[at:end].lstrip())
                if decided:
                    begins.append(self._read + at + indent)
            self._line += end - at
            at = end
            if newline < 0:
                break
            self._end_line()
            at += 1
        self._read += at
        self._rest = self._rest[at:]
        return begins

    def _begins_step(self, head: str, *, whole: bool) -> bool | None:
        """None: more of the line must come first."""
        words = head.lstrip()
        if not words:
            if whole:
                self._blank_line = True
                self._structured = self._structured or self._said
                return False
            return None
        if words[0] in _MARKER_FIRST and len(words) < _MARKER_LENGTH and not whole:
            return None
        marked = _MARKER.match(words[:_MARKER_LENGTH]) is not None
        terse = not self._structured and self._short_lines * 2 > self._lines
        begins = self._said and (self._blank_line or marked or terse)
        self._structured = self._structured or marked
        self._said, self._blank_line = True, False
        return begins

    def _end_line(self) -> None:
        if not self._blank_line:
            self._lines += 1
            self._short_lines += self._line <= _SHORT_LINE
        self._line = 0
        self._undecided = True


class StepMeter:
    """Steps with their tokens and durations. Tokens are told first, then the thinking's text that they made.

    A token belongs to the step that its first character is in (or, if it has none, the next one), so that the steps' counts
    add up to all tokens of the thinking but those that begin in a marker. Newlines dropped after the opening marker count
    for the first step.
    """

    def __init__(self) -> None:
        self._boundaries = StepBoundaries()
        self._tokens: deque[tuple[int, float]] = deque()
        self._length = 0
        self._begin = 0
        self._count = 0
        self._since: float | None = None
        self._ended = False

    def token(self, start: int, at: float) -> None:
        """A token whose text begins at character `start` of the raw text arrived at second `at`."""
        if self._since is None:
            self._since = at
        self._tokens.append((start, at))

    def push(self, text: str, *, opened_at: int, origin: int) -> list[Step]:
        """The steps that have ended. `opened_at` characters of raw text come before the block, `origin` before the
        thinking's own text."""
        if not self._length:
            while self._tokens and self._tokens[0][0] < opened_at:
                self._tokens.popleft()
        self._length += len(text)
        return [self._end(begin, origin + begin) for begin in self._boundaries.push(text)]

    def finish(self, *, origin: int, closed: bool) -> list[Step]:
        """The remaining steps, once. `closed`: a marker ended the thinking, and tokens that begin in it do not count."""
        if self._ended:
            return []
        self._ended = True
        steps = [self._end(begin, origin + begin) for begin in self._boundaries.finish()]
        if self._length:
            steps.append(self._end(self._length, origin + self._length if closed else None))
        return steps

    def _end(self, end: int, raw_end: int | None) -> Step:
        tokens, since, last = 0, self._since or 0.0, self._since or 0.0
        while self._tokens and (raw_end is None or self._tokens[0][0] < raw_end):
            _, last = self._tokens.popleft()
            tokens += 1
        self._since = last
        step = Step(self._count, self._begin, end, tokens, (last - since) * 1e3)
        self._begin = end
        self._count += 1
        return step
