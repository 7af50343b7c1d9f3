"""Keys in the terminal: what is typed as values, what is printed as tables or JSON. Knows no storage."""

from __future__ import annotations

import re
import sys
import time
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime

import msgspec
from msgspec import UNSET, UnsetType
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from nemoserve.access.key import RESETS, Key, KeyChange
from nemoserve.access.usage import KeyUsage, key_usage
from nemoserve.cli.ledger import print_table, tags_of
from nemoserve.cli.store import Store
from nemoserve.http.wire_keys import Body, iso, key_body
from nemoserve.types.caller import Reset
from nemoserve.types.errors import ApiError
from nemoserve.types.money import nano_dollars

_NONE = "none"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_LENGTH = re.compile(r"(\d{1,9})([smhd]?)", re.ASCII)
_OPTIONS = {
    "expires_at": "--expires", "allowed_models": "--model", "allowed_providers": "--provider", "tags": "--tag",
    "overlap_seconds": "--overlap", "limit_reset": "--limit-reset", "requests_per_minute": "--requests-per-minute",
    "tokens_per_minute": "--tokens-per-minute", "reasoning_cap": "--reasoning-cap", "answer_reserve": "--answer-reserve",
    **{name: f"--{name}" for name in ("owner", "limit", "concurrency")},
}  # fmt: skip
"""By the API's names of the same."""
_SHOWN = (
    ("hash", "hash"), ("name", "name"), ("key", "label"), ("role", "role"), ("owner", "owner"), ("tags", "tags"),
    ("state", "state"), ("expires", "expires_at"), ("created", "created_at"), ("changed", "updated_at"),
    ("limit, USD", "limit"), ("resets", "limit_reset"), ("left of it, USD", "limit_remaining"), ("models", "allowed_models"),
    ("providers", "allowed_providers"), ("requests per minute", "requests_per_minute"),
    ("tokens per minute", "tokens_per_minute"), ("at the same time", "concurrency"),
    ("thinking per request", "reasoning_cap"), ("kept for the answer", "answer_reserve"),
    ("prompts and replies kept", "store_content"), ("spent, USD", "usage"), ("today", "usage_daily"),
    ("this week", "usage_weekly"), ("this month", "usage_monthly"),
)  # fmt: skip


def change_of(
    *,
    name: str | None = None,
    owner: str | None,
    tags: list[str] | None,
    limit: str | None,
    limit_reset: str | None,
    expires: str | None,
    models: list[str] | None,
    providers: list[str] | None,
    requests_per_minute: str | None,
    tokens_per_minute: str | None,
    concurrency: str | None,
    reasoning_tokens: str | None,
    answer_reserve: str | None,
    store_content: bool | None,
) -> KeyChange:
    """What the options ask for; None was not given. Raises ValueError with a sentence that names the option."""
    return KeyChange(
        name=UNSET if name is None else name,
        owner=UNSET if owner is None else "" if owner == _NONE else owner,
        tags=UNSET if tags is None else {} if tags == [_NONE] else tags_of(tags),
        store_content=UNSET if store_content is None else store_content,
        expires_at=_expires(expires),
        limit=_money(limit),
        limit_reset=_reset(limit_reset),
        models=_names(models),
        providers=_names(providers),
        requests_per_minute=_number("--requests-per-minute", requests_per_minute),
        tokens_per_minute=_number("--tokens-per-minute", tokens_per_minute),
        concurrency=_number("--concurrency", concurrency),
        reasoning_tokens=_number("--reasoning-cap", reasoning_tokens),
        answer_reserve=_number("--answer-reserve", answer_reserve),
    )


@contextmanager
def options_named() -> Generator[None]:
    """A value that the block refuses is told by its option, and not as the API calls it: raises ValueError."""
    try:
        yield
    except ApiError as error:
        field = str(error.metadata.get("parameter"))
        problem = error.message.removeprefix(f"{field}: ")
        if field not in _OPTIONS or problem == error.message:
            raise
        raise ValueError(f"{_OPTIONS[field]}: {problem.replace(' or null', f' or {_NONE}')}") from None


def seconds(option: str, text: str) -> int:
    """A length of time such as `24h`; without a unit in seconds. Raises ValueError."""
    match = _LENGTH.fullmatch(text)
    if match is None:
        raise ValueError(f"{option}: expected a time such as 90s, 30m, 24h or 7d, got {text!r}.")
    return int(match[1]) * _UNITS[match[2] or "s"]


