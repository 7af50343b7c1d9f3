"""The server's own secret, made once and kept in its data folder, or given. Knows one file and one variable of the environment.

What is signed with it is not its business.
"""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from nemoserve.config.settings import nothing_kept

VARIABLE = "NEMOSERVE_SECRET"
"""Gives the secret of several servers that share a database."""
_FILE = "secret"
_BYTES = 32


def has_secret(data_dir: Path) -> bool:
    """Whether there is one already."""
    return bool(os.environ.get(VARIABLE)) or (data_dir / _FILE).exists()


def server_secret(data_dir: Path) -> bytes:
    """The secret of the environment, else that in `data_dir`, made on the first start, readable by this user alone.

    Raises OSError, and ValueError, a sentence, for one of the environment that is too short, and where none can be kept.
    """
    if given := os.environ.get(VARIABLE):
        if len(given) < _BYTES:
            raise ValueError(f"{VARIABLE} is too short: it needs {_BYTES} random characters or more.")
        return given.encode()
    file = data_dir / _FILE
    try:
        known = file.read_bytes()
    except FileNotFoundError:
        known = b""
    if len(known) >= _BYTES:
        return known
    data_dir.mkdir(parents=True, exist_ok=True)
    made = secrets.token_bytes(_BYTES)
    part = data_dir / f"{_FILE}.{os.getpid()}.part"
    try:
        with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as sink:
            sink.write(made)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise ValueError(nothing_kept(data_dir, error)) from error
    try:
        os.link(part, file)  # fails if another server was quicker, whose secret then counts
    except FileExistsError:
        if len(known := file.read_bytes()) >= _BYTES:
            return known
        part.replace(file)  # what was there is a torn or empty file
    finally:
        part.unlink(missing_ok=True)
    return made
