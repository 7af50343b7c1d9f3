"""What tests believe about the requests that left has to be what left, without anybody's secrets."""

from __future__ import annotations

import asyncio
from typing import Any

from nemoserve.mock.journal import fingerprint


async def test_bodies_and_headers_are_shown_and_secrets_are_not(call: Any) -> None:
    caller = await call()
    await caller.post(caller.body("What left?", temperature=0.25))
    log = await caller.log()
    (request,) = log["requests"]
    assert request["body"]["temperature"] == 0.25 and request["headers"]["content-type"] == "application/json"
    assert request["headers"]["authorization"] == f"Bearer {fingerprint('sk-mock-secret')}"
    assert "sk-mock-secret" not in str(log)


async def test_counts_are_of_what_was_answered(call: Any) -> None:
    caller = await call(tokens=10, pace_ms=20.0)
    await caller.whole()
    await caller.post(caller.body(), fault="500")
    try:
        async with asyncio.timeout(0.1):
            await caller.events()
    except TimeoutError:
        pass
    for _ in range(500):
        if not (counts := (await caller.log())["counts"])["under_way"]:
            break
        await asyncio.sleep(0.01)
    assert counts["requests"] == 3 and counts["by_outcome"] == {"answered": 2, "client left": 1}
    assert counts["by_status"] == {"200": 2, "500": 1} and counts["completion_tokens"] == 10
    assert 10 < counts["tokens_sent"] < 20


async def test_the_log_can_be_forgotten_while_a_request_is_under_way(call: Any) -> None:
    caller = await call(tokens=10, pace_ms=10.0)
    running = asyncio.create_task(caller.events())
    await asyncio.sleep(0.03)
    assert (await caller.client.delete(caller.mock.origin + "/mock/log")).status_code == 200
    await running
    counts = (await caller.log())["counts"]
    assert counts["requests"] == 0 == counts["under_way"] and counts["by_outcome"] == {}


async def test_pipelined_requests_are_answered_in_their_order(call: Any) -> None:
    caller = await call("llama-server")
    reader, writer = await asyncio.open_connection("127.0.0.1", caller.mock.port)
    paths = ("/health", "/nothing", "/v1/models")
    writer.write(b"".join(f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode() for path in paths))
    data = b""
    while data.count(b"HTTP/1.1") < 3 or not data.endswith(b"}"):
        data += await asyncio.wait_for(reader.read(65536), 5)
    writer.close()
    statuses = [line.split()[1] for line in data.split(b"\r\n") if b"HTTP/1.1 " in line]
    assert [statuses[0], len(statuses)] == [b"200", 3] and data.index(b"ok") < data.index(b"404") < data.index(b"gguf")
