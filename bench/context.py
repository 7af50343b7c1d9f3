"""Long contexts: memory and speed of reading a long prompt, and decoding behind contexts that grow, beside attention alone.

`python -m bench.context` takes two random models of equal size, the 0.44 B hybrid and a Llama of the same widths and heads, and prints two
tables. First: prompts of `--prompts` tokens are read as the server reads them, 512 at a time; what the plan says (weights, states and
KV; one chunk comes on top), and what the process had at most. Second: tokens/s of one sequence behind contexts of `--contexts`
tokens. There the cache is filled with random keys and values of that length in place of a prompt: decoding reads as much, and
a hybrid's states do not grow; the contexts take turns within a round. Each model and dtype has a process of its own.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TypeVar

import torch
from rich.console import Console
from rich.progress import Progress

from bench.engine import checkpoints
from bench.engine.__main__ import processor
from bench.engine.own import PIECE, Own
from bench.engine.process import as_served
from nemoserve.engine.batch import Chunk
from nemoserve.engine.kv import pages_for
from nemoserve.engine.models import load_model

MODELS = ("hybrid", "attention")
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt that was read: seconds, and bytes: planned KV and states, resident before it and at most while it was read."""

    model: str
    dtype: str
    tokens: int
    seconds: float
    weights: int
    planned: int
    before: int
    peak: int


@dataclass(frozen=True, slots=True)
class Decoding:
    """Tokens per second behind a context, the median of the rounds; `share`: of the first context's, the median of the rounds' ratios."""

    model: str
    dtype: str
    context: int
    rate: float
    share: float
    kv: int


def read_prompt(folder: Path, model: str, dtype: str, tokens: int, threads: int) -> Prompt:
    """In a process of its own: its peak is that of this prompt."""
    torch.set_num_threads(threads)
    own = Own(load_model(folder, dtype="auto" if dtype.startswith("int") else dtype, device="cpu"), 1, tokens, folder)
    own.prefill([_random_ids(own, PIECE)])  # chooses kernels, makes buffers
    own.clear()
    ids = _random_ids(own, tokens)
    before = _resident("VmRSS")
    Path("/proc/self/clear_refs").write_text("5")  # the peak counts from here
    start = time.perf_counter()
    own.prefill([ids])
    seconds = time.perf_counter() - start
    planned = own.cache.state_bytes_per_sequence + tokens * own.cache.kv_bytes_per_token
    return Prompt(model, dtype, tokens, seconds, own.weight_bytes, planned, before, _resident("VmHWM"))


def decode(
    folder: Path, model: str, dtype: str, contexts: list[int], steps: int, rounds: int, threads: int
) -> list[Decoding]:
    """One sequence for each context, in turns."""
    torch.set_num_threads(threads)
    model_dtype = "auto" if dtype.startswith("int") else dtype
    room = sum(contexts) + len(contexts) * (steps + 2) * (rounds + 1)
    own = Own(load_model(folder, dtype=model_dtype, device="cpu"), len(contexts), room, folder)
    lengths: list[int] = []
    for slot, context in enumerate(contexts):
        _fill(own, slot, context)
        lengths.append(context)
    rates: list[list[float]] = [[] for _ in contexts]
    for number in range(rounds + 1):  # the first round warms up
        for slot in range(len(contexts)):
            start = 0.0
            for step in range(steps + 2):
                if step == 2:
                    start = time.perf_counter()
                own.runner.step([Chunk(slot, lengths[slot], [17], sample=True)]).argmax(-1).tolist()
                lengths[slot] += 1
            if number:
                rates[slot].append(steps / (time.perf_counter() - start))
    found: list[Decoding] = []
    for context, mine in zip(contexts, rates, strict=True):
        share = statistics.median(a / b for a, b in zip(mine, rates[0], strict=True))
        kv = context * own.cache.kv_bytes_per_token
        found.append(Decoding(model, dtype, context, statistics.median(mine), share, kv))
    return found


@torch.inference_mode()
def _fill(own: Own, slot: int, tokens: int) -> None:
    """Random keys and values, and states as of a short prompt."""
    kv = own.cache.kv
    own.runner.step([Chunk(slot, 0, _random_ids(own, 32), sample=False)])
    kv.make_room(slot, tokens)
    kv.lengths[slot] = tokens
    pages = kv.table[slot, : pages_for(tokens)].long()
    for pool in (kv.keys, kv.values):
        for page in pages.tolist():
            pool[page].normal_()


def _random_ids(own: Own, count: int) -> list[int]:
    return torch.randint(16, own.model.config.vocab_size, (count,)).tolist()


def _resident(key: str) -> int:
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) << 10 for line in lines if line.startswith(f"{key}:"))


