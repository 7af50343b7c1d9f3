"""JSON schemas made ready for the grammar library. Knows which keywords it enforces; no grammars, no requests, no I/O.

A schema that is let through is enforced whole. A keyword that would not be is refused with its place; what only annotates
(titles, defaults, formats that JSON Schema does not know) is taken out or left alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import cast

from nemoserve.types.errors import invalid

Schema = dict[str, object] | bool

_DEEPEST = 60
_MAPS = ("properties", "patternProperties", "$defs", "definitions")
_LISTS = ("allOf", "anyOf", "oneOf", "prefixItems", "items")
_SINGLE = ("items", "additionalProperties", "additionalItems")
# For each keyword that the library cannot enforce, the value that asks for nothing.
_NOT_ENFORCED: Mapping[str, object] = {
    "$dynamicRef": None, "$recursiveRef": None, "contains": None, "dependencies": {}, "dependentRequired": {},
    "dependentSchemas": {}, "else": None, "if": None, "maxContains": None, "minContains": None, "not": None,
    "nullable": False, "propertyNames": True, "then": None, "unevaluatedItems": True, "unevaluatedProperties": True,
    "uniqueItems": False,
}  # fmt: skip
_MENDS = {
    "nullable": 'write type: ["string", "null"] instead',
    "uniqueItems": "leave it out and check the answer",
    "if": "write the cases with anyOf",
    "dependencies": "write the cases with anyOf",
}
_ANNOTATIONS = {
    "$comment", "default", "deprecated", "description", "example", "examples", "readOnly", "title", "writeOnly",
}  # fmt: skip
_ENFORCED_FORMATS = {
    "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "unknown", "uri", "uuid",
}  # fmt: skip
_OTHER_FORMATS = {
    "idn-email", "idn-hostname", "iri", "iri-reference", "json-pointer", "regex", "relative-json-pointer",
    "uri-reference", "uri-template",
}  # fmt: skip
# JSON can spell any character as \uXXXX, but then a key would have many spellings, and `properties` could be evaded.
_UNSPEAKABLE = {*map(chr, range(32)), "\x7f"} - set("\b\t\n\f\r")


def enforceable(schema: Schema, field: str, *, root: str = "#") -> Schema:
    """The schema as the grammar library is to read it; local references point under `root`.

    Raises ApiError (400) that names the keyword by its place under `field`.
    """
    return _ready(schema, field, root, 0)


def is_text(schema: Schema, root: Schema) -> dict[str, object] | None:
    """The schema of a plain string, its reference resolved within `root`; None for anything that may be something else."""
    for _ in range(_DEEPEST):
        if not isinstance(schema, dict):
            return None
        reference = schema.get("$ref")
        if not isinstance(reference, str):
            break
        schema = _resolve(reference, root)
    else:
        return None
    if schema.get("type") == "string":
        return schema
    values = schema.get("enum", [schema["const"]] if "const" in schema else None)
    if "type" in schema or not isinstance(values, list) or not values:
        return None
    return schema if all(isinstance(value, str) for value in cast("list[object]", values)) else None


def _resolve(reference: str, root: Schema) -> Schema:
    """The subschema that a local pointer names; true where there is none, which the library then complains about."""
    at = root
    for part in reference.split("/")[1:]:
        found = at.get(part.replace("~1", "/").replace("~0", "~")) if isinstance(at, dict) else None
        at = cast("Schema", found) if isinstance(found, dict) else True
    return at


def _ready(schema: object, where: str, root: str, depth: int) -> Schema:
    if isinstance(schema, bool):
        return schema
    if not isinstance(schema, dict):
        raise invalid(where, "expected a JSON schema: an object, or true or false")
    if depth > _DEEPEST:
        raise invalid(where, f"it is nested more than {_DEEPEST} levels deep")

    def inner(value: object, place: str) -> Schema:
        return _ready(value, f"{where}.{place}", root, depth + 1)

    ready: dict[str, object] = {}
    for key, value in cast("dict[str, object]", schema).items():
        if key in _NOT_ENFORCED:
            if value != _NOT_ENFORCED[key]:
                mend = f"; {_MENDS[key]}" if key in _MENDS else ""
                raise invalid(f"{where}.{key}", f"the keyword {key} cannot be enforced here{mend}")
        elif key == "format":
            if not isinstance(value, str) or value in _ENFORCED_FORMATS:
                ready[key] = value
            elif value in _OTHER_FORMATS:
                raise invalid(f"{where}.format", f"the format {value} cannot be enforced here; leave it out")
        elif key == "$ref" and isinstance(value, str):
            if not value.startswith("#"):
                raise invalid(f"{where}.$ref", f"only references within the schema are followed, not {value[:80]!r}")
            ready[key] = root + value[1:]
        elif key not in _ANNOTATIONS and key != "x-guidance":
            ready[key] = _keyword(key, value, where, inner)
    return ready


def _keyword(key: str, value: object, where: str, inner: Callable[[object, str], Schema]) -> object:
    """A keyword's value with the schemas in it made ready. Malformed ones are left to the validator of schemas."""
    if isinstance(value, dict) and key in _MAPS:
        members = cast("dict[str, object]", value)
        if key == "properties":
            _speakable(list(members), f"{where}.properties")
        return {name: inner(member, f"{key}.{name}") for name, member in members.items()}
    if isinstance(value, list) and key in _LISTS:
        return [inner(member, f"{key}[{at}]") for at, member in enumerate(cast("list[object]", value))]
    if isinstance(value, (dict, bool)) and key in _SINGLE:
        return inner(cast("object", value), key)
    if key in ("const", "enum", "required"):
        _speakable(cast("object", value), f"{where}.{key}")
    return cast("object", value)


def _speakable(value: object, where: str) -> None:
    """Raises ApiError (400) for control characters in texts that an answer would have to contain."""
    if isinstance(value, str):
        if not _UNSPEAKABLE.isdisjoint(value):
            raise invalid(where, "control characters other than \\b \\t \\n \\f \\r are not supported")
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            _speakable(item, where)
    elif isinstance(value, dict):
        members = cast("dict[str, object]", value)
        _speakable(list(members), where)
        _speakable(list(members.values()), where)
