"""The served models by name. Knows ids and aliases; no requests' bodies."""

from __future__ import annotations

from collections.abc import Sequence

from nemoserve.backends.base import Backend
from nemoserve.catalogue.book import model_book
from nemoserve.types.errors import ApiError


class Catalogue:
    """All backends, in the order in which they were named; the first is the default. All names that the model book has lead there."""

    def __init__(self, backends: Sequence[Backend]) -> None:
        self.backends = tuple(backends)
        self._by_name: dict[str, Backend] = {}
        for backend in backends:
            for name in (backend.card.id, *backend.card.aliases):
                self._by_name.setdefault(name.lower(), backend)
        by_id = {backend.card.id: backend for backend in backends}
        for name, model in model_book().aliases(by_id):
            self._by_name.setdefault(name.lower(), by_id[model])

    @property
    def ids(self) -> tuple[str, ...]:
        return tuple(backend.card.id for backend in self.backends)

    def get(self, name: str) -> Backend | None:
        """The model of that id or alias, whatever its case; variants such as `:free` mean the model itself."""
        name = name.strip().lower()
        return self._by_name.get(name) or self._by_name.get(name.rpartition(":")[0])

    def find(self, names: Sequence[str]) -> Backend:
        """The first of `names` that is served; the default if there are none. Raises ApiError (404) listing what is."""
        if not names:
            return self.backends[0]
        for name in names:
            backend = self.get(name)
            if backend is not None:
                return backend
        served = ", ".join(backend.card.id for backend in self.backends)
        wanted = ", ".join(repr(name[:200]) for name in names[:8])
        raise ApiError(
            "not_found",
            f"model: {wanted} is not served here; served are: {served}",
            metadata={"parameter": "model", "served_models": [backend.card.id for backend in self.backends]},
        )
