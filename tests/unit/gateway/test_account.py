"""What an account is told over HTTP: real books on a real database behind the real routes, without a model."""

from __future__ import annotations

import asyncio
import csv
import io
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, NamedTuple, get_args

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nemoserve.access.policy import Action, allowed
from nemoserve.http import routes_account, settled
from nemoserve.http.errors import on_api_error
from nemoserve.http.routes_account import ROUTES
from nemoserve.ledger.books import Books
from nemoserve.ledger.content import Said, content_body
from nemoserve.storage.database import Database
from nemoserve.types.caller import ANONYMOUS, LOCAL, Caller
from nemoserve.types.entry import Entry
from nemoserve.types.errors import ApiError
from nemoserve.types.usage import Usage
from tests.ledgers import NOON, PRICE, attempt, make_books, make_caller, make_entry, running
from tests.unit.ledger_reports.entries import store

KEY = make_caller("key")
CALLERS = {
    "anonymous": ANONYMOUS,
    "key": KEY,
    "other": make_caller("other"),
    "management": Caller(role="management", key_id="boss"),
    "owner": LOCAL,
}
USAGE = Usage(11, 22, 7)


class UnderWay(NamedTuple):
    caller: Caller


class Services:
    def __init__(self, database: Database, books: Books) -> None:
        self.database, self.books = database, books
        self.settling: set[asyncio.Task[None]] = set()
        self.running: dict[str, UnderWay] = {}


def guarded(endpoint: Callable[..., Any], action: Action) -> Callable[..., Any]:
    async def route(request: Request) -> Response:
        request.state.caller = CALLERS[request.headers.get("who", "owner")]
        if not allowed(request.state.caller, action):
            raise ApiError("permission_denied", "no")
        return await endpoint(request)

    return route


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    """The day after the lines' own."""
    monkeypatch.setattr(routes_account, "_now", lambda: NOON + 86_400_000)


@pytest.fixture
async def books(database: Database, tmp_path: Path) -> AsyncIterator[Books]:
    async with running(make_books(database, tmp_path)) as books:
        yield books


@pytest.fixture
def services(database: Database, books: Books) -> Services:
    return Services(database, books)


@pytest.fixture
async def client(services: Services, now: None) -> AsyncIterator[httpx2.AsyncClient]:
    routes = [Route(path, guarded(endpoint, action), methods=[method]) for method, path, endpoint, action in ROUTES]
    app = Starlette(routes=routes, exception_handlers={ApiError: on_api_error})
    app.state.services = services
    async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test") as client:
        yield client


async def test_what_has_just_ended_is_not_there_yet(client: httpx2.AsyncClient, books: Books) -> None:
    entry = await attempt(books, KEY, USAGE, outcome="cancelled", finish_reason=None)
    answer = await client.get("/generation", params={"id": entry.generation_id}, headers={"who": "key"})
    body = answer.json()["data"]
    assert (body["id"], body["cancelled"], body["native_tokens_reasoning"]) == (entry.generation_id, True, 7)
    assert body["total_cost"] == body["usage"] == entry.cost / 1e9 > 0
    assert datetime.fromisoformat(body["created_at"]) == datetime.fromtimestamp(NOON / 1000, UTC)


