"""`nemoserve pull`: a checkpoint from the hub, whole, checked and pinned. Knows the terminal; the download is `backends/local/hub.py`'s."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nemoserve.backends.local.hub import Unreachable


def pull(
    model: Annotated[
        str, typer.Argument(metavar="ID", help="A model on the hub: author/name, or author/name@revision.")
    ],
    file: Annotated[
        str | None,
        typer.Option("--file", help="One file of it, such as a GGUF; all its parts, if it is cut into several."),
    ] = None,
    revision: Annotated[
        str | None, typer.Option("--revision", help="A branch, tag or commit. Default: the newest of the main branch")
    ] = None,
) -> None:
    """Download a model from the hub into its cache; run again, it goes on where it was cut off."""
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from nemoserve.backends.local.checkpoint import CheckpointError
    from nemoserve.backends.local.hub import Unreachable, choose, fetch, look, shown

    name, _, pinned = model.partition("@")
    try:
        if pinned and revision:
            raise CheckpointError(f"The revision is given twice: {pinned} and {revision}.")
        repository = look(name, revision or pinned or None)
        files = choose(repository, file)
        size = shown(sum(each.size for each in files))
        count = "1 file" if len(files) == 1 else f"{len(files)} files"
        typer.echo(f"{name} at {repository.commit}: {count}, {size}", err=True)
        with Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            DownloadColumn(),
            TransferSpeedColumn(),
            TimeRemainingColumn(),
            console=Console(stderr=True),
            disable=not sys.stderr.isatty(),
        ) as progress:
            tasks: dict[str, TaskID] = {}

            def report(part: str, done: int, total: int) -> None:
                if part not in tasks:
                    tasks[part] = progress.add_task(escape(part), total=total)
                progress.update(tasks[part], completed=done)

            folder = fetch(repository, files, report)
    except Unreachable as error:
        _offer(name, revision or pinned or None, file, error)
        return
    except CheckpointError as error:
        typer.echo(f"nemoserve: {error}", err=True)
        raise typer.Exit(1) from None
    typer.echo(f"Complete, and every checksum is right: {folder}", err=True)
    weights = next((each for each in files if each.name.endswith(".gguf")), None)
    served = f"{name}@{repository.commit}" if weights is None else str(folder / weights.name)
    typer.echo(f"nemoserve serve --model {served}")


def _offer(name: str, revision: str | None, file: str | None, error: Unreachable) -> None:
    """Says that the model is here, though the hub cannot be asked; exits with 1 if it is not, or not whole."""
    from huggingface_hub.constants import HF_HUB_CACHE

    from nemoserve.backends.local.shelf import cached

    first = re.sub(r"-\d{5}-of-", "-00001-of-", file or "")
    wanted = re.compile(rf".*/snapshots/[^/]+/{re.escape(first)}" if file else ".*")
    found = [one for one in cached(Path(HF_HUB_CACHE), name, revision) if wanted.fullmatch(one.where)]
    broken = next((one.problem for one in found if one.problem), "")
    if not found or broken:
        said = f"{name} is in the hub's cache, but {broken}; and the hub cannot be reached." if broken else error
        typer.echo(f"nemoserve: {said}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{name} is here already, whole; the hub cannot be reached to ask for a newer one.", err=True)
    for one in found:
        typer.echo(f"nemoserve serve --model {one.where}")
