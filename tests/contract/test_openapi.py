"""The document says what the server does: every route is in it, and a fuzzer that believes it finds no lie and no 5xx."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
import requests
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.generation.meta import TestPhase
from starlette.routing import Route

from nemoserve.http.openapi import OPERATIONS, document
from nemoserve.http.routes import routes
from tests.gateway import Gateway, order
from tests.servers import Server

DOCUMENT = document(routes())
CONFIG = schemathesis.Config.from_dict({"generation": {"deterministic": True, "max-examples": 8}})
# The other prefixes lead to the same functions.
FUZZED = schemathesis.openapi.from_dict(DOCUMENT, config=CONFIG).exclude(
    path_regex="^/api/|^/v1/(tokenize|detokenize|metrics|openapi.json)"
)

GOOD: dict[str, Any] = {
    "messages": [{"role": "user", "content": "Hello"}],
    "prompt": "Hello",
    "tokens": [65, 66],
    "action": "end_reasoning",
    "name": "A key",
}
"""What stands in for required fields whose random value makes no sense."""


def resolve(schema: str) -> jsonschema_rs.Validator:
    """A validator of the document's schema of that name."""
    return jsonschema_rs.validator_for({
        "$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]
    })  # fmt: skip


def shortened(body: dict[str, Any]) -> dict[str, Any]:
    """The body with a short reply. Values of a wrong type stay, so that the server still has to find them."""
    limits = {name: 4 for name in ("max_tokens", "max_completion_tokens") if type(body.get(name)) in (int, type(None))}
    choices = {"n": 2} if type(body.get("n")) is int and body["n"] > 2 else {}
    return {**body, **limits, **choices}


def mended(case: Case, url: str) -> Any:
    """The body without the fields that the server refuses, one after the other, by the name that its message gives."""
    body = shortened(case.body)
    for _ in range(len(body) + len(GOOD)):
        answer = requests.request(case.method, url + case.formatted_path, json=body, timeout=60)
        if answer.status_code not in (400, 404):
            return body
        metadata = answer.json()["error"]["metadata"]
        if "served_models" in metadata:
            body.pop("model", None)
            body.pop("models", None)
            continue
        if answer.status_code == 404:
            return body
        named = metadata["parameter"]
        field = named if named in body else re.split(r"[.\[ ]", named, maxsplit=1)[0]
        if field in GOOD:
            body["prompt" if field == "messages" and case.path == "/v1/completions" else field] = GOOD[field]
        else:
            assert field in body, f"the message names a field that was not sent: {answer.text}"
            del body[field]
    raise AssertionError(f"still refused without all fields that were complained of: {answer.text}\n{body}")


@pytest.mark.slow
@FUZZED.parametrize()
def test_no_request_that_the_document_allows_or_forbids_breaks_the_server(case: Case, server: Server) -> None:
    if isinstance(case.body, dict) and "completions" in case.path:
        case.body = shortened(case.body)
    # Ranges and what fields mean together are told by messages, not by the document: a body of the right types may be refused.
    unstated = [schemathesis.checks.positive_data_acceptance]
    case.call_and_validate(base_url=server.url, excluded_checks=unstated)
    meta = case.meta
    assert meta is not None
    random = meta.generation.mode is GenerationMode.POSITIVE and meta.phase.name is TestPhase.FUZZING
    if random and isinstance(case.body, dict):
        case.body = mended(case, server.url)
        case.call_and_validate(base_url=server.url)


def test_every_route_is_in_the_document() -> None:
    found = {(method, path) for path, methods in DOCUMENT["paths"].items() for method in methods}
    for route in routes():
        assert isinstance(route, Route) and route.methods
        path = re.sub(r":\w+\}", "}", route.path)
        assert {(method.lower(), path) for method in route.methods - {"HEAD"}} <= found
    names = [operation["operationId"] for methods in DOCUMENT["paths"].values() for operation in methods.values()]
    assert len(names) == len(set(names)) == len(found)


def test_no_row_describes_a_route_that_is_gone() -> None:
    served = {(method, re.sub(r":\w+\}", "}", route.path)) for route in routes() for method in route.methods or ()}
    for method, path in OPERATIONS:
        assert {(method, prefix + path) for prefix in ("", "/v1", "/api/v1")} & served, f"{method} {path}"


def test_the_document_is_valid_openapi() -> None:
    described = schemathesis.openapi.from_dict(DOCUMENT)
    described.validate()
    names = re.findall(r'"#/components/(\w+)/(\w+)"', json.dumps(DOCUMENT))
    assert names
    for kind, name in names:
        assert name in DOCUMENT["components"][kind]


def test_the_server_serves_the_document_that_was_checked(gateway: Gateway) -> None:
    for prefix in ("", "/v1", "/api/v1"):
        assert gateway.get(prefix + "/openapi.json").json() == DOCUMENT


def test_failures_look_as_described(gateway: Gateway) -> None:
    described = resolve("Error")
    for answer, status in (
        (gateway.chat("x", temperature="hot"), 400),
        (gateway.post("/v1/chat/completions", {"model": "acme/none", "messages": GOOD["messages"]}), 404),
        (gateway.chat(order(reject="overloaded")), 429),
        (gateway.chat(order(say="abc", end="error")), 502),
        (gateway.get("/v1/models/acme/none"), 404),
        (gateway.post("/v1/chat/completions/none/control", {"action": "end_reasoning"}), 404),
    ):
        assert answer.status_code == status
        described.validate(answer.json())
        path = (
            "/v1/models/{id}"
            if "/models/" in answer.url
            else re.sub(r"/none/", "/{id}/", answer.url[len(gateway.url) :])
        )
        method = "get" if "/models/" in answer.url else "post"
        assert str(status) in DOCUMENT["paths"][path][method]["responses"]


@pytest.mark.parametrize(
    ("path", "question", "chunk"),
    [
        ("chat/completions", {"messages": [{"role": "user", "content": order(say="ab</think>c", end="error")}]}, "ChatChunk"),
        ("chat/completions", {"prompt": order(say="ab", end="error")}, "TextChunk"),
        ("completions", {"prompt": order(say="ab"), "logprobs": 1}, "TextChunk"),
    ],
)  # fmt: skip
def test_chunks_of_streams_look_as_described(gateway: Gateway, path: str, question: dict[str, Any], chunk: str) -> None:
    answer = gateway.post("/v1/" + path, {"stream": True, **question})
    events = [line[6:] for line in answer.text.splitlines() if line.startswith("data: ")]
    assert answer.status_code == 200, answer.text
    assert events.pop() == "[DONE]" and len(events) > 2
    described = resolve(chunk)
    for event in events:
        described.validate(json.loads(event))
    if "error" in (last := json.loads(events[-1])):
        resolve("Error").validate({"error": last["error"]})


def test_whole_replies_look_as_described(gateway: Gateway) -> None:
    say = order(say="ab</think>c")
    for path, question, reply in (
        ("chat/completions", {"messages": [{"role": "user", "content": say}], "logprobs": True}, "ChatCompletion"),
        ("chat/completions", {"prompt": say}, "TextCompletion"),
        ("completions", {"prompt": [say, say], "echo": True, "logprobs": 2}, "TextCompletion"),
    ):
        answer = gateway.post("/v1/" + path, question)
        assert answer.status_code == 200, answer.text
        resolve(reply).validate(answer.json())
