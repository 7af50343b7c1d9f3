"""When a process that died is started again, and when that is given up. Knows times and counts; starts nothing."""

from __future__ import annotations

_DEATHS_BEFORE_GIVING_UP = 3
_LONG_LIFE_S = 60.0


class Restarts:
    """The pauses between the lives of one process, in seconds: doubled from the first to the longest while it keeps dying."""

    def __init__(self, first_s: float, longest_s: float) -> None:
        self._first_s, self._longest_s = first_s, longest_s
        self._pause_s = first_s
        self.deaths = 0
        """In a row, of lives in which it was never ready."""

    def died(self, *, was_ready: bool, lived_s: float) -> float | None:
        """How long to wait before the next life; None: it will not come up, and is left alone."""
        self.deaths = 0 if was_ready else self.deaths + 1
        if self.deaths >= _DEATHS_BEFORE_GIVING_UP:
            return None
        if lived_s > _LONG_LIFE_S:
            self._pause_s = self._first_s
        pause, self._pause_s = self._pause_s, min(2 * self._pause_s, self._longest_s)
        return pause
