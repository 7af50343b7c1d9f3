"""A lean HTTP load generator on asyncio: whole answers as fast as they come, and streams with the time of every piece.

It reads no JSON, so that one core carries it beside the mock. It is a closed loop: a connection sends its next request when
the last is answered. Latencies are therefore of a gateway under `concurrency` requests, not of arrivals at a rate.
"""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_PATIENCE_S = 30.0
"""For the last answers of a round."""
_SAMPLES = 400_000
"""Gaps kept of paced streams."""


class LoadError(RuntimeError):
    """An answer was not the one that was asked for; the message is its beginning."""


@dataclass
class Run:
    """What a server did in one round: seconds of the round, and of each of its requests."""

    seconds: float = 0.0
    cpu_s: float = 0.0
    """Of the server, where somebody measures it."""
    latencies: list[float] = field(default_factory=list)

    @property
    def rate(self) -> float:
        return len(self.latencies) / self.seconds


@dataclass
class Paced:
    """What became of streams whose tokens come at a pace; seconds."""

    streams: int = 0
    stalled: int = 0
    """Streams with a gap of more than the limit, or that ended early."""
    short: int = 0
    """Streams that lost events on the way."""
    first: list[float] = field(default_factory=list)
    gaps: list[float] = field(default_factory=list)
    worst: float = 0.0


class Connection(asyncio.Protocol):
    """A kept-alive connection that sends the same request again as soon as it is answered, until the deadline."""

    def __init__(self, request: bytes, deadline: float, latencies: list[float], done: asyncio.Future[None]) -> None:
        self._request, self._deadline, self._latencies, self._done = request, deadline, latencies, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._answer = bytearray()
        self._body_end: int | None = None
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        answer = self._answer
        answer += data
        if self._body_end is None:
            head_end = answer.find(b"\r\n\r\n")
            if head_end < 0:
                return
            if not answer.startswith(b"HTTP/1.1 200"):
                self._fail(answer.decode("utf-8", "replace")[:500])
                return
            length = _LENGTH.search(answer, 0, head_end)
            self._body_end = head_end + 4 + int(length[1]) if length else 0
        whole = len(answer) >= self._body_end if self._body_end else answer.endswith(b"\r\n0\r\n\r\n")
        if whole:
            now = time.perf_counter()
            self._latencies.append(now - self._began)
            if now < self._deadline:
                self._send()
            else:
                self._transport.close()

    def _fail(self, why: str) -> None:
        if not self._done.done():
            self._done.set_exception(LoadError(why))
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self._done.done():
            self._done.set_result(None)


class Stream(asyncio.Protocol):
    """A kept-alive connection that reads one stream after the other and notes when its pieces come."""

    def __init__(
        self, request: bytes, first: bytes, deadline: float, paced: Paced, events: int, limit: float,
        done: asyncio.Future[None],
    ) -> None:  # fmt: skip
        """`first` stands in the first token's event and before it nowhere; a stream has at least so many `events`."""
        self._request, self._mark, self._deadline, self._paced = request, first, deadline, paced
        self._events, self._limit, self._done = events, limit, done

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._send()

    def _send(self) -> None:
        self._head = bytearray()
        self._tail = b""
        self._count = 0
        self._last: float | None = None
        self._worst = 0.0
        self._under_way = True
        self._began = time.perf_counter()
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        now = time.perf_counter()
        if self._last is None:
            self._head += data
            if not self._head.startswith(b"HTTP/1.1 200"[: len(self._head)]):
                self._fail(self._head.decode("utf-8", "replace")[:500])
                return
            if self._mark in self._head:
                self._last = now
                self._paced.first.append(now - self._began)
        else:
            gap = now - self._last
            self._last = now
            self._worst = max(self._worst, gap)
            if len(self._paced.gaps) < _SAMPLES:
                self._paced.gaps.append(gap)
        self._count += data.count(b"data: ")
        tail = self._tail + data[-16:]
        self._tail = tail[-16:]
        if tail.endswith(b"\r\n0\r\n\r\n"):
            self._finish(now)

    def _finish(self, now: float) -> None:
        paced = self._paced
        paced.streams += 1
        paced.worst = max(paced.worst, self._worst)
        paced.stalled += self._worst > self._limit or self._last is None
        paced.short += self._count < self._events
        self._under_way = False
        if now < self._deadline:
            self._send()
        else:
            self._transport.close()

    def _fail(self, why: str) -> None:
        if not self._done.done():
            self._done.set_exception(LoadError(why))
        self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._under_way:
            self._paced.streams += 1
            self._paced.stalled += 1
        if not self._done.done():
            self._done.set_result(None)


async def _all(
    ports: list[int],
    protocol: Callable[[asyncio.Future[None]], asyncio.Protocol],
    count: int,
    spread: float,
    seconds: float,
) -> None:
    """`count` connections, opened over `spread` seconds and dealt out to the ports, until the last has ended."""
    loop = asyncio.get_running_loop()
    finished: list[asyncio.Future[None]] = [loop.create_future() for _ in range(count)]
    async with asyncio.timeout(seconds + spread + _PATIENCE_S):
        for at, done in enumerate(finished):
            await loop.create_connection(lambda done=done: protocol(done), "127.0.0.1", ports[at % len(ports)])
            if spread:
                await asyncio.sleep(spread / count)
        await asyncio.gather(*finished)


async def load(port: int | list[int], request: bytes, concurrency: int, seconds: float) -> Run:
    """Keeps `concurrency` requests under way for so many seconds. Raises LoadError at an answer that is not a 200."""
    run = Run()
    began = time.perf_counter()
    ports = [port] if isinstance(port, int) else port
    await _all(ports, lambda done: Connection(request, began + seconds, run.latencies, done), concurrency, 0.0, seconds)
    run.seconds = time.perf_counter() - began
    return run


async def stream(
    port: int, request: bytes, *, first: bytes, events: int, count: int, seconds: float, limit: float, spread: float
) -> Paced:
    """Keeps `count` streams under way for so many seconds after the last of them has begun."""
    paced = Paced()
    deadline = time.perf_counter() + spread + seconds
    await _all(
        [port],
        lambda done: Stream(request, first, deadline, paced, events, limit, done),
        count,
        spread,
        seconds,
    )
    return paced


def percentile(values: list[float], share: float) -> float:
    """The value below which so large a share of them lies; nan of none."""
    if not values:
        return float("nan")
    return sorted(values)[int(share * (len(values) - 1))]
