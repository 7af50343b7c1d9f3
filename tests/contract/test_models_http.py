"""The list of models over HTTP: pages, use, keys, hostile ids, and what OpenRouter's Python client reads of it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import openrouter
import pytest
import requests

from nemoserve.catalogue.book import model_book
from tests.contract.test_openapi import resolve
from tests.gateway import Gateway, start_gateway
from tests.hosted import Scripted, house
from tests.keyholders import bearer, make_key

NANO = "nvidia/nemotron-nano-9b-v2"


@pytest.fixture(scope="module")
def client(gateway: Gateway) -> Iterator[openrouter.OpenRouter]:
    with openrouter.OpenRouter(api_key="unused", server_url=f"{gateway.url}/api/v1") as made:
        yield made


def test_openrouters_client_cannot_read_what_is_known(gateway: Gateway, client: openrouter.OpenRouter) -> None:
    assert [model.id for model in client.models.list().data] == [gateway.model]
    assert client.models.count().data.count == 1
    author, slug = gateway.model.split("/")
    (endpoint,) = client.endpoints.list(author=author, slug=slug).data.endpoints
    assert endpoint.tag == "nemoserve"
    assert [provider.slug for provider in client.providers.list().data] == ["nemoserve"]


def test_a_page_is_lost_or_comes_twice(gateway: Gateway) -> None:
    found: list[str] = []
    path: str | None = "/v1/models?all=true&sort=newest&limit=7"
    while path is not None:
        body = gateway.get(path).json()
        resolve("ModelList").validate(body)
        found += [model["id"] for model in body["data"]]
        assert body["total_count"] > 20
        path = body["links"]["next"]
    assert len(found) == len(set(found)) == body["total_count"]
    assert {entry.id for entry in model_book().models} < set(found)
    served = [model["id"] for model in gateway.get("/v1/models?all=true").json()["data"] if model["served"]]
    assert served == [gateway.model], "a client takes an id that cannot be used"
    assert gateway.get("/v1/models/count?all=true").json() == {"data": {"count": len(found)}}


def test_what_is_only_known_is_told_as_such(gateway: Gateway) -> None:
    for name in (NANO, "nvidia%2FNVIDIA-Nemotron-Nano-9B-v2", "nemotron-nano"):
        bare, wrapped = (gateway.get(f"/v1/{kind}/{name}").json() for kind in ("models", "model"))
        assert wrapped == {"data": bare} and (bare["id"], bare["status"], bare["served"]) == (NANO, "not_served", False)
    endpoints = gateway.get(f"/api/v1/models/{NANO}/endpoints").json()
    resolve("ModelEndpoints").validate(endpoints)
    assert {one["status"] for one in endpoints["data"]["endpoints"]} == {-10}
    every = gateway.get("/v1/providers?all=true").json()
    resolve("Providers").validate(every)
    assert {"nemoserve", "deepinfra", "openrouter", "aimlapi", "neuralhub"} <= {one["slug"] for one in every["data"]}
    answer = gateway.post("/v1/chat/completions", {"model": NANO, "messages": [{"role": "user", "content": "x"}]})
    assert answer.status_code == 404, "it is known, and cannot be used"


def test_the_most_used_does_not_come_first(gateway: Gateway) -> None:
    gateway.chat("x", max_tokens=4)
    for sort in ("most-popular", "top-weekly"):
        first = gateway.get(f"/v1/models?all=true&sort={sort}").json()["data"][0]
        assert first["id"] == gateway.model


@pytest.mark.parametrize(
    "path",
    ["/v1/models/..%2F..%2Fetc%2Fpasswd/endpoints", "/v1/models/%00/endpoints", "/v1/model/%F0%9F%98%80",
     "/v1/models/" + "x" * 4000 + "/endpoints", "/v1/model/%3Cscript%3E", "/v1/models//endpoints", "/v1/models/a/b/c/d",
     "/v1/models/%25s%25n/endpoints", "/v1/model/a:free:free", "/v1/models/endpoints"],
)  # fmt: skip
def test_a_hostile_id_does_more_than_miss(gateway: Gateway, path: str) -> None:
    answer = gateway.get(path)
    assert answer.status_code == 404 and len(answer.text) < 2000
    assert answer.json()["error"]["metadata"]["error_type"] == "not_found"


@pytest.mark.parametrize(
    ("path", "parameter"),
    [
        ("/v1/models?sort=cheap", "sort"),
        ("/v1/models?category=x", "category"),
        ("/v1/models/user?colour=red", "colour"),
        ("/v1/models/count?context=x", "context"),
        ("/v1/models/x/endpoints?all=maybe", "all"),
        ("/v1/model/x?all=true", "all"),
        ("/v1/providers?sort=newest", "sort"),
        ("/v1/endpoints/zdr?x=1", "x"),
    ],
)
def test_a_value_is_refused_without_its_name(gateway: Gateway, path: str, parameter: str) -> None:
    answer = gateway.get(path)
    assert answer.status_code == 400 and answer.json()["error"]["metadata"]["parameter"] == parameter


def test_a_key_is_shown_models_that_it_must_not_use(tmp_path: Path, tiny_folder: Path) -> None:
    asking = start_gateway(tmp_path / "data", tiny_folder, require_key=True)
    try:
        manage = bearer(make_key(tmp_path / "data", role="management")[1])

        def shown(**limits: object) -> list[str]:
            made = asking.post("/v1/keys", {"name": "x", **limits}, headers=manage)
            assert made.status_code == 201, made.text
            key = bearer(made.json()["key"])
            answers = [asking.get(f"/v1/models{path}", headers=key).json()["data"] for path in ("", "/user", "/count")]
            assert answers[0] == answers[1] and answers[2] == {"count": len(answers[0])}
            assert asking.get("/v1/models?all=true", headers=key).json()["total_count"] > 20
            return [model["id"] for model in answers[0]]

        assert shown() == [asking.model] == shown(allowed_models=[asking.model.upper()])
        assert shown(allowed_models=["acme/other"]) == shown(allowed_providers=["deepinfra"]) == []
    finally:
        asking.stop()


def test_a_key_is_shown_another_price_than_it_pays_or_not_what_it_may_use_by_another_name(tmp_path: Path) -> None:
    cheap, dear = Scripted("Cheap", model=NANO, price=("0.1", "0.4")), Scripted("dear/eu", model=NANO, price=("1", "4"))
    with house(tmp_path, cheap, dear, Scripted("third", model="acme/own"), require_key=True) as running:

        def shown(**limits: object) -> list[tuple[str, str]]:
            answer = requests.get(f"{running.url}/v1/models", headers=bearer(running.key(**limits)), timeout=20)
            return [(model["id"], model["pricing"]["prompt"]) for model in answer.json()["data"]]

        whole = shown()
        assert [name for name, _ in whole] == [NANO, "acme/own", "nemoserve/auto"]
        assert shown(models=("Nemotron-Nano-9B-v2:nitro",)) == [(NANO, "0.0000001")] == shown(providers=("cheap",))
        assert shown(providers=("Dear",)) == [(NANO, "0.000001")]
        assert shown(models=("acme/own",), providers=("cheap",)) == []


def test_a_client_with_a_name_of_its_own_is_refused(tmp_path: Path, tiny_folder: Path) -> None:
    running = start_gateway(tmp_path, tiny_folder, aliases={"GPT-4o-mini": "nemoserve/fake"})
    try:
        reply = running.chat("Hi", model="gpt-4o-mini")
        assert reply.status_code == 200, reply.text
        assert reply.json()["model"] == "nemoserve/fake"
        told = running.chat("Hi", model="gpt-4o-mini:online").json()["warnings"]
        assert ":online" in next(notice["message"] for notice in told if notice["code"] == "not_applied")
        assert running.chat("Hi", model="gpt-4o-mini:fre").status_code == 404
        (listed,) = running.get("/v1/models").json()["data"]
        assert listed["id"] == "nemoserve/fake" and listed["aliases"] == ["GPT-4o-mini"]
        assert running.get("/v1/models/gpt-4o-mini").json() == listed
        assert running.post("/tokenize", {"model": "gpt-4o-MINI", "prompt": "Hi"}).status_code == 200
    finally:
        running.stop()
