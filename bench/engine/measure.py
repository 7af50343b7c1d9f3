"""Rounds of the same jobs for all engines, in turns, beside the machine's memory bandwidth. Knows times; no engine's inside."""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import torch

from bench.engine.process import Measured, Missing


@dataclass(frozen=True, slots=True)
class Job:
    """Reading a prompt of `length` tokens, or `steps` tokens of each of `batch` sequences that hold `length`."""

    kind: str
    length: int
    batch: int = 1
    steps: int = 1

    @property
    def name(self) -> str:
        return f"prefill {self.length}" if self.kind == "prefill" else f"decode, batch {self.batch}"

    @property
    def tokens(self) -> int:
        return self.length if self.kind == "prefill" else self.batch * self.steps

    def order(self) -> dict[str, object]:
        if self.kind == "prefill":
            return {"do": "prefill", "length": self.length}
        return {"do": "decode", "batch": self.batch, "context": self.length, "steps": self.steps}


@dataclass(slots=True)
class Rounds:
    """Of one model: tokens per second by job and engine, one for each round, and the bandwidth in bytes per second met beside them."""

    rates: dict[tuple[str, str], list[float]] = field(default_factory=dict[tuple[str, str], list[float]])
    bandwidth: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    failed: dict[str, str] = field(default_factory=dict[str, str])

    def rate(self, job: str, engine: str) -> float | None:
        """The median, None where it was not measured."""
        found = self.rates.get((job, engine))
        return statistics.median(found) if found else None

    def ratio(self, job: str, ours: str, theirs: str) -> float | None:
        """The median of the rounds' ratios: the machine's drift is in both."""
        mine, other = self.rates.get((job, ours)), self.rates.get((job, theirs))
        if not mine or not other:
            return None
        return statistics.median(a / b for a, b in zip(mine, other, strict=False))

    def of_floor(self, job: Job, engine: str, bytes_per_step: float) -> float | None:
        """The time to read the bytes at the bandwidth of the same round, over the time taken; the median."""
        found = self.rates.get((job.name, engine))
        if not found:
            return None
        shares = [bytes_per_step / b * r / job.batch for b, r in zip(self.bandwidth[job.name], found, strict=False)]
        return statistics.median(shares)


def read_bandwidth() -> float:
    """Bytes per second of a plain multi-threaded read of 512 MiB, the best of three."""
    block = _block()
    return max(block.nbytes / _seconds(block.sum) for _ in range(3))


def copy_bandwidth() -> float:
    """Bytes per second read and written by a copy of 512 MiB, the best of three."""
    block = _block()
    target = torch.empty_like(block)
    return max(2 * block.nbytes / _seconds(lambda: target.copy_(block)) for _ in range(4))


def _seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


_kept: list[torch.Tensor] = []


def _block() -> torch.Tensor:
    if not _kept:
        _kept.append(torch.ones(128 << 20))
    return _kept[0]


def measure(engines: list[Measured], jobs: list[Job], rounds: int, advance: Callable[[str], None]) -> Rounds:
    """All jobs, each in so many rounds after one that warms up; an engine that fails a job is left out of it. `advance` is told what
    comes next.

    The order of the engines turns from round to round, so that none always follows the same one.
    """
    found = Rounds()
    for job in jobs:
        bandwidths: list[float] = []
        for number in range(rounds + 1):
            if number:
                bandwidths.append(read_bandwidth())
            for engine in engines[number % len(engines) :] + engines[: number % len(engines)]:
                if f"{job.name}, {engine.name}" in found.failed:
                    continue
                advance(f"{job.name}, {engine.name}")
                try:
                    seconds = engine.ask(**job.order())
                except Missing as error:
                    found.failed[f"{job.name}, {engine.name}"] = str(error)
                    continue
                if number:
                    found.rates.setdefault((job.name, engine.name), []).append(job.tokens / seconds)
        found.bandwidth[job.name] = bandwidths
    return found
