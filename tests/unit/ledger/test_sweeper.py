"""Fear: a dead server's attempts and holds stay for ever, are settled twice or otherwise than known; or a living one is buried."""

from __future__ import annotations

import time

import msgspec
from sqlalchemy import Connection

from nemoserve.ledger.sweeper import DEAD_MS, Sweeper
from nemoserve.storage.balances import insert_into
from nemoserve.storage.database import Database
from nemoserve.storage.lines import Line, write_lines
from nemoserve.storage.tables import balances, holds, instances, open_attempts
from nemoserve.types.entry import Entry
from tests.ledgers import lines, make_entry, rows

T0 = 1_795_262_400_000


class Server(Sweeper):
    """A server whose database has the clock that a test says; its attempts cost a nano-dollar for each token of the reply."""

    def __init__(self, database: Database, name: str) -> None:
        super().__init__(database, name, _price)
        self.database, self.name, self.now = database, name, T0

    def _now(self, connection: Connection) -> int:
        return self.now

    def seen(self, at: int) -> None:
        self.now = at
        with self.database.begin() as connection:
            self.beat(connection)

    def sweeps(self, at: int) -> int:
        self.now = at
        with self.database.begin() as connection:
            return self.sweep(connection)

    def begins(self, **fields: object) -> Entry:
        """An attempt under way, for which five nano-dollars are held."""
        entry = make_entry("key", id=f"gen-{self.name}-1", instance=self.name, window="life", **fields)
        with self.database.begin() as connection:
            text = msgspec.json.encode(entry).decode()
            connection.execute(open_attempts.insert().values(id=entry.id, instance=self.name, entry=text))
            hold = {"id": self.name, "instance": self.name, "key_id": "key", "window": "life", "amount": 5}
            connection.execute(holds.insert().values(hold))
            held = insert_into(connection.dialect.name, balances).values(
                key_id="key", window="life", spent=0, reserved=5
            )
            more = {"reserved": balances.c.reserved + 5}
            connection.execute(held.on_conflict_do_update(index_elements=["key_id", "window"], set_=more))
        return entry


def _price(entry: Entry) -> Entry:
    assert entry.outcome == "killed", "what it costs depends on how it ended"
    return msgspec.structs.replace(entry, cost=entry.completion_tokens)


def living(database: Database) -> set[str]:
    return {row["id"] for row in rows(database, instances)}


def test_what_a_dead_server_left_is_settled_otherwise_than_it_was_known_or_its_money_stays_held(
    database: Database,
) -> None:
    dead, other = Server(database, "dead"), Server(database, "other")
    dead.seen(T0 - 10 * DEAD_MS)
    left = dead.begins(prompt_tokens=3, completion_tokens=7, reasoning_tokens=2, total_ms=9)
    mine = other.begins()
    other.seen(T0)
    for at in range(T0, T0 + DEAD_MS + 1, DEAD_MS // 3):
        other.seen(at)
    assert other.sweeps(T0 + DEAD_MS) == 1
    killed = msgspec.structs.replace(left, outcome="killed", tokens_estimated=True, cost=7)
    assert lines(database) == {left.id: killed}
    assert [row["id"] for row in rows(database, open_attempts)] == [mine.id]
    assert [row["id"] for row in rows(database, holds)] == ["other"]
    (account,) = rows(database, balances)
    assert (account["spent"], account["reserved"]) == (7, 5)
    assert living(database) == {"other"}
    assert other.sweeps(T0 + DEAD_MS) == 0, "nothing is left"


def test_an_attempt_that_had_ended_is_made_one_that_was_killed(database: Database) -> None:
    dead, other = Server(database, "dead"), Server(database, "other")
    left = dead.begins()
    ended = msgspec.structs.replace(left, outcome="finished", completion_tokens=4, cost=4)
    with database.begin() as connection:
        write_lines(connection, [Line(ended, "dead")])
    for at in range(T0, T0 + DEAD_MS + 1, DEAD_MS // 3):
        other.seen(at)
    other.sweeps(T0 + DEAD_MS)
    assert lines(database) == {left.id: ended} and not rows(database, open_attempts)
    (account,) = rows(database, balances)
    assert (account["spent"], account["reserved"]) == (4, 0)


def test_a_server_is_buried_too_early_or_too_late(database: Database) -> None:
    alone = database.dialect == "sqlite"
    late, quiet, other = (Server(database, name) for name in ("late", "quiet", "other"))
    for at in range(T0, T0 + 2 * DEAD_MS + 1, DEAD_MS // 3):
        other.seen(at)
    now = T0 + 2 * DEAD_MS
    late.seen(now - DEAD_MS + 1)
    quiet.seen(now - DEAD_MS)
    late.begins()
    quiet.begins()
    assert other.sweeps(now) == (2 if alone else 1)
    assert living(database) == ({"other"} if alone else {"late", "other"})


def test_a_server_that_was_away_itself_says_who_is_dead(database: Database) -> None:
    dead, other = Server(database, "dead"), Server(database, "other")
    alone = database.dialect == "sqlite"
    dead.begins()
    other.seen(T0)
    other.seen(T0 + DEAD_MS - 1)
    if alone:
        assert other.sweeps(T0) == 1, "nobody else can be using the database"
        return
    assert other.sweeps(T0 + DEAD_MS - 1) == 0, "it has not been there long enough"
    other.seen(T0 + 2 * DEAD_MS - 1)  # so that it was away for as long as makes others dead
    assert other.sweeps(T0 + 2 * DEAD_MS - 1) == 0
    other.seen(T0 + 3 * DEAD_MS - 2)
    assert other.sweeps(T0 + 3 * DEAD_MS - 2) == 0, "its time begins anew"
    other.seen(T0 + 3 * DEAD_MS - 1)
    assert other.sweeps(T0 + 4 * DEAD_MS - 1) == 0, "it has not been seen itself"
    assert other.sweeps(T0 + 4 * DEAD_MS - 2) == 1


def test_a_server_whose_beats_were_not_written_buries_itself(database: Database) -> None:
    other = Server(database, "other")
    for at in range(T0, T0 + DEAD_MS + 1, DEAD_MS // 3):
        other.seen(at)
    other.begins()
    with database.begin() as connection:
        connection.execute(instances.update().values(seen_at=T0 - DEAD_MS))  # as if the last transactions had failed
    assert other.sweeps(T0 + DEAD_MS) == 0
    assert living(database) == {"other"} and len(rows(database, open_attempts)) == 1


def test_a_beat_is_not_told_to_the_others(database: Database) -> None:
    one = Server(database, "one")
    for at in (T0, T0 + 5):
        one.seen(at)
        assert rows(database, instances) == [{"id": "one", "seen_at": at}]


def test_the_clock_is_another_or_counts_otherwise(database: Database) -> None:
    sweeper = Sweeper(database, "one", _price)
    before = time.time_ns() // 1_000_000
    with database.begin() as connection:
        sweeper.beat(connection)
    (first,) = rows(database, instances)
    assert abs(first["seen_at"] - before) < 60_000 and isinstance(first["seen_at"], int)
    time.sleep(0.02)
    with database.begin() as connection:
        sweeper.beat(connection)
    (second,) = rows(database, instances)
    assert 20 <= second["seen_at"] - first["seen_at"] < 60_000, "milliseconds"
