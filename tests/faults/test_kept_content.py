"""Fear: what is kept of a reply is another reply than the client saw, or another failure than it was told of."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import requests

from nemoserve.types.errors import ApiError
from tests.hosted import House, Scripted, fails, house

FIRST = {"provider": {"order": ["alpha", "beta"]}}


def kept(running: House, key: str, answer: requests.Response) -> dict[str, Any]:
    """The content of a reply, as its key reads it."""
    url = f"{running.url}/v1/generation/content?id={answer.headers['x-generation-id']}"
    return requests.get(url, headers={"authorization": f"Bearer {key}"}, timeout=10).json()["data"]


def test_a_reply_is_kept_as_another(tmp_path: Path) -> None:
    alpha = Scripted("alpha", fails(ApiError("provider_unavailable", "down"), after=2))
    with house(tmp_path, alpha, Scripted("beta"), require_key=True) as running:
        key = running.services.keyring.create("k", store_content=True, actor="test")[1]
        whole = kept(running, key, running.chat(**FIRST, key=key))
        assert whole["output"]["completion"] == "Hello there. " and whole["error"] is None
        answer = running.chat(**FIRST, key=key, stream=True)
        assert answer.content
        broken = kept(running, key, answer)
        assert broken["output"]["completion"] == "word0 word1 " and broken["error"]["provider_name"] == "alpha"


def test_a_failure_is_kept_as_another_or_without_those_before_it(tmp_path: Path) -> None:
    alpha = Scripted("alpha", fails(ApiError("invalid_prompt", "not that")))
    beta = Scripted("beta", fails(ApiError("provider_unavailable", "down")))
    with house(tmp_path, alpha, beta, require_key=True) as running:
        key = running.services.keyring.create("k", store_content=True, actor="test")[1]
        answer = running.chat(**FIRST, key=key)
        told, found = answer.json()["error"], kept(running, key, answer)["error"]
    assert (found["status"], found["message"], found["provider_name"]) == (told["code"], told["message"], "alpha")
    assert found["previous_errors"] == [{"provider": "beta", "code": 502, "status": 502}]
