"""One client's connection: parses its requests, plays the scripts of their answers. Knows sockets and time, no bodies."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import deque
from typing import TYPE_CHECKING, Any, cast

import httptools

from nemoserve.mock.journal import Entry, Outcome
from nemoserve.mock.service import Service
from nemoserve.mock.timeline import Script

if TYPE_CHECKING:
    from collections.abc import Sequence

_EARLY_S = 0.0005
"""Beats this near are due; timers have a resolution of a millisecond."""
_REFUSED = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Connection(asyncio.Protocol):
    """Answers one request at a time, in the order in which they come."""

    def __init__(self, service: Service, connections: set[Connection]) -> None:
        self._service, self._connections = service, connections
        self._loop = asyncio.get_running_loop()
        self._parser: Any = httptools.HttpRequestParser(self)
        self._waiting: deque[tuple[str, str, list[tuple[bytes, bytes]], bytes, bool]] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._entry: Entry | None = None
        self._busy = False
        self._gone = False

    # asyncio's side.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)
        self._connections.add(self)

    def data_received(self, data: bytes) -> None:
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._transport.close()
        except httptools.HttpParserError:
            self._transport.write(_REFUSED)
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self._gone = True
        self._connections.discard(self)
        self._end("client left")

    def close(self) -> None:
        """Ends it, whatever it is doing."""
        self._transport.abort()

    # httptools' side.

    def on_message_begin(self) -> None:
        self._target = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []

    def on_url(self, url: bytes) -> None:
        self._target += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))
        if name.lower() == b"expect" and value.lower() == b"100-continue":
            self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def on_body(self, body: bytes) -> None:
        self._body.append(body)

    def on_message_complete(self) -> None:
        method = cast("bytes", self._parser.get_method()).decode()
        keep = bool(self._parser.should_keep_alive())
        body = self._body[0] if len(self._body) == 1 else b"".join(self._body)
        request = (method, self._target.decode("latin-1"), self._headers, body, keep)
        if self._busy:
            self._waiting.append(request)
        else:
            self._answer(*request)

    # Playing.

    def _answer(self, method: str, target: str, headers: list[tuple[bytes, bytes]], body: bytes, keep: bool) -> None:
        script, self._entry = self._service.answer(method, target, headers, body)
        self._busy, self._keep = True, keep
        self._play(script)

    def _play(self, script: Script) -> None:
        self._script, self._next = script, 0
        self._began = self._loop.time()
        self._tick()

    def _tick(self) -> None:
        self._timer = None
        beats = self._script.beats
        elapsed = self._loop.time() - self._began + _EARLY_S
        at = self._next
        due: Sequence[bytes] = ()
        while at < len(beats) and beats[at].at <= elapsed:
            due = (*due, beats[at].data)
            at += 1
        if due:
            self._transport.write(due[0] if len(due) == 1 else b"".join(due))
            if self._entry is not None:
                self._entry.tokens_sent = beats[at - 1].tokens
        self._next = at
        if at < len(beats):
            self._timer = self._loop.call_at(self._began + beats[at].at, self._tick)
        elif self._script.ending == "keep":
            self._finish()
        elif self._script.ending != "hold":
            self._timer = self._loop.call_at(self._began + self._script.end_at, self._break_off)

    def _finish(self) -> None:
        self._end("answered")
        if not self._keep:
            self._transport.close()
        elif self._waiting:
            self._answer(*self._waiting.popleft())

    def _break_off(self) -> None:
        self._end("broken off")
        if self._script.ending == "reset":
            reset(self._transport)
        else:
            self._transport.close()

    def _end(self, outcome: Outcome) -> None:
        self._busy = False
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        if self._entry is not None:
            self._service.journal.close(self._entry, outcome)
            self._entry = None


def reset(transport: asyncio.Transport) -> None:
    """Ends a connection with RST rather than FIN."""
    given = transport.get_extra_info("socket")
    with socket.socket(fileno=socket.dup(given.fileno())) as twin:
        twin.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()
