"""A key as those see it who manage it: its fields, what may be changed, which values make sense. Knows no secret and no table."""

from __future__ import annotations

import re
import unicodedata
from typing import Final

import msgspec
from msgspec import UNSET, UnsetType

from nemoserve.access.keytext import redacted
from nemoserve.types.caller import Caller, KeyLimits, Reset, Role
from nemoserve.types.errors import invalid

ROLES: Final[tuple[Role, ...]] = ("inference", "management")
"""What a key may be; the others are of people without one."""
RESETS: Final[tuple[Reset, ...]] = ("daily", "weekly", "monthly")
_TAG = re.compile(r"[A-Za-z0-9_.-]{1,64}")
_TEXT, _TAGS, _NAMES = 200, 32, 200
_MOST = 10**12
_MOST_MONEY = 10**18
_LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""


class Key(msgspec.Struct, frozen=True, kw_only=True):
    """Instants are in milliseconds since the epoch, UTC."""

    id: str
    """The API's `hash`."""
    name: str
    label: str
    role: Role
    owner: str
    tags: dict[str, str]
    limits: KeyLimits
    store_content: bool
    disabled: bool
    expires_at: int | None
    created_at: int
    updated_at: int

    def caller(self) -> Caller:
        """Whoever shows this key."""
        return Caller(
            role=self.role,
            key_id=self.id,
            owner=self.owner,
            tags=self.tags,
            limits=self.limits,
            store_content=self.store_content,
        )


class KeyChange(msgspec.Struct, frozen=True, kw_only=True):
    """Everything about a key that can be changed, and nothing else; UNSET stays as it is. Fields as in `Key` and `KeyLimits`."""

    name: str | UnsetType = UNSET
    owner: str | UnsetType = UNSET
    tags: dict[str, str] | UnsetType = UNSET
    store_content: bool | UnsetType = UNSET
    disabled: bool | UnsetType = UNSET
    expires_at: int | UnsetType | None = UNSET
    limit: int | UnsetType | None = UNSET
    limit_reset: Reset | UnsetType | None = UNSET
    models: tuple[str, ...] | UnsetType | None = UNSET
    providers: tuple[str, ...] | UnsetType | None = UNSET
    requests_per_minute: int | UnsetType | None = UNSET
    tokens_per_minute: int | UnsetType | None = UNSET
    concurrency: int | UnsetType | None = UNSET
    reasoning_tokens: int | UnsetType | None = UNSET
    answer_reserve: int | UnsetType | None = UNSET


def changed(key: Key, change: KeyChange) -> Key:
    """The key after the change. Raises ApiError (400), as `check`."""
    given = {name: value for name in change.__struct_fields__ if (value := getattr(change, name)) is not UNSET}
    limits = {name: given.pop(name) for name in KeyLimits.__struct_fields__ if name in given}
    result = msgspec.structs.replace(key, **given, limits=msgspec.structs.replace(key.limits, **limits))
    check(result)
    return result


def differences(before: Key, after: Key) -> dict[str, object]:
    """What changed, by field: `[old, new]`. For the audit log."""
    old, new = _flat(before), _flat(after)
    return {name: [old[name], new[name]] for name in new if old[name] != new[name]}


def check(key: Key) -> None:
    """Raises ApiError (400), which names the field as the API calls it, if a value makes no sense."""
    limits = key.limits
    if not key.name.strip():
        raise invalid("name", "a key needs a name that tells whose it is or what it is for")
    _text("name", key.name)
    _text("owner", key.owner)
    if key.role not in ROLES:
        raise invalid("role", f"expected {' or '.join(ROLES)}, got {str(key.role)[:40]!r}")
    if len(key.tags) > _TAGS:
        raise invalid("tags", f"at most {_TAGS} are kept, got {len(key.tags)}")
    for name, value in key.tags.items():
        if not _TAG.fullmatch(name):
            raise invalid(
                "tags", f"a tag's name is of letters, digits, '_', '.' and '-', at most 64; got {name[:80]!r}"
            )
        _text("tags", value)
    if key.expires_at is not None and not 0 <= key.expires_at <= _LAST_MS:
        raise invalid("expires_at", "expected an instant up to the year 9999")
    if limits.limit_reset is not None and limits.limit_reset not in RESETS:
        raise invalid("limit_reset", f"expected {', '.join(RESETS)} or null, got {str(limits.limit_reset)[:40]!r}")
    _number("limit", limits.limit, 0, _MOST_MONEY)
    _number("requests_per_minute", limits.requests_per_minute, 1)
    _number("tokens_per_minute", limits.tokens_per_minute, 1)
    _number("concurrency", limits.concurrency, 1)
    _number("reasoning_cap", limits.reasoning_tokens, 0)
    _number("answer_reserve", limits.answer_reserve, 0)
    for field, names in (("allowed_models", limits.models), ("allowed_providers", limits.providers)):
        if names is None:
            continue
        if not 0 < len(names) <= _NAMES:
            raise invalid(field, f"expected 1 to {_NAMES} names, or null to allow all; disable the key to allow none")
        for name in names:
            if not name.strip():
                raise invalid(field, "a name is empty")
            _text(field, name)


def _text(field: str, value: str) -> None:
    if len(value) > _TEXT:
        raise invalid(field, f"at most {_TEXT} characters, got {len(value)}")
    if any(unicodedata.category(character) in ("Cc", "Cs") for character in value):
        raise invalid(field, "control characters are not kept")
    if redacted(value) != value:
        raise invalid(field, "this looks like a key, which must not be kept in clear")


def _number(field: str, value: int | None, least: int, most: int = _MOST) -> None:
    if value is not None and not least <= value <= most:
        raise invalid(field, f"expected {least} to {most}, or null for no limit, got {value}")


def _flat(key: Key) -> dict[str, object]:
    fields = {name: getattr(key, name) for name in KeyChange.__struct_fields__ if name in key.__struct_fields__}
    return fields | {name: getattr(key.limits, name) for name in KeyLimits.__struct_fields__}
