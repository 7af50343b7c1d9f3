"""Prefill and decode speed of the engine beside transformers on the same weights, in one run, as ratios.

`python -m bench.engine` measures the embedded model and a random 0.44 B model with the layer proportions of Nano 9B v2.
Rounds alternate between the two engines, because the memory bandwidth of a shared machine drifts; the ratio is the median
of the rounds' ratios. The floor is what decoding must read: weights once a step, states and KV of every sequence; the
fraction beside each rate is that floor's time, at the bandwidth measured in the same round, over the time taken.
A second table says what thinking budgets, grammars and the reasoning splitter add to a decode step.
"""

from __future__ import annotations

import argparse
import gc
import json
import platform
import statistics
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

import torch
from rich.console import Console
from rich.progress import Progress
from rich.table import Table
from transformers import NemotronHConfig, NemotronHForCausalLM

from bench.overhead import Overhead, overhead
from nemoserve.convert.__main__ import write
from nemoserve.convert.policy import policy_for
from nemoserve.engine.batch import Chunk
from nemoserve.engine.cache import Cache
from nemoserve.engine.models import Model, load_model
from nemoserve.engine.runner import Runner

MINI = Path(__file__).parents[1] / "src" / "nemoserve" / "mini"
PIECE = 512
"""Prompt tokens per step, as the scheduler cuts them by default."""

