"""Rows that are written many at a time: none is lost, doubled, or put into another's place."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, text
from sqlalchemy.exc import DataError

from nemoserve.storage.database import Database
from nemoserve.storage.lines import Line, write_lines
from nemoserve.storage.many_rows import batches, insert_batch
from nemoserve.storage.tables import attempts, balances
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price
from tests.ledgers import lines, make_entry, rows

anything = st.text(st.characters(codec="utf-8"), max_size=20)
fields = st.fixed_dictionaries(
    {
        "owner": anything,
        "user": anything | st.sampled_from(["nul\0here", "\\u0000", "\\\0", "null", "true", "17", '{"a": 1}', "[]"]),
        "session_id": st.none() | anything,
        "tags": st.dictionaries(st.text("ab é☃\"\\'", max_size=4), st.text("xy \n\t☃", max_size=4), max_size=3),
        "cost": st.integers(-(1 << 63), (1 << 63) - 1),
        "hosted_cost": st.none() | st.integers(0, (1 << 63) - 1),
        "first_token_ms": st.none() | st.just(0),
        "thinking": st.booleans(),
        "price": st.builds(Price, prompt=st.integers(0, 1 << 62), reasoning=st.none() | st.just(0)),
    }
)


@settings(
    max_examples=100, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(drawn=st.lists(fields, max_size=5))
def test_a_value_comes_back_other_than_it_went_in(database: Database, drawn: list[dict[str, Any]]) -> None:
    entries = [make_entry(None, **each) for each in drawn]
    with database.begin() as connection:
        connection.execute(delete(attempts))
        write_lines(connection, [Line(entry) for entry in entries])
    expected = {
        entry.id: msgspec.structs.replace(
            entry, owner=told(entry.owner), user=told(entry.user), session_id=told(entry.session_id)
        )
        for entry in entries
    }
    assert lines(database) == expected


def told(text: str | None) -> str | None:
    """PostgreSQL takes no NUL."""
    return text and text.replace("\0", "\N{REPLACEMENT CHARACTER}")


def test_fields_and_columns_are_in_different_orders() -> None:
    assert [column.name for column in attempts.c] == list(Entry.__struct_fields__)


def test_a_column_that_was_added_later_gets_another_columns_value(database: Database) -> None:
    """The table of an older server may have its columns in another order than the code."""
    entry = make_entry(cost=7, hosted_cost=3, total_ms=5, first_token_ms=4, reserved=9, max_tokens=11)
    with database.begin() as connection:
        write_lines(connection, [Line(entry)])
        found = connection.execute(text("SELECT cost, total_ms, first_token_ms, max_tokens, reserved FROM attempts"))
        assert found.one() == (7, 5, 4, 11, 9)


def test_lines_that_are_there_already_are_charged_again_with_new_ones_beside_them(database: Database) -> None:
    entries = [make_entry(id=f"gen-{number:02}-1", cost=1 << number) for number in range(62)]
    known = [entries[3], entries[20], entries[61]]
    with database.begin() as connection:
        write_lines(connection, [Line(entry) for entry in known])
    changed = [msgspec.structs.replace(entry, owner="other") for entry in entries]
    with database.begin() as connection:
        write_lines(connection, [Line(entry) for entry in changed])
    found = lines(database)
    assert found == {entry.id: entry for entry in changed} | {entry.id: entry for entry in known}
    assert [row["spent"] for row in rows(database, balances)] == [(1 << 62) - 1]


def test_one_line_that_cannot_be_written_takes_half_of_the_others_along(database: Database) -> None:
    entries = [make_entry(id=f"gen-{number:02}-1", cost=1) for number in range(90)]
    entries[83] = msgspec.structs.replace(entries[33], provider=None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Exception, match=r"(?i)null"), database.begin() as connection:
        write_lines(connection, [Line(entry) for entry in entries])
    assert lines(database) == {} and rows(database, balances) == []


@pytest.mark.parametrize("count", [0, 1, 7, 8, 9, 63, 64, 65, 200])
def test_a_row_is_left_out_or_the_older_of_two_values_is_kept(database: Database, count: int) -> None:
    for spent in (1, 2):
        given = [(f"k{number}", "w", spent * number, 0, 0) for number in range(count)]
        with database.begin() as connection:
            for batch in batches(database.dialect, given):
                newest = 'ON CONFLICT (key_id, "window") DO UPDATE SET spent = excluded.spent'
                insert_batch(connection, balances, batch, newest)
    assert {row["key_id"]: row["spent"] for row in rows(database, balances)} == {f"k{n}": 2 * n for n in range(count)}


@pytest.mark.parametrize(
    "field", ["prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost", "hosted_cost"]
)
def test_a_number_is_rounded_where_it_does_not_fit(database: Database, field: str) -> None:
    with pytest.raises((OverflowError, DataError)), database.begin() as connection:
        write_lines(connection, [Line(make_entry()), Line(make_entry(None, **{field: 1 << 63}))])
    assert lines(database) == {}
