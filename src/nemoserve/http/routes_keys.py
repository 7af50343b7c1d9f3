"""The routes that manage keys, and the one that tells a key about itself. Knows paths and statuses; bodies are `wire_keys`'s."""

from __future__ import annotations

import asyncio
import builtins
import time
from collections.abc import Awaitable, Callable
from typing import ParamSpec, Protocol, TypeVar

import msgspec
from msgspec import UNSET
from sqlalchemy.exc import InterfaceError, OperationalError, TimeoutError
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.access.key import Key
from nemoserve.access.keyring import Keyring
from nemoserve.access.policy import Action
from nemoserve.access.usage import KeyUsage, key_usage, keyless_usage
from nemoserve.config.settings import Settings
from nemoserve.http import wire_keys
from nemoserve.http.body import read_body
from nemoserve.http.settled import FLUSH_S, Books, Settling, all_settled
from nemoserve.http.wire_keys import Body, change_of, key_body, limits_of, own_body
from nemoserve.storage.database import Database, StorageError
from nemoserve.types.caller import Caller
from nemoserve.types.errors import ApiError, invalid

P = ParamSpec("P")
T = TypeVar("T")

_LAST_OFFSET = 10**9


class _Books(Books, Protocol):
    async def remaining(self, caller: Caller, now_ms: int) -> int | None: ...


class _House(Settling, Protocol):
    """What these routes need of the application's services."""

    @property
    def books(self) -> _Books: ...

    @property
    def keyring(self) -> Keyring: ...

    @property
    def database(self) -> Database: ...

    @property
    def settings(self) -> Settings: ...


async def list_keys(request: Request) -> Response:
    """GET /v1/keys?offset=0&include_disabled=false: a hundred keys, the newest first."""
    house = _house(request)
    offset, disabled = _offset(request), _flag(request, "include_disabled")
    await _written(house)
    keys = await _done(house.keyring.list, include_disabled=disabled, offset=offset)
    usage = await _usage_now(house, keys)
    return _json({"data": [key_body(key, usage[key.id]) for key in keys]})


async def create_key(request: Request) -> Response:
    """POST /v1/keys: a new key; its text is in the answer, as `key`, and nowhere else."""
    house = _house(request)
    body = wire_keys.create_body(await read_body(request, house.settings.max_body_bytes))
    change = change_of(body)
    key, text = await _done(
        house.keyring.create,
        body.name,
        role=body.role,
        owner=change.owner or "",
        tags=change.tags or {},
        limits=limits_of(change),
        expires_at=None if change.expires_at is UNSET else change.expires_at,
        store_content=bool(change.store_content),
        actor=_actor(request),
    )
    return _json({"data": key_body(key, KeyUsage(remaining=key.limits.limit)), "key": text}, 201)


async def get_key(request: Request) -> Response:
    """GET /v1/keys/{hash}"""
    house = _house(request)
    await _written(house)
    return await _one(house, await _done(house.keyring.get, _hash(request)))


async def update_key(request: Request) -> Response:
    """PATCH /v1/keys/{hash}: what the body names is changed, null takes a limit away."""
    house = _house(request)
    body = wire_keys.update_body(await read_body(request, house.settings.max_body_bytes))
    await _written(house)
    key = await _done(house.keyring.update, _hash(request), change_of(body), actor=_actor(request))
    return await _one(house, key)


async def delete_key(request: Request) -> Response:
    """DELETE /v1/keys/{hash}"""
    house = _house(request)
    await _done(house.keyring.delete, _hash(request), actor=_actor(request))
    return _json({"deleted": True})


async def rotate_key(request: Request) -> Response:
    """POST /v1/keys/{hash}/rotate: a new text for the same key; the old one works `overlap_seconds` longer."""
    house = _house(request)
    body = wire_keys.rotate_body(await read_body(request, house.settings.max_body_bytes))
    await _written(house)
    key, text = await _done(house.keyring.rotate, _hash(request), body.overlap_seconds, actor=_actor(request))
    return _json({"data": key_body(key, (await _usage_now(house, [key]))[key.id]), "key": text})


