"""One provider's connections: requests out, bytes in, every silence bounded. Knows HTTP and time; no keys' care, no bodies' sense.

Times are in seconds. There is no limit on a whole reply: a model may write for hours, as long as it writes.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Mapping, Sequence
from functools import cached_property
from urllib.parse import urlsplit

from aiohappyeyeballs import start_connection  # pyright: ignore[reportUnknownVariableType]

from nemoserve import __version__
from nemoserve.backends.remote.connection import BadReply, Connection
from nemoserve.config.providers import ProviderSettings
from nemoserve.types.errors import ApiError

_Address = tuple[int, int, int, str, tuple[str | int | bytes, ...]]
"""As `getaddrinfo` gives it."""
MOST_BODY = 64 << 20
"""Longest reply in one piece."""
_MOST_REFUSAL = 64 << 10
_REFUSAL_S = 5.0
_STALE_S = 0.1
"""A connection that is hung up on so soon after a request was an old one, which the provider was just closing."""
_ADDRESSES_S = 60.0
"""A name's addresses are asked for so often."""
_OWN_LINES = 7
"""Of a request's head: its first, its last, and those that every request has."""
_NEXT_ADDRESS_S = 0.25
"""Where a name has several addresses, the next one is tried beside one that has not answered by then."""


class Reply:
    """A reply whose status and headers have come. To be closed."""

    def __init__(self, connections: Connections, connection: Connection) -> None:
        self._connections, self._connection = connections, connection
        self._provider, self._stall_s = connections.settings.name, connections.settings.stall_timeout
        self._raw = connection.headers
        self._open = True
        self.status = connection.status

    @cached_property
    def headers(self) -> Mapping[str, str]:
        """By their names in small letters; of several with one name, the first."""
        found: dict[str, str] = {}
        for name, value in self._raw:
            found.setdefault(name.decode("latin-1").lower(), value.decode("utf-8", "replace"))
        return found

    @property
    def media_type(self) -> str:
        """In small letters, without parameters."""
        for name, value in self._raw:
            if len(name) == 12 and name.lower() == b"content-type":
                return value.partition(b";")[0].strip().lower().decode("latin-1")
        return "application/octet-stream"

    async def refusal(self) -> bytes:
        """The beginning of the body, as far as it comes soon."""
        pieces: list[bytes] = []
        size, deadline = 0, asyncio.get_running_loop().time() + _REFUSAL_S
        try:
            while size < _MOST_REFUSAL and (piece := await self._connection.read(deadline)):
                pieces.append(piece)
                size += len(piece)
        except (TimeoutError, ConnectionError):
            pass
        return b"".join(pieces)[:_MOST_REFUSAL]

    async def whole(self) -> bytes:
        """All of the body. Raises ApiError when it breaks off, stalls or is too long."""
        pieces: list[bytes] = []
        size = 0
        loop = asyncio.get_running_loop()
        while piece := await self.read(loop.time() + self._stall_s):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BODY:
                raise _unavailable(self._provider, f"sent a reply of more than {MOST_BODY} bytes")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def read(self, deadline: float) -> bytes:
        """What has come since; empty at the end. `deadline` is a time of the loop's clock. Raises ApiError."""
        try:
            return await self._connection.read(deadline)
        except TimeoutError:
            raise ApiError(
                "timeout",
                f"{self._provider} fell silent in the middle of a reply.",
                metadata={"provider_name": self._provider},
            ) from None
        except BadReply as error:
            raise _unavailable(self._provider, f"sent a reply that cannot be read: {error}", error) from None
        except ConnectionError as error:
            raise _unavailable(self._provider, "broke a reply off", error) from None

    def close(self) -> None:
        """Keeps the connection if all has been read, else hangs up. A second call does nothing."""
        if self._open:
            self._open = False
            self._connections.done(self._connection)


