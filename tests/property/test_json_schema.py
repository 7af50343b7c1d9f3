"""Whatever random tokens a grammar lets through, a finished answer is what the schema asks for."""

from __future__ import annotations

import json
import re
from decimal import Decimal, InvalidOperation
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import event, given
from hypothesis import strategies as st

from nemoserve.structured.grammar import grammar_for, pieces
from nemoserve.structured.validate import check_output
from nemoserve.structured.worker import complaint
from nemoserve.types.chat import OutputFormat, ToolChoice
from nemoserve.types.errors import ApiError
from tests.examples import examples
from tests.grammars import MINI_MARKERS, bytewise, drive, mini

MINI = mini()
BYTES = bytewise()
FREE = ToolChoice()
seeds = st.integers(0, 1 << 32)
names = st.sampled_from(["a", "b", "name", "é", 'quo"te', "with space", "a/b", "x\\y", "$ref", "type", "enum"])


def read(text: str) -> Any:
    """JSON with its numbers exact: 1e400 is one. Those with exponents of twenty digits, which only free ones can have, are taken for it."""

    def number(digits: str) -> Decimal:
        try:
            return Decimal(digits)
        except InvalidOperation:
            return Decimal("1e400")

    return json.loads(text, parse_float=number)


def bounds(low: str, high: str, values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Two bounds that leave room, or one, or none."""
    pairs = st.tuples(values, values).map(sorted).map(lambda pair: {low: pair[0], high: pair[1]})
    return st.just({}) | pairs | values.map(lambda value: {low: value}) | values.map(lambda value: {high: value})


lengths = bounds("minLength", "maxLength", st.integers(0, 6))
texts = st.sampled_from(["", "a", "yes", "é€😀", "tab\tnew\nline", 'say "x"', "back\\slash", "</TOOLCALL>"])
strings = st.one_of(
    lengths,
    st.sampled_from(["^[a-z]{2,5}$", "^\\d+-\\d+$", "[xyz]", "^(yes|no)$", "^a.*b$", "é", '^[^"\\\\]{1,4}$']).map(
        lambda pattern: {"pattern": pattern}
    ),
    st.sampled_from(["date", "time", "date-time", "duration", "email", "ipv4", "ipv6", "uuid", "uri", "hostname"]).map(
        lambda form: {"format": form}
    ),
).map(lambda fields: {"type": "string", **fields})
integers = bounds("minimum", "maximum", st.integers(-1000, 1000)).map(lambda fields: {"type": "integer", **fields})
multiples = st.sampled_from([2, 3, 5, 10]).map(lambda value: {"type": "integer", "multipleOf": value})
decimals = st.integers(-5000, 5000).map(lambda value: value / 100)
numbers = bounds("minimum", "maximum", decimals).map(lambda fields: {"type": "number", **fields})
open_numbers = decimals.map(lambda low: {"type": "number", "exclusiveMinimum": low, "exclusiveMaximum": low + 1.5})
enums = st.lists(texts | st.integers(-5, 5) | st.none() | st.booleans(), min_size=1, max_size=4).map(
    lambda values: {"enum": values}
)
constants = (texts | st.integers(-(2**53), 2**53) | st.just({"k": [1, "x"]})).map(lambda value: {"const": value})
references = st.sampled_from(["#/$defs/node", "#/$defs/word"]).map(lambda pointer: {"$ref": pointer})
nullable = st.sampled_from(["string", "integer", "boolean"]).map(lambda kind: {"type": [kind, "null"]})
leaves = st.one_of(
    strings, integers, multiples, numbers, open_numbers, enums, constants, references, nullable,
    st.just({"type": "null"}), st.just({"type": "boolean"}), st.just({}), st.just(True),
)  # fmt: skip
DEFS = {
    "word": {"type": "string", "pattern": "^[a-z]+$", "maxLength": 8},
    "node": {
        "type": "object",
        "properties": {"value": {"type": "integer"}, "next": {"anyOf": [{"$ref": "#/$defs/node"}, {"type": "null"}]}},
        "required": ["value"],
        "additionalProperties": False,
    },
}


@st.composite
def objects(draw: st.DrawFn, inner: st.SearchStrategy[Any]) -> dict[str, Any]:
    properties = draw(st.dictionaries(names, inner, max_size=4))
    schema: dict[str, Any] = {"type": "object", "properties": properties}
    if properties:
        schema["required"] = draw(st.lists(st.sampled_from(sorted(properties)), unique=True))
    more = draw(st.sampled_from([None, False, {"type": "integer"}]))
    return schema if more is None else {**schema, "additionalProperties": more}


def arrays(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    sizes = bounds("minItems", "maxItems", st.integers(0, 3))
    tuples = st.lists(inner, min_size=1, max_size=2).map(lambda items: {"prefixItems": items, "items": False})
    return st.tuples(inner, sizes).map(lambda pair: {"items": pair[0], **pair[1], "type": "array"}) | tuples.map(
        lambda fields: {"type": "array", **fields}
    )


def choices(inner: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.lists(inner, min_size=1, max_size=3).map(lambda cases: {"anyOf": cases})


schemas = st.recursive(leaves, lambda inner: objects(inner) | arrays(inner) | choices(inner), max_leaves=6)


@examples(400)
@given(schemas, seeds)
def test_a_finished_answer_breaks_its_schema(schema: Any, seed: int) -> None:
    if isinstance(schema, dict):
        schema = {**schema, "$defs": DEFS}
    output = OutputFormat("json_schema", schema=schema)
    grammar = grammar_for(output, (), FREE, True, "json")
    assert grammar is not None and complaint(grammar, MINI) is None, (schema, complaint(grammar, MINI))
    assert [complaint(piece, MINI) for _, piece in pieces(output, (), FREE)] == [None]
    text = drive(grammar, MINI, seed)
    event("cut" if text is None else "finished")
    if text is not None:
        jsonschema_rs.validate(schema, read(text), validate_formats=True)
        assert check_output(output, text) is None


@examples(60)
@given(seeds)
def test_any_object_is_a_finished_object(seed: int) -> None:
    grammar = grammar_for(OutputFormat("json_object"), (), FREE, True, "json")
    text = drive(grammar or "", MINI, seed)
    assert text is None or isinstance(json.loads(text), dict)


def tool(name: str, parameters: Any) -> dict[str, Any]:
    return {"type": "function", "function": {"name": name, "parameters": parameters}}


@st.composite
def toolboxes(draw: st.DrawFn) -> list[dict[str, Any]]:
    named = draw(st.lists(st.sampled_from(["get_weather", "add", "find-all", "mcp.read"]), min_size=1, unique=True))
    return [tool(name, {**draw(objects(schemas)), "$defs": DEFS}) for name in named]


@examples(150)
@given(toolboxes(), st.sampled_from(["required", "named"]), st.booleans(), st.booleans(), seeds)
def test_a_forced_json_call_is_none(tools: Any, mode: Any, parallel: bool, spelt: bool, seed: int) -> None:
    choice = ToolChoice(mode, tools[0]["function"]["name"] if mode == "named" else None)
    grammar = grammar_for(None, tools, choice, parallel, "json", {} if spelt else MINI_MARKERS)
    tokenizer = BYTES if spelt else MINI
    text = drive(grammar or "", tokenizer, seed)
    event("cut" if text is None else "finished")
    if text is None:
        return
    inside = text.removeprefix("<TOOLCALL>").removesuffix("</TOOLCALL>")
    assert text == f"<TOOLCALL>{inside}</TOOLCALL>"
    calls = read(inside)
    assert 1 <= len(calls) <= (16 if parallel and mode == "required" else 1)
    schema_of = {one["function"]["name"]: one["function"]["parameters"] for one in tools}
    for call in calls:
        assert list(call) == ["name", "arguments"] and choice.name in (None, call["name"])
        jsonschema_rs.validate(schema_of[call["name"]], call["arguments"], validate_formats=True)


plain_names = st.sampled_from(["a", "b", "city", "max_items", "é"])
plain_strings = st.one_of(
    st.just({"type": "string"}),
    lengths.map(lambda fields: {"type": "string", **fields}),
    st.sampled_from(["^[a-z]{2,5}$", "[xyz]", "^ab", "b$"]).map(lambda at: {"type": "string", "pattern": at}),
    st.lists(st.sampled_from(["x", "y z", "é\n1", ""]), min_size=1).map(lambda values: {"enum": values}),
    st.just({"$ref": "#/$defs/word"}),
)


@st.composite
def plain_toolboxes(draw: st.DrawFn) -> list[dict[str, Any]]:
    boxes: list[dict[str, Any]] = []
    for name in draw(st.lists(st.sampled_from(["get_weather", "add"]), min_size=1, unique=True)):
        properties = draw(st.dictionaries(plain_names, plain_strings | plain_strings | schemas, max_size=3))
        required = [key for key in properties if draw(st.booleans())]
        boxes.append(tool(name, {"type": "object", "properties": properties, "required": required, "$defs": DEFS}))
    return boxes


_CALL = re.compile(r"<tool_call>\n<function=([^>]+)>\n((?:.|\n)*?)</function>\n</tool_call>(?:\n|$)")
_PARAMETER = re.compile(r"<parameter=([^>]+)>\n((?:.|\n)*?)\n</parameter>\n")


def types_of(schema: Any) -> set[str]:
    """The types that a schema of the strategies above may have; none if it does not say."""
    if not isinstance(schema, dict) or not schema:
        return set()
    if "$ref" in schema:
        return types_of(DEFS[schema["$ref"].rpartition("/")[2]])
    if "anyOf" in schema:
        cases = [types_of(case) for case in schema["anyOf"]]
        return set().union(*cases) if all(cases) else set()
    if "enum" in schema or "const" in schema:
        return {json_type(value) for value in schema.get("enum", [schema.get("const")])}
    kind = schema["type"]
    return {kind} if isinstance(kind, str) else set(kind)


def json_type(value: Any) -> str:
    names = {bool: "boolean", str: "string", int: "integer", dict: "object", list: "array", type(None): "null"}
    return names.get(type(value), "number")


def value_of(schema: Any, text: str) -> Any:
    """A parameter's value: the text as it stands, if it may be a string and is no JSON of another type that it may be."""
    types = types_of(schema)
    try:
        value = read(text)
    except ValueError:
        value = text
    fits = json_type(value) in types or ("number" in types and json_type(value) == "integer")
    return text if "string" in types and (isinstance(value, str) or not fits) else value


@examples(150)
@given(plain_toolboxes(), st.booleans(), st.booleans(), seeds)
def test_a_forced_xml_call_is_none(tools: Any, parallel: bool, single: bool, seed: int) -> None:
    tokenizer = bytewise("<tool_call>", "</tool_call>") if single else BYTES
    tokens = {"<tool_call>": 257, "</tool_call>": 258} if single else {}
    try:
        grammar = grammar_for(None, tools, ToolChoice("required"), parallel, "xml", tokens)
    except ApiError as error:
        event("refused")
        assert error.status == 400
        return
    text = drive(grammar or "", tokenizer, seed, 500)
    event("cut" if text is None else "finished")
    if text is None:
        return
    calls = _CALL.findall(text)
    assert _CALL.sub("", text) == "" and 1 <= len(calls) <= (16 if parallel else 1)
    schema_of = {one["function"]["name"]: one["function"]["parameters"] for one in tools}
    for name, inside in calls:
        assert _PARAMETER.sub("", inside) == ""
        properties = schema_of[name]["properties"]
        arguments = {key: value_of(properties[key], value) for key, value in _PARAMETER.findall(inside)}
        assert [key for key in properties if key in arguments] == list(arguments)
        jsonschema_rs.validate(schema_of[name], arguments)


@pytest.mark.parametrize("seed", range(20))
def test_with_tools_an_answer_of_a_given_form_is_that_or_a_call(seed: int) -> None:
    output = OutputFormat("json_schema", schema={"type": "object", "properties": {"x": {"type": "integer"}}})
    tools = [tool("add", {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})]
    text = drive(grammar_for(output, tools, FREE, True, "json", MINI_MARKERS) or "", MINI, seed)
    if text is not None and not text.startswith("<TOOLCALL>"):
        assert check_output(output, text) is None
