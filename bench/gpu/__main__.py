"""The engine on one GPU: numerics, then speed at the shape of Nemotron Nano 9B v2 with random weights, beside transformers, in one run.

`python -m bench.gpu` compares the kernels with float64 and small models with a CPU, measures the GPU's copy bandwidth and its rate of
bfloat16 matrix products, and then tokens per second: decoding at several batch sizes, each sequence with 512 tokens, and reading a prompt. The
floor of decoding is the time to move weights, states (read and written) and KV at the copy bandwidth; that of a prompt the time for its
matrix products at the measured rate. It exits with 1 when a number is wrong or a target is missed.

`--device cpu --shape tiny` tries the script out on a machine without a GPU, where its speeds mean nothing: set TRITON_INTERPRET=1.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import subprocess
import sys
import tempfile
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

import torch
from rich.console import Console
from rich.table import Table

from bench.gpu import checks, speed
from bench.gpu.shapes import SHAPES
from nemoserve.engine.gpu.graphs import cuda_recorder

_TARGETS = {"decode 1": 0.60, "prefill": 0.40}
"""Shares of the floor."""
_TIMES_TRANSFORMERS = 3.0
_BATCHED = 10.0
"""Times the rate of one sequence, at the largest batch."""


def main() -> int:
    args = _options()
    console, device = Console(), torch.device(args.device)
    if device.type == "cuda" and not torch.cuda.is_available():
        console.print("this PyTorch sees no GPU; `--device cpu --shape tiny` tries the script out")
        return 1
    if device.type == "cuda":
        torch.cuda.set_device(device.index or 0)  # where Triton launches its kernels
    config = SHAPES[args.shape]
    record = cuda_recorder() if device.type == "cuda" else None
    with tempfile.TemporaryDirectory() as room:
        console.print(f"[bold]Numerics[/] on {device}")
        wrong = _check(console, config, device, Path(room))
        if args.numerics:
            return int(wrong)
        machine = speed.machine(device, small=args.shape == "tiny")
        console.print(
            f"{machine.name}: copies {machine.copied / 1e9:.0f} GB/s, multiplies {machine.multiplied / 1e12:.1f} TFLOP/s in bfloat16"
        )
        batches, work = args.batches, (args.prompt, args.batches, args.steps, args.rounds, device)
        own = speed.Own(config, Path(room), device, max(batches), args.prompt, args.piece, record)
        jobs = {f"prefill {args.prompt}": (args.prompt, own.floor("prefill", args.prompt))}
        jobs |= {f"decode {batch}": (batch, own.floor("decode", batch)) for batch in batches}
        found = {"nemoserve": speed.rates(own, *work)}
        del own
        gc.collect()
        if device.type == "cuda":
            torch.cuda.empty_cache()
        if args.peer:
            found["transformers"] = speed.rates(speed.Transformers(config, device), *work)
    report, missed = _report(jobs, found, machine, batches)
    console.print(_table(report))
    for line in missed:
        console.print(f"[yellow]missed:[/] {line}")
    if args.json:
        facts = {"machine": machine.name, "copied": machine.copied, "multiplied": machine.multiplied, "jobs": report}
        args.json.write_text(json.dumps({**_where(), **facts, "missed": missed}, indent=1) + "\n")
        console.print(f"written to {args.json}")
    return int(wrong or bool(missed))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench.gpu", description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--device", default="cuda", help="cuda, cuda:N or cpu")
    parser.add_argument("--shape", choices=list(SHAPES), default="9b", help="sizes of the model that is measured")
    parser.add_argument("--batches", type=int, nargs="+", default=[1, 8, 64], help="sequences that decode together")
    parser.add_argument("--prompt", type=int, default=8192, help="tokens of the prompt that is read")
    parser.add_argument(
        "--piece", type=int, default=2048, help="tokens of it that are read in one step, as the server does"
    )
    parser.add_argument("--steps", type=int, default=64, help="tokens of each sequence that are timed")
    parser.add_argument("--rounds", type=int, default=3, help="of each measurement; the median counts")
    parser.add_argument("--no-peer", dest="peer", action="store_false", help="without transformers")
    parser.add_argument("--numerics", action="store_true", help="only compare numbers")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    return parser.parse_args()


def _check(console: Console, config: dict[str, Any], device: torch.device, room: Path) -> bool:
    """Whether a number is wrong."""
    wrong = False
    record = cuda_recorder() if device.type == "cuda" else None
    for check in checks.checks(config, device, room, record):
        wrong = wrong or not check.holds
        verdict = "[green]holds[/]" if check.holds else "[red]WRONG[/]"
        console.print(f"  {check.name:<52} {check.error:.1e} of {check.allowed:.0e}  {verdict}")
    return wrong


def _report(
    jobs: dict[str, tuple[int, speed.Floor]], found: dict[str, speed.Rates], machine: speed.Machine, batches: list[int]
) -> tuple[list[dict[str, Any]], list[str]]:
    """Rows with medians, and the targets that are missed."""
    rows: list[dict[str, Any]] = []
    missed: list[str] = []
    for job, (count, floor) in jobs.items():
        own = statistics.median(found["nemoserve"].found.get(job, [0.0]))
        row: dict[str, Any] = {"job": job, "nemoserve": own, "of_floor": own * floor.seconds(machine) / count}
        target = _TARGETS.get(job, _TARGETS.get(job.split()[0]))
        if target is not None and row["of_floor"] < target:
            missed.append(f"{job} is at {row['of_floor']:.0%} of the floor, not {target:.0%}")
        if "transformers" in found:
            rates = found["transformers"].found.get(job)
            other = statistics.median(rates) if rates else None
            row["transformers"] = found["transformers"].failed.get(job) if other is None else other
            if other is not None and own < _TIMES_TRANSFORMERS * other:
                missed.append(f"{job} is {own / other:.1f} times transformers, not {_TIMES_TRANSFORMERS:g}")
        rows.append(row)
    rate = {row["job"]: row["nemoserve"] for row in rows}
    many = f"decode {max(batches)}"
    if 1 in batches and max(batches) >= 64 and rate[many] < _BATCHED * rate["decode 1"]:
        missed.append(f"{many} is {rate[many] / rate['decode 1']:.1f} times decode 1, not {_BATCHED:g}")
    return rows, missed


def _table(rows: list[dict[str, Any]]) -> Table:
    table = Table()
    for name in ("", "nemoserve tokens/s", "of the floor", "transformers tokens/s", "ratio"):
        table.add_column(name, justify="left" if not name else "right")
    for row in rows:
        theirs = row.get("transformers")
        known = isinstance(theirs, float)
        table.add_row(
            row["job"],
            f"{row['nemoserve']:,.0f}",
            f"{row['of_floor']:.0%}",
            f"{theirs:,.1f}" if known else str(theirs or "-"),
            f"{row['nemoserve'] / theirs:.1f}" if known else "-",
        )
    return table


def _where() -> dict[str, str]:
    """What the figures are of."""
    commit = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False).stdout.strip()
    versions = {name: metadata.version(name) for name in ("torch", "triton", "transformers")}
    return {
        "commit": commit,
        "date": datetime.now(UTC).date().isoformat(),
        "python": platform.python_version(),
        **versions,
    }


if __name__ == "__main__":
    sys.exit(main())
