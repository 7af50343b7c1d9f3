"""One generation, as it ended. Knows how attempts make one reply; no wire format."""

from __future__ import annotations

import msgspec
from sqlalchemy import Connection, select

from nemoserve.storage.rows import entry_of
from nemoserve.storage.tables import attempts
from nemoserve.types.entry import Entry


class Generation(msgspec.Struct, frozen=True):
    """A reply: its attempts in the order in which they were made. There is at least one."""

    attempts: tuple[Entry, ...]

    @property
    def answered(self) -> Entry:
        """The attempt that gave the reply; without one the last, whose failure the client saw."""
        return next((attempt for attempt in self.attempts if attempt.outcome == "finished"), self.attempts[-1])

    @property
    def cost(self) -> int:
        """Nano-dollars, of all attempts."""
        return sum(attempt.cost for attempt in self.attempts)


def generation(connection: Connection, generation_id: str) -> Generation | None:
    """The generation of that id; None if there is none, or if it is still under way."""
    rows = connection.execute(select(attempts).where(attempts.c.generation_id == generation_id))
    entries = sorted((entry_of(dict(row)) for row in rows.mappings()), key=_number)
    return Generation(tuple(entries)) if entries else None


def _number(entry: Entry) -> tuple[int, int, str]:
    number = entry.id.rpartition("-")[2]
    return (int(number) if number.isdecimal() else 0, entry.created_at, entry.id)
