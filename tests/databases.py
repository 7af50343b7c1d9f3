"""Real databases for tests: SQLite files, and databases of a PostgreSQL server that is started from the installed binaries.

Without the binaries the tests on PostgreSQL are skipped, unless NEMOSERVE_TEST_REQUIRES_POSTGRES=1, which fails them.
"""

from __future__ import annotations

import contextlib
import itertools
import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from nemoserve.storage.database import Database

_NUMBERS = itertools.count(1)


class Postgres:
    """A server with a folder of its own, reached by a unix socket in it. It keeps nothing safe, so it is quick."""

    def __init__(self) -> None:
        binaries = _binaries()
        if binaries is None:
            message = "no PostgreSQL server is installed (Debian: apt-get install postgresql)"
            if os.environ.get("NEMOSERVE_TEST_REQUIRES_POSTGRES") == "1":
                pytest.fail(message)
            pytest.skip(message)
        self._binaries = binaries
        # Not pytest's own folder: that is private to the user, and the server may run as another.
        self.folder = Path(tempfile.mkdtemp(prefix="nemoserve-pg-"))
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self._run("initdb", "--auth=trust", "--username=postgres", "--encoding=UTF8", "--no-sync")
        self.start()

    def start(self) -> None:
        settings = {
            "unix_socket_directories": self.folder,
            "listen_addresses": "",
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": 200,
            "shared_buffers": "32MB",
        }
        options = " ".join(f"-c {name}={value}" if value != "" else f"-c {name}=''" for name, value in settings.items())
        self._run("pg_ctl", "--wait", f"--log={self.folder / 'log'}", f"--options={options}", "start")

    def stop(self) -> None:
        """Ends the server as a crash does: connections break, what was committed stays."""
        self._run("pg_ctl", "--wait", "--mode=immediate", "stop")

    @contextlib.contextmanager
    def standing_still(self) -> Iterator[None]:
        """Its connections stay, and nothing comes of them."""
        pid = int((self.folder / "data" / "postmaster.pid").read_text().split()[0])
        server = psutil.Process(pid)
        processes = [server, *server.children(recursive=True)]
        for process in processes:
            process.suspend()
        try:
            yield
        finally:
            for process in processes:
                process.resume()

    def new(self) -> str:
        """The URL of a place without any tables: a schema of its own, since a database is hundreds of files."""
        name = f"test_{next(_NUMBERS)}"
        with psycopg.connect(self._url, autocommit=True) as connection:
            connection.execute(f"CREATE SCHEMA {name}")
        return f"{self._url}&options=-csearch_path%3D{name}"

    def remove(self) -> None:
        subprocess.run(self._command("pg_ctl", "--mode=immediate", "stop"), capture_output=True, check=False)
        shutil.rmtree(self.folder, ignore_errors=True)

    @property
    def _url(self) -> str:
        return f"postgresql://postgres@/postgres?host={self.folder}"

    def _run(self, program: str, *arguments: str) -> None:
        # The server inherits what it is started with: a pipe would never be closed.
        with (self.folder.parent / f"{self.folder.name}.out").open("w+") as output:
            done = subprocess.run(
                self._command(program, *arguments), stdout=output, stderr=output, cwd=self.folder, check=False
            )
            output.seek(0)
            text = output.read()
        Path(output.name).unlink()
        assert done.returncode == 0, text

    def _command(self, program: str, *arguments: str) -> list[str]:
        command = [str(self._binaries / program), f"--pgdata={self.folder / 'data'}", *arguments]
        return ["runuser", "-u", "postgres", "--", *command] if os.getuid() == 0 else command


def _binaries() -> Path | None:
    found = [Path(path).parent for path in (shutil.which("initdb"),) if path]
    found += sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), reverse=True)
    if os.getuid() == 0 and "postgres" not in {user.pw_name for user in pwd.getpwall()}:
        return None  # the server refuses to run as root
    return next((path for path in found if (path / "initdb").exists() and (path / "pg_ctl").exists()), None)


@pytest.fixture(scope="session")
def postgres() -> Iterator[Postgres]:
    """One server for all tests that leave it running."""
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture
def own_postgres() -> Iterator[Postgres]:
    """A server to stop and start."""
    server = Postgres()
    yield server
    server.remove()


@pytest.fixture(params=["sqlite", "postgresql"])
def database_place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a database may be made: a file's path or a URL. Nothing is there yet."""
    if request.param == "sqlite":
        return str(tmp_path / "data" / "nemoserve.db")
    server: Postgres = request.getfixturevalue("postgres")
    return server.new()


@pytest.fixture
def database(database_place: str) -> Iterator[Database]:
    """A fresh database with all tables, of either kind."""
    opened = Database.open(database_place)
    yield opened
    opened.close()
