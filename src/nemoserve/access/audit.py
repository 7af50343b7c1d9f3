"""The audit log: what was changed, by whom, in rows that cannot be altered unseen. Knows the chain; not what changes mean.

Each row carries the hash of the row before it and its own, an HMAC under the server's secret: whoever can write to the database
but does not have the secret can neither change a row, nor take one out, nor add one. Only the end could still be cut off.
Therefore the newest row's number and hash also go to a file beside the database, the witness, after each change. They prove
each other, so the file needs no signature. It may lag behind by a row when a process is killed, and be missing on another
machine: then the chain is checked without it, and the verdict says so.
"""

from __future__ import annotations

import contextlib
import hmac
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Connection, Row, func, insert, select, text

from nemoserve.access.keytext import redacted
from nemoserve.storage.database import Database
from nemoserve.storage.tables import audit

WITNESS = "audit-head"
"""Name of the witness's file in the data folder."""
_LOCK = 0x61756469
"""Number of the PostgreSQL lock that lets one transaction at a time append."""
_START = ""
"""What stands for the hash before the first row."""
_PAGE = 1000
_NEWEST = 20


class Head(msgspec.Struct, frozen=True, omit_defaults=True):
    """The newest row."""

    seq: int
    hash: str
    follows: bool = True
    """The row that the witness tells of was there when this one was added."""


class AuditEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One row, as it is shown. `at` is in milliseconds since the epoch."""

    seq: int
    at: int
    actor: str
    action: str
    resource: str
    detail: dict[str, object]


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What a check of the whole log found."""

    rows: int
    """How many were read up to the end or the first fault."""
    intact: bool
    seq: int | None = None
    """Where the first fault is."""
    problem: str | None = None
    """`changed`, `missing`, `reordered` or `cut`."""
    message: str


