"""What a key is said to have spent, against rows of the ledger at the edges of days, weeks and months."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from sqlalchemy import insert

from nemoserve.access.audit import AuditLog
from nemoserve.access.keyring import Keyring
from nemoserve.access.usage import KeyUsage, key_usage, keyless_usage
from nemoserve.storage.database import Database
from nemoserve.storage.tables import attempts, balances
from nemoserve.types.caller import KeyLimits, Reset


def ms(*moment: int) -> int:
    return int(datetime(*moment, tzinfo=UTC).timestamp() * 1000)  # type: ignore[arg-type]


NOW = ms(2026, 11, 25, 12)  # a Wednesday


def spend(database: Database, key_id: str | None, at: int, cost: int, number: int) -> None:
    texts = "generation_id instance owner tags app_url app_title user_agent user request_id api model provider price outcome window"
    numbers = (
        "prompt_tokens cached_tokens completion_tokens reasoning_tokens images total_ms max_tokens choices reserved"
    )
    flags = "tokens_estimated streamed thinking thinking_cut"
    row = {
        **dict.fromkeys(texts.split(), ""),
        **dict.fromkeys(numbers.split(), 0),
        **dict.fromkeys(flags.split(), False),
    }
    with database.begin() as connection:
        connection.execute(insert(attempts).values(**row, id=f"a{number}", key_id=key_id, created_at=at, cost=cost))


def test_a_days_money_counts_into_the_next(keyring: Keyring, database: Database) -> None:
    key, _ = keyring.create("one", actor="cli")
    other, _ = keyring.create("two", actor="cli")
    moments = [
        (ms(2026, 10, 31, 23, 59, 59) + 999, 1),
        (ms(2026, 11, 1), 10),
        (ms(2026, 11, 22, 23, 59, 59) + 999, 100),
        (ms(2026, 11, 23), 1_000),
        (ms(2026, 11, 24, 23, 59, 59) + 999, 10_000),
        (ms(2026, 11, 25), 100_000),
        (NOW, 1_000_000),
    ]
    for number, (at, cost) in enumerate(moments):
        spend(database, key.id, at, cost, number)
    spend(database, other.id, NOW, 7, 100)
    with database.begin() as connection:
        for window, spent in (("2026-10", 1), ("2026-11", 1_111_110)):
            connection.execute(insert(balances).values(key_id=key.id, window=window, spent=spent, reserved=0))
    usage = key_usage(database, [key, other], NOW)
    assert usage[key.id] == KeyUsage(total=1_111_111, daily=1_100_000, weekly=1_111_000, monthly=1_111_110)
    assert usage[other.id].daily == 7
    assert key_usage(database, [], NOW) == {}


def test_what_was_used_without_a_key_costs_nothing_or_is_a_keys(keyring: Keyring, database: Database) -> None:
    assert keyless_usage(database, NOW) == KeyUsage(), "before there is any line"
    key, _ = keyring.create("one", actor="cli")
    spend(database, key.id, NOW, 7, 1)
    spend(database, None, ms(2026, 10, 31), 1, 2)
    spend(database, None, ms(2026, 11, 1), 10, 3)
    spend(database, None, ms(2026, 11, 23), 100, 4)
    spend(database, None, ms(2026, 11, 25), 1_000, 5)
    assert keyless_usage(database, NOW) == KeyUsage(total=1_111, daily=1_000, weekly=1_100, monthly=1_110)


def test_a_week_that_began_last_month_is_cut(keyring: Keyring, database: Database) -> None:
    key, _ = keyring.create("one", actor="cli")
    spend(database, key.id, ms(2026, 11, 30, 1), 5, 1)  # a Monday
    spend(database, key.id, ms(2026, 12, 1, 1), 7, 2)
    usage = key_usage(database, [key], ms(2026, 12, 2))[key.id]
    assert (usage.daily, usage.weekly, usage.monthly) == (0, 12, 7)


@pytest.mark.parametrize(
    ("reset", "window", "left"),
    [
        (None, "", 70),
        ("daily", "2026-11-25", 70),
        ("daily", "2026-11-24", 100),
        ("daily", "2026-11-26", 70),  # the clock was set back since
        ("weekly", "2026-W48", 70),
        ("weekly", "2026-11", 100),  # the limit was a monthly one
        ("monthly", "2026-11", 70),
        ("monthly", "2026-10", 100),
    ],
)
def test_another_windows_money_is_missing(one_file: Database, reset: Reset | None, window: str, left: int) -> None:
    keyring = Keyring(one_file, b"p" * 32, AuditLog(b"p" * 32))
    key, _ = keyring.create("one", limits=KeyLimits(limit=100, limit_reset=reset), actor="cli")
    free, _ = keyring.create("two", actor="cli")
    with one_file.begin() as connection:
        connection.execute(insert(balances).values(key_id=key.id, window=window, spent=20, reserved=10))
    usage = key_usage(one_file, [key, free], NOW)
    assert usage[key.id].remaining == left
    assert usage[free.id].remaining is None


def test_a_lowered_limit_leaves_less_than_nothing(one_file: Database) -> None:
    keyring = Keyring(one_file, b"p" * 32, AuditLog(b"p" * 32))
    key, _ = keyring.create("one", limits=KeyLimits(limit=5), actor="cli")
    with one_file.begin() as connection:
        connection.execute(insert(balances).values(key_id=key.id, window="", spent=20, reserved=0))
    assert key_usage(one_file, [key], NOW)[key.id].remaining == 0
