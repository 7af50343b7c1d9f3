"""`nemoserve convert`: a quantised copy of a checkpoint. Knows the options; the work is done in a process that has tensors."""

from __future__ import annotations

import importlib.util
import os
import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer


class To(StrEnum):
    """Bits of a quantised weight."""

    int8 = "int8"
    int4 = "int4"


class Part(StrEnum):
    """What becomes of one kind of weight."""

    int8 = "int8"
    int4 = "int4"
    keep = "keep"


def convert(
    folder: Annotated[str, typer.Argument(help="A checkpoint folder, a GGUF file, a hub id, or nemoserve/mini")],
    out: Annotated[Path, typer.Argument(help="The folder to write; it must not be there yet")],
    to: Annotated[To, typer.Option(help="Bits of the weights in the blocks.")],
    group: Annotated[int, typer.Option(min=32, help="Columns that share a scale: a multiple of 32.")] = 32,
    mamba: Annotated[Part | None, typer.Option(help="The Mamba-2 layers' projections. Default: as --to")] = None,
    attention: Annotated[Part | None, typer.Option(help="The attention layers' projections. Default: as --to")] = None,
    mlp: Annotated[Part | None, typer.Option(help="The MLPs and experts. Default: as --to")] = None,
    head: Annotated[Part | None, typer.Option(help="The head. Default: int8")] = None,
    embeddings: Annotated[Part | None, typer.Option(help="The embeddings. Default: int8")] = None,
    loss: Annotated[
        float,
        typer.Option(
            help="Most points of accuracy, or of perplexity, that 4 bits may cost: the weights that lose most get 8 until it holds."
        ),
    ] = 1.0,
    calibrate: Annotated[
        bool, typer.Option(help="Round so that errors on sample texts cancel; slower, and better with 4 bits.")
    ] = True,
    evaluate: Annotated[
        bool, typer.Option(help="Say how the logits differ, and the accuracy or perplexity before and after.")
    ] = True,
) -> None:
    """Write a quantised copy of a checkpoint (int8 or int4 weights), and say what that costs."""
    from nemoserve.backends.local.checkpoint import CheckpointError
    from nemoserve.backends.local.resolve import resolve
    from nemoserve.config.settings import default_data_dir

    if importlib.util.find_spec("torch") is None:
        typer.echo("nemoserve: converting needs the engine: pip install 'nemoserve[local]'", err=True)
        raise typer.Exit(1)
    try:
        _, found = resolve(folder, default_data_dir())
    except CheckpointError as error:
        typer.echo(f"nemoserve: {error}", err=True)
        raise typer.Exit(1) from None
    command = [sys.executable, "-m", "nemoserve.convert", str(found), str(out), f"--to={to.value}", f"--group={group}"]
    parts = {"mamba": mamba, "attention": attention, "mlp": mlp, "head": head, "embeddings": embeddings}
    command += [f"--{name}={part.value}" for name, part in parts.items() if part is not None]
    command.append(f"--loss={loss}")
    command += [] if calibrate else ["--no-calibration"]
    command += [] if evaluate else ["--no-evaluation"]
    # In this one's place: whoever ends the one ends the other.
    os.execv(sys.executable, command)  # noqa: S606
