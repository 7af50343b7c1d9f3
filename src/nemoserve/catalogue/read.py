"""From a TOML file to checked structs. Knows how to say where a file is wrong; not what it is about."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar, cast, get_args, get_origin, get_type_hints

import msgspec

T = TypeVar("T")


def read(path: Path, form: type[T]) -> T:
    """The file as a struct of this form.

    Raises ValueError with the file and the place: `…/a.toml, endpoints[0]: contxt is unknown; the nearest known key is …`.
    """
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: {error}") from None
    _check_keys(document, form, str(path), "")
    try:
        return msgspec.convert(document, form)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        place = place.rstrip("`").lstrip(".")
        raise ValueError(f"{path}{', ' if place else ''}{place}: {problem}") from None


def _check_keys(value: object, form: Any, path: str, place: str) -> None:
    """Raises ValueError for the first key that no field has."""
    form, many = _struct_in(form)
    if form is None:
        return
    if many is not None and isinstance(value, (list, dict)):
        parts = (
            [(f"{place}[{number}]", part) for number, part in enumerate(cast("list[object]", value))]
            if isinstance(value, list)
            else [
                (f"{place}.{name}" if place else name, part) for name, part in cast("dict[str, object]", value).items()
            ]
        )
        for where, part in parts:
            _check_keys(part, form, path, where)
        return
    if not isinstance(value, dict):
        return
    hints = get_type_hints(form)
    known = {field.encode_name: hints[field.name] for field in msgspec.structs.fields(form)}
    for key, part in cast("dict[str, object]", value).items():
        if key not in known:
            near = get_close_matches(key, known, 1, cutoff=0.0)[0]
            where = f"{path}, {place}" if place else path
            raise ValueError(f"{where}: {key} is unknown; the nearest known key is {near}")
        _check_keys(part, known[key], path, f"{place}.{key}" if place else key)


def _struct_in(form: Any) -> tuple[Any, Any]:
    """The struct that a type is or has members of, and what holds those; None where there is no struct."""
    if isinstance(form, type) and issubclass(form, msgspec.Struct):
        return form, None
    origin = get_origin(form)
    for argument in get_args(form):
        found, _ = _struct_in(argument)
        if found is not None:
            return found, origin if origin in (tuple, list, dict) else None
    return None, None
