"""Replies sent while they are made: server-sent events, keep-alive comments, clients that go away. Knows ASGI; no models.

Events are taken from the reply by one task and written by another, so that neither a slow reader nor a quiet model holds up
anything but itself; what waits in between is bounded by the request's max_tokens. Until the first event, or the first
comment, the answer is not committed and an error still has its own status.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable, Coroutine
from typing import Any, Protocol, TypeVar

import msgspec
from starlette.types import Message, Receive, Scope, Send

from nemoserve.alarm import Alarm, Bell
from nemoserve.config.settings import Settings
from nemoserve.http.errors import error_response
from nemoserve.observe.logs import Log
from nemoserve.types.errors import ApiError
from nemoserve.types.events import Completed, Event

T = TypeVar("T")

_encode = msgspec.json.Encoder().encode
_WATCH_AFTER_S = 0.05
_DONE = b"data: [DONE]\n\n"
_STREAM_HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-cache"),
    (b"x-accel-buffering", b"no"),
]


class ClientGone(Exception):
    """The client has closed its connection; there is nobody to answer."""


class Events(Protocol):
    """A reply's events; closed in any case, also where nobody began to read them."""

    def __aiter__(self) -> AsyncIterator[Event]: ...

    async def aclose(self) -> None: ...

    async def broken_off(self) -> ApiError:
        """What is told of a reply that the server's end broke off. Comes after `aclose`."""
        ...


class Chunks(Protocol):
    """How events look on the wire."""

    def write(self, event: Event) -> bytes:
        """Whole server-sent events."""
        ...

    def failure(self, error: ApiError) -> dict[str, object]: ...

    def refusal(self) -> dict[str, object]:
        """What an error's body has beside the error."""
        ...


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def unless_gone(receive: Receive, work: Coroutine[Any, Any, T]) -> T:
    """The result of `work`, which is cancelled when the client goes away; raises ClientGone then."""
    task, gone = asyncio.current_task(), False
    assert task is not None

    async def watch() -> None:
        nonlocal gone
        await _until_gone(receive)
        gone = True
        task.cancel()

    watching: asyncio.Task[None] | None = None

    def begin() -> None:
        nonlocal watching
        watching = asyncio.create_task(watch())

    # What is done sooner needs no watch, and a task costs something.
    beginning = asyncio.get_running_loop().call_later(_WATCH_AFTER_S, begin)
    try:
        return await work
    except asyncio.CancelledError:
        # Cancelled by somebody else too, it goes on being cancelled.
        if gone and not task.uncancel():
            raise ClientGone from None
        raise
    finally:
        beginning.cancel()
        if watching is not None:
            watching.cancel()


class _Pump:
    """Takes events from a reply into a buffer, and notices when the client is gone."""

    def __init__(self, events: Events, receive: Receive, log: Log) -> None:
        self._events = events
        self._log = log
        self._loop = asyncio.get_running_loop()
        self._news = Bell()
        self._buffer: list[Event] = []
        self.error: ApiError | None = None
        self.ended = False
        self.gone = False
        self._tasks: tuple[asyncio.Task[None], ...] = (
            asyncio.create_task(self._pump()),
            asyncio.create_task(self._watch(receive)),
        )

    async def take(self, patience_s: float) -> list[Event]:
        """Events not taken yet; none if nothing happened for `patience_s` (0 is for ever), or at the end."""
        if not self._buffer and not self.ended and not self.gone:
            with contextlib.suppress(TimeoutError):
                await self._news.wait(self._loop.time() + patience_s if patience_s else None)
        events, self._buffer = self._buffer, []
        return events

    async def close(self, why: object = None) -> None:
        """Stops the reply, and with it the generation. `why`: said to it, where that is not the client's doing."""
        self._news.close()
        for task in self._tasks:
            task.cancel(why)
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = ()  # their failures' frames have the pump: a circle that only the collector would find
        await self._events.aclose()

    async def _pump(self) -> None:
        complete = False
        try:
            async for event in self._events:
                complete = isinstance(event, Completed)
                self._buffer.append(event)
                self._news.ring()
            if not complete:
                raise ApiError("provider_unavailable", "The reply ended before it was complete.")
        except ApiError as error:
            self.error = error
        except Exception:
            self._log.exception("reply failed")
            self.error = ApiError("server", "The server failed while it made this reply.")
        finally:
            self.ended = True
            self._news.ring()

    async def _watch(self, receive: Receive) -> None:
        await _until_gone(receive)
        self.gone = True
        self._news.ring()


class StreamingReply:
    """An ASGI response that streams a reply. A client that goes away, or reads nothing for too long, ends the generation."""

    def __init__(
        self, events: Events, chunks: Chunks, headers: Callable[[], dict[str, str]], settings: Settings, log: Log
    ) -> None:
        """`headers` are asked for when the answer begins: only then is it known who gives it."""
        self._events = events
        self._chunks = chunks
        self._headers = headers
        self._settings = settings
        self._log = log
        self._committed = False
        self._alarm = Alarm()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        pump = _Pump(self._events, receive, self._log)
        try:
            await self._stream(pump, scope, receive, send)
        except asyncio.CancelledError as cancelled:
            if not pump.gone:
                await pump.close(*cancelled.args)
                if self._committed:
                    error = await self._events.broken_off()
                    end: Message = {"type": "http.response.body", "body": self._failure(error)}
                    with contextlib.suppress(Exception, asyncio.CancelledError):
                        await asyncio.wait_for(send(end), 1.0)
            raise
        finally:
            self._alarm.close()
            await pump.close()

    async def _stream(self, pump: _Pump, scope: Scope, receive: Receive, send: Send) -> None:
        settings = self._settings
        quiet = settings.keepalive_s > 0
        events = await pump.take(settings.first_keepalive_s if quiet else 0)
        if not events and pump.error is not None:
            response = error_response(pump.error, self._chunks.refusal())
            told = ("x-generation-id", "x-cost-reserved")
            response.headers.update({name: value for name, value in self._headers().items() if name in told})
            response.headers["x-cost"] = "0"  # a failure is not billed
            await response(scope, receive, send)
            return
        if pump.gone:
            raise ClientGone
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self._headers().items()]
        headers += _STREAM_HEADERS
        await self._send(send, {"type": "http.response.start", "status": 200, "headers": headers})
        self._committed = True
        comment = f": {settings.keepalive_text}\n\n".encode()
        while True:
            data = b"".join([self._chunks.write(event) for event in events])
            if not events and not pump.ended:
                data = comment
            if data:
                await self._send(send, {"type": "http.response.body", "body": data, "more_body": True})
            events = await pump.take(settings.keepalive_s if quiet else 0)
            if pump.gone:
                raise ClientGone
            if pump.ended and not events:
                break
        end = _DONE if pump.error is None else self._failure(pump.error)
        await self._send(send, {"type": "http.response.body", "body": end, "more_body": False})

    def _failure(self, error: ApiError) -> bytes:
        return b"data: " + _encode(self._chunks.failure(error)) + b"\n\n" + _DONE

    async def _send(self, send: Send, message: Message) -> None:
        try:
            with self._alarm.within(self._settings.stalled_reader_s):
                await send(message)
        except TimeoutError:
            self._log.warning("stalled reader", seconds=self._settings.stalled_reader_s)
            raise ClientGone from None
