"""Limits under every order of holds, settlements, resets and clocks: never overspent, never refused while there is money."""

from __future__ import annotations

import asyncio
import uuid
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st
from sqlalchemy import select

from nemoserve.access.quota import Hold, MemoryQuota, Quota, SharedQuota
from nemoserve.access.windows import begins, ends, window
from nemoserve.storage.balances import settle_balances
from nemoserve.storage.database import Database
from nemoserve.storage.tables import balances, holds
from nemoserve.types.caller import Caller, KeyLimits, Reset
from nemoserve.types.errors import ApiError
from tests.databases import Postgres
from tests.examples import examples
from tests.ledgers import NOON, make_caller

HOUR = 3_600_000
RESETS: tuple[Reset | None, ...] = (None, "daily", "weekly", "monthly")

reserve = st.tuples(st.just("reserve"), st.integers(0, 60), st.integers(0, 120))
settle = st.tuples(st.just("settle"), st.integers(0, 20), st.integers(0, 100))
clock = st.tuples(st.just("clock"), st.integers(-40 * 24, 40 * 24), st.integers(0, HOUR - 1))
limit = st.tuples(st.just("limit"), st.integers(0, 300), st.just(0))
restart = st.tuples(st.just("restart"), st.just(0), st.just(0))
Step = tuple[str, int, int]
steps = st.lists(st.one_of(reserve, reserve, settle, settle, clock, limit, restart), max_size=40)


def day_of(at_ms: int) -> date:
    return datetime.fromtimestamp(at_ms / 1000, UTC).date()


def name_of(reset: Reset | None, at_ms: int) -> str:
    """As the code under test, by other means."""
    form = {None: "", "daily": "%Y-%m-%d", "weekly": "%G-W%V", "monthly": "%Y-%m"}[reset]
    return day_of(at_ms).strftime(form)


class Model:
    """What is spent and held in each window, written down as plainly as possible."""

    def __init__(self) -> None:
        self.spent: Counter[str] = Counter()
        self.held: dict[str, list[Hold]] = {}
        self.newest = ""

    def left(self, most: int, name: str) -> int:
        return most - self.spent[name] - sum(hold.amount for hold in self.held.get(name, []))


async def play(database: Database, reset: Reset | None, moves: Sequence[Step], *, replicas: int) -> None:
    key, model, now, most = uuid.uuid4().hex, Model(), NOON, 100
    quotas = [make(database, str(number)) for number in range(replicas)]
    for count, (kind, first, second) in enumerate(moves):
        quota = quotas[count % replicas]
        most = first if kind == "limit" else most
        caller = make_caller(key, limit=most, limit_reset=reset)
        if kind == "clock":
            now += first * HOUR + second
        elif kind == "restart" and not any(model.held.values()):
            quota = quotas[count % replicas] = make(database, str(count))
        elif kind == "settle":
            open_holds = [hold for held in model.held.values() for hold in held]
            if open_holds:
                hold = open_holds[first % len(open_holds)]
                cost = hold.amount * second // 100
                model.held[hold.window].remove(hold)
                model.spent[hold.window] += cost
                quota.settle(hold, cost)
                write(database, hold, cost)
        elif kind == "reserve":
            await reserve_and_check(quota, model, caller, first, first + second, now)
        newest = max(model.newest, name_of(reset, now))
        assert await quota.remaining(caller, now) == max(0, model.left(most, newest))
    with database.read() as connection:
        query = select(balances.c.window, balances.c.spent).where(balances.c.key_id == key)
        assert {name: spent for name, spent in connection.execute(query) if spent} == {
            name: spent for name, spent in model.spent.items() if spent
        }


async def reserve_and_check(quota: Quota, model: Model, caller: Caller, least: int, most: int, now: int) -> None:
    assert caller.limits.limit is not None
    name = max(model.newest, name_of(caller.limits.limit_reset, now))
    left = model.left(caller.limits.limit, name)
    try:
        hold = await quota.reserve(caller, least, most, now)
    except ApiError as error:
        assert error.status == 402 and left < least
        return
    assert hold.amount == max(0, min(most, left))
    if most:
        model.newest = name
        model.held.setdefault(name, []).append(hold)
        assert hold.window == name and model.left(caller.limits.limit, name) >= min(left, 0)


def make(database: Database, instance: str) -> Quota:
    quota = MemoryQuota(database) if database.dialect == "sqlite" else SharedQuota(database, instance, wait_s=0.0)
    quota.load()
    return quota


def write(database: Database, hold: Hold, cost: int) -> None:
    """As the ledger's writer does, some time after the end."""
    assert hold.key_id is not None
    with database.begin() as connection:
        settle_balances(connection, {(hold.key_id, hold.window): cost}, holds.c.id == hold.id)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    database = Database.open(tmp_path_factory.mktemp("quota") / "nemoserve.db")
    yield database
    database.close()


@pytest.fixture(scope="module")
def shared(postgres: Postgres) -> Iterator[Database]:
    database = Database.open(postgres.new())
    yield database
    database.close()


@examples(100, suppress=[HealthCheck.too_slow])
@given(st.sampled_from(RESETS), steps)
def test_one_server_never_overspends_and_never_refuses_too_early(
    file: Database, reset: Reset | None, moves: list[Step]
) -> None:
    asyncio.run(play(file, reset, moves, replicas=1))


