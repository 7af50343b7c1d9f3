"""The books on both databases: each attempt is one line, each line costs what it says, and nobody pays for nothing."""

from __future__ import annotations

import asyncio
import json
import time
from pathlib import Path
from typing import Never

import msgspec
import pytest
from sqlalchemy import Connection, Table
from sqlalchemy.exc import OperationalError

from nemoserve.access.quota import Hold, make_quota
from nemoserve.ledger import writer
from nemoserve.ledger.books import Books
from nemoserve.ledger.journal import Journal
from nemoserve.ledger.pricing import PriceBook, priced
from nemoserve.observe.logs import open_log
from nemoserve.observe.metrics import Metrics
from nemoserve.storage.database import Database, StorageError
from nemoserve.storage.tables import contents, holds, instances, open_attempts
from nemoserve.types.caller import ANONYMOUS, LOCAL
from nemoserve.types.errors import ApiError
from nemoserve.types.price import Price
from nemoserve.types.usage import Usage
from tests.ledgers import (
    NOON,
    PRICE,
    attempt,
    check_balances,
    lines,
    make_books,
    make_caller,
    make_entry,
    rows,
    running,
)


async def test_an_attempt_is_one_line_with_all_that_is_known_of_it(database: Database, tmp_path: Path) -> None:
    begun = make_entry(
        owner="team-a",
        tags={"feature": "chat", "é": "\N{SNOWMAN}"},
        app_url="https://app.example",
        user="\N{GRINNING FACE}",
        session_id="s",
        price=Price(prompt=1_000, completion=10_000, reasoning=20_000, cached=100, image=5_000, request=7_000),
        streamed=True,
        max_tokens=50,
        thinking=True,
        effort="high",
        reasoning_budget=30,
    )
    caller = make_caller(limit=1_000_000, limit_reset="daily")
    async with running(make_books(database, tmp_path)) as books:
        hold = await books.hold(caller, begun.price, prompt_tokens=100, completion_tokens=50, images=2, now_ms=NOON)
        assert hold == Hold("key", "2026-11-21", 100 + 50 * 20 + 2 * 5 + 7, hold.id)
        claim = books.open(begun, hold, Usage)
        settled = books.settle(
            claim,
            Usage(100, 40, 10, 60),
            outcome="finished",
            finish_reason="length",
            native_finish_reason="max_tokens",
            first_token_ms=12,
            total_ms=345,
            thinking_cut=True,
            images=2,
        )
        assert settled.cost == 40 + 6 + 30 * 10 + 10 * 20 + 2 * 5 + 7
        await books.flush()
        assert lines(database) == {begun.id: settled}
    assert (settled.instance, settled.window, settled.reserved) == ("first", "2026-11-21", hold.amount)
    assert (settled.outcome, settled.finish_reason, settled.total_ms) == ("finished", "length", 345)
    assert (settled.native_finish_reason, settled.first_token_ms, settled.thinking_cut) == ("max_tokens", 12, True)
    assert settled.owner == "team-a" and settled.tags["é"] == "\N{SNOWMAN}"
    assert rows(database, open_attempts) == [] and rows(database, holds) == []
    check_balances(database)


async def test_why_and_how_far_an_attempt_failed_is_not_entered(database: Database, tmp_path: Path) -> None:
    async with running(make_books(database, tmp_path)) as books:
        claim = books.open(make_entry(), Hold("key"), Usage)
        books.settle(claim, Usage(5, 3), outcome="failed", error_type="timeout", tokens_estimated=True)
        await books.flush()
        (found,) = lines(database).values()
    assert (found.outcome, found.error_type, found.tokens_estimated) == ("failed", "timeout", True)


async def test_an_attempt_under_way_leaves_nothing_behind_a_server_that_is_killed(
    database: Database, tmp_path: Path
) -> None:
    async with running(make_books(database, tmp_path)) as books:
        brief, longer = (books.open(make_entry(), Hold("key"), Usage) for _ in range(2))
        books.settle(brief, Usage(1, 1), outcome="finished")
        await asyncio.sleep(0.1)
        # What has left the journal is in the database by then.
        found = {line.entry.id: line.entry.outcome for line in Journal(tmp_path).left()}
        found |= {row["id"]: "open" for row in rows(database, open_attempts)}
        assert found[longer.entry.id] == "open"
        assert found.get(brief.entry.id, "finished") == "finished"


