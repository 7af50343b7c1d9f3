"""uvicorn's server as this one needs it, and its event loop. Knows sockets and signals; of what is served nothing."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable, Coroutine, Generator
from typing import Any

import uvicorn

_LISTENERS = 8
"""uvloop takes one new connection of a listening socket in each turn of its loop, and a turn of a busy server takes milliseconds: of
64 clients that come at once the last would wait for 64 of them. So there are several, on the one queue."""


class Server(uvicorn.Server):
    """uvicorn's server, told apart in this: it lets in crowds, says when it listens and when it ends, and signals end it
    without being raised again.
    """

    def __init__(
        self,
        config: uvicorn.Config,
        on_listening: Callable[[], None],
        on_ending: Callable[[Server], Coroutine[Any, Any, None]],
    ) -> None:
        """`on_ending` runs beside the end, until that is through."""
        super().__init__(config)
        self._on_listening, self._on_ending = on_listening, on_ending

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(None if sockets is None else [one.dup() for one in sockets for _ in range(_LISTENERS)])
        if not self.should_exit:
            self._on_listening()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        beside = asyncio.create_task(self._on_ending(self))
        try:
            await super().shutdown(sockets)
        finally:
            beside.cancel()

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None]:
        loop = asyncio.get_running_loop()
        caught = (signal.SIGINT, signal.SIGTERM)
        # Only the main thread can handle signals; elsewhere (tests) the caller sets `should_exit`.
        with contextlib.suppress(ValueError, RuntimeError):
            for number in caught:
                loop.add_signal_handler(number, self.handle_exit, number, None)
        try:
            yield
        finally:
            with contextlib.suppress(ValueError, RuntimeError):
                for number in caught:
                    loop.remove_signal_handler(number)


def loop_factory() -> Callable[[], asyncio.AbstractEventLoop] | None:
    """Makes the event loop; None: asyncio's own does."""
    if sys.platform == "win32":
        return None
    import uvloop

    return uvloop.new_event_loop
