"""How each endpoint does: whether it may be tried, how fast it is, how often it fails. Knows outcomes as told; sends nothing.

Every attempt is begun and ended here. Whoever begins one ends it, whatever happens: a probe that is never ended blocks its
endpoint's breaker.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.config.routing import RoutingSettings
from nemoserve.routing.breaker import Breaker, Pass, State
from nemoserve.routing.measures import Counts, Samples
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError
from nemoserve.types.route import Percentiles

Outcome = Literal["ok", "failed", "rate_limited", "refused", "cancelled"]
"""Answered; the endpoint's fault; too many requests; the caller's own fault; nobody wanted the end of it."""

Rank = Literal["normal", "degraded", "outage", "fallback_only"]
"""How readily an endpoint is tried, best first."""

MINUTE = 60.0
DAY = 86_400.0
PREFERENCE_SPAN = 5 * MINUTE
"""Over which a request's wishes about percentiles are measured."""
_SHOWN_SPAN = 30 * MINUTE
_OUTAGE_SHARE = 0.2
_OUTAGE_SLOTS = 30
_JUDGED_FROM = 100
"""Attempts before an uptime says anything about how readily an endpoint is tried."""
_SHOWN_FROM = 10
"""Attempts before an uptime is shown."""
_NORMAL, _DEGRADED = 0.95, 0.80


class LiveStats(msgspec.Struct, frozen=True, kw_only=True):
    """What is measured of an endpoint. Uptimes are percent, None after too few attempts; times are seconds."""

    uptime_last_5m: float | None = None
    uptime_last_30m: float | None = None
    uptime_last_1d: float | None = None
    latency_last_30m: Percentiles = Percentiles()
    """To the first token."""
    throughput_last_30m: Percentiles = Percentiles()
    """Tokens per second, from the beginning of the attempt to its end."""
    in_flight: int = 0
    rank: Rank = "normal"
    breaker: State = "closed"
    rests_s: float = 0.0
    """How long nothing is sent there: until the breaker lets a probe through, or as the endpoint asked."""


def outcome_of(error: ApiError) -> Outcome:
    """Whose fault an error is, by the rules of OpenRouter's uptime: 401, 402, 404 and 5xx are the endpoint's, 403 is not."""
    if error.blameless:
        return "cancelled"
    if error.status == 429:
        return "rate_limited"
    if error.metadata.get("provider_code") == 403 and error.retry_after_s is None:
        return "refused"  # moderation, as a rule: what one caller sends is no reason to keep others from it
    return "failed" if error.status in (401, 402, 404) or error.status >= 500 else "refused"


class _Record:
    """All that is kept of one endpoint."""

    def __init__(self, settings: RoutingSettings) -> None:
        self.breaker = Breaker(
            failures=settings.breaker_failures,
            rest=settings.breaker_rest,
            longest_rest=settings.breaker_longest_rest,
            probes=settings.breaker_probes,
        )
        self.recent = Counts(settings.outage_window / _OUTAGE_SLOTS, _OUTAGE_SLOTS + 1)
        self.minutes = Counts(MINUTE, int(DAY / MINUTE) + 1)
        self.latency, self.throughput = Samples(), Samples()
        self.in_flight = 0
        self.rests_until = 0.0
        self.limited = False
        """It rests because of too many requests, rather than because it is overloaded."""
        self.next_rest = settings.rate_limit_rest
        self.limited_at = float("-inf")
        """When the last refusal came that did not say for how long."""


class Watch:
    """One attempt under way. Made by `Health.begin`."""

    def __init__(self, record: _Record, settings: RoutingSettings, permit: Pass, now: float, *, own: bool) -> None:
        self._record, self._settings, self._permit, self._own = record, settings, permit, own
        self._began = now
        self._first: float | None = None
        self._ended = False
        record.in_flight += 1

    def first_token(self, now: float) -> None:
        """The reply has begun. Further calls do nothing."""
        if self._first is None and not self._ended:
            self._first = now
            self._record.latency.add(now - self._began, now)
            if self._permit.probe:
                # A long reply must not keep everybody else waiting for its end.
                self._record.breaker.succeeded(self._permit)

    def ended(self, outcome: Outcome, now: float, *, tokens: int = 0, retry_after_s: float | None = None) -> None:
        """The attempt is over; `tokens` were generated. Further calls do nothing."""
        if self._ended:
            return
        self._ended = True
        record = self._record
        record.in_flight -= 1
        if outcome == "ok":
            record.next_rest = self._settings.rate_limit_rest
            record.breaker.succeeded(self._permit)
            if tokens and now > self._began:
                record.throughput.add(tokens / (now - self._began), now)
        if outcome == "failed" and not self._own:
            record.breaker.failed(self._permit, now)
        if outcome in ("ok", "failed"):
            record.recent.add(outcome == "ok", now)
            record.minutes.add(outcome == "ok", now)
        if outcome in ("failed", "rate_limited") and not self._own:
            self._rest(outcome == "rate_limited", retry_after_s, now)
        record.breaker.leave(self._permit)

    def _rest(self, limited: bool, asked_s: float | None, now: float) -> None:
        record = self._record
        if asked_s is None:
            if not limited or self._began < record.limited_at:
                return  # what was sent before that was known is the same refusal once more
            record.limited_at = now
            asked_s = record.next_rest
            record.next_rest = min(2 * record.next_rest, self._settings.breaker_longest_rest)
        if now + asked_s > record.rests_until:
            record.rests_until, record.limited = now + asked_s, limited


