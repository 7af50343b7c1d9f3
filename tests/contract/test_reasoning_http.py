"""Thinking at the chat endpoint: switched, contradicted, budgeted, hidden, remembered."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.contract.test_chat_http import REPLY, THOUGHT
from tests.gateway import Gateway, order


def test_thinking_that_uses_up_the_tokens_says_so(gateway: Gateway) -> None:
    body = gateway.chat(order(say="hmm " * 20), max_tokens=8).json()
    assert body["choices"][0]["finish_reason"] == "length"
    assert body["choices"][0]["message"]["content"] == ""
    assert body["choices"][0]["message"]["reasoning"] == "hmm hmm "
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 8
    assert body["warnings"][0]["code"] == "empty_answer"


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": {"enabled": False}},
        {"reasoning": {"effort": "none"}},
        {"reasoning_effort": "none"},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_kwargs": {"thinking": False}},
        {"thinking": {"type": "disabled"}},
    ],
)
def test_every_spelling_of_off_is_the_templates_switch(gateway: Gateway, fields: dict[str, Any]) -> None:
    body = gateway.chat(order(say="Four.\n"), **fields).json()
    assert gateway.submitted()["prompt"][-2:] == [13, 14], "the prompt ends with a closed think block"
    assert body["choices"][0]["message"]["reasoning"] is None
    assert "reasoning_details" not in body["choices"][0]["message"]
    assert body["choices"][0]["message"]["content"] == "Four."
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == 0


def test_a_switch_in_the_text_works_and_is_not_shown_to_the_model(gateway: Gateway) -> None:
    gateway.chat(order(say="x") + " /no_think")
    assert gateway.submitted()["prompt"][-2:] == [13, 14] and "no_think" not in gateway.prompt()
    messages = [{"role": "system", "content": "Be brief. /no_think"}, {"role": "user", "content": "Hello"}]
    gateway.post("/v1/chat/completions", {"messages": messages})
    assert gateway.submitted()["prompt"][-2:] == [13, 14] and "System\nBe brief.\nUser" in gateway.prompt()
    # The last message with a switch wins, and a parameter beats them all.
    gateway.post("/v1/chat/completions", {"messages": [*messages, {"role": "user", "content": "/think again"}]})
    assert gateway.submitted()["prompt"][-2:] == [13, 42]
    gateway.post("/v1/chat/completions", {"messages": messages, "reasoning": {"enabled": True}})
    assert gateway.submitted()["prompt"][-2:] == [13, 42]


def test_a_path_that_looks_like_a_switch_is_neither_a_switch_nor_damaged(gateway: Gateway) -> None:
    text = "Read https://example.org/thinking and /think-tank.html and a/no_think/b"
    for fields, end in (({}, [13, 42]), ({"reasoning": {"enabled": False}}, [13, 14])):
        gateway.chat(text, **fields)
        assert gateway.submitted()["prompt"][-2:] == end
        assert text in gateway.prompt()
    gateway.chat(f"{text} /no_think")
    assert gateway.submitted()["prompt"][-2:] == [13, 14] and text in gateway.prompt()


def test_contradicting_switches_are_refused_with_both_names(gateway: Gateway) -> None:
    response = gateway.chat("x", reasoning={"enabled": True}, reasoning_effort="none")
    assert response.status_code == 400
    assert "reasoning.enabled" in response.json()["error"]["message"]
    assert "reasoning_effort" in response.json()["error"]["message"]


@pytest.mark.parametrize("fields", [{"reasoning": {"exclude": True}}, {"include_reasoning": False}])
def test_excluded_thinking_is_done_and_counted_but_not_shown(gateway: Gateway, fields: dict[str, Any]) -> None:
    body = gateway.chat(order(say=REPLY), logprobs=True, **fields).json()
    assert "2 and 2" not in json.dumps(body)
    assert body["usage"]["completion_tokens_details"]["reasoning_tokens"] == len(THOUGHT) + 1
    shown = bytes(b for token in body["choices"][0]["logprobs"]["content"] for b in token["bytes"]).decode()
    assert shown.strip() == "It is **4** 😀."
    streamed = gateway.chat(order(say=REPLY), stream=True, **fields)
    assert "2 and 2" not in streamed.text and "reasoning_details" not in streamed.text


@pytest.mark.parametrize(
    ("fields", "budget", "grace"),
    [
        ({"reasoning": {"effort": "medium", "enabled": True}}, 500, 50),
        ({"reasoning_effort": "minimal"}, 100, 10),
        ({"reasoning": {"max_tokens": 64}}, 64, 6),
        ({"thinking": {"type": "enabled", "budget_tokens": 300}}, 300, 30),
    ],
)
def test_levels_and_budgets_switch_on_and_reach_the_engine_in_tokens(
    gateway: Gateway, fields: dict[str, Any], budget: int, grace: int
) -> None:
    body = gateway.chat(order(say=REPLY) + " /no_think", max_tokens=1000, **fields).json()
    assert body["choices"][0]["message"]["reasoning"] == THOUGHT
    assert "warnings" not in body
    thinking = gateway.submitted()["sampling"]["thinking"]
    assert (thinking["budget"], thinking["grace"]) == (budget, grace)
    assert bytes(token - 32 for token in thinking["end"] if token >= 32) == b"\n\n\n"


def test_a_budget_that_leaves_no_answer_is_lowered_and_reported(gateway: Gateway) -> None:
    body = gateway.chat(order(say=REPLY), max_tokens=1000, reasoning={"max_tokens": 900}).json()
    assert [w["code"] for w in body["warnings"]] == ["adjusted_parameter"]
    thinking = gateway.submitted()["sampling"]["thinking"]
    assert thinking["budget"] + thinking["grace"] + len(thinking["end"]) + 250 <= 1000


def test_a_client_that_drops_the_thinking_of_a_session_gets_it_back_and_a_changed_one_is_noticed(
    gateway: Gateway,
) -> None:
    first = gateway.chat(order(say=REPLY), session_id="s1").json()["choices"][0]["message"]
    history = [{"role": "user", "content": "x"}, {"role": "assistant", "content": first["content"]}]
    history.append({"role": "user", "content": order(say=REPLY)})
    assert "warnings" not in gateway.post("/v1/chat/completions", {"messages": history, "session_id": "s1"}).json()
    returned = {"role": "assistant", "content": first["content"], "reasoning_details": first["reasoning_details"]}
    untouched = gateway.post("/v1/chat/completions", {"messages": [history[0], returned, history[2]]}).json()
    assert "warnings" not in untouched
    detail = {**first["reasoning_details"][0], "text": "changed"}
    changed = gateway.post(
        "/v1/chat/completions", {"messages": [history[0], {**returned, "reasoning_details": [detail]}, history[2]]}
    ).json()
    assert [w["code"] for w in changed["warnings"]] == ["modified_reasoning"]
    assert "messages[1]" in changed["warnings"][0]["message"]
    both = {**returned, "reasoning": first["reasoning"], "reasoning_details": [detail]}
    beside = gateway.post("/v1/chat/completions", {"messages": [history[0], both, history[2]]}).json()
    assert [w["code"] for w in beside["warnings"]] == ["modified_reasoning"]
