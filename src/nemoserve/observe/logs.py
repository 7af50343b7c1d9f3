"""JSON logs, one object per line, in a file of the data folder. Knows request ids; never sees a prompt or an answer."""

from __future__ import annotations

import logging
import logging.handlers
from pathlib import Path
from typing import cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

_BYTES_PER_FILE = 10 << 20
_FILES = 3

Log = FilteringBoundLogger


def _line(value: object, **_: object) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def open_log(folder: Path, level: str = "info") -> Log:
    """A logger that writes `gateway.jsonl` in `folder`, turned over at 10 MiB; three old files are kept.

    Raises OSError when the folder cannot be written and ValueError for an unknown level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"log_level: {level!r} is none of debug, info, warning, error")
    folder.mkdir(parents=True, exist_ok=True)
    handler = logging.handlers.RotatingFileHandler(
        folder / "gateway.jsonl", maxBytes=_BYTES_PER_FILE, backupCount=_FILES, encoding="utf-8", delay=True
    )
    # A logger of its own, so that two servers in one process do not write into each other's files.
    sink = logging.Logger("nemoserve", level=number)
    sink.addHandler(handler)
    sink.propagate = False
    logger = structlog.wrap_logger(
        sink,
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
    )
    return cast("Log", logger)
