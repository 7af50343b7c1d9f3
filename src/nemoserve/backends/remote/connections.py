"""One provider's connections: requests out, bytes in, every silence bounded. Knows HTTP and time; no keys' care, no bodies' sense.

Times are in seconds. There is no limit on a whole reply: a model may write for hours, as long as it writes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import aiohttp

from nemoserve import __version__
from nemoserve.config.providers import ProviderSettings
from nemoserve.types.errors import ApiError

MOST_BODY = 64 << 20
"""Longest reply in one piece."""
_MOST_REFUSAL = 64 << 10
_REFUSAL_S = 5.0
_STALE_S = 0.1
"""A connection that is hung up on so soon after a request was an old one, which the provider was just closing."""


class Reply:
    """A reply whose status and headers have come."""

    def __init__(self, provider: str, response: aiohttp.ClientResponse, stall_s: float) -> None:
        self._provider = provider
        self._response = response
        self._stall_s = stall_s

    @property
    def status(self) -> int:
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        return self._response.headers

    @property
    def media_type(self) -> str:
        return self._response.content_type

    async def refusal(self) -> bytes:
        """The beginning of the body, as far as it comes soon."""
        pieces: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(_REFUSAL_S):
                while size < _MOST_REFUSAL and (piece := await self._response.content.readany()):
                    pieces.append(piece)
                    size += len(piece)
        except (TimeoutError, aiohttp.ClientError):
            pass
        return b"".join(pieces)[:_MOST_REFUSAL]

    async def whole(self) -> bytes:
        """All of the body. Raises ApiError when it breaks off, stalls or is too long."""
        pieces: list[bytes] = []
        size = 0
        while piece := await self.read(None):
            pieces.append(piece)
            size += len(piece)
            if size > MOST_BODY:
                raise _unavailable(self._provider, f"sent a reply of more than {MOST_BODY} bytes")
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    async def read(self, deadline: float | None) -> bytes:
        """What has come since; empty at the end. `deadline` is a time of the loop's clock; None: a stall from now.

        Raises ApiError.
        """
        content = self._response.content
        try:
            if deadline is None:
                deadline = asyncio.get_running_loop().time() + self._stall_s
            async with asyncio.timeout_at(deadline):
                return await content.readany()
        except TimeoutError:
            raise ApiError(
                "timeout",
                f"{self._provider} fell silent in the middle of a reply.",
                metadata={"provider_name": self._provider},
            ) from None
        except (aiohttp.ClientError, OSError) as error:
            raise _unavailable(self._provider, "broke a reply off", error) from None

    def close(self) -> None:
        """Keeps the connection if all has been read, else hangs up."""
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class Connections:
    """The pool to one provider. It is opened with the first request, on the loop that makes it."""

    def __init__(self, settings: ProviderSettings) -> None:
        self._settings = settings
        self._session: aiohttp.ClientSession | None = None

    async def post(self, path: str, body: bytes, headers: Mapping[str, str], deadline: float) -> Reply:
        """Sends a request and waits for the reply's head until `deadline`, a time of the loop's clock. Raises ApiError."""
        loop, settings = asyncio.get_running_loop(), self._settings
        if self._session is None:
            self._session = self._open()
        retried = False
        while True:
            began = loop.time()
            try:
                async with asyncio.timeout_at(deadline):
                    response = await self._session.post(
                        settings.address + path, data=body, headers=headers, allow_redirects=False
                    )
                return Reply(settings.name, response, settings.stall_timeout)
            except aiohttp.ConnectionTimeoutError:
                raise _unavailable(settings.name, f"could not be reached in {settings.connect_timeout:g} s") from None
            except TimeoutError:
                raise ApiError(
                    "timeout",
                    f"{settings.name} said nothing in {loop.time() - began:.3g} s.",
                    metadata={"provider_name": settings.name},
                ) from None
            except aiohttp.ClientConnectorError as error:
                raise _unavailable(settings.name, "could not be reached", error) from None
            except (aiohttp.ClientError, OSError) as error:
                if not retried and loop.time() - began < _STALE_S:
                    retried = True
                    continue
                raise _unavailable(settings.name, "hung up", error) from None

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()
            self._session = None

    def _open(self) -> aiohttp.ClientSession:
        settings = self._settings
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=settings.max_connections, keepalive_timeout=settings.keepalive_timeout, ttl_dns_cache=60
            ),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=settings.connect_timeout),
            headers={"User-Agent": f"nemoserve/{__version__}", "Accept-Encoding": "identity"},
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            read_bufsize=256 << 10,
        )


def _unavailable(provider: str, what: str, error: BaseException | None = None) -> ApiError:
    metadata: dict[str, object] = {"provider_name": provider}
    if error is not None:
        metadata["raw"] = type(error).__name__
    return ApiError("provider_unavailable", f"{provider} {what}.", metadata=metadata)
