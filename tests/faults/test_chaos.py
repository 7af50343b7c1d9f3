"""Fear: when providers fail at random under load, a request is lost, answered twice, or the books do not add up.

`NEMOSERVE_CHAOS_S=120` makes the storm as long as wished; by default it lasts some seconds.
"""

from __future__ import annotations

import asyncio
import json
import os
import random
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.gateways import MODEL, fleet

SECONDS = float(os.environ.get("NEMOSERVE_CHAOS_S", "5"))
PER_SECOND = float(os.environ.get("NEMOSERVE_CHAOS_RATE", "25"))
STORM = [
    {"fault": "429:0.2", "share": 0.02},
    {"fault": "503", "share": 0.08},
    {"fault": "500", "share": 0.05},
    {"fault": "hang-up", "share": 0.05},
    {"fault": "reset", "share": 0.05},
    {"fault": "silent", "share": 0.03},
    {"fault": "cut", "share": 0.06},
    {"fault": "error-finish", "share": 0.06},
    {"fault": "stall", "share": 0.02},
    {"fault": "malformed-json", "share": 0.05},
    {"fault": "no-usage", "share": 0.05},
]


@dataclass
class Outcome:
    """What one client saw."""

    what: str
    id: str = ""
    usage: dict[str, Any] | None = None


async def request(port: int, key: str, body: dict[str, Any], leave_after: int | None) -> Outcome:
    """One request over a socket of its own; the client may hang up after some chunks."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        raw = json.dumps(body).encode()
        head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: x\r\nContent-Length: {len(raw)}\r\nConnection: close\r\n"
        writer.write(f"{head}Authorization: Bearer {key}\r\n\r\n".encode() + raw)
        answered = (await reader.readuntil(b"\r\n\r\n")).decode()
        status = int(answered.split()[1])
        names = {
            name.lower(): value
            for name, colon, value in (line.partition(": ") for line in answered.splitlines()[1:])
            if colon
        }
        id = names["x-generation-id"]
        if not body["stream"] or status != 200:
            whole = json.loads(await reader.readexactly(int(names["content-length"])))
            if status == 200:
                return Outcome("answered", whole["id"], whole["usage"])
            assert whole["error"]["code"] == status and whole["error"]["message"]
            return Outcome(f"refused {status}", id)
        seen, last = 0, {}
        while line := await reader.readline():
            if not line.startswith(b"data: "):
                continue
            if line == b"data: [DONE]\n":
                assert "usage" in last, last
                return Outcome("broke off in the open" if "error" in last else "answered", last["id"], last["usage"])
            last = json.loads(line[6:])
            seen += 1
            if leave_after is not None and seen >= leave_after:
                writer.transport.abort()
                return Outcome("left", last["id"])
        return Outcome("LOST", id)
    finally:
        writer.close()


async def storm(port: int, key: str) -> list[Outcome]:
    rng = random.Random(11)
    tasks: list[asyncio.Task[Outcome]] = []
    for _ in range(int(SECONDS * PER_SECOND)):
        stream = rng.random() < 0.6
        body = {"model": MODEL, "messages": [{"role": "user", "content": "Storm"}], "stream": stream, "max_tokens": 30}
        leave = rng.randint(1, 10) if stream and rng.random() < 0.15 else None
        tasks.append(asyncio.create_task(asyncio.wait_for(request(port, key, body, leave), 60)))
        await asyncio.sleep(1 / PER_SECOND)
    return await asyncio.gather(*tasks)


@pytest.mark.slow
@pytest.mark.timeout(SECONDS * 4 + 280)
def test_a_storm_loses_no_request_and_the_books_are_exact(tmp_path: Path) -> None:
    routing = "first_byte_timeout = 1.5\nbreaker_rest = 0.5\nbreaker_longest_rest = 2.0\nrate_limit_rest = 0.2\nretry_budget = 1.0"
    with fleet(
        tmp_path,
        ("openai", "openrouter", "vllm"),
        routing=routing,
        server="require_key = true",
        provider="stall_timeout = 3.0",
    ) as it:
        key = it.key("--limit", "1000")
        for mock in it.mocks.values():
            mock.faults(*STORM)
        seen = asyncio.run(storm(int(it.server.url.rpartition(":")[2]), key))
        for mock in it.mocks.values():
            mock.faults()
        it.stop()
        counts = Counter(outcome.what for outcome in seen)
        print(dict(counts))
        assert len(seen) == int(SECONDS * PER_SECOND) and not counts["LOST"]
        assert counts["answered"] > len(seen) / 2
        rows, open_rows = it.rows(), it.rows("open_attempts")
        assert not open_rows and not it.rows("holds")
        by_generation: dict[str, list[dict[str, Any]]] = {}
        for row in rows:
            by_generation.setdefault(row["generation_id"], []).append(row)
        assert len({row["id"] for row in rows}) == len(rows)
        for outcome in seen:
            attempts = by_generation.pop(outcome.id, [])
            ended = Counter(row["outcome"] for row in attempts)
            match outcome.what:
                case "answered":
                    assert ended["finished"] == 1, (outcome, attempts)
                    (row,) = [row for row in attempts if row["outcome"] == "finished"]
                    assert outcome.usage is not None
                    assert outcome.usage["completion_tokens"] == row["completion_tokens"]
                    assert outcome.usage["cost"] == pytest.approx(row["cost"] / 1e9)
                case "left":
                    assert ended["finished"] + ended["cancelled"] <= 1 and attempts
                case _:
                    assert not ended["finished"], (outcome, attempts)
            assert all(row["cost"] == 0 for row in attempts if row["outcome"] == "failed")
        assert not by_generation, "attempts of requests that nobody made"
        (balance,) = it.rows("balances")
        assert balance["spent"] == sum(row["cost"] for row in rows) and balance["reserved"] == 0
