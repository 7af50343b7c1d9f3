"""Tool calls at the chat endpoint: offered, called, streamed, malformed, and their results."""

from __future__ import annotations

import json

import pytest

from tests.contract.test_chat_http import message
from tests.gateway import Gateway, order
from tests.servers import chunks

TOOLS = [{"type": "function", "function": {"name": "add", "description": "adds", "parameters": {"type": "object"}}}]
CALL = '<TOOLCALL>[{"name": "add", "arguments": {"a": 1, "b": "ü"}}]</TOOLCALL>'


def test_a_tool_call_becomes_one(gateway: Gateway) -> None:
    say = f"I add.\n</think>\nLet me see.\n{CALL}\n"
    body = gateway.chat(order(say=say), tools=TOOLS).json()
    (choice,) = body["choices"]
    assert choice["finish_reason"] == "tool_calls" and choice["native_finish_reason"] == "stop"
    assert choice["message"]["content"] == "Let me see."
    (call,) = choice["message"]["tool_calls"]
    assert call["type"] == "function" and call["id"].startswith("call_") and call["index"] == 0
    assert call["function"]["name"] == "add"
    assert json.loads(call["function"]["arguments"]) == {"a": 1, "b": "ü"}
    assert '<AVAILABLE_TOOLS>[{"name": "add"' not in gateway.prompt()  # the marker is a token of its own
    assert '[{"name": "add", "description": "adds", "parameters": {"type": "object"}}]' in gateway.prompt()


@pytest.mark.parametrize("spell", [False, True])
def test_a_streamed_tool_call_shows_none_of_its_markup(gateway: Gateway, spell: bool) -> None:
    say = f"I add.\n</think>\nLet me see.\n{CALL}\n"
    parts = chunks(gateway.chat(order(say=say, spell=spell), tools=TOOLS, stream=True))
    deltas = [part["choices"][0]["delta"] for part in parts]
    assert "".join(delta["content"] for delta in deltas) == "Let me see."
    calls = [call for delta in deltas for call in delta.get("tool_calls", [])]
    first, *more = calls
    assert (first["index"], first["type"]) == (0, "function") and first["id"].startswith("call_")
    assert first["function"] == {"name": "add", "arguments": ""}
    assert all(set(call) == {"index", "function"} and set(call["function"]) == {"arguments"} for call in more)
    assert len(more) > 1 and json.loads("".join(call["function"]["arguments"] for call in more)) == {"a": 1, "b": "ü"}
    assert parts[-1]["choices"][0]["finish_reason"] == "tool_calls"


def test_a_malformed_tool_call_comes_back_as_text(gateway: Gateway) -> None:
    bad = '<TOOLCALL>[{"call": "add"}]</TOOLCALL>'
    body = gateway.chat(order(say=f"</think>{bad} well"), tools=TOOLS).json()
    assert body["choices"][0]["message"]["content"] == bad + " well"
    assert "tool_calls" not in body["choices"][0]["message"] and body["choices"][0]["finish_reason"] == "stop"


def test_a_tool_call_with_malformed_arguments_is_passed_on_and_reported(gateway: Gateway) -> None:
    say = '</think><TOOLCALL>[{"name": "add", "arguments": {"a": 1,}}]</TOOLCALL> well'
    body = gateway.chat(order(say=say), tools=TOOLS).json()
    (choice,) = body["choices"]
    assert choice["message"]["content"] == " well" and choice["finish_reason"] == "tool_calls"
    assert [call["function"]["arguments"] for call in choice["message"]["tool_calls"]] == ['{"a": 1,}']
    assert [warning["code"] for warning in body["warnings"]] == ["malformed_tool_call"]


def test_without_tools_or_with_none_chosen_markup_is_text(gateway: Gateway) -> None:
    for fields in ({}, {"tools": TOOLS, "tool_choice": "none"}):
        assert message(gateway.chat(order(say=f"</think>{CALL}"), **fields))["content"] == CALL
        assert '"description": "adds"' not in gateway.prompt()


def test_tool_results_reach_the_model(gateway: Gateway) -> None:
    call = {"id": "call_1", "type": "function", "function": {"name": "add", "arguments": '{"a": 1}'}}
    messages = [
        {"role": "user", "content": "Add."},
        {"role": "assistant", "content": None, "reasoning": "old thoughts", "tool_calls": [call]},
        {"role": "tool", "tool_call_id": "call_1", "content": '{"sum": 1}'},
    ]
    response = gateway.post("/v1/chat/completions", {"messages": messages, "tools": TOOLS})
    assert response.status_code == 200, response.text
    assert '[{"name": "add", "arguments": {"a": 1}}]' in gateway.prompt()
    assert '[{"sum": 1}]' in gateway.prompt() and "old thoughts" not in gateway.prompt()
