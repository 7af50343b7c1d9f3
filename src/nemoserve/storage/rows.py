"""Lines of the ledger as rows of `attempts`, and back. Knows which columns hold JSON; runs no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from sqlalchemy import Text

from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price

_NO_TAGS = "{}"
_JSON = ("tags", "price")
_TEXTS = tuple(column.name for column in attempts.c if isinstance(column.type, Text) and column.name not in _JSON)
"""PostgreSQL takes no NUL in a text; clients may send one."""


def attempt_row(entry: Entry) -> dict[str, Any]:
    """The row of an entry, by column names."""
    row = msgspec.structs.asdict(entry)
    for name in _TEXTS:
        if (text := row[name]) and "\0" in text:
            row[name] = text.replace("\0", "\ufffd")
    row["tags"] = msgspec.json.encode(entry.tags).decode() if entry.tags else _NO_TAGS
    row["price"] = msgspec.json.encode(entry.price).decode()
    return row


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry of a row with all columns (`Row._mapping`)."""
    fields = dict(row)
    fields["tags"] = msgspec.json.decode(row["tags"], type=dict[str, str])
    fields["price"] = msgspec.json.decode(row["price"], type=Price)
    return Entry(**fields)
