"""Many rows in one statement, which the database works through beside the event loop. Knows tables; no particular one.

A driver turns values into its own form under the interpreter's lock, and gives that lock away for each statement; a thread that shares
it with a busy event loop waits for it each time, and makes the loop wait. So statements are few and large. SQLite is bound the values
themselves, which takes a third of the CPU time of having it read JSON. psycopg's forms cost more than SQLite's, and PostgreSQL reads
JSON in another process: it is handed all rows as one text.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from functools import cache
from itertools import chain

import msgspec
from sqlalchemy import Connection, CursorResult, Table
from sqlalchemy.dialects import postgresql

Row = tuple[object, ...]
"""The values of a table's columns, in their order: texts, numbers, booleans and None."""

_SIZES = (64, 8, 1)
"""Rows of a SQLite statement. Few sizes, because each is a statement of its own, which is compiled once."""


def batches(dialect: str, rows: Sequence[Row]) -> Generator[Sequence[Row]]:
    """The rows, as many at a time as `insert_batch` takes."""
    if dialect == "postgresql":
        if rows:
            yield rows
        return
    at = 0
    for size in _SIZES:
        while len(rows) - at >= size:
            yield rows[at : at + size]
            at += size


def insert_batch(connection: Connection, table: Table, batch: Sequence[Row], ending: str = "") -> CursorResult[str]:
    """Inserts a batch of `batches`. `ending` comes after it in SQL: `ON CONFLICT …`, `RETURNING …`."""
    if connection.dialect.name == "postgresql":
        values: Row = (msgspec.json.encode(batch).decode(),)
        return connection.exec_driver_sql(_of_json(table, ending), values)
    return connection.exec_driver_sql(_of_values(table, len(batch), ending), tuple(chain.from_iterable(batch)))


@cache
def _of_values(table: Table, count: int, ending: str) -> str:
    row = f"({', '.join('?' * len(table.c))})"
    return f"{_into(table)} VALUES {', '.join([row] * count)} {ending}"


@cache
def _of_json(table: Table, ending: str) -> str:
    types = [column.type.compile(postgresql.dialect()) for column in table.c]  # pyright: ignore[reportUnknownMemberType]
    values = ", ".join(f"CAST(value ->> {place} AS {name})" for place, name in enumerate(types))
    return f"{_into(table)} SELECT {values} FROM json_array_elements(CAST(%s AS JSON)) {ending}"  # noqa: S608 - names of our own


def _into(table: Table) -> str:
    # By name: in the table of an older server the columns may be in another order.
    columns = ", ".join(f'"{column.name}"' for column in table.c)
    return f"INSERT INTO {table.name} ({columns})"
