"""Routing over every mixture of endpoints, wishes and health: the order holds what may be tried and nothing else."""

from __future__ import annotations

import math
from random import Random
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.config.routing import RoutingSettings
from nemoserve.routing.breaker import Breaker, Pass
from nemoserve.routing.candidate import LocalState
from nemoserve.routing.filters import excluded, named_in
from nemoserve.routing.health import Health, Outcome, Watch
from nemoserve.routing.measures import Samples
from nemoserve.routing.order import Router
from nemoserve.routing.retries import RetryBudget, Tries
from nemoserve.types.endpoint import Endpoint, Quantization
from nemoserve.types.errors import ApiError
from nemoserve.types.price import Price
from nemoserve.types.route import MaxPrice, Percentiles, Preferences, Wish

MODELS = ("n/nemotron-9b", "n/nemotron-49b", "o/other")
PROVIDERS = ("a", "b", "b/turbo", "nemoserve")
FIELDS = ("tools", "seed", "top_k")

endpoints = st.builds(
    Endpoint,
    model=st.sampled_from(MODELS),
    provider=st.sampled_from(PROVIDERS),
    variant=st.sampled_from(("", "free")),
    local=st.booleans(),
    context_length=st.sampled_from((100, 1000)),
    max_completion_tokens=st.sampled_from((None, 50)),
    quantization=st.sampled_from(get_args(Quantization)),
    collects_data=st.booleans(),
    zdr=st.booleans(),
    parameters=st.none() | st.frozensets(st.sampled_from(FIELDS)),
)
names = st.lists(st.sampled_from((*PROVIDERS, "x")), max_size=2).map(tuple)
some = st.none() | st.floats(0, 10)
points = st.builds(Percentiles, p50=some, p90=some)
preferences = st.builds(
    Preferences,
    order=names,
    only=names | st.just(()),
    ignore=names | st.just(()),
    allow_fallbacks=st.booleans(),
    require_parameters=st.booleans(),
    data_collection=st.sampled_from(("allow", "deny")),
    zdr=st.booleans(),
    quantizations=st.just(()) | st.just(("fp8", "bf16")),
    sort=st.sampled_from((None, "price", "throughput", "latency", "exacto")),
    sort_across_models=st.booleans(),
    max_price=st.builds(MaxPrice, prompt=st.none() | st.integers(0, 5)),
    min_throughput=points,
    max_latency=points,
)
wishes = st.builds(
    Wish,
    models=st.lists(
        st.tuples(st.sampled_from((*MODELS, "no/such")), st.sampled_from(("", ":free", ":floor", ":nitro"))).map("".join),
        max_size=3,
    ).map(tuple),
    preferences=preferences,
    fallback_to_family=st.booleans(),
    parameters=st.frozensets(st.sampled_from(FIELDS)),
    prompt_tokens=st.integers(0, 200),
    max_tokens=st.none() | st.integers(1, 100),
    session=st.none() | st.just("s"),
    allowed_models=st.none() | st.just((MODELS[0], MODELS[2])),
    allowed_providers=st.none() | st.just(("a", "b")),
)  # fmt: skip
attempts = st.lists(
    st.tuples(
        st.integers(0, 7), st.sampled_from(get_args(Outcome)), st.integers(0, 20), st.none() | st.integers(1, 60)
    ),
    max_size=30,
)


@pytest.mark.slow
@given(st.lists(endpoints, min_size=1, max_size=8, unique_by=lambda one: one.key), wishes, attempts, st.integers(0, 9))
def test_something_is_tried_that_must_not_be_or_left_out_without_a_word(
    served: list[Endpoint], wish: Wish, past: list[tuple[int, Outcome, int, int | None]], waiting: int
) -> None:
    settings = RoutingSettings(breaker_failures=2)
    health, now = Health(settings), 100.0
    prices = {one.key: Price(prompt=place, completion=place) for place, one in enumerate(served)}
    router = Router(
        served, lambda one: prices[one.key], health, settings, local=lambda _: LocalState(waiting < 9, waiting)
    )
    for place, outcome, pause, retry_after in past:
        one = served[place % len(served)]
        now += pause
        watch = health.begin(one, now)
        if watch is not None:
            watch.ended(outcome, now, retry_after_s=retry_after)
            router.served("s", one, now)
    try:
        route = router.route(wish, now, Random(0))
    except ApiError as error:
        assert error.status in (400, 403, 404, 429, 503)
        assert error.message
        assert (error.retry_after_s is not None) == (error.status in (429, 503))
        return
    tried = [one.key for one in route.endpoints]
    assert tried, "no error, and nothing to try"
    assert len(tried) == len(set(tried))
    assert tried == [one.endpoint.key for one in route.considered if one.excluded_by is None]
    assert len({one.endpoint.key for one in route.considered}) == len(route.considered)
    assert all(one.reason for one in route.considered)
    variants = {name.rpartition(":")[2] for name in wish.models if ":" in name} | {""}
    allowed = None if wish.allowed_models is None else frozenset(wish.allowed_models)
    for one in route.endpoints:
        verdicts = [excluded(one, prices[one.key], wish, variant, allowed) for variant in variants]
        assert None in verdicts, "tried against a wish"
        assert health.unavailable(one, now) is None, "tried although it rests"
    if wish.preferences.order:
        places = [
            named_in(wish.preferences.order, one) for one in route.endpoints if one.model == route.endpoints[0].model
        ]
        known = [place if place is not None else 99 for place in places]
        assert wish.preferences.sort_across_models or len(wish.models) > 1 or known == sorted(known)


