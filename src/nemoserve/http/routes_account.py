"""The routes that tell what was used: generations, their content, credits, activity. Knows queries; the sums are the ledger's.

Whether a caller may come here at all is decided by the action in `ROUTES`; whose generations it sees, by `may_see`.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from functools import partial
from typing import Protocol, TypeVar

import msgspec
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.access.policy import Action, may_see
from nemoserve.http.settled import FLUSH_S, Settling, all_settled
from nemoserve.http.wire_account import ACTIVITY, activity_item, credits_body, generation_body
from nemoserve.http.wire_reply import Body
from nemoserve.ledger import content, reports
from nemoserve.ledger.generations import Generation, generation
from nemoserve.ledger.periods import day
from nemoserve.ledger.selection import Selection
from nemoserve.ledger.sheet import amount, csv_text
from nemoserve.storage.database import Database, StorageError
from nemoserve.types.caller import Caller
from nemoserve.types.errors import ApiError, invalid

T = TypeVar("T")

_LONGEST = 500
_NOTICED_S = 2.0
"""Until then it is noticed that a client has left, and its engine stopped."""
_LOOK_S = 0.01
_WRITTEN_S = 0.1
"""What other servers have ended is in the database by then, where that works."""
_WHY = "; a reply has one when it has ended, and a request that was refused before it began has none"
_NOT_KEPT = "its key did not ask for that, or it was deleted; a key keeps content from when its store_content is true"
_FILTERS = ("owner", "app", "user", "session", "model", "provider")
_KEYS = ("key", "api_key_hash")
"""Ours, and OpenRouter's name of the same."""


class Running(Protocol):
    """What is asked of a reply under way."""

    @property
    def caller(self) -> Caller: ...


class House(Settling, Protocol):
    """What the routes need of the server."""

    @property
    def database(self) -> Database: ...

    @property
    def running(self) -> Mapping[str, Running]: ...


async def get_generation(request: Request) -> Response:
    """GET /v1/generation?id="""
    generation_id = _id(request)
    await _over(request, generation_id)

    def work(connection: Connection) -> Generation | None:
        found = generation(connection, generation_id)
        return None if found is None or not may_see(_caller(request), found.answered.key_id) else found

    return _json({"data": generation_body(await _one(request, generation_id, work))})


async def get_content(request: Request) -> Response:
    """GET /v1/generation/content?id="""
    generation_id = _id(request)
    kept = await _kept(request, generation_id)
    return Response(f'{{"data":{kept.body}}}'.encode(), media_type="application/json")


async def delete_content(request: Request) -> Response:
    """DELETE /v1/generation/content?id=: the prompt and the reply are gone then; the line of the ledger stays."""
    generation_id = _id(request)
    await _kept(request, generation_id)
    await _read(request, partial(content.delete_one, generation_id=generation_id))
    return _json({"deleted": True})


async def get_credits(request: Request) -> Response:
    """GET /v1/credits"""
    _only(request)

    def work(database: Database) -> reports.Credits:
        with database.read() as connection:
            return reports.credit(connection, _now())

    return _json({"data": credits_body(await _read(request, work))})


async def get_activity(request: Request) -> Response:
    """GET /v1/activity

    `date`: one UTC day, instead of the last 30 that are over; `include_today=true` adds today to those. Filters: `key` or
    `api_key_hash`, `owner`, `app`, `user`, `session`, `model`, `provider`, and `tag=NAME=VALUE`, which may be repeated.
    `format=csv`, or `Accept: text/csv`, gives a table.
    """
    _only(request, "date", "include_today", "format", "tag", *_KEYS, *_FILTERS)
    which = _selection(request)
    as_csv = _format(request) == "csv"

    def work(database: Database) -> list[reports.Used]:
        with database.read() as connection:
            return reports.activity(connection, which)

    lines = await _read(request, work)
    if not as_csv:
        return _json({"data": [activity_item(line) for line in lines]})
    rows = [{**activity_item(line), "usage": amount(line.cost)} for line in lines]
    headers = {"content-disposition": 'attachment; filename="activity.csv"'}
    return Response(csv_text(ACTIVITY, rows), headers=headers, media_type="text/csv")


ROUTES: list[tuple[str, str, Callable[[Request], Awaitable[Response]], Action]] = [
    ("GET", "/generation", get_generation, "read_generation"),
    ("GET", "/generation/content", get_content, "read_content"),
    ("DELETE", "/generation/content", delete_content, "delete_content"),
    ("GET", "/credits", get_credits, "read_usage_all"),
    ("GET", "/activity", get_activity, "read_usage_all"),
]


async def _over(request: Request, generation_id: str) -> None:
    """Waits for the caller's reply to end: who has cut it off may ask before that is noticed. Raises ApiError (404) if it goes on."""
    house: House = request.app.state.services
    until = time.monotonic() + _NOTICED_S
    while (running := house.running.get(generation_id)) and may_see(_caller(request), running.caller.key_id):
        if time.monotonic() >= until:
            message = f"id: {generation_id[:80]!r} is under way; ask again when it has ended"
            raise ApiError("not_found", message, metadata={"parameter": "id"})
        await asyncio.sleep(_LOOK_S)


