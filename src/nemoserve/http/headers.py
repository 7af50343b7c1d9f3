"""A request's headers, read once. Knows bytes and names; no header's meaning."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.types import Scope

_HERE = "nemoserve.headers"


def headers_of(scope: Scope) -> Mapping[str, str]:
    """By their names in small letters; of several with one name, the first."""
    found: Mapping[str, str] | None = scope.get(_HERE)
    if found is None:
        found = scope[_HERE] = {
            name.decode("latin-1"): value.decode("latin-1") for name, value in reversed(scope["headers"])
        }
    return found