@pytest.mark.parametrize(
    ("usage", "end", "cost"),
    [
        (Usage(5, 3), {}, 35),
        (Usage(5, 3), {"outcome": "cancelled", "finish_reason": None}, 35),
        (Usage(5, 3), {"outcome": "failed", "finish_reason": None, "error_type": "server"}, 0),
        (Usage(5, 3), {"finish_reason": "error"}, 0),
        (Usage(5, 0), {"outcome": "cancelled", "finish_reason": None}, 0),
        (Usage(5, 0), {"finish_reason": " "}, 0),
        (Usage(5, 0), {"finish_reason": "stop"}, 5),
    ],
)
async def test_nobody_pays_for_an_error_or_for_nothing(
    tmp_path: Path, usage: Usage, end: dict[str, str], cost: int
) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    async with running(make_books(database, tmp_path)) as books:
        entry = await attempt(books, make_caller(), usage, **end)
        await books.flush()
    assert entry.cost == cost and lines(database)[entry.id] == entry
    assert (entry.prompt_tokens, entry.completion_tokens) == (usage.prompt_tokens, usage.completion_tokens)
    check_balances(database)
    database.close()


async def test_settling_twice_changes_nothing(database: Database, tmp_path: Path) -> None:
    caller = make_caller(limit=1000)
    quota_books = make_books(database, tmp_path)
    async with running(quota_books) as books:
        hold = await books.hold(caller, PRICE, prompt_tokens=1, completion_tokens=9, now_ms=NOON)
        claim = books.open(make_entry(), hold, Usage)
        first = books.settle(claim, Usage(1, 2), outcome="finished", finish_reason="stop")
        assert books.settle(claim, Usage(1, 9), outcome="failed") is first
        await books.flush()
    assert lines(database) == {first.id: first}
    check_balances(database)


