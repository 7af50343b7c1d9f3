"""The findings about gateways as tables, JSON and a plot. Losing rows stay. Knows how they look, not how they were found."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

from rich.console import Console
from rich.table import Table

from bench.peer_measures import Row


def show(console: Console, rows: list[Row], machine: str, workers: dict[str, float] | str, options: str) -> None:
    """Prints it all."""
    console.print(f"\n{machine}\n{options}\n")
    for table in (_requests(rows), _streams(rows)):
        console.print(table)
    for row in rows:
        if row.trouble:
            console.print(f"{row.name}: {row.trouble}", style="yellow", soft_wrap=True, markup=False)
    if isinstance(workers, str):
        console.print(f"Two workers: {workers}", soft_wrap=True)
    elif workers:
        console.print(
            f"Two workers of nemoserve on one PostgreSQL: {workers['two']:.0f} requests/s, one: {workers['one']:.0f}, "
            f"ratio {workers['ratio']:.2f}; CPU for a request {workers['two_cpu']:.0f} and {workers['one_cpu']:.0f} µs"
        )
    for name, claim in claims(rows).items():
        console.print(f"{name}: {claim}")


def claims(rows: list[Row]) -> dict[str, str]:
    """How nemoserve's rate compares, at the highest concurrency; only what was measured."""
    by_name = {row.name: row for row in rows}
    mine = by_name.get("nemoserve")
    if mine is None or not mine.rates:
        return {}
    top = max(mine.rates)
    return {
        f"nemoserve / {row.name}": f"{mine.rates[top] / row.rates[top]:.2f} of its requests/s at concurrency {top}"
        for row in rows
        if row.name not in ("nemoserve", "direct") and row.rates.get(top)
    }


def _requests(rows: list[Row]) -> Table:
    table = Table(title="Answers that are not streamed; added: over the mock asked directly, ms")
    table.add_column("gateway")
    levels = sorted({level for row in rows for level in row.rates})
    for level in levels:
        for name in (f"req/s at {level}", "CPU µs", "p50", "added p50", "added p95", "added p99"):
            table.add_column(name, justify="right")
    for row in rows:
        cells: list[str] = []
        for level in levels:
            added = row.added.get(level, {})
            cells += [
                _number(row.rates.get(level), 0),
                _number(row.cpu.get(level), 0) if row.name != "direct" else "",
                _number(row.latencies.get(level, {}).get("p50"), 2),
                *(_number(added.get(name), 2) if row.name != "direct" else "" for name in ("p50", "p95", "p99")),
            ]
        table.add_row(f"{row.name} {row.version}".strip(), *cells)
    return table


def _streams(rows: list[Row]) -> Table:
    table = Table(title="Streams: first token and gaps in ms; memory in MiB")
    for name in ("gateway", "first token p50", "added p50", "added p95", "paced at once", "streams", "stalled", "short",
                 "gap p99", "worst", "start", "warm", "half", "end"):  # fmt: skip
        table.add_column(name, justify="left" if name == "gateway" else "right")
    for row in rows:
        first, paced, memory = row.first_token, row.paced, row.memory
        direct = row.name == "direct"
        table.add_row(
            row.name,
            _number(first.get("p50"), 2),
            "" if direct else _number(first.get("added_p50"), 2),
            "" if direct else _number(first.get("added_p95"), 2),
            *(_number(paced.get(name), 0) for name in ("at_once", "streams", "stalled", "short")),
            *(_number(paced.get(name), 1) for name in ("p99_gap", "worst_gap")),
            *(_number(memory.get(name), 0) for name in ("start", "warm", "half", "end")),
        )
    return table


def _number(value: float | None, digits: int) -> str:
    return "" if value is None else f"{value:.{digits}f}"


def save(
    path: Path, rows: list[Row], machine: str, workers: dict[str, float] | str, options: dict[str, object]
) -> None:
    """Writes everything as JSON."""
    found = {
        "machine": machine,
        "options": options,
        "rows": [asdict(row) for row in rows],
        "workers": workers,
        "claims": claims(rows),
    }
    path.write_text(json.dumps(found, indent=1, default=str) + "\n")


def plot(path: Path, rows: list[Row]) -> None:
    """Rates and added latency, both on logarithmic axes: the field spans three orders of magnitude."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    shown = [row for row in rows if row.rates and row.name != "direct"]
    if not shown:
        return
    top = max(shown[0].rates)
    low = min(shown[0].rates)
    shown.sort(key=lambda row: row.rates.get(top, 0.0))
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(9, 0.5 * len(shown) + 1.4), sharey=True)
    names = [row.name for row in shown]
    colours = ["#76b900" if row.name == "nemoserve" else "#9aa5b1" for row in shown]
    rates = [row.rates.get(top, 0.0) for row in shown]
    added = [max(0.01, row.added.get(low, {}).get("p50", 0.0)) for row in shown]
    for axis, values, label, form in (
        (left, rates, f"requests/s on one core, {top} at once", "{:,.0f}"),
        (right, added, f"ms added at the median, {low} at once", "{:.2f}"),
    ):
        bars = axis.barh(names, values, color=colours)
        axis.bar_label(bars, [form.format(value) for value in values], padding=3)
        axis.set_xscale("log")
        axis.set_xlabel(label)
        axis.margins(x=0.2)
        axis.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(path)
    pyplot.close(figure)
