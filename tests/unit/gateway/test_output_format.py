"""What the wire says of outputs and tools: every spelling means one thing, contradictions are refused by name."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from nemoserve.http.body import decode
from nemoserve.http.wire_chat import CHAT_DECODER, read_chat
from nemoserve.structured.schema import enforceable
from nemoserve.types.chat import ChatRequest, OutputFormat, SchemaTitle, ToolChoice
from nemoserve.types.errors import ApiError

SCHEMA = {"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "string"}}}
TOOL = {"type": "function", "function": {"name": "add", "parameters": {"type": "object"}}}


def read(**fields: Any) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": "Hello"}], **fields}
    return read_chat(decode(json.dumps(body).encode(), CHAT_DECODER), most_choices=8)


def refused(**fields: Any) -> str:
    with pytest.raises(ApiError) as caught:
        read(**fields)
    assert caught.value.status == 400
    assert caught.value.message.startswith(str(caught.value.metadata["parameter"]))
    return caught.value.message


def named_schema(schema: Any = SCHEMA, **more: Any) -> dict[str, Any]:
    return {"type": "json_schema", "json_schema": {"name": "thing", "schema": schema, **more}}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"response_format": named_schema()}, "response_format.json_schema.schema"),
        ({"response_format": named_schema(strict=False)}, "response_format.json_schema.schema"),
        ({"response_format": named_schema(strict=True, description="d")}, "response_format.json_schema.schema"),
        ({"response_format": {"type": "json_object", "schema": SCHEMA}}, "response_format.schema"),
        ({"structured_outputs": {"json": SCHEMA}}, "structured_outputs.json"),
        ({"structured_outputs": {"json": json.dumps(SCHEMA), "regex": None}}, "structured_outputs.json"),
        ({"guided_json": SCHEMA}, "guided_json"),
        ({"guided_json": json.dumps(SCHEMA)}, "guided_json"),
        ({"nvext": {"guided_json": SCHEMA}}, "nvext.guided_json"),
    ],
)
def test_a_spelling_of_a_schema_means_something_else(fields: Any, expected: str) -> None:
    request = read(**fields)
    assert request.output is not None and isinstance(request.output.schema, dict)
    assert msgspec.structs.replace(request.output, title=SchemaTitle()) == OutputFormat(
        "json_schema", schema=SCHEMA, field=expected
    )
    assert list(request.output.schema["properties"]) == ["b", "a"], "the order of properties is that of the answer"  # type: ignore[arg-type]
    assert request.warnings == ()


def test_what_a_request_says_of_its_schema_is_lost_or_contradicts_another_spelling() -> None:
    title = {"name": "thing", "description": "d", "strict": False}
    request = read(response_format=named_schema(description="d", strict=False), guided_json=SCHEMA)
    assert request.output is not None and msgspec.to_builtins(request.output.title) == title
    bare = read(response_format={"type": "json_schema", "json_schema": {"name": "", "strict": None, "schema": SCHEMA}})
    assert bare.output is not None and bare.output.title == SchemaTitle()


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"response_format": {"type": "json_object"}}, OutputFormat("json_object")),
        ({"structured_outputs": {"json_object": True}}, OutputFormat("json_object", field="structured_outputs.json_object")),
        ({"response_format": {"type": "regex", "pattern": "a+"}},
         OutputFormat("regex", pattern="a+", field="response_format.pattern")),
        ({"structured_outputs": {"regex": "a+"}}, OutputFormat("regex", pattern="a+", field="structured_outputs.regex")),
        ({"guided_regex": "a+"}, OutputFormat("regex", pattern="a+", field="guided_regex")),
        ({"guided_choice": ["a", "b"]}, OutputFormat("choice", choices=("a", "b"), field="guided_choice")),
        ({"nvext": {"guided_choice": ["a"]}}, OutputFormat("choice", choices=("a",), field="nvext.guided_choice")),
        ({"response_format": {"type": "grammar", "grammar": 'start: "a"'}},
         OutputFormat("lark", pattern='start: "a"', field="response_format.grammar")),
        ({"grammar": 'start: "a"'}, OutputFormat("lark", pattern='start: "a"', field="grammar")),
        ({"guided_grammar": 'start: "a"'}, OutputFormat("lark", pattern='start: "a"', field="guided_grammar")),
        ({"response_format": {"type": "text"}}, None),
        ({"structured_outputs": True}, None),
        ({"structured_outputs": False}, None),
        ({"structured_outputs": {"json_object": False}}, None),
        ({"response_format": {"type": "text"}, "guided_choice": ["a"]},
         OutputFormat("choice", choices=("a",), field="guided_choice")),
    ],
)  # fmt: skip
def test_a_form_of_output_is_lost_on_the_way(fields: Any, expected: OutputFormat | None) -> None:
    request = read(**fields)
    assert request.output == expected
    assert request.warnings == ()


def test_the_same_wish_in_two_fields_is_taken_for_a_contradiction() -> None:
    both = read(response_format=named_schema(), guided_json=SCHEMA, structured_outputs=True)
    assert both.output is not None and both.output.field == "response_format.json_schema.schema"


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        (
            {"response_format": named_schema(), "guided_regex": "a"},
            ["response_format.json_schema.schema", "guided_regex"],
        ),
        ({"guided_json": SCHEMA, "grammar": 'start: "a"'}, ["guided_json", "grammar"]),
        (
            {"structured_outputs": {"regex": "a", "choice": ["a"]}},
            ["structured_outputs.regex", "structured_outputs.choice"],
        ),
        ({"guided_regex": "a", "nvext": {"guided_regex": "b"}}, ["guided_regex", "nvext.guided_regex"]),
        ({"response_format": {"type": "json_object"}, "guided_choice": ["a"]}, ["response_format", "guided_choice"]),
    ],
)
def test_one_of_two_contradictory_wishes_wins_silently(fields: Any, names: list[str]) -> None:
    assert refused(**fields).startswith(" and ".join(names) + ": ")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"response_format": {}}, "response_format.type"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
        ({"response_format": {"type": "json_schema"}}, "response_format.json_schema"),
        ({"response_format": {"type": "json_schema", "json_schema": {}}}, "response_format.json_schema.schema"),
        ({"response_format": named_schema([1])}, "response_format.json_schema.schema"),
        ({"response_format": named_schema(name=5)}, "response_format.json_schema.name"),
        ({"response_format": named_schema(strict="yes")}, "response_format.json_schema.strict"),
        ({"response_format": {"type": "json_object", "schema": 5}}, "response_format.schema"),
        ({"response_format": {"type": "regex"}}, "response_format.pattern"),
        ({"response_format": {"type": "grammar", "grammar": ""}}, "response_format.grammar"),
        ({"response_format": "json"}, "response_format"),
        ({"grammar": 'root ::= "a"'}, "grammar"),
        ({"grammar": 5}, "grammar"),
        ({"guided_json": "{"}, "guided_json"),
        ({"guided_json": "[1]"}, "guided_json"),
        ({"guided_json": 5}, "guided_json"),
        ({"guided_regex": ""}, "guided_regex"),
        ({"guided_choice": []}, "guided_choice"),
        ({"guided_choice": ["a", 5]}, "guided_choice[1]"),
        ({"nvext": {"guided_choice": "a"}}, "nvext.guided_choice"),
        ({"structured_outputs": {"choice": ["a", ""]}}, "structured_outputs.choice[1]"),
        ({"structured_outputs": {"json_object": 1}}, "structured_outputs.json_object"),
        ({"structured_outputs": {"regex": False}}, "structured_outputs.regex"),
        ({"structured_outputs": "yes"}, "structured_outputs"),
    ],
)
def test_a_wrong_value_is_refused_without_its_field(fields: Any, named: str) -> None:
    assert refused(**fields).startswith(f"{named}: ")


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"response_format": {"type": "python"}}, "response_format"),
        ({"nvext": {"guided_whitespace_pattern": " ?"}}, "nvext.guided_whitespace_pattern"),
        ({"structured_outputs": {"structural_tag": "{}"}}, "structured_outputs.structural_tag"),
        ({"nvext": {"ignore_eos": True}}, "nvext.ignore_eos"),
    ],
)
def test_what_is_not_done_is_dropped_in_silence(fields: Any, named: str) -> None:
    request = read(**fields)
    assert request.output is None
    assert [(notice.code, notice.parameter) for notice in request.warnings] == [("dropped_parameter", named)]


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        (None, ToolChoice("auto")),
        ("auto", ToolChoice("auto")),
        ("required", ToolChoice("required")),
        ({"type": "function", "function": {"name": "add"}}, ToolChoice("named", "add")),
        ({"function": {"name": "add"}}, ToolChoice("named", "add")),
    ],
)
def test_a_tool_choice_is_taken_for_another(choice: Any, expected: ToolChoice) -> None:
    request = read(tools=[TOOL], tool_choice=choice)
    assert request.tool_choice == expected and len(request.tools) == 1
    assert request.warnings == ()


def test_what_is_said_of_a_tools_strictness_is_lost_or_reaches_the_model() -> None:
    named: dict[str, Any] = {"type": "function", "function": {"name": "sub", "strict": None}}
    request = read(tools=[{**TOOL, "function": {**TOOL["function"], "strict": True}}, named])
    assert request.strict_tools == {"add": True} and "strict" not in str(request.tools)
    for wrong in ("yes", 1):
        named["function"]["strict"] = wrong
        assert refused(tools=[TOOL, named]).startswith("tools[1].function.strict: ")


def test_the_choice_none_still_offers_tools() -> None:
    request = read(tools=[TOOL], tool_choice="none")
    assert request.tool_choice == ToolChoice("none") and request.tools == ()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": {"type": "function", "function": {"name": "add"}}}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": "any"}, "tool_choice"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "sub"}}},
            "tool_choice.function.name",
        ),
        ({"tools": [TOOL], "tool_choice": {"type": "function"}}, "tool_choice.function.name"),
        ({"tools": [TOOL], "tool_choice": {"type": "custom", "custom": {"name": "add"}}}, "tool_choice.type"),
        ({"tools": [{"type": "openrouter:datetime"}], "tool_choice": "required"}, "tool_choice"),
    ],
)
def test_a_choice_that_cannot_be_made_is_accepted(fields: Any, named: str) -> None:
    assert refused(**fields).startswith(f"{named}: ")


def test_objects_are_closed_only_where_that_takes_nothing_away() -> None:
    listed: dict[str, Any] = {"type": "object", "properties": {"a": {"type": "object", "properties": {"b": True}}}}
    closed = enforceable(listed, "s")
    assert isinstance(closed, dict)
    assert closed["additionalProperties"] is False and closed["properties"]["a"]["additionalProperties"] is False  # type: ignore[index]
    assert "additionalProperties" not in listed
    for open_schema in (
        {**listed, "additionalProperties": True},
        {**listed, "required": ["z"]},
        {**listed, "minProperties": 3},
        {"type": "object"},
    ):
        assert enforceable(open_schema, "s").get("additionalProperties") is not False  # type: ignore[union-attr]
    merged = enforceable({"allOf": [listed, {"properties": {"c": True}}]}, "s")
    assert "additionalProperties" not in str(merged)
    assert enforceable({"properties": {"properties": {"enum": [{"properties": {}}]}}}, "s") == {
        "properties": {"properties": {"enum": [{"properties": {}}]}},
        "additionalProperties": False,
    }


def test_a_lone_backslash_at_the_end_is_told_as_another_fault() -> None:
    for pattern in ("\\", "ab\\\\\\"):
        assert "ends with a backslash" in refused(guided_regex=pattern)
    assert read(guided_regex="ab\\\\").output is not None


def test_the_range_of_a_machines_integers_cannot_be_asked_for() -> None:
    whole = {"type": "integer", "minimum": -(2**63), "maximum": 2**64 - 1}
    assert enforceable(whole, "s") == {"type": "integer", "minimum": -9 * 10**18, "maximum": 9 * 10**18}
    for bound in ({"minimum": 2**63}, {"exclusiveMaximum": -1e30}):
        with pytest.raises(ApiError, match=rf"s.{next(iter(bound))}: numbers beyond"):
            enforceable(dict(bound), "s")


def test_an_integer_that_no_double_holds_is_asked_for_and_comes_out_as_its_neighbour() -> None:
    held = {"enum": [2**53, -(2**60), 12, True, "9007199254740993"]}
    assert enforceable(held, "s") == held
    for schema in ({"const": 2**53 + 1}, {"enum": [{"ids": [1, 2**53 + 1]}]}, {"minimum": 2**53 + 1}):
        with pytest.raises(ApiError, match=rf"s.{next(iter(schema))}: integers beyond 2\^53"):
            enforceable(dict(schema), "s")
