"""Averages the weights of runs that went on from each other: `python -m training.average A B … OUT`.

The mean of such runs is often better than each of them (Wortsman et al. 2022, "Model soups"): what each learnt stays, part of
what the last steps' rates shook loose does not.
"""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

_CHECKPOINT = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)


def average(runs: Sequence[Path], out: Path, shares: Sequence[float] | None = None) -> None:
    """Writes a checkpoint folder (bfloat16) from runs, or checkpoints, with the same words; `shares` add up to 1, None: equal ones.

    Raises KeyError if they have different tensors.
    """
    states = [_weights(run) for run in runs]
    if any(state.keys() != states[0].keys() for state in states):
        raise KeyError("the runs have different tensors")
    shares = shares or [1 / len(runs)] * len(runs)
    mean = {
        name: sum((share * state[name].float() for share, state in zip(shares, states, strict=True)), torch.tensor(0.0))
        for name in states[0]
    }
    out.mkdir(parents=True, exist_ok=True)
    for name in _CHECKPOINT:
        shutil.copy(runs[-1] / name, out)
    tensors = {name: w.to(torch.bfloat16).contiguous() for name, w in mean.items()}
    save_file(tensors, out / "model.safetensors", metadata={"format": "pt"})


def _weights(run: Path) -> dict[str, torch.Tensor]:
    """A run's own, in float32; those of a checkpoint that is no run, as they lie in it."""
    if (run / "state.pt").exists():
        return torch.load(run / "state.pt", map_location="cpu", weights_only=True)["model"]
    return load_file(run / "model.safetensors")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m training.average", description=__doc__)
    parser.add_argument("runs", type=Path, nargs="+", help="folders of runs, two or more")
    parser.add_argument("out", type=Path)
    parser.add_argument("--shares", type=float, nargs="+", help="of each run; equal ones without it")
    args = parser.parse_args()
    average(args.runs, args.out, args.shares)