def show_new(store: Store, key: Key, text: str, *, json: bool) -> None:
    """The one moment at which a key's text is seen."""
    if json:
        _print_json({"data": _body(store, key), "key": text})
        return
    print(f"{key.name} ({key.id}). Keep this key now; it cannot be shown again:", file=sys.stderr)
    print(text)


def show_key(store: Store, key: Key, *, json: bool) -> None:
    body = _body(store, key)
    if json:
        _print_json({"data": body})
        return
    body["state"] = _state(key)
    table = Table.grid(padding=(0, 2))
    for title, field in _SHOWN:
        table.add_row(title, _cell(body[field]))
    console().print(table)


def show_list(store: Store, keys: Sequence[Key], *, json: bool) -> None:
    usage = key_usage(store.database, keys, _now())
    bodies = [key_body(key, usage[key.id]) for key in keys]
    if json:
        _print_json({"data": bodies})
        return
    if not bodies:
        disabled = store.keyring.list(include_disabled=True, limit=1)
        more = "`--all` lists those too" if disabled else "`nemoserve keys create NAME` with the same options makes one"
        print(
            f"There are no keys {'but disabled ones ' if disabled else ''}in {store.database.name}; {more}.",
            file=sys.stderr,
        )
        return
    table = Table(box=None, pad_edge=False)
    for title in ("hash", "name", "key", "role", "owner", "state", "limit, USD", "spent, USD"):
        table.add_column(title)
    for key, body in zip(keys, bodies, strict=True):
        limit = "-" if body["limit"] is None else f"{_cell(body['limit'])} {body['limit_reset'] or ''}"
        cells = (key.id[:8], key.name, key.label, key.role, key.owner, _state(key), limit.strip(), _cell(body["usage"]))
        table.add_row(*(escape(cell) for cell in cells))
    print_table(console(), table)


def show_deleted(key: Key, *, json: bool) -> None:
    if json:
        _print_json({"deleted": True})
    else:
        print(f"{key.name} ({key.id}) is deleted.")


def console() -> Console:
    """For tables: as wide as the terminal; a pipe has no width to keep to."""
    return Console(highlight=False, width=None if sys.stdout.isatty() else 240)


def _body(store: Store, key: Key) -> Body:
    usage: KeyUsage = key_usage(store.database, [key], _now())[key.id]
    return key_body(key, usage)


def _print_json(body: Body) -> None:
    print(msgspec.json.encode(body).decode())


def _state(key: Key) -> str:
    if key.disabled:
        return "disabled"
    if key.expires_at is None:
        return "active"
    return "expired" if key.expires_at <= _now() else f"until {iso(key.expires_at)[:10]}"


def _cell(value: object) -> str:
    if value is None or value == "" or value == {}:
        return "-"
    match value:
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.9f}".rstrip("0").rstrip(".")
        case dict():
            return escape(", ".join(f"{name}={text}" for name, text in value.items()))  # type: ignore[misc]
        case list() | tuple():
            return escape(", ".join(map(str, value)))  # type: ignore[misc]
        case _:
            return escape(str(value))


def _money(text: str | None) -> int | UnsetType | None:
    if text is None:
        return UNSET
    try:
        return None if text == _NONE else nano_dollars(text)
    except ValueError as error:
        raise ValueError(f"--limit: {error}.") from None


def _reset(text: str | None) -> Reset | UnsetType | None:
    if text is None or text == _NONE:
        return UNSET if text is None else None
    for reset in RESETS:
        if text == reset:
            return reset
    raise ValueError(f"--limit-reset: expected {', '.join(RESETS)} or none, got {text!r}.")


def _expires(text: str | None) -> int | UnsetType | None:
    if text is None or text == _NONE:
        return UNSET if text is None else None
    if _LENGTH.fullmatch(text) and text[-1] in _UNITS:
        return _now() + seconds("--expires", text) * 1000
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError(
            f"--expires: expected a day such as 2027-01-31, a time such as 30d, or none; got {text!r}."
        ) from None
    return round((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp() * 1000)


def _names(names: list[str] | None) -> tuple[str, ...] | UnsetType | None:
    return UNSET if not names else None if names == [_NONE] else tuple(names)


def _number(option: str, text: str | None) -> int | UnsetType | None:
    if text is None or text == _NONE:
        return UNSET if text is None else None
    if not (text.isascii() and text.isdigit() and len(text) <= 15):
        raise ValueError(f"{option}: expected a whole number or none, got {text!r}.")
    return int(text)


def _now() -> int:
    return time.time_ns() // 1_000_000
