"""Whether a reply can be asked for in one piece. Pure; knows seconds and tokens.

One piece is cheaper for all, but its first byte comes with its last, so that a dead provider looks like a busy one. So it is asked
for only where the longest reply, at the pace seen, would be there well before a first byte is overdue.
"""

from __future__ import annotations

_MARGIN = 4.0
_NEW = 0.2


class Pace:
    """What one endpoint has shown. Times in seconds."""

    def __init__(self) -> None:
        self._overhead: float | None = None
        self._per_token = 0.0

    def fits(self, tokens: int, first_byte_s: float) -> bool:
        """Whether a reply of so many tokens would come in time; never at an unknown pace."""
        if self._overhead is None:
            return False
        return _MARGIN * (self._overhead + tokens * self._per_token) <= first_byte_s

    def streamed(self, tokens: int, first_s: float, total_s: float) -> None:
        """A reply came in pieces: its first event after `first_s`, all of it after `total_s`."""
        per_token = (total_s - first_s) / tokens if tokens else 0.0
        if self._overhead is None:
            self._overhead, self._per_token = first_s, per_token
            return
        self._overhead = _moved(self._overhead, first_s)
        self._per_token = _moved(self._per_token, per_token)

    def whole(self, tokens: int, total_s: float) -> None:
        """A reply came in one piece after `total_s`."""
        if self._overhead is None:
            return
        guess = self._overhead + tokens * self._per_token
        if guess > 0:
            factor = _moved(guess, total_s) / guess
            self._overhead, self._per_token = self._overhead * factor, self._per_token * factor

    def overdue(self) -> None:
        """A whole reply did not come in time: nothing is known any more."""
        self._overhead = None


def _moved(known: float, seen: float) -> float:
    """What was slower counts at once, what was quicker little by little."""
    return seen if seen > known else known + (seen - known) * _NEW
