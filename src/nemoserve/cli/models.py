"""`nemoserve models`: what is served and what is known, as a table or JSON. Knows the terminal; the entries are the API's."""

from __future__ import annotations

import time
from decimal import Decimal
from typing import Annotated

import msgspec
import typer

from nemoserve.cli.audit import Json

DEFAULT_URL = "http://127.0.0.1:8000"


class _Pricing(msgspec.Struct, frozen=True):
    prompt: str
    completion: str


class _Row(msgspec.Struct, frozen=True):
    id: str
    context_length: int
    pricing: _Pricing
    status: str
    hugging_face_id: str = ""


def models(
    url: Annotated[
        str | None, typer.Option(help=f"A running server. Default: {DEFAULT_URL}, if one answers there.")
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", envvar="NEMOSERVE_API_KEY", help="The key, where the server asks for one.")
    ] = None,
    served: Annotated[bool, typer.Option("--served", help="Only what the server serves.")] = False,
    json: Json = False,
) -> None:
    """List the models: those that a running server serves, and all that are known, with context, price and hub id."""
    from nemoserve.cli.client import ServerError

    try:
        bodies = _bodies(url, key, served=served)
    except ServerError as error:
        typer.echo(f"nemoserve: {error}", err=True)
        raise typer.Exit(1) from None
    if json:
        typer.echo(msgspec.json.encode(bodies).decode())
    else:
        _print_table(msgspec.convert(bodies, list[_Row]))


def _bodies(url: str | None, key: str | None, *, served: bool) -> list[dict[str, object]]:
    from nemoserve.cli.client import Client, ServerError

    client = Client(url or DEFAULT_URL, key=key)
    try:
        if url is not None or client.alive():
            return client.described_models(everything=not served)
    finally:
        client.close()
    if served:
        raise ServerError(f"There is no server at {DEFAULT_URL}; start one, or name it with --url.")
    return _known()


def _known() -> list[dict[str, object]]:
    """The package's own knowledge, in the form of the API."""
    from nemoserve.catalogue.book import model_book
    from nemoserve.http.listing import Sources
    from nemoserve.http.wire_models import model_body
    from nemoserve.ledger.pricing import PriceBook

    book, prices, now = model_book(), PriceBook.load(), time.time_ns() // 1_000_000
    sources = Sources(
        book=book,
        price=lambda endpoint: prices.known(endpoint.model, endpoint.provider, now),
        live=lambda _endpoint: None,
    )
    return [model_body(listing, book) for listing in sources.listings(everything=True)]


def _print_table(rows: list[_Row]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from nemoserve.cli.ledger import print_table

    table = Table(box=None, pad_edge=False)
    for name in ("model", "served"):
        table.add_column(name, no_wrap=True)
    for name in ("context", "USD per million in", "out"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("hub id", no_wrap=True)
    for row in rows:
        shown = "no" if row.status == "not_served" else row.status
        prices = (_per_million(row.pricing.prompt), _per_million(row.pricing.completion))
        table.add_row(escape(row.id), shown, f"{row.context_length:,}", *prices, escape(row.hugging_face_id))
    print_table(Console(highlight=False), table)


def _per_million(price: str) -> str:
    amount = Decimal(price)
    return "?" if amount < 0 else f"{amount.scaleb(6).normalize():f}"
