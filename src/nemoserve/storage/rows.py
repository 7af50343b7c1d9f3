"""Lines of the ledger as rows of `attempts`, and back. Knows which columns hold JSON; runs no SQL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from operator import attrgetter
from typing import Any

import msgspec
from sqlalchemy import Text

from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price

_NO_TAGS = "{}"
_NAMES = tuple(column.name for column in attempts.c)
_TAGS, _PRICE = _NAMES.index("tags"), _NAMES.index("price")
_TEXTS = tuple(place for place, column in enumerate(attempts.c) if isinstance(column.type, Text))
"""PostgreSQL takes no NUL in a text; clients may send one."""
_values: Callable[[Entry], tuple[Any, ...]] = attrgetter(*_NAMES)


def attempt_values(entry: Entry) -> tuple[Any, ...]:
    """The row of an entry: its values in the order of the columns."""
    values = list(_values(entry))
    values[_TAGS] = msgspec.json.encode(entry.tags).decode() if entry.tags else _NO_TAGS
    values[_PRICE] = msgspec.json.encode(entry.price).decode()
    for place in _TEXTS:
        if (text := values[place]) and "\0" in text:
            values[place] = text.replace("\0", "\ufffd")
    return tuple(values)


def attempt_row(entry: Entry) -> dict[str, Any]:
    """The same by column names."""
    return dict(zip(_NAMES, attempt_values(entry), strict=True))


def entry_of(row: Mapping[str, Any]) -> Entry:
    """The entry of a row with all columns (`Row._mapping`)."""
    fields = dict(row)
    fields["tags"] = msgspec.json.decode(row["tags"], type=dict[str, str])
    fields["price"] = msgspec.json.decode(row["price"], type=Price)
    return Entry(**fields)
