"""The models that the list shows: what is known of each, what runs here, who offers it. Knows no wire format and no query."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Literal, Protocol

import msgspec

from nemoserve.catalogue.book import ModelBook
from nemoserve.catalogue.entry import ModelEntry, Reasoning
from nemoserve.catalogue.names import split_variant
from nemoserve.reasoning.auto import AUTO_MODELS
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.model import ModelCard
from nemoserve.types.price import Price
from nemoserve.types.route import Percentiles

State = Literal["loading", "ready", "restarting", "failed", "stopped", "not_served"]
"""That of the engine on this machine; `ready` where a provider serves the model."""

_FREE = Price()


class Live(Protocol):
    """What is measured of an endpoint: uptimes in percent, seconds to the first token, tokens per second."""

    @property
    def uptime_last_5m(self) -> float | None: ...
    @property
    def uptime_last_30m(self) -> float | None: ...
    @property
    def uptime_last_1d(self) -> float | None: ...
    @property
    def latency_last_30m(self) -> Percentiles: ...
    @property
    def throughput_last_30m(self) -> Percentiles: ...
    @property
    def rank(self) -> str:
        """`normal`, or why it is tried after others."""
        ...

    @property
    def breaker(self) -> str:
        """`closed` while requests are sent there."""
        ...


class Offered(msgspec.Struct, frozen=True, kw_only=True):
    """A model at one provider."""

    endpoint: Endpoint
    price: Price | None = _FREE
    """None: it is not known, which is only so where nothing is sent."""
    live: Live | None = None
    served: bool = True
    """This server sends requests there."""


class Listing(msgspec.Struct, frozen=True, kw_only=True):
    """One model of the list, or one free variant."""

    id: str
    entry: ModelEntry | None = None
    """What the catalogue knows; None: it does not know the model."""
    card: ModelCard | None = None
    """The model as it runs on this machine; None: it does not."""
    aliases: tuple[str, ...] = ()
    """Names that the configuration gives it."""
    state: State = "ready"
    offered: tuple[Offered, ...] = ()
    """The first is the one whose price and limits stand for the model: this machine's own, or the cheapest."""

    @property
    def created(self) -> int:
        """Unix seconds."""
        return self.entry.created_s if self.entry is not None else self.card.created if self.card is not None else 0

    @property
    def name(self) -> str:
        _, variant = split_variant(self.id)
        known = self.entry.name if self.entry is not None else self.card.name if self.card is not None else self.id
        return f"{known} ({variant})" if variant == "free" and self.id != known else known

    @property
    def context_length(self) -> int:
        """The longest that any endpoint takes."""
        known = 0 if self.entry is None else self.entry.context_length
        return max((offer.endpoint.context_length for offer in self.offered), default=known)

    @property
    def free(self) -> bool:
        """Whether it is called with `:free` too: somebody offers it for nothing, or it is no model that anybody offers."""
        return not self.offered or any(offer.price is not None and offer.price.free for offer in self.offered)

    @property
    def price(self) -> Price | None:
        """That of the first endpoint; None: it is not known."""
        return self.offered[0].price if self.offered else None


