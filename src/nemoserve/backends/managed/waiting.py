"""How many requests wait at a server, out of its metrics. Pure."""

from __future__ import annotations


def waiting_in(metrics: str, name: str) -> int:
    """The sum of all samples of the metric of that name in Prometheus' text format; 0 where there is none."""
    total = 0.0
    for line in metrics.splitlines():
        if line.startswith(name) and line[len(name) : len(name) + 1] in ("{", " "):
            try:
                total += float(line.rpartition(" ")[2])
            except ValueError:
                continue
    return int(total)
