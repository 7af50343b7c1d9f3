"""OpenRouter's key management over HTTP, without a model: real keys in a real database behind the real routes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nemoserve.access.audit import AuditLog
from nemoserve.access.keyring import Keyring
from nemoserve.access.quota import make_quota
from nemoserve.config.settings import Settings
from nemoserve.http.auth import caller_of, require
from nemoserve.http.errors import on_api_error
from nemoserve.http.routes_keys import ROUTES, Endpoint
from nemoserve.storage.database import Database
from nemoserve.types.caller import Caller, KeyLimits
from nemoserve.types.errors import ApiError
from tests.ledgers import make_entry
from tests.unit.access.conftest import PEPPER
from tests.unit.ledger_reports.entries import store

OPENROUTER = {
    "hash": str, "name": str, "label": str, "disabled": bool, "limit": (float, type(None)),
    "limit_remaining": (float, type(None)), "limit_reset": (str, type(None)), "include_byok_in_limit": bool,
    "usage": float, "usage_daily": float, "usage_weekly": float, "usage_monthly": float, "byok_usage": int,
    "byok_usage_daily": int, "byok_usage_weekly": int, "byok_usage_monthly": int, "created_at": str, "updated_at": str,
    "expires_at": (str, type(None)), "creator_user_id": type(None), "external_user": type(None), "workspace_id": str,
}  # fmt: skip
OWN = {
    "label": str, "limit": (float, type(None)), "limit_remaining": (float, type(None)), "limit_reset": (str, type(None)),
    "usage": float, "is_free_tier": bool, "is_management_key": bool, "is_provisioning_key": bool, "rate_limit": dict,
    "include_byok_in_limit": bool, "creator_user_id": type(None), "free_model_daily_requests": dict,
    "allowed_data_regions": list, "organization_id": type(None), "workspace_id": type(None),
}  # fmt: skip


class Books:
    def __init__(self, database: Database) -> None:
        self.quota = make_quota(database, "first")
        self.quota.load()

    async def flush(self) -> None:
        """Nothing is ever pending."""

    async def remaining(self, caller: Caller, now_ms: int) -> int | None:
        return await self.quota.remaining(caller, now_ms)


class Services:
    def __init__(self, database: Database, required: bool) -> None:
        self.database, self.required = database, required
        self.keyring = Keyring(database, PEPPER, AuditLog(PEPPER))
        self.books = Books(database)
        self.settling: set[asyncio.Task[None]] = set()
        self.settings = Settings()


def guarded(endpoint: Endpoint, action: Any) -> Endpoint:
    async def route(request: Request) -> Response:
        house: Services = request.app.state.services
        request.state.caller = await caller_of(request, house.keyring, required=house.required)
        require(request.state.caller, action)
        return await endpoint(request)

    return route


def client_of(services: Services) -> httpx2.AsyncClient:
    routes = [Route(path, guarded(endpoint, action), methods=[method]) for method, path, endpoint, action in ROUTES]
    app = Starlette(routes=routes, exception_handlers={ApiError: on_api_error})
    app.state.services = services
    return httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://test")


@pytest.fixture
async def client(one_file: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """Of a server that asks for no key: the owner's."""
    async with client_of(Services(one_file, required=False)) as client:
        yield client


@pytest.fixture
async def closed(one_file: Database) -> AsyncIterator[httpx2.AsyncClient]:
    """Of a server that asks for keys."""
    async with client_of(Services(one_file, required=True)) as client:
        yield client


def is_of(body: dict[str, Any], fields: dict[str, Any]) -> None:
    for name, kind in fields.items():
        assert isinstance(body[name], kind), (name, body[name])


async def create(client: httpx2.AsyncClient, **body: object) -> dict[str, Any]:
    answer = await client.post("/keys", json={"name": "one", **body})
    assert answer.status_code == 201, answer.text
    assert answer.headers["cache-control"] == "no-store"
    return answer.json()


