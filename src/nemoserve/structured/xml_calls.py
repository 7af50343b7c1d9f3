"""Tool calls as grammar rules, in the XML of Nemotron 3. Knows names and parameters; no requests' choices, no I/O.

The markup is `<tool_call>\\n<function=f>\\n<parameter=p>\\nVALUE\\n</parameter>\\n</function>\\n</tool_call>`. A parameter that
may be a string is plain text, any other is JSON. Of a plain text the keywords enum, const, pattern, minLength and maxLength
are enforced; its format is not. Parameters come in the order of the schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from nemoserve.structured import lark
from nemoserve.structured.calls import Tool, listed, one_of
from nemoserve.structured.schema import Schema, enforceable
from nemoserve.structured.texts import plain_texts
from nemoserve.types.errors import invalid

_PARAMETER_END = "\n</parameter>\n"
_NAME = re.compile(r"[^<>\s]+(?: [^<>\s]+)*")
_CLOSING_TAG = r"(?s:.*)</(parameter|function|tool_call)>(?s:.*)"
# Text that reads as JSON of a type; where a value may be of that type too, it is not meant as text.
_NUMBER = r"\s*-?\d+(\.\d+)?([eE][+-]?\d+)?\s*"
_READS_AS = {
    "integer": _NUMBER, "number": _NUMBER, "boolean": r"\s*(?i:true|false)\s*", "null": r"\s*null\s*",
    "array": r"\s*\[(?s:.*)", "object": r"\s*\{(?s:.*)",
}  # fmt: skip
# Values that can stand where a text can: complete terminals, as the text is, since terminals are matched greedily.
_SCALARS = {
    "integer": lark.regex(r"-?(0|[1-9]\d*)"), "number": lark.regex(r"-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?"),
    "boolean": '"true" | "false"', "null": '"null"',
}  # fmt: skip
_BOUNDS = ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf")
# What a list of parameters cannot express.
_WHOLE_OBJECT = ("$ref", "allOf", "anyOf", "oneOf", "patternProperties", "minProperties", "maxProperties")


def xml_calls(tools: Sequence[Tool], most: int, tokens: Mapping[str, int]) -> list[str]:
    """Rules for `calls` in XML; raises ApiError (400) for names and schemas that this form cannot express."""
    opener, closer = (lark.marker(text, tokens) for text in ("<tool_call>", "</tool_call>"))
    rules = [f"calls: {listed('call', chr(10), most)}", f"call: {one_of(len(tools))}"]
    for at, tool in enumerate(tools):
        names, required, parameters = _parameters(tool, at)
        slots = " ".join(name if must else f"{name}?" for name, must in zip(names, required, strict=True))
        head, tail = lark.literal(f"\n<function={_plain(tool.name, tool.field)}>\n"), lark.literal("</function>\n")
        rules += [f"call_{at}: {opener} {head} {slots} {tail} {closer}", *parameters]
    return rules


def _parameters(tool: Tool, at: int) -> tuple[list[str], list[bool], list[str]]:
    """Rule names, which of them are required, and the rules of one tool's parameters."""
    for keyword in _WHOLE_OBJECT:
        if keyword in tool.schema:
            raise invalid(f"{tool.field}.{keyword}", "it cannot be enforced in the way this model writes calls")
    properties, required = tool.given.get("properties", {}), tool.given.get("required", [])
    if not isinstance(properties, dict) or not isinstance(required, list):
        raise invalid(tool.field, "expected properties to be an object and required a list")
    required = [str(name) for name in cast("list[object]", required)]
    members = {**cast("dict[str, Schema]", properties)}
    more = cast("Schema", tool.given.get("additionalProperties", True))
    members |= {name: more for name in required if name not in members}
    rules: list[str] = []
    for number, (name, schema) in enumerate(members.items()):
        field = f"{tool.field}.properties.{name}"
        rules += _parameter(tool, name, schema, field, f"{at}_{number}")
    names = [f"parameter_{at}_{number}" for number in range(len(members))]
    return names, [name in required for name in members], rules


