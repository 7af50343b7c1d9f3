"""Ends what waits for a PostgreSQL that says nothing, so that its threads end too. Knows connections' sockets; no statements."""

from __future__ import annotations

import contextlib
import os
import socket
import weakref
from typing import Protocol

from sqlalchemy import Engine, event
from sqlalchemy.exc import ResourceClosedError


class _Connection(Protocol):
    """psycopg's."""

    @property
    def closed(self) -> bool: ...
    def fileno(self) -> int: ...


class Hangup:
    """Of one engine's connections."""

    def __init__(self, engine: Engine) -> None:
        self._connections = weakref.WeakSet[_Connection]()
        self._over = False
        event.listen(engine, "do_connect", self._connecting)
        event.listen(engine, "connect", self._connected)

    def all(self) -> None:
        """Whoever waits for an answer gets an error at once, and there are no new connections. From any thread."""
        self._over = True
        for connection in list(self._connections):
            # It may be closed at this moment by the thread that has it.
            with contextlib.suppress(Exception):
                if not connection.closed:
                    with socket.socket(fileno=os.dup(connection.fileno())) as line:
                        line.shutdown(socket.SHUT_RDWR)

    def _connecting(self, *_: object) -> None:
        if self._over:
            raise ResourceClosedError("The database is closed.")

    def _connected(self, connection: _Connection, _record: object) -> None:
        self._connections.add(connection)
