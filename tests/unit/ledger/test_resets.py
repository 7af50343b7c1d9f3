"""Fear: a key whose limit is reset at another pace from now on may spend what it has spent once more."""

from __future__ import annotations

from pathlib import Path

import pytest

from nemoserve.access.audit import AuditLog
from nemoserve.access.key import KeyChange
from nemoserve.access.keyring import Keyring
from nemoserve.access.usage import key_usage
from nemoserve.storage.database import Database
from nemoserve.types.caller import KeyLimits, Reset
from nemoserve.types.usage import Usage
from tests.ledgers import NOON, PRICE, attempt, make_books, running

PEPPER = b"p" * 32
SIXTY = Usage(10, 5)
"""Costs 60 nano-dollars."""


async def test_what_was_spent_before_a_change_of_the_reset_can_be_spent_again(
    database: Database, tmp_path: Path
) -> None:
    keyring = Keyring(database, PEPPER, AuditLog(PEPPER), lambda: NOON)
    limits = KeyLimits(limit=200, limit_reset="monthly")
    key, _ = keyring.create("one", limits=limits, actor="cli")
    async with running(make_books(database, tmp_path)) as books:

        async def left() -> int | None:
            await books.flush()
            told = key_usage(database, [key], NOON)[key.id].remaining
            assert told == await books.remaining(key.caller(), NOON)
            return told

        def reset(to: Reset | None) -> None:
            nonlocal key
            key = keyring.update(key.id, KeyChange(limit_reset=to), actor="cli")

        await attempt(books, key.caller(), SIXTY)
        assert await left() == 140
        resets: list[Reset | None] = ["daily", "weekly", None, "monthly", "daily"]
        for to in resets:
            reset(to)
            assert await left() == 140, to
        await attempt(books, key.caller(), SIXTY)
        assert await left() == 80
        for to in resets:
            reset(to)
            assert await left() == 80, to
        await attempt(books, key.caller(), SIXTY)
        assert await left() == 20
        reset("monthly")
        hold = await books.hold(key.caller(), PRICE, prompt_tokens=10, completion_tokens=5, now_ms=NOON)
        assert hold.amount == 20, "no more than is left of the month"
        books.release(hold)
        reset("daily")
        assert await books.remaining(key.caller(), NOON + 86_400_000) == 200, "the next day is its own"
        await books.flush()
        usage = key_usage(database, [key], NOON)[key.id]
        assert (usage.total, usage.daily, usage.monthly) == (180, 180, 180), "nothing is counted twice"


async def test_a_change_of_the_reset_is_forgotten_by_a_restart(database: Database, tmp_path: Path) -> None:
    keyring = Keyring(database, PEPPER, AuditLog(PEPPER), lambda: NOON)
    key, _ = keyring.create("one", limits=KeyLimits(limit=100), actor="cli")
    async with running(make_books(database, tmp_path)) as books:
        await attempt(books, key.caller(), SIXTY)
    key = keyring.update(key.id, KeyChange(limit_reset="weekly"), actor="cli")
    async with running(make_books(database, tmp_path, "second")) as books:
        assert await books.remaining(key.caller(), NOON) == 40
        hold = await books.hold(key.caller(), PRICE, prompt_tokens=10, completion_tokens=50, now_ms=NOON)
        assert hold.amount == 40
        books.release(hold)


async def test_a_change_back_after_a_restart_forgets_what_was_spent_between_the_two(
    database: Database, tmp_path: Path
) -> None:
    keyring = Keyring(database, PEPPER, AuditLog(PEPPER), lambda: NOON)
    key, _ = keyring.create("one", limits=KeyLimits(limit=200, limit_reset="monthly"), actor="cli")
    async with running(make_books(database, tmp_path)) as books:
        await attempt(books, key.caller(), SIXTY)
        await books.flush()
        key = keyring.update(key.id, KeyChange(limit_reset="daily"), actor="cli")
        await attempt(books, key.caller(), SIXTY)
    async with running(make_books(database, tmp_path, "second")) as books:
        key = keyring.update(key.id, KeyChange(limit_reset="monthly"), actor="cli")
        assert await books.remaining(key.caller(), NOON) == 80


@pytest.mark.parametrize("limit", [None, 10])
def test_a_change_of_something_else_counts_twice(database: Database, limit: int | None) -> None:
    keyring = Keyring(database, PEPPER, AuditLog(PEPPER), lambda: NOON)
    key, _ = keyring.create("one", actor="cli")
    keyring.update(key.id, KeyChange(limit=limit, name="two"), actor="cli")
    assert key_usage(database, [key], NOON)[key.id].total == 0
