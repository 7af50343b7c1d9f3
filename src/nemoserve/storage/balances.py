"""The rows of `balances` and `holds`: what is spent is added, what was held is given back. Knows no limits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from functools import cache

from sqlalchemy import ColumnElement, Connection, Executable, Table, and_, bindparam, delete, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from nemoserve.storage.tables import attempts, balances, holds


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


def carry(connection: Connection, key_id: str, window: str, since: int) -> None:
    """Lets a window that the key is limited by from now on know what the key has spent in it already.

    `since`: the window's first millisecond. Counts lines that are written; what is under way stays in its own window.
    """
    row = and_(balances.c.key_id == key_id, balances.c.window == window)
    new = insert_into(connection.dialect.name, balances).values(key_id=key_id, window=window, spent=0, reserved=0)
    connection.execute(new.on_conflict_do_nothing())
    spent = connection.execute(select(balances.c.spent).where(row).with_for_update()).scalar_one()
    ever = select(func.coalesce(func.sum(attempts.c.cost), 0))
    cost = connection.execute(ever.where(attempts.c.key_id == key_id, attempts.c.created_at >= since)).scalar_one()
    connection.execute(update(balances).where(row).values(carried=max(0, int(cost) - spent)))


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
