"""What is measured of each gateway: rate, added latency, first token, paced streams, memory, workers. Prints nothing."""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass, field

import uvloop

from bench.load import LoadError, Paced, Run, load, percentile, stream
from bench.peer_servers import Peer

FIRST_WORD = b'"So"'
"""How every answer of the mock begins, in its first token's event."""
_STALL = 10
"""A gap of so many paces is a stall."""
_SPREAD_S = 2.0
_MEMORY_SAMPLES = 20
_TTFT_TOKENS, _TTFT_PACE_MS = 8, 5.0


@dataclass
class Row:
    """What was found of one gateway. Rates are requests per second, times milliseconds; None was not measured."""

    name: str
    version: str = ""
    trouble: str = ""
    rates: dict[int, float] = field(default_factory=dict)
    """By concurrency; medians over the rounds."""
    latencies: dict[int, dict[str, float]] = field(default_factory=dict)
    cpu: dict[int, float] = field(default_factory=dict)
    """Microseconds of the gateway's processes per request, which hardly depend on what else the machine does."""
    added: dict[int, dict[str, float]] = field(default_factory=dict)
    """p50, p95, p99 over those of the mock asked directly, in the same rounds."""
    first_token: dict[str, float] = field(default_factory=dict)
    """p50, p95, and what of them the gateway added."""
    paced: dict[str, float] = field(default_factory=dict)
    """streams, stalled, short, p99_gap, worst_gap."""
    memory: dict[str, float] = field(default_factory=dict)
    """MiB: start, warm (after a tenth of the time), half (of the time), end; requests served between."""


Step = Callable[[str], None]
"""Told what is being measured."""


