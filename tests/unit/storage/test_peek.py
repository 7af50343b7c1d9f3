"""The look at the keys' revision: it sees every commit at once, whoever makes it, and nothing that is not committed."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from nemoserve.storage.database import Database
from nemoserve.storage.peek import Peek
from nemoserve.storage.tables import revision


@pytest.fixture
def file(tmp_path: Path) -> Iterator[Path]:
    database = Database.open(tmp_path / "nemoserve.db")
    yield tmp_path / "nemoserve.db"
    database.close()


@pytest.fixture
def peek(file: Path) -> Iterator[Peek]:
    made = Peek(_connected(file))
    yield made
    made.close()


def _connected(file: Path) -> sqlite3.Connection:
    return sqlite3.connect(file, isolation_level=None, check_same_thread=False, timeout=30)


def _write(connection: sqlite3.Connection, value: int) -> None:
    connection.execute("UPDATE revision SET value = ?", [value])


def test_every_commit_is_seen_and_nothing_before_it(file: Path, peek: Peek) -> None:
    with closing(_connected(file)) as one, closing(_connected(file)) as other:
        for value in range(1, 200):
            writer = one if value % 3 else other
            writer.execute("BEGIN IMMEDIATE")
            _write(writer, -value)
            assert peek.revision() == value - 1
            _write(writer, value)
            writer.execute("COMMIT")
            assert peek.revision() == peek.revision() == value
            if value % 20 == 0:
                writer.execute("PRAGMA wal_checkpoint(TRUNCATE)")
                assert peek.revision() == value
            if value % 50 == 0:
                writer.execute("VACUUM")
                assert peek.revision() == value
            writer.execute("BEGIN IMMEDIATE")
            _write(writer, 10**6)
            writer.execute("ROLLBACK")
            assert peek.revision() == value


def test_while_nobody_writes_the_row_is_not_read(file: Path) -> None:
    connection, seen = _connected(file), list[str]()
    peek = Peek(connection)
    peek.revision()
    connection.set_trace_callback(seen.append)
    for _ in range(5):
        assert peek.revision() == 0
    assert {text for text in seen if "SELECT" in text} == set()
    with closing(_connected(file)) as writer:
        _write(writer, 7)
    assert peek.revision() == 7 and len([text for text in seen if "SELECT" in text]) == 1
    peek.close()


@pytest.mark.slow
def test_a_look_never_goes_back_to_an_older_revision_under_load(file: Path, peek: Peek) -> None:
    done, wrong = threading.Event(), list[tuple[int, int]]()
    committed = 0

    def look() -> None:
        while not done.is_set():
            before = committed
            if (seen := peek.revision()) < before:
                wrong.append((before, seen))

    threads = [threading.Thread(target=look) for _ in range(3)]
    for thread in threads:
        thread.start()
    with closing(_connected(file)) as writer:
        for value in range(1, 500):
            _write(writer, value)
            committed = value
    done.set()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_another_process_finds_the_databases_locks_gone(file: Path, peek: Peek) -> None:
    """It would take itself for the only one, and begin the index anew under everybody's feet."""
    script = """if True:
        import fcntl, struct, sys
        lock = struct.pack("hhqqi4x", fcntl.F_WRLCK, 0, 128, 1, 0)  # the byte by which connections tell that they are there
        with open(sys.argv[1], "r+b") as index:
            print(struct.unpack("hhqqi4x", fcntl.fcntl(index, fcntl.F_GETLK, lock))[0] == fcntl.F_RDLCK)
    """
    for _ in range(3):
        peek.revision()
    index = file.with_name(f"{file.name}-shm")
    held = subprocess.run([sys.executable, "-c", script, str(index)], capture_output=True, text=True, check=True)
    assert held.stdout == "True\n"


def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    assert database.revision() == database.revision() == 0
    with database.begin() as connection:
        connection.execute(revision.update().values(value=5))
    assert database.revision() == 5
    database.close()
    with pytest.raises(Exception, match="cannot be read"):
        database.revision()
