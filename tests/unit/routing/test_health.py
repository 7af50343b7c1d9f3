"""How endpoints do: what counts against them, how long they rest, and when they are tried again."""

from __future__ import annotations

import pytest

from nemoserve.config.routing import RoutingSettings
from nemoserve.routing.health import DAY, MINUTE, Health, outcome_of
from nemoserve.routing.retries import RetryBudget
from nemoserve.routing.sticky import Sticky
from nemoserve.types.errors import ApiError, ErrorType
from nemoserve.types.route import Percentiles
from tests.unit.routing.house import House, endpoint


def test_a_provider_whose_keys_are_refused_is_not_said_to_be_out_of_order() -> None:
    house = House(endpoint("broke"))
    house.attempt("broke", "failed", retry_after_s=30.0)
    with pytest.raises(ApiError) as caught:
        house.route()
    assert caught.value.status == 503 and "its keys were refused" in caught.value.message


def test_a_dead_endpoint_is_asked_again_and_again() -> None:
    house = House(endpoint("dead"), breaker_failures=3, breaker_rest=10.0, breaker_longest_rest=40.0)
    dead = house.router.endpoints[0]
    house.attempt("dead", "failed", times=3)
    with pytest.raises(ApiError) as caught:
        house.route()
    assert (caught.value.status, caught.value.retry_after_s) == (503, 10.0)
    assert caught.value.availability is not None
    assert caught.value.availability["code"] == "temporarily_unavailable"
    assert caught.value.availability["excluded_by"] == {"breaker": 1}
    assert "at dead: it failed too often in a row" in caught.value.message
    rests = []
    for _ in range(4):
        house.now += house.health.stats(dead, house.now).rests_s
        probe = house.health.begin(dead, house.now)
        assert probe is not None, "it has rested"
        assert house.health.begin(dead, house.now) is None, "one probe is enough"
        with pytest.raises(ApiError):
            house.route()
        probe.ended("failed", house.now)
        rests.append(house.health.stats(dead, house.now).rests_s)
    assert rests == [20.0, 40.0, 40.0, 40.0]
    house.now += 40.0
    probe = house.health.begin(dead, house.now)
    assert probe is not None
    probe.first_token(house.now + 1)
    assert house.health.begin(dead, house.now + 1) is not None, "it answers again: its end need not be awaited"
    assert house.health.stats(dead, house.now + 1).breaker == "closed"


def test_requests_that_are_refused_together_make_an_endpoint_rest_for_minutes() -> None:
    house = House(endpoint("a"), rate_limit_rest=2.0)
    one = house.router.endpoints[0]
    for rest_s in (2.0, 4.0):
        together = [house.health.begin(one, house.now) for _ in range(10)]
        for watch in together:
            assert watch is not None
            house.now += 0.01
            watch.ended("rate_limited", house.now)
        assert house.health.stats(one, house.now).rests_s == pytest.approx(rest_s, abs=0.2)
        house.now += rest_s


def test_replies_that_are_always_cut_never_open_the_breaker() -> None:
    house = House(endpoint("cuts"), breaker_failures=3)
    house.attempt("cuts", "failed", times=3, first_s=0.1)
    assert house.health.stats(house.router.endpoints[0], house.now).breaker == "open"


def test_a_probe_that_nobody_waits_for_blocks_the_breaker() -> None:
    house = House(endpoint("a"), breaker_failures=1, breaker_rest=5.0)
    one = house.router.endpoints[0]
    house.attempt("a", "failed")
    house.now += 5
    for outcome in ("cancelled", "refused"):
        house.attempt("a", outcome)  # type: ignore[arg-type]
    assert house.health.begin(one, house.now) is not None


