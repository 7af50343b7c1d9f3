"""Which lines a filter means, against the same filter in plain Python."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from nemoserve.ledger.selection import Selection
from nemoserve.storage.database import Database
from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry
from tests.unit.ledger_reports.entries import examples, is_meant, ledgers, selections, store


@examples
@given(lines=ledgers, wanted=st.lists(selections(), min_size=40, max_size=40))
def test_a_filter_lets_through_what_it_must_not_or_keeps_what_it_must(
    database: Database, lines: list[Entry], wanted: list[Selection]
) -> None:
    store(database, lines)
    with database.read() as connection:
        for one in wanted:
            found = set(connection.execute(select(attempts.c.id).where(*one.conditions(database.dialect))).scalars())
            assert found == {line.id for line in lines if is_meant(line, one)}, one
