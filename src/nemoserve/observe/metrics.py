"""The numbers that Prometheus reads. Knows metric names and labels; each server has a registry of its own."""

from __future__ import annotations

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from nemoserve.types.usage import Timing, Usage

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_MOST_VALUES = 1000
"""Kept before they are given to the library."""
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """Counters and histograms of one server. What every request tells is added up here, and given to the library when it is asked
    for the numbers: the library's locks and labels cost more than the rest of counting."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._counted: dict[tuple[Counter, tuple[str, ...]], int] = {}
        self._observed: dict[tuple[Histogram, tuple[str, ...]], list[float]] = {}
        self._requests = Counter(
            "nemoserve_requests", "Requests answered", ("method", "route", "status"), registry=self._registry
        )
        self._tokens = Counter(
            "nemoserve_tokens", "Tokens read and written", ("model", "kind"), registry=self._registry
        )
        self._first = Histogram(
            "nemoserve_time_to_first_token_seconds",
            "From the request's arrival to the first token of its answer",
            ("model",),
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._queue = Histogram(
            "nemoserve_queue_seconds", "Waiting for a slot", ("model",), buckets=_SECONDS, registry=self._registry
        )
        self._outcomes = Counter(
            "nemoserve_generations", "Generations by how they ended", ("model", "outcome"), registry=self._registry
        )
        self._engine = Gauge(
            "nemoserve_engine", "State of an engine process", ("model", "what"), registry=self._registry
        )
        self._restarts = Counter(
            "nemoserve_engine_deaths", "Engine processes lost", ("model",), registry=self._registry
        )
        self._waiting = Gauge(
            "nemoserve_provider_waiting", "Requests waiting at a provider", ("provider",), registry=self._registry
        )
        self._ledger = Gauge("nemoserve_ledger", "State of the ledger's writer", ("what",), registry=self._registry)
        self._ledger_lines = Counter("nemoserve_ledger_lines", "Lines written to the ledger", registry=self._registry)

    def request(self, method: str, route: str, status: int) -> None:
        self._count(self._requests, (method, route, str(status)))

    def first_token(self, model: str, seconds: float) -> None:
        self._observe(self._first, (model,), seconds)

    def generation(self, model: str, outcome: str) -> None:
        """`outcome`: finished, failed, or cancelled (the client went away)."""
        self._count(self._outcomes, (model, outcome))

    def usage(self, model: str, usage: Usage, timing: Timing) -> None:
        self._count(self._tokens, (model, "prompt"), usage.prompt_tokens)
        self._count(self._tokens, (model, "cached"), usage.cached_tokens)
        self._count(self._tokens, (model, "completion"), usage.completion_tokens)
        self._count(self._tokens, (model, "reasoning"), usage.reasoning_tokens)
        self._observe(self._queue, (model,), timing.queue_s)

    def engine(self, model: str, what: str, value: float) -> None:
        """`what`: ready, running, waiting, kv_tokens_reserved or decode_tokens_per_s."""
        self._engine.labels(model, what).set(value)

    def engine_death(self, model: str) -> None:
        self._restarts.labels(model).inc()

    def waiting(self, provider: str, count: Callable[[], float]) -> None:
        """`count` is asked how many requests wait there, whenever the numbers are."""
        self._waiting.labels(provider).set_function(count)

    def ledger(self, behind: int, down_s: float) -> None:
        """`behind`: lines that are not written yet. `down_s`: for how long the database has been failing; 0: it works."""
        self._ledger.labels("lines_behind").set(behind)
        self._ledger.labels("database_down_seconds").set(down_s)

    def ledger_lines(self, count: int) -> None:
        self._ledger_lines.inc(count)

    def _count(self, metric: Counter, labels: tuple[str, ...], amount: int = 1) -> None:
        key = metric, labels
        self._counted[key] = self._counted.get(key, 0) + amount

    def _observe(self, metric: Histogram, labels: tuple[str, ...], value: float) -> None:
        values = self._observed.setdefault((metric, labels), [])
        values.append(value)
        if len(values) >= _MOST_VALUES:
            self._give(metric, labels, values)

    def _give(self, metric: Histogram, labels: tuple[str, ...], values: list[float]) -> None:
        histogram = metric.labels(*labels)
        for value in values:
            histogram.observe(value)
        values.clear()

    def text(self) -> bytes:
        """All numbers in Prometheus' text format."""
        counted, self._counted = self._counted, {}
        for (metric, labels), amount in counted.items():
            metric.labels(*labels).inc(amount)
        for (metric, labels), values in self._observed.items():
            self._give(metric, labels, values)
        return generate_latest(self._registry)
