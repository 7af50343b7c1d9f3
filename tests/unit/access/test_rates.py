"""What a limited key is told, and what idle keys cost."""

from __future__ import annotations

import tracemalloc
from collections import deque

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


@pytest.mark.parametrize(("prompt", "told"), [(30, (40, 10, MINUTE)), (1, (3, 2, MINUTE)), (0, (3, 2, MINUTE))])
def test_the_headers_of_a_refusal_tell_of_the_rate_that_did_not_refuse(prompt: int, told: tuple[int, int, int]) -> None:
    rates, who = Rates(), caller(requests_per_minute=3, tokens_per_minute=40)
    assert rates.state(who, 0) == (3, 3, 0), "while all is free"
    rates.enter(who, prompt, 0)
    with pytest.raises(ApiError):
        rates.enter(who, 41, 0)
    assert rates.state(who, 0) == told


def test_two_of_the_same_millisecond_count_as_one() -> None:
    rates, who = Rates(), caller(requests_per_minute=3, tokens_per_minute=100)
    for _ in range(3):
        rates.enter(who, 20, 1000).leave(20, 1000)
    assert rates.state(who, 1000) == (3, 0, MINUTE)
    assert rates.state(caller(tokens_per_minute=100), 1000) == (100, 40, MINUTE)
    assert rates.state(who, 1000 + MINUTE - 1) == (3, 0, 1)
    assert rates.state(who, 1000 + MINUTE) == (3, 3, 0), "a minute later all is free again, and nothing is owed"


def test_a_busy_minute_takes_more_memory_than_a_minute_has_hundredths_or_lets_more_in() -> None:
    limit = 30_000
    rates, who = Rates(), caller(requests_per_minute=limit)
    passed: deque[int] = deque()
    tracemalloc.start()
    for now in range(1, 5 * MINUTE // 4):
        while passed and passed[0] <= now - MINUTE:
            passed.popleft()
        try:
            rates.enter(who, 5, now).leave(5, now)
        except ApiError:
            assert len(passed) >= limit - 10, "refused although there was room, but for what came within a hundredth"
        else:
            passed.append(now)
            assert len(passed) <= limit
    used = sum(
        each.size
        for each in tracemalloc.take_snapshot().statistics("filename")
        if "rates" in each.traceback[0].filename
    )
    tracemalloc.stop()
    assert used < 2_500_000


def test_requests_of_one_millisecond_are_not_those_of_another() -> None:
    rates, who = Rates(), caller(tokens_per_minute=1000)
    rates.enter(who, 7, 7).leave(7, 7)
    rates.enter(who, 5, 8).leave(5, 8)
    assert rates.state(who, 7 + MINUTE) == (1000, 995, 1)


def test_a_limit_that_was_overrun_leaves_less_than_nothing() -> None:
    rates, who = Rates(), caller(tokens_per_minute=100)
    rates.enter(who, 10, 0).leave(500, 10)
    assert rates.state(who, 20) == (100, 0, MINUTE - 20)


@pytest.mark.parametrize(("total", "used"), [(9, 10), (10, 10), (11, 11), (30, 30)])
def test_a_reply_is_counted_twice_or_its_prompt_given_back(total: int, used: int) -> None:
    rates, who = Rates(), caller(tokens_per_minute=100)
    rates.enter(who, 10, 0).leave(total, 5)
    assert rates.state(who, 5) == (100, 100 - used, MINUTE - 5)


def test_one_end_frees_two_places() -> None:
    rates, who = Rates(), caller(concurrency=2)
    first = rates.enter(who, 1, 0)
    rates.enter(who, 1, 0)
    with pytest.raises(ApiError, match=r"allowed 2 requests at the same time; try again in 1 s") as refused:
        rates.enter(who, 1, 0)
    assert refused.value.metadata == {"limit": "concurrency"}
    first.leave(1, 0)
    first.leave(1, 0)
    rates.enter(who, 1, 0)
    with pytest.raises(ApiError):
        rates.enter(who, 1, 0)


def test_a_key_of_one_place_is_told_of_several() -> None:
    rates, who = Rates(), caller(concurrency=1)
    rates.enter(who, 1, 0)
    with pytest.raises(ApiError, match=r"allowed 1 request at the same time; try again in 1 s"):
        rates.enter(who, 1, 0)


def test_a_request_without_tokens_passes_a_full_minute() -> None:
    rates, who = Rates(), caller(tokens_per_minute=10)
    rates.enter(who, 9, 0)
    rates.enter(who, 0, 0)
    rates.enter(who, 1, 0)
    with pytest.raises(ApiError, match="allowed 10 tokens per minute") as refused:
        rates.enter(who, 0, 0)
    assert refused.value.metadata == {"limit": "tokens_per_minute"}


def test_what_never_fits_is_refused_without_a_word_of_why() -> None:
    rates = Rates()
    with pytest.raises(ApiError, match="has 101 tokens to begin with; its key is allowed 100 per minute") as refused:
        rates.enter(caller(tokens_per_minute=100), 101, 0)
    assert refused.value.metadata == {"limit": "tokens_per_minute"}
    rates.enter(caller(tokens_per_minute=100), 100, 0)


@pytest.mark.parametrize(
    "limits", [{}, {"limit": 5}, {"requests_per_minute": 9}, {"tokens_per_minute": 9}, {"concurrency": 9}]
)
def test_a_key_is_remembered_that_has_no_rates_or_one_that_has_is_not(limits: dict[str, int]) -> None:
    rates = Rates()
    rates.enter(caller(**limits), 1, 0).leave(5, 0)
    assert len(rates) == (0 if set(limits) <= {"limit"} else 1)


def test_a_state_is_told_by_a_clock_that_went_back() -> None:
    rates, who = Rates(), caller(requests_per_minute=2)
    rates.enter(who, 1, 5000)
    assert rates.state(who, 10) == (2, 1, MINUTE)
