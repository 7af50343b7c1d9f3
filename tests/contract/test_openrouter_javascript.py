"""OpenRouter's clients on Node against a running server: its provider for the AI SDK, and its own SDK.

The clients' side is in js/ai_sdk.mjs and js/openrouter_sdk.mjs; each run of a script does one task and prints what it got.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.contract.recorder import Recorder
from tests.contract.tool_loop import (
    ANSWER,
    ARGUMENTS,
    NAME,
    QUESTION,
    RESULT,
    SECOND_THOUGHT,
    THOUGHT,
    TOOL,
    check_loop,
)
from tests.gateway import Gateway, order
from tests.servers import Server

pytestmark = pytest.mark.slow

JS = Path(__file__).parent / "js"
REPLY = order(say=f"{THOUGHT}</think>\n{ANSWER}\n")
VERDICTS = [{"colour": colour, "sure": sure} for colour in ("red", "green") for sure in (True, False)]
DIRECT = {"openrouter": {"reasoning": {"enabled": False}}}

Run = Callable[..., Any]


@pytest.fixture(scope="module")
def run() -> Run:
    """Runs a script for one task against an address and gives what it printed."""
    if shutil.which("node") is None or not (JS / "node_modules" / "@openrouter").is_dir():
        missing = "Node or the npm packages of tests/contract/js are not installed"
        if os.environ.get("NEMOSERVE_TEST_REQUIRES_NODE"):
            pytest.fail(missing)
        pytest.skip(missing)

    def run(script: str, url: str, model: str, **task: Any) -> Any:
        environment = os.environ | {"BASE_URL": url, "MODEL": model, "TASK": json.dumps(task)}
        done = subprocess.run(
            ["node", script], cwd=JS, env=environment, capture_output=True, encoding="utf-8", timeout=120
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return run


@pytest.mark.parametrize("step", ["generate", "stream"])
def test_the_ai_sdk_reads_text_and_thinking(run: Run, remembering: Gateway, step: str) -> None:
    seen = run("ai_sdk.mjs", remembering.url, remembering.model, step=step, prompt=REPLY)
    assert (seen["text"], seen["reasoning"], seen["finish"]) == (ANSWER, THOUGHT, "stop")
    assert seen["usage"]["outputTokenDetails"]["reasoningTokens"] == len(THOUGHT) + 1
    assert seen["usage"]["totalTokens"] == seen["usage"]["inputTokens"] + seen["usage"]["outputTokens"]


@pytest.mark.parametrize("step", ["loop", "streamedLoop"])
def test_the_ai_sdk_keeps_thinking_over_a_tool_loop(
    run: Run, recorder: Recorder, remembering: Gateway, step: str
) -> None:
    seen = run("ai_sdk.mjs", recorder.url, remembering.model, step=step, prompt=QUESTION, result=RESULT)
    assert (seen["text"], seen["reasoning"], seen["finish"]) == (ANSWER, SECOND_THOUGHT, "stop")
    assert seen["steps"] == 2
    if step == "streamedLoop":
        assert len(seen["pieces"]) > 1 and json.loads("".join(seen["pieces"])) == ARGUMENTS
    check_loop(recorder.exchanges, remembering)


@pytest.mark.parametrize("step", ["object", "output"])
def test_the_ai_sdk_gets_objects_of_its_schema(run: Run, server: Server, step: str) -> None:
    options = {"maxOutputTokens": 200, "providerOptions": DIRECT}
    assert run("ai_sdk.mjs", server.url, server.model, step=step, prompt="Hello", options=options) in VERDICTS


@pytest.mark.parametrize("choice", ["required", {"type": "tool", "toolName": "wash"}])
def test_the_ai_sdk_gets_the_call_it_requires(run: Run, server: Server, choice: Any) -> None:
    options = {"maxOutputTokens": 200, "providerOptions": DIRECT}
    calls = run("ai_sdk.mjs", server.url, server.model, step="required", prompt="Hello", choice=choice, options=options)
    assert calls and all(call["input"] in VERDICTS for call in calls)
    assert {call["toolName"] for call in calls} <= ({"wash"} if isinstance(choice, dict) else {"paint", "wash"})


@pytest.mark.parametrize("stream", [False, True])
def test_openrouters_sdk_reads_a_reply(run: Run, remembering: Gateway, stream: bool) -> None:
    seen = run("openrouter_sdk.mjs", remembering.url, remembering.model, step="ask", prompt=REPLY, stream=stream)
    message = seen["message"]
    assert (message["content"], message["reasoning"], seen["finish"]) == (ANSWER, THOUGHT, "stop")
    (detail,) = message["reasoningDetails"]
    assert (detail["type"], detail["text"], detail["format"]) == ("reasoning.text", THOUGHT, "unknown")
    assert seen["usage"]["completionTokensDetails"]["reasoningTokens"] == len(THOUGHT) + 1


@pytest.mark.parametrize("stream", [False, True])
def test_openrouters_sdk_keeps_thinking_over_a_tool_loop(
    run: Run, recorder: Recorder, remembering: Gateway, stream: bool
) -> None:
    seen = run(
        "openrouter_sdk.mjs", recorder.url, remembering.model, step="loop", prompt=QUESTION, result=RESULT, tool=TOOL,
        stream=stream,
    )  # fmt: skip
    (call,) = seen["first"]["message"]["toolCalls"]
    assert call["function"]["name"] == NAME and json.loads(call["function"]["arguments"]) == ARGUMENTS
    assert seen["first"]["finish"] == "tool_calls" and seen["second"]["finish"] == "stop"
    assert seen["second"]["message"]["content"] == ANSWER
    check_loop(recorder.exchanges, remembering)


def test_openrouters_sdk_lists_models(run: Run, server: Server) -> None:
    assert server.model in run("openrouter_sdk.mjs", server.url, server.model, step="models")


def test_openrouters_sdk_tells_errors_apart(run: Run, remembering: Gateway) -> None:
    error = run("openrouter_sdk.mjs", remembering.url, remembering.model, step="error")
    assert error["name"] == "BadRequestResponseError" and error["status"] == 400
    assert "temperature" in error["message"]


def test_the_openrouter_sdk_reads_the_catalogue(run: Run, gateway: Gateway) -> None:
    known = "nvidia/nemotron-nano-9b-v2"
    seen = run("openrouter_sdk.mjs", gateway.url, gateway.model, step="catalogue", known=known)
    assert [model["id"] for model in seen["listed"]["data"]] == [gateway.model] and seen["listed"]["totalCount"] == 1
    assert (seen["model"]["id"], seen["model"]["huggingFaceId"]) == (known, "nvidia/NVIDIA-Nemotron-Nano-9B-v2")
    assert seen["model"]["pricing"]["prompt"] == "0.00000004" and seen["model"]["knowledgeCutoff"] == "2024-09-30"
    (endpoint,) = seen["own"]["endpoints"]
    assert (endpoint["providerName"], endpoint["tag"]) == ("nemoserve", "nemoserve")
    # Whatever it is: other tests have this server's engine fail on purpose.
    (told,) = gateway.get(f"/v1/models/{gateway.model}/endpoints").json()["data"]["endpoints"]
    assert endpoint["status"] == told["status"]
    assert seen["count"] == {"count": 1} and [one["tag"] for one in seen["zdr"]] == ["nemoserve"]
    assert [one["slug"] for one in seen["providers"]] == ["nemoserve"]
