"""The keys: made, changed, given new secrets, ended. Knows their rows and what each change brings with it; not who may ask.

Every change is one transaction with its line in the audit log and a new revision, by which all servers notice it at their
next request.
"""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager

import msgspec
from sqlalchemy import Connection, and_, delete, insert, or_, select, update

from nemoserve.access import keytext
from nemoserve.access.audit import AuditLog, Head
from nemoserve.access.doorkeeper import Doorkeeper
from nemoserve.access.key import Key, KeyChange, changed, check, differences
from nemoserve.access.key_rows import key_of, values_of
from nemoserve.access.settings_log import log_settings
from nemoserve.access.windows import begins, window
from nemoserve.storage.balances import carry
from nemoserve.storage.database import Database
from nemoserve.storage.tables import key_secrets, keys, revision
from nemoserve.types.caller import KeyLimits, Role
from nemoserve.types.errors import ApiError, invalid

PAGE = 100
_OVERLAP_S = 366 * 86400
_ID = re.compile(r"[0-9a-f]{32}")
_ID_START = re.compile(r"[0-9a-f]{4,32}")

Clock = Callable[[], int]
"""Milliseconds since the epoch."""


def _wall() -> int:
    return time.time_ns() // 1_000_000


class Keyring:
    """All but `authenticate` wait for the database. May be used from any thread."""

    def __init__(self, database: Database, pepper: bytes, audit: AuditLog, clock: Clock = _wall) -> None:
        self._database = database
        self._digest = keytext.Digester(pepper)
        self._audit = audit
        self._clock = clock
        self._doorkeeper = Doorkeeper(database, pepper, clock)

    def log_settings(self, settings: Mapping[str, object], *, server: str, actor: str) -> None:
        """Enters what a server is started with into the audit log, where it has changed. JSON values without secrets."""
        log_settings(self._database, self._audit, settings, server=server, actor=actor, now_ms=self._clock())

    @property
    def own(self) -> bool:
        """Whether the keys were made under this server's secret, as far as the audit log tells; others open nothing here."""
        return self._audit.own(self._database)

    @property
    def remote(self) -> bool:
        """Whether `authenticate` may wait for a network, so that `authenticate_in_time` is better."""
        return self._database.dialect != "sqlite"

    def authenticate(self, text: str) -> Key:
        """The key whose text this is. Raises ApiError (401) for any other text and for a key that has ended."""
        return self._doorkeeper.authenticate(text)

    async def authenticate_in_time(self, text: str) -> Key:
        """The same beside the event loop, by what is known while the database says nothing. Raises ApiError: 401, 503."""
        return await self._doorkeeper.authenticate_in_time(text)

    def create(
        self,
        name: str,
        *,
        role: Role = "inference",
        owner: str = "",
        tags: dict[str, str] | None = None,
        limits: KeyLimits | None = None,
        expires_at: int | None = None,
        store_content: bool = False,
        actor: str,
    ) -> tuple[Key, str]:
        """A new key and its text, which nobody can tell again. Raises ApiError (400) for values that make no sense."""
        now = self._clock()
        public, text = keytext.make()
        key = Key(
            id=secrets.token_hex(16),
            name=name,
            label=keytext.label(text),
            role=role,
            owner=owner,
            tags=tags or {},
            limits=limits or KeyLimits(),
            store_content=store_content,
            disabled=False,
            expires_at=expires_at,
            created_at=now,
            updated_at=now,
        )
        check(key)
        _in_future(expires_at, now)
        with self._change() as (connection, heads):
            connection.execute(insert(keys).values(**values_of(key), created_at=now, deleted_at=None))
            self._add_secret(connection, key.id, public, text, now)
            shown = {
                name: value for name, value in msgspec.to_builtins(key).items() if name not in ("id", "created_at")
            }
            heads.append(self._audit.append(connection, actor, "key.create", key.id, shown, now))
        return key, text

    def list(self, *, include_disabled: bool = False, offset: int = 0, limit: int = PAGE) -> list[Key]:
        """The keys that are not deleted, the newest first."""
        wanted = select(keys).where(keys.c.deleted_at.is_(None)).order_by(keys.c.created_at.desc(), keys.c.id)
        if not include_disabled:
            wanted = wanted.where(keys.c.disabled.is_(False))
        with self._database.read() as connection:
            return [key_of(row) for row in connection.execute(wanted.offset(offset).limit(limit))]

    def get(self, key_id: str) -> Key:
        """By its id. Raises ApiError (404)."""
        with self._database.read() as connection:
            return _one(connection, key_id)

    def find(self, what: str) -> Key:
        """By its id, an unambiguous beginning of it (from four characters), its label or its name. Raises ApiError (404)."""
        if not what.isprintable():
            raise _unknown(what)
        named = [keys.c.id == what, keys.c.name == what, keys.c.label == what]
        if _ID_START.fullmatch(what):
            named.append(keys.c.id.startswith(what))
        with self._database.read() as connection:
            rows = connection.execute(select(keys).where(keys.c.deleted_at.is_(None), or_(*named)).limit(10)).all()
        found = [key_of(row) for row in rows]
        exact = [key for key in found if key.id == what]
        if len(found) > 1 and not exact:
            choices = ", ".join(f"{key.id[:8]} ({key.name})" for key in found)
            raise ApiError("not_found", f"{what[:80]!r} may be any of {choices}: say more of its id.")
        if not found:
            raise _unknown(what)
        return (exact or found)[0]

    def update(self, key_id: str, change: KeyChange, *, actor: str) -> Key:
        """Changes what `change` names, and enters nothing where that is so already. Raises ApiError: 404, or 400 for values that make no sense."""
        now = self._clock()
        with self._change() as (connection, heads):
            before = _one(connection, key_id, lock=True)
            key = msgspec.structs.replace(changed(before, change), updated_at=now)
            new = differences(before, key)
            if not new:
                return before
            if key.expires_at != before.expires_at:
                _in_future(key.expires_at, now)
            connection.execute(update(keys).where(keys.c.id == key_id).values(**values_of(key)))
            if key.limits.limit_reset != before.limits.limit_reset:
                name = window(key.limits.limit_reset, now)
                carry(connection, key_id, name, begins(name) or 0)
            heads.append(self._audit.append(connection, actor, "key.update", key_id, new, now))
        return key

    def disable(self, key_id: str, *, actor: str) -> Key:
        """Refuses the key from the next request on, until `enable`."""
        return self.update(key_id, KeyChange(disabled=True), actor=actor)

    def enable(self, key_id: str, *, actor: str) -> Key:
        return self.update(key_id, KeyChange(disabled=False), actor=actor)

    def rotate(self, key_id: str, overlap_s: int = 0, *, actor: str) -> tuple[Key, str]:
        """A new text for the same key. The old one works `overlap_s` seconds longer."""
        if not 0 <= overlap_s <= _OVERLAP_S:
            raise invalid("overlap_seconds", f"expected 0 to {_OVERLAP_S}, got {overlap_s}")
        now = self._clock()
        public, text = keytext.make()
        ends = now + overlap_s * 1000
        with self._change() as (connection, heads):
            before = _one(connection, key_id, lock=True)
            key = msgspec.structs.replace(before, label=keytext.label(text), updated_at=now)
            of_key, at = key_secrets.c.key_id == key_id, key_secrets.c.expires_at
            connection.execute(delete(key_secrets).where(of_key, at <= now))
            connection.execute(update(key_secrets).where(of_key, or_(at.is_(None), at > ends)).values(expires_at=ends))
            self._add_secret(connection, key_id, public, text, now)
            connection.execute(update(keys).where(keys.c.id == key_id).values(**values_of(key)))
            detail: dict[str, object] = {"label": [before.label, key.label], "overlap_seconds": overlap_s}
            heads.append(self._audit.append(connection, actor, "key.rotate", key_id, detail, now))
        return key, text

    def delete(self, key_id: str, *, actor: str) -> Key:
        """Ends the key for good. Its secrets are gone; its name stays, for the lines of the ledger that are its own."""
        now = self._clock()
        with self._change() as (connection, heads):
            key = _one(connection, key_id, lock=True)
            connection.execute(delete(key_secrets).where(key_secrets.c.key_id == key_id))
            ended = {"disabled": True, "deleted_at": now, "updated_at": now}
            connection.execute(update(keys).where(keys.c.id == key_id).values(**ended))
            heads.append(self._audit.append(connection, actor, "key.delete", key_id, {"name": key.name}, now))
        return key

    @contextmanager
    def _change(self) -> Generator[tuple[Connection, list[Head]]]:
        """A transaction that ends with a new revision; the audit log's witness is written after it."""
        heads: list[Head] = []
        with self._database.begin() as connection:
            yield connection, heads
            connection.execute(update(revision).where(revision.c.id == 1).values(value=revision.c.value + 1))
        for head in heads:
            self._audit.remember(head)

    def _add_secret(self, connection: Connection, key_id: str, public: str, text: str, now: int) -> None:
        digest = self._digest(text)
        connection.execute(
            insert(key_secrets).values(public=public, key_id=key_id, digest=digest, created_at=now, expires_at=None)
        )


def _one(connection: Connection, key_id: str, *, lock: bool = False) -> Key:
    if not _ID.fullmatch(key_id):
        raise _unknown(key_id)
    wanted = select(keys).where(and_(keys.c.id == key_id, keys.c.deleted_at.is_(None)))
    row = connection.execute(wanted.with_for_update() if lock else wanted).first()
    if row is None:
        raise _unknown(key_id)
    return key_of(row)


def _unknown(what: str) -> ApiError:
    return ApiError(
        "not_found",
        f"There is no key {keytext.redacted(what)[:80]!r}; list the keys, disabled ones too, to see what there is.",
    )


def _in_future(expires_at: int | None, now: int) -> None:
    if expires_at is not None and expires_at <= now:
        raise invalid("expires_at", "this is in the past; to end a key now, disable it")