def _parameter(tool: Tool, name: str, schema: Schema, field: str, at: str) -> list[str]:
    """The rules of one parameter, its markup included."""
    texts, others = plain_texts(schema, tool.given, field)
    kinds = set[str]().union(*map(_kinds, others)) if texts else set[str]()
    apart = [f"~{lark.regex(pattern)}" for pattern in sorted({_READS_AS[kind] for kind in kinds})]
    # The markup behind a text is part of its terminal, which else would not know where to end.
    terminals = [" & ".join([*_text(text), *apart]) for text in texts]
    if texts:
        scalars, others = _scalars(others, field)
        terminals += scalars
    names = [f"TEXT_{at}_{number}" for number in range(len(terminals))]
    end = lark.literal(_PARAMETER_END)
    rules = [f"{term}: ({body}) {end}" for term, body in zip(names, terminals, strict=True)]
    if others:
        value = _alone(tool, others[0] if len(others) == 1 else {"anyOf": others}, field)
        rules.append(f"value_{at}: {lark.json_value(value)}")
        names.append(f"value_{at} {end}")
    head = lark.literal(f"<parameter={_plain(name, field)}>\n")
    return [f"parameter_{at}: {head} ({' | '.join(names)})", *rules]


def _scalars(schemas: Sequence[Schema], field: str) -> tuple[list[str], list[Schema]]:
    """The terminals of scalar values of schemas that are no text, and the schemas of what remains.

    A schema without a type stays whole; beside a text only its arrays and objects can be written.
    """
    terminals: list[str] = []
    remaining: list[Schema] = []
    for schema in schemas:
        if not isinstance(schema, dict) or ("type" not in schema and "enum" not in schema):
            remaining.append(schema)
            continue
        values = schema.get("enum")
        if isinstance(values, list):
            terminals += [lark.literal(json.dumps(value)) for value in cast("list[object]", values)]
            continue
        kinds = _kinds(schema)
        if kinds & {"integer", "number"} and not schema.keys().isdisjoint(_BOUNDS):
            raise invalid(field, "a text or else a number within bounds cannot be enforced in this model's calls")
        terminals += [_SCALARS[kind] for kind in _SCALARS if kind in kinds]
        if rest := sorted(kinds & {"array", "object"}):
            remaining.append({**schema, "type": rest})
    return terminals, remaining


def _kinds(schema: Schema) -> set[str]:
    """The JSON types, strings left out, that values of the schema may have."""
    given = schema.get("type") if isinstance(schema, dict) else None
    if given is None:
        return set(_READS_AS)
    named = cast("list[object]", given) if isinstance(given, list) else [given]
    return {kind for kind in _READS_AS if kind in named}


def _alone(tool: Tool, schema: Schema, field: str) -> Schema:
    """One parameter's schema, with the whole one beside it if it refers to it."""
    if '"$ref"' not in json.dumps(schema):
        return enforceable(schema, field)
    rest = {key: value for key, value in tool.given.items() if key not in ("$id", "$schema")}
    whole = enforceable(rest, tool.field, root="#/$defs/tool")
    return {"allOf": [enforceable(schema, field, root="#/$defs/tool")], "$defs": {"tool": whole}}


def _plain(name: str, field: str) -> str:
    if not _NAME.fullmatch(name):
        raise invalid(field, f"this model's calls cannot spell the name {name[:64]!r}")
    return name


def _text(schema: Mapping[str, object]) -> list[str]:
    """Terminals for plain text under a string's schema, all of which it must match."""
    terms = [f"~{lark.regex(_CLOSING_TAG)}", lark.regex("(?s:.*)")]
    values = schema.get("enum")
    if isinstance(values, list):
        terms.append(f"({lark.choice(map(str, cast('list[object]', values)))})")
    if isinstance(schema.get("pattern"), str):
        terms.append(lark.regex(_whole(str(schema["pattern"]))))
    if "minLength" in schema or "maxLength" in schema:
        terms.append(lark.regex(f"(?s:.){{{schema.get('minLength', 0)},{schema.get('maxLength', '')}}}"))
    return terms


def _whole(pattern: str) -> str:
    """A pattern that may be found anywhere in a text, as one of the whole text."""
    starts, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    if not starts and not ends:
        return f"(?s:.*)(?:{pattern})(?s:.*)"
    return ("" if starts else "(?s:.*)") + pattern + ("" if ends else "(?s:.*)")
