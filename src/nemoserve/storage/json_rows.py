"""Many rows in one statement: they are handed to the database as one JSON text, which it takes apart. Knows tables; no particular one.

A driver has to turn every value of a row into its own form under the interpreter's lock, and gives that lock away for each statement; a
thread that shares it with a busy event loop waits for it each time, and makes the loop wait. One text is one value of one statement, and
what the database does with it, it does beside the loop.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache

import msgspec
from sqlalchemy import JSON, ColumnElement, Table, Text, bindparam, cast, func, select, text, true
from sqlalchemy.dialects import postgresql, sqlite

ROWS = "rows"
"""The parameter of such a statement: what `json_rows` makes."""


def json_rows(rows: Iterable[tuple[object, ...]]) -> str:
    """Rows with their values in the order of the table's columns. A struct, a list or a dict becomes the JSON text in its column."""
    return msgspec.json.encode(list(rows)).decode()


@cache
def insert_rows(dialect: str, table: Table) -> sqlite.Insert | postgresql.Insert:
    """An INSERT of the database's own kind for all the rows that its parameter `rows` holds."""
    names = [column.name for column in table.c]
    # Without a condition SQLite would take ON CONFLICT for a part of the SELECT.
    if dialect == "postgresql":
        array = func.json_array_elements(cast(bindparam(ROWS, type_=Text), JSON)).table_valued("value")
        values = [cast(_element(array.c.value, place), column.type) for place, column in enumerate(table.c)]
        return postgresql.insert(table).from_select(names, select(*values).where(true()))
    array = func.json_each(bindparam(ROWS, type_=Text)).table_valued("value")
    # Not `->>`, which is younger than what some systems that run Python 3.11 have.
    taken = [func.json_extract(array.c.value, text(f"'$[{place}]'")) for place in range(len(names))]
    return sqlite.insert(table).from_select(names, select(*taken).where(true()))


def _element(array: ColumnElement[object], place: int) -> ColumnElement[object]:
    return array.op("->>")(text(str(place)))
