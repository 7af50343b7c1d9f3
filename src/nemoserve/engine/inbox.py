"""What the gateway has said and the engine has not yet taken. Knows protocol messages and a socket; nothing of the model.

A thread reads the socket, so that a cancellation is at hand when a step ends and the gateway's death is noticed at once. It
holds at most `limit` messages; then it stops reading, and the gateway's own socket buffer fills.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import socket
import threading

import msgspec

from nemoserve.engine.protocol import FrameReader, ToEngine, decode_to_engine

logger = logging.getLogger(__name__)

_READ_BYTES = 1 << 16


class Inbox:
    """`run` is the reading thread's whole life; one other thread takes."""

    def __init__(self, connection: socket.socket, limit: int = 4096) -> None:
        self._connection = connection
        self._queue: queue.Queue[ToEngine | None] = queue.Queue(limit)
        self.closed = threading.Event()
        """The gateway has gone, or said something that is no message."""

    def take(self, timeout_s: float) -> list[ToEngine]:
        """All messages at hand; waits up to `timeout_s` for a first one. Empty after that, or when the gateway goes."""
        taken: list[ToEngine] = []
        try:
            message = self._queue.get(timeout=timeout_s) if timeout_s > 0 else self._queue.get_nowait()
            while message is not None:
                taken.append(message)
                message = self._queue.get_nowait()
        except queue.Empty:
            pass
        return taken

    def run(self) -> None:
        """Read messages until the connection ends."""
        try:
            self._read()
        except OSError as error:
            logger.info("the connection to the gateway failed: %s", error)
        except (ValueError, msgspec.DecodeError) as error:
            logger.error("the gateway sent something that is not a message: %s", error)
        self.closed.set()
        with contextlib.suppress(queue.Full):
            self._queue.put_nowait(None)  # wakes a waiting `take`

    def _read(self) -> None:
        frames = FrameReader()
        while data := self._connection.recv(_READ_BYTES):
            for body in frames.feed(data):
                self._queue.put(decode_to_engine(body))
