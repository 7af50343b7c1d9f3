"""What a configuration would serve, found out without serving it. Knows settings, checkpoints' folders and price files."""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path

import msgspec

from nemoserve.backends.catalogue import given_names, other_names
from nemoserve.backends.local.checkpoint import CheckpointError, load_text_side
from nemoserve.backends.local.resolve import resolve
from nemoserve.backends.managed.backend import endpoint_served
from nemoserve.backends.managed.programs import EngineMissing
from nemoserve.backends.remote.endpoints import endpoint_of
from nemoserve.catalogue.book import model_book
from nemoserve.config.file import load_settings
from nemoserve.config.settings import EMBEDDED_MODEL, Settings
from nemoserve.http.app import price_book
from nemoserve.ledger.pricing import LOCAL_PROVIDER, PriceBook
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.price import Price

UNREAD_CONTEXT = 131_072
"""Taken for the context of a checkpoint that would have to be downloaded first."""


class Served(msgspec.Struct, frozen=True, kw_only=True):
    """What there would be."""

    settings: Settings
    endpoints: tuple[Endpoint, ...]
    """As the server has them: this machine's own first."""
    prices: PriceBook
    aliases: Mapping[str, str]
    """Other names of models, each with its model."""
    problems: tuple[str, ...]
    """Models on this machine that cannot be served and aliases that lead nowhere, each a sentence."""

    def price(self, endpoint: Endpoint) -> Price:
        """What tokens cost there now."""
        if endpoint.variant == "free":
            return Price()
        return self.prices.price(endpoint.model, endpoint.provider, time.time_ns() // 1_000_000)


def served(config: Path | None) -> Served:
    """What the file says; without one, what the server does by itself.

    Raises ConfigError, and ValueError for a price file. Starts, downloads and asks nothing.
    """
    settings = load_settings(config, {})
    own: list[Endpoint] = []
    problems: list[str] = []
    aliases: list[tuple[str, str]] = []
    for wanted in settings.models:
        try:
            name, context = _checkpoint(wanted, settings.data_dir)
        except CheckpointError as error:
            problems.append(f"server.models: {error}")
            continue
        if wanted != name:
            aliases.append((wanted, name))
        own.append(
            Endpoint(
                model=name,
                provider=LOCAL_PROVIDER,
                local=True,
                context_length=context,
                max_completion_tokens=context,
            )
        )
    hosted: list[Endpoint] = []
    for number, engine in enumerate(settings.engines):
        try:
            hosted.append(endpoint_served(engine))
        except (CheckpointError, EngineMissing, ValueError) as error:
            problems.append(f"engines[{number}]: {error}")
    hosted += [endpoint_of(provider, model) for provider in settings.providers for model in provider.models]
    ids = tuple(dict.fromkeys(endpoint.model for endpoint in (*own, *hosted)))
    names = other_names(ids, aliases, hosted, model_book().aliases(ids))
    given, wrong = given_names(settings.aliases, ids, names)
    return Served(
        settings=settings,
        endpoints=(*own, *hosted),
        prices=price_book(settings),
        aliases={**names, **{name.lower(): model for name, model in given.items()}},
        problems=(*problems, *wrong),
    )


def _checkpoint(wanted: str, data_dir: Path) -> tuple[str, int]:
    """The model's id and context length. Raises CheckpointError."""
    folder = Path(wanted.partition("=")[2] or wanted).expanduser()
    if wanted != EMBEDDED_MODEL and not folder.exists() and "=" not in wanted and wanted.count("/") == 1:
        return wanted.partition("@")[0], UNREAD_CONTEXT
    name, found = resolve(wanted, data_dir)
    return name, load_text_side(found, name).context_length
