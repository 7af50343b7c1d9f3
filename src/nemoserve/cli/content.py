"""`nemoserve content`: deletes prompts and replies that were kept. Knows the options; deletion is the ledger's."""

from __future__ import annotations

import time
from typing import Annotated

import typer

from nemoserve.cli.ledger import DatabaseUrl, DataDir, Json, keys_called, ledger

app = typer.Typer(
    name="content",
    help="Prompts and replies that keys asked to keep.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


@app.callback()
def content() -> None:
    """Prompts and replies that keys asked to keep."""


@app.command()
def delete(
    generation: Annotated[str | None, typer.Option("--id", help="One generation's id.")] = None,
    key: Annotated[str | None, typer.Option(help="A key's hash, its first characters, or the key's name.")] = None,
    before: Annotated[str | None, typer.Option(help="Older than 30d, or than a day such as 2026-11-21; UTC.")] = None,
    everything: Annotated[bool, typer.Option("--all", help="Whatever is kept; makes the file smaller.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Delete content for good, bytes and all. The ledger's lines stay. --key and --before together mean both."""
    chosen = [generation is not None, key is not None or before is not None, everything]
    if sum(chosen) != 1:
        raise typer.BadParameter("say which: --id, --key and/or --before, or --all")
    import msgspec

    from nemoserve.ledger.content import delete_all, delete_of, delete_one
    from nemoserve.ledger.periods import instant

    with ledger(data_dir, database_url) as database:
        if everything:
            gone = delete_all(database)
        elif generation is not None:
            gone = int(delete_one(database, generation))
        else:
            keys = None
            if key is not None:
                with database.read() as connection:
                    keys = keys_called(connection, key)
            now = time.time_ns() // 1_000_000
            gone = delete_of(database, keys=keys, before=None if before is None else instant(before, now))
    generations = "generation" if gone == 1 else "generations"
    typer.echo(
        msgspec.json.encode({"deleted": gone}).decode() if json else f"Deleted the content of {gone} {generations}."
    )