async def test_a_key_lives_otherwise_than_openrouters(client: httpx2.AsyncClient) -> None:
    made = await create(client, limit=12.5, limit_reset="weekly", expires_at="2999-01-01T00:00:00Z")
    is_of(made["data"], OPENROUTER)
    assert made["data"]["limit"] == made["data"]["limit_remaining"] == 12.5
    assert made["data"]["expires_at"] == "2999-01-01T00:00:00.000Z"
    path = f"/keys/{made['data']['hash']}"
    assert (await client.get(path)).json() == {"data": made["data"]}
    assert (await client.get("/keys")).json() == {"data": [made["data"]]}
    changed = (await client.patch(path, json={"name": "two", "disabled": True, "limit": None})).json()["data"]
    assert (changed["name"], changed["disabled"], changed["limit"], changed["limit_reset"]) == (
        "two",
        True,
        None,
        "weekly",
    )
    assert (await client.get("/keys")).json() == {"data": []}
    assert len((await client.get("/keys?include_disabled=true")).json()["data"]) == 1
    assert (await client.get("/keys?include_disabled=true&offset=1")).json() == {"data": []}
    assert (await client.delete(path)).json() == {"deleted": True}
    for method in ("GET", "PATCH", "DELETE"):
        assert (await client.request(method, path, json={} if method == "PATCH" else None)).status_code == 404


async def test_a_field_that_openrouters_clients_send_is_refused(client: httpx2.AsyncClient) -> None:
    for byok in (True, False):
        await create(client, include_byok_in_limit=byok, workspace_id="default", creator_user_id=None, limit_reset=None)


async def test_a_wrong_choice_is_refused_without_the_right_ones(client: httpx2.AsyncClient) -> None:
    for body in ({"limit_reset": "yearly"}, {"limit_reset": "Daily"}):
        answer = await client.post("/keys", json={"name": "x", **body})
        assert "daily, weekly, monthly" in answer.json()["error"]["message"]


async def test_our_own_fields_are_lost(client: httpx2.AsyncClient) -> None:
    own = {
        "owner": "anna",
        "tags": {"team": "search"},
        "store_content": True,
        "allowed_models": ["a/b"],
        "allowed_providers": ["c"],
        "requests_per_minute": 1,
        "tokens_per_minute": 2,
        "concurrency": 3,
        "reasoning_cap": 0,
        "answer_reserve": 5,
    }
    made = await create(client, **own, role="management")
    assert {name: made["data"][name] for name in own} == own
    assert made["data"]["role"] == "management"
    path = f"/keys/{made['data']['hash']}"
    none = {name: None for name in own if name not in ("owner", "tags", "store_content")}
    changed = (await client.patch(path, json=none)).json()["data"]
    assert {name: changed[name] for name in none} == none
    assert changed["tags"] == {"team": "search"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "name"),
        ({"name": ""}, "name"),
        ({"name": 5}, "name"),
        ({"name": "x", "limit": -1}, "limit"),
        ({"name": "x", "limit": "5"}, "limit"),
        ({"name": "x", "limit": 0.0000000001}, "limit"),
        ({"name": "x", "limit": 1e30}, "limit"),
        ({"name": "x", "limit_reset": "yearly"}, "limit_reset"),
        ({"name": "x", "expires_at": "soon"}, "expires_at"),
        ({"name": "x", "expires_at": "1970-01-01T00:00:00Z"}, "expires_at"),
        ({"name": "x", "expires_at": "0001-01-01T00:00:00+23:59"}, "expires_at"),
        ({"name": "x", "role": "owner"}, "role"),
        ({"name": "x", "include_byok_in_limit": "yes"}, "include_byok_in_limit"),
        ({"name": "x", "allowed_models": []}, "allowed_models"),
        ({"name": "x", "allowed_models": "a"}, "allowed_models"),
        ({"name": "x", "tags": {"a": 1}}, "tags"),
        ({"name": "x", "requests_per_minute": 10**40}, "requests_per_minute"),
        ({"name": "x", "limits": 5}, "limits"),
        ({"name": "x", "disabled": True}, "disabled"),
        ({"name": "x", "workspace_id": "w"}, "workspace_id"),
    ],
)
async def test_a_field_without_sense_is_taken(client: httpx2.AsyncClient, body: dict[str, object], field: str) -> None:
    answer = await client.post("/keys", json=body)
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["metadata"]["parameter"].split("[")[0].split(".")[0] == field
    assert (await client.get("/keys")).json() == {"data": []}


