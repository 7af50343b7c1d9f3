"""A keyring on a fresh database of either kind, with a clock that stands still until it is told to go on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from nemoserve.access.audit import AuditLog
from nemoserve.access.keyring import Keyring
from nemoserve.storage.database import Database

PEPPER = b"a pepper of thirty-two bytes....."


class Clock:
    def __init__(self) -> None:
        self.now = 1_795_000_000_000

    def __call__(self) -> int:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def log(tmp_path: Path) -> AuditLog:
    return AuditLog(PEPPER, tmp_path / "audit-head")


@pytest.fixture
def keyring(database: Database, log: AuditLog, clock: Clock) -> Keyring:
    return Keyring(database, PEPPER, log, clock)


@pytest.fixture
def one_file(tmp_path: Path) -> Iterator[Database]:
    """A SQLite database, for what does not depend on the kind."""
    opened = Database.open(tmp_path / "nemoserve.db")
    yield opened
    opened.close()