async def test_a_line_tells_what_nobody_has_said(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    async with running(make_books(database, tmp_path)) as books:
        begun = make_entry(user="ada", max_tokens=9)
        entry = books.settle(books.open(begun, Hold("key"), Usage), Usage(1, 2), outcome="cancelled")
    used = {"prompt_tokens": 1, "completion_tokens": 2, "cost": 21}
    assert entry == msgspec.structs.replace(begun, instance="first", outcome="cancelled", **used)
    assert not (entry.tokens_estimated or entry.thinking_cut or entry.images or entry.total_ms)
    assert lines(database) == {entry.id: entry}
    database.close()


async def test_what_is_saved_by_serving_locally_is_the_cheapest_hosted_price(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    async with running(make_books(database, tmp_path, prices=PriceBook.load())) as books:
        hold = await books.hold(LOCAL, Price(), prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        entry = make_entry(None, model="nvidia/nemotron-nano-9b-v2", price=Price())
        usage = Usage(1_000_000, 1_000_000)
        done = books.settle(books.open(entry, hold, Usage), usage, outcome="finished", finish_reason="stop")
        other = books.open(msgspec.structs.replace(entry, id="gen-x-1"), Hold(), Usage)
        failed = books.settle(other, usage, outcome="failed")
        strange = books.settle(books.open(make_entry(), Hold(), Usage), usage, outcome="finished", finish_reason="stop")
    assert (done.cost, done.hosted_cost) == (0, 200_000_000)  # DeepInfra: 0.04 + 0.16 dollars
    assert (failed.cost, failed.hosted_cost) == (0, 0)
    assert strange.hosted_cost is None
    database.close()


@pytest.mark.parametrize(
    ("provider", "saved"), [("nemoserve", 4_000_000), ("rack", 4_000_000), ("deepinfra", None), ("acme", None)]
)
def test_what_a_hosted_provider_was_paid_counts_as_a_loss_of_local_serving(provider: str, saved: int | None) -> None:
    model = "nvidia/nemotron-nano-9b-v2"
    free_here = [(model, "rack", Price())]
    prices = PriceBook.load(configured=free_here, local=["rack"])
    entry = make_entry(model=model, provider=provider, prompt_tokens=100_000, finish_reason="stop")
    assert priced(entry, prices).hosted_cost == saved


async def test_a_limit_refuses_in_words_and_the_next_day_begins_anew(database: Database, tmp_path: Path) -> None:
    caller = make_caller(limit=50, limit_reset="daily")
    room = {"prompt_tokens": 5, "completion_tokens": 100}
    async with running(make_books(database, tmp_path)) as books:
        hold = await books.hold(caller, PRICE, **room, now_ms=NOON)
        assert hold.amount == 50 and PRICE.affordable(50, 5) == 4
        with pytest.raises(ApiError) as caught:
            await books.hold(caller, PRICE, **room, now_ms=NOON)
        assert "USD 0.00000005 are held for requests under way" in caught.value.message
        assert caught.value.retry_after_s == 2, "what is held may come back at any time"
        claim = books.open(make_entry(caller.key_id), hold, lambda: Usage(5, 4))
        books.settle(claim, Usage(5, 4), outcome="finished", finish_reason="stop")
        await books.flush()
        with pytest.raises(ApiError) as caught:
            await books.hold(caller, PRICE, **room, now_ms=NOON)
        later = await books.hold(caller, PRICE, **room, now_ms=NOON + 86_400_000)
        books.release(later)
        await books.flush()
        again = await books.hold(caller, PRICE, **room, now_ms=NOON + 86_400_000)
        assert (later.window, later.amount, again.amount) == ("2026-11-22", 50, 50)
        books.release(again)
    assert caught.value.status == 402
    assert caught.value.retry_after_s == 12 * 3600, "at midnight"
    assert caught.value.message == (
        "This key's limit of USD 0.00000005 is used up: USD 0.000000005 is left, the request needs USD 0.000000015 at the least; "
        "it resets on 2026-11-22 at 00:00 UTC."
    )
    assert caught.value.metadata["resets_at"] == "2026-11-22T00:00:00.000Z", "as the API writes instants"
    check_balances(database)


async def test_who_asks_for_more_than_the_whole_limit_is_told_to_come_back(database: Database, tmp_path: Path) -> None:
    async with running(make_books(database, tmp_path)) as books:
        with pytest.raises(ApiError, match="is less than this request costs") as caught:
            caller = make_caller(limit=20, limit_reset="daily")
            await books.hold(caller, PRICE, prompt_tokens=20, completion_tokens=1, now_ms=NOON)
    assert caught.value.status == 402 and caught.value.retry_after_s is None


async def test_a_limit_that_is_lowered_below_what_was_spent_refuses_and_shows_no_negative_rest(
    database: Database, tmp_path: Path
) -> None:
    quota = make_quota(database, "first")
    async with running(make_books(database, tmp_path, quota=quota)) as books:
        await attempt(books, make_caller(limit=1000), Usage(5, 5))
        await books.flush()
        assert await quota.remaining(make_caller(limit=1000), NOON) == 1000 - 55
        lowered = make_caller(limit=20)
        assert await quota.remaining(lowered, NOON) == 0
        with pytest.raises(ApiError, match=r"USD 0 is left.*does not reset"):
            await books.hold(lowered, PRICE, prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        free = await books.hold(lowered, Price(), prompt_tokens=1, completion_tokens=1, now_ms=NOON)
        assert free.amount == 0
        assert await quota.remaining(make_caller(), NOON) is None and await quota.remaining(ANONYMOUS, NOON) is None


async def test_spending_is_remembered_over_a_restart(database: Database, tmp_path: Path) -> None:
    caller = make_caller(limit=100, limit_reset="monthly")
    async with running(make_books(database, tmp_path)) as books:
        await attempt(books, caller, Usage(5, 5))
        await attempt(books, make_caller(), Usage(5, 5))  # the key's whole life is a window of its own
    async with running(make_books(database, tmp_path, "second")) as books:
        hold = await books.hold(caller, PRICE, prompt_tokens=1, completion_tokens=100, now_ms=NOON)
        assert hold.amount == 100 - 55
        books.release(hold)
    check_balances(database)


async def test_an_attempt_under_way_can_be_settled_by_somebody_else(database: Database, tmp_path: Path) -> None:
    counted = Usage(5, 1)
    async with running(make_books(database, tmp_path)) as books:
        claim = books.open(make_entry(), Hold("key"), lambda: counted)
        await books.flush()
        assert json.loads(rows(database, open_attempts)[0]["entry"])["id"] == claim.entry.id
        counted = Usage(5, 4, 2)
        deadline = time.monotonic() + 30
        while json.loads(rows(database, open_attempts)[0]["entry"]).get("completion_tokens") != 4:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.05)
        entry = json.loads(rows(database, open_attempts)[0]["entry"])
        assert entry["total_ms"] >= 400, "who settles it tells how long it took, as far as is known"
        books.settle(claim, Usage(5, 6), outcome="finished", finish_reason="stop")
        await books.flush()
        assert rows(database, open_attempts) == []


async def test_a_line_that_no_database_takes_holds_up_no_other(database: Database, tmp_path: Path) -> None:
    async with running(make_books(database, tmp_path)) as books:
        good = await attempt(books, make_caller(), Usage(1, 1))
        claim = books.open(make_entry(), Hold("key"), Usage)
        bad = books.settle(claim, Usage(1, 2**63), outcome="failed")
        after = await attempt(books, make_caller(), Usage(1, 1))
        await books.flush()
        assert set(lines(database)) == {good.id, after.id}
    aside = (tmp_path / "ledger-rejected.jsonl").read_text().split("\n")
    assert [json.loads(line)["entry"]["id"] for line in aside if line] == [bad.id]
    check_balances(database)
    logged = [json.loads(line) for line in (tmp_path / "gateway.jsonl").read_text().splitlines()]
    (told,) = [line for line in logged if line["event"] == "ledger_rejected"]
    assert told["ids"] == [bad.id] and told["file"] == str(tmp_path / "ledger-rejected.jsonl")
    assert told["error"] and "\n" not in told["error"]


async def test_a_database_that_cannot_be_read_loses_the_line_of_a_key_without_a_limit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails() -> Never:
        raise OperationalError("SELECT", {}, OSError("disk I/O error"))

    database = Database.open(tmp_path / "nemoserve.db")
    async with running(make_books(database, tmp_path)) as books:
        with monkeypatch.context() as patch:
            patch.setattr(database, "read", fails)
            done = await attempt(books, make_caller(), Usage(1, 1))
        await books.flush()
        left = await books.remaining(make_caller(limit=100), NOON)
    assert (set(lines(database)), left) == ({done.id}, 100 - done.cost)
    database.close()


async def test_stored_content_is_kept_once(database: Database, tmp_path: Path) -> None:
    async with running(make_books(database, tmp_path)) as books:
        books.content("gen-1", "key", NOON, '{"input":"\\u0000"}')
        books.content("gen-2", None, NOON, "{}")
        await books.flush()
    kept = {row["generation_id"]: (row["key_id"], row["body"]) for row in rows(database, contents)}
    assert kept == {"gen-1": ("key", '{"input":"\\u0000"}'), "gen-2": (None, "{}")}


async def test_a_server_shows_the_others_that_it_lives(database: Database, tmp_path: Path) -> None:
    async with running(make_books(database, tmp_path)):
        assert [row["id"] for row in rows(database, instances)] == ["first"]


async def test_who_waits_for_the_ledger_waits_until_enough_has_come(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(writer, "_GATHER_S", 60.0)
    database = Database.open(tmp_path / "nemoserve.db")
    books = make_books(database, tmp_path)
    async with asyncio.timeout(30):
        await books.start()
        for _ in range(3):
            entry = await attempt(books, make_caller(), Usage(1, 1))
            await asyncio.sleep(0.05)  # the writer gathers
            await books.flush()
            assert entry.id in lines(database)
        last = await attempt(books, make_caller(), Usage(1, 1))
        await asyncio.sleep(0.3)
        assert last.id not in lines(database), "nobody waits any more, so it is gathered with what follows"
        await books.close()
    assert last.id in lines(database)
    database.close()


async def test_a_line_stays_in_memory_until_somebody_asks_for_it(database: Database, tmp_path: Path) -> None:
    async with running(make_books(database, tmp_path)) as books:
        for _ in range(2):
            begun = books.open(make_entry(), Hold("key"), lambda: Usage(5, 7))
            ended = await attempt(books, make_caller(), Usage(1, 1))
            deadline = time.monotonic() + 30
            while not (ended.id in lines(database) and begun.entry.id in ids(database, open_attempts)):
                assert time.monotonic() < deadline
                await asyncio.sleep(0.05)


async def test_an_attempt_is_entered_twice_because_another_one_takes_long(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    database, told = Database.open(tmp_path / "nemoserve.db"), list[str]()
    async with running(make_books(database, tmp_path)) as books:
        monkeypatch.setattr(books._writer, "opened", lambda entry: told.append(entry.id))
        long = books.open(make_entry(), Hold("key"), lambda: Usage(5, 7))
        long.began -= 60
        short = books.open(make_entry(), Hold("key"), lambda: Usage(5, 7))
        short.began += 60  # so young that no timer is late enough
        books._note()
        assert told == [long.entry.id]
        for claim in (short, long):
            books.settle(claim, Usage(5, 8), outcome="finished", finish_reason="stop")
        await books.flush()
        assert told == [long.entry.id] and not books._begun
        assert set(lines(database)) == {long.entry.id, short.entry.id}
    database.close()


def ids(database: Database, table: Table) -> set[str]:
    return {row["id"] for row in rows(database, table)}


async def test_of_many_attempts_under_way_some_are_not_told_of(database: Database, tmp_path: Path) -> None:
    """So many that they take several statements, told of twice, the second time with more tokens."""
    async with running(make_books(database, tmp_path)) as books:
        claims = [books.open(make_entry(), Hold("key"), lambda: Usage(5, 7)) for _ in range(37)]
        for tokens in (0, 7):
            await until_counted(books, database, 37, tokens)
        for claim in claims[:20]:
            books.settle(claim, Usage(5, 8), outcome="finished", finish_reason="stop")
        await books.flush()
        assert ids(database, open_attempts) == {claim.entry.id for claim in claims[20:]}
        assert len(lines(database)) == 20
        for claim in claims[20:]:
            books.settle(claim, Usage(5, 8), outcome="finished", finish_reason="stop")
        await books.flush()
        assert not books._writer._stored, "what is over is remembered for ever"


async def until_counted(books: Books, database: Database, count: int, tokens: int) -> None:
    """Until so many open attempts have rows, and these so many tokens."""
    deadline = time.monotonic() + 60
    while True:
        await books.flush()
        found = [json.loads(row["entry"]).get("completion_tokens", 0) for row in rows(database, open_attempts)]
        if len(found) == count and min(found) >= tokens:
            return
        assert time.monotonic() < deadline
        await asyncio.sleep(0.05)


async def test_what_is_to_be_done_now_and_then_is_done_all_the_time(tmp_path: Path) -> None:
    database, done = Database.open(tmp_path / "nemoserve.db"), list[Connection]()
    chores = (writer.Chore(0.2, done.append),)
    thread = writer.Writer(database, Journal(tmp_path), log=open_log(tmp_path), metrics=Metrics(), chores=chores)
    thread.start()
    await asyncio.sleep(0.7)
    thread.close()
    assert 2 <= len(done) <= 5
    database.close()


async def test_a_flush_of_closed_books_does_not_hang(tmp_path: Path) -> None:
    database = Database.open(tmp_path / "nemoserve.db")
    books = make_books(database, tmp_path)
    async with running(books):
        waiting = asyncio.create_task(books.flush())
    await asyncio.wait_for(waiting, 30)
    with pytest.raises(StorageError, match="closed"):
        await asyncio.wait_for(books.flush(), 30)
    database.close()


async def test_money_of_a_server_that_was_killed_stays_held_after_it_is_started_again(
    database: Database, tmp_path: Path
) -> None:
    """Who has its folder knows at once that it is dead."""
    caller = make_caller(limit=1000)
    async with running(make_books(database, tmp_path / "a")) as books:
        hold = await books.hold(caller, PRICE, prompt_tokens=5, completion_tokens=5, now_ms=NOON)
        left = books.open(make_entry("key"), hold, lambda: Usage(5, 3)).entry
        await asyncio.sleep(0.6)  # so that its progress is entered
    assert [row["id"] for row in rows(database, open_attempts)] == [left.id]
    if database.dialect == "postgresql":
        async with running(make_books(database, tmp_path / "b", "other")):
            assert rows(database, open_attempts), "for all that others know it may live"
    async with running(make_books(database, tmp_path / "a", "again")) as books:
        assert lines(database)[left.id].outcome == "killed" and not rows(database, open_attempts)
        assert lines(database)[left.id].cost == 35 and await books.remaining(caller, NOON) == 965
    check_balances(database)
