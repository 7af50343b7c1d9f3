"""What is served, by name: models on this machine and endpoints at providers. Knows ids and aliases; no requests' bodies."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from types import MappingProxyType

from nemoserve.backends.base import Backend, HostedBackend
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError

_VARIANTS = ("free", "nitro", "floor", "exacto")
"""What OpenRouter's clients put behind a model's id; routing knows what they mean."""


class Catalogue:
    """All models, in the order in which they were named, those on this machine first; the first is the default.

    `aliases` are further names of models, by which requests find them if no model is called so.
    """

    def __init__(
        self,
        backends: Sequence[Backend],
        hosted: Sequence[HostedBackend] = (),
        aliases: Iterable[tuple[str, str]] = (),
    ) -> None:
        self.backends = tuple(backends)
        self.hosted = MappingProxyType({backend.name: backend for backend in hosted})
        self._local = {backend.card.id: backend for backend in backends}
        self._hosted_endpoints = tuple(endpoint for backend in hosted for endpoint in backend.endpoints)
        own = [(name, backend.card.id) for backend in backends for name in (backend.card.id, *backend.card.aliases)]
        own += [(endpoint.model, endpoint.model) for endpoint in self._hosted_endpoints]
        own += [(endpoint.upstream_id, endpoint.model) for endpoint in self._hosted_endpoints if endpoint.upstream_id]
        self.ids = tuple(dict.fromkeys(model for _, model in own))
        served = frozenset(self.ids)
        self._ids: dict[str, str] = {}
        for name, model in (*own, *((name, model) for name, model in aliases if model in served)):
            self._ids.setdefault(name.lower(), model)

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """All that can answer, as they are now: an engine may turn out to hold less than its model's context."""
        return (*(_endpoint(backend) for backend in self.backends), *self._hosted_endpoints)

    def endpoints_of(self, models: Sequence[str]) -> list[Endpoint]:
        """Those of these models, by id."""
        return [endpoint for endpoint in self.endpoints if endpoint.model in models]

    def canonical(self, name: str) -> str | None:
        """The id of the model of that name or alias, whatever its case, with its variant (`:free`, …) kept; None: not served."""
        model, variant = self._named(name)
        return f"{model}:{variant}" if model is not None and variant in _VARIANTS else model

    def wanted(self, names: Sequence[str]) -> tuple[str, ...]:
        """The ids of those of `names` that are served, variants kept. Raises ApiError (404) if there are names but none is."""
        found = tuple(dict.fromkeys(model for name in names if (model := self.canonical(name)) is not None))
        if names and not found:
            raise self._unknown(names)
        return found

    def local(self, model: str) -> Backend:
        """The engine's backend of a model on this machine, by its id. Raises KeyError."""
        return self._local[model]

    def get(self, name: str) -> Backend | None:
        """The model on this machine of that id or alias; variants such as `:free` mean the model itself."""
        return self._local.get(self._named(name)[0] or "")

    def find(self, names: Sequence[str]) -> Backend:
        """The first of `names` that is a model on this machine; the first of all without names. Raises ApiError (404)."""
        found = self.backends[:1] if not names else [backend for name in names if (backend := self.get(name))]
        if found:
            return found[0]
        if any(self.canonical(name) for name in names) or not names:
            raise ApiError(
                "not_found",
                "model: this needs a model on this machine, whose tokens are known; "
                f"there is {', '.join(self._local) or 'none'}",
                metadata={"parameter": "model"},
            )
        raise self._unknown(names)

    def _named(self, name: str) -> tuple[str | None, str]:
        """The id of the model of that name, and what stands behind it."""
        name = name.strip().lower()
        found = self._ids.get(name)
        if found is not None:
            return found, ""
        base, _, variant = name.rpartition(":")
        return self._ids.get(base), variant

    def _unknown(self, names: Sequence[str]) -> ApiError:
        wanted = ", ".join(repr(name[:200]) for name in names[:8])
        return ApiError(
            "not_found",
            f"model: {wanted} is not served here; served are: {', '.join(self.ids)}",
            metadata={"parameter": "model", "served_models": list(self.ids)},
        )


def _endpoint(backend: Backend) -> Endpoint:
    card = backend.card
    return Endpoint(
        model=card.id,
        provider=card.provider,
        local=True,
        context_length=card.context_length,
        max_completion_tokens=card.max_completion_tokens,
    )
