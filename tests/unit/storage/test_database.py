"""A database that is opened: by several at once, with rows of an older version in it, with one server too many."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import (
    BigInteger,
    Boolean,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    create_engine,
    func,
    insert,
    select,
    text,
)

from nemoserve.storage.database import Database, StorageError
from nemoserve.storage.migrations import revisions, upgrade
from nemoserve.storage.tables import balances, metadata, revision
from tests.databases import Postgres


def test_migrations_make_the_tables_that_the_code_uses(database: Database) -> None:
    with database.read() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []


@pytest.mark.parametrize("version", revisions())
def test_rows_of_every_released_version_survive(database_place: str, version: str) -> None:
    url = (
        f"sqlite:///{database_place}"
        if "://" not in database_place
        else database_place.replace("://", "+psycopg://", 1)
    )
    if "://" not in database_place:
        Path(database_place).parent.mkdir()
    engine, old = create_engine(url), MetaData()
    with engine.begin() as connection:
        upgrade(connection, version)
        old.reflect(connection)
        tables = [table for table in old.sorted_tables if table.name not in ("alembic_version", "revision")]
        for table in tables:
            connection.execute(insert(table), _some_row(table))
    engine.dispose()
    database = Database.open(database_place)
    with database.read() as connection:
        for table in tables:
            if table.name in metadata.tables:
                now = metadata.tables[table.name]
                kept = [column for column in table.columns if column.name in now.columns]
                row = connection.execute(select(*(now.c[column.name] for column in kept))).one()
                assert dict(row._mapping) == {column.name: _some_row(table)[column.name] for column in kept}
    assert database.revision() == 0
    database.close()


def _some_row(table: Table) -> dict[str, Any]:
    def value(kind: object) -> Any:
        match kind:
            case Boolean():
                return True
            case BigInteger() | Integer():
                return 7
            case LargeBinary():
                return b"seven"
            case _:
                return "7"

    return {column.name: value(metadata.tables[table.name].c[column.name].type) for column in table.columns}


_OPEN = "import sys; from nemoserve.storage.database import Database; Database.open(sys.argv[1]).close()"


@pytest.mark.slow
def test_processes_that_start_at_once_migrate_once(database_place: str) -> None:
    processes = [subprocess.Popen([sys.executable, "-c", _OPEN, database_place]) for _ in range(3)]
    assert [process.wait(60) for process in processes] == [0, 0, 0]
    database = Database.open(database_place)
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(revision)).scalar_one() == 1
    database.close()


def test_a_database_of_a_newer_version_is_left_alone(database: Database, database_place: str) -> None:
    with database.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(StorageError, match="made by a newer version of nemoserve"):
        Database.open(database_place)


def test_a_second_server_on_one_file_is_refused_and_a_command_is_not(tmp_path: Path) -> None:
    server = Database.open(tmp_path / "nemoserve.db", serving=True)
    with pytest.raises(StorageError, match="Another server uses"):
        Database.open(tmp_path / "nemoserve.db", serving=True)
    Database.open(tmp_path / "nemoserve.db").close()
    server.close()
    Database.open(tmp_path / "nemoserve.db", serving=True).close()


def test_the_file_is_private(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    assert {path.stat().st_mode & 0o077 for path in tmp_path.glob("nemoserve.db*") if "-" in path.name} <= {0}
    assert (tmp_path / "nemoserve.db").stat().st_mode & 0o077 == 0
    database.close()


@pytest.mark.parametrize(
    ("where", "message"),
    [
        ("postgresql://u:hunter2@127.0.0.1:1/none", "cannot be opened"),
        ("mysql://u:hunter2@localhost/x", "mysql"),
        ("postgresql://u:hunter2@host:port/x", "cannot be read"),
        ("/proc/nothing/nemoserve.db", "cannot be used as a database"),
    ],
)
def test_what_cannot_be_opened_is_said_in_a_sentence_without_the_password(where: str, message: str) -> None:
    with pytest.raises(StorageError, match=message) as caught:
        Database.open(where)
    assert "hunter2" not in str(caught.value) and "\n" not in str(caught.value)


def test_a_file_that_is_no_database_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "nemoserve.db").write_bytes(b"something else entirely, and longer than a header is " * 10)
    with pytest.raises(StorageError, match="file is not a database"):
        Database.open(tmp_path / "nemoserve.db")


def test_writers_at_the_same_time_lose_no_change(database: Database) -> None:
    with database.begin() as connection:
        connection.execute(insert(balances).values(key_id="k", window="", spent=0, reserved=0))

    def add() -> None:
        for _ in range(25):
            with database.begin() as connection:
                connection.execute(balances.update().values(spent=balances.c.spent + 1))

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with database.read() as connection:
        assert connection.execute(select(balances.c.spent)).scalar_one() == 100


def test_a_report_sees_one_moment(database: Database) -> None:
    count = select(func.count()).select_from(balances)
    with database.read() as reader:
        before = reader.execute(count).scalar_one()
        with database.begin() as writer:
            writer.execute(insert(balances).values(key_id="k", window="", spent=1, reserved=0))
        assert reader.execute(count).scalar_one() == before
    with database.read() as reader:
        assert reader.execute(count).scalar_one() == before + 1


def test_the_revision_is_what_another_process_made_it(database: Database, database_place: str) -> None:
    script = (
        "import sys; from nemoserve.storage.database import Database; from nemoserve.storage.tables import revision\n"
        "database = Database.open(sys.argv[1])\n"
        "with database.begin() as connection: connection.execute(revision.update().values(value=41))"
    )
    assert database.revision() == 0
    subprocess.run([sys.executable, "-c", script, database_place], check=True, timeout=60)
    assert database.revision() == 41


@pytest.mark.slow
def test_who_waits_for_a_database_that_stands_still_keeps_the_process_from_ending(own_postgres: Postgres) -> None:
    database = Database.open(own_postgres.new())
    database.revision()
    with ThreadPoolExecutor(1) as threads, own_postgres.standing_still():
        waiting = threads.submit(database.revision)
        time.sleep(0.3)
        assert not waiting.done()
        database.close()
        with pytest.raises(StorageError, match="cannot be read"):
            waiting.result(2)


@pytest.mark.slow
def test_a_revision_that_cannot_be_read_is_told_from_one_that_has_not_changed(own_postgres: Postgres) -> None:
    database = Database.open(own_postgres.new())
    own_postgres.stop()
    with pytest.raises(StorageError, match="cannot be read"):
        database.revision()
    own_postgres.start()
    assert database.revision() == 0
    database.close()
