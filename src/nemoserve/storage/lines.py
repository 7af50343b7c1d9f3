"""Lines of the ledger are written: once each, together with the balance that they change. Knows no prices and no queues."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import IntegrityError

from nemoserve.storage.balances import settle_balances
from nemoserve.storage.many_rows import batches, insert_batch
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
    dialect, written = connection.dialect.name, set[str]()
    for batch in batches(dialect, attempt_rows([line.entry for line in lines])):
        if dialect == "sqlite":
            # Its rows come back one by one, which takes longer than to insert them: so first as if all of them were new.
            with contextlib.suppress(IntegrityError):
                insert_batch(connection, attempts, batch)
                written.update(str(row[0]) for row in batch)
                continue
            # The statement has changed nothing. One of its rows is there already, which is rare, or can never be.
        written.update(insert_batch(connection, attempts, batch, "ON CONFLICT DO NOTHING RETURNING id").scalars())
    return written


def _id(line: Line) -> str:
    return line.entry.id