def alone(work: Callable[..., T], *arguments: object) -> T:
    """The work's result, from a process of its own."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        return pool.apply(work, arguments)


def tables(prompts: list[Prompt], decodings: list[Decoding]) -> str:
    """As Markdown."""
    lines: list[str] = []
    if prompts:
        lines += [
            "| model | prompt | seconds | tokens/s | weights, MiB | states and KV, MiB | grew by, MiB | peak, MiB |",
            _rule(8),
        ]
    for p in prompts:
        mib = [value / (1 << 20) for value in (p.weights, p.planned, p.peak - p.before, p.peak)]
        lines.append(
            f"| {p.model}, {p.dtype} | {p.tokens} | {p.seconds:.1f} | {p.tokens / p.seconds:.0f} | "
            + " | ".join(f"{value:.0f}" for value in mib)
            + " |"
        )
    if decodings:
        lines += ["", "| model | context | KV, MiB | decode, tokens/s | of the shortest |", _rule(5)]
    for d in decodings:
        lines.append(
            f"| {d.model}, {d.dtype} | {d.context} | {d.kv / (1 << 20):.0f} | {d.rate:.1f} | {100 * d.share:.0f} % |"
        )
    return "\n".join(lines)


def _rule(columns: int) -> str:
    return "|" + "---|" * columns


def plot(file: Path, decodings: list[Decoding]) -> None:
    """Decode speed against context, absolute and as a share."""
    import matplotlib

    matplotlib.use("svg")
    from matplotlib import pyplot

    matplotlib.rcParams["svg.hashsalt"] = "nemoserve"
    figure, (left, right) = pyplot.subplots(1, 2, figsize=(10, 4))
    colours, styles = {"hybrid": "#76b900", "attention": "#888888"}, ["-", "--", ":", "-."]
    dtypes = list(dict.fromkeys(d.dtype for d in decodings))
    for model in MODELS:
        for dtype in dtypes:
            mine = [d for d in decodings if (d.model, d.dtype) == (model, dtype)]
            if not mine:
                continue
            x = [d.context for d in mine]
            line = {
                "color": colours[model],
                "linestyle": styles[dtypes.index(dtype) % 4],
                "marker": "o",
                "markersize": 4,
            }
            left.plot(x, [d.rate for d in mine], label=f"{model}, {dtype}", **line)
            right.plot(x, [100 * d.share for d in mine], **line)
    right.axhline(80, color="#cccccc", linewidth=1)
    ticks = sorted({d.context for d in decodings})
    for axis, label in ((left, "tokens/s"), (right, "% of the shortest context's speed")):
        axis.set(xscale="log", xlabel="tokens of context", ylabel=label, ylim=(0, None))
        axis.set_xticks(ticks, [f"{tick // 1024}k" if tick >= 1024 else str(tick) for tick in ticks])
        axis.minorticks_off()
        axis.grid(alpha=0.3)
    left.legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    pyplot.close(figure)


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m bench.context", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--models", nargs="*", choices=MODELS, default=list(MODELS))
    p.add_argument("--size", choices=["0.44B", "tiny"], default="0.44B")
    p.add_argument("--dtypes", nargs="*", choices=["float32", "bfloat16", "int8", "int4"], default=["bfloat16", "int4"])
    p.add_argument("--prompts", nargs="*", type=int, default=[8192, 131072], help="of the hybrid, with the first dtype")
    p.add_argument("--contexts", nargs="*", type=int, default=[1024, 4096, 16384, 65536])
    p.add_argument("--steps", type=int, default=16)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    p.add_argument("--room", type=Path, help="keep the models in this folder, and take those that are there")
    p.add_argument("--json", type=Path)
    p.add_argument("--plot", type=Path, help="an SVG of the second table")
    args = p.parse_args()
    as_served()
    sizes = checkpoints.TINY if args.size == "tiny" else checkpoints.NH_044B
    make = {"hybrid": checkpoints.hybrid, "attention": checkpoints.attention_only}
    prompts: list[Prompt] = []
    decodings: list[Decoding] = []
    with ExitStack() as kept, Progress(console=Console(stderr=True)) as progress:
        room = args.room or Path(kept.enter_context(tempfile.TemporaryDirectory()))
        room.mkdir(parents=True, exist_ok=True)
        bar = progress.add_task("contexts", total=len(args.models) * len(args.dtypes) + len(args.prompts))
        for model in args.models:
            name = args.size if model == "hybrid" else f"{args.size}-attention"
            source = make[model](room / name, sizes)
            for dtype in args.dtypes:
                folder = source
                if dtype.startswith("int"):
                    folder = checkpoints.quantised(source, room / f"{name}-{dtype}", dtype, progress)
                if args.contexts:
                    given = (folder, model, dtype, args.contexts, args.steps, args.rounds, args.threads)
                    decodings += alone(decode, *given)
                progress.advance(bar)
                if model == "hybrid" and dtype == args.dtypes[0]:
                    for tokens in args.prompts:
                        prompts.append(alone(read_prompt, folder, model, dtype, tokens, args.threads))
                        progress.advance(bar)
    print(f"{processor()}, {args.threads} threads; torch {torch.__version__}\n\n{tables(prompts, decodings)}")
    if args.json:
        found = {"prompts": [asdict(p) for p in prompts], "decodings": [asdict(d) for d in decodings]}
        args.json.write_text(json.dumps(found, indent=1) + "\n")
    if args.plot and decodings:
        plot(args.plot, decodings)


if __name__ == "__main__":
    main()