class Unavailable(msgspec.Struct, frozen=True):
    """Why nothing may be sent to an endpoint now; `wait_s` is when it may be tried again."""

    why: Literal["breaker", "rate_limited", "outage"]
    wait_s: float


class Health:
    """The health of all endpoints, by `Endpoint.key`. Times are seconds on a clock that does not go back.

    One of this machine's own engines is never kept from being tried: its queue and its supervisor say how it is, and at once.
    """

    def __init__(self, settings: RoutingSettings) -> None:
        self._settings = settings
        self._records: dict[tuple[str, str, str], _Record] = {}

    def begin(self, endpoint: Endpoint, now: float) -> Watch | None:
        """Begins an attempt, which must be ended; None: nothing may be sent there now."""
        if self.unavailable(endpoint, now) is not None:
            return None
        record = self._record(endpoint)
        permit = record.breaker.enter(now)
        return None if permit is None else Watch(record, self._settings, permit, now, own=endpoint.own)

    def unavailable(self, endpoint: Endpoint, now: float) -> Unavailable | None:
        """None: it may be tried."""
        record = self._records.get(endpoint.key)
        if record is None:
            return None
        if now < record.rests_until:
            return Unavailable("rate_limited" if record.limited else "outage", record.rests_until - now)
        if not record.breaker.admits(now):
            # While probes are under way, their outcome is due soon.
            return Unavailable("breaker", max(1.0, record.breaker.wait(now)))
        return None

    def rank(self, endpoint: Endpoint, now: float) -> Rank:
        """How readily it is tried: by its uptime, once known, and by its last seconds."""
        record = self._records.get(endpoint.key)
        if record is None:
            return "normal"
        good, bad = record.minutes.within(30 * MINUTE, now)
        uptime = good / (good + bad) if good + bad >= _JUDGED_FROM else 1.0
        if uptime < _DEGRADED:
            return "fallback_only"
        fine, failed = record.recent.within(self._settings.outage_window, now)
        if failed and failed >= _OUTAGE_SHARE * (fine + failed):
            return "outage"
        return "degraded" if uptime < _NORMAL else "normal"

    def in_flight(self, endpoint: Endpoint) -> int:
        record = self._records.get(endpoint.key)
        return record.in_flight if record else 0

    def latency(self, endpoint: Endpoint) -> float | None:
        """Seconds to the first token, averaged with the newest counting most; None: not measured yet."""
        record = self._records.get(endpoint.key)
        return record.latency.average if record else None

    def throughput(self, endpoint: Endpoint) -> float | None:
        """Tokens per second, averaged likewise."""
        record = self._records.get(endpoint.key)
        return record.throughput.average if record else None

    def uptime(self, endpoint: Endpoint, span: float, now: float) -> float | None:
        """The share of attempts that succeeded in the last `span` seconds; None after too few."""
        record = self._records.get(endpoint.key)
        good, bad = record.minutes.within(span, now) if record else (0, 0)
        return good / (good + bad) if good + bad >= _SHOWN_FROM else None

    def percentiles(self, endpoint: Endpoint, span: float, now: float) -> tuple[Percentiles, Percentiles]:
        """Of seconds to the first token, and of tokens per second, where the 90th is what nine of ten replies reach."""
        record = self._records.get(endpoint.key)
        if record is None:
            return Percentiles(), Percentiles()
        return record.latency.percentiles(span, now), record.throughput.percentiles(span, now, more_is_better=True)

    def stats(self, endpoint: Endpoint, now: float) -> LiveStats:
        """All that is shown of an endpoint."""
        record = self._records.get(endpoint.key)
        if record is None:
            return LiveStats()
        latency, throughput = self.percentiles(endpoint, _SHOWN_SPAN, now)
        return LiveStats(
            uptime_last_5m=_percent(self.uptime(endpoint, 5 * MINUTE, now)),
            uptime_last_30m=_percent(self.uptime(endpoint, 30 * MINUTE, now)),
            uptime_last_1d=_percent(self.uptime(endpoint, DAY, now)),
            latency_last_30m=latency,
            throughput_last_30m=throughput,
            in_flight=record.in_flight,
            rank=self.rank(endpoint, now),
            breaker=record.breaker.state(now),
            rests_s=max(record.breaker.wait(now), record.rests_until - now, 0.0),
        )

    def _record(self, endpoint: Endpoint) -> _Record:
        record = self._records.get(endpoint.key)
        if record is None:
            record = self._records[endpoint.key] = _Record(self._settings)
        return record


def _percent(share: float | None) -> float | None:
    return None if share is None else round(100 * share, 2)
