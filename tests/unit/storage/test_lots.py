"""Rows that are written many at a time: none is lost, doubled, or put into another's place."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from sqlalchemy import text

from nemoserve.storage.balances import insert_into
from nemoserve.storage.database import Database
from nemoserve.storage.lines import Line, write_lines
from nemoserve.storage.lots import insert_lot, lots
from nemoserve.storage.tables import attempts, balances
from nemoserve.types.entry import Entry
from tests.ledgers import lines, make_entry, rows


@pytest.mark.parametrize("count", [0, 1, 3, 15, 16, 17, 31, 100])
def test_a_row_is_left_out_where_a_lot_ends(count: int) -> None:
    cut = list(lots(range(count)))
    assert [item for lot in cut for item in lot] == list(range(count))
    assert {len(lot) for lot in cut} <= {1, 2, 4, 8, 16}, "other sizes would be prepared anew each time"
    assert len(cut) <= count // 16 + 4


def test_a_lot_has_more_values_than_an_older_sqlite_takes() -> None:
    assert 16 * len(attempts.c) < 999


def test_a_column_that_was_added_later_gets_another_columns_value(database: Database) -> None:
    """The table of an older server may have its columns in another order than the code."""
    assert [column.name for column in attempts.c] == list(Entry.__struct_fields__)
    entry = make_entry(cost=7, hosted_cost=3, total_ms=5, first_token_ms=4, reserved=9, max_tokens=11)
    with database.begin() as connection:
        write_lines(connection, [Line(entry)])
        found = connection.execute(text("SELECT cost, total_ms, first_token_ms, max_tokens, reserved FROM attempts"))
        assert found.one() == (7, 5, 4, 11, 9)


def test_lines_that_are_there_already_are_charged_again_with_new_ones_beside_them(database: Database) -> None:
    entries = [make_entry(id=f"gen-{number:02}-1", cost=1 << number) for number in range(40)]
    known = [entries[3], entries[20], entries[39]]
    with database.begin() as connection:
        write_lines(connection, [Line(entry) for entry in known])
    changed = [msgspec.structs.replace(entry, owner="other") for entry in entries]
    with database.begin() as connection:
        write_lines(connection, [Line(entry) for entry in changed])
    found = lines(database)
    assert found == {entry.id: entry for entry in changed} | {entry.id: entry for entry in known}
    assert [row["spent"] for row in rows(database, balances)] == [(1 << 40) - 1]


def test_one_line_that_cannot_be_written_takes_half_of_the_others_along(database: Database) -> None:
    entries = [make_entry(id=f"gen-{number:02}-1", cost=1) for number in range(40)]
    entries[33] = msgspec.structs.replace(entries[33], provider=None)  # pyright: ignore[reportArgumentType]
    with pytest.raises(Exception, match=r"(?i)null"), database.begin() as connection:
        write_lines(connection, [Line(entry) for entry in entries])
    assert lines(database) == {} and rows(database, balances) == []


def test_an_upsert_keeps_the_older_of_two_values(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    new = insert_into("sqlite", balances)
    newest = new.on_conflict_do_update(index_elements=["key_id", "window"], set_={"spent": new.excluded.spent})
    for spent in (1, 2):
        with database.begin() as connection:
            insert_lot(connection, newest, [(f"k{number}", "w", spent * number, 0, 0) for number in range(4)])
    assert {row["key_id"]: row["spent"] for row in rows(database, balances)} == {f"k{n}": 2 * n for n in range(4)}
    database.close()