class AuditLog:
    """`witness` is the file of the newest row; None keeps none."""

    def __init__(self, pepper: bytes, witness: Path | None = None) -> None:
        self._pepper = pepper
        self._witness = witness
        self._writing = threading.Lock()

    def append(
        self, connection: Connection, actor: str, action: str, resource: str, detail: dict[str, object], now_ms: int
    ) -> Head:
        """Adds a row within the caller's transaction, which should end soon: others wait. Then call `remember`.

        Keys in the texts are shortened to their labels, whatever the caller did.
        """
        if connection.dialect.name == "postgresql":
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        last = connection.execute(select(audit.c.seq, audit.c.hash).order_by(audit.c.seq.desc()).limit(1)).first()
        seq, previous = (last.seq + 1, last.hash) if last is not None else (1, _START)
        known = self._remembered()
        follows = known is None or self._there(connection, known)
        encoded = redacted(msgspec.json.encode(detail, order="sorted").decode())
        row = (seq, now_ms, redacted(actor), action, redacted(resource), encoded)
        made = self._hash(previous, row)
        connection.execute(
            insert(audit).values(
                seq=seq,
                at=now_ms,
                actor=row[2],
                action=action,
                resource=row[4],
                detail=encoded,
                previous=previous,
                hash=made,
            )
        )
        return Head(seq, made, follows)

    def remember(self, head: Head) -> None:
        """Writes the witness, once the transaction that made `head` is committed. A disk that fails is no reason to fail.

        One that tells of a row that is gone stays as it is, or what was added since would hide that.
        """
        if self._witness is None or not head.follows:
            return
        with self._writing, contextlib.suppress(OSError):
            known = self._remembered()
            if known is None or known.seq < head.seq:
                self._witness.parent.mkdir(parents=True, exist_ok=True)
                part = self._witness.with_name(f"{self._witness.name}.{os.getpid()}.part")
                part.write_bytes(msgspec.json.encode(head))
                part.replace(self._witness)

    def verify(self, database: Database) -> Verdict:
        """Reads the whole log. Takes some 10 s per million rows."""
        with database.read() as connection:
            return self._verify(connection)

    def _verify(self, connection: Connection) -> Verdict:
        witness, previous, seen = self._remembered(), _START, 0
        added = connection.execute(select(audit).where(audit.c.seq < 1).order_by(audit.c.seq).limit(1)).first()
        if added is not None:
            return self._false(connection, added, seen)
        while rows := self._page(connection, seen):
            for row in rows:
                if row.seq != seen + 1:
                    return _fault(seen, seen + 1, "missing", f"is missing; the next one is row {row.seq}")
                if row.previous != previous or not self._true(row, row.seq):
                    return self._false(connection, row, seen)
                if witness is not None and witness.seq == row.seq and witness.hash != row.hash:
                    return _fault(seen, row.seq, "changed", "is not the row that was written: the log was rewritten")
                seen, previous = row.seq, row.hash
        if witness is not None and witness.seq > seen:
            return _fault(seen, seen + 1, "cut", f"and all after it up to {witness.seq} were cut off")
        checked = (
            "" if witness is not None else "; there is no witness file, so rows cut off its end would not be noticed"
        )
        return Verdict(rows=seen, intact=True, message=f"The log is intact: {seen} rows{checked}.")

    def own(self, database: Database) -> bool:
        """Whether the log is written under this server's secret: any of its newest rows is, or there is none at all."""
        with database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(_NEWEST)).all()
        return not rows or any(self._true(row, row.seq) for row in rows)

    def entries(self, database: Database, *, limit: int = 100) -> list[AuditEntry]:
        """The newest rows, the newest first."""
        with database.read() as connection:
            rows = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(limit)).all()
        return [
            AuditEntry(
                seq=row.seq,
                at=row.at,
                actor=row.actor,
                action=row.action,
                resource=row.resource,
                detail=_detail(row.detail),
            )
            for row in rows
        ]

    def _there(self, connection: Connection, head: Head) -> bool:
        return connection.execute(select(audit.c.hash).where(audit.c.seq == head.seq)).scalar() == head.hash

    def _hash(self, previous: str, row: tuple[int, int, str, str, str, str]) -> str:
        return hmac.digest(self._pepper, previous.encode() + msgspec.json.encode(row), "sha256").hex()

    def _true(self, row: Row[Any], seq: int) -> bool:
        """Whether a row's hash is that of its own contents, had it stood at `seq`."""
        made = self._hash(row.previous, (seq, row.at, row.actor, row.action, row.resource, row.detail))
        return hmac.compare_digest(made, row.hash)

    def _false(self, connection: Connection, row: Row[Any], seen: int) -> Verdict:
        newest = connection.execute(select(func.max(audit.c.seq))).scalar_one()
        was = next((seq for seq in range(1, newest + 2) if self._true(row, seq)), None)
        if was is not None and was != row.seq:
            return _fault(seen, row.seq, "reordered", f"was row {was} when it was written")
        hint = ", or the log was written under another secret" if seen == 0 else ""
        return _fault(seen, row.seq, "changed", f"was changed, or was not written by nemoserve{hint}")

    def _page(self, connection: Connection, after: int) -> Sequence[Row[Any]]:
        return connection.execute(select(audit).where(audit.c.seq > after).order_by(audit.c.seq).limit(_PAGE)).all()

    def _remembered(self) -> Head | None:
        if self._witness is None:
            return None
        try:
            return msgspec.json.decode(self._witness.read_bytes(), type=Head)
        except (OSError, msgspec.MsgspecError):
            return None


def _fault(rows: int, seq: int, problem: str, what: str) -> Verdict:
    return Verdict(rows=rows, intact=False, seq=seq, problem=problem, message=f"Row {seq} {what}.")


def _detail(encoded: str) -> dict[str, object]:
    try:
        return msgspec.json.decode(encoded, type=dict[str, object])
    except msgspec.MsgspecError:
        return {"unreadable": encoded}
