"""`nemoserve audit`: checks and shows the log of changes. Knows its options; the chain is `access.audit`'s."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated, cast

import typer

app = typer.Typer(
    name="audit",
    help="The log of all changes to keys, limits and the server's settings.",
    no_args_is_help=True,
    rich_markup_mode=None,
)

DataDir = Annotated[Path | None, typer.Option(help="The server's folder. Default: ~/.local/share/nemoserve")]
DatabaseUrl = Annotated[
    str | None,
    typer.Option(envvar="NEMOSERVE_DATABASE_URL", help="postgresql://…, if the server does not use its folder's own."),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON, for scripts.")]


@app.command()
def verify(data_dir: DataDir = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Check that no row was changed, moved, taken out or cut off. Status 1 if one was."""
    import msgspec

    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store:
        verdict = store.audit.verify(store.database)
    typer.echo(msgspec.json.encode(verdict).decode() if json else verdict.message)
    if not verdict.intact:
        raise typer.Exit(1)


@app.command()
def show(
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
    limit: Annotated[int, typer.Option(min=1, help="How many rows, the newest first.")] = 50,
) -> None:
    """Show who changed what, the newest first."""
    from rich.markup import escape
    from rich.table import Table

    from nemoserve.cli.keys_shown import console
    from nemoserve.cli.ledger import print_table
    from nemoserve.cli.store import opened
    from nemoserve.http.wire_keys import iso

    with opened(data_dir, database_url) as store:
        entries = store.audit.entries(store.database, limit=limit)
    if json:
        import msgspec

        data = [{**msgspec.to_builtins(entry), "at": iso(entry.at)} for entry in entries]
        typer.echo(msgspec.json.encode({"data": data}).decode())
        return
    table = Table(box=None, pad_edge=False)
    for title in ("row", "when", "who", "what", "of", "detail"):
        table.add_column(title, overflow="fold", no_wrap=title in ("row", "when", "of"))
    for entry in entries:
        cells = (str(entry.seq), iso(entry.at), entry.actor, entry.action, entry.resource[:8], _told(entry.detail))
        table.add_row(*(escape(cell) for cell in cells))
    if sys.stdout.isatty():
        console().print(table)
    else:
        print_table(console(), table)


def _told(detail: dict[str, object]) -> str:
    """What a change set, in words: `owner ada → bob, limit USD 5`; what a new key has not set is left out."""
    parts: list[str] = []
    for name, value in detail.items():
        if isinstance(value, list):
            old, new = cast("list[object]", value)
            parts.append(f"{name} {_word(name, old)} → {_word(name, new)}")
        elif isinstance(value, dict) and name == "limits":
            parts += _set(cast("dict[str, object]", value))
        elif name != "updated_at":
            parts += _set({name: value})
    return ", ".join(parts)


def _set(fields: dict[str, object]) -> list[str]:
    return [
        f"{name} {_word(name, value)}"
        for name, value in fields.items()
        if value not in (None, "", {}) and value is not False
    ]


def _word(name: str, value: object) -> str:
    from nemoserve.http.wire_keys import iso
    from nemoserve.types.money import decimal

    if value in (None, "", {}):
        return "none"
    match value:
        case bool():
            return "yes" if value else "no"
        case int() if name == "limit":
            return f"USD {decimal(value)}"
        case int() if name.endswith("_at"):
            return iso(value)
        case list():
            return " ".join(map(str, cast("list[object]", value)))
        case dict():
            return " ".join(f"{key}={text}" for key, text in cast("dict[str, object]", value).items())
        case _:
            return str(value)
