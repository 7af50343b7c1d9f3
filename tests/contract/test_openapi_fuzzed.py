"""A fuzzer that believes the document finds no lie and no 5xx."""

from __future__ import annotations

import re
from typing import Any

import pytest
import requests
import schemathesis
from schemathesis import Case, GenerationMode
from schemathesis.generation.meta import TestPhase

from nemoserve.http.openapi import document
from nemoserve.http.routes import routes
from tests.servers import Server

CONFIG = schemathesis.Config.from_dict({"generation": {"deterministic": True, "max-examples": 8}})
# The other prefixes lead to the same functions.
FUZZED = schemathesis.openapi.from_dict(document(routes()), config=CONFIG).exclude(
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


@pytest.mark.slow
def test_the_document_is_no_openapi() -> None:
    FUZZED.validate()
