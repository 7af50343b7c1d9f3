"""Budgets in exact tokens: they never eat the answer, never go negative, and say what they lowered."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.reasoning.budget import SHARE_PERCENT, Allowance, end_text, grace_of, limits, too_little
from nemoserve.types.families import NANO_V2
from nemoserve.types.reasoning import Effort, ReasoningIntent, ThinkingLimits
from tests.examples import examples

END = 4

efforts = st.none() | st.sampled_from(get_args(Effort))
budgets = st.none() | st.integers(0, 5000)
intents = st.builds(
    ReasoningIntent,
    effort=efforts,
    max_tokens=budgets,
    min_tokens=st.integers(0, 2000),
    answer_reserve=st.none() | st.integers(0, 3000),
)
lengths = st.integers(1, 3000) | st.integers(1, 200_000)


def allowed(reply: int, /, *, end_tokens: int = END, given: bool = True, **fields: object) -> Allowance:
    intent = ReasoningIntent(**fields)  # pyright: ignore
    return limits(intent, thinking=True, max_tokens=reply, max_tokens_given=given, end_tokens=end_tokens)


def total(allowance: Allowance) -> int:
    assert allowance.limits.budget is not None
    return allowance.limits.budget + allowance.limits.grace


@given(intents, lengths, st.integers(1, 300))
@examples(300)
def test_thinking_never_eats_the_answer(intent: ReasoningIntent, max_tokens: int, end_tokens: int) -> None:
    found = limits(intent, thinking=True, max_tokens=max_tokens, max_tokens_given=True, end_tokens=end_tokens)
    bounds = found.limits
    if bounds.budget is None:
        assert intent.answer_reserve == 0 and intent.max_tokens is None and intent.effort is None
        assert bounds.minimum <= max_tokens
        return
    assert bounds.budget >= 0 and bounds.grace >= 0 and found.reserve >= 0
    assert 0 <= bounds.minimum <= bounds.budget
    if end_tokens <= max_tokens:
        assert bounds.budget + bounds.grace + end_tokens + found.reserve <= max_tokens
    else:
        assert bounds.budget == bounds.grace == found.reserve == 0
    if intent.answer_reserve is not None:
        assert found.reserve == min(intent.answer_reserve, max(0, max_tokens - end_tokens))
    if intent.max_tokens is not None:
        assert bounds.budget <= intent.max_tokens


@given(intents, lengths, st.integers(0, 2000))
@examples(300)
def test_more_tokens_never_mean_less_thinking(intent: ReasoningIntent, max_tokens: int, more: int) -> None:
    both = [
        limits(intent, thinking=True, max_tokens=count, max_tokens_given=True, end_tokens=END).limits
        for count in (max_tokens, max_tokens + more)
    ]
    if both[0].budget is not None and both[1].budget is not None:
        assert both[0].budget <= both[1].budget and both[0].grace <= both[1].grace


@given(st.integers(0, 5000), st.integers(0, 500), lengths)
def test_asking_for_more_never_gives_less(wanted: int, more: int, max_tokens: int) -> None:
    assert total(allowed(max_tokens, max_tokens=wanted)) <= total(allowed(max_tokens, max_tokens=wanted + more))


@given(st.integers(0, 100_000))
def test_without_a_wish_the_room_is_used_up_to_the_last_token(max_tokens: int) -> None:
    found = allowed(max(1, max_tokens))
    room = max(0, max(1, max_tokens) - END - found.reserve)
    assert total(found) in (room, room - 1)
    assert found.limits.grace == (grace_of(found.limits.budget or 0) if room != 1 else 0)


@pytest.mark.parametrize(
    ("max_tokens", "reserve"),
    [(4, 0), (5, 1), (10, 6), (20, 16), (64, 16), (68, 17), (1000, 250), (4096, 1024), (100_000, 1024)],
)
def test_a_quarter_is_kept_for_the_answer_within_bounds(max_tokens: int, reserve: int) -> None:
    assert allowed(max_tokens).reserve == reserve


def test_a_reply_of_a_few_tokens_answers_at_once() -> None:
    assert allowed(10).limits == ThinkingLimits(budget=0)
    assert allowed(20).limits == ThinkingLimits(budget=0)
    assert allowed(21).limits == ThinkingLimits(budget=1)
    assert allowed(22).limits == ThinkingLimits(budget=1, grace=1)
    assert allowed(10, answer_reserve=2).limits == ThinkingLimits(budget=3, grace=1)
    assert allowed(1).limits == ThinkingLimits(budget=0)


@pytest.mark.parametrize(("effort", "budget"), [("medium", 5000), ("low", 2000), ("minimal", 1000), ("high", 8000)])
def test_a_level_is_a_share_of_max_tokens(effort: Effort, budget: int) -> None:
    found = allowed(10_000, effort=effort)
    assert found.limits.budget == budget and found.notices == () and found.if_cut is None
    assert set(SHARE_PERCENT) == set(get_args(Effort))


def test_a_share_that_leaves_too_little_for_the_answer_is_lowered_and_says_so() -> None:
    found = allowed(1000, effort="max")
    assert (found.limits.budget, found.limits.grace, found.reserve) == (679, 67, 250)
    (notice,) = found.notices
    assert notice.code == "adjusted_parameter" and notice.parameter == "reasoning.effort"
    assert "from 950 to 679" in notice.message and "250 tokens for the answer" in notice.message
    assert found.if_cut is not None and found.if_cut.code == "answer_reserve"
    assert allowed(1000, effort="max", answer_reserve=0).limits.budget == 906


def test_a_number_that_does_not_fit_is_lowered_and_says_whose_limit_it_was() -> None:
    (notice,) = allowed(1000, max_tokens=5000).notices
    assert notice.parameter == "reasoning.max_tokens" and "server's own" not in notice.message
    (notice,) = allowed(1000, max_tokens=5000, given=False).notices
    assert "server's own" in notice.message
    assert allowed(1000, max_tokens=500).notices == ()


def test_a_number_goes_before_a_level() -> None:
    assert allowed(10_000, effort="low", max_tokens=3000).limits.budget == 3000


def test_thinking_without_a_wish_is_bounded_by_the_reserve_alone_and_says_so_only_if_it_is_reached() -> None:
    for enabled in (None, True):
        found = allowed(2000, enabled=enabled)
        assert found.limits.budget == 1360 and found.limits.grace == 136 and found.notices == ()
        assert found.if_cut is not None and "500 of 2000" in found.if_cut.message
    assert allowed(2000, answer_reserve=0) == Allowance(ThinkingLimits())


def test_a_budget_that_was_wished_for_is_not_the_reserves_doing() -> None:
    assert allowed(2000, max_tokens=100).if_cut is None
    assert allowed(2000, max_tokens=0).limits == ThinkingLimits(budget=0)


@pytest.mark.parametrize(
    ("budget", "grace"), [(0, 0), (1, 1), (9, 1), (19, 1), (20, 2), (100, 10), (5000, 500), (50_000, 500)]
)
def test_the_grace_is_a_tenth_and_never_more_than_500(budget: int, grace: int) -> None:
    assert grace_of(budget) == grace
    assert allowed(200_000, max_tokens=budget).limits.grace == grace


def test_the_least_is_lowered_to_the_most() -> None:
    found = allowed(100, min_tokens=5000)
    assert found.limits.minimum == found.limits.budget
    assert [notice.parameter for notice in found.notices] == ["min_thinking_tokens"]
    assert allowed(1000, min_tokens=50).limits.minimum == 50


def test_a_reply_that_does_not_think_has_no_limits() -> None:
    intent = ReasoningIntent(max_tokens=5, min_tokens=3, answer_reserve=9)
    found = limits(intent, thinking=False, max_tokens=10, max_tokens_given=True, end_tokens=END)
    assert found == Allowance(ThinkingLimits())


def test_what_is_put_in_at_the_budget_begins_with_the_transition() -> None:
    assert end_text(NANO_V2, None) == "\n</think>\n\n"
    assert end_text(NANO_V2, "\nTime is up.") == "\nTime is up.\n</think>\n\n"


@given(st.integers(0, 200), st.integers(0, 12), st.integers(1, 2000), st.sampled_from([None, 5, 10**6]))
def test_a_keys_cap_is_overrun_by_the_grace_or_by_what_ends_the_thought(
    cap: int, end_tokens: int, max_tokens: int, wanted: int | None
) -> None:
    intent = ReasoningIntent(most_tokens=cap, max_tokens=wanted)
    if too_little(intent, end_tokens):
        assert cap < 2 + end_tokens
        return
    thinking = allowed(max_tokens, end_tokens=end_tokens, most_tokens=cap, max_tokens=wanted).limits
    assert thinking.budget is not None and thinking.budget + thinking.grace + end_tokens <= cap
