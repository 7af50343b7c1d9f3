"""The document says what the server does: every route is in it, and answers look as it describes them."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema_rs
import pytest
from starlette.routing import Route

from nemoserve.http.openapi import OPERATIONS, document
from nemoserve.http.routes import routes
from tests.gateway import Gateway, order

DOCUMENT = document(routes())


def resolve(schema: str) -> jsonschema_rs.Validator:
    """A validator of the document's schema of that name."""
    return jsonschema_rs.validator_for({
        "$ref": f"#/components/schemas/{schema}", "components": DOCUMENT["components"]
    })  # fmt: skip


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


def test_the_document_refers_to_what_is_not_there() -> None:
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
        (
            gateway.post(
                "/v1/chat/completions", {"model": "acme/none", "messages": [{"role": "user", "content": "Hello"}]}
            ),
            404,
        ),
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
