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


def text_of(header: str) -> str:
    """A header's text: UTF-8, as most clients write it, where its bytes are that, else Latin-1."""
    if header.isascii():
        return header
    try:
        return header.encode("latin-1").decode()
    except UnicodeDecodeError:
        return header