def test_old_failures_end_a_new_life() -> None:
    house = House(endpoint("a"), breaker_failures=2, breaker_rest=5.0)
    one = house.router.endpoints[0]
    slow = [house.health.begin(one, house.now) for _ in range(4)]
    house.attempt("a", "failed", times=2)
    house.now += 5
    house.attempt("a", "ok")
    for watch in slow:
        assert watch is not None
        watch.ended("failed", house.now)
    assert house.health.stats(one, house.now).breaker == "closed", "they began before it was mended"


def test_retry_after_is_not_obeyed() -> None:
    house = House(endpoint("a"), endpoint("b"), prices={"a": 0.001, "b": 100})
    house.attempt("a", "rate_limited", retry_after_s=30)
    assert house.order() == ["b"]
    assert house.verdict("a").excluded_by == "rate_limited"
    assert house.verdict("a").retry_after_s == 30
    house.attempt("b", "rate_limited", retry_after_s=7)
    with pytest.raises(ApiError) as caught:
        house.route()
    assert (caught.value.status, caught.value.retry_after_s) == (429, 7)
    house.now += 30
    assert set(house.order()) == {"a", "b"}


def test_an_overloaded_endpoint_that_asks_for_a_rest_is_taken_for_a_rate_limit() -> None:
    house = House(endpoint("a"))
    house.attempt("a", "failed", retry_after_s=9)
    with pytest.raises(ApiError) as caught:
        house.route()
    assert (caught.value.status, caught.value.retry_after_s) == (503, 9)


def test_rate_limits_without_a_time_are_hammered() -> None:
    house = House(endpoint("a"), rate_limit_rest=2.0)
    rests = []
    for _ in range(3):
        house.attempt("a", "rate_limited")
        rests.append(house.health.stats(house.router.endpoints[0], house.now).rests_s)
        house.now += rests[-1]
    assert rests == [2.0, 4.0, 8.0]
    house.attempt("a", "ok")
    house.attempt("a", "rate_limited")
    assert house.health.stats(house.router.endpoints[0], house.now).rests_s == 2.0


def test_a_full_local_queue_locks_everybody_out() -> None:
    house = House(endpoint("nemoserve", local=True), breaker_failures=1)
    house.attempt("nemoserve", "rate_limited", times=3, retry_after_s=60)
    house.attempt("nemoserve", "failed", times=3)
    assert house.order() == ["nemoserve"]


def test_a_dead_server_beside_this_one_is_tried_for_ever() -> None:
    house = House(endpoint("rack", local=True), endpoint("far"), breaker_failures=2)
    house.attempt("rack", "failed", times=2)
    assert house.order() == ["far"]


@pytest.mark.parametrize(
    ("error_type", "outcome"),
    [
        ("invalid_request", "refused"), ("context_length_exceeded", "refused"), ("permission_denied", "refused"),
        ("payload_too_large", "refused"), ("rate_limit_exceeded", "rate_limited"), ("authentication", "failed"),
        ("payment_required", "failed"), ("not_found", "failed"), ("server", "failed"),
        ("provider_unavailable", "failed"), ("provider_overloaded", "failed"), ("timeout", "failed"),
    ],
)  # fmt: skip
def test_the_callers_fault_counts_against_an_endpoint(error_type: ErrorType, outcome: str) -> None:
    assert outcome_of(ApiError(error_type, "x")) == outcome


def test_what_a_provider_moderates_keeps_others_from_it() -> None:
    def told(code: int, retry_after_s: float | None = None) -> str:
        said: dict[str, object] = {"provider_code": code}
        return outcome_of(ApiError("provider_unavailable", "x", metadata=said, retry_after_s=retry_after_s))

    assert [told(403), told(401), told(404), told(403, 60.0)] == ["refused", "failed", "failed", "failed"]


