"""The OpenAI JavaScript client on Node against a running server; the client's side is in js/client.mjs."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.servers import Server

pytestmark = pytest.mark.slow

JS = Path(__file__).parent / "js"


@pytest.fixture(scope="module")
def seen(server: Server) -> dict[str, Any]:
    """What the client saw, by step."""
    if shutil.which("node") is None or not (JS / "node_modules" / "openai").is_dir():
        missing = "Node or the npm packages of tests/contract/js are not installed"
        if os.environ.get("NEMOSERVE_TEST_REQUIRES_NODE"):
            pytest.fail(missing)
        pytest.skip(missing)
    environment = os.environ | {
        "OPENAI_BASE_URL": f"{server.url}/v1",
        "OPENAI_API_KEY": "unused",
        "MODEL": server.model,
    }
    done = subprocess.run(
        ["node", "client.mjs"], cwd=JS, env=environment, capture_output=True, encoding="utf-8", timeout=240
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def test_a_reply_is_read(seen: dict[str, Any], server: Server) -> None:
    reply = seen["reply"]
    assert reply["model"] == server.model and reply["object"] == "chat.completion"
    assert reply["choices"][0]["finish_reason"] in ("stop", "length")


def test_a_stream_folds_to_the_same_reply(seen: dict[str, Any]) -> None:
    message = seen["reply"]["choices"][0]["message"]
    assert seen["stream"]["content"] == message["content"]
    assert seen["stream"]["reasoning"] == (message["reasoning"] or "")
    assert seen["stream"]["usage"] == seen["reply"]["usage"]


def test_thinking_can_be_switched_off(seen: dict[str, Any]) -> None:
    assert seen["direct"]["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_an_aborted_stream_ends_without_an_error(seen: dict[str, Any]) -> None:
    assert seen["aborted"]["chunks"] >= 1


def test_models_are_listed(seen: dict[str, Any], server: Server) -> None:
    assert server.model in seen["models"]


def test_an_error_has_its_status_and_message(seen: dict[str, Any]) -> None:
    assert seen["error"]["name"] == "BadRequestError" and seen["error"]["status"] == 400
    assert "temperature" in seen["error"]["message"]
