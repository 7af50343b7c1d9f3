"""A month's bill against the same bill in plain Python; what it counts as thinking and as saved."""

from __future__ import annotations

from collections import defaultdict
from fractions import Fraction
from math import floor

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.ledger.bill import BY, BillRow, bill, total
from nemoserve.storage.database import Database
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price
from tests.ledgers import NOON, make_entry
from tests.unit.ledger_reports.entries import BEGIN, END, MONTH, examples, ledgers, store
from tests.unit.ledger_reports.test_reports import value

PRICE = Price(completion=2_000)


def of_month(database: Database, *by: str) -> list[BillRow]:
    with database.read() as connection:
        return bill(connection, MONTH, by or BY)


def reference(lines: list[Entry], by: tuple[str, ...]) -> dict[tuple[str | None, ...], dict[str, int]]:
    lines = [line for line in lines if BEGIN <= line.created_at < END]
    means: dict[str, int] = {}
    for model in {line.model for line in lines}:
        uncut = [
            line
            for line in lines
            if line.model == model and line.thinking and not line.thinking_cut
            if line.outcome == "finished" and line.finish_reason != "length"
        ]
        if uncut:
            mean = Fraction(sum(line.reasoning_tokens for line in uncut), sum(line.choices for line in uncut))
            means[model] = floor(mean + Fraction(1, 2))
    rows: dict[tuple[str | None, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in lines:
        row = rows[tuple(value(line, name) for name in by)]
        price = line.price.completion if line.price.reasoning is None else line.price.reasoning
        row["requests"] += 1
        for name in ("prompt_tokens", "completion_tokens", "reasoning_tokens", "cost"):
            row[name] += getattr(line, name)
        row["reasoning_cost_pico"] += min(line.reasoning_tokens * price, line.cost * 1000)
        row["saved_locally"] += 0 if line.hosted_cost is None else line.hosted_cost - line.cost
        missing = means.get(line.model, 0) * line.choices - line.reasoning_tokens
        saves = line.thinking_cut and line.cost > 0 and missing > 0
        row["saved_by_budgets_pico"] += missing * price if saves else 0
    return rows


@examples
@given(
    lines=ledgers, by=st.sampled_from([BY, ("owner",), ("tag:team",), ("provider", "model"), ("day",), ("key", "app")])
)
def test_a_bill_differs_from_its_lines(database: Database, lines: list[Entry], by: tuple[str, ...]) -> None:
    store(database, lines)
    rows = of_month(database, *by)
    assert {row.group: msgspec.structs.asdict(row) for row in rows} == {
        group: {"group": group, **sums} for group, sums in reference(lines, by).items()
    }
    assert all(0 <= row.reasoning_share <= 1 for row in rows)


@examples
@given(lines=ledgers)
def test_the_total_depends_on_how_a_bill_is_grouped(database: Database, lines: list[Entry]) -> None:
    store(database, lines)
    totals = [total(of_month(database, *by)) for by in (BY, ("tag:team",), ("provider",), ("day", "model"))]
    assert all(other == totals[0] for other in totals)
    assert totals[0].cost == sum(line.cost for line in lines if BEGIN <= line.created_at < END)


def thought(tokens: int, *, cut: bool = False, **fields: object) -> Entry:
    known = {"completion_tokens": tokens + 10, "reasoning_tokens": tokens, "cost": (tokens + 10) * 2}
    return make_entry(
        **{**known, "price": PRICE, "thinking": True, "thinking_cut": cut, "outcome": "finished", **fields}
    )


def test_what_budgets_save_is_counted_wrongly(database: Database) -> None:
    mean_of_130 = [thought(100), thought(160)]
    store(database, [*mean_of_130, thought(30, cut=True), thought(200, cut=True)])
    assert total(of_month(database)).saved_by_budgets_pico == 100 * 2_000, (
        "the one that is beyond the mean saved nothing"
    )
    store(database, [*mean_of_130, thought(60, cut=True, choices=2)])
    assert total(of_month(database)).saved_by_budgets_pico == 200 * 2_000, "each choice thinks for itself"


def test_the_least_saving_is_lost_or_counted_by_another_models_thinking(database: Database) -> None:
    own, other = thought(10, finish_reason="stop"), thought(500, model="another", finish_reason="stop")
    store(database, [own, other, thought(9, cut=True, cost=1), thought(10, cut=True, cost=1)])
    found = of_month(database)
    assert total(found).saved_by_budgets_pico == 2_000, "one token less than a reply of the same model thinks"
    assert total(found).group == ()


@pytest.mark.parametrize(
    "others",
    [
        [],
        [thought(100, model="another")],
        [thought(100, created_at=BEGIN - 1)],
        [thought(100, outcome="cancelled")],
        [thought(100, finish_reason="length")],
        [thought(100, thinking=False)],
    ],
)
def test_a_saving_is_invented(database: Database, others: list[Entry]) -> None:
    store(database, [thought(30, cut=True), *others])
    assert total(of_month(database)).saved_by_budgets_pico == 0
    store(database, [thought(30, cut=True, cost=0), thought(100)])
    assert total(of_month(database)).saved_by_budgets_pico == 0, "what was not charged"


def test_thinking_costs_more_than_everything(database: Database) -> None:
    store(database, [thought(90, cost=0, outcome="failed")])
    assert total(of_month(database)).reasoning_cost_pico == 0, "an insured reply cost nothing"
    store(database, [thought(7, completion_tokens=7, price=Price(reasoning=200), cost=1)])
    (row,) = of_month(database)
    assert (row.reasoning_cost_pico, row.reasoning_share) == (1_000, 1.0), (
        "1,400 pico-dollars were rounded down to 1,000"
    )
    store(database, [thought(0, price=Price(), cost=0)])
    assert of_month(database)[0].reasoning_share == 0.0


def test_the_price_of_thinking_is_taken_for_the_price_of_answers(database: Database) -> None:
    store(database, [thought(50, price=Price(completion=1_000, reasoning=4_000), cost=210)])
    assert total(of_month(database)).reasoning_cost_pico == 200_000


def test_local_serving_saves_what_nobody_would_have_charged(database: Database) -> None:
    lines = [
        make_entry(cost=5, hosted_cost=100),
        make_entry(cost=7, hosted_cost=None),
        make_entry(cost=9, hosted_cost=3),
    ]
    store(database, lines)
    assert total(of_month(database)).saved_locally == 95 - 6


def test_tags_in_another_order_make_another_row(database: Database) -> None:
    store(database, [make_entry(tags={"a": "1", "b": "2"}), make_entry(tags={"b": "2", "a": "1"}), make_entry()])
    rows = of_month(database, "tags")
    assert [(row.group, row.requests) for row in rows] == [(('{"a":"1","b":"2"}',), 2), ((None,), 1)]


def test_a_month_has_a_wrong_end(database: Database) -> None:
    store(database, [make_entry(created_at=at, cost=1) for at in (BEGIN - 1, BEGIN, NOON, END - 1, END)])
    assert total(of_month(database)).cost == 3
    with database.read() as connection, pytest.raises(ValueError, match="2026-11"):
        bill(connection, "2026-13")
