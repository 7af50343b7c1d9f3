"""Thinking on the embedded model, through the public interface: budgets to the token, live control, steps, tools and JSON after it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.servers import Server

SUM = "What is 4781 + 2569?"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "get_weather",
            "parameters": {
                "type": "object",
                "properties": {"city": {"type": "string", "maxLength": 20}, "days": {"type": "integer", "maximum": 9}},
                "required": ["city", "days"],
                "additionalProperties": False,
            },
        },
    }
]
FORCED_END = 4  # "\n", "</think>", "\n", "\n": tokens


def ask(server: Server, text: str = SUM, **fields: Any) -> dict[str, Any]:
    reply = server.chat(text, seed=1, **fields)
    assert reply.status_code == 200, reply.text
    return reply.json()


def reasoning_tokens(body: dict[str, Any]) -> int:
    return body["usage"]["completion_tokens_details"]["reasoning_tokens"]


@pytest.mark.parametrize("budget", [1, 8, 16, 40])
def test_a_budget_is_kept_to_the_token_and_an_answer_follows(server: Server, budget: int) -> None:
    body = ask(server, reasoning={"max_tokens": budget}, max_tokens=400)
    message = body["choices"][0]["message"]
    assert 0 < reasoning_tokens(body) <= budget + max(1, budget // 10) + FORCED_END
    assert "</think>" not in message["content"] and message["content"].strip()
    thinking = server.post("/tokenize", {"prompt": message["reasoning"], "add_special_tokens": False}).json()["count"]
    # The closing marker is counted; newlines around it are the format's.
    assert reasoning_tokens(body) - 2 <= thinking + 1 <= reasoning_tokens(body) + 1


def test_choices_with_penalties_and_logprobs_keep_the_same_budget(server: Server) -> None:
    body = ask(
        server, n=3, temperature=1.0, logprobs=True, top_logprobs=2, presence_penalty=0.5, max_tokens=300,
        reasoning={"max_tokens": 12},
    )  # fmt: skip
    assert reasoning_tokens(body) <= 3 * (12 + 1 + FORCED_END)
    assert all(choice["message"]["content"].strip() for choice in body["choices"])


def test_thinking_never_eats_the_whole_reply(server: Server) -> None:
    body = ask(server, max_tokens=48)
    assert body["choices"][0]["message"]["content"].strip()
    assert "answer_reserve" in [warning["code"] for warning in body["warnings"]]
    assert reasoning_tokens(body) <= 48 - 16


def test_off_is_the_switch_and_thinks_no_token(server: Server) -> None:
    body = ask(server, reasoning={"effort": "none"})
    assert reasoning_tokens(body) == 0 and body["choices"][0]["message"]["reasoning"] is None


def test_the_steps_add_up_to_the_thinking(server: Server) -> None:
    body = ask(server, reasoning={"steps": True})
    message = body["choices"][0]["message"]
    steps = message["reasoning_details"][0]["steps"]
    assert len(steps) > 3 and steps[0]["text_start"] == 0 and steps[-1]["text_end"] == len(message["reasoning"])
    # All but the closing marker itself belongs to a step.
    assert sum(step["tokens"] for step in steps) == reasoning_tokens(body) - 1


def test_a_running_replys_thinking_is_ended_on_request(server: Server) -> None:
    # Without an end of turn and with a long minimum, only the control can end this thinking soon.
    with server.stream(
        "Count up.", max_tokens=3000, reasoning={"answer_reserve": 64}, min_thinking_tokens=2500
    ) as reply:
        lines = reply.iter_lines()
        text: dict[str, str] = {"reasoning": "", "content": ""}
        told = False
        for line in lines:
            if not line.startswith(b"data: {"):
                continue
            chunk = json.loads(line[6:])
            delta = chunk["choices"][0]["delta"]
            for field in text:
                text[field] += delta.get(field) or ""
            if not told and len(text["reasoning"]) > 20:
                told = True
                path = f"/v1/chat/completions/{chunk['id']}/control"
                assert server.post(path, {"action": "end_reasoning"}).json()["accepted"]
            usage = chunk.get("usage")
        assert told and usage is not None
        assert usage["completion_tokens_details"]["reasoning_tokens"] < 2000


@pytest.mark.parametrize("thinking", [True, False])
def test_a_required_call_is_one_and_a_schema_binds_the_answer(server: Server, thinking: bool) -> None:
    fields: dict[str, Any] = {"temperature": 1.2, "max_tokens": 600, "reasoning": {"enabled": thinking}}
    called = ask(server, "Hello", tools=TOOLS, tool_choice="required", parallel_tool_calls=False, **fields)
    (call,) = called["choices"][0]["message"]["tool_calls"]
    arguments = json.loads(call["function"]["arguments"])
    assert call["function"]["name"] == "get_weather" and set(arguments) == {"city", "days"}
    schema = TOOLS[0]["function"]["parameters"]  # type: ignore[index]
    form = {"type": "json_schema", "json_schema": {"name": "w", "schema": schema, "strict": True}}
    answered = ask(server, "Hello", response_format=form, **fields)
    assert set(json.loads(answered["choices"][0]["message"]["content"])) == {"city", "days"}
    assert (reasoning_tokens(answered) > 0) is thinking


def test_a_growing_conversation_is_read_once_and_said_to_be(server: Server) -> None:
    """The second turn begins where the first one's question ended, and costs the reading of what is new alone."""
    first = f"My name is {'Ann ' * 30}and I live in Rome."
    talk = [{"role": "user", "content": first}]
    told = ask(server, first, max_tokens=60)
    known = told["usage"]["prompt_tokens"]
    talk += [
        {"role": "assistant", "content": "I will keep that in mind."},
        {"role": "user", "content": "Where do I live?"},
    ]
    body = ask(server, messages=talk, max_tokens=60)
    details = body["usage"]["prompt_tokens_details"]
    assert known - 6 <= details["cached_tokens"] < known < body["usage"]["prompt_tokens"]
    again = ask(server, messages=talk, max_tokens=60)
    for field in ("content", "reasoning"):
        assert again["choices"][0]["message"][field] == body["choices"][0]["message"][field]
    metrics = server.get("/metrics").text
    assert any(float(line.split()[-1]) >= known - 6 for line in metrics.splitlines() if 'kind="cached"' in line)
