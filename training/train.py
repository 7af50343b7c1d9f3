"""Trains the embedded model from scratch: seeded, resumable, with a progress bar and a loss plot. `--help` lists the knobs.

`python -m training.train --out runs/mini --minutes 120` trains; stop it at any time and run the same line to go on.
`python -m training.train --smoke` is the short proof: two tasks, a small model, a stated floor.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field
from pathlib import Path

import torch
import torch.distributed as dist
import torch.multiprocessing
import torch.nn.functional as F
from safetensors.torch import load_file, save_file
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from training import tokenizer as tokenizers_of_ours
from training.chat import TEMPLATE_FILE, render_prompt, render_reply
from training.model import NemotronH, Shape
from training.optimizer import optimizers
from training.precision import fast_bfloat16
from training.stream import Row, Stream, dressed, tensors
from training.tasks import TASKS

SMOKE_TASKS = {"spell": 1.0, "count_length": 1.0}
SMOKE_FLOOR = 60
CONTEXT = 4096
ROW_LENGTH = 384
GENERATION = {
    "do_sample": True,
    "temperature": 0.6,
    "top_p": 0.95,
    "bos_token_id": 1,
    "eos_token_id": [2, 11, 12],
    "pad_token_id": 0,
}


def conversations(seed: int, tasks: dict[str, float] | None, samples: int) -> list[str]:
    """Rendered training conversations, the same number of every task."""
    rng = random.Random(seed)
    chosen = [TASKS[name] for name in (tasks or TASKS)]
    texts: list[str] = []
    for task in tqdm(chosen, desc="words", leave=False):
        for _ in range(samples // len(chosen)):
            example = dressed(task.sample(rng, "train"), rng, None)
            texts.append(
                render_prompt(example.messages, example.tools, rng.choice(("full", "full", "low", "off")))
                + render_reply(example, "full")
            )
    return texts


def make_tokenizer(
    folder: Path, room: int, seed: int, tasks: dict[str, float] | None, samples: int = 15000
) -> Tokenizer:
    """Learns the vocabulary from generated conversations. Words that `folder`'s tokenizer has keep their ids: a run may
    start on a part of the tasks and grow its vocabulary when it goes on with more. `room` is the number of words in all."""
    known: list[str] = []
    if (folder / "words.json").exists():
        known = json.loads((folder / "words.json").read_text())
    found = tokenizers_of_ours.frequent_words(conversations(seed, tasks, samples), room + len(known))
    words = known + [w for w in found if w not in set(known)][: room - len(known)]
    (folder / "words.json").write_text(json.dumps(words))
    return tokenizers_of_ours.build(words, folder, TEMPLATE_FILE.read_text(), CONTEXT)


def export(model: NemotronH, folder: Path) -> None:
    """Writes config.json, generation_config.json and model.safetensors (bfloat16) into `folder`."""
    special = {"<unk>": 0, "<s>": 1, "<SPECIAL_12>": 12}
    (folder / "config.json").write_text(json.dumps(model.s.config(special, CONTEXT), indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps(GENERATION, indent=2) + "\n")
    tensors = {name: p.detach().to("cpu", torch.bfloat16).contiguous() for name, p in model.state_dict().items()}
    part = folder / "model.safetensors.part"
    save_file(tensors, part, metadata={"format": "pt"})
    part.replace(folder / "model.safetensors")


def plot(log: list[dict[str, float]], file: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    axes.plot([r["tokens"] / 1e6 for r in log], [r["loss"] for r in log], linewidth=1)
    axes.set(xlabel="million tokens", ylabel="loss per reply token (nats)", yscale="log", title="Training loss")
    axes.grid(alpha=0.3, which="both")
    figure.tight_layout()
    figure.savefig(file)
    plt.close(figure)


def rate(done: float, warm_up: float) -> float:
    """Share of the peak rate after `done` (0 to 1) of the budget: linear warm-up, then a straight line to zero, which beats
    flat and cosine schedules of the same length (Defazio et al. 2023, "Optimal linear decay learning rate schedules")."""
    return max(0.02, min(done / warm_up if warm_up else 1.0, 1 - done))


def grown(weight: Tensor, rows: int) -> Tensor:
    """A matrix with a row per word, with rows added for new words: near the mean of the old ones, so that none stands out."""
    spread = 0.5 * weight.std(0) * torch.randn(max(0, rows - len(weight)), weight.shape[1])
    return torch.cat([weight, weight.mean(0) + spread])


@dataclass(slots=True)
class Run:
    """What a run saves and goes on from."""

    step: int = 0
    tokens: int = 0
    elapsed: float = 0.0
    log: list[dict[str, float]] = field(default_factory=list)


class Trainer:
    """One process of a run. On a CPU there is a process per core, each with one kernel thread and micro-batches of its own,
    so that no core waits for another at every operation; gradients are summed once a step. On a GPU there is one process."""

    def __init__(
        self, args: argparse.Namespace, shape: Shape, tasks: dict[str, float] | None, rank: int, world: int
    ) -> None:
        self.args, self.rank, self.world = args, rank, world
        self.out: Path = args.out
        self.device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
        if self.device.type == "cpu":
            torch.set_num_threads(1)
            # Decays across a document's border underflow; denormals would cost far more than they are worth.
            torch.set_flush_denormal(True)
        torch.manual_seed(args.seed)
        self.model = NemotronH(shape).to(self.device)
        self.optimizers = optimizers(self.model, args.muon_lr, args.adam_lr)
        self.run = self.restored()
        self.parameters = list(self.model.parameters())
        self.gradient = torch.zeros(sum(p.numel() for p in self.parameters), device=self.device)
        start = 0
        for p in self.parameters:  # views of one buffer: summing over processes is one call
            p.grad = self.gradient[start : start + p.numel()].view_as(p)
            start += p.numel()
        tokenizer = Tokenizer.from_file(str(self.out / "tokenizer.json"))
        # Seeded by the step it starts at: a resumed run sees fresh examples, and the same ones if it is resumed there again.
        seed = (args.seed * 1_000_003 + self.run.step) * world + rank
        self.stream = Stream(tokenizer, seed, args.row_length, tasks)
        self.rows = self.stream.rows()
        self.autocast = fast_bfloat16(self.device)
        self.loss = torch.compile(self.summed_loss) if args.compile else self.summed_loss

    def restored(self) -> Run:
        file = self.out / "state.pt"
        if file.exists():
            state = torch.load(file, map_location=self.device, weights_only=True)
            self.model.load_state_dict(state["model"])
            for optimizer, saved in zip(self.optimizers, state["optimizer"], strict=True):
                optimizer.load_state_dict(saved)
            return Run(**state["run"])
        if self.args.init:
            weights = load_file(self.args.init / "model.safetensors", device=str(self.device))
            shapes = {name: p.shape for name, p in self.model.state_dict().items()}
            self.model.load_state_dict(
                {name: grown(w.float(), shapes[name][0]) if w.ndim == 2 else w.float() for name, w in weights.items()}
            )
        return Run()

    def save(self) -> None:
        if self.rank:
            return
        optimizer = [o.state_dict() for o in self.optimizers]
        state = {"model": self.model.state_dict(), "optimizer": optimizer, "run": asdict(self.run)}
        part = self.out / "state.pt.part"
        torch.save(state, part)
        part.replace(self.out / "state.pt")
        export(self.model, self.out)
        (self.out / "log.json").write_text(json.dumps(self.run.log))
        if len(self.run.log) > 1:
            plot(self.run.log, self.out / "loss.svg")

    def summed_loss(self, ids: Tensor, documents: Tensor, wanted: Tensor) -> tuple[Tensor, Tensor]:
        """Weighted sum over the tokens, and where a reply's token was not the likeliest, bool [B, T-1]. `wanted` is 0
        where the next token is another document's first."""
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.autocast):
            logits = self.model(ids, documents)[:, :-1]
        losses = F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none")
        return (losses * wanted.flatten()).sum(), (logits.argmax(-1) != ids[:, 1:]) & (wanted == 1.0)

    def report(self, rows: list[Row], missed: Tensor) -> None:
        """Tells the stream which documents' replies have a missed token."""
        for row, places in zip(rows, missed.cpu(), strict=True):
            wrong = {row.numbers[place + 1] for place in places.nonzero().flatten().tolist()}
            for number, document in enumerate(row.documents):
                self.stream.report(document, number in wrong)

    def step(self, share: float) -> tuple[float, float]:
        """One update at `share` of the peak rates. Returns the mean loss and the gradient's norm."""
        args = self.args
        sums = torch.zeros(2, dtype=torch.float64)
        for _ in range(max(1, args.micro_batches // self.world)):
            rows = [next(self.rows) for _ in range(args.micro_rows)]
            ids, documents, weights = (t.to(self.device) for t in tensors(rows))
            wanted = weights[:, 1:] * (documents[:, 1:] == documents[:, :-1])
            loss, missed = self.loss(ids, documents, wanted)
            loss.backward()
            self.report(rows, missed)
            sums += torch.tensor([loss.item(), wanted.sum().item()], dtype=torch.float64)
        if self.world > 1:
            dist.all_reduce(sums)
            dist.all_reduce(self.gradient)
        self.gradient /= sums[1].item()
        norm = self.gradient.norm().item()
        self.gradient *= min(1.0, 1.0 / (norm + 1e-6))
        for optimizer, peak in zip(self.optimizers, (args.muon_lr, args.adam_lr), strict=True):
            for group in optimizer.param_groups:
                group["lr"] = peak * share
            optimizer.step()
        self.gradient.zero_()
        return (sums[0] / sums[1]).item(), norm

    def train(self) -> None:
        """Runs until the minutes are used up. The first step compiles, which does not count as training."""
        args, run = self.args, self.run
        budget = args.minutes * 60.0
        per_step = args.micro_rows * max(1, args.micro_batches // self.world) * self.world * args.row_length
        bar = tqdm(total=round(budget), initial=round(run.elapsed), unit="s", desc="training", disable=self.rank > 0)
        before, started, saved = run.elapsed, 0.0, time.monotonic()
        parent = multiprocessing.parent_process()
        while run.elapsed < budget:
            if parent is not None and not parent.is_alive():
                sys.exit("the run was stopped")  # a killed parent cannot end its children
            loss, norm = self.step(rate(run.elapsed / budget, args.warm_up))
            started = started or time.monotonic()
            elapsed = torch.tensor(before + time.monotonic() - started)
            if self.world > 1:  # all processes must agree on when to stop
                dist.broadcast(elapsed, 0)
            bar.update(round(elapsed.item()) - round(run.elapsed))
            run.step, run.tokens, run.elapsed = run.step + 1, run.tokens + per_step, elapsed.item()
            if run.step % 10 == 0:
                run.log.append(
                    {"step": run.step, "tokens": run.tokens, "elapsed": run.elapsed, "loss": loss, "norm": norm}
                )
                bar.set_postfix(loss=f"{loss:.3f}", tokens=f"{run.tokens / 1e6:.2f}M", norm=f"{norm:.2f}")
            if time.monotonic() - saved > args.save_every:
                saved = time.monotonic()
                self.save()
        bar.close()
        self.save()


def process(
    rank: int, world: int, store: str, args: argparse.Namespace, shape: Shape, tasks: dict[str, float] | None
) -> None:
    """Body of one process of the run."""
    if world > 1:
        dist.init_process_group("gloo", init_method=f"file://{store}", rank=rank, world_size=world)
    Trainer(args, shape, tasks, rank, world).train()
    if world > 1:
        dist.destroy_process_group()


def train(args: argparse.Namespace, shape: Shape, tasks: dict[str, float] | None) -> Path:
    """Trains in `args.out`, or goes on there. Returns the folder, which then is a checkpoint that the server loads."""
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    if args.init and not (out / "words.json").exists():
        for name in ("tokenizer.json", "tokenizer_config.json", "chat_template.jinja"):
            shutil.copy(args.init / name, out)
        (out / "words.json").write_text(json.dumps(tokenizers_of_ours.words_of(out / "tokenizer.json")))
    room = min(args.words, shape.vocab - tokenizers_of_ours.FIRST_WORD)
    if not (out / "words.json").exists() or len(json.loads((out / "words.json").read_text())) < room:
        make_tokenizer(out, room, args.seed, tasks)
    world = 1 if torch.cuda.is_available() else args.processes
    if world == 1:
        process(0, 1, "", args, shape, tasks)
    else:
        with tempfile.TemporaryDirectory() as folder:
            torch.multiprocessing.spawn(process, (world, f"{folder}/store", args, shape, tasks), nprocs=world)
    return out


def smoke(args: argparse.Namespace) -> int:
    """Trains a small model on two tasks and checks the floor. Returns the exit status."""
    from training.evaluate import Greedy, evaluate  # the engine is needed for this alone

    args.out, args.minutes, args.compile, args.row_length = args.out.with_name("smoke"), 8.0, False, 256
    shutil.rmtree(args.out, ignore_errors=True)
    folder = train(
        args, Shape(pattern="M-M*-M*-", hidden=128, intermediate=512, heads=4, kv_heads=2, mamba_heads=8), SMOKE_TASKS
    )
    cells = evaluate(Greedy(folder, 64, 200), [TASKS[t] for t in SMOKE_TASKS], "problems", "full", 100, 7, 1)
    for name, cell in cells.items():
        print(f"{name}: {cell.score:.0f} % of {cell.asked} held-out problems, floor {SMOKE_FLOOR} %")
    return 0 if all(cell.score >= SMOKE_FLOOR for cell in cells.values()) else 1


def parse() -> argparse.Namespace:
    p = argparse.ArgumentParser(
        prog="python -m training.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument(
        "--out", type=Path, default=Path("runs/mini"), help="folder of the run; an existing one is continued"
    )
    p.add_argument(
        "--minutes", type=float, default=120, help="training time, compilation not counted; the rate falls over it"
    )
    p.add_argument("--seed", type=int, default=1)
    p.add_argument(
        "--init", type=Path, help="folder of a checkpoint made by this script: start from its weights and words"
    )
    p.add_argument("--mix", type=Path, help="JSON of task name to share; the tasks' own weights without it")
    p.add_argument(
        "--words", type=int, default=1 << 20, help="words in the vocabulary; raise it to grow a run's vocabulary"
    )
    p.add_argument("--processes", type=int, default=os.cpu_count() or 1, help="on a CPU: one per core")
    p.add_argument(
        "--micro-rows", type=int, default=3, help="rows per forward pass: few, so that activations stay in cache"
    )
    p.add_argument("--micro-batches", type=int, default=4, help="forward passes per step, shared among the processes")
    p.add_argument("--row-length", type=int, default=ROW_LENGTH)
    p.add_argument("--muon-lr", type=float, default=8e-3)
    p.add_argument("--adam-lr", type=float, default=5e-3)
    p.add_argument("--warm-up", type=float, default=0.02, help="share of the time")
    p.add_argument("--save-every", type=float, default=120, help="seconds")
    p.add_argument(
        "--no-compile", dest="compile", action="store_false", help="skip torch.compile (it needs a C++ compiler)"
    )
    p.add_argument("--smoke", action="store_true", help="the short proof on two tasks")
    return p.parse_args()


if __name__ == "__main__":
    arguments = parse()
    if arguments.smoke:
        sys.exit(smoke(arguments))
    train(arguments, Shape(), json.loads(arguments.mix.read_text()) if arguments.mix else None)
