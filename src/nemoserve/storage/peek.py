"""The keys' revision in a SQLite file, which every request asks for. Knows one row; a connection of its own keeps it quick.

To look into the file of the write-ahead log's index would be quicker still, and must not be done: when a process closes a file that it
has opened beside SQLite, the system takes all of SQLite's locks on that file away (sqlite.org/howtocorrupt.html, section 2.2).
"""

from __future__ import annotations

import sqlite3
import threading


class Peek:
    """May be used from any thread. Raises sqlite3.Error."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection
        # Kept, because a new cursor for each look would take twice as long as the look.
        self._cursor = connection.cursor()
        self._lock = threading.Lock()
        self._version, self._revision = -1, 0

    def revision(self) -> int:
        """As of this moment, whichever connection or process wrote it. Some microseconds."""
        with self._lock:
            # Changes whenever another connection has committed anything; read first, so that it is never newer than the row.
            version = self._cursor.execute("PRAGMA data_version").fetchone()[0]
            if version != self._version:
                self._revision = int(self._cursor.execute("SELECT value FROM revision WHERE id = 1").fetchone()[0])
                self._version = version
            return self._revision

    def close(self) -> None:
        self._connection.close()
