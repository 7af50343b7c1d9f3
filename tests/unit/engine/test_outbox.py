"""The way from the engine to the gateway: order is kept, nothing is lost, and a gateway that does not read costs little."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator, Mapping

import pytest

from nemoserve.engine.inbox import Inbox
from nemoserve.engine.outbox import Outbox
from nemoserve.engine.protocol import (
    Cancel,
    Finished,
    FrameReader,
    FromEngine,
    Rejected,
    TokenLogprob,
    Tokens,
    Wanted,
    decode_from_engine,
    frame,
)


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, socket.socket]]:
    """The engine's and the gateway's end of a connection."""
    engine, gateway = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    yield engine, gateway
    engine.close()
    gateway.close()


def started(outbox: Outbox) -> threading.Thread:
    thread = threading.Thread(target=outbox.run, daemon=True)
    thread.start()
    return thread


def read_until(gateway: socket.socket, name: str) -> list[FromEngine]:
    """Messages up to the `Finished` of a request."""
    gateway.settimeout(30)
    frames, messages = FrameReader(), list[FromEngine]()
    while not any(isinstance(m, Finished) and m.id == name for m in messages):
        messages += [decode_from_engine(body) for body in frames.feed(gateway.recv(1 << 16))]
    return messages


def finished(name: str) -> Finished:
    return Finished(name, "length", 1, 1)


def test_tokens_that_wait_are_sent_together_and_in_order(ends: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(ends[0])
    for i in range(5):
        entry = TokenLogprob(i, -1.0, [])
        outbox.put([Tokens("a", [i], [entry], [None] if i == 0 else None), Tokens("b", [10 + i])])
    outbox.put([finished("a"), Rejected("c", "invalid", "no"), Tokens("a", [99]), finished("a"), finished("b")])
    thread = started(outbox)
    messages = read_until(ends[1], "b")
    assert messages == [
        Tokens("a", [0, 1, 2, 3, 4], [TokenLogprob(i, -1.0, []) for i in range(5)], [None]),
        Tokens("b", [10, 11, 12, 13, 14]),
        finished("a"),
        Rejected("c", "invalid", "no"),
        Tokens("a", [99]),
        finished("a"),
        finished("b"),
    ]
    outbox.close(10)
    thread.join(10)
    assert not thread.is_alive()


def test_a_gateway_that_does_not_read_stops_the_engine_until_it_does(ends: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(ends[0], limit=1000)
    started(outbox)
    said = 0
    while outbox.wait_for_room(0.2):  # fills the socket's buffer, then the outbox
        outbox.put([Tokens("a", list(range(500)))])
        said += 500
        assert said < 10_000_000, "nothing ever stopped the engine"
    outbox.put([finished("a")])
    messages = read_until(ends[1], "a")
    assert sum(len(m.tokens) for m in messages if isinstance(m, Tokens)) == said
    assert outbox.wait_for_room(10)


def test_log_probabilities_count_as_what_they_weigh(ends: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(ends[0], limit=100)
    entry = TokenLogprob(1, -1.0, [(i, -2.0) for i in range(20)])
    for _ in range(5):
        assert outbox.wait_for_room(0)
        outbox.put([Tokens("a", [1], [entry])])
    assert not outbox.wait_for_room(0)


def test_a_gateway_that_is_gone_is_noticed_and_nothing_gathers(ends: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(ends[0], limit=10)
    thread = started(outbox)
    ends[1].close()
    outbox.put([Tokens("a", [1])])
    thread.join(10)
    assert outbox.broken and not thread.is_alive()
    for _ in range(100):
        outbox.put([Tokens("a", [1])])
    assert outbox.wait_for_room(0)
    outbox.close(10)


def test_the_inbox_stops_reading_when_it_is_full_and_loses_nothing(ends: tuple[socket.socket, socket.socket]) -> None:
    inbox = Inbox(ends[0], limit=4)
    thread = threading.Thread(target=inbox.run, daemon=True)
    thread.start()
    ends[1].sendall(b"".join(frame(Cancel(str(i))) for i in range(50)))
    taken: list[str] = []
    while len(taken) < 50:
        batch = inbox.take(30)
        assert batch, "waited in vain"
        taken += [m.id for m in batch if isinstance(m, Cancel)]
    assert taken == [str(i) for i in range(50)]
    ends[1].close()
    assert inbox.take(30) == [] and inbox.closed.wait(30)
    thread.join(10)


def test_an_oversized_frame_closes_the_inbox(ends: tuple[socket.socket, socket.socket]) -> None:
    inbox = Inbox(ends[0])
    threading.Thread(target=inbox.run, daemon=True).start()
    ends[1].sendall(b"\xff\xff\xff\xff")
    assert inbox.closed.wait(30)


def sendings(ends: tuple[socket.socket, socket.socket], told: Mapping[str, Wanted], pause_s: float) -> int:
    """How often something is sent while every sequence gets 40 tokens, and ends."""
    outbox = Outbox(ends[0])
    for id, wanted in told.items():
        outbox.expect(id, wanted)
    count = 0

    def read() -> None:
        nonlocal count
        frames, left = FrameReader(), set(told)
        while left:
            found = [decode_from_engine(body) for body in frames.feed(ends[1].recv(1 << 20))]
            count += 1
            left -= {message.id for message in found if isinstance(message, Finished)}

    reader, writer = threading.Thread(target=read), started(outbox)
    reader.start()
    for step in range(40):
        outbox.put([Tokens(id, [step]) for id in told])
        time.sleep(pause_s)
    outbox.put([finished(id) for id in told])
    reader.join(10)
    outbox.close(10)
    writer.join(10)
    assert not reader.is_alive() and not writer.is_alive()
    return count


@pytest.mark.parametrize("told", [dict.fromkeys("ab", "the whole"), dict.fromkeys("abcd", "a stream")])
def test_tokens_that_nobody_waits_for_cost_a_sending_each(
    ends: tuple[socket.socket, socket.socket], told: dict[str, Wanted]
) -> None:
    assert sendings(ends, told, 0.0005) < 20


@pytest.mark.parametrize(
    "told", [dict.fromkeys("abc", "a stream"), {**dict.fromkeys("abc", "the whole"), "d": "each token"}]
)
def test_tokens_that_are_waited_for_wait_for_others(
    ends: tuple[socket.socket, socket.socket], told: dict[str, Wanted]
) -> None:
    assert sendings(ends, told, 0.01) > 20


def test_a_token_that_comes_alone_waits_for_ever(ends: tuple[socket.socket, socket.socket]) -> None:
    outbox = Outbox(ends[0])
    started(outbox)
    outbox.expect("a", "the whole")
    for token in range(2):
        outbox.put([Tokens("a", [token])])
        ends[1].settimeout(5)
        assert [decode_from_engine(one) for one in FrameReader().feed(ends[1].recv(1 << 16))] == [Tokens("a", [token])]
