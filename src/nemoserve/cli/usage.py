"""`nemoserve usage`: what was used, as a table, a plot in the terminal, CSV or JSON. Knows the terminal; the sums are the ledger's."""

from __future__ import annotations

import time
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from nemoserve.cli.ledger import (
    Csv,
    DatabaseUrl,
    DataDir,
    Json,
    cell,
    dollars_text,
    group_json,
    group_texts,
    keys_called,
    ledger,
    one_form,
    print_table,
    tags_of,
)

if TYPE_CHECKING:
    from nemoserve.ledger.reports import Used
    from nemoserve.ledger.selection import Selection

_FIGURES = ("requests", "prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens")
_BAR = 40
_MOST_BARS = 62
"""Older days are not drawn."""


class Plot(StrEnum):
    """What is drawn."""

    tokens = "tokens"
    cost = "cost"
    none = "none"


def usage(
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="model, provider, key, owner, app, user, session, tags, tag:NAME, day or hour; repeat it. Default: model"
        ),
    ] = None,
    since: Annotated[str, typer.Option(help="7d, 24h, a day such as 2026-11-21, or an instant; UTC.")] = "30d",
    until: Annotated[str | None, typer.Option(help="The same; what begins then is not counted. Default: now")] = None,
    key: Annotated[str | None, typer.Option(help="A key's hash, its first characters, or the key's name.")] = None,
    owner: Annotated[str | None, typer.Option(help="Whose keys.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="NAME=VALUE, such as team=search; repeat it.")] = None,
    app: Annotated[str | None, typer.Option(help="An app's URL or title.")] = None,
    user: Annotated[str | None, typer.Option(help="The requests' `user`.")] = None,
    session: Annotated[str | None, typer.Option(help="The requests' session.")] = None,
    model: Annotated[str | None, typer.Option(help="A model's id.")] = None,
    provider: Annotated[str | None, typer.Option(help="Who served it.")] = None,
    plot: Annotated[Plot, typer.Option(help="What is drawn below the table, by day or hour.")] = Plot.tokens,
    csv: Csv = False,
    json: Json = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show what was used: requests, tokens and cost."""
    one_form(json, csv)
    from nemoserve.ledger.periods import DAY_MS, instant
    from nemoserve.ledger.reports import key_names
    from nemoserve.ledger.reports import usage as used
    from nemoserve.ledger.selection import Selection

    now = time.time_ns() // 1_000_000
    with ledger(data_dir, database_url) as database, database.read() as connection:
        which = Selection(
            since=instant(since, now),
            until=now + 1 if until is None else instant(until, now),
            keys=None if key is None else keys_called(connection, key),
            owner=owner,
            app=app,
            user=user,
            session=session,
            model=model,
            provider=provider,
            tags=tags_of(tag or ()),
        )
        groups = tuple(by or ("model",))
        lines, names = used(connection, groups, which), key_names(connection)
        assert which.since is not None and which.until is not None
        unit = "hour" if which.until - which.since <= 2 * DAY_MS else "day"
        drawn = [] if json or csv or plot is Plot.none else used(connection, (unit,), which)
    if json:
        _print_json(groups, lines, names, which)
    elif csv:
        _print_csv(groups, lines, names)
    else:
        if not lines:
            typer.echo("Nothing was used in that time.")
            return
        _print_table(groups, lines, names)
        if any(_height(line, plot) for line in drawn):
            _print_plot(drawn, plot, unit)


def _print_json(by: tuple[str, ...], lines: list[Used], names: dict[str, str], which: Selection) -> None:
    import msgspec

    from nemoserve.ledger.periods import iso
    from nemoserve.ledger.reports import total
    from nemoserve.types.money import dollars

    def figures(line: Used) -> dict[str, object]:
        return {**{name: getattr(line, name) for name in _FIGURES}, "cost": dollars(line.cost)}

    assert which.since is not None and which.until is not None
    body = {
        "since": iso(which.since),
        "until": iso(which.until),
        "by": by,
        "data": [{**group_json(by, line.group, names), **figures(line)} for line in lines],
        "total": figures(total(lines)),
    }
    typer.echo(msgspec.json.encode(body).decode())


def _print_csv(by: tuple[str, ...], lines: list[Used], names: dict[str, str]) -> None:
    from nemoserve.ledger.sheet import amount, csv_text

    rows = [
        {
            **dict(zip(by, group_texts(by, line.group, names), strict=True)),
            **{name: getattr(line, name) for name in _FIGURES},
            "cost": amount(line.cost),
        }
        for line in lines
    ]
    typer.echo(csv_text((*by, *_FIGURES, "cost"), rows), nl=False)


def _print_table(by: tuple[str, ...], lines: list[Used], names: dict[str, str]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from nemoserve.ledger.reports import total

    table = Table(box=None, pad_edge=False, show_footer=True, footer_style="bold")
    whole = total(lines)
    for place, name in enumerate(by):
        table.add_column(name, "total" if place == 0 else "", no_wrap=True)
    for name in _FIGURES:
        heading = name.removesuffix("_tokens").replace("reasoning", "thinking")
        table.add_column(heading, f"{getattr(whole, name):,}", justify="right", no_wrap=True)
    table.add_column("cost", dollars_text(whole.cost), justify="right", no_wrap=True)
    for line in lines:
        figures = (f"{getattr(line, name):,}" for name in _FIGURES)
        table.add_row(*map(escape, map(cell, group_texts(by, line.group, names))), *figures, dollars_text(line.cost))
    print_table(Console(highlight=False), table)


def _print_plot(lines: list[Used], plot: Plot, unit: str) -> None:
    from rich.bar import Bar
    from rich.console import Console
    from rich.table import Table

    heights = {line.group[0] or "": _height(line, plot) for line in lines}
    highest = max(heights.values())
    table = Table(box=None, pad_edge=False, show_header=False)
    for name in _without_gaps(list(heights), unit)[-_MOST_BARS:]:
        height = heights.get(name, 0)
        shown = dollars_text(height) if plot is Plot.cost else f"{height:,}"
        table.add_row(name, Bar(highest, 0, height, width=_BAR, color="green"), shown)
    console = Console(highlight=False)
    console.print(f"\n[bold]{'Cost' if plot is Plot.cost else 'Tokens'} per {unit}[/]")
    console.print(table)


def _without_gaps(names: list[str], unit: str) -> list[str]:
    """All days or hours from the first to the last."""
    from nemoserve.ledger.periods import DAY_MS, HOUR_MS, day_name, hour_name, instant

    step, name = (DAY_MS, day_name) if unit == "day" else (HOUR_MS, hour_name)
    first, last = instant(min(names), 0) // step, instant(max(names), 0) // step
    return [name(number) for number in range(max(first, last - _MOST_BARS), last + 1)]


def _height(line: Used, plot: Plot) -> int:
    return line.cost if plot is Plot.cost else line.prompt_tokens + line.completion_tokens
