"""A soak that overlooks a leak is worth nothing."""

from __future__ import annotations

import pytest

from bench.soak import Sample, growth, main


def samples(gateway: list[float], engine: list[float]) -> list[Sample]:
    return [Sample(60.0 * i, i, *pair) for i, pair in enumerate(zip(gateway, engine, strict=True))]


def test_a_leak_after_the_warm_up_is_seen() -> None:
    level, rising = [100.0] * 10, [100.0 + 10 * i for i in range(10)]
    assert growth(samples(level, level), 24) == []
    (found,) = growth(samples(level, rising), 24)
    assert "engine" in found
    (found,) = growth(samples(rising, level), 24)
    assert "gateway" in found


def test_what_grows_while_it_warms_up_is_no_leak() -> None:
    warming = [100.0, 150.0, 190.0, *[200.0] * 7]
    assert growth(samples(warming, warming), 24) == []


@pytest.mark.slow
@pytest.mark.timeout(300)
def test_some_seconds_of_mixed_load_leave_nothing_behind() -> None:
    assert main(["--minutes", "0.3", "--every", "6", "--clients", "8", "--may-grow", "200"]) == 0
