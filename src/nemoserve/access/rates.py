"""How much a key may do per minute and at once, in this process. Knows counts and instants; neither money nor a clock.

Each limit is a log of what happened in the last minute, so that no minute, wherever it begins, sees more than the limit. A
bucket that refills would let through almost twice as much in the minute after a quiet one. Instants are milliseconds of a
clock that never goes back, such as `time.monotonic`.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from nemoserve.types.caller import Caller, KeyLimits
from nemoserve.types.errors import ApiError

MINUTE = 60_000
_MANY, _COARSE = 512, 10
"""A log of so many entries takes what comes within so many milliseconds as one, as of the last of it: a busy key's minute stays small."""
_SLOT_RETRY_S = 1
"""When a running request will end is not known."""


class State(NamedTuple):
    """For the X-RateLimit headers: the limit per minute, what is left of it, and in how many milliseconds more comes free."""

    limit: int
    remaining: int
    reset_in: int


class _Log:
    """What was used in the last minute: instants and amounts, oldest first."""

    __slots__ = ("_entries", "used")

    def __init__(self) -> None:
        self._entries: deque[tuple[int, int]] = deque()
        self.used = 0

    def forget(self, now: int) -> None:
        """Lets go of what is a minute old. Comes before the questions below."""
        entries, old = self._entries, now - MINUTE
        while entries and entries[0][0] <= old:
            self.used -= entries.popleft()[1]

    def add(self, now: int, amount: int) -> None:
        self.used += amount
        entries = self._entries
        step = 1 if len(entries) < _MANY else _COARSE
        if entries and entries[-1][0] // step == now // step:
            amount += entries.pop()[1]
        entries.append((now, amount))

    def wait(self, now: int, amount: int, limit: int) -> int:
        """Milliseconds until `amount` fits beneath the limit; 0: now. An amount above the limit itself never does: a minute."""
        excess = self.used + amount - limit
        if excess <= 0:
            return 0
        for at, spent in self._entries:
            excess -= spent
            if excess <= 0:
                return at + MINUTE - now
        return MINUTE

    def state(self, now: int, limit: int) -> State:
        oldest = self._entries[0][0] + MINUTE - now if self._entries else 0
        return State(limit, max(0, limit - self.used), oldest)


class _Use:
    """What one key has used, and how many of its requests run."""

    __slots__ = ("requests", "running", "tokens")

    def __init__(self) -> None:
        self.requests, self.tokens, self.running = _Log(), _Log(), 0

    def forget(self, now: int) -> None:
        self.requests.forget(now)
        self.tokens.forget(now)

    @property
    def idle(self) -> bool:
        return not (self.running or self.requests.used or self.tokens.used)


class Ticket:
    """A request that was let in. `leave` has to be called when it ends, however it ends."""

    __slots__ = ("_charged", "_left", "_rates", "_use")

    def __init__(self, rates: Rates, use: _Use | None, charged: int) -> None:
        self._rates, self._use, self._charged, self._left = rates, use, charged, False

    def leave(self, total_tokens: int, now: int) -> None:
        """Frees the request's place and counts the tokens that were not known when it came. A second call does nothing."""
        if self._left or self._use is None:
            return
        self._left = True
        self._use.running -= 1
        if (more := total_tokens - self._charged) > 0:
            self._use.tokens.add(self._rates.monotonic(now), more)


class Rates:
    """The logs of all keys. For one thread. Keys that have been idle for a minute take no memory."""

    def __init__(self) -> None:
        self._uses: dict[str, _Use] = {}
        self._latest = 0
        self._swept = 0

    def monotonic(self, now: int) -> int:
        """`now`, or the latest instant that was ever given if that is later: logs are in order."""
        if now > self._latest:
            self._latest = now
        return self._latest

    def enter(self, caller: Caller, prompt_tokens: int, now: int) -> Ticket:
        """Lets a request in, or raises ApiError: 429 that names the limit and when to come again, 403 if that is never.

        The prompt is counted at once. A reply's length is not known yet: it is counted at the end, may go beyond the
        limit, and makes the next ones wait.
        """
        limits, key = caller.limits, caller.key_id
        if key is None or not _limited(limits):
            return Ticket(self, None, 0)
        now = self.monotonic(now)
        self._sweep(now)
        use = self._uses.get(key) or _Use()
        use.forget(now)
        if limits.concurrency is not None and use.running >= limits.concurrency:
            requests = "request" if limits.concurrency == 1 else "requests"
            raise _refused(f"{limits.concurrency} {requests} at the same time", _SLOT_RETRY_S, "concurrency")
        if limits.requests_per_minute is not None:
            _let_in(use.requests, now, 1, limits.requests_per_minute, "requests")
        if limits.tokens_per_minute is not None:
            _let_in(use.tokens, now, max(1, prompt_tokens), limits.tokens_per_minute, "tokens")
        self._uses[key] = use
        use.running += 1
        use.requests.add(now, 1)
        use.tokens.add(now, prompt_tokens)
        return Ticket(self, use, prompt_tokens)

    def state(self, caller: Caller, now: int) -> State | None:
        """Of that rate of which the smaller share is left, as it refuses first; None for a key that has none."""
        limits = caller.limits
        rates = limits.requests_per_minute, limits.tokens_per_minute
        if rates == (None, None):
            return None
        now = self.monotonic(now)
        use = self._uses.get(caller.key_id or "") or _Use()
        use.forget(now)
        logs = zip((use.requests, use.tokens), rates, strict=True)
        states = [log.state(now, limit) for log, limit in logs if limit is not None]
        return min(states, key=lambda state: state.remaining / state.limit)

    def __len__(self) -> int:
        """How many keys are remembered."""
        return len(self._uses)

    def _sweep(self, now: int) -> None:
        if now - self._swept < MINUTE:
            return
        self._swept = now
        for key, use in list(self._uses.items()):
            use.forget(now)
            if use.idle:
                del self._uses[key]


def _limited(limits: KeyLimits) -> bool:
    return not (limits.requests_per_minute is limits.tokens_per_minute is limits.concurrency is None)


def _let_in(log: _Log, now: int, amount: int, limit: int, what: str) -> None:
    """Raises ApiError where the amount does not fit beneath the limit."""
    if amount > limit:
        raise ApiError(
            "permission_denied",
            f"This request has {amount} {what} to begin with; its key is allowed {limit} per minute.",
            metadata={"limit": f"{what}_per_minute"},
        )
    if wait := log.wait(now, amount, limit):
        raise _refused(f"{limit} {what} per minute", wait / 1000, f"{what}_per_minute")


def _refused(limit: str, wait_s: float, name: str) -> ApiError:
    return ApiError(
        "rate_limit_exceeded",
        f"This key is allowed {limit}; try again in {wait_s:g} s.",
        metadata={"limit": name},
        retry_after_s=wait_s,
    )
