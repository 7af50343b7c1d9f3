"""What goes wrong around a running server: a dead engine, clients that leave, crowd in, or do not read."""

from __future__ import annotations

import json
import socket
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.servers import Server, wait_until

pytestmark = pytest.mark.slow

Start = Callable[..., Server]

# End-of-turn and end-of-text tokens of the tiny checkpoint: without them its replies end at max_tokens only.
NEVER_END = {"logit_bias": {"2": -100, "11": -100, "12": -100}}


@pytest.fixture(scope="module")
def options(tiny_folder: Path) -> list[str]:
    return ["--model", str(tiny_folder), "--dtype", "float32", "--threads", "1"]


@pytest.fixture(scope="module")
def narrow(start_server: Start, options: list[str]) -> Server:
    """A server with one slot and a short queue."""
    return start_server(*options, "--max-sequences", "1", "--max-waiting", "4")


@pytest.fixture(scope="module")
def wide(start_server: Start, options: list[str]) -> Server:
    """A server with room for a crowd."""
    return start_server(*options, "--max-sequences", "16", "--max-waiting", "256")


def events(response: requests.Response) -> Iterator[dict[str, Any]]:
    """The chunks of a stream, without the closing [DONE]."""
    for line in response.iter_lines():
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            yield json.loads(line[6:])


def test_a_killed_engine_fails_its_requests_and_serves_the_next(start_server: Start, options: list[str]) -> None:
    server = start_server(*options)
    victim = server.engine()
    with server.stream("Hello", max_tokens=60000, **NEVER_END) as response:
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


def test_a_client_that_leaves_frees_its_slot_at_once(narrow: Server) -> None:
    # The only slot is taken for a reply of 60,000 tokens, which would take minutes.
    response = narrow.stream("Hello", max_tokens=60000, **NEVER_END)
    next(events(response))
    response.close()
    assert narrow.chat("Hello", max_tokens=4, timeout=20, **NEVER_END).status_code == 200


def test_a_client_that_leaves_a_reply_that_is_not_streamed_frees_its_slot(narrow: Server) -> None:
    engine = narrow.engine()
    busy = engine.cpu_times().user
    content = json.dumps(narrow.question("Hello", {"max_tokens": 60000, **NEVER_END})).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    with socket.create_connection(("127.0.0.1", int(narrow.url.rpartition(":")[2]))) as connection:
        connection.sendall(head + content)
        wait_until(lambda: engine.cpu_times().user > busy + 0.1, "the engine works")
    assert narrow.chat("Hello", max_tokens=4, timeout=20, **NEVER_END).status_code == 200


def test_past_the_waiting_queue_a_crowd_is_told_when_to_come_back(narrow: Server) -> None:
    with ThreadPoolExecutor(50) as pool:
        replies = list(pool.map(lambda _: narrow.chat("Hello", max_tokens=64, **NEVER_END), range(50)))
    statuses = Counter(reply.status_code for reply in replies)
    assert statuses.keys() == {200, 429} and statuses[200] >= 5
    for reply in replies:
        if reply.status_code == 429:
            assert int(reply.headers["retry-after"]) >= 1
            assert reply.json()["error"]["code"] == 429
    assert narrow.chat("Hello", max_tokens=4, **NEVER_END).status_code == 200


def test_two_hundred_requests_at_once_all_get_the_same_reply(wide: Server) -> None:
    with ThreadPoolExecutor(200) as pool:
        replies = list(pool.map(lambda _: wide.chat("Hello", seed=5, max_tokens=8, **NEVER_END), range(200)))
    assert {reply.status_code for reply in replies} == {200}
    messages = {json.dumps(reply.json()["choices"][0]["message"], sort_keys=True) for reply in replies}
    assert len(messages) == 1
    assert len({reply.json()["id"] for reply in replies}) == 200


def test_two_hundred_streams_at_once_all_end_as_they_should(wide: Server) -> None:
    def read(_: int) -> tuple[str, str, bool]:
        with wide.stream("Hello", seed=5, max_tokens=8, **NEVER_END) as response:
            lines = [line for line in response.iter_lines() if line.startswith(b"data: ")]
        chunks = [json.loads(line[6:]) for line in lines[:-1]]
        deltas = [chunk["choices"][0]["delta"] for chunk in chunks]
        text = "".join((delta.get("reasoning") or "") + (delta.get("content") or "") for delta in deltas)
        return text, chunks[-1]["choices"][0]["finish_reason"], lines[-1] == b"data: [DONE]"

    with ThreadPoolExecutor(200) as pool:
        results = set(pool.map(read, range(200)))
    assert len(results) == 1 and next(iter(results))[1:] == ("length", True)


def test_a_reader_that_does_not_read_delays_nobody_and_loses_nothing(wide: Server) -> None:
    # About 2 MB of events, more than the socket's buffers hold, are not read while others are served.
    slow = wide.stream("Hello", max_tokens=800, logprobs=True, top_logprobs=20, **NEVER_END)
    for _ in range(5):
        assert wide.chat("Hello", max_tokens=4, **NEVER_END).status_code == 200
    chunks = list(events(slow))
    assert chunks[-1]["usage"]["completion_tokens"] == 800
    assert chunks[-1]["choices"][0]["finish_reason"] == "length"
    logprobs = [chunk["choices"][0].get("logprobs") for chunk in chunks]
    assert sum(len(entry["content"]) for entry in logprobs if entry) == 800


def test_an_interrupt_ends_the_server_and_its_engine(start_server: Start, options: list[str]) -> None:
    server = start_server(*options)
    engine = server.engine()
    assert server.stop() == 0
    wait_until(lambda: not engine.is_running() or engine.status() == "zombie", "the engine has ended", 10)
    assert "Traceback" not in server.log.read_text()
