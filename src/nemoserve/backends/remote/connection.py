"""One connection to a provider, kept for many requests: bytes out, a reply's head and body in. Knows HTTP/1.1; no pool, no errors in words.

Times are those of the loop's clock.
"""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable
from typing import cast

import httptools

from nemoserve.alarm import Bell

_MOST_HEAD = 64 << 10
"""Longest head of a reply."""
_MOST_WAITING = 256 << 10
"""So many bytes of a body may come before somebody reads them; then the provider is made to wait."""
_BROKEN = "the connection ended before the reply"


class HungUp(ConnectionError):
    """The connection has ended before the reply was complete."""


class BadReply(ConnectionError):
    """What came is no HTTP."""


class Connection(asyncio.Protocol):
    """Carries one exchange after the other: `send`, `head`, `read` until it gives nothing, and so on while it is `reusable`."""

    def __init__(self) -> None:
        self._parser = httptools.HttpResponseParser(self)
        # As lenient as clients of the web are, where nothing can be smuggled: one request is under way at a time.
        self._parser.set_dangerous_leniencies(
            lenient_headers=True, lenient_optional_cr_before_lf=True, lenient_spaces_after_chunk_size=True
        )
        self._transport: asyncio.Transport
        self._lost = False
        self._news = Bell()
        self.idle_since = 0.0
        self._begin()
        self._ended = True

    def _begin(self) -> None:
        """A reply is expected."""
        self.status = 0
        self.headers: list[tuple[bytes, bytes]] = []
        """As they came, once the head is there."""
        self._head_size = 0
        self._head_done = self._framed = self._ended = self._keep = self._paused = False
        self._pieces: list[bytes] = []
        self._size = 0
        self._inflate: Callable[[bytes], bytes] | None = None
        """Of a body that comes compressed, though that was not asked for."""
        self._error: Exception | None = None

    @property
    def reusable(self) -> bool:
        """The reply has been read to its end, and both sides are ready for another one."""
        return (
            self._ended
            and not self._pieces
            and not self._lost
            and self._error is None
            and self._keep
            and not self._transport.is_closing()
            and not self._transport.get_write_buffer_size()
        )

    @property
    def usable(self) -> bool:
        """Nothing has come since the last reply: neither an end nor bytes that nobody asked for."""
        return not self._lost and self._error is None and not self._transport.is_closing()

    def send(self, request: bytes) -> None:
        """Sends a request, whole. Raises HungUp."""
        if self._lost:
            raise HungUp(_BROKEN)
        self._begin()
        self._transport.write(request)

    async def head(self, deadline: float) -> None:
        """Returns when `status` and `headers` are there. Raises TimeoutError, HungUp, BadReply."""
        while not self._head_done:
            if self._error is not None:
                raise self._error
            await self._news.wait(deadline)

    async def read(self, deadline: float) -> bytes:
        """What has come of the body since; empty at its end. Raises TimeoutError, HungUp, BadReply."""
        while not self._pieces:
            if self._ended:
                return b""
            if self._error is not None:
                raise self._error
            await self._news.wait(deadline)
        data = self._pieces[0] if len(self._pieces) == 1 else b"".join(self._pieces)
        self._pieces.clear()
        self._size = 0
        if self._paused:
            self._paused = False
            self._transport.resume_reading()
        return data

    def close(self) -> None:
        """Hangs up."""
        self._news.close()
        self._transport.abort()

    def _fail(self, error: Exception) -> None:
        self._error = error
        self._news.ring()

    # What the transport says.

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's transports do not derive from asyncio's.
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        if self._ended:
            self._fail(BadReply("bytes after the end of a reply"))
            return
        if not self._head_done:
            self._head_size += len(data)
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade) as error:
            self._fail(BadReply(str(error)))
            self._transport.abort()
            return
        if not self._head_done and self._head_size > _MOST_HEAD:
            self._fail(BadReply(f"a head of more than {_MOST_HEAD} bytes"))
            self._transport.abort()
            return
        if self._size > _MOST_WAITING and not self._paused and not self._ended:
            self._paused = True
            self._transport.pause_reading()
        self._news.ring()

    def connection_lost(self, exc: Exception | None) -> None:
        self._lost = True
        if not self._ended:
            if self._head_done and not self._framed and exc is None:
                self._ended = True  # a body without a length ends with its connection
            elif self._error is None:
                self._error = HungUp(_BROKEN)
        self._news.ring()

    # What the parser says. What comes behind a reply's end in the same bytes is nobody's.

    def on_message_begin(self) -> None:
        if self._ended:
            self._error = BadReply("bytes after the end of a reply")

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._ended:
            self.headers.append((name, value))

    def on_headers_complete(self) -> None:
        if self._ended:
            return
        status = self._parser.get_status_code()
        if status < 200:  # more is coming: it only says that it has begun to work
            self.headers = []
            return
        self.status = status
        self._head_done = True
        for name, value in self.headers:
            if len(name) not in (14, 16, 17):
                continue
            name = name.lower()
            if name in (b"content-length", b"transfer-encoding"):
                self._framed = True
            elif name == b"content-encoding" and value.lower() in (b"gzip", b"x-gzip", b"deflate"):
                self._inflate = zlib.decompressobj(zlib.MAX_WBITS | 32).decompress  # either header
            elif name == b"content-encoding" and value.lower() != b"identity":
                self._error = BadReply(f"its body comes as {value.decode(errors='replace')!r}, which was not asked for")

    def on_body(self, body: bytes) -> None:
        if self._ended:
            return
        if self._inflate is not None:
            try:
                body = self._inflate(body)
            except zlib.error as error:
                self._error = BadReply(f"its body cannot be decompressed: {error}")
                return
            if not body:
                return
        self._pieces.append(body)
        self._size += len(body)

    def on_message_complete(self) -> None:
        if self._head_done and not self._ended and self._error is None:
            self._ended = True
            self._keep = self._parser.should_keep_alive()
