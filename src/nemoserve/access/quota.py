"""What a key may still spend: money is held before a request runs and settled after it. Knows limits and windows; no prices.

All amounts are nano-dollars. What is spent and held in a window never exceeds the limit; a request that its limit cannot pay
for in full gets what is left, as long as that is enough for it to begin. A window is the one in which a request began, and a
clock that goes backwards does not reopen an earlier one.
"""

from __future__ import annotations

import asyncio
import secrets
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from decimal import Decimal
from typing import Protocol

import msgspec
from sqlalchemy import Connection, and_, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from nemoserve.access.windows import ends, window
from nemoserve.storage.balances import insert_into, release_holds
from nemoserve.storage.database import Database
from nemoserve.storage.tables import balances, holds
from nemoserve.types.caller import Caller
from nemoserve.types.errors import ApiError
from nemoserve.types.money import NANO, dollars

_RETRY_S = 2.0
_WRITTEN_S = 0.1
"""What has ended is in the database by then, where that works."""
_PATIENCE_S = 5.0
"""Nobody waits longer for what a database has to say of a balance."""
_THREADS = 8
"""Of their own: while a database says nothing, those of everybody are not to be used up."""


class _Held(ApiError):
    """Enough would be left, were it not held for others."""


class Hold(msgspec.Struct, frozen=True):
    """Money that is kept for one request, until it is settled."""

    key_id: str | None = None
    window: str = ""
    """That the request counts into."""
    amount: int = 0
    """0 where there is no limit, or nothing to pay."""
    id: str = ""
    """Of its row, where other servers have to know of it."""


class Quota(Protocol):
    def load(self) -> None:
        """Reads what has been spent; blocks. To be called before anything is held, and after all that died is settled."""
        ...

    async def reserve(self, caller: Caller, least: int, most: int, now_ms: int) -> Hold:
        """Holds `most`, or what is left of the limit if that is at least `least`.

        Raises ApiError: 402 when less is left, 503 when nobody can say how much is.
        """
        ...

    def settle(self, hold: Hold, cost: int) -> None:
        """Puts what was spent, at most what was held, in the place of a hold. Once per hold."""
        ...

    async def remaining(self, caller: Caller, now_ms: int) -> int | None:
        """What is neither spent nor held; None: there is no limit. Raises ApiError (503), as `reserve`."""
        ...


def make_quota(database: Database, instance: str) -> Quota:
    """In memory for SQLite, which one server has to itself; in the database for PostgreSQL, which several may share."""
    return MemoryQuota(database) if database.dialect == "sqlite" else SharedQuota(database, instance)


class _Account(msgspec.Struct):
    """The newest window of a key."""

    window: str
    spent: int = 0
    held: int = 0


