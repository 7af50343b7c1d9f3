"""A process that keeps books until it is killed: `python -m tests.faults.ledger_load PLACE FOLDER MODE`.

load: attempts without end, some of them open at any time; prints the ids that are in the database so far, again and again.
outage: prints "ready", waits for a line, then settles 50 attempts and prints their ids once they are in the spill file.
"""

from __future__ import annotations

import asyncio
import random
import sys
import time
from pathlib import Path

from nemoserve.storage.database import Database
from nemoserve.types.usage import Usage
from tests.ledgers import NOON, PRICE, attempt, make_books, make_caller, make_entry, running


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
        file = folder / "ledger-spill.jsonl"
        await asyncio.to_thread(wait_for_lines, file, len(settled))
        print(" ".join(entry.id for entry in settled), flush=True)
        await asyncio.Event().wait()


def wait_for_lines(file: Path, count: int) -> None:
    deadline = time.monotonic() + 120
    while not file.exists() or sum(bool(line) for line in file.read_bytes().splitlines()) < count:
        assert time.monotonic() < deadline, f"{file} has not come to {count} lines"
        time.sleep(0.05)


if __name__ == "__main__":
    asyncio.run({"load": load, "outage": outage}[sys.argv[3]](sys.argv[1], Path(sys.argv[2])))
