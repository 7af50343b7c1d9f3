"""A key and its row. Knows which column holds what; runs no statement."""

from __future__ import annotations

from typing import Any

import msgspec
from sqlalchemy import Row

from nemoserve.access.key import Key
from nemoserve.types.caller import KeyLimits


def key_of(row: Row[Any]) -> Key:
    """A row of `keys`."""
    return Key(
        id=row.id,
        name=row.name,
        label=row.label,
        role=row.role,
        owner=row.owner,
        tags=msgspec.json.decode(row.tags, type=dict[str, str]),
        limits=msgspec.json.decode(row.limits, type=KeyLimits),
        store_content=row.store_content,
        disabled=row.disabled,
        expires_at=row.expires_at,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def values_of(key: Key) -> dict[str, object]:
    """The columns that may change, and the id."""
    return {
        "id": key.id,
        "name": key.name,
        "label": key.label,
        "role": key.role,
        "owner": key.owner,
        "tags": msgspec.json.encode(key.tags).decode(),
        "limits": msgspec.json.encode(key.limits).decode(),
        "store_content": key.store_content,
        "disabled": key.disabled,
        "expires_at": key.expires_at,
        "updated_at": key.updated_at,
    }