class MemoryQuota:
    """For the one server of a database. Used on the event loop alone, so nothing comes between a look and a hold."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._accounts: dict[tuple[str, int], _Account] = {}
        """By key and kind of window: names of a kind have the same length."""
        self._kinds: dict[str, int] = {}
        """That each key was last limited by."""

    def load(self) -> None:
        newest = select(balances.c.key_id, func.max(balances.c.window).label("window"))
        newest = newest.group_by(balances.c.key_id, func.length(balances.c.window)).subquery()
        query = select(balances.c.key_id, balances.c.window, balances.c.spent + balances.c.carried).join(
            newest, and_(newest.c.key_id == balances.c.key_id, newest.c.window == balances.c.window)
        )
        with self._database.read() as connection:
            for key_id, name, spent in connection.execute(query):
                self._accounts[key_id, len(name)] = _Account(name, spent)

    async def reserve(self, caller: Caller, least: int, most: int, now_ms: int) -> Hold:
        if caller.key_id is None:
            return Hold()
        if caller.limits.limit is None or most <= 0:
            return Hold(caller.key_id, window(caller.limits.limit_reset, now_ms))
        account = self._now(caller.key_id, window(caller.limits.limit_reset, now_ms))
        amount = _granted(caller.limits.limit, least, most, account, now_ms)
        account.held += amount
        self._accounts[caller.key_id, len(account.window)] = account
        return Hold(caller.key_id, account.window, amount)

    def settle(self, hold: Hold, cost: int) -> None:
        if hold.key_id is None:
            return
        try:
            account = self._account(hold.key_id, hold.window)
        except ApiError:
            return  # nothing is held there, and what was spent is read from the database once that is back
        if account.window == hold.window:  # a window that is over is of no interest any more
            account.held -= hold.amount
            account.spent += cost
            self._accounts[hold.key_id, len(hold.window)] = account

    async def remaining(self, caller: Caller, now_ms: int) -> int | None:
        if caller.key_id is None or caller.limits.limit is None:
            return None
        account = self._now(caller.key_id, window(caller.limits.limit_reset, now_ms))
        return max(0, caller.limits.limit - account.spent - account.held)

    def _now(self, key_id: str, name: str) -> _Account:
        """Of the window that the key is limited by."""
        account = self._account(key_id, name)
        if self._kinds.get(key_id) != len(name):
            # The key may be reset at another pace than before: the database knows what it had spent in this window until then.
            account.spent = max(account.spent, self._spent(key_id, account.window))
            self._kinds[key_id] = len(name)
        return account

    def _account(self, key_id: str, name: str) -> _Account:
        """Of that window, or of a later one that has begun already; a new one begins when it is put into `_accounts`."""
        account = self._accounts.get((key_id, len(name)))
        if account is not None and account.window >= name:
            return account
        return _Account(name, self._spent(key_id, name))

    def _spent(self, key_id: str, name: str) -> int:
        """What the database knows of a window. Nothing, as a rule: windows begin empty."""
        row = select(balances.c.spent + balances.c.carried)
        row = row.where(balances.c.key_id == key_id, balances.c.window == name)
        try:
            with self._database.read() as connection:
                return connection.execute(row).scalar() or 0
        except SQLAlchemyError as error:
            raise _unreachable() from error


class SharedQuota:
    """For several servers on one PostgreSQL: the row of a balance is locked between the look and the hold.

    A hold has a row with the server's name, so that the others can release it when that server dies. The ledger's writer
    settles, together with the line of the ledger. Until it has, this server knows what comes back; for what others have not
    written yet, a request waits `wait_s` before it is refused.
    """

    def __init__(self, database: Database, instance: str, wait_s: float = _WRITTEN_S) -> None:
        self._database, self._instance, self._wait_s = database, instance, wait_s
        self._ended: dict[str, tuple[Hold, int]] = {}
        """Holds that are settled and may still have a row, by id, each with what was spent of it."""
        self._threads = ThreadPoolExecutor(_THREADS, "balances")

    def load(self) -> None:
        pass

    async def reserve(self, caller: Caller, least: int, most: int, now_ms: int) -> Hold:
        if caller.key_id is None:
            return Hold()
        if caller.limits.limit is None or most <= 0:
            return Hold(caller.key_id, window(caller.limits.limit_reset, now_ms))
        name = window(caller.limits.limit_reset, now_ms)
        wanted = caller.key_id, caller.limits.limit, least, most, name, now_ms
        try:
            return await self._reserved(*wanted)
        except _Held:
            await asyncio.sleep(self._wait_s)
            return await self._reserved(*wanted)

    def settle(self, hold: Hold, cost: int) -> None:
        if hold.id:
            self._ended[hold.id] = hold, cost

    async def remaining(self, caller: Caller, now_ms: int) -> int | None:
        if caller.key_id is None or caller.limits.limit is None:
            return None
        name = window(caller.limits.limit_reset, now_ms)
        looking = self._threads.submit(self._remaining, caller.key_id, caller.limits.limit, name)
        try:
            return await asyncio.wait_for(asyncio.wrap_future(looking), _PATIENCE_S)
        except TimeoutError as error:
            raise _unreachable() from error

    async def _reserved(self, key_id: str, limit: int, least: int, most: int, name: str, now_ms: int) -> Hold:
        thread = self._threads.submit(self._reserve, key_id, limit, least, most, name, now_ms)
        reserving = asyncio.wrap_future(thread)
        try:
            return await asyncio.wait_for(asyncio.shield(reserving), _PATIENCE_S)
        except (asyncio.CancelledError, TimeoutError) as error:
            # A thread that has begun goes on, and nobody would settle what it gets.
            if not thread.cancel():
                reserving.add_done_callback(self._abandon)
            if isinstance(error, TimeoutError):
                raise _unreachable() from error
            raise

    def _reserve(self, key_id: str, limit: int, least: int, most: int, name: str, now_ms: int) -> Hold:
        ended = dict(self._ended)
        try:
            with self._database.begin() as connection:
                name = _newest(connection, key_id, name)
                row = and_(balances.c.key_id == key_id, balances.c.window == name)
                new = insert_into(connection.dialect.name, balances).values(
                    key_id=key_id, window=name, spent=0, reserved=0
                )
                connection.execute(new.on_conflict_do_nothing())
                used = select(balances.c.spent + balances.c.carried, balances.c.reserved).where(row).with_for_update()
                account = _Account(name, *connection.execute(used).one())
                account.held -= self._coming_back(connection, ended, key_id, name)
                hold = Hold(key_id, name, _granted(limit, least, most, account, now_ms), secrets.token_hex(16))
                connection.execute(update(balances).where(row).values(reserved=balances.c.reserved + hold.amount))
                kept = {"id": hold.id, "key_id": key_id, "window": name, "amount": hold.amount}
                connection.execute(insert(holds).values(instance=self._instance, **kept))
                return hold
        except SQLAlchemyError as error:
            raise _unreachable() from error

    def _remaining(self, key_id: str, limit: int, name: str) -> int:
        ended = dict(self._ended)
        try:
            with self._database.read() as connection:
                name = _newest(connection, key_id, name)
                used = select(balances.c.spent + balances.c.carried + balances.c.reserved)
                used = used.where(balances.c.key_id == key_id, balances.c.window == name)
                left = limit - (connection.execute(used).scalar() or 0)
                return max(0, left + self._coming_back(connection, ended, key_id, name))
        except SQLAlchemyError as error:
            raise _unreachable() from error

    def _coming_back(self, connection: Connection, ended: dict[str, tuple[Hold, int]], key_id: str, name: str) -> int:
        """What is held there for requests that have ended here and are not written yet, less what they cost.

        `ended` was known before the transaction began, so that what has no row any more is written. With the balance locked.
        """
        if not ended:
            return 0
        kept = set(connection.execute(select(holds.c.id).where(holds.c.id.in_(ended))).scalars())
        for written in ended.keys() - kept:
            self._ended.pop(written, None)
        there = (ended[id] for id in kept)
        return sum(hold.amount - cost for hold, cost in there if (hold.key_id, hold.window) == (key_id, name))

    def _abandon(self, reserving: asyncio.Future[Hold]) -> None:
        if not reserving.cancelled() and reserving.exception() is None:
            reserving.get_loop().run_in_executor(None, self._release, reserving.result())

    def _release(self, hold: Hold) -> None:
        with self._database.begin() as connection:
            release_holds(connection, holds.c.id == hold.id)


def _newest(connection: Connection, key_id: str, name: str) -> str:
    """The window, or a later one of the same kind that the key has been used in."""
    known = select(func.max(balances.c.window))
    known = known.where(balances.c.key_id == key_id, func.length(balances.c.window) == len(name))
    return max(name, connection.execute(known).scalar() or "")


def _granted(limit: int, least: int, most: int, account: _Account, now_ms: int) -> int:
    """How much is held for a request, of what the account leaves of its limit. Raises ApiError (402)."""
    left = limit - account.spent - account.held
    if left < least:
        raise _refusal(limit, max(0, left), least, account, now_ms)
    return max(0, min(most, left))


def _refusal(limit: int, left: int, least: int, account: _Account, now_ms: int) -> ApiError:
    end = ends(account.window)
    resets = None if end is None else datetime.fromtimestamp(end / 1000, UTC)
    when = "it does not reset" if resets is None else f"it resets on {resets:%Y-%m-%d at %H:%M} UTC"
    retry = None if end is None else (end - now_ms) / 1000
    kind, state = ApiError, "is used up"
    if least > limit:
        state, retry = "is less than this request costs", None
    elif limit - account.spent >= least:
        kind = _Held
        when = f"USD {_usd(account.held)} are held for requests under way, of which some may come back"
        retry = _RETRY_S
    return kind(
        "payment_required",
        f"This key's limit of USD {_usd(limit)} {state}: USD {_usd(left)} is left, the request needs USD {_usd(least)} "
        f"at the least; {when}.",
        metadata={
            "limit": dollars(limit),
            "limit_remaining": dollars(left),
            "needed": dollars(least),
            "resets_at": None if resets is None else resets.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        },
        retry_after_s=retry,
    )


def _usd(nano: int) -> str:
    text = f"{Decimal(nano) / NANO:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def _unreachable() -> ApiError:
    message = "The database that knows this key's balance cannot be reached at the moment."
    return ApiError("provider_overloaded", message, retry_after_s=_RETRY_S)
