"""Grammars of answers and calls: what they let through and what not, and what is refused before it gets that far."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nemoserve.structured.calls import MOST_CALLS
from nemoserve.structured.grammar import grammar_for, pieces
from nemoserve.structured.validate import check_output
from nemoserve.structured.worker import complaint
from nemoserve.types.chat import OutputFormat, ToolChoice
from nemoserve.types.errors import ApiError
from nemoserve.types.model import ToolFormat
from tests.grammars import MINI_MARKERS, accepts, bytewise, drive, mini

FREE, REQUIRED = ToolChoice(), ToolChoice("required")
FIELD = "response_format.json_schema.schema"
S: dict[str, Any] = {"type": "string"}


def schema(value: Any) -> OutputFormat:
    return OutputFormat("json_schema", schema=value, field=FIELD)


def grammar(output: OutputFormat | None = None, tools: Any = (), choice: ToolChoice = FREE, **more: Any) -> str:
    found = grammar_for(
        output, tools, choice, more.get("parallel", True), more.get("form", "json"), more.get("tokens", MINI_MARKERS)
    )
    assert found is not None
    assert complaint(found, mini()) is None
    return found


def tool(name: str, parameters: Any = None) -> dict[str, Any]:
    return {
        "type": "function",
        "function": {"name": name, **({} if parameters is None else {"parameters": parameters})},
    }


ADD = tool("add", {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]})
CALL = '{"name": "add", "arguments": {"n": 1}}'


def test_a_free_answer_is_constrained() -> None:
    for output, tools, choice in ((None, (), FREE), (None, [ADD], FREE), (None, (), ToolChoice("none"))):
        for form in ("json", "xml", "none"):
            assert grammar_for(output, tools, choice, True, form) is None


def test_json_object_lets_another_value_through() -> None:
    found = grammar(OutputFormat("json_object"))
    assert accepts(found, '{"a": [1, {"b": null}]}') and accepts(found, "{}")
    assert not any(accepts(found, text) for text in ("[]", "1", '"{}"', "{} ", " {}", "```{}"))


def test_a_model_can_lose_itself_in_whitespace() -> None:
    found = grammar(schema({"type": "object", "properties": {"a": {"type": "array", "items": {"type": "integer"}}}}))
    value = {"a": [1, 2]}
    for text in (json.dumps(value), json.dumps(value, separators=(",", ":"))):
        assert accepts(found, text), text
    assert not any(
        accepts(found, text) for text in ('{ "a": []}', '{"a" :[]}', '{"a":  []}', '{"a": [1\n, 2]}', "{\n}")
    )


def test_an_escaped_key_evades_its_schema() -> None:
    further = {"type": "object", "properties": {"a": {"type": "integer"}}, "additionalProperties": True}
    found = grammar(schema(further))
    assert accepts(found, '{"a": 1, "b": "x"}')
    assert not accepts(found, '{"\\u0061": "x"}')


def test_properties_come_in_another_order_than_the_schemas() -> None:
    found = grammar(schema({"type": "object", "properties": {"b": S, "a": S}, "required": ["a", "b"]}))
    assert accepts(found, '{"b": "1", "a": "2"}') and not accepts(found, '{"a": "2", "b": "1"}')


@pytest.mark.parametrize(
    ("output", "good", "bad"),
    [
        (OutputFormat("regex", pattern="a/b|\\d+"), ["a/b", "12"], ["", "a", "12 "]),
        (OutputFormat("regex", pattern="[\\d-]+\\\\d\\W"), ["1-\\d!"], ["٣\\d!", "1\\da"]),
        (OutputFormat("regex", pattern="^x\ny$"), ["x\ny"], ["xy", "x\\ny"]),
        (OutputFormat("regex", pattern='"[^"]*"//#'), ['"a"//#'], ["//#"]),
        (
            OutputFormat("choice", choices=("yes", "no", 'q"\\', "é\n😀")),
            ["yes", "no", 'q"\\', "é\n😀"],
            ["", "ye", "noo"],
        ),
        (OutputFormat("choice", choices=("a", "ab")), ["a", "ab"], ["abb"]),
        (OutputFormat("lark", pattern='start: a b?\na: "x"+\nb: /[0-9]/'), ["xx", "x1"], ["1", ""]),
        (schema({"enum": ["</TOOLCALL>", "<SPECIAL_12>"]}), ['"</TOOLCALL>"'], ['"</TOOL>"']),
        (
            schema({"type": "string", "format": "date-time", "pattern": "Z$"}),
            ['"2024-02-29T23:59:59Z"'],
            ['"2024-02-29T23:58:60Z"', '"2023-02-29T00:00:00Z"', '"2024-02-29T00:00:00+01:00"'],
        ),
        (
            schema({"type": "string", "format": "date"}),
            ['"2000-02-29"', '"2024-02-28"', '"2023-12-31"'],
            ['"1900-02-29"', '"2023-02-29"', '"2023-02-30"', '"2023-13-01"'],
        ),
        (schema({"type": "string", "format": "time"}), ['"12:00:00Z"'], ['"12:00:60Z"']),
        (
            schema({"type": "integer", "minimum": -(2**63), "maximum": 2**63 - 1}),
            ["1850000000000000001", "-5"],
            ["9" * 19],
        ),
        (schema(True), ["1", "[]", '"a"'], ["", "a"]),
    ],
)
def test_a_constraint_lets_the_wrong_texts_through(output: OutputFormat, good: list[str], bad: list[str]) -> None:
    found, tokenizer = grammar(output), bytewise()
    for text in good:
        assert accepts(found, text, tokenizer), text
        assert check_output(output, text) is None
    for text in bad:
        assert not accepts(found, text, tokenizer), text


def test_text_that_looks_like_a_marker_strands_the_model() -> None:
    """Where a marker is one token, the library offers it for such text and then refuses it, unless told not to."""
    output = schema({"const": "</TOOLCALL>"})
    assert all(drive(grammar(output), mini(), seed) == '"</TOOLCALL>"' for seed in range(5))


@pytest.mark.parametrize(
    ("value", "named"),
    [
        ({"not": {}}, "not"),
        ({"type": "object", "properties": {"x": {"type": "array", "uniqueItems": True}}}, "properties.x.uniqueItems"),
        ({"anyOf": [S, {"if": S, "then": S}]}, "anyOf[1].if"),
        ({"items": {"contains": S}}, "items.contains"),
        ({"$defs": {"a": {"propertyNames": S}}}, "$defs.a.propertyNames"),
        ({"dependentRequired": {"a": ["b"]}}, "dependentRequired"),
        ({"type": "string", "nullable": True}, "nullable"),
        ({"unevaluatedProperties": False}, "unevaluatedProperties"),
        ({"format": "regex"}, "format"),
        ({"$ref": "https://example.com/schema"}, "$ref"),
        ({"properties": {"a": {"$ref": "other.json#/a"}}}, "properties.a.$ref"),
        ({"properties": {"a": 5}}, "properties.a"),
        ({"const": "bell\x07"}, "const"),
        ({"properties": {"del\x7f": S}}, "properties"),
    ],
)
def test_a_keyword_that_is_not_enforced_is_ignored(value: Any, named: str) -> None:
    with pytest.raises(ApiError) as caught:
        grammar_for(schema(value), (), FREE, True, "json")
    assert caught.value.status == 400
    assert caught.value.message.startswith(f"{FIELD}.{named}: ")


def test_what_only_annotates_is_refused() -> None:
    harmless = {
        "$schema": "https://json-schema.org/draft/2020-12/schema", "title": "T", "description": "d", "default": 1,
        "examples": [1], "$comment": "c", "readOnly": True, "deprecated": False, "type": "object", "x-foo": 1,
        "properties": {
            "format": {"type": "integer", "format": "int32"}, "not": {"type": "string", "format": "password"},
            "title": {"type": "array", "uniqueItems": False, "items": {"type": ["string", "null"], "nullable": False}},
        },
        "unevaluatedProperties": True,
        "x-guidance": {"lenient": True},
    }  # fmt: skip
    found = grammar(schema(harmless))
    assert accepts(found, '{"format": 1, "not": "any", "title": [null]}')
    assert "lenient" not in found


def test_a_schema_without_end_breaks_the_reader() -> None:
    deep: dict[str, Any] = S
    for _ in range(5000):
        deep = {"items": deep}
    with pytest.raises(ApiError, match="nested"):
        grammar_for(schema(deep), (), FREE, True, "json")
    with pytest.raises(ApiError, match="false"):
        grammar_for(schema(False), (), FREE, True, "json")


@pytest.mark.parametrize("tokens", [MINI_MARKERS, {}])
def test_a_required_json_call_may_be_anything_else(tokens: dict[str, int]) -> None:
    tokenizer = mini() if tokens else bytewise()
    found = grammar(None, [ADD, tool("now")], REQUIRED, tokens=tokens)
    for inside in (
        CALL,
        f"{CALL}, {CALL}",
        '{"name": "now", "arguments": {}}',
        f'{CALL}, {{"name": "now", "arguments": {{}}}}',
    ):
        assert accepts(found, f"<TOOLCALL>[{inside}]</TOOLCALL>", tokenizer), inside
    for text in (
        "ok",
        "<TOOLCALL>[]</TOOLCALL>",
        f"Well: <TOOLCALL>[{CALL}]</TOOLCALL>",
        f"<TOOLCALL>[{CALL}]</TOOLCALL> done",
        '<TOOLCALL>[{"name": "sub", "arguments": {}}]</TOOLCALL>',
        '<TOOLCALL>[{"name": "add", "arguments": {}}]</TOOLCALL>',
        '<TOOLCALL>[{"name": "now", "arguments": {"x": 1}}]</TOOLCALL>',
        '<TOOLCALL>[{"name": "add", "arguments": {"n": "1"}}]</TOOLCALL>',
    ):
        assert not accepts(found, text, tokenizer), text


def test_the_number_of_calls_has_no_bound() -> None:
    def calls(count: int) -> str:
        return f"<TOOLCALL>[{', '.join([CALL] * count)}]</TOOLCALL>"

    many, one = grammar(None, [ADD], REQUIRED), grammar(None, [ADD], REQUIRED, parallel=False)
    named = grammar(None, [ADD, tool("now")], ToolChoice("named", "add"))
    assert accepts(many, calls(MOST_CALLS)) and not accepts(many, calls(MOST_CALLS + 1))
    assert accepts(one, calls(1)) and not accepts(one, calls(2))
    assert accepts(named, calls(1)) and not accepts(named, calls(2))
    assert not accepts(named, '<TOOLCALL>[{"name": "now", "arguments": {}}]</TOOLCALL>')


def test_references_of_two_tools_are_mixed_up() -> None:
    def pointing(kind: str) -> dict[str, Any]:
        return {"properties": {"x": {"$ref": "#/$defs/it"}}, "required": ["x"], "$defs": {"it": {"type": kind}}}

    tools = [tool("f", pointing("integer")), tool("g", pointing("boolean"))]
    found = grammar(None, tools, REQUIRED)
    assert accepts(found, '<TOOLCALL>[{"name": "f", "arguments": {"x": 1}}]</TOOLCALL>')
    assert not accepts(found, '<TOOLCALL>[{"name": "g", "arguments": {"x": 1}}]</TOOLCALL>')
    found = grammar(None, tools, REQUIRED, form="xml", tokens={})
    xml = "<tool_call>\n<function=g>\n<parameter=x>\n{}\n</parameter>\n</function>\n</tool_call>"
    assert accepts(found, xml.format("true"), bytewise()) and not accepts(found, xml.format("1"), bytewise())


def test_a_parameter_of_an_xml_call_is_not_what_its_schema_says() -> None:
    parameters = {
        "type": "object",
        "properties": {
            "text": S, "mode": {"enum": ["fast", "very slow"]}, "code": {"type": "string", "pattern": "^[A-Z]{2}", "maxLength": 3},
            "tree": {"type": "array", "items": {"$ref": "#/$defs/node"}},
        },
        "required": ["text"],
        "$defs": {"node": {"type": "object", "properties": {"up": {"$ref": "#/$defs/node"}}, "additionalProperties": False}},
    }  # fmt: skip
    found, tokenizer = grammar(None, [tool("f", parameters)], REQUIRED, form="xml", tokens={}), bytewise()

    def call(**given: str) -> str:
        inside = "".join(f"<parameter={name}>\n{value}\n</parameter>\n" for name, value in given.items())
        return f"<tool_call>\n<function=f>\n{inside}</function>\n</tool_call>"

    for good in (
        call(text=""), call(text='two\nlines, "quoted" < & >'), call(text="x", mode="very slow"), call(text="x", code="ABc"),
        call(text="x", tree='[{"up": {}}, {}]'), call(text="x", mode="fast", code="AB", tree="[]"),
        call(text="x") + "\n" + call(text="y"),
    ):  # fmt: skip
        assert accepts(found, good, tokenizer), good
    for bad in (
        call(), call(mode="fast"), call(text="a</parameter>b"), call(text="x", mode="slow"), call(text="x", code="Ab"),
        call(text="x", code="ABcd"), call(text="x", tree='[{"down": 1}]'), call(mode="fast", text="x"),
        call(text="x", other="1"),
    ):  # fmt: skip
        assert not accepts(found, bad, tokenizer), bad


@pytest.mark.parametrize(
    ("value", "good", "bad"),
    [
        ({"type": ["string", "null"]}, ["any text", "null", "", "nullable"], []),
        ({"type": ["string", "integer", "boolean"]}, ["any text", "5 x", "12", "true"], ["04", " 4 ", "1.5", "True"]),
        ({"type": ["string", "null"], "enum": ["a b", None]}, ["a b", "null"], ["b", '"a b"']),
        ({"anyOf": [{"$ref": "#/$defs/word"}, {"type": "integer"}]}, ["ab", "12"], ["a b", "1.5", '"ab"']),
        ({"allOf": [{"$ref": "#/$defs/word"}], "description": "d"}, ["ab"], ["a b", '"ab"']),
        ({"$ref": "#/$defs/word", "maxLength": 2}, ["ab"], ["abc"]),
        ({"oneOf": [{"const": "on"}, {"const": "off"}, {"type": "boolean"}]}, ["on", "off", "true"], ['"on"', "maybe"]),
        ({"enum": ["a", 1, None]}, ["a", "1", "null"], ['"a"', "2"]),
        ({"type": "string", "anyOf": [{"pattern": "^a"}, {"maxLength": 1}]}, ["abc", "b"], ["bc"]),
        (
            {"anyOf": [{"type": "array", "items": {"$ref": "#/$defs/word"}}, {"type": "null"}]},
            ['["ab"]', "null"],
            ["ab"],
        ),
        ({"type": ["object", "string"]}, ['{"a": [1, 2]}', '{"a":1}', "text"], ['{"a"', '{ "a":1}']),
        ({}, ['"ab"', "1", "[]"], ["ab"]),
    ],
)
def test_a_value_of_an_xml_call_is_not_read_as_it_was_written(value: Any, good: list[str], bad: list[str]) -> None:
    defs = {"word": {"type": "string", "pattern": "^[a-z]+$"}}
    tools = [tool("f", {"properties": {"x": value}, "required": ["x"], "$defs": defs})]
    found, tokenizer = grammar(None, tools, REQUIRED, form="xml", tokens={}), bytewise()
    call = "<tool_call>\n<function=f>\n<parameter=x>\n{}\n</parameter>\n</function>\n</tool_call>"
    for text in good:
        assert accepts(found, call.format(text), tokenizer), text
    for text in bad:
        assert not accepts(found, call.format(text), tokenizer), text


@pytest.mark.parametrize("form", ["json", "xml"])
@pytest.mark.parametrize(
    ("output", "text"),
    [
        (OutputFormat("json_object"), '{"a": 1}'),
        (OutputFormat("regex", pattern="<?[ab]+"), "<ab"),
        (OutputFormat("choice", choices=("<tool>", "no")), "<tool>"),
        (OutputFormat("lark", pattern="start: /[<a]+/"), "<<a"),
    ],
)
def test_with_tools_an_answer_or_a_call_is_shut_out(form: ToolFormat, output: OutputFormat, text: str) -> None:
    found, tokenizer = grammar(output, [ADD], form=form, tokens={}), bytewise()
    call = (
        f"<TOOLCALL>[{CALL}]</TOOLCALL>"
        if form == "json"
        else "<tool_call>\n<function=add>\n<parameter=n>\n1\n</parameter>\n</function>\n</tool_call>"
    )
    assert accepts(found, text, tokenizer) and accepts(found, call, tokenizer)
    assert not accepts(found, "free text", tokenizer) and not accepts(found, text + call, tokenizer)
    assert not accepts(grammar(output, [ADD], REQUIRED, form=form, tokens={}), text, tokenizer)
    assert not accepts(grammar(output, [ADD], ToolChoice("none"), form=form, tokens={}), call, tokenizer)


@pytest.mark.parametrize(
    ("tools", "form", "named"),
    [
        ([ADD], "none", "tool_choice"),
        ([tool("f", {"type": "string"})], "json", "tools[0].function.parameters.type"),
        ([ADD, tool("f", {"not": {}})], "json", "tools[1].function.parameters.not"),
        ([tool("f", {"anyOf": [{}]})], "xml", "tools[0].function.parameters.anyOf"),
        ([tool("f", {"properties": {"a>b": S}})], "xml", "tools[0].function.parameters.properties.a>b"),
        ([tool("f", {"properties": {"a": {"minLength": 1, "anyOf": [{"type": "string", "minLength": 2}]}}})], "xml",
         "tools[0].function.parameters.properties.a.minLength"),
        ([tool("f", {"properties": {"a": {"type": ["string", "integer"], "minimum": 5}}})], "xml",
         "tools[0].function.parameters.properties.a"),
        ([tool("f", {"properties": 5})], "xml", "tools[0].function.parameters"),
    ],
)  # fmt: skip
def test_a_call_that_cannot_be_enforced_is_promised(tools: Any, form: ToolFormat, named: str) -> None:
    with pytest.raises(ApiError) as caught:
        grammar_for(None, tools, REQUIRED, True, form)
    assert caught.value.status == 400 and caught.value.message.startswith(f"{named}: ")


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"$ref": "#/$defs/Point"}, "$ref: the schema has nothing at #/$defs/Point; add it there"),
        (
            {"type": "string", "pattern": "(?=a)b"},
            "look-around, including look-ahead and look-behind, is not supported",
        ),
        ({"type": "string", "pattern": r"\bword\b"}, "a boundary or a look-around"),
    ],
)
def test_a_schema_is_refused_in_the_librarys_own_words(value: Any, said: str) -> None:
    found = grammar_for(schema(value), (), FREE, True, "json", MINI_MARKERS)
    assert found is not None
    assert said in (complaint(found, mini()) or "")


def _node(next_one: Any, **more: Any) -> dict[str, Any]:
    return {"type": "object", "properties": {"next": next_one}, "required": ["next"], **more}


@pytest.mark.parametrize(
    ("value", "place"),
    [
        (_node({"$ref": "#"}), "properties.next"),
        (_node({"anyOf": [{"$ref": "#"}, {"type": "array", "items": {"$ref": "#"}, "minItems": 1}]}), "properties.next"),
        ({"$ref": "#/$defs/a", "$defs": {"a": _node({"$ref": "#/$defs/b"}), "b": _node({"$ref": "#/$defs/a"})}},
         "$defs.b.properties.next"),
        ({"type": "array", "items": _node({"allOf": [{"$ref": "#/items"}]}), "minItems": 2}, "items.properties.next"),
        (_node({"$ref": "#"}, type=["object", "null"]), None),
        (_node({"$ref": "#"}, required=[]), None),
        (_node({"anyOf": [{"$ref": "#"}, {"type": "null"}]}), None),
        (_node({"type": "array", "items": {"$ref": "#"}}), None),
        ({"$ref": "#/$defs/a", "$defs": {"a": _node({"$ref": "#/$defs/b"}), "b": _node({"enum": [1]})}}, None),
    ],
)  # fmt: skip
def test_a_schema_that_leads_back_to_itself_uses_up_all_tokens(value: Any, place: str | None) -> None:
    ((_, piece),) = pieces(schema(value), (), FREE)
    said = complaint(piece, mini())
    assert said is None if place is None else said is not None and said.startswith(place) and "can ever end" in said


def test_the_culprit_among_many_parts_is_not_found() -> None:
    parts = pieces(schema(S), [ADD, tool("now")], FREE)
    fields = ["tools[0].function.parameters", "tools[1].function.parameters"]
    assert [field for field, _ in parts] == [FIELD, *fields]
    assert [field for field, _ in pieces(schema(S), [ADD, tool("now")], ToolChoice("named", "now"))] == fields[1:]
    assert pieces(None, [ADD], FREE) == []


@pytest.mark.parametrize(
    ("output", "text", "code"),
    [
        (schema({"type": "object", "required": ["a"]}), '{"a": 1}', None),
        (schema({"type": "object", "required": ["a"]}), "\n{}", "output_mismatch"),
        (schema({"type": "object"}), '{"a":', "output_mismatch"),
        (schema({"multipleOf": 0.01}), "0.07", None),
        (schema({"type": "number"}), "1e999", None),
        (schema(True), '{"a": -4e92693846904362552749}', None),
        (schema({"type": "string", "format": "date"}), '"2024-02-31"', "output_mismatch"),
        (schema({"$ref": "https://example.com/x"}), "1", None),
        (schema({"items": [S]}), "[1]", None),
        (schema(False), "1", "output_mismatch"),
        (OutputFormat("json_object"), "[]", "output_mismatch"),
        (OutputFormat("json_object"), "[" * 100_000, "output_mismatch"),
        (OutputFormat("regex", pattern="(a|aa)*b"), "a" * 5000, "output_mismatch"),
        (OutputFormat("regex", pattern="a|b"), "ab", "output_mismatch"),
        (OutputFormat("regex", pattern="^a.*$"), "abc", None),
        (OutputFormat("regex", pattern="("), "x", None),
        (OutputFormat("choice", choices=("a",)), "b", "output_mismatch"),
        (OutputFormat("lark", pattern="start: x"), "b", None),
    ],
)
def test_a_mismatch_is_silent_or_a_match_is_reported(output: OutputFormat, text: str, code: str | None) -> None:
    notice = check_output(output, text)
    assert (notice and notice.code) == code
    assert notice is None or notice.parameter == output.field


def test_a_cut_answer_passes_for_a_finished_one() -> None:
    for output in (
        schema({"type": "object"}),
        OutputFormat("choice", choices=("abc",)),
        OutputFormat("regex", pattern="(?:a{1000}){1000}"),
        OutputFormat("lark", pattern="start: x"),
    ):
        notice = check_output(output, '{"a', complete=False)
        assert notice is not None and notice.code == "incomplete_output" and "max_tokens" in notice.message
    assert check_output(OutputFormat("json_object"), "{}", complete=False) is None
