"""What a limited key is told, and what idle keys cost."""

from __future__ import annotations

import pytest

from nemoserve.access.rates import MINUTE, Rates
from nemoserve.types.caller import LOCAL, Caller, KeyLimits
from nemoserve.types.errors import ApiError


def caller(key: str = "k", **limits: int) -> Caller:
    return Caller(role="inference", key_id=key, limits=KeyLimits(**limits))


def test_a_refusal_does_not_say_which_limit_or_when() -> None:
    rates, who = Rates(), caller(requests_per_minute=2)
    rates.enter(who, 1, 1000)
    rates.enter(who, 1, 2500)
    with pytest.raises(ApiError) as refused:
        rates.enter(who, 1, 3000)
    assert refused.value.status == 429
    assert refused.value.retry_after_s == 58.0
    assert refused.value.metadata == {"limit": "requests_per_minute"}
    assert "2 requests per minute" in refused.value.message
    rates.enter(who, 1, 61_000)


def test_a_refused_request_counts_against_the_key() -> None:
    rates, who = Rates(), caller(requests_per_minute=1, tokens_per_minute=100)
    rates.enter(who, 10, 0)
    for at in range(1, 100):
        with pytest.raises(ApiError):
            rates.enter(who, 10, at)
    assert rates.state(caller(tokens_per_minute=100), 100) == (100, 90, MINUTE - 100)
    rates.enter(who, 10, MINUTE)


def test_a_long_reply_is_not_counted() -> None:
    rates, who = Rates(), caller(tokens_per_minute=100)
    ticket = rates.enter(who, 10, 0)
    ticket.leave(500, 30_000)
    with pytest.raises(ApiError) as refused:
        rates.enter(who, 1, 40_000)
    assert refused.value.retry_after_s == 50.0
    rates.enter(who, 1, 90_000)


def test_a_prompt_that_never_fits_is_told_to_try_again() -> None:
    with pytest.raises(ApiError) as refused:
        Rates().enter(caller(tokens_per_minute=100), 101, 0)
    assert refused.value.status == 403
    assert refused.value.retry_after_s is None


def test_one_keys_requests_fill_anothers_limit() -> None:
    rates = Rates()
    rates.enter(caller("a", requests_per_minute=1), 1, 0)
    rates.enter(caller("b", requests_per_minute=1), 1, 0)


def test_the_owner_without_a_key_is_limited() -> None:
    rates = Rates()
    for at in range(1000):
        rates.enter(LOCAL, 1, at).leave(100, at)
    assert rates.state(LOCAL, 1000) is None
    assert len(rates) == 0


def test_the_headers_of_a_key_that_has_done_nothing_are_wrong() -> None:
    assert Rates().state(caller(requests_per_minute=7), 5) == (7, 7, 0)


def test_idle_keys_stay_in_memory() -> None:
    rates = Rates()
    for number in range(500):
        rates.enter(caller(f"k{number}", requests_per_minute=1), 1, number).leave(1, number)
    running = rates.enter(caller("running", concurrency=1), 1, 500)
    assert len(rates) == 501
    rates.enter(caller("new", requests_per_minute=1), 1, 2 * MINUTE + 500)
    assert len(rates) == 2
    running.leave(1, 2 * MINUTE + 600)


def test_a_clock_that_steps_back_opens_the_minute_again() -> None:
    rates, who = Rates(), caller(requests_per_minute=1)
    rates.enter(who, 1, 10 * MINUTE)
    with pytest.raises(ApiError):
        rates.enter(who, 1, 10)
