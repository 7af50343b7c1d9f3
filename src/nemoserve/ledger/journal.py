"""Two files that hold what is not in the database yet, in case this process dies first. Knows files; nothing of the database.

While one of them is appended to, what the other holds is being written into the database; then that one is emptied, and they change
places. So nothing is ever copied, and what is entered twice, or is in the database already, does no harm to who reads it back.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from nemoserve.storage.lines import Line

_encode = msgspec.json.Encoder().encode


class Journal:
    """`enter` is for one thread, `turn` and `clear` are for another. Raises OSError, as files do."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.files = (folder / "ledger-journal-a.jsonl", folder / "ledger-journal-b.jsonl")
        self._holder = folder / "ledger-server"
        self._sinks = [_opened(file) for file in self.files]
        self._current = 0
        self._waiting = any(file.stat().st_size for file in self.files)
        """The file that is not appended to has something in it, or what an earlier process left is not written yet."""

    def lock(self) -> None:
        """Keeps other servers from these files until `unlock`, or the end of this process. Raises BlockingIOError."""
        fcntl.flock(self._sinks[0], fcntl.LOCK_EX | fcntl.LOCK_NB)

    def unlock(self) -> None:
        fcntl.flock(self._sinks[0], fcntl.LOCK_UN)

    @property
    def holder(self) -> str:
        """The server that last wrote into these files, by its name for this run; empty: nobody knows. Whoever has the lock is another."""
        try:
            name = self._holder.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError):
            return ""
        return name if name.isalnum() else ""

    def hold(self, instance: str) -> None:
        """Says who writes into these files from now on. A disk that is full keeps no name."""
        with contextlib.suppress(OSError):
            self._holder.write_text(instance, encoding="utf-8")

    def enter(self, line: Line) -> None:
        """Appends a line, which outlives the process from then on. It is in the system's memory, and not forced to the disk."""
        # A line break first: what could not be written to its end must not swallow the next line.
        data = b"\n" + _encode(line)
        if os.write(self._sinks[self._current], data) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def left(self) -> list[Line]:
        """All that is in the files, the newest state of an attempt last. What a process wrote when it died is passed over."""
        lines: list[Line] = []
        for file in self.files:
            for text in file.read_bytes().splitlines():
                with contextlib.suppress(msgspec.DecodeError, UnicodeDecodeError):
                    lines.append(msgspec.json.decode(text, type=Line))
        return sorted(lines, key=_age)

    def turn(self) -> None:
        """Has what follows entered into the other file, if that is empty. To be called before what was entered is taken to be written."""
        if not self._waiting:
            self._waiting = True
            self._current = 1 - self._current

    def clear(self) -> None:
        """All that was entered before the last `turn` is in the database."""
        if self._waiting:
            os.ftruncate(self._sinks[1 - self._current], 0)
            self._waiting = False

    def empty(self) -> None:
        """Everything is in the database. To be called while nothing is entered."""
        for sink in self._sinks:
            os.ftruncate(sink, 0)
        self._waiting = False

    def __del__(self) -> None:
        for sink in getattr(self, "_sinks", ()):
            os.close(sink)


def append(path: Path, lines: Iterable[Line]) -> None:
    """Adds lines to a file that nobody else may read."""
    with os.fdopen(_opened(path), "ab") as sink:
        sink.write(b"".join(_encode(line) + b"\n" for line in lines))


def _opened(path: Path) -> int:
    return os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)


def _age(line: Line) -> tuple[bool, int]:
    return (line.entry.outcome != "open", line.entry.total_ms)
