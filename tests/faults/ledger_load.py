"""A process that keeps books until it is killed: `python -m tests.faults.ledger_load PLACE FOLDER MODE`.

load: attempts without end, some of them open at any time; prints the ids that are in the database so far, again and again.
outage: prints "ready", waits for a line, then settles 50 attempts and prints their ids.
sudden: attempts without end, and nobody waits for the database; prints each as soon as it is settled, or has been open for a moment.
"""

from __future__ import annotations

import asyncio
import random
import sys
from pathlib import Path

from nemoserve.access.quota import Hold
from nemoserve.storage.database import Database
from nemoserve.types.usage import Usage
from tests.ledgers import NOON, PRICE, attempt, journaled, make_books, make_caller, make_entry, running


async def load(place: str, folder: Path) -> None:
    async with running(make_books(Database.open(place), folder, "killed")) as books:
        opened: list[str] = []

        async def one(number: int) -> None:
            caller = make_caller(f"key-{number % 3}", limit=10**9, limit_reset="daily")
            done = 0
            while True:
                hold = await books.hold(caller, PRICE, prompt_tokens=7, completion_tokens=50, now_ms=NOON)
                usage = Usage(7, random.randint(1, 50))
                entry = make_entry(caller.key_id, id=f"gen-{number}-{done}-1")
                claim = books.open(entry, hold, lambda usage=usage: usage)
                opened.append(entry.id)
                await asyncio.sleep(random.random() * 0.2)
                books.settle(claim, usage, outcome="finished", finish_reason="stop")
                done += 1

        async with asyncio.TaskGroup() as group:
            for number in range(20):
                group.create_task(one(number))
            while True:
                so_far = list(opened)
                await books.flush()
                print(" ".join(so_far), flush=True)


async def outage(place: str, folder: Path) -> None:
    async with running(make_books(Database.open(place), folder, "killed")) as books:
        print("ready", flush=True)
        await asyncio.to_thread(sys.stdin.readline)
        settled = [await attempt(books, make_caller(), Usage(3, number)) for number in range(50)]
        assert journaled(folder) >= {entry.id for entry in settled}
        print(" ".join(entry.id for entry in settled), flush=True)
        await asyncio.Event().wait()


async def sudden(place: str, folder: Path) -> None:
    async with running(make_books(Database.open(place), folder, "killed")) as books:
        while True:
            settled = await attempt(books, make_caller(), Usage(3, 4))
            print("finished", settled.id, flush=True)
            books.open(begun := make_entry(), Hold("key"), Usage)
            await asyncio.sleep(0.07)
            print("killed", begun.id, flush=True)


if __name__ == "__main__":
    asyncio.run({"load": load, "outage": outage, "sudden": sudden}[sys.argv[3]](sys.argv[1], Path(sys.argv[2])))
