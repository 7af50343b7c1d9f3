"""How often and how long a request may go on trying. Knows counts and time as it is told; no endpoints and no errors."""

from __future__ import annotations

from nemoserve.config.routing import RoutingSettings

_LATE_S = 0.05
"""So shortly before its deadline a request asks nobody else: the timer that ends an attempt may ring a little early."""


class RetryBudget:
    """A bucket that all requests of the server share: each pays in a share of a retry, and each retry takes one out.

    So retries are at most `share` of the requests, plus `burst`: when everything is down, trying again does not multiply the load.
    """

    def __init__(self, share: float, burst: int) -> None:
        self._share, self._burst = share, burst
        self._left = float(burst)

    def request(self) -> None:
        """A request begins."""
        self._left = min(self._left + self._share, self._burst or 1.0)

    def retry(self) -> bool:
        """Takes a retry out; False: there is none, and the request has to end with the error that it has."""
        # Ten times a tenth is a little less than one.
        if self._left < 1 - 1e-9:
            return False
        self._left -= 1
        return True

    def unused(self) -> None:
        """Puts a retry back that came to nothing being sent."""
        self._left = min(self._left + 1, self._burst)


class Tries:
    """What one request may still try. Times are seconds on a clock that does not go back."""

    def __init__(self, settings: RoutingSettings, budget: RetryBudget, now: float) -> None:
        self._settings, self._budget = settings, budget
        self._ends = now + settings.deadline
        self._made = 0
        budget.request()

    def next(self, now: float) -> bool:
        """Whether one more attempt may begin; the first one always may. Counts it."""
        late = now >= self._ends - _LATE_S
        if self._made and (self._made >= self._settings.most_attempts or late or not self._budget.retry()):
            return False
        self._made += 1
        return True

    def unsent(self) -> None:
        """The attempt that was counted last was none: nothing was sent for it."""
        self._made -= 1
        if self._made:
            self._budget.unused()

    def left(self, now: float) -> float:
        """Seconds until the request's deadline; 0 when it has passed."""
        return max(0.0, self._ends - now)
