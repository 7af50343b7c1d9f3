"""What keys have spent, for those who manage them. Reads the ledger's sums; changes nothing and knows no request."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import ColumnElement, Connection, case, func, select

from nemoserve.access.key import RESETS, Key
from nemoserve.access.windows import begins, window
from nemoserve.storage.database import Database
from nemoserve.storage.tables import attempts, balances
from nemoserve.types.caller import Reset


class KeyUsage(msgspec.Struct, frozen=True, kw_only=True):
    """Nano-dollars: ever, and since midnight, Monday and the first of the month, UTC."""

    total: int = 0
    daily: int = 0
    weekly: int = 0
    monthly: int = 0
    remaining: int | None = None
    """Of the limit's window; None: there is no limit. Held money is gone where it is known to the database."""


def key_usage(database: Database, keys: Sequence[Key], now_ms: int) -> dict[str, KeyUsage]:
    """By key id. What is not written yet does not count, so flush the books first."""
    ids = [key.id for key in keys]
    if not ids:
        return {}
    periods, earliest = _periods(now_ms)
    recent = select(attempts.c.key_id, *periods).group_by(attempts.c.key_id)
    recent = recent.where(attempts.c.key_id.in_(ids), attempts.c.created_at >= earliest)
    # Every line of the ledger counts into one balance, so that a key's whole past is a few rows.
    ever = select(balances.c.key_id, func.sum(balances.c.spent)).group_by(balances.c.key_id)
    with database.read() as connection:
        sums = {row[0]: [int(amount) for amount in row[1:]] for row in connection.execute(recent)}
        totals = {row[0]: int(row[1]) for row in connection.execute(ever.where(balances.c.key_id.in_(ids)))}
        used = _used(connection, keys, now_ms)
    found: dict[str, KeyUsage] = {}
    for key in keys:
        daily, weekly, monthly = sums.get(key.id, (0, 0, 0))
        limit = key.limits.limit
        found[key.id] = KeyUsage(
            total=totals.get(key.id, 0),
            daily=daily,
            weekly=weekly,
            monthly=monthly,
            remaining=None if limit is None else max(0, limit - used.get(key.id, 0)),
        )
    return found


def keyless_usage(database: Database, now_ms: int) -> KeyUsage:
    """Of the owner, who needs no key. There is no balance without one, so that the ledger's lines are summed."""
    every = select(func.sum(attempts.c.cost), *_periods(now_ms)[0]).where(attempts.c.key_id.is_(None))
    with database.read() as connection:
        total, daily, weekly, monthly = (int(amount or 0) for amount in connection.execute(every).one())
    return KeyUsage(total=total, daily=daily, weekly=weekly, monthly=monthly)


def _periods(now_ms: int) -> tuple[list[ColumnElement[int]], int]:
    """The cost since the beginning of each window, in the order of `RESETS`, and the earliest of these beginnings."""
    since = [begins(window(reset, now_ms)) or 0 for reset in RESETS]
    return [func.sum(case((attempts.c.created_at >= begin, attempts.c.cost), else_=0)) for begin in since], min(since)


def _used(connection: Connection, keys: Sequence[Key], now_ms: int) -> dict[str, int]:
    """What is spent and held in each limited key's window, or in a later one that a clock set back since has begun."""
    kinds: dict[Reset | None, list[str]] = {}
    for key in keys:
        if key.limits.limit is not None:
            kinds.setdefault(key.limits.limit_reset, []).append(key.id)
    used: dict[str, int] = {}
    for reset, ids in kinds.items():
        name = window(reset, now_ms)
        rows = select(balances.c.key_id, balances.c.spent + balances.c.carried + balances.c.reserved).where(
            balances.c.key_id.in_(ids), balances.c.window >= name, func.length(balances.c.window) == len(name)
        )
        used.update({key_id: int(amount) for key_id, amount in connection.execute(rows.order_by(balances.c.window))})
    return used
