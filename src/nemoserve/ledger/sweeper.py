"""What a dead server left: its open attempts are settled by the last counts known, its holds released. Knows heartbeats.

With SQLite there is one server: at its start all others are dead. With PostgreSQL a server is dead when it has not been seen for a
while, by the database's clock; only one that has been seen all that while may say so, or after an outage of the database the first
to come back would bury the living. Who has taken over its folder knows it at once.
"""

from __future__ import annotations

import time
from collections.abc import Callable

import msgspec
from sqlalchemy import BigInteger, Column, ColumnElement, Connection, cast, delete, extract, func, or_, select

from nemoserve.storage.balances import insert_into, release_holds
from nemoserve.storage.database import Database
from nemoserve.storage.lines import Line, write_lines
from nemoserve.storage.tables import holds, instances, open_attempts
from nemoserve.types.entry import Entry

BEAT_S = 2.0
SWEEP_S = 10.0
DEAD_MS = 15_000
"""A server that has not been seen for so long is dead."""


class Sweeper:
    """For one server, whose `instance` it is. `price` puts the costs into a settled entry."""

    def __init__(self, database: Database, instance: str, price: Callable[[Entry], Entry]) -> None:
        self._alone = database.dialect == "sqlite"
        self._instance, self._price = instance, price
        self._seen_since = 0
        self._seen_at = 0

    def beat(self, connection: Connection) -> None:
        """Tells the other servers that this one lives."""
        now = self._now(connection)
        if now - self._seen_at >= DEAD_MS:
            self._seen_since = now
        self._seen_at = now
        new = insert_into(connection.dialect.name, instances)
        seen = new.on_conflict_do_update(index_elements=["id"], set_={"seen_at": new.excluded.seen_at})
        connection.execute(seen, {"id": self._instance, "seen_at": now})

    def sweep(self, connection: Connection) -> int:
        """Settles what dead servers left; returns how many attempts that were."""
        now = self._now(connection)
        if self._alone:
            living: ColumnElement[bool] = instances.c.id == self._instance
        elif now - self._seen_at < DEAD_MS <= self._seen_at - self._seen_since:
            # This one lives, even if its own beats could not be written.
            living = or_(instances.c.id == self._instance, instances.c.seen_at > now - DEAD_MS)
        else:
            return 0
        alive = select(instances.c.id).where(living)
        return self._settle(connection, lambda instance: instance.not_in(alive))

    def bury(self, connection: Connection, instance: str) -> int:
        """Settles what that server left, which is dead for certain; returns how many attempts that were."""
        return 0 if instance == self._instance else self._settle(connection, lambda one: one == instance)

    def _settle(self, connection: Connection, dead: Callable[[Column[str]], ColumnElement[bool]]) -> int:
        gone = delete(open_attempts).where(dead(open_attempts.c.instance)).returning(open_attempts.c.entry)
        left = [msgspec.json.decode(text, type=Entry) for text in connection.execute(gone).scalars()]
        write_lines(connection, [Line(self._price(_killed(entry))) for entry in left])
        release_holds(connection, dead(holds.c.instance))
        connection.execute(delete(instances).where(dead(instances.c.id)))
        return len(left)

    def _now(self, connection: Connection) -> int:
        """In milliseconds, by the database's clock where servers compare their times: their own clocks may differ."""
        if self._alone:
            return time.time_ns() // 1_000_000
        return connection.execute(
            select(cast(extract("epoch", func.clock_timestamp()) * 1000, BigInteger))
        ).scalar_one()


def _killed(entry: Entry) -> Entry:
    return msgspec.structs.replace(entry, outcome="killed", tokens_estimated=True)
