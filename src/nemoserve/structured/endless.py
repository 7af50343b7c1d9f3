"""Schemas that no answer meets in the end, as what they require leads back to itself. Knows JSON schemas; no grammars, no I/O.

Only what is sure is called endless: what is not looked at here (patterns of names, numbers of properties) may end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from nemoserve.structured.schema import Schema

_Node = dict[str, object]


def endless(schema: Schema) -> str | None:
    """The place at which values of a schema go on for ever, such as `properties.next`; None if they can end."""
    references = set(_references(schema))
    ending = set[str]()
    while more := {name for name in references - ending if _ends(_found(schema, name), ending)}:
        ending |= more
    return None if _ends(schema, ending) else _place(schema, ending)


def _references(value: object) -> Iterator[str]:
    if isinstance(value, list):
        for item in cast("list[object]", value):
            yield from _references(item)
    elif isinstance(value, dict):
        for name, inner in cast("_Node", value).items():
            if name == "$ref" and isinstance(inner, str):
                yield inner
            else:
                yield from _references(inner)


def _found(schema: Schema, reference: str) -> object:
    """What a local pointer names; None where there is nothing."""
    at: object = schema
    for part in reference.split("/")[1:]:
        at = _node(at).get(part.replace("~1", "/").replace("~0", "~"))
    return at


def _ends(value: object, ending: set[str]) -> bool:
    return next(_culprits(value, ending), None) is None


def _culprits(value: object, ending: set[str]) -> Iterator[tuple[str, object]]:
    """The parts of a schema, each with its place in it, without whose end no value ends; none if some value ends.

    `ending` are the references that are known to end.
    """
    node = _node(value)
    reference = node.get("$ref")
    if isinstance(reference, str) and reference not in ending:
        yield "$ref", reference
    for at, part in enumerate(_list(node.get("allOf"))):
        if not _ends(part, ending):
            yield f"allOf[{at}]", part
    for name in ("anyOf", "oneOf"):
        cases = _list(node.get(name))
        if cases and not any(_ends(case, ending) for case in cases):
            yield f"{name}[0]", cases[0]
    kinds = [node["type"]] if isinstance(node.get("type"), str) else _list(node.get("type"))
    if not kinds or not set(map(str, kinds)) <= {"array", "object"} or not node.keys().isdisjoint(("const", "enum")):
        return
    # Of an array and an object it is enough that one ends.
    parts = [list(_needed(node, str(kind), ending)) for kind in kinds]
    if all(parts):
        yield from parts[0]


def _needed(node: _Node, kind: str, ending: set[str]) -> Iterator[tuple[str, object]]:
    """The members that an object must have, or the items of an array, that do not end."""
    if kind == "object":
        named = _node(node.get("properties"))
        for name in map(str, _list(node.get("required"))):
            if not _ends(named.get(name), ending):
                yield f"properties.{name}", named[name]
        return
    least, first = node.get("minItems"), _list(node.get("prefixItems"))
    if not isinstance(least, int):
        return
    items = [(f"prefixItems[{at}]", item) for at, item in enumerate(first[:least])]
    if least > len(first):
        items.append(("items", node.get("items")))
    yield from ((place, item) for place, item in items if not _ends(item, ending))


def _place(schema: Schema, ending: set[str]) -> str:
    """Where what is needed leads back to what it is needed for: the way there, from the whole or from a definition."""
    way: list[str] = []
    seen = {"#"}
    at: object = schema
    while found := next(_culprits(at, ending), None):
        place, at = found
        if place != "$ref":
            way.append(place)
            continue
        reference = str(at)
        if reference in seen:
            break
        seen.add(reference)
        way, at = reference.split("/")[1:], _found(schema, reference)
    return ".".join(way)


def _node(value: object) -> _Node:
    return cast("_Node", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
