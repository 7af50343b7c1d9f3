"""Lines of the ledger as rows of `attempts`, and back. Knows which columns hold JSON; runs no SQL."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from nemoserve.types.entry import Entry
from nemoserve.types.price import Price

_NO_TAGS = "{}"


def attempt_row(entry: Entry) -> dict[str, Any]:
    """The row of an entry, by column names."""
    row = {name: _storable(getattr(entry, name)) for name in Entry.__struct_fields__}
    row["tags"] = msgspec.json.encode(entry.tags).decode() if entry.tags else _NO_TAGS
    row["price"] = msgspec.json.encode(entry.price).decode()
    return row


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry of a row with all columns (`Row._mapping`)."""
    fields = dict(row)
    fields["tags"] = msgspec.json.decode(row["tags"], type=dict[str, str])
    fields["price"] = msgspec.json.decode(row["price"], type=Price)
    return Entry(**fields)


def _storable(value: Any) -> Any:
    """PostgreSQL takes no NUL in a text; clients may send one."""
    return value.replace("\0", "\ufffd") if isinstance(value, str) else value
