"""Lines of the ledger as rows of `attempts`, and back. Knows which columns hold JSON; runs no SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
from sqlalchemy import Text

from nemoserve.storage.many_rows import Row
from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price

_json = msgspec.json.Encoder().encode
_TAGS, _PRICE = Entry.__struct_fields__.index("tags"), Entry.__struct_fields__.index("price")
_TEXTS = tuple(column.name for column in attempts.c if isinstance(column.type, Text))


def attempt_rows(entries: Sequence[Entry]) -> list[Row]:
    """The rows of these entries, whose fields are in the order of the columns."""
    # PostgreSQL takes no NUL in a text; clients may send one. To look into the JSON of all is the quickest way to find it.
    if b"\\u0000" in _json(entries):
        entries = [_without_nul(entry) for entry in entries]
    return [_row(entry) for entry in entries]


def _row(entry: Entry) -> Row:
    values = list[object](msgspec.structs.astuple(entry))
    values[_TAGS], values[_PRICE] = _json(entry.tags).decode(), _json(entry.price).decode()
    return tuple(values)


def _without_nul(entry: Entry) -> Entry:
    texts = {name: getattr(entry, name) for name in _TEXTS}
    changed = {name: said.replace("\0", "\ufffd") for name, said in texts.items() if isinstance(said, str)}
    return msgspec.structs.replace(entry, **changed)


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry of a row with all columns (`Row._mapping`)."""
    fields = dict(row)
    fields["tags"] = msgspec.json.decode(row["tags"], type=dict[str, str])
    fields["price"] = msgspec.json.decode(row["price"], type=Price)
    return Entry(**fields)
