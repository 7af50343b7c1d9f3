"""Tool calls as grammar rules, in Nano v2's JSON. Knows names and arguments; no requests' choices, no I/O.

The markup is `<TOOLCALL>[{"name": "f", "arguments": {...}}, ...]</TOOLCALL>`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import cast

from nemoserve.structured import lark
from nemoserve.structured.schema import enforceable
from nemoserve.types.errors import invalid

MARKERS = ("<TOOLCALL>", "</TOOLCALL>", "<tool_call>", "</tool_call>")
"""Markup that may be one token in a vocabulary."""
MOST_CALLS = 16


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
        f'calls: {opener} "[" {listed("call", ", ", most)} "]" {closer}',
        f"call: {one_of(len(tools))}",
        *(
            f"call_{at}: {lark.literal(_json_start(tool.name))} arguments_{at} {lark.literal('}')}\n"
            f"arguments_{at}: {lark.json_value(tool.schema)}"
            for at, tool in enumerate(tools)
        ),
    ]


def listed(rule: str, separator: str, most: int) -> str:
    """One to `most` of a rule."""
    return rule if most == 1 else f"{rule} ({lark.literal(separator)} {rule}){{0,{most - 1}}}"


def one_of(count: int) -> str:
    """One of the tools' calls."""
    return " | ".join(f"call_{at}" for at in range(count))


def _json_start(name: str) -> str:
    return f'{{"name": {json.dumps(name, ensure_ascii=False)}, "arguments": '