async def _kept(request: Request, generation_id: str) -> content.Kept:
    await _over(request, generation_id)

    def work(connection: Connection) -> content.Kept | Generation | None:
        if (kept := content.read(connection, generation_id)) is not None:
            return kept if may_see(_caller(request), kept.key_id) else None
        found = generation(connection, generation_id)
        return None if found is None or not may_see(_caller(request), found.answered.key_id) else found

    found = await _one(request, generation_id, work)
    if isinstance(found, Generation):
        message = f"id: nothing is kept of what was said in {generation_id[:80]!r}: {_NOT_KEPT}"
        raise ApiError("not_found", message, metadata={"parameter": "id"})
    return found


async def _one(request: Request, generation_id: str, work: Callable[[Connection], T | None]) -> T:
    """What `work` finds of a generation; what another server has just ended is waited for. Raises ApiError: 404, 503."""

    def look(database: Database) -> T | None:
        with database.read() as connection:
            return work(connection)

    house: House = request.app.state.services
    found = await _read(request, look)
    if found is None and house.database.dialect != "sqlite":
        await asyncio.sleep(_WRITTEN_S)
        found = await _read(request, look)
    if found is None:
        raise _unknown(generation_id)
    return found


async def _read(request: Request, work: Callable[[Database], T]) -> T:
    """What `work` finds, run in a thread, once all that has ended is written. Raises ApiError (503)."""
    house: House = request.app.state.services
    try:
        await all_settled(house)
        return await asyncio.to_thread(work, house.database)
    except (TimeoutError, SQLAlchemyError) as error:
        message = "The ledger cannot be read at the moment; try again."
        raise ApiError("provider_overloaded", message, retry_after_s=FLUSH_S) from error
    except StorageError as error:
        message = "It is deleted, but its bytes stay on the disk until content is deleted or expires the next time."
        raise ApiError("provider_overloaded", message, retry_after_s=FLUSH_S) from error


def _selection(request: Request) -> Selection:
    query = request.query_params
    if "date" in query:
        if "include_today" in query:
            raise invalid("include_today", "does not go with date")
        try:
            since, until = day(query["date"])
        except ValueError as error:
            raise invalid("date", str(error)) from None
    else:
        since, until = reports.activity_span(_now(), include_today=_flag(request, "include_today"))
    keys = tuple(query[name] for name in _KEYS if name in query)
    if len(keys) > 1:
        raise invalid("key", "is the same as api_key_hash; give one of them")
    which = Selection(
        since=since,
        until=until,
        keys=keys or None,
        tags=_tags(query.getlist("tag")),
        **{name: query[name] for name in _FILTERS if name in query},
    )
    try:
        which.conditions("sqlite")
    except ValueError as error:
        raise invalid("tag", str(error)) from None
    return which


def _tags(given: list[str]) -> dict[str, str]:
    tags: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise invalid("tag", f"expected NAME=VALUE, got {text[:40]!r}")
        if tags.setdefault(name, value) != value:
            raise invalid("tag", f"{name[:40]!r} cannot have two values")
    return tags


def _format(request: Request) -> str:
    given = request.query_params.get("format")
    if given is None:
        accepted = request.headers.get("accept", "").split(",")
        return "csv" if accepted[0].partition(";")[0].strip().lower() == "text/csv" else "json"
    if given not in ("json", "csv"):
        raise invalid("format", f"expected json or csv, got {given[:40]!r}")
    return given


def _flag(request: Request, name: str) -> bool:
    given = request.query_params.get(name, "false").lower()
    if given not in ("true", "false", "1", "0"):
        raise invalid(name, f"expected true or false, got {given[:40]!r}")
    return given in ("true", "1")


def _id(request: Request) -> str:
    _only(request, "id")
    given = request.query_params.get("id", "")
    if not given:
        raise invalid("id", "required: a generation's id, as the header X-Generation-Id tells it")
    return given


def _only(request: Request, *known: str) -> None:
    """Raises ApiError (400) for what is not known here, is there twice, or cannot be meant."""
    for name in request.query_params:
        values = request.query_params.getlist(name)
        if name not in known:
            raise invalid(name[:40], "there is no such parameter here")
        if len(values) > 1 and name != "tag":
            raise invalid(name, "may be there once")
        if any(len(value) > _LONGEST or "\0" in value for value in values):
            raise invalid(name, f"at most {_LONGEST} characters, none of them NUL")


def _unknown(generation_id: str) -> ApiError:
    # The same for another's: who may not see it does not learn that it is there.
    message = f"id: there is no generation called {generation_id[:80]!r}{_WHY}"
    return ApiError("not_found", message, metadata={"parameter": "id"})


def _caller(request: Request) -> Caller:
    return request.state.caller


def _now() -> int:
    return time.time_ns() // 1_000_000


def _json(body: Body) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
