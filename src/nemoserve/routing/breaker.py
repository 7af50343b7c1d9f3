"""The circuit breaker of one endpoint. Knows successes, failures and time as it is told; no endpoints and no reasons.

Closed, it lets all through. So many failures in a row open it, and nothing passes until it has rested. Then it is half open: a
bounded number of probes pass, one success closes it, one failure opens it again for twice as long.
"""

from __future__ import annotations

from typing import Literal

import msgspec

State = Literal["closed", "open", "half_open"]


class Pass(msgspec.Struct, frozen=True):
    """Permission for one attempt, to be given back by `Breaker.leave`."""

    era: int
    """Attempts from before the breaker last changed say nothing about what came after."""
    probe: bool


class Breaker:
    """One endpoint's breaker. Times are seconds on any clock that does not go back."""

    def __init__(self, *, failures: int, rest: float, longest_rest: float, probes: int) -> None:
        self._most_failures, self._first_rest, self._longest_rest, self._most_probes = (
            failures,
            rest,
            longest_rest,
            probes,
        )
        self._failures = 0
        self._era = 0
        self._opened_until: float | None = None
        """None: closed."""
        self._rest = rest
        self._probing = 0

    def state(self, now: float) -> State:
        if self._opened_until is None:
            return "closed"
        return "open" if now < self._opened_until else "half_open"

    def wait(self, now: float) -> float:
        """Seconds until it may let somebody through: 0 while it does, or while only the outcome of a probe is awaited."""
        return 0.0 if self._opened_until is None else max(0.0, self._opened_until - now)

    def admits(self, now: float) -> bool:
        """Whether `enter` would let an attempt through."""
        state = self.state(now)
        return state == "closed" or (state == "half_open" and self._probing < self._most_probes)

    def enter(self, now: float) -> Pass | None:
        """Lets an attempt through, or not."""
        if not self.admits(now):
            return None
        probe = self._opened_until is not None
        self._probing += probe
        return Pass(self._era, probe)

    def succeeded(self, permit: Pass) -> None:
        """The endpoint answers. May be told before the attempt has ended."""
        if permit.era != self._era:
            return
        self._failures = 0
        if self._opened_until is not None:
            self._change(None)
            self._rest = self._first_rest

    def failed(self, permit: Pass, now: float) -> None:
        """The attempt failed by the endpoint's fault."""
        if permit.era != self._era:
            return
        self._failures += 1
        if permit.probe:
            self._rest = min(2 * self._rest, self._longest_rest)
        if permit.probe or self._failures >= self._most_failures:
            self._change(now + self._rest)

    def leave(self, permit: Pass) -> None:
        """The attempt is over, however it ended."""
        if permit.probe and permit.era == self._era:
            self._probing -= 1

    def _change(self, opened_until: float | None) -> None:
        self._opened_until = opened_until
        self._era += 1
        self._failures = self._probing = 0
