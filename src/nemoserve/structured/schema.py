"""JSON schemas made ready for the grammar library. Knows which keywords it enforces; no grammars, no requests, no I/O.

A schema that is let through is enforced whole. An object whose properties are listed gets those alone, unless the schema speaks
of additional ones: they would be allowed, but a model that may invent keys easily goes on doing so until its tokens are used up. A keyword that would not be is refused with its place; what only annotates
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
_FURTHER = {"additionalProperties", "patternProperties", "minProperties"}
_ELSEWHERE = {"$ref", "allOf", "anyOf", "oneOf"}
_MENDS = {
    "nullable": 'write type: ["string", "null"] instead',
    "uniqueItems": "leave it out and check the answer",
    "if": "write the cases with anyOf",
    "dependencies": "write the cases with anyOf",
}
# The library makes nothing of bounds beyond this. To the outside an earlier one does: what keeps to that keeps to the other too.
_FURTHEST = 9 * 10**18
# Nor of all integers beyond this, which it holds as doubles.
_WHOLE = 2**53
_BOUNDS = {"minimum": -1, "exclusiveMinimum": -1, "maximum": 1, "exclusiveMaximum": 1}
ANNOTATIONS = {
    "$comment", "default", "deprecated", "description", "example", "examples", "readOnly", "title", "writeOnly",
}  # fmt: skip
"""Keywords that ask for nothing."""
_ENFORCED_FORMATS = {
    "date", "date-time", "duration", "email", "hostname", "ipv4", "ipv6", "time", "unknown", "uri", "uuid",
}  # fmt: skip
_OTHER_FORMATS = {
    "idn-email", "idn-hostname", "iri", "iri-reference", "json-pointer", "regex", "relative-json-pointer",
    "uri-reference", "uri-template",
}  # fmt: skip
# The library lets every minute have a leap second and every year a leap day; validators know better.
_REAL_TIME = {"pattern": "^(.*T)?[0-9]{2}:[0-9]{2}:[0-5][0-9]"}
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_REAL_DATE = {"pattern": f"^([0-9]{{4}}-(0[13-9]-|1[0-2]-|02-[01]|02-2[0-8])|{_LEAP_YEAR}-02-29)"}
# It knows no bounds for the parts of an address either (RFC 5321, 4.5.3.1).
_REAL_EMAIL = {"pattern": "^[^@]{1,64}@[^@.]{1,63}([.][^@.]{1,63}){0,2}$"}
_REAL = {"email": [_REAL_EMAIL], "time": [_REAL_TIME], "date": [_REAL_DATE], "date-time": [_REAL_DATE, _REAL_TIME]}
# JSON can spell any character as \uXXXX, but then a key would have many spellings, and `properties` could be evaded.
_UNSPEAKABLE = {*map(chr, range(32)), "\x7f"} - set("\b\t\n\f\r")


def enforceable(schema: Schema, field: str, *, root: str = "#") -> Schema:
    """The schema as the grammar library is to read it; local references point under `root`.

    Raises ApiError (400) that names the keyword by its place under `field`.
    """
    ready = _ready(schema, field, root, 0)
    if not _composed(ready):
        _close(ready)
    return ready


def _composed(schema: object) -> bool:
    """Whether some object's properties may be listed in several places, so that none of them may be closed by itself."""
    if isinstance(schema, list):
        return any(map(_composed, cast("list[object]", schema)))
    if not isinstance(schema, dict):
        return False
    parts = cast("dict[str, object]", schema)
    several = "properties" in parts and not _ELSEWHERE.isdisjoint(parts)
    merged = any(isinstance(part, dict) and part.keys() != {"pattern"} for part in _list(parts.get("allOf")))
    return several or merged or any(map(_composed, parts.values()))


def _close(schema: object) -> None:
    """Forbids further properties, in place, wherever nothing is said of them and none is needed."""
    if isinstance(schema, list):
        for item in cast("list[object]", schema):
            _close(item)
    if not isinstance(schema, dict):
        return
    parts = cast("dict[str, object]", schema)
    named = parts.get("properties")
    if isinstance(named, dict) and _FURTHER.isdisjoint(parts):
        listed = cast("dict[str, object]", named)
        if all(name in listed for name in _list(parts.get("required"))):
            parts["additionalProperties"] = False
    for name, value in parts.items():
        if name not in ("const", "enum"):
            _close(
                list(cast("dict[str, object]", value).values()) if name in _MAPS and isinstance(value, dict) else value
            )


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


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
        elif key not in ANNOTATIONS and key != "x-guidance":
            ready[key] = _keyword(key, value, where, inner)
    parts = ready.get("allOf", [])
    if isinstance(parts, list) and (real := _REAL.get(str(ready.get("format")))):
        ready["allOf"] = [*cast("list[object]", parts), *real]
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
    if (outward := _BOUNDS.get(key)) and isinstance(value, int | float) and abs(value) >= _FURTHEST:
        if value * outward < 0:
            raise invalid(
                f"{where}.{key}", "numbers beyond 9·10^18 cannot be enforced here; leave it out and check the answer"
            )
        return outward * _FURTHEST
    if key in _BOUNDS or key in ("const", "enum", "required"):
        _speakable(cast("object", value), f"{where}.{key}")
    return cast("object", value)


def _speakable(value: object, where: str) -> None:
    """Raises ApiError (400) for what an answer would have to contain and cannot: control characters in texts, integers that a double does
    not hold."""
    if isinstance(value, str):
        if not _UNSPEAKABLE.isdisjoint(value):
            raise invalid(where, "control characters other than \\b \\t \\n \\f \\r are not supported")
    elif isinstance(value, int):
        if abs(value) > _WHOLE and int(float(value)) != value:
            raise invalid(where, "integers beyond 2^53 cannot be enforced to the last digit; use a string")
    elif isinstance(value, list):
        for item in cast("list[object]", value):
            _speakable(item, where)
    elif isinstance(value, dict):
        members = cast("dict[str, object]", value)
        _speakable(list(members), where)
        _speakable(list(members.values()), where)
