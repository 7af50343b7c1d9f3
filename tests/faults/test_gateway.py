"""A gateway whose engine misbehaves on order, or whose clients do."""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import threading
from collections.abc import Callable, Generator, Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from nemoserve.backends.local import backend
from nemoserve.config.settings import Settings
from nemoserve.engine import worker
from nemoserve.engine.outbox import Outbox
from nemoserve.observe.logs import open_log
from tests.gateway import Gateway, order, start_gateway
from tests.servers import wait_until

# Makes every token an event of some 1.5 kB.
MANY_BYTES = {"logprobs": True, "top_logprobs": 20}

Start = Callable[..., Gateway]


@pytest.fixture
def start(tmp_path: Path, tiny_folder: Path) -> Iterator[Start]:
    started: list[Gateway] = []

    def start(*engine: str, **settings: Any) -> Gateway:
        folder = settings.pop("folder", tiny_folder)
        started.append(start_gateway(tmp_path / str(len(started)), folder, *engine, **settings))
        return started[-1]

    yield start
    for gateway in started:
        gateway.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Gateway]:
    running = start_gateway(tmp_path_factory.mktemp("faults"), tiny_folder)
    yield running
    running.stop()


def last_chunk(text: str) -> dict[str, Any]:
    events = [event for event in text.split("\n\n") if event]
    assert events[-1] == "data: [DONE]"
    return json.loads(events[-2][6:])


def open_request(gateway: Gateway, **body: Any) -> socket.socket:
    """A chat request on a connection of its own, whose answer nobody has read yet."""
    content = json.dumps(body).encode()
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(content)}\r\n\r\n".encode()
    connection = socket.socket()
    # A small window, so that what is not read soon waits in the gateway.
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.settimeout(30)
    connection.connect(("127.0.0.1", int(gateway.url.rpartition(":")[2])))
    connection.sendall(head + content)
    return connection


def ask(text: str, **fields: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **fields}


@contextlib.contextmanager
def running(gateway: Gateway, body: dict[str, Any]) -> Generator[tuple[socket.socket, set[str]]]:
    """A request that the engine has taken: its connection, closed at the end, and the ids of its sequences."""
    count = len(gateway.entries("Submit"))
    with open_request(gateway, **body) as connection:
        wait_until(lambda: len(gateway.entries("Submit")) == count + body.get("n", 1), "the engine has the request")
        yield connection, {entry["id"] for entry in gateway.entries("Submit")[count:]}


def sent(gateway: Gateway) -> dict[str, int]:
    """Tokens that the engine has sent, by sequence."""
    totals: dict[str, int] = {}
    for entry in gateway.entries("sent"):
        totals[entry["id"]] = totals.get(entry["id"], 0) + entry["tokens"]
    return totals


def cancelled(gateway: Gateway) -> set[str]:
    """The sequences that the engine was told to stop."""
    return {entry["id"] for entry in gateway.entries("Cancel")}


def events(gateway: Gateway, kind: str) -> list[dict[str, Any]]:
    whole = gateway.log.read_text().rpartition("\n")[0]  # the last line may still be being written
    return [event for line in whole.splitlines() if (event := json.loads(line))["kind"] == kind]


def test_how_the_engine_planned_its_memory_stays_its_secret(gateway: Gateway) -> None:
    ready = events(gateway, "ready")[0]
    assert "tokens of context in memory, 16 replies at once, 512 MiB for prompts read before" in ready["message"]

    def logged() -> list[str]:
        lines = [
            line for file in gateway.journal.parent.rglob("gateway.jsonl") for line in file.read_text().splitlines()
        ]
        return [line for line in lines if "engine ready" in line]

    wait_until(logged, "it is logged")
    assert all(name in logged()[0] for name in ("kv_tokens", "max_sequences", "prefix_bytes"))


