"""Prefill and decode speed of the engine beside transformers, llama.cpp and vLLM on the same weights, in one run.

`python -m bench.engine` measures a random 0.44 B model with the layer proportions of Nano 9B v2, and the embedded model: nemoserve in
float32, bfloat16, int8 and int4, transformers in float32 and bfloat16, llama.cpp in BF16, Q8_0 and Q4_0 (head and embeddings Q8_0, as
nemoserve's int4 has them), vLLM for CPUs in bfloat16. Each engine is a process of its own and stopped while others are measured;
they take turns within a round, because the memory bandwidth of a shared machine drifts, and the ratio is the median of the
rounds' ratios. The floor is what decoding must move: weights once a step, states (read and written) and KV of every sequence; the
share beside each rate is that floor's time, at the read bandwidth measured in the same round, over the time taken.

Peers are installed at first use, in environments of their own (`python -m tests.peers.install`). `--quick` is one round of everything;
`--overhead` adds a table of what thinking budgets, grammars and the reasoning splitter add to a decode step.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress

from bench.engine import checkpoints, peers
from bench.engine.measure import Job, copy_bandwidth, measure, read_bandwidth
from bench.engine.process import Measured, Missing, foreign_command, own_command
from bench.engine.report import DTYPES, Model, plot, tables
from bench.overhead import Overhead, overhead
from nemoserve.backends.local.process import ENGINE_ENVIRONMENT

GGUFS = ("BF16", "Q8_0", "Q4_0")
_SIZES = {"0.44B": checkpoints.NH_044B, "tiny": checkpoints.TINY}
_NAMES = {"0.44B": "0.44 B", "tiny": "tiny", "mini": "embedded"}


def processor() -> str:
    """The CPU's name and the instructions that matter here."""
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    name = next((line.split(": ", 1)[1] for line in lines if line.startswith("model name")), platform.machine())
    flags = next((line for line in lines if line.startswith("flags")), "").split()
    known = [flag for flag in ("avx2", "avx512_vnni", "avx512_bf16", "amx_tile") if flag in flags]
    return f"{name} ({', '.join(known)})"


def start(
    name: str, folder: Path, args: argparse.Namespace, found: dict[str, Path], room: Path, progress: Progress
) -> list[Measured]:
    """All engines with this model, loaded; one that cannot be had is left out, with a line that says why."""
    threads, most = args.threads, max(args.batches, default=1)
    config = json.loads((folder / "config.json").read_text())
    vocab, longest = config["vocab_size"], max(args.prompts)
    commands: dict[str, list[str]] = {}
    for dtype in args.dtypes:
        stored = folder
        if dtype.startswith("int"):
            stored = checkpoints.quantised(folder, room / f"{name}-{dtype}", dtype, progress)
        own = "auto" if dtype.startswith("int") else dtype
        commands[f"nemoserve {dtype}"] = own_command("with_nemoserve", stored, own, threads, most)
    if "transformers" in args.peers:
        for dtype in ("float32", "bfloat16"):
            commands[f"transformers {dtype}"] = own_command("with_transformers", folder, dtype, threads)
    if (libraries := found.get("llama.cpp")) is not None:
        for kind in GGUFS:
            file = checkpoints.as_gguf(folder, room / f"{name}-{kind}.gguf", kind)
            places = (libraries, file, threads, most, longest, vocab)
            commands[f"llama.cpp {kind}"] = foreign_command(Path(sys.executable), "with_llama", *places)
    if (python := found.get("vllm")) is not None:
        sizes = (threads, most, longest, vocab)
        commands["vllm bfloat16"] = foreign_command(python, "with_vllm", folder, "bfloat16", *sizes)
    engines: list[Measured] = []
    bar = progress.add_task(f"{_NAMES[name]}: loading", total=len(commands))
    for engine, command in commands.items():
        try:
            environment = ENGINE_ENVIRONMENT if engine.startswith("nemoserve") else None
            engines.append(Measured(engine, command, room / f"{name}-{engine.replace(' ', '-')}.log", environment))
        except Missing as error:
            progress.console.print(f"{engine} is left out: {error}", highlight=False, soft_wrap=True)
        progress.advance(bar)
    return engines


def installed(wanted: list[str], console: Console) -> dict[str, Path]:
    """The places of the peers that are wanted and can be had."""
    found: dict[str, Path] = {}
    for name, find in (("llama.cpp", peers.llama_cpp), ("vllm", peers.vllm)):
        if name in wanted:
            try:
                found[name] = find()
            except Missing as error:
                console.print(f"{name} is left out: {error}", highlight=False, soft_wrap=True)
    return found


