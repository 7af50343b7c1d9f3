"""Which schemas are met by plain text where calls are not written in JSON. Knows the rule by which such values are read:

a value that may be a string is the text as it stands, unless it reads as JSON of another type that it may be.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from nemoserve.structured.schema import ANNOTATIONS, Schema
from nemoserve.types.errors import invalid

_DEEPEST = 8


def plain_texts(schema: Schema, root: Schema, field: str) -> tuple[list[dict[str, object]], list[Schema]]:
    """The strings that a schema allows, each a schema without references or cases, and the schemas of all else.

    Raises ApiError (400) when keywords apply to a string that cannot be brought together.
    """
    texts, others = _split(schema, root, field, _DEEPEST)
    return (texts, others) if texts else ([], [schema])


def _split(schema: Schema, root: Schema, field: str, depth: int) -> tuple[list[dict[str, object]], list[Schema]]:
    if not isinstance(schema, dict) or not depth:
        return [], [schema]
    for keyword in ("$ref", "allOf", "anyOf", "oneOf"):
        if keyword in schema:
            rest = {key: value for key, value in schema.items() if key != keyword}
            return _combined(keyword, schema[keyword], rest, root, field, depth - 1)
    kinds = schema.get("type")
    kinds = cast("list[object]", kinds) if isinstance(kinds, list) else None if kinds is None else [kinds]
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if isinstance(values, list):
        return _by_value(schema, cast("list[object]", values), kinds)
    if kinds is None or "string" not in kinds:
        return [], [schema]
    rest = [kind for kind in kinds if kind != "string"]
    return [{**schema, "type": "string"}], [{**schema, "type": rest}] if rest else []


def _combined(
    keyword: str, value: object, rest: dict[str, object], root: Schema, field: str, depth: int
) -> tuple[list[dict[str, object]], list[Schema]]:
    """A reference, or parts or cases with what stands beside them."""
    parts = cast("list[Schema]", value) if isinstance(value, list) else []
    if keyword == "$ref":
        parts = [_resolve(value, root)] if isinstance(value, str) else []
    if keyword in ("$ref", "allOf"):
        split = [_split(part, root, field, depth) for part in parts]
        if not any(texts for texts, _ in split):
            bare = keyword == "$ref" and not rest.keys() - ANNOTATIONS
            return [], split[0][1] if bare and split else [{keyword: value, **rest}]
        merged = rest
        for part in parts:
            merged = _merged(merged, part, field)
        return _split(merged, root, field, depth)
    texts: list[dict[str, object]] = []
    others: list[Schema] = []
    for part in parts:
        case = part if not rest.keys() - ANNOTATIONS else _merged(rest, part, field)
        more_texts, more_others = _split(case, root, field, depth)
        texts += more_texts
        others += more_others
    return texts, others


def _merged(one: dict[str, object], other: Schema, field: str) -> dict[str, object]:
    """Both at once. Raises ApiError (400) where they say different things about the same keyword."""
    if not isinstance(other, dict):
        return one
    for key in one.keys() & other.keys() - ANNOTATIONS:
        if one[key] != other[key]:
            raise invalid(f"{field}.{key}", "it is said twice of a text, which this model's calls cannot express")
    return {**one, **other}


def _by_value(
    schema: Mapping[str, object], values: list[object], kinds: list[object] | None
) -> tuple[list[dict[str, object]], list[Schema]]:
    rest = {key: value for key, value in schema.items() if key not in ("enum", "const", "type")}
    strings = [value for value in values if isinstance(value, str) and (kinds is None or "string" in kinds)]
    others = [value for value in values if not isinstance(value, str)]
    other_kinds = {} if kinds is None else {"type": [kind for kind in kinds if kind != "string"]}
    has_others = others and (kinds is None or other_kinds["type"])
    return (
        [{**rest, "type": "string", "enum": strings}] if strings else [],
        [{**rest, **other_kinds, "enum": others}] if has_others else [],
    )


def _resolve(reference: str, root: Schema) -> Schema:
    """The subschema that a local pointer names; true where there is none, which the library then complains about."""
    at = root
    for part in reference.split("/")[1:]:
        found = at.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(at, dict) else None
        at = cast("Schema", found) if isinstance(found, dict) else True
    return at
