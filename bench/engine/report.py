"""The tables and plots of the engines' speeds. Knows rates; measures nothing."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench.engine.measure import Job, Rounds

OURS = "nemoserve"
DTYPES = ("float32", "bfloat16", "int8", "int4")
PAIRS: dict[tuple[str, str], dict[str, float]] = {
    ("nemoserve int4", "llama.cpp Q4_0"): {"prefill 512": 1.8, "decode, batch 1": 1.3, "decode, batch 4": 2.5, "decode, batch 16": 2.5},
    ("nemoserve int8", "llama.cpp Q8_0"): {"prefill 512": 2.5, "decode, batch 1": 1.3, "decode, batch 4": 3.0, "decode, batch 16": 3.0},
    ("nemoserve bfloat16", "vllm bfloat16"): {"prefill 512": 1.2, "decode, batch 1": 1.15, "decode, batch 4": 1.3, "decode, batch 16": 1.3},
    ("nemoserve bfloat16", "llama.cpp BF16"): {},
    **{(f"{OURS} {dtype}", "transformers bfloat16"): {} for dtype in DTYPES},
    ("nemoserve float32", "transformers float32"): {},
}  # fmt: skip
"""Who is compared with whom, and the ratios aimed at on the 0.44 B model."""


@dataclass(frozen=True, slots=True)
class Model:
    """What was measured of one model; bytes by our dtypes."""

    name: str
    engines: list[str]
    jobs: list[Job]
    rounds: Rounds
    weights: dict[str, int]
    states: int
    kv: dict[str, int]

    def bytes_per_step(self, engine: str, job: Job) -> int:
        """What a decode step reads and writes at least: weights once, states twice and KV once of every sequence."""
        return self.weights[engine] + job.batch * (2 * self.states + (job.length + job.steps // 2) * self.kv[engine])


def tables(models: list[Model]) -> str:
    """Markdown: rates with the share of the floor, then ratios with what is aimed at."""
    return "\n\n".join(
        part for model in models for part in (_rates(model), _ratios(model, aims=model.name == "0.44 B"))
    )


def _rates(model: Model) -> str:
    names = [job.name for job in model.jobs]
    lines = [_row([f"{model.name}, tokens/s", *names]), _row(["---"] * (1 + len(names)))]
    for engine in model.engines:
        cells: list[str] = []
        for job in model.jobs:
            rate = model.rounds.rate(job.name, engine)
            text = "" if rate is None else f"{rate:.1f}" if rate < 1000 else f"{rate:.0f}"
            if rate is not None and job.kind == "decode" and engine in model.weights:
                share = model.rounds.of_floor(job, engine, model.bytes_per_step(engine, job))
                text += "" if share is None else f" ({100 * share:.0f} %)"
            cells.append(text)
        lines.append(_row([engine, *cells]))
    return "\n".join(lines)


def _ratios(model: Model, *, aims: bool) -> str:
    names = [job.name for job in model.jobs]
    lines = [_row([f"{model.name}, ratio" + (" (aim)" if aims else ""), *names]), _row(["---"] * (1 + len(names)))]
    for (ours, theirs), aim in PAIRS.items():
        if theirs not in model.engines or ours not in model.engines:
            continue
        cells: list[str] = []
        for name in names:
            ratio = model.rounds.ratio(name, ours, theirs)
            text = "" if ratio is None else f"{ratio:.2f}"
            cells.append(text + (f" ({aim[name]:g})" if aims and text and name in aim else ""))
        lines.append(_row([f"{ours} / {theirs}", *cells]))
    return "\n".join(lines)


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def plot(file: Path, models: list[Model]) -> None:
    """Tokens/s against batch, a line for each engine and precision, and prefill beside them."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "nemoserve"
    families = {OURS: "#76b900", "llama.cpp": "#4477aa", "vllm": "#aa3377", "transformers": "#888888"}
    styles = {"float32": ":", "bfloat16": "-.", "BF16": "-.", "int8": "--", "Q8_0": "--", "int4": "-", "Q4_0": "-"}
    figure, axes = pyplot.subplots(len(models), 2, figsize=(10, 4 * len(models)), squeeze=False, width_ratios=(3, 2))
    for (left, right), model in zip(axes, models, strict=True):
        bars: list[tuple[str, float, str]] = []
        for engine in model.engines:
            family, kind = engine.split(" ")
            points = [(j.batch, model.rounds.rate(j.name, engine)) for j in model.jobs if j.kind == "decode"]
            known = [(batch, rate) for batch, rate in points if rate is not None]
            if known:
                x, y = zip(*known, strict=True)
                left.plot(x, y, styles[kind], marker="o", markersize=4, color=families[family], label=engine)
            prefill = next((model.rounds.rate(j.name, engine) for j in model.jobs if j.kind == "prefill"), None)
            if prefill is not None:
                bars.append((engine, prefill, families[family]))
        left.set(
            title=f"{model.name}: decode", xlabel="sequences at once", ylabel="tokens/s", xscale="log", yscale="log"
        )
        ticks = sorted({job.batch for job in model.jobs if job.kind == "decode"})
        left.set_xticks(ticks, [str(tick) for tick in ticks])
        left.minorticks_off()
        left.grid(alpha=0.3)
        left.legend(fontsize=7)
        bars.reverse()
        drawn = right.barh([bar[0] for bar in bars], [bar[1] for bar in bars], color=[bar[2] for bar in bars])
        right.bar_label(drawn, [f"{bar[1]:.0f}" for bar in bars], padding=3, fontsize=7)
        right.set(title="prefill of 512 tokens", xlabel="tokens/s")
        right.tick_params(axis="y", labelsize=7)
        right.margins(x=0.15)
        right.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)