@examples(20, suppress=[HealthCheck.too_slow])
@given(st.sampled_from(RESETS), steps)
def test_two_servers_never_overspend_and_never_refuse_too_early(
    shared: Database, reset: Reset | None, moves: list[Step]
) -> None:
    asyncio.run(play(shared, reset, moves, replicas=2))


@pytest.mark.parametrize(("least", "most"), [(1, 3), (1, 1), (7, 20)])
async def test_a_hundred_requests_race_for_the_last_cent(database: Database, least: int, most: int) -> None:
    quotas = [make(database, "a")] if database.dialect == "sqlite" else [make(database, "a"), make(database, "b")]
    cent, caller = 100, make_caller(limit=100)

    async def spend(number: int) -> int | None:
        await asyncio.sleep(0)
        try:
            return (await quotas[number % len(quotas)].reserve(caller, least, most, NOON)).amount
        except ApiError as error:
            assert error.status == 402
            return None

    amounts = await asyncio.gather(*(spend(number) for number in range(120)))
    granted = [amount for amount in amounts if amount is not None]
    assert min(granted) >= least and max(granted) <= most
    assert sum(granted) <= cent and cent - sum(granted) < least
    assert None in amounts  # money is left for none of these


async def test_who_has_had_an_answer_is_refused_until_its_line_is_written(database: Database) -> None:
    quota, caller = make(database, "a"), make_caller(uuid.uuid4().hex, limit=100)
    first = await quota.reserve(caller, 1, 100, NOON)
    quota.settle(first, 30)
    assert await quota.remaining(caller, NOON) == 70
    second = await quota.reserve(caller, 1, 100, NOON)
    assert (first.amount, second.amount) == (100, 70)
    write(database, first, 30)
    assert await quota.remaining(caller, NOON) == 0
    quota.settle(second, 20)
    write(database, second, 20)
    third = await quota.reserve(caller, 1, 100, NOON)
    assert third.amount == 50, "what has come back once does not come back again"


async def test_who_goes_from_one_server_to_the_other_is_refused_what_the_first_is_about_to_write(
    shared: Database,
) -> None:
    one, two, caller = SharedQuota(shared, "a"), SharedQuota(shared, "b"), make_caller(uuid.uuid4().hex, limit=100)
    hold = await one.reserve(caller, 1, 100, NOON)
    one.settle(hold, 30)
    asking = asyncio.create_task(two.reserve(caller, 1, 100, NOON))
    await asyncio.sleep(0.02)
    await asyncio.to_thread(write, shared, hold, 30)
    assert (await asking).amount == 70


async def test_a_request_that_is_given_up_while_it_reserves_keeps_no_money(shared: Database) -> None:
    quota, caller = SharedQuota(shared, "a"), make_caller(uuid.uuid4().hex, limit=100)
    for _ in range(10):
        task = asyncio.create_task(quota.reserve(caller, 1, 10, NOON))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    deadline = asyncio.get_running_loop().time() + 30
    while await quota.remaining(caller, NOON) != 100 or _held(shared, caller):
        assert asyncio.get_running_loop().time() < deadline
        await asyncio.sleep(0.02)


def _held(database: Database, caller: Caller) -> int:
    with database.read() as connection:
        return len(connection.execute(select(holds).where(holds.c.key_id == caller.key_id)).all())


@given(st.sampled_from(RESETS), st.integers(-(10**12), 4 * 10**12))
def test_an_instant_lies_in_its_window_and_the_next_begins_at_its_end(reset: Reset | None, at_ms: int) -> None:
    name = window(reset, at_ms)
    assert name == name_of(reset, at_ms)
    begin, end = begins(name), ends(name)
    if reset is None:
        assert begin is None and end is None
        return
    assert begin is not None and end is not None and begin <= at_ms < end
    assert window(reset, begin) == window(reset, end - 1) == name
    assert window(reset, begin - 1) < name < window(reset, end)
    assert begin % 86_400_000 == 0
    first = day_of(begin)
    assert {"daily": True, "weekly": first.weekday() == 0, "monthly": first.day == 1}[reset]


@pytest.mark.parametrize(
    ("reset", "day", "name"),
    [
        ("weekly", date(2026, 11, 21), "2026-W47"),
        ("weekly", date(2027, 1, 3), "2026-W53"),
        ("weekly", date(2024, 12, 30), "2025-W01"),
        ("monthly", date(2028, 2, 29), "2028-02"),
        ("daily", date(2028, 2, 29), "2028-02-29"),
    ],
)
def test_the_ends_of_years_are_where_the_calendar_has_them(reset: Reset, day: date, name: str) -> None:
    midnight = round(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp() * 1000)
    assert window(reset, midnight) == window(reset, midnight + 86_399_999) == name
    following = {"daily": timedelta(days=1), "weekly": timedelta(days=7 - day.weekday())}.get(reset)
    if following is not None:
        assert ends(name) == midnight + following // timedelta(milliseconds=1)


def test_limits_of_nobody_are_never_asked_for(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    quota = make(database, "a")
    nobody = Caller(role="anonymous", limits=KeyLimits(limit=1))
    assert asyncio.run(quota.reserve(nobody, 5, 10, NOON)) == Hold()
    database.close()
