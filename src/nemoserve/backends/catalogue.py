"""What is served, by name: models on this machine and endpoints at providers. Knows ids and aliases; no requests' bodies."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from types import MappingProxyType

from nemoserve.backends.base import Backend, HostedBackend
from nemoserve.catalogue.names import split_variant
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError


class Catalogue:
    """All models, in the order in which they were named, those on this machine first; the first is the default.

    `aliases` are further names of models, as (name, model's id), by which requests find them if no model is called so; `given` are
    the operator's, which go before all others. Raises ValueError for one that leads nowhere.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        hosted: Sequence[HostedBackend] = (),
        aliases: Iterable[tuple[str, str]] = (),
        given: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        self.backends = tuple(backends)
        self.hosted = MappingProxyType({backend.name: backend for backend in hosted})
        self._local = {backend.card.id: backend for backend in backends}
        self.hosted_endpoints = tuple(endpoint for backend in hosted for endpoint in backend.endpoints)
        self.ids = tuple(dict.fromkeys([*self._local, *(endpoint.model for endpoint in self.hosted_endpoints)]))
        own = ((alias, backend.card.id) for backend in backends for alias in backend.card.aliases)
        names = other_names(self.ids, own, self.hosted_endpoints, aliases)
        self.given, problems = given_names(given, self.ids, names)
        """The operator's aliases as they are written, each with its model's id."""
        if problems:
            raise ValueError(problems[0])
        self.aliases = MappingProxyType(names | {name.lower(): model for name, model in self.given.items()})
        """Other names of models, in small letters, each with its model's id."""

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All that can answer."""
        return (*(backend.card.endpoint for backend in self.backends), *self.hosted_endpoints)

    def local(self, endpoint: Endpoint) -> Backend | None:
        """The engine behind an endpoint; None: a provider is."""
        return None if endpoint.provider in self.hosted else self._local.get(endpoint.model)

    def get(self, name: str) -> Backend | None:
        """The model on this machine of that id or alias, whatever its case; variants such as `:free` mean the model itself."""
        model = self._named(name)
        return None if model is None else self._local.get(model)

    def find(self, names: Sequence[str]) -> Backend:
        """The first of `names` that is a model on this machine; the first of all without names. Raises ApiError (404)."""
        found = list(self.backends) if not names else [backend for name in names if (backend := self.get(name))]
        if found:
            return found[0]
        served = ", ".join(self._local) or "none"
        if not names or any(self._named(name) for name in names):
            message = f"model: this needs a model on this machine, whose tokens are known; there is {served}"
            raise ApiError("not_found", message, metadata={"parameter": "model"})
        wanted = ", ".join(repr(name[:200]) for name in names[:8])
        raise ApiError(
            "not_found",
            f"model: {wanted} is not served here; served are: {', '.join(self.ids)}",
            metadata={"parameter": "model", "served_models": list(self.ids)},
        )

    def _named(self, name: str) -> str | None:
        """The id of the model that a name means."""
        known = {model.lower(): model for model in self.ids} | self.aliases
        name = name.strip().lower()
        return known.get(name) or known.get(split_variant(name)[0])


def other_names(
    ids: Iterable[str], own: Iterable[tuple[str, str]], hosted: Iterable[Endpoint], known: Iterable[tuple[str, str]]
) -> dict[str, str]:
    """Names of these models beside their ids, in small letters: the operator's `own`, what providers call them, what is `known`."""
    served, names = {model.lower() for model in ids}, dict[str, str]()
    # The variant is no part of the name: a request's own has to be found behind it.
    upstream = ((endpoint.upstream_id.removesuffix(":free"), endpoint.model) for endpoint in hosted)
    for name, model in (*own, *upstream, *known):
        if name and name.lower() not in served and model.lower() in served:
            names.setdefault(name.lower(), model)
    return names


def given_names(
    given: Mapping[str, str], ids: Iterable[str], names: Mapping[str, str]
) -> tuple[dict[str, str], list[str]]:
    """The operator's aliases, each with the id of the model that its target names; and what is wrong with others, in sentences."""
    served = {model.lower(): model for model in ids}
    known, found, problems = {**names, **served}, dict[str, str](), list[str]()
    for name, target in given.items():
        model = known.get(target.strip().lower())
        if name.strip().lower() in served:
            problems.append(f"aliases: {name!r} is the id of a model that is served; an alias is another name")
        elif model is None:
            nearest = get_close_matches(target.lower(), known, 1, cutoff=0.0)
            hint = f"; the nearest known name is {known[nearest[0]]!r}" if nearest else ""
            problems.append(f"aliases: {name!r} leads to {target!r}, which is not served{hint}")
        else:
            found[name.strip()] = model
    return found, problems
