"""JSON logs, one object per line, in a file of the data folder. Knows request ids; never sees a prompt or an answer."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import cast

import msgspec
import structlog
from structlog.typing import FilteringBoundLogger

from nemoserve.observe.lines import Lines

_BYTES_PER_FILE = 10 << 20
_FILES = 3

Log = FilteringBoundLogger


def _line(value: object, **_: object) -> str:
    return msgspec.json.encode(value, enc_hook=str).decode()


def open_log(folder: Path, level: str = "info") -> Log:
    """A logger that writes `gateway.jsonl` in `folder`, turned over at 10 MiB; three old files are kept.

    What is only told, and no warning, is in the file a moment later.

    Raises OSError when the folder cannot be written and ValueError for an unknown level.
    """
    number = logging.getLevelNamesMapping().get(level.upper())
    if number is None:
        raise ValueError(f"log_level: {level!r} is none of debug, info, warning, error")
    folder.mkdir(parents=True, exist_ok=True)
    logger = structlog.wrap_logger(
        Lines(folder / "gateway.jsonl", _BYTES_PER_FILE, _FILES),
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(serializer=_line),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(number),
    )
    return cast("Log", logger.bind())  # bound once, rather than anew for each line
