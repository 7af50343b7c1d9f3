"""The rows of `balances` and `holds`: what is spent is added, what was held is given back. Knows no limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

from sqlalchemy import ColumnElement, Connection, Executable, Table, bindparam, delete
from sqlalchemy.dialects import postgresql, sqlite

from nemoserve.storage.tables import balances, holds


def insert_into(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the database's own kind, which can say what happens to rows that are there already."""
    return postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)


def release_holds(connection: Connection, which: ColumnElement[bool]) -> None:
    """Gives back what the chosen rows of `holds` keep: each once, whoever else tries."""
    settle_balances(connection, {}, which)


def settle_balances(
    connection: Connection, spent: Mapping[tuple[str, str], int], which: ColumnElement[bool] | None = None
) -> None:
    """Adds what was spent, in nano-dollars by (key, window), and gives back what the chosen holds keep."""
    released: Counter[tuple[str, str]] = Counter()
    if which is not None:
        gone = delete(holds).where(which).returning(holds.c.key_id, holds.c.window, holds.c.amount)
        for key_id, window, amount in connection.execute(gone):
            released[key_id, window] += amount
    changes = [
        {
            "key_id": key_id,
            "window": window,
            "spent": spent.get((key_id, window), 0),
            "released": released[key_id, window],
        }
        for key_id, window in sorted(spent.keys() | released.keys())  # always in one order: no deadlocks
    ]
    if changes:
        connection.execute(_added(connection.dialect.name), changes)


@cache
def _added(dialect: str) -> Executable:
    """Made once: to make such a statement takes longer than to run it."""
    new = insert_into(dialect, balances).values(
        key_id=bindparam("key_id"), window=bindparam("window"), spent=bindparam("spent"), reserved=0
    )
    return new.on_conflict_do_update(
        index_elements=["key_id", "window"],
        set_={
            "spent": balances.c.spent + new.excluded.spent,
            "reserved": balances.c.reserved - bindparam("released"),
        },
    )
