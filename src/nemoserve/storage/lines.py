"""Lines of the ledger are written: once each, together with the balance that they change. Knows no prices and no queues."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, select, update
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

    A line of a server that was taken for dead takes the place of what others have entered for it. `released`: holds that end
    without a line.
    """
    spent: Counter[tuple[str, str]] = Counter()
    if lines:
        written = _written(connection, sorted(lines, key=_id))  # in one order: no deadlocks
        for line in lines:
            entry = line.entry
            if entry.id in written and entry.key_id is not None:
                spent[entry.key_id, entry.window] += entry.cost
        if len(written) < len(lines):
            spent.update(_corrected(connection, [line.entry for line in lines if line.entry.id not in written]))
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


def _corrected(connection: Connection, entries: Sequence[Entry]) -> Counter[tuple[str, str]]:
    """Enters how attempts really ended that were settled for a dead server; returns what they cost more than was known."""
    true = {entry.id: entry for entry in entries if entry.outcome != "killed"}
    guessed = select(attempts.c.id, attempts.c.cost).where(attempts.c.id.in_(true), attempts.c.outcome == "killed")
    more: Counter[tuple[str, str]] = Counter()
    for id, cost in connection.execute(guessed.order_by(attempts.c.id).with_for_update()).all():
        entry = true[id]
        (row,) = attempt_rows([entry])
        values = dict(zip(attempts.c.keys(), row, strict=True))
        connection.execute(update(attempts).where(attempts.c.id == id).values(values))
        if entry.key_id is not None:
            more[entry.key_id, entry.window] += entry.cost - cost
    return more


def _id(line: Line) -> str:
    return line.entry.id
