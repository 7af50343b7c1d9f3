"""Lines of the ledger are written: once each, together with the balance that they change. Knows no prices and no queues."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence
from functools import cache

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError
from sqlalchemy.sql.dml import ReturningInsert

from nemoserve.storage.balances import settle_balances
from nemoserve.storage.json_rows import ROWS, insert_rows
from nemoserve.storage.rows import attempt_rows
from nemoserve.storage.tables import attempts, holds
from nemoserve.types.entry import Entry


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
    dialect = connection.dialect.name
    rows = {ROWS: attempt_rows(line.entry for line in lines)}
    if dialect == "sqlite":
        # Its rows come back one by one, which takes longer than to insert them: so first as if all of them were new.
        with contextlib.suppress(IntegrityError):
            connection.execute(insert_rows(dialect, attempts), rows)
            return {line.entry.id for line in lines}
        # The statement has changed nothing. One of its rows is there already, which is rare, or can never be.
    return set(connection.execute(_new(dialect), rows).scalars())


@cache
def _new(dialect: str) -> ReturningInsert[str]:
    return insert_rows(dialect, attempts).on_conflict_do_nothing().returning(attempts.c.id)


def _id(line: Line) -> str:
    return line.entry.id
