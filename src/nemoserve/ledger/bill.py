"""The bill of a month: what was used and paid, what of it was thinking, what was saved. Knows sums; no formats.

Every figure is an integer and a sum over lines of the ledger, so rows add up to their total whatever they are grouped by.
Parts of a nano-dollar are kept: figures that end in `_pico` are pico-dollars.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, and_, case, cast, func, literal, or_, select

from nemoserve.ledger.periods import month
from nemoserve.ledger.selection import Group, Selection, grouped, member, whole
from nemoserve.storage.tables import attempts

BY: Final = ("owner", "tags", "provider")
"""What a bill is made out by, if nothing else is said."""
_PICO = 1000


class BillRow(msgspec.Struct, frozen=True, kw_only=True):
    """One row of the bill. Costs are nano-dollars, unless the name says pico-dollars."""

    group: Group
    requests: int
    prompt_tokens: int
    completion_tokens: int
    reasoning_tokens: int
    cost: int
    reasoning_cost_pico: int
    """What of the cost was for thinking, by the prices of each line."""
    saved_locally: int
    """What the cheapest hosted provider would have charged, less the cost; of lines that ran here, of a model that somebody hosts."""
    saved_by_budgets_pico: int
    """An estimate: see `bill`."""

    @property
    def reasoning_share(self) -> float:
        """Part of the cost that was for thinking, 0 to 1."""
        return self.reasoning_cost_pico / (self.cost * _PICO) if self.cost else 0.0


_FIGURES: Final = BillRow.__struct_fields__[1:]


def bill(connection: Connection, of_month: str, by: Sequence[str] = BY) -> list[BillRow]:
    """The rows of a month such as `2026-11`, in UTC. Raises ValueError for what is no month, no dimension or no tag.

    What budgets saved is an estimate. A reply whose thinking was ended at its budget would have thought on; how long, nobody
    knows. It is taken to be the mean, in whole tokens, of the month's replies of the same model that thought to their own
    end; what is missing to that mean, if anything, is counted at the reply's own price of thinking. Where no reply of the
    model thought to its end, nothing is counted, and neither is it for replies that were not charged.
    """
    since, until = month(of_month)
    where = Selection(since=since, until=until).conditions(connection.dialect.name)
    figures = _figures(connection.dialect.name, _means(connection, where))
    return [BillRow(group=group, **sums) for group, sums in grouped(connection, by, where, figures).items()]


def total(rows: Sequence[BillRow]) -> BillRow:
    """The sum of some rows, which has no group itself."""
    return BillRow(group=(), **{name: sum(getattr(row, name) for row in rows) for name in _FIGURES})


def _means(connection: Connection, where: Sequence[ColumnElement[bool]]) -> dict[str, int]:
    """How long a reply of each model thinks that is let, in tokens, rounded half up."""
    column = attempts.c
    own_end = and_(
        column.thinking,
        ~column.thinking_cut,
        column.outcome == "finished",
        or_(column.finish_reason.is_(None), column.finish_reason != "length"),
    )
    sums = select(column.model, func.sum(column.reasoning_tokens), func.sum(column.choices)).where(*where, own_end)
    found: dict[str, int] = {}
    for model, tokens, choices in connection.execute(sums.group_by(column.model)):
        if choices:
            found[model] = int((2 * tokens + choices) // (2 * choices))
    return found


def _figures(dialect: str, means: dict[str, int]) -> dict[str, ColumnElement[Any]]:
    column = attempts.c
    price = func.coalesce(
        whole(member(column.price, "reasoning", dialect)), whole(member(column.price, "completion", dialect)), 0
    )
    paid, thought = column.cost * _PICO, column.reasoning_tokens * price
    # The cost was rounded, so that thinking alone may come to a little more; an insured reply cost nothing at all.
    reasoning = case((thought < paid, thought), else_=paid)
    nothing = literal(0, BigInteger)
    mean = cast(case(means, value=column.model, else_=0), BigInteger) if means else nothing
    missing = mean * column.choices - column.reasoning_tokens
    saved = case((and_(column.thinking_cut, column.cost > 0, missing > 0), missing * price), else_=nothing)
    return {
        "requests": literal(1),
        "prompt_tokens": column.prompt_tokens,
        "completion_tokens": column.completion_tokens,
        "reasoning_tokens": column.reasoning_tokens,
        "cost": column.cost,
        "reasoning_cost_pico": reasoning,
        "saved_locally": case((column.hosted_cost.is_not(None), column.hosted_cost - column.cost), else_=nothing),
        "saved_by_budgets_pico": saved,
    }
