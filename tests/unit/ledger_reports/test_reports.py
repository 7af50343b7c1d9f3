"""Sums that the database makes, against the same sums in plain Python, over lines by chance."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import insert

from nemoserve.ledger import reports
from nemoserve.ledger.periods import DAY_MS, HOUR_MS, day_name, hour_name
from nemoserve.ledger.selection import DIMENSIONS, Selection
from nemoserve.storage.database import Database
from nemoserve.storage.tables import keys
from nemoserve.types.caller import KeyLimits
from nemoserve.types.entry import Entry
from tests.ledgers import NOON, make_entry
from tests.unit.ledger_reports.entries import examples, is_meant, ledgers, selections, store

FIGURES = ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost")
NAMES = [*DIMENSIONS, "tag:team", "tag:a.b", "tag:nobody"]


def value(entry: Entry, by: str) -> str | None:
    match by:
        case "key":
            return entry.key_id
        case "app":
            return entry.app_title or entry.app_url or None
        case "session":
            return entry.session_id or None
        case "tags":
            return msgspec.json.encode(dict(sorted(entry.tags.items()))).decode() if entry.tags else None
        case "day":
            return day_name(entry.created_at // DAY_MS)
        case "hour":
            return hour_name(entry.created_at // HOUR_MS)
        case _ if by.startswith("tag:"):
            return entry.tags.get(by[4:])
        case _:
            return getattr(entry, by) or None


def place(group: tuple[str | None, ...]) -> list[tuple[bool, str]]:
    """By which groups are in order: what has no value comes last."""
    return [(value is None, value or "") for value in group]


@pytest.mark.parametrize("first", [None, *NAMES])
@settings(examples, max_examples=10)
@given(lines=ledgers, more=st.lists(st.sampled_from(NAMES), max_size=2), which=selections())
def test_a_sum_differs_from_its_lines(
    database: Database, first: str | None, lines: list[Entry], more: list[str], which: Selection
) -> None:
    store(database, lines)
    by = [] if first is None else [first, *more]
    expected: dict[tuple[str | None, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for line in filter(lambda line: is_meant(line, which), lines):
        sums = expected[tuple(value(line, name) for name in by)]
        sums["requests"] += 1
        for name in FIGURES:
            sums[name] += getattr(line, name)
    if not by and not expected:
        expected[()] = dict.fromkeys(("requests", *FIGURES), 0)
    with database.read() as connection:
        found = reports.usage(connection, by, which)
    assert {line.group: msgspec.structs.asdict(line) for line in found} == {
        group: {"group": group, **sums} for group, sums in expected.items()
    }
    assert [line.group for line in found] == sorted(expected, key=place)
    whole = reports.total(found)
    assert whole.cost == sum(line.cost for line in lines if is_meant(line, which))
    assert type(whole.cost) is int
    assert whole.group == ()
    for name in ("requests", *FIGURES):
        assert getattr(whole, name) == sum(sums[name] for sums in expected.values()), name


@pytest.mark.parametrize("name", ["", "tag:", "nothing", 'tag:a"b', "tag:a\\", "tag:a\nb", "cost; DROP TABLE attempts"])
def test_a_strange_dimension_reaches_the_database(database: Database, name: str) -> None:
    with database.read() as connection, pytest.raises(ValueError, match=r"expected|no tag"):
        reports.usage(connection, [name], Selection())


def test_a_filter_is_taken_for_sql(database: Database) -> None:
    store(database, [make_entry(owner="o")])
    with database.read() as connection:
        for hostile in ("' OR '1'='1", "o' --", "%", "_"):
            assert reports.usage(connection, ["model"], Selection(owner=hostile)) == []
            assert reports.usage(connection, ["model"], Selection(tags={"team') OR ('1": hostile})) == []


def test_days_are_not_utc_days(database: Database) -> None:
    midnight = NOON + DAY_MS // 2
    store(database, [make_entry(created_at=midnight - 1), make_entry(created_at=midnight)])
    with database.read() as connection:
        found = reports.activity(connection, Selection())
    assert [line.group for line in found] == [("2026-11-22", "m", "nemoserve"), ("2026-11-21", "m", "nemoserve")]


def test_the_thirty_days_of_activity_are_others() -> None:
    today = NOON - DAY_MS // 2
    assert reports.activity_span(NOON, include_today=False) == (today - 30 * DAY_MS, today)
    assert reports.activity_span(today, include_today=True) == (today - 30 * DAY_MS, today + DAY_MS)


def key_row(id: str, limit: int | None, **fields: Any) -> dict[str, Any]:
    limits = msgspec.json.encode(KeyLimits(limit=limit, limit_reset="daily")).decode()
    known: dict[str, Any] = {"name": f"name of {id}", "label": "", "role": "inference", "owner": "", "tags": "{}"}
    known |= {"limits": limits, "store_content": False, "disabled": False, "expires_at": None, "deleted_at": None}
    return {"id": id, **known, "created_at": 0, "updated_at": 0, **fields}


def test_credit_counts_keys_that_have_ended(database: Database) -> None:
    with database.read() as connection:
        assert reports.credit(connection, NOON) == reports.Credits(total=0, used=0)
    rows = [
        key_row("1", 5_000),
        key_row("2", 70_000, expires_at=NOON + 1),
        key_row("3", None),
        key_row("4", 1, disabled=True),
        key_row("5", 1, expires_at=NOON),
        key_row("6", 1, deleted_at=NOON),
    ]
    with database.begin() as connection:
        connection.execute(insert(keys), rows)
    store(database, [make_entry(cost=3), make_entry(None, cost=4)])
    with database.read() as connection:
        assert reports.credit(connection, NOON) == reports.Credits(total=75_000, used=7)
    with database.begin() as connection:
        connection.execute(insert(keys), [key_row(f"rich {number}", 10**18) for number in range(10)])
    with database.read() as connection:
        assert reports.credit(connection, NOON).total == 10**19 + 75_000


def test_a_key_is_not_found_by_its_name_or_beginning(database: Database) -> None:
    with database.begin() as connection:
        rows = [key_row("abcd1", 1, name="search"), key_row("abcd2", 1, deleted_at=1), key_row("ab%d3", 1)]
        connection.execute(insert(keys), rows)
    with database.read() as connection:
        assert reports.find_keys(connection, "search") == ("abcd1",)
        assert sorted(reports.find_keys(connection, "abcd")) == ["abcd1", "abcd2"]
        assert reports.find_keys(connection, "ab%d") == ("ab%d3",)
        assert reports.find_keys(connection, "abc") == ()
        assert reports.key_names(connection)["abcd1"] == "search"
