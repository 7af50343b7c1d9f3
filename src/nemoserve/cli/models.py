"""`nemoserve models`: what is here, what is served and what is known, as tables or JSON. Knows the terminal; the entries are the API's."""

from __future__ import annotations

import time
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import msgspec
import typer

from nemoserve.cli.audit import Json

if TYPE_CHECKING:
    from nemoserve.backends.local.shelf import Held

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
    here: Annotated[
        bool,
        typer.Option("--here", help="Only the checkpoints on this machine: their size, and what does not fit and why."),
    ] = False,
    data_dir: Annotated[
        Path | None, typer.Option(help="The data folder of the server. Default: ~/.local/share/nemoserve")
    ] = None,
    json: Json = False,
) -> None:
    """List the models: those on this machine, those that a running server serves, and all that are known, with context, price and hub id."""
    from nemoserve.cli.client import ServerError

    if here:
        print_here(_held(data_dir), json=json)
        return
    try:
        bodies = _bodies(url, key, served=served)
    except ServerError as error:
        typer.echo(f"nemoserve: {error}", err=True)
        raise typer.Exit(1) from None
    if json:
        typer.echo(msgspec.json.encode(bodies).decode())
    else:
        if not served:
            print_here(_held(data_dir), json=False)
            typer.echo("")
        _print_table(msgspec.convert(bodies, list[_Row]))


def _held(data_dir: Path | None) -> list[Held]:
    from huggingface_hub.constants import HF_HUB_CACHE

    from nemoserve.backends.local.shelf import held, machine_memory
    from nemoserve.config.settings import default_data_dir

    return held(data_dir or default_data_dir(), Path(HF_HUB_CACHE), machine_memory())


def print_here(shelf: Sequence[Held], *, json: bool) -> None:
    """The checkpoints on this machine, as a table or JSON."""
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from nemoserve.backends.local.hub import shown
    from nemoserve.cli.ledger import print_table

    if json:
        typer.echo(msgspec.json.encode(shelf).decode())
        return
    table = Table(box=None, pad_edge=False)
    for name in ("on this machine", "format"):
        table.add_column(name, no_wrap=True)
    table.add_column("size", justify="right", no_wrap=True)
    for name in ("fits", "serve --model"):
        table.add_column(name, no_wrap=True)
    for one in shelf:
        weights = ("?", "?") if one.weights is None else (one.weights.format, shown(one.weights.stored_bytes))
        fits = f"no: {one.problem}" if one.problem else "yes"
        table.add_row(escape(one.model), *weights, escape(fits), escape(one.where))
    print_table(Console(highlight=False), table)


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

    from nemoserve.backends.local.shelf import machine_memory
    from nemoserve.catalogue.book import model_book
    from nemoserve.cli.ledger import print_table

    table = Table(box=None, pad_edge=False)
    for name in ("model", "served"):
        table.add_column(name, no_wrap=True)
    for name in ("context", "USD per million in", "out"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("fits here", no_wrap=True)
    table.add_column("hub id", no_wrap=True)
    memory, sizes = machine_memory(), {entry.id: entry.size for entry in model_book().models}
    for row in rows:
        shown = "no" if row.status == "not_served" else row.status
        prices = (_per_million(row.pricing.prompt), _per_million(row.pricing.completion))
        fits = _fits(sizes.get(row.id.removesuffix(":free"), ""), memory)
        table.add_row(escape(row.id), shown, f"{row.context_length:,}", *prices, fits, escape(row.hugging_face_id))
    print_table(Console(highlight=False), table)


def _per_million(price: str) -> str:
    amount = Decimal(price)
    return "?" if amount < 0 else f"{amount.scaleb(6).normalize():f}"


def _fits(size: str, memory: int | None) -> str:
    """Whether a model of so many parameters ("8.9 B") fits into the memory in bfloat16: yes, what it needs, or nobody knows."""
    from nemoserve.backends.local.hub import shown
    from nemoserve.backends.local.shelf import needed, why_not

    number, _, unit = size.partition(",")[0].partition(" ")
    scale = {"M": 10**6, "B": 10**9}.get(unit.strip())
    if scale is None or memory is None:
        return "?"
    wanted = needed(float(number) * scale, 2)
    return f"no, {shown(wanted)}" if why_not(wanted, memory) else "yes"
