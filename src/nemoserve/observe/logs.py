"""JSON logs, one object per line, in a file of the data folder. Knows request ids; never sees a prompt or an answer."""

from __future__ import annotations

import json
import traceback
from contextvars import ContextVar
from datetime import UTC, datetime
from pathlib import Path
from typing import Literal

import msgspec

from nemoserve.observe.lines import Lines

_BYTES_PER_FILE = 10 << 20
_FILES = 3

Level = Literal["debug", "info", "warning", "error"]
_LEVELS: tuple[Level, ...] = ("debug", "info", "warning", "error")

request_id: ContextVar[str] = ContextVar("request_id", default="")
"""Of the request that is being answered; every line of its own has it."""


class Log:
    """Writes what happens: an event's name, and fields that JSON can hold (others as their text). May be used from any thread."""

    def __init__(self, lines: Lines, level: Level) -> None:
        self._lines, self._least = lines, _LEVELS.index(level)

    def debug(self, event: str, **fields: object) -> None:
        self._write(0, event, fields)

    def info(self, event: str, **fields: object) -> None:
        self._write(1, event, fields)

    def warning(self, event: str, **fields: object) -> None:
        """As all above `info`, it is in the file when this returns."""
        self._write(2, event, fields)

    def error(self, event: str, **fields: object) -> None:
        self._write(3, event, fields)

    def exception(self, event: str, **fields: object) -> None:
        """An error, with the traceback of the exception that is being handled."""
        self._write(3, event, {**fields, "exception": traceback.format_exc()})

    def _write(self, level: int, event: str, fields: dict[str, object]) -> None:
        if level < self._least:
            return
        line: dict[str, object] = {"timestamp": datetime.now(UTC), "level": _LEVELS[level], "event": event}
        if of := request_id.get():
            line["request_id"] = of
        line.update(fields)
        try:
            text = msgspec.json.encode(line, enc_hook=str).decode()
        except UnicodeEncodeError:  # half a character, from a path or a name
            text = json.dumps(line, default=str)
        if level < 2:
            self._lines.later(text)
        else:
            self._lines.now(text)


def open_log(folder: Path, level: str = "info") -> Log:
    """A log in `gateway.jsonl` in `folder`, turned over at 10 MiB; three old files are kept.

    What is only told, and no warning, is in the file a moment later. Raises OSError when the folder cannot be written and
    ValueError for an unknown level.
    """
    for known in _LEVELS:
        if known == level.lower():
            folder.mkdir(parents=True, exist_ok=True)
            return Log(Lines(folder / "gateway.jsonl", _BYTES_PER_FILE, _FILES), known)
    raise ValueError(f"log_level: {level!r} is none of {', '.join(_LEVELS)}")
