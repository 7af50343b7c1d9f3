"""The grammar of tool calls in each family's markup. Knows names and parameters; no requests' choices, no I/O.

JSON (Nano v2):     <TOOLCALL>[{"name": "f", "arguments": {...}}, ...]</TOOLCALL>
XML (Nemotron 3):   <tool_call>\\n<function=f>\\n<parameter=p>\\nVALUE\\n</parameter>\\n</function>\\n</tool_call>

In XML a parameter whose schema says string is plain text, any other is JSON. Of a plain text the keywords enum, const,
pattern, minLength and maxLength are enforced; its format is not. Parameters come in the order of the schema.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import cast

from nemoserve.structured import lark
from nemoserve.structured.schema import Schema, enforceable, is_text
from nemoserve.types.errors import invalid

MARKERS = ("<TOOLCALL>", "</TOOLCALL>", "<tool_call>", "</tool_call>")
"""Markup that may be one token in a vocabulary."""
MOST_CALLS = 16

_PARAMETER_END = "\n</parameter>\n"
_NAME = re.compile(r"[^<>\s]+")
_CLOSING_TAG = r"(?s:.*)</(parameter|function|tool_call)>(?s:.*)"
# What a list of parameters cannot express.
_WHOLE_OBJECT = ("$ref", "allOf", "anyOf", "oneOf", "patternProperties", "minProperties", "maxProperties")


class Tool:
    """A function's name and the schema of its arguments: always an object, an empty one if nothing is said."""

    def __init__(self, tool: Mapping[str, object], field: str) -> None:
        function = cast("dict[str, object]", tool["function"])
        given = cast("dict[str, object] | None", function.get("parameters"))
        self.name = str(function["name"])
        self.field = f"{field}.function.parameters"
        if given is None:
            given = {"additionalProperties": False}
        kind = given.get("type", "object")
        if kind != "object" and not (isinstance(kind, list) and "object" in kind):
            raise invalid(f"{self.field}.type", 'expected "object"')
        self.given: dict[str, object] = {**given, "type": "object"}
        self.schema = cast("dict[str, object]", enforceable(self.given, self.field))


def json_calls(tools: Sequence[Tool], most: int, tokens: Mapping[str, int]) -> list[str]:
    """Rules for `calls` in JSON; `tokens` are the ids of the markers that the vocabulary has as one token."""
    opener, closer = (lark.marker(text, tokens) for text in ("<TOOLCALL>", "</TOOLCALL>"))
    return [
        f'calls: {opener} "[" {_list("call", ", ", most)} "]" {closer}',
        f"call: {_one_of(len(tools))}",
        *(
            f"call_{at}: {lark.literal(_json_start(tool.name))} arguments_{at} {lark.literal('}')}\n"
            f"arguments_{at}: {lark.json_value(tool.schema)}"
            for at, tool in enumerate(tools)
        ),
    ]


def xml_calls(tools: Sequence[Tool], most: int, tokens: Mapping[str, int]) -> list[str]:
    """Rules for `calls` in XML; raises ApiError (400) for names and schemas that this form cannot express."""
    opener, closer = (lark.marker(text, tokens) for text in ("<tool_call>", "</tool_call>"))
    rules = [f"calls: {_list('call', chr(10), most)}", f"call: {_one_of(len(tools))}"]
    for at, tool in enumerate(tools):
        names, required, parameters = _parameters(tool, at)
        slots = " ".join(name if must else f"{name}?" for name, must in zip(names, required, strict=True))
        head, tail = lark.literal(f"\n<function={_plain(tool.name, tool.field)}>\n"), lark.literal("</function>\n")
        rules += [f"call_{at}: {opener} {head} {slots} {tail} {closer}", *parameters]
    return rules


def _list(rule: str, separator: str, most: int) -> str:
    return rule if most == 1 else f"{rule} ({lark.literal(separator)} {rule}){{0,{most - 1}}}"


def _one_of(count: int) -> str:
    return " | ".join(f"call_{at}" for at in range(count))


def _json_start(name: str) -> str:
    return f'{{"name": {json.dumps(name, ensure_ascii=False)}, "arguments": '


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
    members |= {name: True for name in required if name not in members}
    rules: list[str] = []
    for number, (name, schema) in enumerate(members.items()):
        field = f"{tool.field}.properties.{name}"
        head = lark.literal(f"<parameter={_plain(name, field)}>\n")
        text = is_text(schema, tool.given)
        if text is not None:
            rules.append(f"parameter_{at}_{number}: {head} TEXT_{at}_{number}")
            rules.append(f"TEXT_{at}_{number}: ({_text(text, field)}) {lark.literal(_PARAMETER_END)}")
        else:
            value = lark.json_value(_alone(tool, name, schema, field))
            rules.append(f"parameter_{at}_{number}: {head} value_{at}_{number} {lark.literal(_PARAMETER_END)}")
            rules.append(f"value_{at}_{number}: {value}")
    names = [f"parameter_{at}_{number}" for number in range(len(members))]
    return names, [name in required for name in members], rules


def _alone(tool: Tool, name: str, schema: Schema, field: str) -> Schema:
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


def _text(schema: Mapping[str, object], field: str) -> str:
    """A terminal for plain text under a string's schema."""
    for keyword in ("allOf", "anyOf", "oneOf"):
        if keyword in schema:
            raise invalid(f"{field}.{keyword}", "it cannot be enforced on a text in the way this model writes calls")
    terms = [f"~{lark.regex(_CLOSING_TAG)}", lark.regex("(?s:.*)")]
    values = cast("list[object]", schema.get("enum", [schema["const"]] if "const" in schema else []))
    if values:
        terms.append(f"({lark.choice(str(value) for value in values if isinstance(value, str))})")
    if isinstance(schema.get("pattern"), str):
        terms.append(lark.regex(_whole(str(schema["pattern"]))))
    if "minLength" in schema or "maxLength" in schema:
        terms.append(lark.regex(f"(?s:.){{{schema.get('minLength', 0)},{schema.get('maxLength', '')}}}"))
    return " & ".join(terms)


def _whole(pattern: str) -> str:
    """A pattern that may be found anywhere in a text, as one of the whole text."""
    starts, ends = pattern.startswith("^"), pattern.endswith("$") and not pattern.endswith("\\$")
    if not starts and not ends:
        return f"(?s:.*)(?:{pattern})(?s:.*)"
    return ("" if starts else "(?s:.*)") + pattern + ("" if ends else "(?s:.*)")
