"""Where one sequence's thinking is and when it must end. Knows the bytes of its tokens; no logits, no other sequence.

The end is due once the budget is used up, or from the moment it is asked for. It then waits for a newline, so that a line is
not cut in two, but no longer than the grace. Then the tokens of `end` take the place of sampled ones. The model may close its
thinking by itself at any time before; once it is closed, by whomever, nothing is interfered with any more.

What is forced continues what is there. If the text stands at the beginning of a line, newlines at the beginning of `end` are
left out. If the model has begun the closing marker, `end` goes on from that point of the marker, provided that one of its
tokens begins there; otherwise the marker that was begun stays a piece of the thinking, and `end` follows it whole. So the
thinking, its marker included, is never longer than budget + grace + the length of `end`.
"""

from __future__ import annotations

from enum import Enum, auto

from nemoserve.engine.protocol import Thinking
from nemoserve.engine.token_bytes import TokenBytes

_LEAST_GRACE = 16
_MOST_GRACE = 500


class Phase(Enum):
    BEFORE = auto()
    """Whether the reply thinks is not known yet: whitespace, or a beginning of the opening marker, is all there is."""
    INSIDE = auto()
    FORCING = auto()
    """The tokens of `end` are being put in."""
    AFTER = auto()


class ThinkingState:
    """Fed with the reply's tokens, one after the other. A step costs a few microseconds."""

    def __init__(self, limits: Thinking, spelling: TokenBytes, *, new_line: bool = False) -> None:
        """`new_line`: the prompt ends with a newline."""
        self._limits = limits
        self._spelling = spelling
        self._due = limits.budget
        """At this count the end is due: at the next newline, or..."""
        self._deadline = None if limits.budget is None else limits.budget + limits.grace
        """... at this one."""
        self._new_line = new_line
        self._asked = False
        """The end was asked for before the budget was used up."""
        self._newline_taken = False
        """The last token held a newline."""
        self._tail = b""
        """The last bytes, in which the marker may have begun. Before the thinking: the reply without leading whitespace."""
        self._queue: tuple[int, ...] = ()
        self.count = 0
        """Tokens of thinking so far, those of the closing marker included."""
        self.opened = False
        """The reply thinks, or has thought."""
        self.cut = False
        """The end was forced because the budget was used up, not because it was asked for."""
        self.phase = Phase.BEFORE
        if limits.opened:
            self._open(b"")

    @property
    def forced(self) -> int | None:
        """The token that must come next, if it is not to be sampled."""
        return self._queue[0] if self._queue else None

    @property
    def early(self) -> bool:
        """Too little has been thought for the closing marker, and the end is not due."""
        inside = self.phase is Phase.INSIDE and self.count < self._limits.minimum
        return inside and (self._due is None or self.count < self._due)

    @property
    def missing_opener(self) -> bytes:
        """Before the thinking: what is still to come of the opening marker."""
        return self._limits.opener[len(self._tail) :]

    def closing(self) -> list[tuple[int, bytes]]:
        """The tokens that would close the thinking now, each with the bytes that it carries beyond the marker."""
        return self._spelling.closing(self._limits.closer, _begun(self._tail, self._limits.closer))

    def end_now(self) -> None:
        """The end is due from now on, after a grace of a tenth of what has been thought. Ignored unless inside."""
        if self.phase is not Phase.INSIDE or not self._limits.end:
            return
        grace = min(max(_LEAST_GRACE, self.count // 10), _MOST_GRACE)
        self._asked = self._due is None or self.count < self._due
        self._due = self.count if self._due is None else min(self._due, self.count)
        deadline = self.count + grace
        self._deadline = deadline if self._deadline is None else min(self._deadline, deadline)
        self._end_if_due()

    def observe(self, token: int) -> None:
        """`token` has been added to the reply, sampled or forced."""
        if self.phase is Phase.AFTER:
            return
        text = self._spelling[token]
        if self.phase is Phase.BEFORE:
            self._look_for_opener(text)
            return
        self.count += 1
        if self.phase is Phase.FORCING:
            self._queue = self._queue[1:]
            if not self._queue:
                self.phase = Phase.AFTER
            return
        self._look_for_closer(text)
        if self.phase is Phase.INSIDE:
            self._end_if_due()

    def _look_for_opener(self, text: bytes) -> None:
        opener = self._limits.opener
        word = (self._tail + text).lstrip()
        if word.startswith(opener):
            self._open(word[len(opener) :])
        elif opener.startswith(word):
            self._tail = word
        else:
            self.phase = Phase.AFTER

    def _open(self, text: bytes) -> None:
        """The thinking begins, with `text` in the token that opened it."""
        self.opened, self.phase, self._tail = True, Phase.INSIDE, b""
        self._look_for_closer(text)
        if self.phase is Phase.INSIDE:
            self._end_if_due()

    def _look_for_closer(self, text: bytes) -> None:
        closer = self._limits.closer
        window = self._tail + text
        if closer in window:
            self.phase = Phase.AFTER
            return
        self._tail = window[1 - len(closer) :] if len(closer) > 1 else b""
        self._newline_taken = b"\n" in text
        if text:
            self._new_line = text.endswith(b"\n")

    def _end_if_due(self) -> None:
        if self._due is None or self._deadline is None or self.count < self._due:
            return
        if self.count == 0 or self._newline_taken or self.count >= self._deadline:
            self._queue = self._rest_of_end()
            self.phase = Phase.FORCING
            self.cut = not self._asked

    def _rest_of_end(self) -> tuple[int, ...]:
        """`end` without what is there already. It holds the closing marker, so something is left."""
        end, closer = self._limits.end, self._limits.closer
        begun = _begun(self._tail, closer)
        for start in range(1, len(end)) if begun else ():
            if self._spelling.join(end[start:]).startswith(closer[len(begun) :]):
                return end[start:]
        start = 0
        while (
            self._new_line and end[start] in self._spelling.newlines and closer in self._spelling.join(end[start + 1 :])
        ):
            start += 1
        return end[start:]


def _begun(text: bytes, marker: bytes) -> bytes:
    """The longest end of `text` that is a beginning of `marker`, the whole marker excepted."""
    for length in range(min(len(text), len(marker) - 1), 0, -1):
        if text.endswith(marker[:length]):
            return marker[:length]
    return b""