def test_uptime_counts_what_it_should_not() -> None:
    house = House(endpoint("a"), breaker_failures=99)
    one = house.router.endpoints[0]
    assert house.health.stats(one, house.now).uptime_last_1d is None
    house.attempt("a", "ok", times=9)
    house.attempt("a", "failed", times=3)
    for outcome in ("refused", "rate_limited", "cancelled"):
        house.attempt("a", outcome)  # type: ignore[arg-type]
        house.now += 2
    stats = house.health.stats(one, house.now)
    assert stats.uptime_last_5m == stats.uptime_last_30m == stats.uptime_last_1d == 75.0
    house.now += 6 * MINUTE
    stats = house.health.stats(one, house.now)
    assert (stats.uptime_last_5m, stats.uptime_last_30m) == (None, 75.0)
    house.now += 30 * MINUTE
    stats = house.health.stats(one, house.now)
    assert (stats.uptime_last_30m, stats.uptime_last_1d) == (None, 75.0)
    house.now += DAY
    assert house.health.stats(one, house.now).uptime_last_1d is None


def test_an_endpoint_that_fails_often_goes_before_one_that_does_not() -> None:
    house = House(
        endpoint("bad"), endpoint("poor"), endpoint("good"), breaker_failures=999, prices={"bad": 0.001, "poor": 0.01}
    )
    house.attempt("bad", "ok", times=70)
    house.attempt("bad", "failed", times=30)
    house.attempt("poor", "ok", times=90)
    house.attempt("poor", "failed", times=10)
    house.now += 60
    assert house.order() == ["good", "poor", "bad"]
    assert [house.health.rank(one, house.now) for one in house.router.endpoints] == [
        "fallback_only",
        "degraded",
        "normal",
    ]


def test_an_outage_is_held_against_an_endpoint_for_ever() -> None:
    house = House(endpoint("a"), endpoint("b"), prices={"a": 0.001, "b": 100})
    house.attempt("a", "failed")
    assert house.order() == ["b", "a"]
    house.now += 31
    assert house.order() == ["a", "b"]
    house.attempt("a", "ok", times=20)
    house.attempt("a", "failed")
    assert house.order() == ["a", "b"], "one failure among many is no outage"


def test_memory_grows_with_every_request() -> None:
    health = Health(RoutingSettings())
    one = endpoint("a")
    for second in range(0, 200_000, 20):
        watch = health.begin(one, float(second))
        assert watch is not None
        watch.first_token(second + 1.0)
        watch.ended("ok", second + 2.0, tokens=5)
    record = health._records[one.key]  # pyright: ignore[reportPrivateUsage]
    assert len(record.minutes._slots) <= DAY / MINUTE + 1  # pyright: ignore[reportPrivateUsage]
    assert len(record.recent._slots) <= 31  # pyright: ignore[reportPrivateUsage]
    assert len(record.latency._samples) <= 512  # pyright: ignore[reportPrivateUsage]
    assert health.stats(one, 200_000.0).latency_last_30m == Percentiles(1.0, 1.0, 1.0, 1.0)
    sticky = Sticky(10.0)
    for number in range(30_000):
        sticky.served(str(number), one.key, 0.0)
    assert (sticky.find("29999", one.model, 5.0), sticky.find("0", one.model, 5.0)) == (one.key, None)


def test_all_down_means_a_storm_of_retries() -> None:
    """A thousand requests at an endpoint each of whose attempts fails, with no breaker in between."""
    budget = RetryBudget(0.2, 20)
    attempts = 0
    for _ in range(1000):
        budget.request()
        attempts += 1
        while budget.retry():
            attempts += 1
    assert attempts <= 1000 * 1.2 + 20


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("first_byte_timeout", 0), ("deadline", float("inf")), ("retry_budget", 1.5), ("breaker_probes", 0),
        ("hedge_after", 0), ("breaker_longest_rest", 1), ("sticky", -1), ("most_attempts", 0),
    ],
)  # fmt: skip
def test_a_setting_without_sense_is_taken(field: str, value: float) -> None:
    with pytest.raises(ValueError, match=field):
        RoutingSettings(**{field: value})  # type: ignore[arg-type]
