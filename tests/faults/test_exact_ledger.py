"""Fear: what was generated and what the ledger says drift apart, by cancelled streams, dying engines, killed servers, races."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.gateway import Gateway, order, start_gateway
from tests.servers import wait_until

STREAMS = 500
PRICE = 'model = "nemoserve/fake"\nprovider = "nemoserve"\nfrom = 2020-01-01\nprompt = "0"\ncompletion = "1000"\n'
"""A thousandth of a dollar per token."""


def rows(data_dir: Path) -> list[dict[str, Any]]:
    """The ledger, read as anybody would."""
    with contextlib.closing(sqlite3.connect(data_dir / "nemoserve.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM attempts")]


def sent(gateway: Gateway) -> int:
    """Tokens that the engines have said that they made, over all their lives."""
    return sum(entry["tokens"] for entry in gateway.entries("sent"))


async def stream(port: int, body: dict[str, Any], key: str | None, cut_after: int | None) -> int:
    """One streamed request over a socket of its own, hung up on after so many chunks; the status."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        raw = json.dumps({**body, "stream": True}).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\n"
        head += f"Authorization: Bearer {key}\r\n" if key else ""
        writer.write((head + "Connection: close\r\n\r\n").encode() + raw)
        status = int((await reader.readline()).split()[1])
        chunks = 0
        while line := await reader.readline():
            chunks += line.startswith(b"data: ")
            if cut_after is not None and chunks >= cut_after:
                writer.transport.abort()
                break
        return status
    except (ConnectionError, IndexError):
        return 0
    finally:
        writer.close()


def make_key(data_dir: Path, *options: str) -> str:
    """A new key of this server's."""
    command = [sys.executable, "-m", "nemoserve", "keys", "create", "test", "--json", "--data-dir", str(data_dir)]
    return str(json.loads(subprocess.run([*command, *options], check=True, capture_output=True).stdout)["key"])


def port_of(gateway: Gateway) -> int:
    return int(gateway.url.rpartition(":")[2])


@pytest.mark.slow
def test_five_hundred_streams_cut_anywhere_and_engines_that_die_leave_an_exact_ledger(
    tmp_path: Path, tiny_folder: Path
) -> None:
    gateway = start_gateway(tmp_path, tiny_folder)
    rng = random.Random(5)

    def question(number: int) -> dict[str, Any]:
        end = "die" if number % 97 == 50 else "stop"
        orders = order(say="<think>hm</think>" + "word " * rng.randint(1, 30), pause_s=0.01, end=end)
        return gateway.question(orders, {})

    async def all_of_them() -> list[int]:
        gate = asyncio.Semaphore(100)

        async def one(number: int) -> int:
            async with gate:
                cut = rng.randint(0, 40) if number % 2 else None
                return await stream(port_of(gateway), question(number), None, cut)

        return await asyncio.gather(*(one(number) for number in range(STREAMS)))

    statuses = asyncio.run(all_of_them())
    began = {entry["id"].rpartition("/")[0] for entry in gateway.entries("Submit")}
    assert len(began) > STREAMS * 0.9 and set(statuses) <= {0, 200, 502, 503}
    gateway.stop()
    found = rows(tmp_path)
    assert began <= {row["generation_id"] for row in found}
    assert len({row["id"] for row in found}) == len(found) <= STREAMS
    assert {row["outcome"] for row in found} == {"finished", "failed", "cancelled"}
    assert sum(row["completion_tokens"] for row in found) == sent(gateway)
    assert all(row["reasoning_tokens"] <= row["completion_tokens"] for row in found)


@pytest.mark.slow
def test_a_hundred_requests_racing_for_the_last_cent_spend_no_more_than_it(tmp_path: Path, tiny_folder: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(f"[[prices]]\n{PRICE}")
    gateway = start_gateway(tmp_path, tiny_folder, prices=str(prices), require_key=True)
    key = make_key(tmp_path, "--limit", "0.01")  # ten tokens

    async def race() -> list[int]:
        body = gateway.question(order(say="abc", pause_s=0.02), {"max_tokens": 4, "reasoning": {"enabled": False}})
        return await asyncio.gather(*(stream(port_of(gateway), body, key, None) for _ in range(100)))

    statuses = asyncio.run(race())
    # One after the other: whoever is refused is refused because less than a token's price is left.
    while 402 not in (last := asyncio.run(race())[:1]):
        statuses += last
    gateway.stop()
    found = rows(tmp_path)
    assert {200, 402} == set(statuses)
    assert sum(row["cost"] for row in found) == 10_000_000
    assert sum(row["completion_tokens"] for row in found) == 10


@pytest.mark.slow
def test_a_server_killed_in_mid_load_balances_its_books_when_it_comes_back(tmp_path: Path, tiny_folder: Path) -> None:
    prices = tmp_path / "prices.toml"
    prices.write_text(f"[[prices]]\n{PRICE}")
    gateway = start_gateway(tmp_path, tiny_folder, prices=str(prices), require_key=True)
    key = make_key(tmp_path, "--limit", "1000")

    async def load() -> None:
        body = gateway.question(order(say="word " * 40, pause_s=0.05), {})
        tasks = [asyncio.create_task(stream(port_of(gateway), body, key, None)) for _ in range(40)]
        await asyncio.to_thread(wait_until, lambda: sent(gateway) > 40 * 20, "all are in the middle of it")
        await asyncio.sleep(1.5)  # the counts are written once a second
        gateway.process.kill()
        await asyncio.gather(*tasks)

    asyncio.run(load())
    again = start_gateway(tmp_path, tiny_folder, prices=str(prices), require_key=True)
    wait_until(lambda: len(rows(tmp_path)) == 40, "the dead server's attempts are settled")
    shown = again.get("/v1/key", headers={"Authorization": f"Bearer {key}"}).json()["data"]
    again.stop()
    found = rows(tmp_path)
    assert {row["outcome"] for row in found} == {"killed"}
    assert all(0 < row["completion_tokens"] <= 200 and row["tokens_estimated"] for row in found)
    assert all(row["total_ms"] > 0 for row in found)
    assert all(row["cost"] == 1_000_000 * row["completion_tokens"] for row in found)
    spent = sum(row["cost"] for row in found)
    assert shown["usage"] == pytest.approx(spent / 1e9) and shown["limit_remaining"] == pytest.approx(
        1000 - spent / 1e9
    )
    with contextlib.closing(sqlite3.connect(tmp_path / "nemoserve.db")) as database:
        assert database.execute("SELECT count(*) FROM open_attempts").fetchone() == (0,)
        assert database.execute("SELECT sum(spent) FROM balances").fetchone() == (spent,)
