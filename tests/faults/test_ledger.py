"""The ledger while the database is away, when the process is killed, and when others die: no line lost, none written twice."""

from __future__ import annotations

import asyncio
import random
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from nemoserve.access.quota import Hold
from nemoserve.ledger import books as books_module
from nemoserve.ledger import sweeper as sweeper_module
from nemoserve.ledger.journal import Journal
from nemoserve.ledger.sweeper import Sweeper
from nemoserve.storage.database import Database, StorageError
from nemoserve.storage.lines import Line, write_lines
from nemoserve.storage.tables import attempts, balances, holds, instances, open_attempts
from nemoserve.types.entry import Entry
from nemoserve.types.errors import ApiError
from nemoserve.types.usage import Usage
from tests.databases import Postgres
from tests.ledgers import (
    NOON,
    PRICE,
    attempt,
    check_balances,
    journaled,
    lines,
    make_books,
    make_caller,
    make_entry,
    rows,
    running,
)
from tests.servers import wait_until

ROOT = Path(__file__).parents[2]
LOCK = """
import sqlite3, sys
connection = sqlite3.connect(sys.argv[1], timeout=60, isolation_level=None)
connection.execute("BEGIN EXCLUSIVE")
print("locked", flush=True)
sys.stdin.readline()
"""


class Breakable:
    """A database that can be taken away: a PostgreSQL is stopped, a SQLite file is locked by another process."""

    def __init__(self, place: str, server: Postgres | None) -> None:
        self.place, self._server = place, server
        self._locker: subprocess.Popen[str] | None = None

    def down(self) -> None:
        if self._server is not None:
            self._server.stop()
            return
        command = [sys.executable, "-c", LOCK, self.place]
        self._locker = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._locker.stdout is not None and self._locker.stdout.readline() == "locked\n"

    def up(self) -> None:
        if self._server is not None:
            self._server.start()
        elif self._locker is not None:
            self._locker.communicate("\n", timeout=30)


@pytest.fixture(params=["sqlite", "postgresql"])
def breakable(request: pytest.FixtureRequest, tmp_path: Path) -> Breakable:
    if request.param == "sqlite":
        return Breakable(str(tmp_path / "nemoserve.db"), None)
    server: Postgres = request.getfixturevalue("own_postgres")
    return Breakable(server.new(), server)


@pytest.fixture
def quick_to_bury(monkeypatch: pytest.MonkeyPatch) -> None:
    """Servers are dead after a second, not fifteen."""
    monkeypatch.setattr(sweeper_module, "DEAD_MS", 1000)
    monkeypatch.setattr(books_module, "BEAT_S", 0.2)
    monkeypatch.setattr(books_module, "SWEEP_S", 0.2)


async def until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, what
        await asyncio.sleep(0.05)


