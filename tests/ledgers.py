"""Books on a real database, and what is in it, for tests of the ledger."""

from __future__ import annotations

import itertools
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Table, select

from nemoserve.access.quota import Quota, make_quota
from nemoserve.ledger.books import Books
from nemoserve.ledger.journal import Journal
from nemoserve.ledger.pricing import PriceBook
from nemoserve.observe.logs import open_log
from nemoserve.observe.metrics import Metrics
from nemoserve.storage.database import Database
from nemoserve.storage.rows import entry_of
from nemoserve.storage.tables import attempts, balances
from nemoserve.types.caller import Caller, KeyLimits
from nemoserve.types.entry import Entry
from nemoserve.types.price import Price
from nemoserve.types.usage import Usage

NOON = 1_795_262_400_000
"""2026-11-21T12:00:00Z, a Saturday."""
PRICE = Price(prompt=1_000, completion=10_000)
"""A nano-dollar per prompt token, ten per completion token."""
_NUMBERS = itertools.count(1)


def make_entry(key_id: str | None = "key", **fields: Any) -> Entry:
    """An attempt that begins."""
    id = fields.pop("id", None) or f"gen-{next(_NUMBERS)}-1"
    known = {"generation_id": id[:-2], "created_at": NOON, "instance": "", "model": "m", "provider": "nemoserve"}
    return Entry(**{"id": id, "key_id": key_id, "price": PRICE, **known, **fields})


def make_caller(key_id: str = "key", **limits: Any) -> Caller:
    return Caller(role="inference", key_id=key_id, owner="o", limits=KeyLimits(**limits))


def make_books(
    database: Database,
    folder: Path,
    instance: str = "first",
    *,
    quota: Quota | None = None,
    prices: PriceBook | None = None,
) -> Books:
    """Books with their log and journal in `folder`, not started."""
    return Books.open_all(
        database,
        prices or PriceBook.load(),
        quota or make_quota(database, instance),
        instance=instance,
        folder=folder,
        log=open_log(folder),
        metrics=Metrics(),
    )


def journaled(folder: Path) -> set[str]:
    """Ids of the settled lines that wait in the journal of a server, which may be running."""
    return {line.entry.id for line in Journal(folder).left() if line.entry.outcome != "open"}


@asynccontextmanager
async def running(books: Books) -> AsyncIterator[Books]:
    await books.start()
    yield books
    await books.close()


async def attempt(books: Books, caller: Caller, usage: Usage, **end: Any) -> Entry:
    """One attempt from hold to line. It ends well unless `end` says otherwise."""
    room = {"prompt_tokens": usage.prompt_tokens, "completion_tokens": usage.completion_tokens}
    hold = await books.hold(caller, PRICE, **room, now_ms=NOON)
    claim = books.open(make_entry(caller.key_id), hold, lambda: usage)
    return books.settle(claim, usage, **{"outcome": "finished", "finish_reason": "stop", **end})


def lines(database: Database) -> dict[str, Entry]:
    """The ledger, by ids."""
    with database.read() as connection:
        found = [entry_of(row._mapping) for row in connection.execute(select(attempts))]
    return {entry.id: entry for entry in found}


def rows(database: Database, table: Table) -> list[dict[str, Any]]:
    with database.read() as connection:
        return [dict(row._mapping) for row in connection.execute(select(table))]


def check_balances(database: Database) -> None:
    """What the keys have spent is what their lines cost, and nothing is held."""
    sums: Counter[tuple[str | None, str]] = Counter()
    for entry in lines(database).values():
        sums[entry.key_id, entry.window] += entry.cost
    kept = rows(database, balances)
    assert {(row["key_id"], row["window"]): row["spent"] for row in kept if row["spent"]} == {
        account: cost for account, cost in sums.items() if cost
    }
    assert all(row["reserved"] == 0 for row in kept)
