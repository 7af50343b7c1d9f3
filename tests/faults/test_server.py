"""What goes wrong around a running server: a dead engine, clients that leave, crowd in, or do not read."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers import Server, wait_until

Start = Callable[..., Server]

# End-of-turn and end-of-text tokens of the tiny checkpoint: without them its replies end at max_tokens only.
NEVER_END = {"logit_bias": {"2": -100, "11": -100, "12": -100}}


@pytest.fixture
def options(tiny_folder: Path) -> list[str]:
    return ["--model", str(tiny_folder), "--dtype", "float32", "--threads", "1"]


def events(response: requests.Response) -> Iterator[dict[str, Any]]:
    """The chunks of a stream, without the closing [DONE]."""
    for line in response.iter_lines():
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            yield json.loads(line[6:])


def test_a_killed_engine_fails_its_requests_and_serves_the_next(start_server: Start, options: list[str]) -> None:
    server = start_server(*options)
    victim = server.engine()
    with server.chat("Hello", stream=True, max_tokens=60000, **NEVER_END) as response:
        chunks = events(response)
        for _ in range(3):
            next(chunks)
        victim.kill()
        last = list(chunks)[-1]
    assert last["error"]["code"] in (500, 502, 503) and "engine" in last["error"]["message"].lower()
    assert last["choices"][0]["finish_reason"] == "error"

    reply = server.chat("Hello", max_tokens=4, **NEVER_END)
    if reply.status_code == 503:  # the engine is still loading: the client is told when to come back
        assert int(reply.headers["retry-after"]) >= 1
        wait_until(lambda: server.get("/v1/health/ready").status_code == 200, "the engine is back")
        reply = server.chat("Hello", max_tokens=4, **NEVER_END)
    assert reply.status_code == 200, reply.text
    assert reply.json()["usage"]["completion_tokens"] == 4
    assert server.engine().pid != victim.pid


def test_a_killed_engine_fails_a_reply_that_is_not_streamed(start_server: Start, options: list[str]) -> None:
    server = start_server(*options)
    victim = server.engine()
    with ThreadPoolExecutor(1) as pool:
        pending = pool.submit(server.chat, "Hello", max_tokens=60000, **NEVER_END)
        busy = victim.cpu_times().user
        wait_until(lambda: victim.cpu_times().user > busy + 0.1, "the engine works")
        victim.kill()
        reply = pending.result(60)
    assert reply.status_code in (500, 502, 503)
    assert "engine" in reply.json()["error"]["message"].lower()


def test_a_client_that_leaves_frees_its_slot_at_once(start_server: Start, options: list[str]) -> None:
    server = start_server(*options, "--max-sequences", "1")
    # The slot is taken for a reply of 60,000 tokens, which would take minutes.
    response = server.chat("Hello", stream=True, max_tokens=60000, **NEVER_END)
    next(events(response))
    response.close()
    started = time.monotonic()
    assert server.chat("Hello", max_tokens=4, **NEVER_END).status_code == 200
    assert time.monotonic() - started < 10


def test_a_client_that_leaves_a_reply_that_is_not_streamed_frees_its_slot(
    start_server: Start, options: list[str]
) -> None:
    server = start_server(*options, "--max-sequences", "1")
    body = {"model": server.model, "messages": [{"role": "user", "content": "Hello"}], "max_tokens": 60000, **NEVER_END}
    engine = server.engine()
    busy = engine.cpu_times().user
    content = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))) as connection:
        connection.sendall(head + content)
        wait_until(lambda: engine.cpu_times().user > busy + 0.1, "the engine works")
    started = time.monotonic()
    assert server.chat("Hello", max_tokens=4, **NEVER_END).status_code == 200
    assert time.monotonic() - started < 10


def test_two_hundred_requests_at_once_all_get_the_same_reply(start_server: Start, options: list[str]) -> None:
    server = start_server(*options, "--max-sequences", "16", "--max-waiting", "256")
    with ThreadPoolExecutor(200) as pool:
        replies = list(pool.map(lambda _: server.chat("Hello", seed=5, max_tokens=8, **NEVER_END), range(200)))
    assert {reply.status_code for reply in replies} == {200}
    messages = {json.dumps(reply.json()["choices"][0]["message"], sort_keys=True) for reply in replies}
    assert len(messages) == 1
    assert len({reply.json()["id"] for reply in replies}) == 200


def test_past_the_waiting_queue_a_crowd_is_told_when_to_come_back(start_server: Start, options: list[str]) -> None:
    server = start_server(*options, "--max-sequences", "2", "--max-waiting", "4")
    with ThreadPoolExecutor(200) as pool:
        replies = list(pool.map(lambda _: server.chat("Hello", max_tokens=64, **NEVER_END), range(200)))
    assert {reply.status_code for reply in replies} == {200, 429}
    for reply in replies:
        if reply.status_code == 429:
            assert int(reply.headers["retry-after"]) >= 1
            assert reply.json()["error"]["code"] == 429
    assert server.chat("Hello", max_tokens=4, **NEVER_END).status_code == 200


def test_a_reader_that_does_not_read_delays_nobody_and_loses_nothing(start_server: Start, options: list[str]) -> None:
    server = start_server(*options, "--max-sequences", "2")
    # About 2 MB of events, more than the socket's buffers hold, are not read while others are served.
    slow = server.chat("Hello", stream=True, max_tokens=6000, **NEVER_END)
    for _ in range(5):
        assert server.chat("Hello", max_tokens=4, **NEVER_END).status_code == 200
    chunks = list(events(slow))
    assert chunks[-1]["usage"]["completion_tokens"] == 6000
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"


def test_an_interrupt_ends_the_server_and_its_engine(start_server: Start, options: list[str]) -> None:
    server = start_server(*options)
    engine = server.engine()
    assert server.stop() in (0, 130)
    wait_until(lambda: not engine.is_running() or engine.status() == "zombie", "the engine has ended", 10)
    assert "Traceback" not in server.log.read_text()