async def test_images_that_a_dead_server_had_read_are_billed_to_nobody(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(books_module, "_PROGRESS_S", 0.01)
    database = Database.open(str(tmp_path / "nemoserve.db"))
    async with running(make_books(database, tmp_path)) as books:
        hold = await books.hold(make_caller(), PRICE, prompt_tokens=1, completion_tokens=9, images=2, now_ms=NOON)
        claim = books.open(make_entry(), hold, lambda: Usage(1, 2), lambda: 2)
        await until(lambda: claim.entry.images == 2, "the images are noted while the attempt is under way")
        await books.flush()
    async with running(make_books(database, tmp_path, "second")):
        (line,) = lines(database).values()
        assert (line.outcome, line.images, line.tokens_estimated) == ("killed", 2, True)


@pytest.mark.slow
async def test_no_line_is_lost_and_nobody_waits_while_the_database_is_away(
    breakable: Breakable, tmp_path: Path
) -> None:
    database = Database.open(breakable.place)
    async with running(make_books(database, tmp_path)) as books:
        before = [await attempt(books, make_caller(), Usage(1, 2)) for _ in range(20)]
        hold = await books.hold(make_caller(limit=10**6), PRICE, prompt_tokens=1, completion_tokens=99, now_ms=NOON)
        claim = books.open(make_entry(), hold, Usage)
        await books.flush()
        breakable.down()
        # That this comes to its end shows that nothing in it waits: the database is back only after it.
        during = [await attempt(books, make_caller(), Usage(1, number)) for number in range(700)]
        during.append(books.settle(claim, Usage(1, 50), outcome="cancelled"))
        assert journaled(tmp_path) >= {entry.id for entry in during}
        flushing = asyncio.create_task(books.flush())
        assert not flushing.done()
        breakable.up()
        after = [await attempt(books, make_caller(), Usage(1, 3)) for _ in range(20)]
        await asyncio.wait_for(flushing, 60)
        await books.flush()
        assert lines(database) == {entry.id: entry for entry in (*before, *during, *after)}
    assert journaled(tmp_path) == set()
    assert rows(database, open_attempts) == []
    check_balances(database)
    database.close()


@pytest.mark.slow
async def test_what_was_written_after_an_outage_stays_in_the_journal(breakable: Breakable, tmp_path: Path) -> None:
    """Until something else happens, which may take its time."""
    database = Database.open(breakable.place)
    async with running(make_books(database, tmp_path)) as books:
        breakable.down()
        for _ in range(3):
            await attempt(books, make_caller(), Usage(1, 2))
            await asyncio.sleep(0.3)
        breakable.up()
        await asyncio.to_thread(wait_until, lambda: not journaled(tmp_path), "the journal is emptied", 20)
        assert len(lines(database)) == 3
    database.close()


@pytest.mark.slow
async def test_beyond_the_bound_new_requests_are_refused_and_running_ones_are_entered(
    breakable: Breakable, tmp_path: Path
) -> None:
    database = Database.open(breakable.place)
    async with running(make_books(database, tmp_path)) as books:
        books.most_behind = 10
        claims = [books.open(make_entry(), Hold("key"), Usage) for _ in range(30)]
        await books.flush()
        breakable.down()
        for claim in claims[:10]:
            books.settle(claim, Usage(1, 1), outcome="finished", finish_reason="stop")
        with pytest.raises(ApiError, match="ledger cannot be written") as caught:
            await books.hold(make_caller(), PRICE, prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        assert caught.value.status == 503 and caught.value.retry_after_s
        for claim in claims[10:]:
            books.settle(claim, Usage(1, 1), outcome="finished", finish_reason="stop")
        breakable.up()
        await asyncio.wait_for(books.flush(), 60)
        await books.hold(make_caller(), PRICE, prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        assert len(lines(database)) == 30
    check_balances(database)
    database.close()


@pytest.mark.slow
async def test_a_limit_that_cannot_be_looked_up_refuses_and_says_when_to_come_back(
    own_postgres: Postgres, tmp_path: Path
) -> None:
    database = Database.open(own_postgres.new())
    async with running(make_books(database, tmp_path)) as books:
        own_postgres.stop()
        with pytest.raises(ApiError, match="cannot be reached") as caught:
            await books.hold(make_caller(limit=100), PRICE, prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        assert caught.value.status == 503 and caught.value.retry_after_s
        unlimited = await books.hold(make_caller(), PRICE, prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        assert unlimited.amount == 0
        own_postgres.start()
        hold = await books.hold(make_caller(limit=100), PRICE, prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        books.release(hold)
    check_balances(database)
    database.close()


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[[str, str], subprocess.Popen[str]]]:
    """Starts a process that keeps books."""
    started: list[subprocess.Popen[str]] = []

    def start(place: str, mode: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.faults.ledger_load", place, str(tmp_path), mode]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT)
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def last_lines_of_killed(process: subprocess.Popen[str]) -> list[str]:
    """Kills a process that prints, and returns what it had printed that nobody has read; a line that it was printing is left out."""
    assert process.stdout is not None
    process.kill()
    said = process.stdout.read().splitlines(keepends=True)
    process.wait()
    return [line for line in said if line.endswith("\n")]


@pytest.mark.slow
@pytest.mark.usefixtures("quick_to_bury")
async def test_a_server_killed_under_load_leaves_one_line_per_attempt_and_books_that_balance(
    database_place: str, tmp_path: Path, start: Callable[[str, str], subprocess.Popen[str]]
) -> None:
    process = start(database_place, "load")
    assert process.stdout is not None
    known: set[str] = set()
    while len(known) < 300:
        line = await asyncio.to_thread(process.stdout.readline)
        assert line, "the load runs until it is killed"
        known = set(line.split())
    known |= {id for line in last_lines_of_killed(process) for id in line.split()}
    database = Database.open(database_place, serving=True)
    async with running(make_books(database, tmp_path, "second")) as books:
        await until(lambda: not rows(database, open_attempts) and not rows(database, holds), "what was open is settled")
        await books.flush()
        found = lines(database)
        assert known <= set(found)
        killed = [entry for entry in found.values() if entry.outcome == "killed"]
        assert killed and all(entry.tokens_estimated for entry in killed)
        assert {entry.outcome for entry in found.values()} == {"finished", "killed"}
        check_balances(database)
    assert [row["id"] for row in rows(database, instances)] == ["second"]
    database.close()


@pytest.mark.slow
@pytest.mark.usefixtures("quick_to_bury")
async def test_a_kill_loses_what_came_after_the_last_write(
    database_place: str, tmp_path: Path, start: Callable[[str, str], subprocess.Popen[str]]
) -> None:
    """A reply that a client has seen the end of is in the ledger, however short the time since."""
    process = start(database_place, "sudden")
    assert process.stdout is not None
    told = [await asyncio.to_thread(process.stdout.readline) for _ in range(random.randint(1, 40))]
    told += last_lines_of_killed(process)
    finished, begun = ({line.split()[1] for line in told if line.startswith(end)} for end in ("finished", "killed"))
    database = Database.open(database_place, serving=True)
    async with running(make_books(database, tmp_path, "second")):
        await until(lambda: not rows(database, open_attempts), "what was open is settled")
        found = lines(database)
        assert all((found[id].outcome, found[id].completion_tokens) == ("finished", 4) for id in finished)
        assert all(found[id].outcome == "killed" for id in begun)
        check_balances(database)
    database.close()


async def test_two_servers_empty_each_others_journal(postgres: Postgres, tmp_path: Path) -> None:
    """On PostgreSQL they may share the database; in one data folder a killed one's lines would be lost."""
    database = Database.open(postgres.new())
    async with running(make_books(database, tmp_path)) as books:
        with pytest.raises(StorageError, match="--data-dir of its own"):
            await make_books(database, tmp_path, "second").start()
        entry = await attempt(books, make_caller(), Usage(1, 2))
    async with running(make_books(database, tmp_path, "third")):
        assert lines(database) == {entry.id: entry}
    database.close()


async def test_a_full_disk_costs_a_line_or_holds_up_a_reply(postgres: Postgres, tmp_path: Path) -> None:
    database = Database.open(postgres.new())
    async with running(make_books(database, tmp_path)) as books:
        free = resource.getrlimit(resource.RLIMIT_FSIZE)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, free[1]))  # every write beyond that fails
        try:
            settled = [await attempt(books, make_caller(), Usage(1, 2)) for _ in range(3)]
            assert not journaled(tmp_path), "there was no room"
            await books.flush()
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, free)
        settled.append(await attempt(books, make_caller(), Usage(1, 2)))
        assert journaled(tmp_path) >= {settled[-1].id}
        await books.flush()
    assert lines(database) == {entry.id: entry for entry in settled}
    check_balances(database)
    database.close()


@pytest.mark.slow
async def test_what_was_settled_in_an_outage_survives_the_death_of_the_server(
    breakable: Breakable, tmp_path: Path, start: Callable[[str, str], subprocess.Popen[str]]
) -> None:
    process = start(breakable.place, "outage")
    assert process.stdout is not None and process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    breakable.down()
    process.stdin.write("go\n")
    process.stdin.flush()
    settled = process.stdout.readline().split()
    process.kill()
    process.wait()
    breakable.up()
    database = Database.open(breakable.place)
    async with running(make_books(database, tmp_path, "second")):
        found = lines(database)
        assert set(found) == set(settled) and len(settled) == 50
        assert sorted(entry.completion_tokens for entry in found.values()) == list(range(50))
        assert journaled(tmp_path) == set()
    check_balances(database)
    database.close()


async def test_a_line_is_written_once_however_often_it_comes(database: Database, tmp_path: Path) -> None:
    async with running(make_books(database, tmp_path)) as books:
        entry = await attempt(books, make_caller(limit=1000), Usage(1, 5))
        await books.flush()
    other = msgspec.structs.replace(entry, id="gen-other-1", cost=7)
    with database.begin() as connection:
        write_lines(connection, [Line(entry), Line(msgspec.structs.replace(entry, cost=10**6))])
    journal = Journal(tmp_path)
    journal.enter(Line(entry))
    with journal.files[1].open("ab") as sink:
        sink.write(b'{"entry":{"id":"\xff\xfe"}}\n\0\0\n')  # what a power cut leaves of a page
        sink.write(msgspec.json.encode(Line(other))[:50])  # the process died here, and another went on
    journal.turn()
    for line in (Line(other), Line(entry), Line(msgspec.structs.replace(other, outcome="open"))):
        journal.enter(line)
    async with running(make_books(database, tmp_path, "second")) as books:
        assert lines(database) == {entry.id: entry, other.id: other}
        assert books._writer.behind == 0
    assert journaled(tmp_path) == set()
    check_balances(database)


async def test_a_server_that_was_taken_for_dead_is_charged_what_it_had_told_of(
    database: Database, tmp_path: Path
) -> None:
    """It was cut off, or stood still, and the others have settled for it; then it settles itself, and says so again."""
    keyless = make_entry(None)
    async with running(make_books(database, tmp_path)) as books:
        ended = [await attempt(books, make_caller(limit=10**6), Usage(1, 50)) for _ in range(2)]
        ended.append(msgspec.structs.replace(keyless, completion_tokens=9, outcome="cancelled"))
    failed = msgspec.structs.replace(ended[1], outcome="failed", cost=0)
    buried = [
        msgspec.structs.replace(entry, outcome="killed", completion_tokens=3, cost=31 * bool(entry.key_id))
        for entry in ended
    ]
    with database.begin() as connection:
        connection.execute(attempts.delete())
        connection.execute(balances.delete())
        write_lines(connection, [Line(entry) for entry in buried])
    for _ in range(2):
        with database.begin() as connection:
            write_lines(connection, [Line(entry) for entry in (ended[0], failed, ended[2])])
            write_lines(connection, [Line(entry) for entry in buried])
        assert lines(database) == {entry.id: entry for entry in (ended[0], failed, ended[2])}
        check_balances(database)


@pytest.mark.slow
async def test_a_server_that_ends_in_an_outage_leaves_its_lines_in_the_file(
    breakable: Breakable, tmp_path: Path
) -> None:
    database = Database.open(breakable.place)
    books = make_books(database, tmp_path)
    await books.start()
    breakable.down()
    settled = [await attempt(books, make_caller(), Usage(1, 2)) for _ in range(5)]
    await asyncio.wait_for(books.close(), 60)
    assert journaled(tmp_path) == {entry.id for entry in settled}
    breakable.up()
    async with running(make_books(database, tmp_path, "second")):
        assert lines(database) == {entry.id: entry for entry in settled}
    check_balances(database)
    database.close()


@pytest.mark.usefixtures("quick_to_bury")
async def test_after_an_outage_the_first_server_back_does_not_bury_the_living(
    postgres: Postgres, tmp_path: Path
) -> None:
    database = Database.open(postgres.new())
    dead, living, first_back = (Sweeper(database, name, _as_is) for name in ("dead", "living", "first back"))
    with database.begin() as connection:
        dead.beat(connection)
        living.beat(connection)
        for name in ("dead", "living"):
            entry = msgspec.json.encode(make_entry(id=f"gen-{name}-1")).decode()
            connection.execute(open_attempts.insert().values(id=f"gen-{name}-1", instance=name, entry=entry))
        connection.execute(instances.update().values(seen_at=instances.c.seen_at - 60_000))
    with database.begin() as connection:
        first_back.beat(connection)
        assert first_back.sweep(connection) == 0  # all of them have not been seen for a minute

    def swept() -> bool:
        with database.begin() as connection:
            first_back.beat(connection)
            living.beat(connection)
            return first_back.sweep(connection) == 1

    await until(swept, "the dead are settled in the end")
    assert {id: entry.outcome for id, entry in lines(database).items()} == {"gen-dead-1": "killed"}
    assert [row["id"] for row in rows(database, open_attempts)] == ["gen-living-1"]
    assert {row["id"] for row in rows(database, instances)} == {"living", "first back"}
    database.close()


def _as_is(entry: Entry) -> Entry:
    return entry
