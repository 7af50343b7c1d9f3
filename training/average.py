"""Averages the weights of two runs of which one went on from the other: `python -m training.average A B OUT`.

The mean of two such runs is often better than either (Wortsman et al. 2022, "Model soups"): what each learnt stays, part of
what the last steps' rates shook loose does not.
"""

from __future__ import annotations

import argparse
import shutil
from pathlib import Path

import torch
from safetensors.torch import save_file

_CHECKPOINT = (
    "config.json",
    "generation_config.json",
    "tokenizer.json",
    "tokenizer_config.json",
    "chat_template.jinja",
)


def average(first: Path, second: Path, out: Path) -> None:
    """Writes a checkpoint folder (bfloat16) from the states of two runs with the same words. Raises KeyError if they differ."""
    states = [torch.load(run / "state.pt", map_location="cpu", weights_only=True)["model"] for run in (first, second)]
    if states[0].keys() != states[1].keys():
        raise KeyError("the runs have different tensors")
    mean = {name: ((w.float() + states[1][name].float()) / 2).to(torch.bfloat16) for name, w in states[0].items()}
    out.mkdir(parents=True, exist_ok=True)
    for name in _CHECKPOINT:
        shutil.copy(second / name, out)
    save_file({name: w.contiguous() for name, w in mean.items()}, out / "model.safetensors", metadata={"format": "pt"})


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m training.average", description=__doc__)
    for name in ("first", "second", "out"):
        parser.add_argument(name, type=Path)
    args = parser.parse_args()
    average(args.first, args.second, args.out)
