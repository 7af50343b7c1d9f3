"""The local socket between the gateway and an engine: bytes out, bytes in. Knows no messages and no processes.

It is read and written apart from each other, unlike an asyncio transport, which stops reading when a write fails: what a dying
engine said last would be lost then, and tokens that it had made would be missing in the count.
"""

from __future__ import annotations

import asyncio
import contextlib
import socket
from pathlib import Path

_READ_BYTES = 1 << 16


class Channel:
    """One connection; made by `Listener.accept`."""

    def __init__(self, connection: socket.socket) -> None:
        self._socket = connection
        self._waiting = bytearray()
        self._writing: asyncio.Task[None] | None = None

    def send(self, data: bytes) -> None:
        """Sends at once, or as soon as there is room. After the other end has died it goes nowhere: `read` tells of that."""
        if self._writing is not None:
            self._waiting += data
            return
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError:
            return
        if sent < len(data):
            self._waiting += data[sent:]
            self._writing = asyncio.create_task(self._write_waiting())

    async def read(self) -> bytes:
        """What has come, waiting for something; empty at the end."""
        try:
            return await asyncio.get_running_loop().sock_recv(self._socket, _READ_BYTES)
        except OSError:
            return b""

    async def flush(self) -> None:
        """Waits until all that was sent has left."""
        if self._writing is not None:
            await asyncio.shield(self._writing)

    async def close(self) -> None:
        if self._writing is not None:
            self._writing.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._writing
        self._socket.close()

    async def _write_waiting(self) -> None:
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                data = bytes(self._waiting)
                self._waiting.clear()
                await loop.sock_sendall(self._socket, data)
        except OSError:
            self._waiting.clear()
        finally:
            self._writing = None


class Listener:
    """Waits for one engine to connect at a path. Raises OSError if that cannot be."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            self._socket.setblocking(False)
            self._socket.bind(str(path))
            self._socket.listen(1)
        except BaseException:
            self._socket.close()
            raise

    async def accept(self) -> Channel:
        connection, _ = await asyncio.get_running_loop().sock_accept(self._socket)
        connection.setblocking(False)
        return Channel(connection)

    def close(self) -> None:
        self._socket.close()
