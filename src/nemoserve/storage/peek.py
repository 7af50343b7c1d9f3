"""The keys' revision in a SQLite file, which every request asks for. Knows one row, and how SQLite tells that nothing was written.

The header of the write-ahead log's index, which all connections share in memory, changes with every commit, whoever makes it
(sqlite.org/walformat.html, section 2.2). SQLite compares the same bytes before it believes what it remembers.
"""

from __future__ import annotations

import contextlib
import mmap
import sqlite3
import threading
from pathlib import Path

_HEADER = 48
"""Bytes of the header's first copy."""


class Peek:
    """May be used from any thread. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection, file: Path) -> None:
        self._connection, self._index = connection, file.with_name(f"{file.name}-shm")
        # Kept, because a new cursor for each look would take twice as long as the look.
        self._cursor = connection.cursor()
        self._lock = threading.Lock()
        self._shared: mmap.mmap | None = None
        self._known: tuple[bytes, int] | None = None
        """The header as it was before the row was read, and what the row said."""

    def revision(self) -> int:
        """As of this moment, whichever connection or process wrote it. A tenth of a microsecond while nobody has written."""
        known, shared = self._known, self._shared
        if known is not None and shared is not None and shared[:_HEADER] == known[0]:
            return known[1]
        with self._lock:
            header = b"" if self._shared is None else self._shared[:_HEADER]
            value = int(self._cursor.execute("SELECT value FROM revision WHERE id = 1").fetchone()[0])
            if self._shared is None:
                self._open()  # the index is there since that look, and stays while its connection is open
            self._known = (header, value) if header else None
            return value

    def close(self) -> None:
        with self._lock:
            self._known = self._shared = (
                None  # a look that is under way may still have the index, so it is not closed here
            )
            self._connection.close()

    def _open(self) -> None:
        """Maps the index. Where that cannot be done, every look reads the row."""
        with contextlib.suppress(OSError, ValueError), self._index.open("rb") as file:
            self._shared = mmap.mmap(file.fileno(), _HEADER, prot=mmap.PROT_READ)
