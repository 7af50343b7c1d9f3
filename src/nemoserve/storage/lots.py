"""Many rows in few statements, for SQLite. Knows how statements and rows are cut up; no table, and nothing of conflicts.

The driver gives the interpreter's lock away for each statement that it runs, and a thread that shares it with a busy event loop waits for
it each time. Besides, a statement that is known to the driver by its text costs nothing to prepare.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import chain
from typing import Any, TypeVar

from sqlalchemy import Connection, Insert
from sqlalchemy.dialects import sqlite

T = TypeVar("T")
_MOST = 16
"""Rows of one statement: of the widest table this is below 999 values, which is what older SQLites take."""


def lots(items: Sequence[T]) -> Iterator[Sequence[T]]:
    """The items, in lots of 16, and what is left in lots of 8, 4, 2 and 1: so few sizes that the driver remembers all statements."""
    start, size = 0, _MOST
    while start < len(items):
        while size > len(items) - start:
            size //= 2
        yield items[start : start + size]
        start += size


def insert_lot(connection: Connection, new: Insert, rows: Sequence[tuple[Any, ...]]) -> None:
    """Runs an INSERT for a lot of rows, the values of each in the order of the columns. Raises as `Connection.execute` does."""
    connection.exec_driver_sql(_text(new, len(rows)), tuple(chain.from_iterable(rows)))


@cache
def _text(new: Insert, rows: int) -> str:
    head, _, rest = str(new.compile(dialect=sqlite.dialect())).partition(" VALUES ")
    row, end, tail = rest.partition(")")
    return f"{head} VALUES {', '.join([row + end] * rows)}{tail}"