async def test_what_is_still_counted_is_left_out_or_waited_for_without_end(
    client: httpx2.AsyncClient, books: Books, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[Entry] = []

    async def settle_later() -> None:
        await asyncio.sleep(0.1)
        made.append(await attempt(books, KEY, USAGE))

    services.settling.add(asyncio.create_task(settle_later()))
    answer = await client.get("/credits", headers={"who": "owner"})
    assert answer.json()["data"]["total_usage"] == made[0].cost / 1e9 > 0
    monkeypatch.setattr(settled, "_COUNT_S", 0.05)
    stuck = asyncio.create_task(asyncio.sleep(60))
    services.settling.add(stuck)
    assert (await client.get("/credits", headers={"who": "owner"})).status_code == 200
    assert not stuck.done(), "it is left alone"
    stuck.cancel()


@pytest.mark.parametrize("path", ["/generation", "/generation/content"])
async def test_who_cuts_a_stream_and_asks_at_once_is_told_that_there_is_nothing(
    client: httpx2.AsyncClient, books: Books, services: Services, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    services.running["gen-cut"] = UnderWay(KEY)

    async def notice_late() -> None:
        await asyncio.sleep(0.4)
        entry = make_entry("key", id="gen-cut-1", generation_id="gen-cut")
        hold = await books.hold(KEY, PRICE, prompt_tokens=11, completion_tokens=22, now_ms=NOON)
        books.settle(books.open(entry, hold, lambda: USAGE), USAGE, outcome="cancelled")
        books.content("gen-cut", "key", NOON, content_body({"prompt": "p"}, [Said(completion="c")]))
        del services.running["gen-cut"]

    noticed = asyncio.create_task(notice_late())
    answer = await client.get(path, params={"id": "gen-cut"}, headers={"who": "other"})
    assert answer.status_code == 404 and not noticed.done(), "another's is not waited for"
    answer = await client.get(path, params={"id": "gen-cut"}, headers={"who": "key"})
    assert (answer.status_code, noticed.done()) == (200, True)
    services.running["gen-long"] = UnderWay(KEY)
    monkeypatch.setattr(routes_account, "_NOTICED_S", 0.03)
    answer = await client.get(path, params={"id": "gen-long"}, headers={"who": "key"})
    assert answer.status_code == 404 and "is under way" in answer.json()["error"]["message"]


@pytest.mark.parametrize("database_place", ["postgresql"], indirect=True)
@pytest.mark.parametrize("path", ["/generation", "/generation/content"])
async def test_a_reply_of_another_server_is_unknown_here(
    client: httpx2.AsyncClient, database: Database, tmp_path: Path, path: str
) -> None:
    """A balancer may send the client that has just had its reply to a server that does not know what the first is about to write."""
    async with running(make_books(database, tmp_path / "other", "second")) as elsewhere:
        entry = await attempt(elsewhere, KEY, USAGE)
        elsewhere.content(entry.generation_id, "key", NOON, content_body({"prompt": "p"}, [Said(completion="c")]))
        answer = await client.get(path, params={"id": entry.generation_id}, headers={"who": "key"})
    assert answer.status_code == 200, answer.text


async def test_an_id_of_a_refusal_is_unknown_without_a_word(client: httpx2.AsyncClient) -> None:
    answer = await client.get("/generation", params={"id": "gen-1"}, headers={"who": "key"})
    assert answer.status_code == 404
    assert "refused before it began has none" in answer.json()["error"]["message"]


async def test_a_key_reads_or_deletes_what_is_anothers(client: httpx2.AsyncClient, books: Books) -> None:
    entry = await attempt(books, KEY, USAGE)
    books.content(entry.generation_id, "key", NOON, content_body({"prompt": "p"}, [Said(completion="c")]))
    ways = [("GET", "/generation"), ("GET", "/generation/content"), ("DELETE", "/generation/content")]
    for method, path in ways:
        texts: set[str] = set()
        for id in (entry.generation_id, "gen-unknown"):
            answer = await client.request(method, path, params={"id": id}, headers={"who": "other"})
            assert answer.status_code == 404
            texts.add(answer.text.replace(id, "ID"))
        assert len(texts) == 1, "the answer tells that there is something"
    for who in ("key", "management", "owner"):
        for method, path in ways[:2]:
            answer = await client.request(method, path, params={"id": entry.generation_id}, headers={"who": who})
            assert answer.status_code == 200
    answer = await client.get("/generation/content", params={"id": entry.generation_id}, headers={"who": "key"})
    assert answer.json()["data"] == {
        "input": {"prompt": "p"},
        "output": {"completion": "c", "reasoning": None, "tool_calls": [], "other_choices": []},
        "error": None,
    }


async def test_deleted_content_can_be_read(client: httpx2.AsyncClient, books: Books) -> None:
    entry = await attempt(books, KEY, USAGE)
    books.content(entry.generation_id, "key", NOON, content_body({"prompt": "p"}, [Said(completion="c")]))
    params, headers = {"id": entry.generation_id}, {"who": "key"}
    gone = await client.delete("/generation/content", params=params, headers=headers)
    assert (gone.status_code, gone.json()) == (200, {"deleted": True})
    for method in ("GET", "DELETE"):
        answer = await client.request(method, "/generation/content", params=params, headers=headers)
        assert answer.status_code == 404
        error = answer.json()["error"]
        assert "or it was deleted" in error["message"] and "store_content" in error["message"]
        assert error["metadata"] == {"error_type": "not_found", "parameter": "id"}
    assert (await client.get("/generation", params=params, headers=headers)).status_code == 200, "the line stays"


async def test_a_generation_that_there_is_is_called_unknown_as_nothing_was_kept_of_it(
    client: httpx2.AsyncClient, books: Books
) -> None:
    entry = await attempt(books, KEY, USAGE)
    answers = {
        who: await client.get("/generation/content", params={"id": entry.generation_id}, headers={"who": who})
        for who in ("key", "management", "owner", "other")
    }
    assert {answer.status_code for answer in answers.values()} == {404}
    told = {who: answer.json()["error"]["message"] for who, answer in answers.items()}
    mend = "a key keeps content from when its store_content is true"
    assert {who for who, message in told.items() if mend in message} == {"key", "management", "owner"}
    assert "refused before it began has none" in told["other"]


async def test_a_key_reads_the_books_of_all(client: httpx2.AsyncClient) -> None:
    for path in ("/credits", "/activity"):
        expected = {"anonymous": 403, "key": 403, "management": 200, "owner": 200}
        assert {who: (await client.get(path, headers={"who": who})).status_code for who in expected} == expected, path
    assert all(action in get_args(Action) for _, _, _, action in ROUTES)


async def test_activity_leaves_out_a_day_or_takes_too_many(
    client: httpx2.AsyncClient, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    entries = [await attempt(books, KEY, USAGE) for _ in range(3)]
    expected = {
        "date": "2026-11-21", "model": "m", "model_permaslug": "m", "endpoint_id": "nemoserve/m",
        "provider_name": "nemoserve", "usage": 3 * entries[0].cost / 1e9, "byok_usage_inference": 0, "requests": 3,
        "prompt_tokens": 33, "completion_tokens": 66, "reasoning_tokens": 21,
    }  # fmt: skip
    assert (await client.get("/activity")).json() == {"data": [expected]}
    assert (await client.get("/activity?date=2026-11-21")).json() == {"data": [expected]}
    assert (await client.get("/activity?date=2026-11-20")).json() == {"data": []}
    assert (await client.get("/credits")).json() == {"data": {"total_credits": 0, "total_usage": expected["usage"]}}
    monkeypatch.setattr(routes_account, "_now", lambda: NOON)
    assert (await client.get("/activity")).json() == {"data": []}, "today is not over"
    assert (await client.get("/activity?include_today=true")).json() == {"data": [expected]}


async def test_a_filter_is_ignored(client: httpx2.AsyncClient, database: Database, books: Books) -> None:
    mine = make_entry(
        "k", owner="o", tags={"team": "a=b"}, app_url="u", app_title="t", user="me", session_id="s", model="x", cost=1
    )
    store(database, [mine, make_entry("l", provider="y", cost=10)])
    for name, value in {
        "key": "k", "api_key_hash": "k", "owner": "o", "tag": "team=a=b", "app": "t", "user": "me", "session": "s",
        "model": "x", "provider": "nemoserve",
    }.items():  # fmt: skip
        found = (await client.get("/activity", params={name: value})).json()["data"]
        assert [(item["usage"], item["requests"]) for item in found] == [(1e-9, 1)], name


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ("/activity?date=yesterday", "date"),
        ("/activity?date=2026-11-20&include_today=true", "include_today"),
        ("/activity?include_today=perhaps", "include_today"),
        ("/activity?format=xml", "format"),
        ("/activity?tag=team", "tag"),
        ("/activity?tag=a%22b=c", "tag"),
        ("/activity?tag=a=1&tag=a=2", "tag"),
        ("/activity?key=a&key=b", "key"),
        ("/activity?key=a&api_key_hash=b", "key"),
        ("/activity?user=%00", "user"),
        ("/activity?colour=red", "colour"),
        ("/credits?x=1", "x"),
        ("/generation", "id"),
        ("/generation?id=", "id"),
        ("/generation?id=%00", "id"),
        ("/generation/content?id=" + 501 * "a", "id"),
    ],
)
async def test_a_senseless_query_is_answered(client: httpx2.AsyncClient, query: str, parameter: str) -> None:
    answer = await client.get(query)
    assert answer.status_code == 400, answer.text
    error = answer.json()["error"]
    assert error["metadata"]["parameter"] == parameter
    assert error["message"].startswith(f"{parameter}: ")


async def test_a_spreadsheet_gets_json(client: httpx2.AsyncClient, books: Books) -> None:
    entry = await attempt(books, KEY, USAGE)
    for answer in (
        await client.get("/activity?format=csv"),
        await client.get("/activity", headers={"accept": "text/csv; charset=utf-8, */*"}),
    ):
        assert answer.headers["content-type"].startswith("text/csv")
        (row,) = csv.DictReader(io.StringIO(answer.text))
        assert (row["date"], row["requests"], row["usage"]) == ("2026-11-21", "1", f"0.{entry.cost:09}")
    json = await client.get("/activity?format=json", headers={"accept": "text/csv"})
    assert json.headers["content-type"] == "application/json"


async def test_a_database_that_is_away_is_waited_for(
    client: httpx2.AsyncClient, database: Database, books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def never() -> None:
        await asyncio.Event().wait()

    monkeypatch.setattr(books, "flush", never)
    monkeypatch.setattr(settled, "FLUSH_S", 0.05)
    answer = await client.get("/credits")
    assert (answer.status_code, "retry-after" in answer.headers) == (503, True)
