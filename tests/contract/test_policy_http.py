"""Fear: a route that somebody may use who must not. Every route of a running server, tried by everybody who may come along."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import msgspec
import pytest
import requests
from starlette.routing import Route

from nemoserve.config.settings import Settings
from nemoserve.http import routes
from tests.gateway import Gateway, start_gateway
from tests.keyholders import bearer, make_key
from tests.servers import wait_until

ANYBODY, KEYS, INFERENCE, MANAGEMENT = (
    {"nobody", "inference", "management"},
    {"inference", "management"},
    {"inference"},
    {"management"},
)
_API = {
    "POST /chat/completions": INFERENCE,
    "POST /chat/completions/{id}/control": INFERENCE,
    "POST /completions": INFERENCE,
    "GET /models": KEYS,
    "GET /models/count": KEYS,
    "GET /models/user": KEYS,
    "GET /models/{id:path}/endpoints": KEYS,
    "GET /models/{id:path}": KEYS,
    "GET /model/{id:path}": KEYS,
    "GET /endpoints/zdr": KEYS,
    "GET /providers": KEYS,
    "GET /keys": MANAGEMENT,
    "POST /keys": MANAGEMENT,
    "GET /keys/{hash}": MANAGEMENT,
    "PATCH /keys/{hash}": MANAGEMENT,
    "DELETE /keys/{hash}": MANAGEMENT,
    "POST /keys/{hash}/rotate": MANAGEMENT,
    "GET /key": KEYS,
    "GET /auth/key": KEYS,
    "GET /generation": KEYS,
    "GET /generation/content": KEYS,
    "DELETE /generation/content": KEYS,
    "GET /credits": MANAGEMENT,
    "GET /activity": MANAGEMENT,
}
_SERVICE = {"POST /tokenize": INFERENCE, "POST /detokenize": INFERENCE, "GET /metrics": MANAGEMENT}
_OPEN = {"GET /health/live", "GET /health/ready", "GET /version"}


def _under(prefix: str, table: dict[str, set[str]]) -> dict[str, set[str]]:
    return {line.replace(" ", f" {prefix}", 1): who for line, who in table.items()}


MAY = {
    "GET /": ANYBODY,
    **_under("/v1", _API),
    **_under("/api/v1", _API),
    **_under("", _SERVICE),
    **_under("/v1", _SERVICE),
    **_under("/v1", dict.fromkeys(_OPEN, ANYBODY)),
    **{f"GET {prefix}/openapi.json": ANYBODY for prefix in ("", "/v1", "/api/v1")},
}
"""Who may use which route, in this test's own words. A new route needs a line here."""
REFUSED = {"garbage", "mistyped", "unknown", "expired", "disabled", "deleted", "replaced"}


@pytest.fixture(scope="module")
def asking(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Gateway]:
    running = start_gateway(tmp_path_factory.mktemp("asking"), tiny_folder, require_key=True)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def holders(asking: Gateway) -> dict[str, str]:
    """A key of each kind, good ones and such as must not be taken."""
    data_dir = asking.log.parent
    found = {role: make_key(data_dir, role=role)[1] for role in ("inference", "management")}
    manage = bearer(found["management"])

    def made(**fields: object) -> tuple[str, str]:
        answer = asking.post("/v1/keys", {"name": "x", "role": "management", **fields}, headers=manage)
        assert answer.status_code == 201, answer.text
        return answer.json()["data"]["hash"], answer.json()["key"]

    soon = datetime.now(UTC) + timedelta(seconds=0.5)
    expiring, found["expired"] = made(expires_at=soon.isoformat())
    disabled, found["disabled"] = made()
    assert (
        requests.patch(f"{asking.url}/v1/keys/{disabled}", json={"disabled": True}, headers=manage, timeout=10)
        .json()["data"]["disabled"]
    )  # fmt: skip
    deleted, found["deleted"] = made()
    assert requests.delete(f"{asking.url}/v1/keys/{deleted}", headers=manage, timeout=10).json() == {"deleted": True}
    rotated, found["replaced"] = made()
    assert asking.post(f"/v1/keys/{rotated}/rotate", {}, headers=manage).status_code == 200
    found["garbage"] = "sk-or-v1-0123456789"
    found["mistyped"] = found["inference"][:-1] + ("a" if found["inference"][-1] != "a" else "b")
    _, found["unknown"] = make_key(data_dir.parent / "another server's")
    wait_until(
        lambda: asking.get("/v1/key", headers=bearer(found["expired"])).status_code == 401, f"{expiring} expires"
    )
    return found


def served() -> list[str]:
    """Every route of the application, as the table writes it."""
    return [f"{method} {route.path}" for route in routes.routes() for method in (route.methods or set()) - {"HEAD"}]


def ask(gateway: Gateway, line: str, headers: dict[str, str]) -> requests.Response:
    """One request of that route, which makes no sense beyond its path."""
    method, path = line.split(" ")
    for name, value in (("{id:path}", "no/such"), ("{id}", "gen-1"), ("{hash}", "0" * 32)):
        path = path.replace(name, value)
    body = None if method in ("GET", "DELETE") else {}
    return requests.request(method, gateway.url + path, json=body, headers=headers, timeout=20)


def test_a_route_without_a_rule_is_served() -> None:
    assert set(served()) <= set(MAY), "every route needs a line in this test's table"


