"""Texts and JSON values made up from a seed: the same seed and question give the same words. Knows no wire format."""

from __future__ import annotations

import random
from typing import cast

import msgspec

from nemoserve.mock.styles import Body

_WORDS = [
    "the",
    "answer",
    "is",
    "plain",
    "once",
    "each",
    "part",
    "has",
    "been",
    "weighed",
    "and",
    "put",
    "in",
    "its",
    "place",
    "so",
    "we",
    "look",
    "at",
    "what",
    "was",
    "asked",
    "then",
    "count",
    "again",
    "from",
    "the",
    "left",
    "until",
    "nothing",
    "remains",
    "to",
    "be",
    "carried",
    "over",
    "which",
    "gives",
    "a",
    "small",
    "number",
    "that",
    "fits",
    "the",
    "case",
    "at",
    "hand",
    "because",
    "every",
    "step",
    "follows",
    "from",
    "the",
    "one",
    "before",
    "it",
    "and",
    "no",
    "other",
    "reading",
    "of",
    "the",
    "question",
    "would",
    "hold",
    "up",
    "for",
    "long",
]
_DEPTH = 6
"""How deep a value is filled; recursive schemas end here."""


def words(rng: random.Random, count: int, opening: str) -> tuple[str, ...]:
    """`count` pieces of text that begin with `opening`; every piece stands for a token."""
    if count < 1:
        return ()
    chosen = rng.choices(_WORDS, k=count - 1)
    return (opening, *(f" {word}" for word in chosen))


def pieces(text: str, size: int = 6) -> tuple[str, ...]:
    """`text` in pieces of so many characters, each standing for a token."""
    return tuple(text[at : at + size] for at in range(0, len(text), size))


def instance(rng: random.Random, schema: object) -> str:
    """Compact JSON that fits a JSON Schema, as far as types, enum, const, required, items and $ref go."""
    whole = _object(schema)
    return msgspec.json.encode(_value(rng, whole, whole, 0)).decode()


def _value(rng: random.Random, schema: Body, root: Body, depth: int) -> object:
    if isinstance(reference := schema.get("$ref"), str):
        return _value(rng, _resolve(root, reference), root, depth + 1) if depth < _DEPTH else None
    if "const" in schema:
        return schema["const"]
    if choices := _items(schema.get("enum")):
        return rng.choice(choices)
    for union in ("anyOf", "oneOf", "allOf"):
        if choices := _items(schema.get(union)):
            return _value(rng, _object(choices[0]), root, depth + 1)
    kind = schema.get("type")
    if isinstance(schema.get("type"), list):
        kind = next((each for each in _items(schema.get("type")) if each != "null"), "null")
    match kind or ("object" if "properties" in schema else "string"):
        case "object":
            return _filled(rng, schema, root, depth)
        case "array":
            least = schema.get("minItems")
            count = max(1, least) if isinstance(least, int) else 1
            return [_value(rng, _object(schema.get("items")), root, depth + 1) for _ in range(count)]
        case "integer":
            return _number(rng, schema)
        case "number":
            return _number(rng, schema) + 0.5 if "maximum" not in schema else float(_number(rng, schema))
        case "boolean":
            return rng.random() < 0.5
        case "null":
            return None
        case _:
            return _text(rng, schema)


def _filled(rng: random.Random, schema: Body, root: Body, depth: int) -> Body:
    properties = _object(schema.get("properties"))
    required = _items(schema.get("required"))
    names = required if depth >= 2 and required else list(properties)
    if depth >= _DEPTH:
        return {}
    return {str(name): _value(rng, _object(properties.get(str(name))), root, depth + 1) for name in names}


def _number(rng: random.Random, schema: Body) -> int:
    least, most = schema.get("minimum"), schema.get("maximum")
    low = int(least) if isinstance(least, int | float) else 0
    return rng.randint(low, max(low, int(most) if isinstance(most, int | float) else low + 99))


def _text(rng: random.Random, schema: Body) -> str:
    least, most = schema.get("minLength"), schema.get("maxLength")
    text = rng.choice(_WORDS)
    if isinstance(least, int):
        text = text.ljust(least, "x")
    return text[:most] if isinstance(most, int) else text


def _resolve(root: Body, reference: str) -> Body:
    here = root
    for part in reference.removeprefix("#").strip("/").split("/"):
        if part:
            here = _object(here.get(part))
    return here


def _object(value: object) -> Body:
    return cast("Body", value) if isinstance(value, dict) else {}


def _items(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []
