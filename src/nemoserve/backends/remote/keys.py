"""Which of a provider's keys goes next. Pure, with the clock handed in; knows statuses and seconds, not what a key is.

Keys are used in turn. One that was refused, is out of money or limited rests: as long as the provider said, else for a time that
doubles with each refusal of one kind in a row, and a success forgets them. Refusals of requests that were sent together are one.
"""

from __future__ import annotations

from collections.abc import Callable

_FIRST_S = {401: 30.0, 402: 60.0, 429: 1.0}
_LONGEST_S = {401: 3600.0, 402: 3600.0, 429: 60.0}


class Rests:
    """The keys by number, 0 to `count` - 1; `clock` gives seconds from anywhere."""

    def __init__(self, count: int, clock: Callable[[], float]) -> None:
        self._until = [0.0] * count
        self._used = [0] * count
        self._failures = [0] * count
        self._statuses = [0] * count
        self._refused_at = [float("-inf")] * count
        self._clock = clock
        self._turn = 0

    def take(self, tried: frozenset[int] = frozenset()) -> int | None:
        """The key that has waited longest among those that neither rest nor were tried; None if there is none."""
        now = self._clock()
        ready = [key for key, until in enumerate(self._until) if until <= now and key not in tried]
        if not ready:
            return None
        key = min(ready, key=lambda candidate: self._used[candidate])
        self._turn += 1
        self._used[key] = self._turn
        return key

    def wait_s(self) -> float:
        """Seconds until some key is there again; 0 if one is."""
        return max(0.0, min(self._until, default=0.0) - self._clock())

    def refused(self, key: int, status: int, retry_after_s: float | None, sent: float | None = None) -> float:
        """A key was answered with 401, 402 or 429; returns the seconds that it rests. `sent`: when the request was; default: now."""
        now = self._clock()
        if status != self._statuses[key]:
            self._failures[key] = 0
        if not self._failures[key] or sent is None or sent >= self._refused_at[key]:
            self._failures[key] += 1
            self._refused_at[key] = now
        self._statuses[key] = status
        doubled = _FIRST_S[status] * 2.0 ** min(self._failures[key] - 1, 32)
        seconds = min(doubled, _LONGEST_S[status]) if retry_after_s is None else retry_after_s
        self._until[key] = max(self._until[key], now + seconds)
        return seconds

    @property
    def limited(self) -> bool:
        """Whether a key rests because it was asked too much, rather than refused or out of money."""
        now = self._clock()
        resting = [status for status, until in zip(self._statuses, self._until, strict=True) if until > now]
        return not resting or 429 in resting

    def worked(self, key: int) -> None:
        """A key was accepted."""
        self._failures[key] = 0
