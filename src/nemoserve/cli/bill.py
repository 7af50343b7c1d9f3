"""`nemoserve bill`: a month's bill as a table, CSV or JSON. Knows the terminal; every figure is the ledger's."""

from __future__ import annotations

import time
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
    ledger,
    one_form,
    print_table,
)

if TYPE_CHECKING:
    from nemoserve.ledger.bill import BillRow

_COUNTS = ("requests", "prompt_tokens", "completion_tokens", "reasoning_tokens")
_PICO = 10**12
_PICO_PER_NANO = 1000


def bill(
    month: Annotated[str | None, typer.Option(help="Such as 2026-11, in UTC. Default: the month under way")] = None,
    by: Annotated[
        list[str] | None,
        typer.Option(
            help="owner, tags, tag:NAME, provider, model, key, app, user, session, day or hour; repeat it. Default: owner, tags, provider"
        ),
    ] = None,
    csv: Csv = False,
    json: Json = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
) -> None:
    """Show what a month cost, how much of it was thinking, and what was saved."""
    one_form(json, csv)
    from nemoserve.ledger import bill as bills
    from nemoserve.ledger.periods import iso
    from nemoserve.ledger.reports import key_names

    month = month or iso(time.time_ns() // 1_000_000)[:7]
    groups = tuple(by or bills.BY)
    with ledger(data_dir, database_url) as database, database.read() as connection:
        rows, names = bills.bill(connection, month, groups), key_names(connection)
    if json:
        _print_json(month, groups, rows, names)
    elif csv:
        _print_csv(groups, rows, names)
    elif rows:
        _print_table(month, groups, rows, names)
    else:
        typer.echo(f"Nothing was used in {month}.")


def _print_json(month: str, by: tuple[str, ...], rows: list[BillRow], names: dict[str, str]) -> None:
    import msgspec

    from nemoserve.ledger.bill import total
    from nemoserve.types.money import dollars

    def figures(row: BillRow) -> dict[str, object]:
        return {
            **{name: getattr(row, name) for name in _COUNTS},
            "cost": dollars(row.cost),
            "cost_nano": row.cost,
            "reasoning_cost": row.reasoning_cost_pico / _PICO,
            "reasoning_share": row.reasoning_share,
            "saved_by_local_serving": dollars(row.saved_locally),
            "saved_by_budgets_estimate": row.saved_by_budgets_pico / _PICO,
        }

    body = {
        "month": month,
        "by": by,
        "data": [{**group_json(by, row.group, names), **figures(row)} for row in rows],
        "total": figures(total(rows)),
    }
    typer.echo(msgspec.json.encode(body).decode())


def _print_csv(by: tuple[str, ...], rows: list[BillRow], names: dict[str, str]) -> None:
    from nemoserve.ledger.sheet import amount, csv_text

    table = [
        {
            **dict(zip(by, group_texts(by, row.group, names), strict=True)),
            **{name: getattr(row, name) for name in _COUNTS},
            "cost": amount(row.cost),
            "reasoning_cost": amount(row.reasoning_cost_pico, _PICO),
            "saved_by_local_serving": amount(row.saved_locally),
            "saved_by_budgets_estimate": amount(row.saved_by_budgets_pico, _PICO),
        }
        for row in rows
    ]
    money = ("cost", "reasoning_cost", "saved_by_local_serving", "saved_by_budgets_estimate")
    typer.echo(csv_text((*by, *_COUNTS, *money), table), nl=False)


def _print_table(month: str, by: tuple[str, ...], rows: list[BillRow], names: dict[str, str]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from nemoserve.ledger.bill import total

    def figures(row: BillRow) -> list[str]:
        return [
            *(f"{getattr(row, name):,}" for name in _COUNTS),
            dollars_text(row.cost),
            f"{row.reasoning_share:.0%}",
            dollars_text(row.saved_locally),
            f"~{dollars_text(row.saved_by_budgets_pico // _PICO_PER_NANO)}",
        ]

    table = Table(box=None, pad_edge=False, show_footer=True, footer_style="bold")
    headings = ("requests", "prompt", "completion", "thinking", "cost", "for thinking", "saved locally", "by budgets")
    for place, name in enumerate(by):
        table.add_column(name, "total" if place == 0 else "", no_wrap=True)
    for heading, footer in zip(headings, figures(total(rows)), strict=True):
        table.add_column(heading, footer, justify="right", no_wrap=True)
    for row in rows:
        table.add_row(*map(escape, map(cell, group_texts(by, row.group, names))), *figures(row))
    console = Console(highlight=False)
    console.print(f"[bold]Bill for {month}[/] (UTC)\n")
    print_table(console, table)
    console.print(
        "\nSaved locally: what the cheapest hosted provider would have charged, less the cost. "
        "By budgets: an estimate of what thinking that was cut would have cost at its usual length.",
        style="bright_black",
    )