NH_044B = {
    "hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M-M*-M-M-",
    "hidden_size": 1280, "intermediate_size": 4608, "vocab_size": 49152,
    "num_attention_heads": 10, "num_key_value_heads": 2, "head_dim": 128,
    "mamba_num_heads": 40, "mamba_head_dim": 64, "ssm_state_size": 128, "n_groups": 4, "conv_kernel": 4,
    "chunk_size": 128, "max_position_embeddings": 8192, "tie_word_embeddings": False,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement: medians over the rounds, tokens per second; `floor` is the fraction of the bandwidth floor."""

    model: str
    what: str
    ours: float
    theirs: float
    ratio: float
    floor: float | None


def random_checkpoint(folder: Path) -> Path:
    """A random 0.44 B nemotron_h in bfloat16, written by transformers."""
    kinds = {"M": "linear_attention", "-": "mlp", "*": "full_attention"}
    sizes = dict(NH_044B)
    pattern = str(sizes.pop("hybrid_override_pattern"))
    torch.manual_seed(0)
    config = NemotronHConfig(layers_block_type=[kinds[letter] for letter in pattern], **sizes)  # type: ignore[arg-type]
    NemotronHForCausalLM(config).to(torch.bfloat16).save_pretrained(folder)
    return folder


def read_bandwidth() -> float:
    """Bytes per second of a plain multi-threaded read of 512 MiB, the best of three."""
    block = torch.ones(128 << 20, dtype=torch.float32)
    best = 0.0
    for _ in range(3):
        start = time.perf_counter()
        block.sum()
        best = max(best, block.nbytes / (time.perf_counter() - start))
    return best


def quantised_checkpoint(source: Path, folder: Path, dtype: str, progress: Progress) -> Path:
    """An int8 or int4 copy, not calibrated: the same bytes at the same speed."""
    policy = policy_for("int8" if dtype == "int8" else "int4")
    write(source, folder, policy, 32, [], progress)
    return folder


class Ours:
    def __init__(self, model: Model, sequences: int, stored: Path | None = None) -> None:
        """`stored`: the quantised checkpoint that the model was loaded from."""
        self.model = model
        self.stored = stored
        self.cache: Cache = model.new_cache(sequences)
        self.runner = Runner(model, self.cache)

    def prefill(self, ids: torch.Tensor) -> None:
        """ids [B, T]; leaves the sequences in slots 0 to B-1."""
        self.clear()
        for slot, row in enumerate(ids.tolist()):
            self.cache.reserve(slot, len(row) + 256)
            for start in range(0, len(row), PIECE):
                piece = row[start : start + PIECE]
                self.runner.step([Chunk(slot, start, piece, sample=start + len(piece) == len(row))])
        self.length = ids.shape[1]
        self.slots = list(range(len(ids)))

    def decode(self, steps: int) -> None:
        for _ in range(steps):
            logits = self.runner.step([Chunk(slot, self.length, [7], sample=True) for slot in self.slots])
            logits.argmax(-1).tolist()
            self.length += 1

    def clear(self) -> None:
        for slot in getattr(self, "slots", []):
            self.cache.release(slot)
        self.slots: list[int] = []

    def bytes_per_step(self, batch: int) -> int:
        """What one decode step has to read (states are read and written)."""
        config = self.model.config
        embeddings = config.vocab_size * config.hidden_size
        weights = (self.model.parameters - embeddings) * self.model.dtype.itemsize
        if self.stored is not None:  # embeddings of 8 bits, a scale of 2 bytes for 32 of them
            weights = sum(file.stat().st_size for file in self.stored.glob("*.safetensors")) - embeddings * 34 // 32
        return weights + batch * (2 * self.cache.state_bytes_per_sequence + self.length * self.cache.kv_bytes_per_token)


class Transformers:
    def __init__(self, folder: Path, dtype: torch.dtype) -> None:
        self.model = NemotronHForCausalLM.from_pretrained(folder, dtype=dtype).eval()

    @torch.inference_mode()
    def prefill(self, ids: torch.Tensor) -> None:
        out = self.model(ids, use_cache=True, logits_to_keep=1)
        self.past = out.past_key_values
        self.batch = len(ids)

    @torch.inference_mode()
    def decode(self, steps: int) -> None:
        token = torch.full((self.batch, 1), 7)
        for _ in range(steps):
            out = self.model(token, past_key_values=self.past, use_cache=True)
            self.past = out.past_key_values
            out.logits[:, -1].argmax(-1).tolist()

    def clear(self) -> None:
        self.past = None


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def measure(name: str, folder: Path, args: argparse.Namespace, progress: Progress) -> list[Row]:
    dtype = {"bfloat16": torch.bfloat16, "float32": torch.float32}
    quantised = args.dtype in ("int8", "int4")
    with tempfile.TemporaryDirectory() as room:
        stored = quantised_checkpoint(folder, Path(room) / "copy", args.dtype, progress) if quantised else None
        model = load_model(stored or folder, dtype="auto" if quantised else args.dtype, device="cpu")
        ours = Ours(model, max(args.batches), stored)
        return _measured(name, ours, Transformers(folder, dtype[args.peer_dtype]), args, progress)


def _measured(name: str, ours: Ours, theirs: Transformers, args: argparse.Namespace, progress: Progress) -> list[Row]:
    vocab = ours.model.config.vocab_size
    label = f"{name}, {args.dtype if ours.stored else str(ours.model.dtype).removeprefix('torch.')}"
    jobs = [("prefill", length, 1) for length in args.prompts] + [("decode", args.context, b) for b in args.batches]
    bar = progress.add_task(name, total=len(jobs) * args.rounds)
    rows: list[Row] = []
    for engine in (ours, theirs):  # warm up: first calls choose kernels and allocate
        for warm in {1, *args.batches}:
            engine.prefill(torch.randint(16, vocab, (warm, 32)))
            engine.decode(2)
            engine.clear()
    for kind, length, batch in jobs:
        ids = torch.randint(16, vocab, (batch, length))
        rates: list[tuple[float, float, float]] = []
        for _ in range(args.rounds):
            bandwidth = read_bandwidth()
            seconds: list[float] = []
            for engine in (ours, theirs):
                if kind == "prefill":
                    seconds.append(timed(partial(engine.prefill, ids)))
                else:
                    engine.prefill(ids)
                    engine.decode(2)
                    seconds.append(timed(partial(engine.decode, args.steps)))
                engine.clear()
            tokens = length if kind == "prefill" else batch * args.steps
            floor = ours.bytes_per_step(batch) / bandwidth * args.steps / seconds[0] if kind == "decode" else 0.0
            rates.append((tokens / seconds[0], tokens / seconds[1], floor))
            progress.advance(bar)
        what = f"prefill {length}" if kind == "prefill" else f"decode, batch {batch}"
        mine, peer, floors = zip(*rates, strict=True)
        ratio = statistics.median(a / b for a, b in zip(mine, peer, strict=True))
        floor = statistics.median(floors) if kind == "decode" else None
        rows.append(Row(label, what, statistics.median(mine), statistics.median(peer), ratio, floor))
    return rows


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m bench.engine", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--models", nargs="*", choices=["mini", "0.44B"], default=["mini", "0.44B"])
    p.add_argument("--batches", nargs="*", type=int, default=[1, 4, 16])
    p.add_argument("--prompts", nargs="*", type=int, default=[512, 4096], help="prompt lengths for prefill, in tokens")
    p.add_argument("--context", type=int, default=64, help="tokens before decoding is timed")
    p.add_argument("--steps", type=int, default=16, help="decode steps per round")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument(
        "--dtype",
        default="auto",
        help="of nemoserve's engine: float32, bfloat16, int8, int4; auto is what `nemoserve serve` chooses",
    )
    p.add_argument("--peer-dtype", default="bfloat16", choices=["bfloat16", "float32"])
    p.add_argument("--threads", type=int, default=0, help="0: as many as torch chooses")
    p.add_argument("--json", type=Path, help="also write the rows and the machine here")
    args = p.parse_args()
    if args.threads:
        torch.set_num_threads(args.threads)
    console = Console()
    rows: list[Row] = []
    added: list[Overhead] = []
    with tempfile.TemporaryDirectory() as folder, Progress(console=console) as progress:
        for name in args.models:
            checkpoint = MINI if name == "mini" else random_checkpoint(Path(folder))
            rows += measure(name, checkpoint, args, progress)
            gc.collect()
            added.append(
                overhead(
                    name,
                    checkpoint,
                    dtype="auto" if args.dtype in ("int8", "int4") else args.dtype,
                    batch=max(args.batches),
                    steps=2 * args.steps,
                    rounds=args.rounds,
                )
            )
    machine = f"{platform.processor() or platform.machine()}, {torch.get_num_threads()} threads, {torch.backends.cpu.get_cpu_capability()}"
    table = Table(title=f"tokens/s beside transformers {args.peer_dtype}; {machine}; torch {torch.__version__}")
    for column in ("model", "what", "nemoserve", "transformers", "ratio", "of the bandwidth floor"):
        table.add_column(column, justify="left" if column in {"model", "what"} else "right")
    for r in rows:
        floor = f"{100 * r.floor:.0f} %" if r.floor is not None else ""
        table.add_row(r.model, r.what, f"{r.ours:.1f}", f"{r.theirs:.1f}", f"{r.ratio:.2f}", floor)
    console.print(table)
    table = Table(title="added to a decode step, in per cent of it")
    for column in ("model", "batch", "step, ms", "budget", "splitter", "grammar"):
        table.add_column(column, justify="left" if column == "model" else "right")
    for o in added:
        shares = (f"{share:+.1f}" for share in (o.budget, o.splitter, o.grammar))
        table.add_row(o.model, str(o.batch), f"{o.step_ms:.1f}", *shares)
    console.print(table)
    if args.json:
        args.json.write_text(
            json.dumps(
                {
                    "machine": machine,
                    "torch": torch.__version__,
                    "rows": [asdict(r) for r in rows],
                    "overhead": [asdict(o) for o in added],
                },
                indent=1,
            )
            + "\n"
        )


if __name__ == "__main__":
    main()