@pytest.mark.parametrize("who", ["nobody", "inference", "management", *sorted(REFUSED)])
def test_a_route_serves_whom_it_must_not(asking: Gateway, holders: dict[str, str], who: str) -> None:
    headers = bearer(holders[who]) if who in holders else {}
    for line in served():
        allowed, answer = MAY[line], ask(asking, line, headers)
        if "nobody" not in allowed and (who in REFUSED or who == "nobody"):
            expected = (401, "authentication")
        elif "nobody" not in allowed and who not in allowed:
            expected = (403, "permission_denied")
        else:
            assert answer.status_code not in (401, 403) and answer.status_code < 500, (line, who, answer.text)
            continue
        error = answer.json()["error"]
        assert (answer.status_code, error["metadata"]["error_type"]) == expected, (line, who, answer.text)
        assert (error["code"], answer.headers.get("www-authenticate")) == (
            answer.status_code, "Bearer" if answer.status_code == 401 else None
        )  # fmt: skip
        assert answer.headers["x-request-id"]
        if "completions" in line and "control" not in line:
            assert answer.headers["x-generation-id"].startswith("gen-") and answer.headers["x-cost"] == "0"


def test_the_owner_of_a_server_that_asks_for_no_key_is_refused_something(gateway: Gateway) -> None:
    for headers in ({}, bearer("unused"), {"x-api-key": "sk-or-v1-whatever"}, {"Authorization": "Basic eDp5"}):
        for line in served():
            answer = ask(gateway, line, headers)
            assert answer.status_code not in (401, 403) and answer.status_code < 500, (line, answer.text)


@pytest.mark.parametrize(
    "told", [{"Origin": "https://evil.example"}, {"Origin": "null"}, {"Host": "evil.example:8000"}]
)
def test_a_strangers_web_page_is_the_owner_of_a_server_that_asks_for_no_key(
    gateway: Gateway, told: dict[str, str]
) -> None:
    key = make_key(gateway.log.parent)[1]
    for line in served():
        for shown in ({}, bearer("any-word")):
            status = ask(gateway, line, {**told, **shown}).status_code
            assert (status == 401) == ("nobody" not in MAY[line]), (line, status)
    assert gateway.get("/v1/key", headers={**told, **bearer(key)}).status_code == 200, "a key is a key everywhere"
    assert gateway.get("/v1/keys", headers={"Origin": "http://localhost:3000"}).status_code == 200


def test_a_key_of_ours_is_taken_for_any_word_where_none_is_asked_for(gateway: Gateway) -> None:
    data_dir = gateway.log.parent
    hash, key = make_key(data_dir)
    assert gateway.get("/v1/keys", headers=bearer(key)).status_code == 403
    requests.patch(f"{gateway.url}/v1/keys/{hash}", json={"disabled": True}, timeout=10)
    assert gateway.get("/v1/models", headers=bearer(key)).status_code == 401


@pytest.mark.parametrize(
    "path",
    ["/docs", "/v1", "/v2/models", "/v1/keyss", "/v1/keys/", "/v1/admin", "//v1/keys", "/v1/../v1/keys", "/V1/models",
     "/v1/%6beys/x/y", "/api/v1/metrics", "/key", "/keys", "/redoc", "/.env", "/static/x"],
)  # fmt: skip
@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_something_is_served_that_is_in_no_table(
    asking: Gateway, holders: dict[str, str], path: str, method: str
) -> None:
    address = asking.url.removeprefix("http://")
    prepared = requests.Request(method, asking.url, headers=bearer(holders["management"])).prepare()
    prepared.url = f"http://{address}{path}"  # as it is: requests would tidy it up
    with requests.Session() as session:
        answer = session.send(prepared, timeout=10)
    assert answer.status_code in (404, 405), (path, answer.text)


@pytest.mark.parametrize("method", ["HEAD", "OPTIONS", "PUT", "TRACE", "get", "PROPFIND"])
def test_another_method_opens_a_route(asking: Gateway, method: str) -> None:
    for path in ("/v1/keys", "/v1/chat/completions", "/metrics"):
        with requests.Session() as session:
            prepared = requests.Request("GET", asking.url + path).prepare()
            prepared.method = method
            answer = session.send(prepared, timeout=10)
        assert answer.status_code in ((204,) if method == "OPTIONS" else (400, 401, 404, 405)), (
            path,
            answer.status_code,
        )
        assert b"nemoserve_" not in answer.content


def test_a_route_is_declared_without_an_action() -> None:
    """A table's row without an action is no row: it fails when the routes are made, before anything is served."""
    row = ("GET", "/x", routes.routes()[0].endpoint)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(routes, "_PLACES", [*routes._PLACES, (("/v1",), [row])])  # pyright: ignore[reportPrivateUsage]
        with pytest.raises(ValueError, match="not enough values"):
            routes.routes()


def test_a_route_is_added_beside_the_table(tmp_path: Path, tiny_folder: Path) -> None:
    """The application has no other routes than the table's, and each is wrapped by the guard."""
    from nemoserve.http.app import create_app

    app = create_app(Settings(data_dir=tmp_path, models=(str(tiny_folder),)))
    try:
        assert [route.path for route in app.routes if isinstance(route, Route)] == [r.path for r in routes.routes()]
        assert all(isinstance(route, Route) and route.endpoint.__name__ for route in app.routes)
        assert all(hasattr(route.endpoint, "__wrapped__") for route in app.routes if isinstance(route, Route))
    finally:
        app.state.services.database.close()


def test_the_document_describes_routes_that_are_not_served_or_leaves_some_out(asking: Gateway) -> None:
    document = msgspec.json.decode(asking.get("/openapi.json").content)
    described = {f"{method.upper()} {path}" for path, methods in document["paths"].items() for method in methods}
    assert described == {line.replace(":path}", "}") for line in served()}
