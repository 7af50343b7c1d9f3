"""What a child process prints, kept in a file: its lines, and its last words. Knows no process and no protocol."""

from __future__ import annotations

import os
import re
from io import BufferedWriter
from pathlib import Path

_LIMIT = 8 << 20
_TAIL = 1 << 16
_ESCAPES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Printed:
    """One file for all lives of a process; what is asked for is what was printed in the present one."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self._start = 0

    def open(self) -> BufferedWriter:
        """The file, to be handed to a process that begins a life. Raises OSError."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        if self.file.exists() and self.file.stat().st_size > _LIMIT:
            self.file.unlink()
        sink = self.file.open("ab")
        self._start = sink.tell()
        return sink

    def trim(self) -> None:
        """Empties the file when it has become far too large; the process goes on at its beginning."""
        if self.size() > 8 * _LIMIT:
            os.truncate(self.file, 0)
            self._start = 0

    def note(self, line: str) -> None:
        """Adds a line of the gateway's own."""
        with self.file.open("a", encoding="utf-8") as sink:
            sink.write(line + "\n")

    def size(self) -> int:
        """Bytes printed in all lives; grows while something is printed."""
        try:
            return self.file.stat().st_size
        except OSError:
            return 0

    def lines(self) -> list[str]:
        """The last ones, without empty ones, terminal colours, and what a progress bar has written over."""
        try:
            with self.file.open("rb") as source:
                source.seek(max(self._start, source.seek(0, os.SEEK_END) - _TAIL))
                text = source.read().decode("utf-8", "replace")
        except OSError:
            return []
        lines = (_ESCAPES.sub("", line).rstrip().rpartition("\r")[2].strip() for line in text.split("\n"))
        return [line for line in lines if line]


def how_it_ended(code: int | None) -> str:
    """An exit status in words; None: it still runs."""
    if code is None:
        return "it closed its connection"
    return f"it was killed by signal {-code}" if code < 0 else f"it ended with status {code}"


def log_file(data_dir: Path, kind: str, name: str) -> Path:
    """Where a process of that kind, for the model or provider of that name, prints to."""
    safe = "".join(character if character.isalnum() or character in "._-" else "-" for character in name)
    return data_dir / "logs" / f"{kind}-{safe}.log"
