"""A load generator that overlooks what goes wrong makes every gateway look good."""

from __future__ import annotations

import pytest

from bench.load import LoadError, Paced, load, percentile, stream
from bench.peer_measures import FIRST_WORD, Row
from bench.peer_report import claims
from bench.peer_servers import MODEL, Peer
from nemoserve.mock.faults import Rule
from nemoserve.mock.options import Options
from nemoserve.mock.server import start


async def streamed(*faults: str, limit: float = 0.15, tokens: int = 6) -> Paced:
    """Three streams at once for a moment, at 10 ms a token."""
    rules = tuple(Rule(fault=fault) for fault in faults)
    mock = await start(Options(models=(MODEL,), tokens=tokens, pace_ms=10.0, faults=rules))
    try:
        request = Peer("mock", mock.port).request(stream=True)
        return await stream(
            mock.port, request, first=FIRST_WORD, events=tokens, count=3, seconds=0.2, limit=limit, spread=0.0
        )
    finally:
        await mock.close()


async def test_healthy_streams_are_neither_stalled_nor_short() -> None:
    found = await streamed(limit=5.0)
    assert found.streams >= 3 and (found.stalled, found.short) == (0, 0)
    assert len(found.first) == found.streams and found.worst >= 0.005


async def test_a_pause_is_a_stall() -> None:
    found = await streamed("stall:0.3")
    assert found.stalled == found.streams and found.worst > 0.15


async def test_a_broken_connection_is_a_stall() -> None:
    assert (await streamed("cut")).stalled == 3
    assert (await streamed("hang-up")).stalled == 3


async def test_lost_events_are_noticed() -> None:
    found = await streamed("cut-clean")
    assert found.short == found.streams >= 3


@pytest.mark.parametrize("fault", ["429", "500"])
async def test_a_refusal_ends_the_measurement(fault: str) -> None:
    with pytest.raises(LoadError, match=fault):
        await streamed(fault)
    mock = await start(Options(models=(MODEL,), faults=(Rule(fault=fault),)))
    with pytest.raises(LoadError, match=fault):
        await load(mock.port, Peer("mock", mock.port).request(stream=False), 2, 0.2)
    await mock.close()


async def test_every_answer_is_counted_once_over_all_ports() -> None:
    one, two = await start(Options(models=(MODEL,))), await start(Options(models=(MODEL,)))
    run = await load([one.port, two.port], Peer("mock", one.port).request(stream=False), 4, 0.2)
    counts = [mock.service.journal.body()["counts"] for mock in (one, two)]
    assert len(run.latencies) == sum(each["requests"] for each in counts)  # type: ignore[index, misc]
    assert all(each["requests"] for each in counts)  # type: ignore[index]
    await one.close()
    await two.close()


def test_losing_rows_are_compared_too() -> None:
    rows = [Row("direct", rates={16: 9.0}), Row("nemoserve", rates={16: 2.0}), Row("nginx", rates={16: 8.0})]
    assert claims(rows) == {"nemoserve / nginx": "0.25 of its requests/s at concurrency 16"}
    assert percentile([3.0, 1.0, 2.0], 0.5) == 2.0
