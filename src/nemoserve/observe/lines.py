"""Lines into a file that is turned over at a size, by a thread of their own. Knows text and files; not what a line says."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
import weakref
from pathlib import Path

_GATHER_S = 0.2
"""Lines that nobody is in a hurry for are written together so often."""


class Lines:
    """Whoever writes waits for the disk only with lines that matter. May be used from any thread."""

    def __init__(self, path: Path, most_bytes: int, files: int) -> None:
        """`files` old ones are kept beside it, as `NAME.1` (the newest) and so on. Raises OSError."""
        self._path, self._most_bytes, self._files = path, most_bytes, files
        self._lock = threading.Lock()
        self._waiting: list[str] = []
        self._timer: threading.Timer | None = None
        self._descriptor = self._opened()
        this = weakref.ref(self)
        atexit.register(lambda: (lines := this()) and lines.flush())

    def later(self, line: str) -> None:
        """A line that is in the file a moment later."""
        with self._lock:
            self._waiting.append(line)
            if self._timer is None:
                self._timer = threading.Timer(_GATHER_S, self.flush)
                self._timer.daemon = True
                self._timer.start()

    def now(self, line: str) -> None:
        """A line that is in the file when this returns."""
        with self._lock:
            self._waiting.append(line)
        self.flush()

    def flush(self) -> None:
        """Writes all that waits. A disk that is full costs lines, not answers."""
        with self._lock:
            self._timer = None
            lines, self._waiting = self._waiting, []
            if lines:
                with contextlib.suppress(OSError):
                    self._write("".join(f"{line}\n" for line in lines).encode(errors="replace"))

    def _write(self, data: bytes) -> None:
        if os.fstat(self._descriptor).st_size + len(data) > self._most_bytes:
            os.close(self._descriptor)
            for number in range(self._files, 0, -1):
                older = self._path if number == 1 else self._numbered(number - 1)
                with contextlib.suppress(FileNotFoundError):
                    older.replace(self._numbered(number))
            self._descriptor = self._opened()
        while data:
            data = data[os.write(self._descriptor, data) :]

    def _opened(self) -> int:
        return os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def _numbered(self, number: int) -> Path:
        return self._path.with_name(f"{self._path.name}.{number}")

    def __del__(self) -> None:
        with contextlib.suppress(OSError, AttributeError):
            os.close(self._descriptor)