@pytest.mark.parametrize(("count", "share"), [(1, 1.0), (2, 0.5)])
def test_every_engine_takes_the_same_memory_for_its_own(
    count: int, share: float, tiny_folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[list[str]] = []

    def supervisor(_name: str, arguments: list[str], *_: object, **__: object) -> None:
        started.append(arguments)

    monkeypatch.setattr(backend, "Supervisor", supervisor)
    monkeypatch.setattr(worker, "available_bytes", lambda _device: 1 << 30)
    settings = Settings(data_dir=tmp_path, models=tuple(f"m{number}={tiny_folder}" for number in range(count)))
    planned = 0
    for name in settings.models:
        backend.LocalBackend(name, tiny_folder, settings, open_log(tmp_path))
        options = worker.parse_options(["--socket", "unused", *started[-1]])
        assert options.memory_share == share
        planned += worker.load(options, Outbox(socket.socket()))[1].prefix_bytes
    assert 0 < planned <= int((1 << 30) * 0.6 / 6) < planned + 10


def test_an_engine_that_dies_fails_its_requests_by_name_and_serves_the_next(gateway: Gateway) -> None:
    dying = order(say="</think>abc", end="die")
    stream = gateway.chat(dying, stream=True)
    assert stream.status_code == 200
    last = last_chunk(stream.text)
    assert last["choices"][0]["finish_reason"] == "error" and last["error"]["code"] == 502
    assert "engine process" in last["error"]["message"] and "died" in last["error"]["message"]
    assert "ordered to die" in last["error"]["message"], "the engine's last words are told"
    assert '"content":"abc"' in stream.text or '"content":"a"' in stream.text
    # The next request waits for the new engine.
    assert gateway.chat(order(say="</think>ok")).json()["choices"][0]["message"]["content"] == "ok"
    whole = gateway.chat(dying)
    assert whole.status_code == 502 and "died" in whole.json()["error"]["message"]
    assert gateway.chat(order(say="</think>ok")).status_code == 200


def test_all_requests_of_a_dead_engine_are_told(gateway: Gateway) -> None:
    answers: list[requests.Response] = []
    threads = [
        threading.Thread(target=lambda: answers.append(gateway.chat(order(say="a", end="hang")))) for _ in range(5)
    ]
    before = len(gateway.entries("Submit"))
    for thread in threads:
        thread.start()
    wait_until(lambda: len(gateway.entries("Submit")) == before + 5, "the engine has all five")
    os.kill(gateway.entries("born")[-1]["pid"], signal.SIGKILL)
    for thread in threads:
        thread.join(30)
    assert [answer.status_code for answer in answers] == [502] * 5
    assert "signal 9" in answers[0].json()["error"]["message"]
    assert gateway.chat(order(say="</think>ok")).status_code == 200


def test_an_idle_engines_death_is_noticed_and_mended(gateway: Gateway) -> None:
    born = len(gateway.entries("born"))
    os.kill(gateway.entries("born")[-1]["pid"], signal.SIGKILL)
    wait_until(lambda: len(gateway.entries("born")) == born + 1, "a new engine is born")
    assert gateway.chat(order(say="</think>ok")).status_code == 200


@pytest.mark.parametrize("stream", [True, False])
def test_a_client_that_leaves_ends_its_generation_at_once(gateway: Gateway, stream: bool) -> None:
    body = ask(order(say="x" * 2000, pause_s=0.02), stream=stream, n=2)
    with running(gateway, body) as (connection, submitted):
        wait_until(lambda: submitted & sent(gateway).keys(), "the engine works on it")
        if stream:
            connection.recv(100)
    wait_until(lambda: submitted <= cancelled(gateway), "both choices are cancelled", 10)


def test_a_client_that_leaves_before_the_first_token_ends_its_generation(gateway: Gateway) -> None:
    with running(gateway, ask(order(say="", end="hang"), stream=True)) as (_, submitted):
        pass
    wait_until(lambda: submitted <= cancelled(gateway), "it is cancelled", 10)


@pytest.mark.slow
def test_a_reader_that_does_not_read_delays_nobody(gateway: Gateway) -> None:
    # Some megabytes of events, more than the sockets' buffers hold.
    body = ask(order(say="0123456789", repeat=250), stream=True, **MANY_BYTES)
    with running(gateway, body) as (slow, submitted):
        for _ in range(3):
            assert gateway.chat(order(say="</think>ok")).status_code == 200
        # The engine finishes although nobody reads, so that its slot is free.
        wait_until(lambda: sent(gateway).get(min(submitted)) == 2501, "the engine has sent all")
        received = b""
        while b"data: [DONE]" not in received[-64:]:
            piece = slow.recv(1 << 16)
            assert piece, "the stream ended early"
            received += piece
    digits = re.findall(rb'"reasoning":"(\d*)"', received)
    assert b"".join(digits) == b"0123456789" * 250


@pytest.mark.slow
def test_a_reader_that_never_reads_is_hung_up_on(start: Start) -> None:
    gateway = start(stalled_reader_s=0.5)
    body = ask(order(say="0123456789", repeat=250, end="hang"), stream=True, **MANY_BYTES)
    with running(gateway, body) as (_, submitted):
        wait_until(lambda: submitted <= cancelled(gateway), "its generation is cancelled", 60)


@pytest.mark.slow
def test_while_it_loads_the_gateway_says_so(start: Start) -> None:
    gateway = start("--load-s", "600", wait=False)
    wait_until(lambda: gateway.entries("born"), "the engine loads")
    wait_until(lambda: [event for event in events(gateway, "loading") if event["total_bytes"]], "progress is told")
    ready = gateway.get("/v1/health/ready")
    assert ready.status_code == 503 and ready.json()["models"][0]["state"] == "loading"
    assert gateway.get("/v1/health/live").status_code == 200
    assert gateway.get("/v1/models").json()["data"][0]["id"] == "nemoserve/fake"
    assert gateway.post("/tokenize", {"prompt": "abc"}).status_code == 200
    for stream in (False, True):
        answer = gateway.chat("x", stream=stream)
        assert answer.status_code == 503 and int(answer.headers["retry-after"]) >= 1
        assert "being loaded" in answer.json()["error"]["message"]


@pytest.mark.slow
def test_a_checkpoint_that_cannot_be_loaded_is_tried_once_and_told(start: Start) -> None:
    gateway = start("--fail", "tensor x has the wrong shape", wait=False, exit_when_nothing_loads=False)
    wait_until(lambda: gateway.log.exists() and events(gateway, "failed"), "the failure is told")
    assert events(gateway, "failed")[0]["message"] == "tensor x has the wrong shape"
    answer = gateway.chat("x")
    assert answer.status_code == 502 and "tensor x has the wrong shape" in answer.json()["error"]["message"]
    assert gateway.get("/v1/health/ready").status_code == 503
    assert len(gateway.entries("born")) == 1


@pytest.mark.slow
def test_a_server_with_nothing_to_serve_ends(start: Start) -> None:
    gateway = start("--fail", "no such tensor", wait=False)
    assert gateway.process.wait(60) == 1
    assert events(gateway, "failed")[0]["message"] == "no such tensor"


@pytest.mark.slow
def test_an_engine_that_cannot_even_start_is_given_up_with_its_last_words(start: Start) -> None:
    gateway = start("--die-at-start", "no module named torch", wait=False)
    assert gateway.process.wait(60) == 1
    assert "no module named torch" in events(gateway, "failed")[0]["message"]


@pytest.mark.slow
def test_a_folder_that_is_no_checkpoint_is_one_sentence(start: Start, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    gateway = start(folder=empty, wait=False)
    assert gateway.process.wait(60) == 1
    assert "has no config.json" in gateway.log.read_text()


@pytest.mark.slow
def test_two_hundred_requests_at_once_are_all_answered(gateway: Gateway) -> None:
    answers: list[int] = []
    say = order(say="</think>" + "x" * 50, burst=5)
    threads = [
        threading.Thread(target=lambda n=n: answers.append(gateway.chat(say, stream=n % 2 == 0).status_code))
        for n in range(200)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert answers == [200] * 200


@pytest.mark.slow
def test_an_interrupt_ends_the_gateway_its_engine_and_its_socket(start: Start) -> None:
    gateway = start()
    engine = psutil.Process(gateway.entries("born")[-1]["pid"])
    connection = open_request(gateway, **ask(order(say="abc", end="hang"), stream=True))
    connection.recv(100)
    connection.close()
    assert gateway.stop() == 0
    wait_until(lambda: not engine.is_running(), "the engine has ended", 10)
    assert "Traceback" not in gateway.log.read_text()


@pytest.mark.slow
def test_a_killed_gateway_leaves_no_engine_behind(start: Start) -> None:
    gateway = start()
    engine = psutil.Process(gateway.entries("born")[-1]["pid"])
    gateway.process.kill()
    gateway.process.wait()
    wait_until(lambda: not engine.is_running(), "the engine has ended", 10)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("room", "wanted"),
    [
        ({"max_sequences": 2, "max_waiting": 1}, {"n": 4, "max_tokens": 9}),
        ({"kv_tokens": 90, "max_waiting": 0}, {"n": 2, "max_tokens": 9}),
    ],
)
def test_more_replies_than_can_ever_be_under_way_are_told_to_come_back(
    room: dict[str, int], wanted: dict[str, int], start: Start
) -> None:
    gateway = start(**room)
    refused = gateway.chat(order(say="</think>ok"), **wanted)
    assert refused.status_code == 400, refused.text
    told = refused.json()["error"]["message"]
    assert told.startswith(f"n: {wanted['n']} replies are wanted at once") and "--max-waiting" in told
    assert gateway.chat(order(say="</think>ok"), **{**wanted, "n": wanted["n"] - 1}).status_code == 200
    texts = {"prompt": ["a"] * wanted["n"], "max_tokens": 80}
    assert gateway.post("/v1/completions", texts).json()["error"]["message"].startswith("prompt: ")


@pytest.mark.slow
def test_a_cache_smaller_than_the_context_is_taken_for_the_models_context(start: Start) -> None:
    told = start(kv_tokens=90).chat("x" * 100).json()["error"]
    assert told["metadata"]["context_length"] == 90
    assert "is served with a context length of 90 tokens, the reply included" in told["message"]
