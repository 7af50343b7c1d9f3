"""Steering a reply under way: the wish reaches the engine, strangers and finished replies get a clear answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.gateway import Gateway, order, start_gateway
from tests.servers import wait_until


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Gateway]:
    running = start_gateway(tmp_path_factory.mktemp("control"), tiny_folder)
    yield running
    running.stop()


def control(gateway: Gateway, reply_id: str, **body: object) -> requests.Response:
    return requests.post(f"{gateway.url}/v1/chat/completions/{reply_id}/control", json=body, timeout=10)


def test_a_running_replys_thinking_can_be_ended_and_a_finished_ones_cannot(gateway: Gateway) -> None:
    body = {
        "messages": [{"role": "user", "content": order(say="a", repeat=2000, pause_s=0.01)}],
        "stream": True,
        "n": 2,
    }
    with requests.post(f"{gateway.url}/v1/chat/completions", json=body, stream=True, timeout=30) as reply:
        lines = reply.iter_lines()  # kept: dropping it would close the connection
        first = next(line for line in lines if line.startswith(b"data:"))
        chunk = json.loads(first[6:])
        assert "error" not in chunk, chunk
        reply_id = chunk["id"]
        assert reply.headers["x-generation-id"] == reply_id
        answer = control(gateway, reply_id, action="end_reasoning")
        assert answer.status_code == 200, answer.text
        assert answer.json()["accepted"] is True
        wait_until(lambda: len(gateway.entries("EndThinking")) == 2, "both choices are told")
        assert {entry["id"] for entry in gateway.entries("EndThinking")} == {f"{reply_id}/0", f"{reply_id}/1"}
        del lines
    wait_until(lambda: control(gateway, reply_id, action="end_reasoning").status_code == 404, "the reply is over")


def test_an_unknown_action_names_the_known_one(gateway: Gateway) -> None:
    answer = control(gateway, "gen-1", action="stop")
    assert answer.status_code == 400
    assert "action: expected end_reasoning" in answer.json()["error"]["message"]
    missing = control(gateway, "gen-1")
    assert (missing.status_code, missing.json()["error"]["message"]) == (400, "action: required")