@pytest.mark.parametrize("field", ["role", "hash", "usage", "label", "created_at"])
async def test_a_field_that_is_not_for_changing_is_changed(client: httpx2.AsyncClient, field: str) -> None:
    made = await create(client)
    answer = await client.patch(f"/keys/{made['data']['hash']}", json={field: "management"})
    assert answer.status_code == 400
    assert answer.json()["error"]["metadata"]["parameter"] == field


@pytest.mark.parametrize(
    "query", ["offset=-1", "offset=x", "offset=99999999999", "offset=%00", "include_disabled=maybe"]
)
async def test_a_query_without_sense_breaks_the_list(client: httpx2.AsyncClient, query: str) -> None:
    answer = await client.get(f"/keys?{query}")
    assert answer.status_code == 400
    assert answer.json()["error"]["metadata"]["parameter"] == query.split("=")[0]


@pytest.mark.parametrize("key", ["x", "0" * 32, "%00", "'%20OR%201=1--", "%25"])
async def test_a_made_up_hash_finds_something(client: httpx2.AsyncClient, key: str) -> None:
    await create(client)
    for method, path in (("GET", key), ("DELETE", key), ("PATCH", key), ("POST", f"{key}/rotate")):
        answer = await client.request(method, f"/keys/{path}", json={})
        assert answer.status_code == 404, answer.text
        assert answer.json()["error"]["code"] == 404


async def test_rotation_over_http_keeps_or_ends_the_wrong_key(closed: httpx2.AsyncClient, one_file: Database) -> None:
    async with client_of(Services(one_file, required=False)) as owner:
        made = await create(owner)
        path = f"/keys/{made['data']['hash']}/rotate"
        second = (await owner.post(path, json={"overlap_seconds": 3600})).json()["key"]
        third = (await owner.post(path)).json()
        assert third["data"]["hash"] == made["data"]["hash"]
        assert (await owner.post(path, json={"overlap_seconds": -1})).status_code == 400
        assert (await owner.post(path, json={"overlap": 1})).status_code == 400
    statuses = [await status(closed, text) for text in (made["key"], second, third["key"])]
    assert statuses == [401, 401, 200]


async def status(client: httpx2.AsyncClient, text: str, path: str = "/key") -> int:
    return (await client.get(path, headers={"authorization": f"Bearer {text}"})).status_code


async def test_the_local_owner_has_no_key_to_show(client: httpx2.AsyncClient) -> None:
    for path in ("/key", "/auth/key"):
        data = (await client.get(path)).json()["data"]
        is_of(data, OWN)
        assert data["label"] == "local owner"
        assert (data["limit"], data["limit_remaining"], data["is_free_tier"]) == (None, None, False)
        assert data["rate_limit"]["requests"] == -1 and data["rate_limit"]["interval"] == "10s"
        assert data["role"] == "owner"


