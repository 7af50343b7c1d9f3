"""Rates over every order of comings and goings: no minute sees more than a limit, nobody waits longer than was said."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.access.rates import MINUTE, Rates, Ticket
from nemoserve.types.caller import Caller, KeyLimits
from nemoserve.types.errors import ApiError

STEPS = st.lists(st.tuples(st.integers(0, 25_000), st.integers(0, 30), st.integers(0, 40), st.booleans()), max_size=60)


def caller(**limits: int) -> Caller:
    return Caller(role="inference", key_id="k", limits=KeyLimits(**limits))


def most_in_a_minute(events: list[tuple[int, int]]) -> int:
    """The largest sum over any 60 s, which begins at one of the events."""
    return max((sum(n for at, n in events if begin <= at < begin + MINUTE) for begin, _ in events), default=0)


@given(STEPS, st.integers(1, 5))
def test_a_minute_that_begins_anywhere_sees_more_requests_than_allowed(
    steps: list[tuple[int, int, int, bool]], limit: int
) -> None:
    rates, who, now, passed = Rates(), caller(requests_per_minute=limit), 1, []
    for pause, tokens, reply, _ in steps:
        now += pause
        try:
            rates.enter(who, tokens, now).leave(tokens + reply, now)
        except ApiError as error:
            assert error.status == 429
            continue
        passed.append((now, 1))
    assert most_in_a_minute(passed) <= limit


@given(STEPS, st.integers(30, 90))
def test_tokens_go_beyond_the_limit_by_more_than_the_replies_that_were_running(
    steps: list[tuple[int, int, int, bool]], limit: int
) -> None:
    rates, who, now = Rates(), caller(tokens_per_minute=limit), 1
    charged: list[tuple[int, int]] = []
    for pause, prompt, reply, _ in steps:
        now += pause
        try:
            ticket = rates.enter(who, prompt, now)
        except ApiError:
            continue
        charged.append((now, prompt))
        assert sum(n for at, n in charged if at > now - MINUTE) <= limit, "let in above the limit"
        ticket.leave(prompt + reply, now)
        charged.append((now, reply))


@given(STEPS, st.integers(1, 4), st.integers(30, 60))
def test_whoever_comes_again_when_told_is_refused_again_or_could_have_come_sooner(
    steps: list[tuple[int, int, int, bool]], requests: int, tokens: int
) -> None:
    rates, who, now = Rates(), caller(requests_per_minute=requests, tokens_per_minute=tokens), 1
    for pause, prompt, reply, again in steps:
        now += pause
        try:
            rates.enter(who, prompt, now).leave(prompt + reply, now)
        except ApiError as error:
            assert error.retry_after_s is not None
            wait = round(error.retry_after_s * 1000)
            if again:
                with pytest.raises(ApiError):
                    rates.enter(who, prompt, now + wait - 1)
                # Two limits may both stand in the way; each wait ends with a place or with the other limit's.
                try:
                    rates.enter(who, prompt, now + wait).leave(prompt, now + wait)
                except ApiError as other:
                    assert other.metadata != error.metadata
                now += wait


@given(STEPS, st.integers(1, 4))
def test_more_run_at_once_than_allowed_or_a_place_is_lost(steps: list[tuple[int, int, int, bool]], limit: int) -> None:
    rates, who, now = Rates(), caller(concurrency=limit), 1
    running: list[Ticket] = []
    for pause, _, _, comes in steps:
        now += pause
        if comes:
            try:
                running.append(rates.enter(who, 1, now))
                assert len(running) <= limit
            except ApiError as error:
                assert error.status == 429 and len(running) == limit
        elif running:
            ticket = running.pop()
            ticket.leave(1, now)
            ticket.leave(1, now)
