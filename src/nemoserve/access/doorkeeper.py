"""Whose key a text is, asked at every request. Knows keys by heart as long as the database's revision stays; changes nothing.

A text that is not well-formed goes nowhere. The public parts of all keys are read once per revision, the first time that an
unknown one comes: however many made-up keys follow, none of them costs a look at the database.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Callable, Set
from concurrent.futures import Future, ThreadPoolExecutor
from typing import NamedTuple

from sqlalchemy import select
from sqlalchemy.exc import SQLAlchemyError

from nemoserve.access import keytext
from nemoserve.access.key import Key
from nemoserve.access.key_rows import key_of
from nemoserve.storage.database import Database, StorageError
from nemoserve.storage.tables import key_secrets, keys
from nemoserve.types.errors import ApiError

_NO_DIGEST = bytes(32)
_MALFORMED = "This is not a key of this server: it is malformed, perhaps mistyped or cut short."
_RETRY_MS = 1000
"""How long a database that could not be reached is left in peace."""
_PATIENCE_S = 2.0
"""A database that has said nothing for so long is not waited for. Its own timeouts take longer, and one that stands still has none."""
_THREADS = 8


class _Secret(NamedTuple):
    digest: bytes
    expires_at: int | None
    key: Key


class _Known:
    """What was read at one revision or later; a new one takes its place, so that threads never see a mixture."""

    __slots__ = ("publics", "revision", "secrets")

    def __init__(self, revision: int) -> None:
        self.revision = revision
        self.secrets: dict[str, _Secret] = {}
        self.publics: Set[str] | None = None


class Doorkeeper:
    """`clock` tells milliseconds since the epoch. May be used from any thread."""

    def __init__(self, database: Database, pepper: bytes, clock: Callable[[], int]) -> None:
        self._database = database
        self._digest = keytext.Digester(pepper)
        self._clock = clock
        self._known = _Known(-1)
        self._ask_again = 0
        self._threads = ThreadPoolExecutor(_THREADS, "keys")
        self._stuck: Future[Key] | None = None
        """A look at the database that was not waited for any more."""

    def authenticate(self, text: str) -> Key:
        """The key whose text this is. Raises ApiError: 401, and only to who has the whole secret does it say why; 503."""
        public = _public(text)
        now = self._clock()
        known = self._current(now)
        secret = known.secrets.get(public)
        if secret is None and keytext.whole(text):
            secret = self._secret(known, public)
        return self._let_in(text, secret, now)

    async def authenticate_in_time(self, text: str) -> Key:
        """As `authenticate`, beside the event loop. Of a database that says nothing, only who is not known yet waits for a while."""
        public = _public(text)
        secret = self._known.secrets.get(public)
        if secret is None or self._stuck is None or self._stuck.done():
            asking = self._threads.submit(self.authenticate, text)
            try:
                return await asyncio.wait_for(asyncio.wrap_future(asking), _PATIENCE_S)
            except TimeoutError:
                if not asking.cancelled():
                    self._stuck = asking
            secret = self._known.secrets.get(public)
        if secret is None:
            raise _unreachable()
        return self._let_in(text, secret, self._clock())

    def _let_in(self, text: str, secret: _Secret | None, now: int) -> Key:
        """The secret's key, if the text is its own. Raises ApiError (401)."""
        digest = self._digest(text)
        if not hmac.compare_digest(digest, _NO_DIGEST if secret is None else secret.digest) or secret is None:
            raise refused("There is no such key." if keytext.whole(text) else _MALFORMED)
        key = secret.key
        if secret.expires_at is not None and secret.expires_at <= now:
            raise refused("This key was replaced by a newer one.")
        if key.disabled:
            raise refused("This key is disabled.")
        if key.expires_at is not None and key.expires_at <= now:
            raise refused("This key has expired.")
        return key

    def _current(self, now: int) -> _Known:
        """What is known of the database's present revision; while it cannot be reached, of the last one seen."""
        known = self._known
        if now < self._ask_again <= now + _RETRY_MS:  # the other bound: the clock may have been set back
            return known
        try:
            revision = self._database.revision()
        except StorageError:
            self._ask_again = now + _RETRY_MS
            return known
        if revision != known.revision:
            # Read before the rows that go into it, so nothing in it is older than the revision says.
            self._known = known = _Known(revision)
        return known

    def _secret(self, known: _Known, public: str) -> _Secret | None:
        """Of a key that nobody has shown since the last change."""
        if known.publics is not None and public not in known.publics:
            return None
        try:
            with self._database.read() as connection:
                if known.publics is None:
                    known.publics = frozenset(connection.execute(select(key_secrets.c.public)).scalars())
                if public not in known.publics:
                    return None
                wanted = select(keys, key_secrets.c.digest, key_secrets.c.expires_at.label("secret_expires_at"))
                wanted = wanted.select_from(keys.join(key_secrets)).where(key_secrets.c.public == public)
                row = connection.execute(wanted.where(keys.c.deleted_at.is_(None))).first()
        except (SQLAlchemyError, StorageError) as error:
            raise _unreachable() from error
        if row is None:
            return None
        found = known.secrets[public] = _Secret(bytes(row.digest), row.secret_expires_at, key_of(row))
        return found


def _public(text: str) -> str:
    """By which the key is looked up. Raises ApiError (401)."""
    public = keytext.public_part(text)
    if public is None:
        raise refused(_MALFORMED)
    return public


def _unreachable() -> ApiError:
    message = "The key cannot be checked: the database is not reachable."
    return ApiError("provider_overloaded", message, retry_after_s=1)


def refused(message: str) -> ApiError:
    """A 401."""
    return ApiError("authentication", message, headers={"www-authenticate": "Bearer"})
