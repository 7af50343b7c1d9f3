"""`nemoserve config check`: is a configuration file sound, and what would it serve. Knows the terminal; asks no provider."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nemoserve.cli.ledger import print_table

if TYPE_CHECKING:
    from nemoserve.cli.served import Served
    from nemoserve.config.settings import Settings
    from nemoserve.types.price import Price

app = typer.Typer(name="config", help="The configuration file.", no_args_is_help=True, rich_markup_mode=None)


@app.callback()
def config() -> None:
    """So that `check` is a command of its own."""


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The TOML file that `nemoserve serve --config` is to read.")],
    secrets: Annotated[
        bool, typer.Option(help="Look the providers' keys up, as the server does; commands are run.")
    ] = True,
) -> None:
    """Read a configuration file as the server does and say what it would serve, or what is wrong with it (status 1).

    No provider is asked, no model is loaded.
    """
    from nemoserve.cli.served import served
    from nemoserve.config.file import ConfigError

    try:
        there = served(file)
    except (ConfigError, ValueError) as error:
        typer.echo(f"nemoserve: {error}", err=True)
        raise typer.Exit(1) from None
    problems = [*there.problems, *_models(there), *_routing(there), *(_keys(there.settings) if secrets else [])]
    _print(there)
    for problem in problems:
        typer.echo(f"nemoserve: {file}: {problem}", err=True)
    raise typer.Exit(1 if problems else 0)


def _models(there: Served) -> list[str]:
    """Nothing served, nothing offered, no price."""
    problems: list[str] = []
    if not there.endpoints:
        problems.append("there is no model to serve; add [[providers]] with models, or server.models")
    for number, provider in enumerate(there.settings.providers):
        where = f"providers[{number}] ({provider.name})"
        if not provider.models:
            problems.append(f"{where}: has no models; add [[providers.models]]")
        for place, model in enumerate(provider.models):
            priced = model.price is not None or model.variant == "free" or provider.local
            if not priced and there.prices.price(model.model, provider.name, _now_ms()).free:
                problems.append(
                    f"{where}.models[{place}] ({model.id}): has no price, so that it would count as free; add "
                    'price = { prompt = "0.04", completion = "0.16" }, or zeros if it is'
                )
    return problems


def _routing(there: Served) -> list[str]:
    """Settings that contradict each other or name nobody."""
    routing, problems = there.settings.routing, list[str]()
    served = {endpoint.model.lower() for endpoint in there.endpoints}
    for number, family in enumerate(routing.families):
        problems += [
            f"routing.families[{number}]: nobody serves {model}" for model in family if model.lower() not in served
        ]
    if routing.first_byte_timeout > routing.deadline:
        problems.append("routing.first_byte_timeout is longer than routing.deadline")
    if routing.hedge_after is not None and routing.hedge_after >= routing.first_byte_timeout:
        problems.append("routing.hedge_after is not below first_byte_timeout, so that it would never come to it")
    return problems


def _keys(settings: Settings) -> list[str]:
    """Keys that cannot be had."""
    from nemoserve.config.credentials import CredentialError, find_secret

    problems: list[str] = []
    for number, provider in enumerate(settings.providers):
        for reference in provider.references:
            try:
                find_secret(reference, f"providers[{number}] ({provider.name})")
            except CredentialError as error:
                problems.append(str(error))
    return problems


def _print(there: Served) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console(highlight=False)
    table = Table(box=None, pad_edge=False)
    for title in ("model", "provider", "at", "prompt", "completion", "context", "quantization", "data"):
        table.add_column(title, justify="right" if title in ("prompt", "completion", "context") else "left")
    addresses = {provider.name: provider.address for provider in there.settings.providers}
    for endpoint in there.endpoints:
        price = there.price(endpoint)
        policy = "may be kept" if endpoint.collects_data else "not kept" if endpoint.zdr else "not trained on"
        cells = (
            f"{endpoint.model}:{endpoint.variant}" if endpoint.variant else endpoint.model,
            endpoint.provider,
            addresses.get(endpoint.provider, "this machine"),
            *_dollars(price),
            str(endpoint.context_length),
            endpoint.quantization,
            policy,
        )
        table.add_row(*(escape(cell) for cell in cells))
    if there.endpoints:
        print_table(console, table)
        console.print("Prices are in USD per million tokens.\n", style="bright_black")
    for sentence in _sentences(there.settings):
        console.print(escape(sentence), soft_wrap=True)


def _dollars(price: Price) -> tuple[str, str]:
    if price.free:
        return "free", "free"
    return f"{price.prompt / 1e6:g}", f"{price.completion / 1e6:g}"


def _sentences(settings: Settings) -> list[str]:
    """How requests find their endpoint."""
    routing = settings.routing
    said = [
        f"It listens on {settings.host}:{settings.port}; a key is {'' if settings.keys_required else 'not '}asked for.",
        f"Endpoints on this machine go first while fewer than {max(1, routing.spill_queue)} requests wait there."
        if routing.prefer_local
        else "Endpoints on this machine compete with the others.",
        f"An endpoint is given {routing.first_byte_timeout:g} s to begin, a request {routing.deadline:g} s in all and "
        f"{routing.most_attempts} endpoints at most.",
        f"{routing.breaker_failures} failures in a row keep an endpoint out for {routing.breaker_rest:g} s.",
    ]
    if routing.fallback_to_family:
        said.append("Another model of the family answers when none of a request's models can.")
    if routing.hedge_after is not None:
        said.append(f"A second endpoint is asked too after {routing.hedge_after:g} s of silence.")
    return said


def _now_ms() -> int:
    import time

    return time.time_ns() // 1_000_000
