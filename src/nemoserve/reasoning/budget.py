"""How long a reply may think, in exact tokens. Knows numbers; no tokens' texts, no clocks.

A reply of `max_tokens` holds thinking (budget, then up to `grace` more while a newline is waited for), the text that ends
it, and the answer. Unless the request says otherwise some tokens are kept for the answer: without that, a model that thinks
for long is paid for and answers nothing.
"""

from __future__ import annotations

from typing import Final

import msgspec

from nemoserve.types.chat import Notice
from nemoserve.types.model import Family
from nemoserve.types.reasoning import Effort, ReasoningIntent, ThinkingLimits

SHARE_PERCENT: Final[dict[Effort, int]] = {"max": 95, "xhigh": 95, "high": 80, "medium": 50, "low": 20, "minimal": 10}
"""OpenRouter's shares of max_tokens."""
GRACE_DIVISOR, MOST_GRACE = 10, 500
"""NVIDIA's window: a tenth of the budget, at most 500 tokens."""
RESERVE_DIVISOR, LEAST_RESERVE, MOST_RESERVE = 4, 16, 1024
"""Kept for the answer by default: a quarter of max_tokens, within these bounds."""


class Allowance(msgspec.Struct, frozen=True):
    """What one reply may think, and what there is to say about it."""

    limits: ThinkingLimits
    reserve: int = 0
    """Tokens kept for the answer: as many as wanted, or as max_tokens holds."""
    by_level: bool = False
    """It is just what the request's level stands for."""
    notices: tuple[Notice, ...] = ()
    """To be reported at once."""
    if_cut: Notice | None = None
    """To be reported if the thinking reaches its budget: it was the reserve that ended it, not the request's own wish."""


def end_text(family: Family, transition: str | None) -> str:
    """What is put in place of further thinking at the budget; its length in tokens is `limits`' `end_tokens`."""
    return (transition or "") + family.end


def limits(
    intent: ReasoningIntent, *, thinking: bool, max_tokens: int, max_tokens_given: bool, end_tokens: int
) -> Allowance:
    """The limits of a reply of at most `max_tokens`, which the request named or the server chose.

    `end_tokens` is the length of `end_text`. Where it fits, budget + grace + end_tokens + reserve <= max_tokens; where it does
    not, thinking gets no tokens at all. A reply that does not think has no limits.
    """
    if not thinking:
        return Allowance(ThinkingLimits())
    wanted, cap = _wanted(intent, max_tokens), intent.most_tokens
    # What ends a thought is thinking too, and paid for as that: a cap has to hold all of it.
    most = None if cap is None else _largest_budget(max(0, cap - end_tokens))
    capped = most is not None and (wanted is None or wanted > most)
    if capped:
        wanted = most
    left = max(0, max_tokens - end_tokens)
    reserve = min(left, _reserve(intent, max_tokens))
    room = left - reserve
    if wanted is None and intent.answer_reserve == 0:
        return Allowance(ThinkingLimits(minimum=min(intent.min_tokens, max_tokens)))
    budget, if_cut = _largest_budget(room), None
    if wanted is not None and wanted <= budget:
        budget = wanted
        if capped:
            text = f"The thinking was cut short at {budget} tokens: with what ends it, this key may have {cap} for a reply."
            if_cut = Notice("reasoning_cap", text, "reasoning.max_tokens")
    else:
        if_cut = (
            Notice("answer_reserve", _cut_text(reserve, max_tokens), "reasoning.answer_reserve") if reserve else None
        )
    notices: list[Notice] = []
    if wanted is not None and budget < wanted and not capped:
        notices.append(_lowered(intent, wanted, budget, reserve, max_tokens, max_tokens_given))
    if intent.min_tokens > budget:
        text = (
            f"The least thinking was lowered from {intent.min_tokens} to {budget} tokens, the most that there may be."
        )
        notices.append(Notice("adjusted_parameter", text, "min_thinking_tokens"))
    return Allowance(
        ThinkingLimits(
            budget=budget,
            grace=min(grace_of(budget), room - budget),
            minimum=min(intent.min_tokens, budget),
        ),
        reserve,
        by_level=intent.max_tokens is None and cap is None and (budget == wanted or not intent.effort_shares),
        notices=tuple(notices),
        if_cut=if_cut,
    )


def too_little(intent: ReasoningIntent, end_tokens: int) -> bool:
    """Whether a key allows less thinking than the shortest thought takes with its end."""
    return intent.most_tokens is not None and intent.most_tokens < 1 + grace_of(1) + end_tokens


def grace_of(budget: int) -> int:
    """The tokens that may follow a budget while a newline is waited for, where there is room for them."""
    return min(max(1, budget // GRACE_DIVISOR), MOST_GRACE) if budget else 0


def _wanted(intent: ReasoningIntent, max_tokens: int) -> int | None:
    """The budget that the request asks for; a number goes before a level."""
    if intent.max_tokens is not None:
        return intent.max_tokens
    if intent.effort is None or not intent.effort_shares:
        return None
    return max(1, max_tokens * SHARE_PERCENT[intent.effort] // 100)


def _reserve(intent: ReasoningIntent, max_tokens: int) -> int:
    if intent.answer_reserve is not None:
        return intent.answer_reserve
    return min(max(LEAST_RESERVE, max_tokens // RESERVE_DIVISOR), MOST_RESERVE)


def _largest_budget(room: int) -> int:
    """The largest budget that fits into the room with its grace; one token of room is all budget."""
    if room <= 1:
        return room
    # A tenth at most, so the budget is near 10/11 of the room; from there it is a step or two.
    budget = max(room - MOST_GRACE, room * GRACE_DIVISOR // (GRACE_DIVISOR + 1), 1)
    while budget + 1 + grace_of(budget + 1) <= room:
        budget += 1
    while budget + grace_of(budget) > room:
        budget -= 1
    return budget


def _cut_text(reserve: int, max_tokens: int) -> str:
    return (
        f"The thinking was cut short to keep {reserve} of {max_tokens} tokens for the answer. "
        "Raise max_tokens to let it think longer; reasoning.answer_reserve changes how many are kept."
    )


def _lowered(
    intent: ReasoningIntent, wanted: int, budget: int, reserve: int, max_tokens: int, max_tokens_given: bool
) -> Notice:
    field = "reasoning.effort" if intent.max_tokens is None else "reasoning.max_tokens"
    whose = "" if max_tokens_given else " (the server's own, as the request named none)"
    text = (
        f"The thinking budget was lowered from {wanted} to {budget} tokens, which is what max_tokens {max_tokens}{whose} "
        f"leaves beside {reserve} tokens for the answer."
    )
    return Notice("adjusted_parameter", text, field)
