"""Thinking budgets at providers that know none: kept for every choice, by two calls each, and paid for out of what was held."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateways import MODEL, Fleet, fleet


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet"), ("deepinfra",), mock_options=("--tokens", "80")) as it:
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
        "provider": {"require_parameters": True},
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
    assert 0 < reply["usage"]["cost"] <= reserved
    # Prices are 1 and 10 dollars a million. A reply's length is no part of what is read; a thought's is, once for each choice.
    read = reserved * 1e6 - 10 * 200 * n
    assert read < 200 * n, read
