"""The tools that a request offers, as far as calls are checked against them. Knows JSON schemas; no markup, no wire."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import cast

import jsonschema_rs

from nemoserve.types.chat import Notice, ToolCall

_DEEPEST = 8
"""How many references and alternatives are followed to find a parameter's types."""
_LONGEST_MESSAGE = 300


def strict_json(text: str) -> object:
    """The value of a JSON text. Raises ValueError for all else: constants that JSON does not have, nesting without end."""
    try:
        return json.loads(text, parse_constant=_no_constant)
    except RecursionError:
        raise ValueError("nested too deeply") from None


def _no_constant(name: str) -> object:
    raise ValueError(f"{name} is not JSON")


def json_type(value: object) -> str:
    """JSON schema's name for a value's type; whole numbers are integers."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case int():
            return "integer"
        case float():
            return "number"
        case str():
            return "string"
        case list():
            return "array"
        case _:
            return "object"


class ToolSchemas:
    """Function tools in OpenAI's form, by name. A validator is compiled at a tool's first call."""

    def __init__(self, tools: Sequence[dict[str, object]] = ()) -> None:
        self._parameters: dict[str, dict[str, object]] = {}
        for tool in tools:
            function = _object(tool.get("function"))
            name = function.get("name")
            if isinstance(name, str):
                self._parameters[name] = _object(function.get("parameters"))
        self._validators: dict[str, jsonschema_rs.Validator | None] = {}

    @property
    def names(self) -> frozenset[str]:
        return frozenset(self._parameters)

    def validator(self, name: str) -> jsonschema_rs.Validator | None:
        """None where there is nothing to check, or the schema cannot be compiled: one that points to other documents,
        or whose patterns cannot be matched in linear time."""
        if name not in self._validators:
            schema = self._parameters.get(name)
            try:
                compiled = (
                    jsonschema_rs.validator_for(schema, offline=True, pattern_options=jsonschema_rs.RegexOptions())
                    if schema
                    else None
                )
            except ValueError:
                compiled = None
            self._validators[name] = compiled
        return self._validators[name]

    def parameter_types(self, name: str, parameter: str) -> frozenset[str]:
        """The JSON types that a parameter may have; none if its schema does not say."""
        root = self._parameters.get(name, {})
        return frozenset(_types(_object(root.get("properties")).get(parameter), root, _DEEPEST))


def _object(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _list(value: object) -> list[object]:
    return cast("list[object]", value) if isinstance(value, list) else []


def _types(value: object, root: dict[str, object], depth: int) -> set[str]:
    schema = _object(value)
    if not schema or not depth:
        return set()
    kind = schema.get("type")
    if kind is not None:
        return {name for name in ([kind] if isinstance(kind, str) else _list(kind)) if isinstance(name, str)}
    if "const" in schema:
        return {json_type(schema["const"])}
    if "enum" in schema:
        return {json_type(choice) for choice in _list(schema["enum"])}
    reference = schema.get("$ref")
    if isinstance(reference, str) and reference.startswith("#/"):
        target: object = root
        for key in reference[2:].split("/"):
            target = _object(target).get(key.replace("~1", "/").replace("~0", "~"))
        return _types(target, root, depth - 1)
    for keyword in ("anyOf", "oneOf"):
        if keyword in schema:
            found = [_types(choice, root, depth - 1) for choice in _list(schema[keyword])]
            # One alternative that does not say makes the whole not say.
            return set[str]().union(*found) if all(found) else set()
    return set[str]().union(*(_types(part, root, depth - 1) for part in _list(schema.get("allOf"))))


def check_arguments(schemas: ToolSchemas, call: ToolCall) -> Notice | None:
    """What is wrong with a complete call, if anything: no JSON object, no such tool, or not what the tool's schema wants."""
    try:
        arguments = strict_json(call.arguments)
    except ValueError:
        return malformed(call.name)
    if not isinstance(arguments, dict):
        return malformed(call.name)
    if call.name not in schemas.names:
        return Notice("unknown_tool", f"The model called {call.name[:64]!r}, which is none of the tools.")
    validator = schemas.validator(call.name)
    if validator is None:
        return None
    try:
        problem = next(iter(validator.iter_errors(cast("dict[str, object]", arguments))), None)
    except ValueError:
        # Text that is no Unicode cannot be looked at.
        return malformed(call.name)
    if problem is None:
        return None
    path = "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in problem.instance_path)
    text = f"{call.name}: arguments{path}: {problem.message}"
    return Notice("invalid_tool_arguments", text[:_LONGEST_MESSAGE])


def malformed(name: str) -> Notice:
    """A call that broke off, or whose arguments are no JSON object."""
    text = f"The call of {name[:64]!r} is incomplete or malformed; its arguments are passed on as the model wrote them."
    return Notice("malformed_tool_call", text)
