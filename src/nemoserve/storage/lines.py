"""Lines of the ledger are written: once each, together with the balance that they change. Knows no prices and no queues."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from functools import cache

import msgspec
from sqlalchemy import Connection
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from nemoserve.storage.balances import insert_into, settle_balances
from nemoserve.storage.lots import insert_lot, lots
from nemoserve.storage.rows import attempt_row, attempt_values
from nemoserve.storage.tables import attempts, holds
from nemoserve.types.entry import Entry

_ALL = sqlite.insert(attempts)
"""Fails when one of its rows is there already. To be told of each row whether it was, takes longer than to insert it."""


class Line(msgspec.Struct, frozen=True):
    """A settled entry, and the row of the hold that ends with it (empty: none)."""

    entry: Entry
    hold_id: str = ""


def write_lines(connection: Connection, lines: Sequence[Line], released: Sequence[str] = ()) -> None:
    """Adds the lines that are not there yet to the ledger and to what their keys have spent, and ends their holds.

    `released`: holds that end without a line.
    """
    spent: Counter[tuple[str, str]] = Counter()
    if lines:
        written = _written(connection, sorted(lines, key=_id))  # in one order: no deadlocks
        for line in lines:
            entry = line.entry
            if entry.id in written and entry.key_id is not None:
                spent[entry.key_id, entry.window] += entry.cost
    ended = [*(line.hold_id for line in lines if line.hold_id), *released]
    settle_balances(connection, spent, holds.c.id.in_(ended) if ended else None)


def _written(connection: Connection, lines: Sequence[Line]) -> set[str]:
    """Inserts the lines that are not there yet; returns their ids."""
    if connection.dialect.name != "sqlite":
        return _new_ones(connection, lines)
    written: set[str] = set()
    for lot in lots(lines):
        # Made lot by lot: an event loop that shares the interpreter's lock with this thread gets it in between.
        try:
            insert_lot(connection, _ALL, [attempt_values(line.entry) for line in lot])
            written.update(line.entry.id for line in lot)
        except IntegrityError:
            # The statement has changed nothing. One of its rows is there already, which is rare, or can never be.
            written.update(_new_ones(connection, lot))
    return written


def _new_ones(connection: Connection, lines: Sequence[Line]) -> set[str]:
    rows = [attempt_row(line.entry) for line in lines]
    return set(connection.execute(_new(connection.dialect.name), rows).scalars())


@cache
def _new(dialect: str) -> ReturningInsert[str]:
    return insert_into(dialect, attempts).on_conflict_do_nothing().returning(attempts.c.id)


def _id(line: Line) -> str:
    return line.entry.id