class Connections:
    """The pool to one provider. It is opened with the first request, on the loop that makes it."""

    def __init__(self, settings: ProviderSettings) -> None:
        self.settings = settings
        where = urlsplit(settings.address)
        self._secure = where.scheme == "https"
        self._host = where.hostname or ""
        self._port = where.port or (443 if self._secure else 80)
        self._path = where.path
        self._tls = _tls() if self._secure else None
        # One place for each request, so there are never more connections than that.
        self._places = asyncio.Semaphore(settings.max_connections)
        self.waiting = 0
        """Requests for which there is no place yet."""
        self._idle: list[Connection] = []
        """The one used last is the last."""
        self._all: set[Connection] = set()
        self._addresses: Sequence[_Address] = ()
        self._addresses_until = 0.0
        self._sweeper: asyncio.TimerHandle | None = None
        host = where.netloc.rpartition("@")[2].encode("idna" if not where.netloc.isascii() else "ascii").decode()
        self._head = (
            f"Host: {host}\r\nAccept: */*\r\nAccept-Encoding: identity\r\nUser-Agent: nemoserve/{__version__}\r\n"
        )

    async def post(self, path: str, body: bytes, headers: Mapping[str, str], deadline: float) -> Reply:
        """Sends a request and waits for the reply's head until `deadline`, a time of the loop's clock. Raises ApiError."""
        loop, settings = asyncio.get_running_loop(), self.settings
        began = loop.time()
        try:
            if self._places.locked():
                self.waiting += 1
                try:
                    async with asyncio.timeout_at(deadline):
                        await self._places.acquire()
                finally:
                    self.waiting -= 1
            else:
                await self._places.acquire()
        except TimeoutError:
            raise self._silent(loop.time() - began) from None
        try:
            request = self._request(path, body, headers)
            retried = False
            while True:
                began = loop.time()
                connection = self._kept(began) or await self._connected(deadline)
                try:
                    connection.send(request)
                    await connection.head(deadline)
                    return Reply(self, connection)
                except TimeoutError:
                    self._drop(connection)
                    raise self._silent(loop.time() - began) from None
                except ConnectionError as error:
                    self._drop(connection)
                    if retried or loop.time() - began >= _STALE_S:
                        raise _unavailable(settings.name, "hung up", error) from None
                    retried = True
                except BaseException:
                    self._drop(connection)
                    raise
        except BaseException:
            self._places.release()
            raise

    def done(self, connection: Connection) -> None:
        """A reply is not read any further."""
        self._places.release()
        if not connection.reusable:
            self._drop(connection)
            return
        loop, keep_s = asyncio.get_running_loop(), self.settings.keepalive_timeout
        connection.idle_since = loop.time()
        self._idle.append(connection)
        if self._sweeper is None:
            self._sweeper = loop.call_later(keep_s, self._sweep)

    async def close(self) -> None:
        """Hangs up on everything."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            self._sweeper = None
        self._idle.clear()
        for connection in list(self._all):
            self._drop(connection)

    def _request(self, path: str, body: bytes, headers: Mapping[str, str]) -> bytes:
        """The bytes of a request. Raises ValueError for a header that would be two."""
        lines = [f"POST {self._path}{path} HTTP/1.1\r\n{self._head}"]
        lines += [f"{name}: {value}\r\n" for name, value in headers.items()]
        lines.append(f"Content-Length: {len(body)}\r\n\r\n")
        head = "".join(lines)
        if not head.count("\n") == head.count("\r") == len(headers) + _OWN_LINES:
            raise ValueError(f"provider {self.settings.name}: a line break in the name or the value of a header")
        return head.encode() + body

    def _kept(self, now: float) -> Connection | None:
        """A connection that has been used before, if there is one that still stands."""
        oldest = now - self.settings.keepalive_timeout
        while self._idle:
            connection = self._idle.pop()
            if connection.usable and connection.idle_since > oldest:
                return connection
            self._drop(connection)
        return None

    async def _connected(self, deadline: float) -> Connection:
        """A new connection. Raises ApiError."""
        loop, settings = asyncio.get_running_loop(), self.settings
        began = loop.time()
        until = min(deadline, began + settings.connect_timeout)
        try:
            async with asyncio.timeout_at(until):
                if began > self._addresses_until:
                    self._addresses = await loop.getaddrinfo(self._host, self._port, type=socket.SOCK_STREAM)
                    self._addresses_until = loop.time() + _ADDRESSES_S
                connected = await start_connection(
                    self._addresses, happy_eyeballs_delay=_NEXT_ADDRESS_S, interleave=1, loop=loop
                )
                try:
                    connected.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    _, connection = await loop.create_connection(
                        Connection,
                        sock=connected,
                        ssl=self._tls,
                        server_hostname=self._host if self._tls is not None else None,
                    )
                except BaseException:
                    connected.close()
                    raise
        except TimeoutError:
            if until < deadline:
                raise _unavailable(settings.name, f"could not be reached in {settings.connect_timeout:g} s") from None
            raise self._silent(loop.time() - began) from None
        except OSError as error:
            self._addresses_until = 0.0
            raise _unavailable(settings.name, "could not be reached", error) from None
        self._all.add(connection)
        return connection

    def _drop(self, connection: Connection) -> None:
        self._all.discard(connection)
        connection.close()

    def _sweep(self) -> None:
        """Hangs up where nothing has been asked for too long."""
        loop, keep_s = asyncio.get_running_loop(), self.settings.keepalive_timeout
        oldest = loop.time() - keep_s
        for connection in [each for each in self._idle if each.idle_since <= oldest or not each.usable]:
            self._idle.remove(connection)
            self._drop(connection)
        self._sweeper = loop.call_at(self._idle[0].idle_since + keep_s, self._sweep) if self._idle else None

    def _silent(self, seconds: float) -> ApiError:
        name = self.settings.name
        return ApiError("timeout", f"{name} said nothing in {seconds:.3g} s.", metadata={"provider_name": name})


def _tls() -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.set_alpn_protocols(["http/1.1"])
    return context


def _unavailable(provider: str, what: str, error: BaseException | None = None) -> ApiError:
    metadata: dict[str, object] = {"provider_name": provider}
    if error is not None:
        metadata["raw"] = type(error).__name__
    return ApiError("provider_unavailable", f"{provider} {what}.", metadata=metadata)
