"""Trains the embedded model from scratch: seeded, resumable, with a progress bar and a loss plot. `--help` lists the knobs.

`python -m training.train --out runs/mini --minutes 120` trains; stop it at any time and run the same line to go on.
`python -m training.train --smoke` is the short proof: two tasks, a small model, a stated floor.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import random
import shutil
import sys
import time
from pathlib import Path

import torch
import torch.nn.functional as F
from safetensors.torch import save_file
from tokenizers import Tokenizer
from torch import Tensor
from tqdm import tqdm

from training import tokenizer as tokenizers_of_ours
from training.chat import TEMPLATE_FILE, render_prompt, render_reply
from training.model import NemotronH, Shape
from training.optimizer import optimizers
from training.stream import Stream, batch, dressed
from training.tasks import TASKS

SMOKE_TASKS = {"spell": 1.0, "count_length": 1.0}
SMOKE_FLOOR = 60
CONTEXT = 4096
ROW_LENGTH = 384
GENERATION = {"do_sample": True, "temperature": 0.6, "top_p": 0.95, "bos_token_id": 1, "eos_token_id": [2, 11, 12], "pad_token_id": 0}


def make_tokenizer(folder: Path, words: int, seed: int, tasks: dict[str, float] | None, samples: int = 12000) -> Tokenizer:
    """Learns the vocabulary from generated conversations, without the words that the spelling tasks are about."""
    rng = random.Random(seed)
    chosen = [TASKS[name] for name in (tasks or TASKS)]
    texts: list[str] = []
    for task in tqdm(chosen, desc="words", leave=False):
        for _ in range(samples // len(chosen)):
            example = dressed(task.sample(rng, "train"), rng, None)
            texts.append(render_prompt(example.messages, example.tools, rng.random() < 0.8) + render_reply(example, True))
    found = tokenizers_of_ours.frequent_words(texts, words)
    return tokenizers_of_ours.build(found, folder, TEMPLATE_FILE.read_text(), CONTEXT)


def export(model: NemotronH, folder: Path) -> None:
    """Writes config.json, generation_config.json and model.safetensors (bfloat16) into `folder`."""
    special = {"<unk>": 0, "<s>": 1, "<SPECIAL_12>": 12}
    (folder / "config.json").write_text(json.dumps(model.s.config(special, CONTEXT), indent=2) + "\n")
    (folder / "generation_config.json").write_text(json.dumps(GENERATION, indent=2) + "\n")
    tensors = {name: p.detach().to("cpu", torch.bfloat16).contiguous() for name, p in model.state_dict().items()}
    part = folder / "model.safetensors.part"
    save_file(tensors, part, metadata={"format": "pt"})
    os.replace(part, folder / "model.safetensors")


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
    """Share of the peak rate after `done` (0 to 1) of the budget: linear warm-up, flat, then a linear fall over the last 45 %."""
    if done < warm_up:
        return max(done / warm_up, 0.02)
    return 1.0 if done < 0.55 else max(0.02, (1 - done) / 0.45)


def train(args: argparse.Namespace, shape: Shape, weights: dict[str, float] | None) -> Path:
    out: Path = args.out
    out.mkdir(parents=True, exist_ok=True)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cpu":
        torch.set_num_threads(args.threads)
        # Decays across a document's border underflow; denormals would cost far more than they are worth.
        torch.set_flush_denormal(True)
    torch.manual_seed(args.seed)
    if (out / "tokenizer.json").exists():
        tokenizer = Tokenizer.from_file(str(out / "tokenizer.json"))
    else:
        tokenizer = make_tokenizer(out, shape.vocab - tokenizers_of_ours.FIRST_WORD, args.seed, weights)
    model = NemotronH(shape).to(device)
    optimizer = optimizers(model, args.muon_lr, args.adam_lr)
    state_file = out / "state.pt"
    step, tokens, elapsed, log = 0, 0, 0.0, []
    if state_file.exists():
        state = torch.load(state_file, map_location=device, weights_only=True)
        model.load_state_dict(state["model"])
        for o, s in zip(optimizer, state["optimizer"], strict=True):
            o.load_state_dict(s)
        step, tokens, elapsed, log = state["step"], state["tokens"], state["elapsed"], state["log"]
    if args.weights_file and args.weights_file.exists():
        weights = json.loads(args.weights_file.read_text())
    # The stream is seeded by the step it starts at: a resumed run sees fresh examples, and the same ones if resumed again.
    stream = Stream(tokenizer, args.seed * 1_000_003 + step, args.row_length, weights)
    rows = stream.rows()

    def loss_of(ids: Tensor, documents: Tensor, wanted: Tensor) -> Tensor:
        """Weighted sum over the tokens; `wanted` is 0 where the next token is another document's first."""
        with torch.autocast("cuda", torch.bfloat16, enabled=device.type == "cuda"):
            logits = model(ids, documents)[:, :-1]
        losses = F.cross_entropy(logits.flatten(0, 1).float(), ids[:, 1:].flatten(), reduction="none")
        return (losses * wanted.flatten()).sum()

    compiled = torch.compile(loss_of) if args.compile else loss_of
    budget = args.minutes * 60.0
    bar = tqdm(total=round(budget), initial=round(elapsed), unit="s", desc="training")
    started, saved, last = time.monotonic(), time.monotonic(), elapsed
    first_compiled = False
    while elapsed < budget and (args.max_steps == 0 or step < args.max_steps):
        parts = [batch(rows, args.micro_rows) for _ in range(args.micro_batches)]
        total = sum(w[:, 1:].sum().item() for _, _, w in parts)
        summed = 0.0
        for ids, documents, w in parts:
            ids, documents, w = ids.to(device), documents.to(device), w.to(device)
            wanted = w[:, 1:] * (documents[:, 1:] == documents[:, :-1])
            loss = compiled(ids, documents, wanted) / total
            loss.backward()
            summed += loss.item()
        if not first_compiled:  # compiling is not training: its minutes do not count
            first_compiled, started = True, time.monotonic() - 1.0
            elapsed_before = elapsed
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        share = rate(elapsed / budget, args.warm_up)
        for o, peak in zip(optimizer, (args.muon_lr, args.adam_lr), strict=True):
            for group in o.param_groups:
                group["lr"] = peak * share
            o.step()
        model.zero_grad(set_to_none=True)
        step += 1
        tokens += args.micro_rows * args.micro_batches * args.row_length
        elapsed = elapsed_before + time.monotonic() - started
        bar.update(round(elapsed) - round(last))
        last = elapsed
        if step % 10 == 0:
            log.append({"step": step, "tokens": tokens, "elapsed": elapsed, "loss": summed, "norm": norm.item(), "rate": share})
            bar.set_postfix(loss=f"{summed:.3f}", tokens=f"{tokens / 1e6:.2f}M", norm=f"{norm.item():.2f}")
        if time.monotonic() - saved > args.save_every or elapsed >= budget:
            saved = time.monotonic()
            state = {
                "model": model.state_dict(), "optimizer": [o.state_dict() for o in optimizer],
                "step": step, "tokens": tokens, "elapsed": elapsed, "log": log,
            }  # fmt: skip
            torch.save(state, out / "state.pt.part")
            os.replace(out / "state.pt.part", state_file)
            export(model, out)
            (out / "log.json").write_text(json.dumps(log))
            if len(log) > 1:
                plot(log, out / "loss.svg")
    bar.close()
    export(model, out)
    return out


