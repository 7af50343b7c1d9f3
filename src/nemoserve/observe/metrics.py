"""The numbers that Prometheus reads. Knows metric names and labels; each server has a registry of its own."""

from __future__ import annotations

from typing import TypeVar, cast

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest

from nemoserve.types.usage import Timing, Usage

M = TypeVar("M", Counter, Histogram)

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 120.0)


class Metrics:
    """Counters and histograms of one server. Every method is cheap enough for the hot path."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._known: dict[tuple[object, tuple[str, ...]], Counter | Histogram] = {}
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
        self._ledger = Gauge("nemoserve_ledger", "State of the ledger's writer", ("what",), registry=self._registry)
        self._ledger_lines = Counter("nemoserve_ledger_lines", "Lines written to the ledger", registry=self._registry)

    def request(self, method: str, route: str, status: int) -> None:
        self._labelled(self._requests, method, route, str(status)).inc()

    def first_token(self, model: str, seconds: float) -> None:
        self._labelled(self._first, model).observe(seconds)

    def generation(self, model: str, outcome: str) -> None:
        """`outcome`: finished, failed, or cancelled (the client went away)."""
        self._labelled(self._outcomes, model, outcome).inc()

    def usage(self, model: str, usage: Usage, timing: Timing) -> None:
        self._labelled(self._tokens, model, "prompt").inc(usage.prompt_tokens)
        self._labelled(self._tokens, model, "cached").inc(usage.cached_tokens)
        self._labelled(self._tokens, model, "completion").inc(usage.completion_tokens)
        self._labelled(self._tokens, model, "reasoning").inc(usage.reasoning_tokens)
        self._labelled(self._queue, model).observe(timing.queue_s)

    def engine(self, model: str, what: str, value: float) -> None:
        """`what`: ready, running, waiting, kv_tokens_reserved or decode_tokens_per_s."""
        self._engine.labels(model, what).set(value)

    def engine_death(self, model: str) -> None:
        self._restarts.labels(model).inc()

    def ledger(self, behind: int, down_s: float) -> None:
        """`behind`: lines that are not written yet. `down_s`: for how long the database has been failing; 0: it works."""
        self._ledger.labels("lines_behind").set(behind)
        self._ledger.labels("database_down_seconds").set(down_s)

    def ledger_lines(self, count: int) -> None:
        self._ledger_lines.inc(count)

    def _labelled(self, metric: M, *labels: str) -> M:
        """The metric with these labels, kept: to look it up costs the library more than to count."""
        known = self._known.get((metric, labels))
        if known is None:
            known = self._known[metric, labels] = metric.labels(*labels)
        return cast("M", known)

    def text(self) -> bytes:
        """All numbers in Prometheus' text format."""
        return generate_latest(self._registry)
