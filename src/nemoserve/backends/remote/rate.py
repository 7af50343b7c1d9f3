"""How fast a provider may be asked that does not say. Pure, with the clock handed in; knows counts and seconds.

Additive increase, multiplicative decrease: a refusal halves the rate that was in fact reached, every success adds a little, and
once the old ceiling has been passed by far the limit is forgotten. Refusals of requests that were sent together are one. Requests
beyond the rate are turned away, with the time after which there will be room, so that they can go elsewhere.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

_WINDOW_S = 60.0
_LEAST = 1.0
_FORGET = 4.0
"""A limit that has grown to so many times what was refused is no longer one."""
_STEP = 0.05


class AdaptiveRate:
    """One key's rate for one model, in requests per minute. `known` is a limit that the operator gave; `clock` gives seconds."""

    def __init__(self, clock: Callable[[], float], known: int | None = None, *, learns: bool = True) -> None:
        self._clock = clock
        self._known = known
        self._learns = learns
        self._limit: float | None = None if known is None else float(known)
        self._refused_at = 0.0
        """Requests per minute that were reached at the last refusal."""
        self._learnt = float("-inf")
        """When that was."""
        self._asked: deque[float] = deque()

    @property
    def limit(self) -> float | None:
        """Requests per minute; None: unlimited, as far as is known."""
        return self._limit

    def ask(self) -> float:
        """Counts a request and returns 0 if there is room; else the seconds until there is, and nothing is counted."""
        now = self._clock()
        while self._asked and self._asked[0] + _WINDOW_S <= now:  # as the wait below is reckoned: floats
            self._asked.popleft()
        if self._limit is not None and len(self._asked) >= self._limit:
            place = len(self._asked) - max(1, int(self._limit))
            return max(1e-3, self._asked[place] + _WINDOW_S - now)
        self._asked.append(now)
        return 0.0

    def refused(self, sent: float | None = None) -> None:
        """The provider said 429. `sent`: when the request was; default: now."""
        now = self._clock()
        if not self._learns or (sent is not None and sent < self._learnt):
            return
        self._learnt = now
        reached = float(sum(1 for asked in self._asked if asked > now - _WINDOW_S))
        self._refused_at = max(_LEAST, reached)
        held = self._limit if self._limit is not None else self._refused_at
        self._limit = max(_LEAST, min(held, self._refused_at) / 2)

    def worked(self) -> None:
        """The provider took a request."""
        if not self._learns or self._limit is None or not self._refused_at:
            return
        self._limit += max(_STEP, _STEP * self._refused_at / 10)
        if self._known is not None:
            self._limit = min(self._limit, float(self._known))
        elif self._limit > _FORGET * self._refused_at:
            self._limit, self._refused_at = None, 0.0


class Rates:
    """The rates of a provider's keys, each for each model."""

    def __init__(self, clock: Callable[[], float], known: int | None, *, learns: bool) -> None:
        self._clock, self._known, self._learns = clock, known, learns
        self._rates: dict[tuple[int, str], AdaptiveRate] = {}

    def of(self, key: int, model: str) -> AdaptiveRate | None:
        """The rate of a key for a model; None where none is to be kept."""
        if not self._learns and self._known is None:
            return None
        rate = self._rates.get((key, model))
        if rate is None:
            rate = self._rates[key, model] = AdaptiveRate(self._clock, self._known, learns=self._learns)
        return rate