async def own_key(request: Request) -> Response:
    """GET /v1/key and GET /v1/auth/key: what the key that is shown may do and has spent."""
    house = _house(request)
    caller: Caller = request.state.caller
    await _written(house)
    if caller.key_id is None:
        return _json({"data": own_body(None, await _done(keyless_usage, house.database, _now()))})
    key = await _done(house.keyring.get, caller.key_id)
    return _json({"data": own_body(key, (await _usage_now(house, [key]))[key.id])})


Endpoint = Callable[[Request], Awaitable[Response]]

ROUTES: list[tuple[str, str, Endpoint, Action]] = [
    ("GET", "/keys", list_keys, "manage_keys"),
    ("POST", "/keys", create_key, "manage_keys"),
    ("GET", "/keys/{hash}", get_key, "manage_keys"),
    ("PATCH", "/keys/{hash}", update_key, "manage_keys"),
    ("DELETE", "/keys/{hash}", delete_key, "manage_keys"),
    ("POST", "/keys/{hash}/rotate", rotate_key, "manage_keys"),
    ("GET", "/key", own_key, "read_own_key"),
    ("GET", "/auth/key", own_key, "read_own_key"),
]
"""Method, path below the API's prefix, endpoint, and what the caller has to be allowed."""


def _house(request: Request) -> _House:
    return request.app.state.services


def _actor(request: Request) -> str:
    caller: Caller = request.state.caller
    return "owner" if caller.key_id is None else f"key:{caller.key_id}"


def _hash(request: Request) -> str:
    return request.path_params["hash"]


async def _one(house: _House, key: Key) -> Response:
    return _json({"data": key_body(key, (await _usage_now(house, [key]))[key.id])})


async def _usage_now(house: _House, keys: list[Key]) -> dict[str, KeyUsage]:
    """By key id; what is held for replies under way is gone from what remains, as in the header that tells it.

    Comes after `_written`.
    """
    usage = await _done(key_usage, house.database, keys, _now())
    for key in keys:
        if key.limits.limit is not None:
            remaining = await house.books.remaining(key.caller(), _now())
            usage[key.id] = msgspec.structs.replace(usage[key.id], remaining=remaining)
    return usage


async def _written(house: _House) -> None:
    """Waits until what has been used is known. Comes before any change: what ends in a 503 has changed nothing.

    Raises ApiError (503) when that takes too long.
    """
    try:
        await all_settled(house)
    except (builtins.TimeoutError, StorageError) as error:
        raise _unreachable() from error


async def _done(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """What `work` gives, run in a thread. Raises ApiError (503) when the database fails it."""
    try:
        return await asyncio.to_thread(work, *args, **kwargs)
    except (OperationalError, InterfaceError, TimeoutError, StorageError) as error:
        raise _unreachable() from error


def _unreachable() -> ApiError:
    message = "The database with the keys and their usage cannot be reached at the moment, or another program locks it."
    return ApiError("provider_overloaded", message, retry_after_s=FLUSH_S)


def _json(body: Body, status: int = 200) -> Response:
    # Some of these answers hold a key: no cache on the way may keep them.
    return Response(msgspec.json.encode(body), status, {"cache-control": "no-store"}, "application/json")


def _now() -> int:
    return time.time_ns() // 1_000_000


def _offset(request: Request) -> int:
    text = request.query_params.get("offset", "0")
    if not (text.isascii() and text.isdigit() and len(text) <= 10 and int(text) <= _LAST_OFFSET):
        raise invalid("offset", f"expected 0 to {_LAST_OFFSET}, got {text[:40]!r}")
    return int(text)


def _flag(request: Request, name: str) -> bool:
    text = request.query_params.get(name, "false").lower()
    if text not in ("true", "false", "1", "0"):
        raise invalid(name, f"expected true or false, got {text[:40]!r}")
    return text in ("true", "1")
