"""Fear: many clients that come at once wait for as many turns of a busy server's loop."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import pytest
import uvicorn

from nemoserve.http.listening import Server, loop_factory

COUNT = 64


async def nothing(scope: Any, receive: Any, send: Any) -> None:
    """An application that nobody asks."""


@pytest.mark.skipif(loop_factory() is None, reason="asyncio's own loop takes all that wait at once")
def test_a_crowd_is_let_in_one_by_one() -> None:
    listening = asyncio.Event()

    async def ending(server: Server) -> None: ...

    async def turns() -> int:
        """After how many all are in."""
        config = uvicorn.Config(nothing, lifespan="off", log_config=None)
        server = Server(config, listening.set, ending)
        running = asyncio.create_task(server.serve(sockets=[listener]))
        await listening.wait()
        clients = [socket.create_connection(listener.getsockname()) for _ in range(COUNT)]
        count = 0
        while len(server.server_state.connections) < COUNT:
            await asyncio.sleep(0)
            count += 1
        for client in clients:
            client.close()
        server.should_exit = True
        await running
        return count

    with socket.create_server(("127.0.0.1", 0), backlog=COUNT) as listener, asyncio.Runner(
        loop_factory=loop_factory()
    ) as runner:  # fmt: skip
        assert runner.run(turns()) < COUNT / 4
