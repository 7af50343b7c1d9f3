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

    def fits(self, tokens: int | None, first_byte_s: float) -> bool:
        """Whether a reply of so many tokens would come in time; never for an unknown length or an unknown pace."""
        if self._overhead is None or tokens is None:
            return False
        return _MARGIN * (self._overhead + tokens * self._per_token) <= first_byte_s

    def seen(self, tokens: int, first_s: float, total_s: float) -> None:
        """A reply came: its first event after `first_s`, all of it after `total_s`."""
        per_token = (total_s - first_s) / tokens if tokens > 1 else total_s
        if self._overhead is None:
            self._overhead, self._per_token = first_s, per_token
            return
        # What was slower counts at once, what was quicker little by little.
        self._overhead += (first_s - self._overhead) * (1.0 if first_s > self._overhead else _NEW)
        self._per_token += (per_token - self._per_token) * (1.0 if per_token > self._per_token else _NEW)

    def overdue(self) -> None:
        """A whole reply did not come in time: nothing is known any more."""
        self._overhead = None
