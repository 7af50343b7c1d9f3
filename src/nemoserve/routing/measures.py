"""What is measured over a while: shares, averages, percentiles. Knows numbers and time as it is told; memory is bounded."""

from __future__ import annotations

import math
from collections import deque

from nemoserve.types.route import Percentiles

_FADE_S = 60.0
"""An average forgets a sample by 1/e in this time."""
_MOST_SAMPLES = 512


class Counts:
    """Successes and failures in slots of `slot` seconds, for the last `slots` of them."""

    def __init__(self, slot: float, slots: int) -> None:
        self._slot = slot
        self._slots: deque[list[int]] = deque(maxlen=slots)
        """(number of the slot, successes, failures), the oldest first."""

    def add(self, ok: bool, now: float) -> None:
        number = int(now // self._slot)
        if not self._slots or self._slots[-1][0] < number:
            self._slots.append([number, 0, 0])
        self._slots[-1][1 if ok else 2] += 1

    def within(self, span: float, now: float) -> tuple[int, int]:
        """Successes and failures of the last `span` seconds, to the slot."""
        first, good, bad = int((now - span) // self._slot), 0, 0
        for number, ok, failed in reversed(self._slots):
            if number <= first:
                break
            good, bad = good + ok, bad + failed
        return good, bad


class Samples:
    """The newest measurements of one quantity, and their fading average."""

    def __init__(self) -> None:
        self._samples: deque[tuple[float, float]] = deque(maxlen=_MOST_SAMPLES)
        self._average: float | None = None

    @property
    def average(self) -> float | None:
        """Exponentially weighted, the newest sample most; None before the first."""
        return self._average

    def add(self, value: float, now: float) -> None:
        if self._average is None:
            self._average = value
        else:
            # A tenth at least, so that a burst within one instant counts too.
            share = max(0.1, 1 - math.exp(-(now - self._samples[-1][0]) / _FADE_S))
            self._average += share * (value - self._average)
        self._samples.append((now, value))

    def percentiles(self, span: float, now: float, *, more_is_better: bool = False) -> Percentiles:
        """Of the last `span` seconds; all None where nothing was measured.

        The 90th is what nine of ten samples are no worse than: no slower for times, no less for rates.
        """
        values = sorted((value for at, value in self._samples if at > now - span), reverse=more_is_better)
        if not values:
            return Percentiles()
        return Percentiles(*(percentile(values, share) for share in (0.5, 0.75, 0.9, 0.99)))


def percentile(ordered: list[float], share: float) -> float:
    """The first of the values, which are best first and not none, that `share` of them are no worse than."""
    return ordered[max(0, math.ceil(share * len(ordered)) - 1)]
