"""Keys on the wire: OpenRouter's fields, and under names of their own those that it does not have. Knows shapes only."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from nemoserve.access.key import Key, KeyChange
from nemoserve.access.usage import KeyUsage
from nemoserve.http.body import decode
from nemoserve.ledger.periods import iso
from nemoserve.types.caller import KeyLimits, Reset
from nemoserve.types.errors import ApiError, invalid
from nemoserve.types.money import dollars, nano_dollars

Body = dict[str, Any]

_NAMES = {"models": "allowed_models", "providers": "allowed_providers", "reasoning_tokens": "reasoning_cap"}
"""Limits that are called otherwise here; the others have the same names."""
_BYOK = dict.fromkeys(("byok_usage", "byok_usage_daily", "byok_usage_weekly", "byok_usage_monthly"), 0)
"""Nobody brings provider keys of their own along with a request."""
_RATE_LIMIT = {
    "requests": -1,
    "interval": "10s",
    "note": "Deprecated, kept for clients that ask for it: see the limits.",
}


class _Fields(msgspec.Struct, kw_only=True):
    owner: str | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    store_content: bool | UnsetType = UNSET
    expires_at: str | UnsetType | None = UNSET
    limit: float | UnsetType | None = UNSET
    limit_reset: Reset | UnsetType | None = UNSET
    include_byok_in_limit: bool | UnsetType = UNSET
    """Either: there is no usage of keys that callers bring, so that none is counted."""
    allowed_models: tuple[str, ...] | UnsetType | None = UNSET
    allowed_providers: tuple[str, ...] | UnsetType | None = UNSET
    requests_per_minute: int | UnsetType | None = UNSET
    tokens_per_minute: int | UnsetType | None = UNSET
    concurrency: int | UnsetType | None = UNSET
    reasoning_cap: int | UnsetType | None = UNSET
    answer_reserve: int | UnsetType | None = UNSET


class CreateBody(_Fields, kw_only=True):
    """POST /keys"""

    name: str
    role: Literal["inference", "management"] = "inference"
    workspace_id: Literal["default"] | UnsetType | None = UNSET
    """There is one, for OpenRouter's clients."""
    creator_user_id: UnsetType | None = UNSET
    """Users have no accounts here; `owner` says whose a key is."""


class UpdateBody(_Fields, kw_only=True):
    """PATCH /keys/{hash}"""

    name: str | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET


class RotateBody(msgspec.Struct, kw_only=True):
    """POST /keys/{hash}/rotate"""

    overlap_seconds: int = 0


_ANY = msgspec.json.Decoder(dict[str, msgspec.Raw])
_CREATE = msgspec.json.Decoder(CreateBody)
_UPDATE = msgspec.json.Decoder(UpdateBody)
_ROTATE = msgspec.json.Decoder(RotateBody)


def create_body(body: bytes) -> CreateBody:
    """Raises ApiError (400) that names the field."""
    _known(body, CreateBody)
    return decode(body, _CREATE)


def update_body(body: bytes) -> UpdateBody:
    """Raises ApiError (400) that names the field."""
    _known(body, UpdateBody)
    return decode(body, _UPDATE)


def rotate_body(body: bytes) -> RotateBody:
    """An empty body ends the old secret at once. Raises ApiError (400) that names the field."""
    if not body.strip():
        return RotateBody()
    _known(body, RotateBody)
    return decode(body, _ROTATE)


def change_of(body: CreateBody | UpdateBody) -> KeyChange:
    """What the body sets. Raises ApiError (400)."""
    fields = {name: getattr(body, name) for name in ("name", "owner", "tags", "store_content")}
    limits = {name: getattr(body, _NAMES.get(name, name)) for name in KeyLimits.__struct_fields__ if name != "limit"}
    return KeyChange(
        **fields,
        **limits,
        disabled=body.disabled if isinstance(body, UpdateBody) else UNSET,
        limit=_nano(body.limit) if isinstance(body.limit, float) else body.limit,
        expires_at=_instant(body.expires_at) if isinstance(body.expires_at, str) else body.expires_at,
    )


def limits_of(change: KeyChange) -> KeyLimits:
    """The limits of a new key: what the change sets."""
    given = {name: value for name in KeyLimits.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    return KeyLimits(**given)


def key_body(key: Key, usage: KeyUsage) -> Body:
    """A key as those see it who manage it."""
    return {
        "hash": key.id,
        "name": key.name,
        "label": key.label,
        "disabled": key.disabled,
        **_money(key.limits, usage),
        "created_at": iso(key.created_at),
        "updated_at": iso(key.updated_at),
        "expires_at": None if key.expires_at is None else iso(key.expires_at),
        "creator_user_id": None,
        "external_user": None,
        "workspace_id": "default",
        "role": key.role,
        **_own_fields(key),
    }


def own_body(key: Key | None, usage: KeyUsage) -> Body:
    """A key as its holder sees it; None: the owner, who needs none."""
    management = key is None or key.role == "management"
    return {
        "label": "local owner" if key is None else key.label,
        **_money(KeyLimits() if key is None else key.limits, usage),
        "expires_at": None if key is None or key.expires_at is None else iso(key.expires_at),
        "is_free_tier": False,
        "is_management_key": management,
        "is_provisioning_key": management,
        "rate_limit": _RATE_LIMIT,
        "free_model_daily_requests": {"limit": -1, "remaining": -1, "used": 0},
        "allowed_data_regions": ["global"],
        "creator_user_id": None,
        "organization_id": None,
        "workspace_id": None,
        "role": "owner" if key is None else key.role,
        **({} if key is None else {"hash": key.id, "name": key.name}),
        **_own_fields(key),
    }


def _money(limits: KeyLimits, usage: KeyUsage) -> Body:
    return {
        "limit": None if limits.limit is None else dollars(limits.limit),
        "limit_remaining": None if usage.remaining is None else dollars(usage.remaining),
        "limit_reset": limits.limit_reset,
        "include_byok_in_limit": False,
        "usage": dollars(usage.total),
        "usage_daily": dollars(usage.daily),
        "usage_weekly": dollars(usage.weekly),
        "usage_monthly": dollars(usage.monthly),
        **_BYOK,
    }


def _own_fields(key: Key | None) -> Body:
    """What OpenRouter's keys do not have."""
    limits = KeyLimits() if key is None else key.limits
    named = {_NAMES.get(name, name): getattr(limits, name) for name in KeyLimits.__struct_fields__}
    return {
        "owner": "local" if key is None else key.owner,
        "tags": {} if key is None else key.tags,
        "store_content": key is not None and key.store_content,
        **{name: value for name, value in named.items() if name not in ("limit", "limit_reset")},
    }


def _known(body: bytes, struct: type[msgspec.Struct]) -> None:
    """Refuses fields that there are not: a limit that was misspelt would be no limit."""
    for name in decode(body, _ANY):
        if name == "role" and struct is UpdateBody:
            raise invalid("role", "a key's role cannot be changed; create another key")
        if name not in struct.__struct_fields__:
            known = ", ".join(struct.__struct_fields__)
            raise ApiError(
                "invalid_request",
                f"{name[:80]}: there is no such field; there are {known}",
                metadata={"parameter": name[:80]},
            )


def _nano(value: float) -> int:
    try:
        return nano_dollars(value)
    except ValueError as error:
        raise invalid("limit", str(error)) from None


def _instant(text: str) -> int:
    try:
        at = datetime.fromisoformat(text)
        at = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
        return round(at.timestamp() * 1000)
    except (ValueError, OverflowError):
        raise invalid("expires_at", f"expected a time such as 2027-01-31T00:00:00Z, got {text[:40]!r}") from None
