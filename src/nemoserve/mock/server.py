"""Starts a mock: in the running event loop, or as a process until it is told to stop. Knows addresses and signals."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import socket
import sys
from collections.abc import Callable

from nemoserve.mock.connection import Connection
from nemoserve.mock.options import Options
from nemoserve.mock.service import Service

_BACKLOG = 2048


class Mock:
    """A running mock. `url` is what a client is given as its base URL."""

    def __init__(self, service: Service, server: asyncio.Server, connections: set[Connection]) -> None:
        self.service = service
        self._server, self._connections = server, connections
        self.port = int(server.sockets[0].getsockname()[1])
        self.origin = f"http://127.0.0.1:{self.port}"
        self.url = self.origin + service.style.prefixes[0]

    async def close(self) -> None:
        """Stops listening and ends every connection."""
        self._server.close()
        for connection in list(self._connections):
            connection.close()
        await self._server.wait_closed()


async def start(options: Options, *, host: str = "127.0.0.1", port: int = 0) -> Mock:
    """A mock in this event loop; port 0 takes a free one. Raises OSError where it cannot listen."""
    service = Service(options)
    connections: set[Connection] = set()
    loop = asyncio.get_running_loop()
    listener = socket.create_server((host, port), backlog=_BACKLOG)
    server = await loop.create_server(lambda: Connection(service, connections), sock=listener, backlog=_BACKLOG)
    return Mock(service, server, connections)


async def _until_told(options: Options, host: str, port: int, ready: Callable[[Mock], None]) -> None:
    mock = await start(options, host=host, port=port)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGINT, signal.SIGTERM):
        with contextlib.suppress(NotImplementedError):
            loop.add_signal_handler(each, stop.set)
    ready(mock)
    await stop.wait()
    await mock.close()


def run(options: Options, *, host: str, port: int, ready: Callable[[Mock], None]) -> None:
    """Serves until SIGINT or SIGTERM; `ready` is called once it listens. Raises OSError where it cannot listen."""
    factory: Callable[[], asyncio.AbstractEventLoop] | None = None
    if sys.platform != "win32":
        import uvloop

        factory = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=factory) as runner:
        runner.run(_until_told(options, host, port, ready))