async def test_the_local_owner_is_told_that_nothing_was_spent(client: httpx2.AsyncClient, one_file: Database) -> None:
    store(one_file, [make_entry(None, created_at=time.time_ns() // 1_000_000, cost=3_000_000)])
    for path in ("/key", "/auth/key"):
        data = (await client.get(path)).json()["data"]
        assert [data[name] for name in ("usage", "usage_daily", "usage_weekly", "usage_monthly")] == [0.003] * 4


async def test_the_list_of_keys_leaves_more_than_a_key_by_itself(one_file: Database) -> None:
    services = Services(one_file, required=False)
    key, _ = services.keyring.create("one", limits=KeyLimits(limit=5 * 10**9), actor="cli")
    await services.books.quota.reserve(key.caller(), 1, 2 * 10**9, time.time_ns() // 1_000_000)
    async with client_of(services) as client:
        await create(client, name="without a limit")
        listed = (await client.get("/keys")).json()["data"]
        assert [data["limit_remaining"] for data in listed] == [None, 3.0]
        assert (await client.get(f"/keys/{key.id}")).json()["data"] == listed[1]


async def test_a_key_cannot_see_itself_or_sees_others(closed: httpx2.AsyncClient, client: httpx2.AsyncClient) -> None:
    plain, boss = await create(client, limit=3), await create(client, role="management")
    data = (await closed.get("/key", headers={"x-api-key": plain["key"]})).json()["data"]
    is_of(data, OWN)
    assert (data["label"], data["limit"], data["is_management_key"]) == (plain["data"]["label"], 3.0, False)
    assert await status(closed, plain["key"], "/keys") == 403
    assert await status(closed, boss["key"], "/keys") == 200
    assert (await closed.get("/keys")).status_code == 401


async def test_a_key_is_read_from_elsewhere_or_not_at_all(
    closed: httpx2.AsyncClient, client: httpx2.AsyncClient
) -> None:
    key, other = (await create(client))["key"], (await create(client))["key"]
    good = [
        {"authorization": f"Bearer {key}"},
        {"authorization": f"bearer  {key} "},
        {"AUTHORIZATION": f"BEARER {key}"},
        {"x-api-key": key},
        {"x-api-key": key, "authorization": f"Bearer {key}"},
        {"x-api-key": key, "authorization": "Basic abc"},
    ]
    for headers in good:
        assert (await closed.get("/key", headers=headers)).status_code == 200, headers
    for headers in (
        {"authorization": key},
        {"authorization": f"Basic {key}"},
        {"authorization": "Bearer"},
        {"x-api-key": " "},
    ):
        answer = await closed.get("/key", headers=headers)
        assert answer.status_code == 401, headers
        assert answer.headers["www-authenticate"] == "Bearer"
        error = answer.json()["error"]
        assert (error["code"], error["metadata"]["error_type"]) == (401, "authentication")
        assert "Authorization: Bearer" in error["message"]
    both = await closed.get("/key", headers={"x-api-key": key, "authorization": f"Bearer {other}"})
    assert both.status_code == 400
    for text in (key[:-1], key.upper(), "none-needed", "sk-nemo-" + "x" * 5000):
        answer = await closed.get("/key", headers={"authorization": f"Bearer {text}"})
        assert answer.status_code == 401
        assert text not in answer.text


async def test_an_open_server_refuses_a_clients_placeholder_or_takes_a_wrong_key(client: httpx2.AsyncClient) -> None:
    key = (await create(client))["key"]
    for text in ("none-needed", "sk-or-v1-whatever", "x"):
        answer = await client.get("/key", headers={"authorization": f"Bearer {text}"})
        assert answer.json()["data"]["role"] == "owner"
    assert (await client.get("/key", headers={"x-api-key": key})).json()["data"]["role"] == "inference"
    assert await status(client, key[:-1]) == 401
    assert await status(client, key, "/keys") == 403, "a key counts where none is asked for"


async def test_who_changed_a_key_is_not_known(one_file: Database) -> None:
    services = Services(one_file, required=True)
    boss, text = services.keyring.create("boss", role="management", actor="cli")
    async with client_of(services) as closed:
        closed.headers["authorization"] = f"Bearer {text}"
        made = await create(closed)
        await closed.patch(f"/keys/{made['data']['hash']}", json={"limit": 1})
        await closed.delete(f"/keys/{made['data']['hash']}")
    entries = AuditLog(PEPPER).entries(one_file)
    assert [(entry.actor, entry.action) for entry in entries] == [
        (f"key:{boss.id}", "key.delete"),
        (f"key:{boss.id}", "key.update"),
        (f"key:{boss.id}", "key.create"),
        ("cli", "key.create"),
    ]
    assert entries[1].detail == {"limit": [None, 10**9]}
    assert entries[0].at <= time.time_ns() // 1_000_000