@given(
    st.lists(
        st.tuples(st.sampled_from(("enter", "ok", "fail", "leave")), st.integers(0, 5), st.integers(0, 4)), max_size=80
    ),
    st.integers(1, 3),
    st.integers(1, 3),
)
def test_a_breaker_lets_more_than_its_probes_through(
    steps: list[tuple[str, int, int]], failures: int, probes: int
) -> None:
    breaker, now = Breaker(failures=failures, rest=5.0, longest_rest=20.0, probes=probes), 0.0
    inside: list[Pass] = []
    probing: list[Pass] = []
    for step, pick, pause in steps:
        now += pause
        state = breaker.state(now)
        if step == "enter":
            permit = breaker.enter(now)
            assert permit is None or state != "open"
            if permit is not None:
                inside.append(permit)
                if permit.probe:
                    probing.append(permit)
            continue
        if not inside:
            continue
        permit = inside.pop(pick % len(inside))
        if step == "ok":
            breaker.succeeded(permit)
        elif step == "fail":
            breaker.failed(permit, now)
        breaker.leave(permit)
        if permit in probing:
            probing.remove(permit)
        if breaker.state(now) != "half_open":
            probing.clear()  # what is still under way says nothing any more
        assert len(probing) <= probes
        assert breaker.wait(now) <= 20.0


@given(st.lists(st.sampled_from(("request", "retry")), max_size=300), st.floats(0, 1), st.integers(0, 10))
def test_retries_multiply_the_load(steps: list[str], share: float, burst: int) -> None:
    budget, requests, retries = RetryBudget(share, burst), 0, 0
    for step in steps:
        if step == "request":
            budget.request()
            requests += 1
        else:
            retries += budget.retry()
        assert retries <= burst + share * requests + 1e-6


@given(st.integers(1, 6), st.integers(1, 40), st.integers(0, 5))
def test_a_request_tries_for_ever(most: int, pause: int, burst: int) -> None:
    settings = RoutingSettings(most_attempts=most, deadline=60.0)
    budget, now, made = RetryBudget(0.2, burst), 0.0, 0
    tries = Tries(settings, budget, now)
    while tries.next(now):
        made += 1
        now += pause
        assert tries.left(now) <= max(0.0, 60.0 - now)
    assert 1 <= made <= min(most, burst + 1 + (burst == 0), math.ceil(60 / pause))


def test_an_endpoint_is_blamed_that_there_was_no_time_to_ask() -> None:
    tries = Tries(RoutingSettings(deadline=60.0), RetryBudget(0.2, 5), 0.0)
    assert tries.next(0.0)
    assert not tries.next(59.995), "the clock by which the first one was given up is a little fast"


@given(st.lists(st.floats(0.001, 1000), min_size=1, max_size=100), st.booleans())
def test_a_percentile_is_not_what_so_many_reach(values: list[float], more_is_better: bool) -> None:
    samples = Samples()
    for value in values:
        samples.add(value, 1.0)
    found = samples.percentiles(60.0, 2.0, more_is_better=more_is_better)
    for name, share in (("p50", 0.5), ("p75", 0.75), ("p90", 0.9), ("p99", 0.99)):
        limit = getattr(found, name)
        fine = [value for value in values if (value >= limit if more_is_better else value <= limit)]
        better = [value for value in values if (value > limit if more_is_better else value < limit)]
        assert len(fine) >= share * len(values) - 1e-9, "fewer than so many are as good"
        assert len(better) < share * len(values) + 1e-9, "a better limit would have done"
    assert samples.average is not None
    assert min(values) - 1e-6 <= samples.average <= max(values) + 1e-6


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(get_args(Outcome)), st.integers(0, 9)), max_size=60))
def test_requests_in_flight_are_lost_count_of(steps: list[tuple[bool, Outcome, int]]) -> None:
    one = Endpoint(model="m", provider="p", context_length=10)
    health, now = Health(RoutingSettings()), 0.0
    watches: list[Watch] = []
    for begins, outcome, pause in steps:
        now += pause
        if begins:
            watch = health.begin(one, now)
            if watch is not None:
                watches.append(watch)
        elif watches:
            watch = watches.pop(0)
            watch.ended(outcome, now)
            watch.ended("failed", now)  # once is enough
        assert health.in_flight(one) == len(watches)
