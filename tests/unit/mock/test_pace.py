"""A gateway's stalls can only be told from the mock's own if the mock keeps time."""

from __future__ import annotations

import asyncio
import time
from typing import Any


async def arrivals(caller: Any, **fields: Any) -> list[float]:
    """When each token of a stream came, in seconds from the request."""
    began = time.perf_counter()
    times: list[float] = []
    url = caller.mock.url + "/chat/completions"
    async with caller.client.stream("POST", url, json=caller.body(stream=True, **fields)) as reply:
        async for data in reply.aiter_raw():
            times += [time.perf_counter() - began] * data.count(b'"delta":{"content":"')
    return times


async def test_tokens_come_at_their_pace_and_never_early(call: Any) -> None:
    caller = await call(tokens=10, pace_ms=20.0, first_byte_ms=50.0)
    times = await arrivals(caller)
    assert len(times) == 10
    assert all(at >= 0.05 + 0.02 * token - 0.003 for token, at in enumerate(times))


async def test_lateness_does_not_add_up(call: Any) -> None:
    caller = await call(tokens=26, pace_ms=10.0)
    streams = await asyncio.gather(*(arrivals(caller) for _ in range(20)))
    # The quickest of many on a busy machine: a mock that waited 10 ms after each write would be late in all of them.
    assert min(times[-1] - times[0] for times in streams) < 0.25 + 0.03


async def test_a_body_takes_as_long_as_its_stream_would(call: Any) -> None:
    caller = await call(tokens=10, pace_ms=10.0, first_byte_ms=20.0)
    began = time.perf_counter()
    await caller.whole()
    assert time.perf_counter() - began >= 0.115


async def test_openrouter_says_that_it_is_alive_before_the_first_token(call: Any) -> None:
    caller = await call("openrouter", tokens=2, first_byte_ms=2200.0)
    reply = await caller.post(caller.body(stream=True))
    assert reply.text.count(": OPENROUTER PROCESSING") == 3


async def test_settings_change_while_it_runs(call: Any) -> None:
    caller = await call(tokens=4)
    await caller.whole()
    assert (await caller.control("/mock/settings", {"tokens": 9, "keys": ["sk-new"]})).json()["tokens"] == 9
    assert (await caller.post(caller.body())).status_code == 401
    caller.client.headers["Authorization"] = "Bearer sk-new"
    assert (await caller.whole())["usage"]["completion_tokens"] == 9
    wrong = await caller.control("/mock/settings", {"style": "vllm"})
    assert wrong.status_code == 400 and "style" in wrong.text
