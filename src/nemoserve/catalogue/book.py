"""All models and providers that are known, by any of their names. Knows the data files; not what is served here."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from nemoserve.catalogue.entry import Benchmark, ModelEntry, Provider
from nemoserve.catalogue.names import split_variant
from nemoserve.catalogue.read import read
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.price import PriceRow

DATA = Path(__file__).with_name("data")


class _Providers(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    providers: tuple[Provider, ...] = ()


class Found(msgspec.Struct, frozen=True):
    """A model, and the variant that its name asked for."""

    entry: ModelEntry
    variant: str = ""


class ModelBook:
    """Models by their names in small letters, providers by their slugs."""

    def __init__(
        self, models: Sequence[ModelEntry], providers: Sequence[Provider], benchmarks: dict[str, Benchmark]
    ) -> None:
        """Raises ValueError for what does not fit together: a name of two models, an unknown provider or benchmark."""
        self.models = tuple(models)
        self.providers = tuple(providers)
        self.benchmarks = benchmarks
        self._by_name: dict[str, ModelEntry] = {}
        self._by_slug = {slug: one for one in providers for slug in (one.slug, *one.aliases)}
        for entry in models:
            for name in entry.names:
                other = self._by_name.setdefault(name.lower(), entry)
                if other is not entry:
                    raise ValueError(f"{entry.id}: the name {name} is already that of {other.id}")
            self._check(entry)

    @classmethod
    def read(cls, folder: Path = DATA) -> ModelBook:
        """The files of a folder like the package's `data`. Raises ValueError with the file and the place at fault."""
        entries = [(path, read(path, ModelEntry)) for path in sorted((folder / "models").glob("*.toml"))]
        providers = read(folder / "providers.toml", _Providers).providers
        benchmarks = read(folder / "benchmarks.toml", dict[str, Benchmark])
        try:
            return cls([entry for _, entry in entries], providers, benchmarks)
        except ValueError as error:
            raise ValueError(f"{folder}: {error}") from None

    def find(self, name: str) -> Found | None:
        """The model of that id, hub id, alias or provider's id, whatever its case; variants such as `:nitro` are split off."""
        name = name.strip()
        if (entry := self._by_name.get(name.lower())) is not None:
            return Found(entry)
        model, variant = split_variant(name)
        entry = self._by_name.get(model.lower())
        return Found(entry, variant) if entry is not None else None

    def provider(self, slug: str) -> Provider | None:
        """The provider of that slug, whatever its case; of `deepinfra/fp8`, deepinfra."""
        return self._by_slug.get(slug.strip().lower().partition("/")[0])

    def endpoints(self, provider: str | None = None) -> tuple[Endpoint, ...]:
        """All that is offered, or what one provider offers."""
        return tuple(
            entry.endpoint(offer)
            for entry in self.models
            for offer in entry.endpoints
            if provider is None or offer.provider == provider
        )

    def prices(self) -> Iterator[PriceRow]:
        """Every published price, under every name of its model: a ledger's lines have the name that was served."""
        for entry in self.models:
            for offer in entry.endpoints:
                for dated in offer.prices:
                    for name in entry.names:
                        yield PriceRow(name, offer.provider, dated.begin_ms, dated.price)

    def aliases(self, ids: Iterable[str]) -> Iterator[tuple[str, str]]:
        """Further names for those of these models that are known, each with the id that it leads to; the first has it."""
        for model in ids:
            if (found := self.find(model)) is not None and not found.variant:
                yield from ((name, model) for name in found.entry.names if name.lower() != model.lower())

    def endpoint(self, name: str, provider: str) -> Endpoint | None:
        """What is known of a model at a provider, by any of their names; None: nothing is."""
        found, known = self.find(name), self.provider(provider)
        if found is None or known is None:
            return None
        variant = found.variant if found.variant == "free" else ""
        for offer in found.entry.endpoints:
            if (offer.provider, offer.variant) == (known.slug, variant):
                return found.entry.endpoint(offer)
        return None

    def _check(self, entry: ModelEntry) -> None:
        seen: set[tuple[str, str]] = set()
        for offer in entry.endpoints:
            if offer.provider not in self._by_slug:
                raise ValueError(f"{entry.id}: there is no provider {offer.provider} in providers.toml")
            if (offer.provider, offer.variant) in seen:
                raise ValueError(f"{entry.id}: {offer.provider} has it twice")
            seen.add((offer.provider, offer.variant))
            if offer.variant == "free" and offer.prices:
                raise ValueError(f"{entry.id} at {offer.provider}: the free variant has no prices")
            days = [dated.begin for dated in offer.prices]
            if days != sorted(set(days)):
                raise ValueError(
                    f"{entry.id} at {offer.provider}: prices stand with the oldest first, one for each day"
                )
        for scores in entry.scores:
            for name in scores.values:
                if name not in self.benchmarks:
                    raise ValueError(f"{entry.id}: there is no benchmark {name} in benchmarks.toml")


@functools.cache
def model_book() -> ModelBook:
    """The package's own."""
    return ModelBook.read()