def run(
    name: str, args: argparse.Namespace, found: dict[str, Path], room: Path, progress: Progress
) -> tuple[Model, dict[str, str]]:
    """One model's measurements and the engines' versions."""
    if name == "mini":
        folder = checkpoints.in_one_dtype(checkpoints.MINI, room / "mini")
    else:
        folder = checkpoints.hybrid(room / name, _SIZES[name])
    jobs = [Job("prefill", length) for length in args.prompts]
    jobs += [Job("decode", args.context, batch, args.steps) for batch in args.batches]
    with ExitStack() as running:
        engines = start(name, folder, args, found, room, progress)
        for engine in engines:
            running.callback(engine.close)
        bar = progress.add_task(_NAMES[name], total=len(jobs) * len(engines) * (args.rounds + 1))

        def advance(what: str) -> None:
            progress.update(bar, advance=1, description=f"{_NAMES[name]}: {what}")

        rounds = measure(engines, jobs, args.rounds, advance)
    for what, why in rounds.failed.items():
        progress.console.print(f"{what}: {why}", highlight=False, soft_wrap=True)
    own = {engine.name: engine.told for engine in engines if "weights" in engine.told}
    model = Model(
        _NAMES[name],
        [engine.name for engine in engines],
        jobs,
        rounds,
        {engine: told["weights"] for engine, told in own.items()},
        next((told["states"] for told in own.values()), 0),
        {engine: told["kv"] for engine, told in own.items()},
    )
    return model, {engine.name.split(" ")[0]: str(engine.told["version"]) for engine in engines}


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m bench.engine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--models", nargs="*", choices=list(_NAMES), default=["0.44B", "mini"])
    p.add_argument("--dtypes", nargs="*", choices=DTYPES, default=list(DTYPES))
    p.add_argument(
        "--peers",
        nargs="*",
        choices=["transformers", "llama.cpp", "vllm"],
        default=["transformers", "llama.cpp", "vllm"],
    )
    p.add_argument("--batches", nargs="*", type=int, default=[1, 4, 16])
    p.add_argument("--prompts", nargs="*", type=int, default=[512], help="prompt lengths for prefill, in tokens")
    p.add_argument("--context", type=int, default=64, help="tokens before decoding is timed")
    p.add_argument("--steps", type=int, default=16, help="decode steps per round")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--room", type=Path, help="keep the models in this folder, and take those that are there")
    p.add_argument("--quick", action="store_true", help="one round of 8 steps")
    p.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of every engine (default: all cores)")
    p.add_argument(
        "--overhead", action="store_true", help="also what budgets, splitter and grammars add to a decode step"
    )
    p.add_argument("--json", type=Path, help="also write everything here")
    p.add_argument("--plot", type=Path, help="also draw the rates here, an SVG")
    args = p.parse_args()
    if args.quick:
        args.rounds, args.steps = 1, 8
    torch.set_num_threads(args.threads)
    models: list[Model] = []
    versions: dict[str, str] = {}
    added: list[Overhead] = []
    with ExitStack() as kept, Progress(console=Console(stderr=True)) as progress:
        room = args.room or Path(kept.enter_context(tempfile.TemporaryDirectory()))
        room.mkdir(parents=True, exist_ok=True)
        found = installed(args.peers, progress.console)
        before = read_bandwidth(), copy_bandwidth()
        for name in args.models:
            model, known = run(name, args, found, room, progress)
            models.append(model)
            versions |= known
            if args.overhead:
                folder, steps = checkpoints.MINI if name == "mini" else room / name, 2 * args.steps
                added.append(
                    overhead(name, folder, dtype="auto", batch=max(args.batches), steps=steps, rounds=args.rounds)
                )
    bandwidths = [value for model in models for values in model.rounds.bandwidth.values() for value in values]
    machine = (
        f"{processor()}, {args.threads} threads; reads {min(bandwidths, default=before[0]) / 1e9:.0f} to "
        f"{max(bandwidths, default=before[0]) / 1e9:.0f} GB/s during the run, copies {before[1] / 1e9:.0f} GB/s (read and written)"
    )
    engines = ", ".join(f"{engine} {version}" for engine, version in versions.items())
    print(
        f"{machine}\ntorch {torch.__version__}; {engines}; {args.rounds} rounds of {args.steps} steps\n\n{tables(models)}"
    )
    if added:
        print("\n| model | batch | step, ms | budget, % | splitter, % | grammar, % |\n|---|---|---|---|---|---|")
        for o in added:
            print(
                f"| {o.model} | {o.batch} | {o.step_ms:.1f} | {o.budget:+.1f} | {o.splitter:+.1f} | {o.grammar:+.1f} |"
            )
    if args.json:
        args.json.write_text(json.dumps(_as_json(machine, versions, models), indent=1) + "\n")
    if args.plot:
        plot(args.plot, models)


def _as_json(machine: str, versions: dict[str, str], models: list[Model]) -> dict[str, object]:
    return {
        "machine": machine,
        "versions": versions,
        "models": {
            model.name: {
                "rates": {f"{engine}: {job}": rates for (job, engine), rates in model.rounds.rates.items()},
                "bandwidth": model.rounds.bandwidth,
                "weights": model.weights,
                "failed": model.rounds.failed,
            }
            for model in models
        },
    }


if __name__ == "__main__":
    main()