class Bench:
    """Measures in turn, everyone on the same pins before the same mock; whoever is not measured is frozen."""

    def __init__(self, direct: Peer, peers: list[Peer], rows: dict[str, Row], step: Step) -> None:
        self._direct, self._peers, self._rows, self._step = direct, peers, rows, step

    def settings(self, tokens: int, pace_ms: float) -> None:
        """Changes the mock's answers."""
        body = json.dumps({"tokens": tokens, "pace_ms": pace_ms}).encode()
        url = f"http://127.0.0.1:{self._direct.port}/mock/settings"
        with urllib.request.urlopen(urllib.request.Request(url, body), timeout=10):
            pass

    def _everyone(self) -> list[Peer]:
        return [self._direct, *(peer for peer in self._peers if not self._rows[peer.name].trouble)]

    def rates(self, concurrencies: list[int], rounds: int, seconds: float) -> None:
        """Requests per second and latency of answers that are not streamed. The first round warms up."""
        runs: dict[tuple[str, int], list[Run]] = {}
        for turn in range(rounds + 1):
            for peer in self._everyone()[:: 1 if turn % 2 else -1]:
                self._step(f"requests, round {turn} of {rounds}: {peer.name}")
                try:
                    for concurrency in concurrencies:
                        run = self._load(peer, concurrency, seconds if turn else min(1.0, seconds))
                        if turn:
                            runs.setdefault((peer.name, concurrency), []).append(run)
                except (LoadError, TimeoutError, OSError) as error:
                    self._rows[peer.name].trouble = f"failed under load: {error}"
        for (name, concurrency), done in runs.items():
            row = self._rows[name]
            row.rates[concurrency] = statistics.median(run.rate for run in done)
            row.cpu[concurrency] = statistics.median(1e6 * run.cpu_s / len(run.latencies) for run in done)
            row.latencies[concurrency] = _spread([each for run in done for each in run.latencies])
            beside = runs[self._direct.name, concurrency]
            added = [
                {key: value - _spread(direct.latencies)[key] for key, value in _spread(run.latencies).items()}
                for run, direct in zip(done, beside, strict=False)
            ]
            row.added[concurrency] = {key: statistics.median(each[key] for each in added) for key in added[0]}

    def _load(self, peer: Peer, concurrency: int, seconds: float) -> Run:
        peer.thaw() if peer is not self._direct else None
        before = peer.cpu_s()
        try:
            run = uvloop.run(load(peer.port, peer.request(stream=False), concurrency, seconds))
            run.cpu_s = peer.cpu_s() - before
            return run
        finally:
            peer.freeze() if peer is not self._direct else None

    def first_tokens(self, rounds: int, seconds: float) -> None:
        """Time from a request to the first token of its stream, one stream at a time."""
        self.settings(_TTFT_TOKENS, _TTFT_PACE_MS)
        found: dict[str, list[list[float]]] = {}
        for turn in range(rounds + 1):
            for peer in self._everyone()[:: 1 if turn % 2 else -1]:
                self._step(f"first token, round {turn} of {rounds}: {peer.name}")
                paced = self._streams(peer, _TTFT_TOKENS, 1, seconds if turn else min(1.0, seconds), 1.0, 0.0)
                if turn and paced is not None:
                    found.setdefault(peer.name, []).append([1e3 * each for each in paced.first])
        for name, done in found.items():
            times = [each for one in done for each in one]
            direct = found[self._direct.name]
            added = [
                (percentile(one, 0.5) - percentile(other, 0.5), percentile(one, 0.95) - percentile(other, 0.95))
                for one, other in zip(done, direct, strict=False)
            ]
            self._rows[name].first_token = {
                "p50": percentile(times, 0.5),
                "p95": percentile(times, 0.95),
                "added_p50": statistics.median(p50 for p50, _ in added),
                "added_p95": statistics.median(p95 for _, p95 in added),
            }

    def paced(self, count: int, tokens: int, pace_ms: float, seconds: float) -> None:
        """Streams at the same time whose tokens come at a pace: how many a gateway carries without a stall."""
        self.settings(tokens, pace_ms)
        limit = _STALL * pace_ms / 1e3
        for peer in self._everyone():
            self._step(f"{count} paced streams: {peer.name}")
            paced = self._streams(peer, tokens, count, seconds, limit, _SPREAD_S)
            if paced is not None:
                self._rows[peer.name].paced = {
                    "at_once": count,
                    "streams": paced.streams,
                    "stalled": paced.stalled,
                    "short": paced.short,
                    "p99_gap": 1e3 * percentile(paced.gaps, 0.99),
                    "worst_gap": 1e3 * paced.worst,
                }

    def _streams(
        self, peer: Peer, tokens: int, count: int, seconds: float, limit: float, spread: float
    ) -> Paced | None:
        peer.thaw() if peer is not self._direct else None
        request = peer.request(stream=True)
        # A gateway may join events, but not lose them; the head and the finish are extra.
        work = stream(
            peer.port,
            request,
            first=FIRST_WORD,
            events=tokens,
            count=count,
            seconds=seconds,
            limit=limit,
            spread=spread,
        )
        try:
            return uvloop.run(work)
        except (LoadError, TimeoutError, OSError) as error:
            self._rows[peer.name].trouble = f"failed at {count} streams: {error or type(error).__name__}"
            return None
        finally:
            peer.freeze() if peer is not self._direct else None

    def memory(self, tokens: int, minutes: float) -> None:
        """Resident memory before, in and after so many minutes at concurrency 16, half of it streamed."""
        self.settings(tokens, 0.0)
        for peer in self._everyone()[1:]:
            self._step(f"memory, {minutes:g} minutes: {peer.name}")
            peer.thaw()
            samples, served = [peer.memory()], 0
            try:
                for at in range(_MEMORY_SAMPLES):
                    request = peer.request(stream=bool(at % 2))
                    run = uvloop.run(load(peer.port, request, 16, minutes * 60 / _MEMORY_SAMPLES))
                    served += len(run.latencies)
                    samples.append(peer.memory())
            except (LoadError, TimeoutError, OSError) as error:
                self._rows[peer.name].trouble = f"failed in the memory run: {error or type(error).__name__}"
                continue
            finally:
                peer.freeze()
            warm, half = samples[_MEMORY_SAMPLES // 10], samples[_MEMORY_SAMPLES // 2]
            found = {"start": samples[0], "warm": warm, "half": half, "end": samples[-1], "requests": served}
            self._rows[peer.name].memory = found


def workers(one: Peer, two: list[Peer], seconds: float, rounds: int) -> dict[str, float]:
    """Rates of one worker and of two at concurrency 16, and the workers' CPU for a request in microseconds.

    Both answer requests with the first one's key. Where they share cores with the load and the database, the rates say little;
    CPU for a request that two workers do not raise says that neither waits for the other or does its work again.
    """
    rates: dict[str, list[float]] = {"one": [], "two": []}
    cpu: dict[str, list[float]] = {"one": [], "two": []}
    request = one.request(stream=False)
    for peer in two:
        peer.thaw()
    for turn in range(rounds + 1):
        for name, ports in (("one", [one.port]), ("two", [peer.port for peer in two])):
            before = sum(peer.cpu_s() for peer in two)
            run = uvloop.run(load(ports, request, 16, seconds if turn else min(1.0, seconds)))
            if turn:
                rates[name].append(run.rate)
                cpu[name].append(1e6 * (sum(peer.cpu_s() for peer in two) - before) / len(run.latencies))
            time.sleep(0.2)
    pairs = zip(rates["two"], rates["one"], strict=True)
    return {
        "one": statistics.median(rates["one"]),
        "two": statistics.median(rates["two"]),
        "one_cpu": statistics.median(cpu["one"]),
        "two_cpu": statistics.median(cpu["two"]),
        "ratio": statistics.median(two_rate / one_rate for two_rate, one_rate in pairs),
    }


def _spread(seconds: list[float]) -> dict[str, float]:
    ordered = sorted(seconds)
    return {
        name: 1e3 * ordered[int(share * (len(ordered) - 1))] if ordered else float("nan")
        for name, share in (("p50", 0.5), ("p95", 0.95), ("p99", 0.99))
    }
