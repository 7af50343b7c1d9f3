"""What commands on the ledger share: options, the database, how figures are shown. Knows no report.

Nothing heavy is imported when this is, so that `nemoserve --help` answers at once.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nemoserve.cli.audit import DatabaseUrl, DataDir, Json

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table
    from sqlalchemy import Connection

    from nemoserve.ledger.selection import Group
    from nemoserve.storage.database import Database

Csv = Annotated[bool, typer.Option("--csv", help="Print CSV, for spreadsheets.")]

__all__ = [
    "Csv", "DataDir", "DatabaseUrl", "Json", "cell", "dollars_text", "group_json", "group_texts", "keys_called", "ledger",
    "one_form", "print_table", "tags_of",
]  # fmt: skip

NONE = "(none)"
_SHORT = 8
_WIDEST = 1000
_LONGEST = 60
"""Characters of a name in a table."""


@contextmanager
def ledger(data_dir: Path | None, database_url: str | None) -> Generator[Database]:
    """The database that the options name. What fails in the block ends the program with one sentence and status 1."""
    from sqlalchemy.exc import SQLAlchemyError

    from nemoserve.access.keytext import redacted
    from nemoserve.config.settings import default_data_dir
    from nemoserve.storage.database import FILE, Database, StorageError

    file = (data_dir or default_data_dir()) / FILE
    try:
        if database_url is None and not file.exists():
            raise StorageError(f"There is no ledger at {file}; name the server's folder with --data-dir.")
        database = Database.open(database_url or file)
        try:
            yield database
        finally:
            database.close()
    except (StorageError, SQLAlchemyError, ValueError, OSError) as error:
        typer.echo(f"nemoserve: {redacted(str(error).splitlines()[0])}", err=True)
        raise typer.Exit(1) from None


def one_form(json: bool, csv: bool) -> None:
    """Refuses both forms together."""
    if json and csv:
        raise typer.BadParameter("--json and --csv cannot be had together")


def keys_called(connection: Connection, what: str) -> tuple[str, ...]:
    """The ids of the keys that a person means. Raises ValueError if there are none."""
    from nemoserve.ledger.reports import find_keys

    found = find_keys(connection, what)
    if not found:
        raise ValueError(f"There is no key called {what[:80]!r}.")
    return found


def tags_of(given: Sequence[str]) -> dict[str, str]:
    """`team=search` and so on, by name. Raises ValueError for what is no tag, and for a name with two values."""
    tags: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        if not equals:
            raise ValueError(f"--tag: expected NAME=VALUE, such as team=search, got {text[:80]!r}.")
        if tags.setdefault(name, value) != value:
            raise ValueError(f"--tag: {name[:80]!r} has two values, {tags[name][:80]!r} and {value[:80]!r}; give one.")
    return tags


def group_json(by: Sequence[str], group: Group, names: dict[str, str]) -> dict[str, object]:
    """A group's values by dimension; null where there is none. Tags are an object, keys have their name beside them."""
    import msgspec

    shown: dict[str, object] = {}
    for name, value in zip(by, group, strict=True):
        shown[name] = msgspec.json.decode(value or "{}") if name == "tags" else value
        if name == "key":
            shown["key_name"] = names.get(value or "")
    return shown


def group_texts(by: Sequence[str], group: Group, names: dict[str, str]) -> list[str]:
    """A group's values as a person reads them. What a terminal might take for a command, or for the other direction, is not in it."""
    import msgspec

    texts: list[str] = []
    for name, value in zip(by, group, strict=True):
        if name == "tags" and value:
            tags = msgspec.json.decode(value, type=dict[str, str])
            value = ", ".join(f"{tag}={of}" for tag, of in tags.items())
        elif name == "key" and value:
            value = f"{names[value]} ({value[:_SHORT]})" if value in names else value
        texts.append("".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in value or NONE))
    return texts


def cell(text: str) -> str:
    """A text as it stands in a table: clients name users and sessions as they like, and no name may push the figures away."""
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"


def dollars_text(nano: int) -> str:
    """`$1.2346`: four decimals, or as many as it takes to see something."""
    from nemoserve.types.money import NANO

    amount = nano / NANO
    return f"{'-' if nano < 0 else ''}${abs(amount):,.4f}" if abs(amount) >= 0.0001 or not nano else f"${amount:.9f}"


def print_table(console: Console, table: Table) -> None:
    """The whole table, however narrow the terminal: a figure that is cut short is wrong."""
    from rich.measure import Measurement

    wide = console.options.update(max_width=_WIDEST)
    wanted, width = Measurement.get(console, wide, table).maximum, console.width
    console.width = max(wanted, width)
    console.print(table)
    console.width = width