def parse() -> argparse.Namespace:
    p = argparse.ArgumentParser(prog="python -m training.train", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--out", type=Path, default=Path("runs/mini"), help="folder of the run; an existing one is continued")
    p.add_argument("--minutes", type=float, default=120, help="training time, compilation not counted; the rate falls over it")
    p.add_argument("--seed", type=int, default=1)
    p.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    p.add_argument("--micro-rows", type=int, default=3, help="rows per forward pass: small enough that activations stay in cache")
    p.add_argument("--micro-batches", type=int, default=4, help="forward passes per step")
    p.add_argument("--row-length", type=int, default=ROW_LENGTH)
    p.add_argument("--muon-lr", type=float, default=8e-3)
    p.add_argument("--adam-lr", type=float, default=5e-3)
    p.add_argument("--warm-up", type=float, default=0.01, help="share of the time")
    p.add_argument("--max-steps", type=int, default=0)
    p.add_argument("--save-every", type=float, default=120, help="seconds")
    p.add_argument("--weights-file", type=Path, help="JSON of task name to share, read at the start: to shift the mix on resuming")
    p.add_argument("--no-compile", dest="compile", action="store_false", help="skip torch.compile (needs a C++ compiler)")
    p.add_argument("--smoke", action="store_true", help="the short proof on two tasks")
    return p.parse_args()


def smoke(args: argparse.Namespace) -> int:
    """Trains a small model on two tasks and checks the floor. Returns the exit status."""
    from training.evaluate import Greedy, evaluate  # the engine is needed for this alone

    args.out, args.minutes, args.compile, args.row_length = args.out.with_name("smoke"), 8.0, False, 256
    shutil.rmtree(args.out, ignore_errors=True)
    folder = train(args, Shape(pattern="M-M*-M*-", hidden=128, intermediate=512, heads=4, kv_heads=2, mamba_heads=8), SMOKE_TASKS)
    cells = evaluate(Greedy(folder, 64, 200), [TASKS[t] for t in SMOKE_TASKS], "problems", True, 100, 7, 1)
    for name, cell in cells.items():
        print(f"{name}: {cell.score:.0f} % of {cell.asked} held-out problems, floor {SMOKE_FLOOR} %")
    return 0 if all(cell.score >= SMOKE_FLOOR for cell in cells.values()) else 1


if __name__ == "__main__":
    arguments = parse()
    if arguments.smoke:
        sys.exit(smoke(arguments))
    train(arguments, Shape(), None)
