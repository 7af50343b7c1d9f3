"""One database, SQLite or PostgreSQL: how it is opened, brought up to date, written and read. Knows no rows.

SQLite is one file beside its write-ahead log. Everybody may read it at any time; writers wait for each other.
"""

from __future__ import annotations

import fcntl
import os
import sqlite3
from collections.abc import Generator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import IO, Literal

from sqlalchemy import URL, Connection, Engine, Table, create_engine, event, make_url, select
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from nemoserve.storage.hangup import Hangup
from nemoserve.storage.migrations import upgrade
from nemoserve.storage.peek import Peek
from nemoserve.storage.tables import revision

Dialect = Literal["sqlite", "postgresql"]

FILE = "nemoserve.db"
"""Name of the SQLite file in the data folder."""
_BUSY_MS = 5000
"""A writer of SQLite waits this long for another before it gives up."""
_CONNECT_S = 5
_SILENT_MS = 15_000
"""A PostgreSQL that has not even acknowledged what was sent for so long is taken for gone."""
_POOL = 5
_WRITE = "nemoserve_write"
"""Execution option of a SQLite connection that is going to write."""


class StorageError(Exception):
    """The database cannot be used; the message is one sentence for a person."""


class Database:
    """Made by `open`. May be used from any thread."""

    def __init__(self, engine: Engine, file: Path | None, lock: IO[bytes] | None = None) -> None:
        self._engine, self._lock = engine, lock
        self._peek = None if file is None else Peek(_sqlite(file))
        self._hangup = Hangup(engine) if file is None else None
        self.dialect: Dialect = "postgresql" if file is None else "sqlite"
        self.name = engine.url.render_as_string(hide_password=True) if file is None else str(file)
        """For messages: the file, or the URL without its password."""

    @classmethod
    def open(cls, where: str | Path, *, serving: bool = False) -> Database:
        """The database at a file's path or at `postgresql://…`, with the tables of this version.

        `serving`: for a server, which has a SQLite file to itself; commands do not say so and may come at any time.
        Raises StorageError.
        """
        url = _url(where)
        if url.get_backend_name() == "postgresql":
            engine = create_engine(
                url,
                pool_size=_POOL,
                pool_pre_ping=True,
                hide_parameters=True,  # what is stored is nobody's business who reads an error
                connect_args={"connect_timeout": _CONNECT_S, "tcp_user_timeout": _SILENT_MS},
            )
            return _brought_up_to_date(engine, None, None)
        file = Path(url.database or "").absolute()
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            os.close(os.open(file, os.O_CREAT | os.O_RDWR, 0o600))  # keys and, where wanted, prompts are in it
            lock = _server_lock(file) if serving else None
            with _locked(file.with_name(f"{file.name}.lock"), wait=True):
                return _brought_up_to_date(_sqlite_engine(file), file, lock)
        except OSError as error:
            raise StorageError(f"{file} cannot be used as a database: {error.strerror}.") from error

    @contextmanager
    def begin(self) -> Generator[Connection]:
        """A transaction that writes: committed at the end of the block, rolled back by an exception."""
        with self._engine.connect() as connection:
            connection = connection.execution_options(**{_WRITE: True})
            with connection.begin():
                yield connection

    @contextmanager
    def read(self) -> Generator[Connection]:
        """Reads of one moment: whatever is written meanwhile, all statements of the block see the same rows."""
        with self._engine.connect() as connection:
            if self.dialect == "postgresql":
                connection = connection.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True)
            with connection.begin():
                yield connection

    def revision(self) -> int:
        """Which version of the keys the database holds. Some microseconds with SQLite, a round trip with PostgreSQL.

        Raises StorageError when the database cannot be reached.
        """
        try:
            if self._peek is not None:
                return self._peek.revision()
            with self._engine.connect() as connection:
                return connection.execute(select(revision.c.value).where(revision.c.id == 1)).scalar_one()
        except (sqlite3.Error, SQLAlchemyError) as error:
            raise StorageError(f"{self.name} cannot be read.") from error

    def scrub(self, table: Table, *, rebuild: bool = False) -> None:
        """After rows were deleted: gives their room free and takes their bytes out of SQLite's write-ahead log.

        `rebuild` also makes the file smaller, which takes a while and room for a copy. Not within a transaction. Raises
        StorageError if a reader keeps the log in use for all of the busy timeout: the rows are deleted, their bytes are
        still there, and this may be called again.
        """
        if self._peek is None:
            with self._engine.connect() as connection:
                vacuum = f"VACUUM {'(FULL) ' if rebuild else ''}{table.name}"
                connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(vacuum)
            return
        with closing(_sqlite(Path(self.name))) as connection:
            if rebuild:
                connection.execute("VACUUM")
            busy = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
        if busy:
            raise StorageError(f"What was deleted is still in {self.name}-wal, which is in use: delete it once more.")

    def close(self) -> None:
        """Ends all connections, also of threads that wait for an answer; may be called twice."""
        if self._peek is not None:
            self._peek.close()
        self._engine.dispose()
        if self._hangup is not None:
            self._hangup.all()
        if self._lock is not None:
            self._lock.close()


