"""Lines of the ledger as rows of `attempts`, and back. Knows which columns hold JSON; runs no SQL."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec
from sqlalchemy import Text

from nemoserve.storage.json_rows import json_rows
from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price

_MOST = (1 << 63) - 1
_TEXTS = tuple(column.name for column in attempts.c if isinstance(column.type, Text))


def attempt_rows(entries: Iterable[Entry]) -> str:
    """The rows of these entries, for the statement of `insert_rows`: an entry's fields are in the order of the columns.

    Raises OverflowError for a number that no column takes: SQLite would round it.
    """
    entries = list(entries)
    if entries and max(map(_largest, entries)) > _MOST:
        raise OverflowError("A count or a cost needs more than 64 bits.")
    rows = json_rows(map(msgspec.structs.astuple, entries))
    if "\\u0000" not in rows:
        return rows
    # PostgreSQL takes no NUL in a text; clients may send one.
    return json_rows(msgspec.structs.astuple(_without_nul(entry)) for entry in entries)


def _largest(entry: Entry) -> int:
    """Of the numbers that a provider tells, or that follow from them."""
    prompt, completion = (
        max(entry.prompt_tokens, entry.cached_tokens),
        max(entry.completion_tokens, entry.reasoning_tokens),
    )
    return max(prompt, completion, entry.cost, entry.hosted_cost or 0)


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