class Sources(msgspec.Struct, frozen=True, kw_only=True):
    """All that listings are made of."""

    book: ModelBook
    local: tuple[tuple[ModelCard, State], ...] = ()
    """The models on this machine."""
    hosted: tuple[Endpoint, ...] = ()
    """What the configured providers offer."""
    aliases: Mapping[str, str] = MappingProxyType({})
    """Those of the configuration, each with its model's id."""
    price: Callable[[Endpoint], Price | None]
    """What an endpoint costs now; None where nothing is known, which is free of charge where requests are sent."""
    live: Callable[[Endpoint], Live | None]

    def listings(self, *, everything: bool = False) -> list[Listing]:
        """What is served, this machine's models first; with `everything`, then what is only known, which costs what it costs there."""
        local = {here[0].id: here for here in self.local}
        groups: dict[str, list[Offered]] = {}
        for card, _ in self.local:
            groups.setdefault(card.id, []).append(self._offered(card.endpoint))
        for endpoint in self.hosted:
            groups.setdefault(endpoint.slug, []).append(self._offered(endpoint))
        known = set[str]()
        if everything:
            known = self._add_known(groups)
        return [
            self._listing(name, offered, local.get(name), "not_served" if name in known else "ready")
            for name, offered in groups.items()
        ]

    def _offered(self, endpoint: Endpoint, *, served: bool = True) -> Offered:
        price = _FREE if endpoint.variant == "free" else self.price(endpoint)
        if price is None and served:
            price = _FREE
        return Offered(endpoint=endpoint, price=price, live=self.live(endpoint) if served else None, served=served)

    def _add_known(self, groups: dict[str, list[Offered]]) -> set[str]:
        """Adds what the catalogue knows beyond what is served; gives the ids of models that are not."""
        served = {slug: self.book.find(slug) for slug in groups}
        ids = {(found.entry.id, found.variant): slug for slug, found in served.items() if found is not None}
        at = {(slug, offer.endpoint.provider) for slug, offered in groups.items() for offer in offered}
        added = set[str]()
        for entry in self.book.models:
            slug = ids.get((entry.id, ""), entry.id)
            if slug not in groups:
                groups[slug] = []
                added.add(slug)
        for endpoint in self.book.endpoints():
            slug = ids.get((endpoint.model, endpoint.variant), endpoint.slug)
            if (slug, endpoint.provider) in at:
                continue
            if slug not in groups:
                groups[slug] = []
                added.add(slug)
            groups[slug].append(self._offered(endpoint, served=False))
        return added

    def _listing(
        self, name: str, offered: list[Offered], here: tuple[ModelCard, State] | None, state: State
    ) -> Listing:
        found = self.book.find(name)
        return Listing(
            id=name,
            entry=None if found is None else found.entry,
            card=None if here is None else here[0],
            aliases=tuple(alias for alias, model in self.aliases.items() if model == name.removesuffix(":free")),
            state=state
            if here is None or any(offer.served and not offer.endpoint.local for offer in offered)
            else here[1],
            offered=tuple(sorted(offered, key=_order)),
        )


def auto_listing(listings: Iterable[Listing]) -> Listing:
    """`nemoserve/auto`, which is no model but stands for all of these. What it costs is not known beforehand."""
    served = [listing for listing in listings if listing.state != "not_served"]
    entry = ModelEntry(
        id=AUTO_MODELS[0],
        name="Auto",
        description="Chooses for each request which of the served models answers, whether it thinks, and for how long.",
        created=datetime.fromtimestamp(max((listing.created for listing in served), default=0), UTC).date(),
        size="",
        family="nano-v2",
        aliases=AUTO_MODELS[1:],
        context_length=max((listing.context_length for listing in served), default=0),
        reasoning=Reasoning(budget=True),
        sources=("docs/routing.md",),
    )
    return Listing(id=entry.id, entry=entry)


def with_auto(listings: list[Listing]) -> list[Listing]:
    """The list, and `nemoserve/auto` at its end where there is a choice between models."""
    served = sum(listing.state != "not_served" for listing in listings)
    return [*listings, auto_listing(listings)] if served > 1 else listings


def called(listings: Iterable[Listing], book: ModelBook, name: str) -> Listing | None:
    """The listing that a request for this name means; a variant that is not listed itself means its model, but for `:free` of what
    costs money."""
    by_id = {listing.id.lower(): listing for listing in listings}
    found = next((by_id[other] for other in _names(name, book, by_id.values()) if other in by_id), None)
    free = split_variant(name.strip())[1] == "free"
    return None if found is None or (free and not found.free) else found


def _names(name: str, book: ModelBook, listings: Iterable[Listing]) -> Iterator[str]:
    name = name.strip().lower()
    model, variant = split_variant(name)
    yield name
    yield model
    for listing in listings:
        aliases = AUTO_MODELS if listing.id in AUTO_MODELS else () if listing.card is None else listing.card.aliases
        if model in (alias.lower() for alias in (*aliases, *listing.aliases)):
            meant = listing.id.lower()
            if variant:
                yield f"{meant}:{variant}"
            yield meant.removesuffix(":free")
            yield meant
    if (found := book.find(name)) is not None:
        for other in found.entry.names:
            if variant:
                yield f"{other.lower()}:{variant}"
            yield other.lower()


def _order(offer: Offered) -> tuple[bool, bool, bool, int]:
    price = offer.price
    return (
        not offer.served,
        not offer.endpoint.local,
        price is None,
        0 if price is None else price.prompt + price.completion,
    )
