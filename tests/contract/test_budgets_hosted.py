"""Thinking budgets at providers that know none: kept for every choice, by two calls each, and paid for out of what was held."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
import requests

from tests.gateways import MODEL, Fleet, fleet


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    folder, price = tmp_path_factory.mktemp("fleet"), ', request = "0.00001"'
    with fleet(folder, ("deepinfra", "openrouter", "aiml"), mock_options=("--tokens", "80"), price=price) as it:
        yield it


@pytest.mark.parametrize("n", [1, 3])
def test_a_budget_is_dropped_where_a_request_wants_several_choices(providers: Fleet, n: int) -> None:
    mock = providers.mocks["deepinfra"]
    mock.forget()
    body: dict[str, Any] = {
        "model": MODEL,
        "messages": [{"role": "user", "content": "How many apples are left?"}],
        "n": n,
        "max_tokens": 200,
        "reasoning": {"max_tokens": 8},
        "provider": {"require_parameters": True, "only": ["deepinfra"]},
    }
    headers = {"Authorization": f"Bearer {providers.key('--limit', '1')}"}
    answer = providers.server.post("/v1/chat/completions", body, headers=headers)
    assert answer.status_code == 200, answer.text
    reply = answer.json()
    assert len(reply["choices"]) == n and all(choice["message"]["content"] for choice in reply["choices"])
    assert not [warning for warning in reply.get("warnings", []) if "budget was dropped" in warning["message"]]
    assert len(mock.received()) == 2 * n, "a call to think and one to answer for each choice"
    assert reply["usage"]["completion_tokens_details"]["reasoning_tokens"] <= 8 * n
    reserved = float(answer.headers["x-cost-reserved"])
    usage = reply["usage"]
    paid = usage["prompt_tokens"] + 10 * usage["completion_tokens"] + 10 * 2 * n
    assert usage["cost"] * 1e6 == pytest.approx(paid), "each call is a request, which costs money besides"
    assert 0 < reply["usage"]["cost"] <= reserved
    # Prices are 1 and 10 dollars a million. A reply's length is no part of what is read; a thought's is, once for each choice.
    read = reserved * 1e6 - 10 * 200 * n
    assert read < 2 * n * 130, read


ASKED: dict[str, Any] = {
    "model": MODEL,
    "messages": [{"role": "user", "content": "How many apples are left?"}],
    "max_tokens": 200,
    "reasoning": {"max_tokens": 8},
    "provider": {"only": ["deepinfra"]},
}


def test_prompts_that_nobody_counts_are_billed_once_however_often_they_are_read(providers: Fleet) -> None:
    mock = providers.mocks["deepinfra"]
    mock.faults("no-usage")
    try:
        once, often = (
            providers.server.post("/v1/chat/completions", body).json()["usage"]
            for body in ({**ASKED, "reasoning": {"enabled": False}}, {**ASKED, "n": 3})
        )
    finally:
        mock.faults()
    assert once["estimated"] is often["estimated"] is True
    assert often["prompt_tokens"] == 6 * once["prompt_tokens"], "each choice is a call to think and one to answer"


def test_a_second_call_that_breaks_off_is_free(providers: Fleet) -> None:
    mock = providers.mocks["deepinfra"]
    mock.forget()
    mock.settings(pace_ms=40)
    try:
        answer = requests.post(
            f"{providers.server.url}/v1/chat/completions", json={**ASKED, "stream": True}, stream=True, timeout=30
        )
        lines = (line for line in answer.iter_lines() if line.startswith(b"data: {"))
        next(lines)
        mock.faults("cut")  # while the first one is on its way
        *_, last = (json.loads(line[6:]) for line in lines)
    finally:
        mock.faults()
        mock.settings(pace_ms=0)
    assert last["error"]["code"] == 502 and last["choices"][0]["finish_reason"] == "error"
    first, second = mock.received()
    assert (first["outcome"], second["outcome"]) == ("answered", "broken off")
    usage = last["usage"]
    assert usage["completion_tokens"] > 8 + 10 and usage["estimated"] is True
    assert usage["completion_tokens_details"]["reasoning_tokens"] == 8
    assert usage["prompt_tokens"] > 8 + 2 * 5, "both have read the prompt"


@pytest.mark.parametrize(
    ("name", "effort", "fields", "told"),
    [
        ("openrouter", "low", {}, {"enabled": True, "effort": "low"}),
        ("openrouter", "max", {}, {"enabled": True, "max_tokens": 129}),
        ("openrouter", "low", {"reasoning": {"max_tokens": 8}}, {"enabled": True, "max_tokens": 8}),
        ("aiml", "medium", {}, {"effort": "medium"}),
        ("aiml", "minimal", {}, {"max_tokens": 20}),
    ],
)
def test_a_level_reaches_those_who_know_levels_as_a_number_or_one_that_is_no_share_as_a_level(
    providers: Fleet, name: str, effort: str, fields: dict[str, Any], told: dict[str, Any]
) -> None:
    mock = providers.mocks[name]
    mock.forget()
    body = {**ASKED, "provider": {"only": [name]}, "reasoning": {"effort": effort}, **fields}
    assert providers.server.post("/v1/chat/completions", body).status_code == 200
    (request,) = mock.received()
    assert request["body"]["reasoning"] == told


def test_what_a_key_may_think_is_left_to_a_level(providers: Fleet) -> None:
    mock = providers.mocks["openrouter"]
    mock.forget()
    headers = {"Authorization": f"Bearer {providers.key('--reasoning-cap', '150')}"}
    body = {**ASKED, "provider": {"only": ["openrouter"]}, "reasoning": {"effort": "low"}}
    assert providers.server.post("/v1/chat/completions", body, headers=headers).status_code == 200
    (request,) = mock.received()
    assert request["body"]["reasoning"] == {"enabled": True, "max_tokens": 40}
