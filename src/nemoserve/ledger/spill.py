"""A file where settled lines wait for the database, in case this process dies first. Knows one file; tries nothing again."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import msgspec

from nemoserve.storage.lines import Line


class Spill:
    """Raises OSError, as files do."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._kept: set[str] = set()

    def keep(self, lines: Iterable[Line]) -> None:
        """Appends the lines that are not in the file yet. They outlive the process; the file is not forced to the disk."""
        new = [line for line in lines if line.entry.id not in self._kept]
        if new:
            append(self.path, new)
            self._kept.update(line.entry.id for line in new)

    def left(self) -> list[Line]:
        """What an earlier process left. An unfinished line is passed over: the process died while it wrote."""
        lines: list[Line] = []
        try:
            written = self.path.read_bytes().splitlines()
        except FileNotFoundError:
            return lines
        for text in written:
            try:
                lines.append(msgspec.json.decode(text, type=Line))
            except msgspec.DecodeError:
                continue
        self._kept = {line.entry.id for line in lines}
        return lines

    def clear(self) -> None:
        """Everything in it is in the database."""
        if self._kept:
            self.path.unlink(missing_ok=True)
            self._kept.clear()


def append(path: Path, lines: Iterable[Line]) -> None:
    """Adds lines to a file that nobody else may read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600), "ab") as sink:
        # A line break first: what a killed process left unfinished must not swallow the next line.
        sink.write(b"\n" + b"".join(msgspec.json.encode(line) + b"\n" for line in lines))