def _url(where: str | Path) -> URL:
    if isinstance(where, Path) or "://" not in where:
        return URL.create("sqlite", database=str(where))
    try:
        url = make_url(where.replace("postgres://", "postgresql://", 1))
    except (ArgumentError, ValueError):
        raise StorageError(
            "The database's URL cannot be read; it looks like postgresql://user:password@host/name."
        ) from None
    if url.get_backend_name() not in ("sqlite", "postgresql"):
        raise StorageError(
            f"{url.get_backend_name()} is no database that nemoserve knows; it knows SQLite and PostgreSQL."
        )
    return url.set(drivername="postgresql+psycopg") if url.get_backend_name() == "postgresql" else url


def _brought_up_to_date(engine: Engine, file: Path | None, lock: IO[bytes] | None) -> Database:
    database: Database | None = None
    try:
        database = Database(engine, file, lock)
        with database.begin() as connection:
            upgrade(connection)
    except BaseException as error:
        engine.dispose() if database is None else database.close()
        if isinstance(error, SQLAlchemyError | sqlite3.Error):
            name = file or engine.url.render_as_string(hide_password=True)
            raise StorageError(f"The database {name} cannot be opened: {_reason(error)}.") from error
        if isinstance(error, ValueError):
            raise StorageError(str(error)) from error
        raise
    return database


def _reason(error: Exception) -> str:
    """The driver's own words, on one line."""
    return str(getattr(error, "orig", None) or error).strip().splitlines()[0].rstrip(".")


def _sqlite(file: Path) -> sqlite3.Connection:
    connection = sqlite3.connect(file, check_same_thread=False, isolation_level=None)
    _prepare(connection)
    return connection


def _prepare(connection: sqlite3.Connection, _record: object = None) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver
    for pragma in (
        f"busy_timeout = {_BUSY_MS}",
        "journal_mode = WAL",
        "synchronous = NORMAL",
        "foreign_keys = ON",
        "secure_delete = ON",  # what is deleted is overwritten
    ):
        connection.execute(f"PRAGMA {pragma}")


def _sqlite_engine(file: Path) -> Engine:
    engine = create_engine(URL.create("sqlite", database=str(file)), hide_parameters=True)
    event.listen(engine, "connect", _prepare)
    event.listen(engine, "begin", _begin)
    return engine


def _begin(connection: Connection) -> None:
    # A writer takes the lock at once: one that begins by reading could not get it later, if another was quicker.
    writes = connection.get_execution_options().get(_WRITE)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _locked(path: Path, *, wait: bool) -> IO[bytes]:
    """A lock on a file, until it is closed or the process ends, however that ends. Raises BlockingIOError."""
    lock = path.open("ab")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BaseException:
        lock.close()
        raise
    return lock


def _server_lock(file: Path) -> IO[bytes]:
    try:
        return _locked(file.with_name(f"{file.name}.server"), wait=False)
    except BlockingIOError:
        raise StorageError(
            f"Another server uses {file.parent}: give this one a --data-dir of its own, or both one --database-url."
        ) from None
