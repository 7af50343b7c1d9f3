"""Tool calls: read the same wherever tokens are cut, arguments exactly as meant, nothing lost that is no call."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nemoserve.parsing.calls import CallArguments, CallEnd, CallPart, CallStart
from nemoserve.parsing.tool_schemas import ToolSchemas, check_arguments
from nemoserve.parsing.toolcalls import ToolCallSplitter, call_format
from nemoserve.types.chat import ToolCall
from nemoserve.types.model import ToolFormat

PROPERTIES = {
    "s": {"type": "string"},
    "n": {"type": "number"},
    "b": {"type": "boolean"},
    "o": {"type": "object"},
    "l": {"type": "array"},
    "maybe": {"anyOf": [{"type": "string"}, {"type": "null"}]},
    "either": {"type": ["string", "integer"]},
    "ref": {"$ref": "#/$defs/colour"},
    "any": {},
}
TOOLS = ToolSchemas(
    [
        {
            "type": "function",
            "function": {
                "name": "f",
                "parameters": {
                    "type": "object",
                    "properties": PROPERTIES,
                    "required": ["s"],
                    "$defs": {"colour": {"enum": ["1", "2"]}},
                },
            },
        },
        {"type": "function", "function": {"name": "g"}},
    ]
)
json_words = ["<TOOLCALL>", "</TOOLCALL>", "[", "]", "{", "}", ",", ":", '"', "\\", "\\ud83d", "\\ude00", '"name"', '"arguments"',
              '"name": "f"', '"arguments": {', '{"name": "f", "arguments": {"s": "</TOOLCALL>"}}', "null", "1", " ", "\n", "a", "<"]  # fmt: skip
xml_words = ["<tool_call>", "</tool_call>", "<function=", "<function=f>", "</function>", "<parameter=", "<parameter=s>", "<parameter=n>",
             "</parameter>", "\n", " ", ">", "</", "a", '"', "12", "\\", "<tool_call>\n<function=f>\n<parameter=s>\n"]  # fmt: skip


@st.composite
def cut(draw: st.DrawFn, texts: st.SearchStrategy[str]) -> list[str]:
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def mixed(words: list[str]) -> st.SearchStrategy[str]:
    return st.lists(st.sampled_from(words), max_size=14).map("".join)


def read(pieces: list[str], tool_format: ToolFormat) -> tuple[str, list[tuple[str, str, bool]]]:
    """The text, and each call's name, arguments and whether it is whole."""
    form = call_format(tool_format, TOOLS)
    assert form is not None
    splitter = ToolCallSplitter(form)
    parts: list[str | CallPart] = []
    fed = 0
    for piece in pieces:
        parts += splitter.push(piece)
        fed += len(piece)
        assert 0 <= splitter.held <= fed
    parts += splitter.finish()
    assert splitter.held == 0
    text, calls, current = "", [], None
    for part in parts:
        match part:
            case str():
                assert current is None, "text never stands inside a call"
                text += part
            case CallStart():
                assert current is None
                current = (part.name, "")
            case CallArguments():
                assert current is not None
                current = (current[0], current[1] + part.text)
            case CallEnd():
                assert current is not None
                calls.append((*current, part.whole))
                current = None
    assert current is None, "every call ends"
    return text, calls


@given(cut(mixed(json_words)))
@example(['<TOOLCALL>[{"name": "f"', ', "arguments": {"a": 1]</TOOL', "CALL>x"])
def test_json_calls_do_not_depend_on_the_cut(pieces: list[str]) -> None:
    whole = "".join(pieces)
    text, calls = read([whole], "json")
    assert read(pieces, "json") == read(list(whole), "json") == (text, calls)
    assert calls or text == whole, "what is no call is text, to the last character"


@given(cut(mixed(xml_words)))
@example(["<tool_call>\n<function=f>\n<parameter=s>\n\n", "\n</par", "ameter></function></tool_call>"])
def test_xml_calls_do_not_depend_on_the_cut(pieces: list[str]) -> None:
    whole = "".join(pieces)
    text, calls = read([whole], "xml")
    assert read(pieces, "xml") == read(list(whole), "xml") == (text, calls)
    assert calls or text == whole, "what is no call is text, to the last character"


characters = st.characters(exclude_categories=["Cs"])
texts = st.one_of(st.text(characters, max_size=12), st.sampled_from([*json_words, *xml_words]))
values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=6,
)
objects = st.dictionaries(texts, values, max_size=3)
names = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8)


@given(st.lists(st.tuples(names, objects, st.sampled_from(["object", "string", "first"])), min_size=1, max_size=3), st.booleans(),
       st.sampled_from([None, 1]))  # fmt: skip
def test_json_arguments_arrive_as_they_were_written(
    calls: list[tuple[str, dict[str, Any], str]], ascii_only: bool, indent: int | None
) -> None:
    def dumps(value: object) -> str:
        return json.dumps(value, ensure_ascii=ascii_only, indent=indent)

    items: list[dict[str, object]] = []
    for name, arguments, form in calls:
        if form == "first":
            items.append({"arguments": arguments, "id": [{"}": "]"}], "name": name})
        else:
            items.append({"name": name, "arguments": dumps(arguments) if form == "string" else arguments})
    text, found = read(list(f"Hm.\n<TOOLCALL>{dumps(items)}</TOOLCALL>\nOk"), "json")
    assert text == "Hm.\n\nOk"
    assert [(name, json.loads(arguments), whole) for name, arguments, whole in found] == [
        (name, arguments, True) for name, arguments, _ in calls
    ]


plain_texts = texts.filter(lambda text: "</parameter>" not in text)
argument_sets = st.fixed_dictionaries(
    {},
    optional={
        "s": plain_texts,
        "n": st.integers() | st.floats(allow_nan=False, allow_infinity=False),
        "b": st.booleans(),
        "o": st.dictionaries(st.text("ab<>/", max_size=3), st.integers(), max_size=2),
        "l": st.lists(st.integers(), max_size=3),
        "maybe": plain_texts | st.none(),
        "either": st.integers(),
        "ref": st.sampled_from(["1", "2"]),
    },
)


@given(st.lists(argument_sets, min_size=1, max_size=3), st.booleans())
def test_xml_arguments_arrive_as_they_were_meant(calls: list[dict[str, Any]], together: bool) -> None:
    def spelt(value: object) -> str:
        return value if isinstance(value, str) else json.dumps(value)

    functions = [
        "<function=f>\n"
        + "".join(f"<parameter={key}>\n{spelt(value)}\n</parameter>\n" for key, value in arguments.items())
        + "</function>"
        for arguments in calls
    ]
    wrapped = (
        "<tool_call>\n" + "\n".join(functions) + "\n</tool_call>"
        if together
        else "\n".join(f"<tool_call>\n{function}\n</tool_call>" for function in functions)
    )
    text, found = read(list(f"Hm.\n{wrapped}\nOk"), "xml")
    assert text.replace("\n", "") == "Hm.Ok"
    # A text that says null is null where both are possible: the markup cannot tell them apart.
    wanted = [{key: None if key == "maybe" and value == "null" else value for key, value in c.items()} for c in calls]
    assert [json.loads(arguments) for _, arguments, _ in found] == wanted
    assert all(whole for *_, whole in found)


@pytest.mark.parametrize(
    ("parameter", "raw", "value"),
    [
        ("s", "5", "5"),
        ("s", ' "5" ', ' "5" '),
        ("s", "\na\n", "\na\n"),
        ("n", " 5 ", 5),
        ("n", "five", "five"),
        ("n", "NaN", "NaN"),
        ("b", "True", True),
        ("maybe", "null", None),
        ("maybe", "5", "5"),
        ("either", "5", 5),
        ("either", "5.5", "5.5"),
        ("either", '"5"', '"5"'),
        ("ref", "1", "1"),
        ("any", "[1]", [1]),
        ("any", "x", "x"),
        ("unheard_of", "7", 7),
    ],
)
def test_a_raw_value_becomes_what_the_schema_says(parameter: str, raw: str, value: object) -> None:
    markup = f"<tool_call>\n<function=f>\n<parameter={parameter}>\n{raw}\n</parameter>\n</function>\n</tool_call>"
    ((_, arguments, whole),) = read([markup], "xml")[1]
    assert json.loads(arguments) == {parameter: value} and whole


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "[1]", '[{"name": 5}]', '[{"name": ""}]', '[{"arguments": {}}]', "[" * 9999, "{{"]
)
def test_json_that_is_no_call_comes_back(text: str) -> None:
    markup = f"a<TOOLCALL>{text}</TOOLCALL>b"
    assert read([markup], "json") == (markup, [])


@pytest.mark.parametrize(
    "markup",
    ["<tool_call>", "<tool_call>f</tool_call>", "<tool_call>\n<function=>", "<function=unheard_of>", "<function=f<"],
)
def test_xml_that_is_no_call_comes_back(markup: str) -> None:
    assert read([f"a{markup} b"], "xml") == (f"a{markup} b", [])


@pytest.mark.parametrize(
    ("markup", "text", "calls"),
    [
        ('[{"name": "f"}]</TOOLCALL>', "", [("f", "{}", True)]),
        ('{"name": "f", "parameters": {}}</TOOLCALL>', "", [("f", "{}", True)]),
        ('[{"name": "f", "arguments": null}]', "", [("f", "{}", True)]),
        ('[{"name": "f", "arguments": ""}]</TOOL', "", [("f", "{}", True)]),
        ('[{"name": "f", "arguments": {"a": "b', "", [("f", '{"a": "b', False)]),
        ('[{"name": "f", "argu', "", [("f", "", False)]),
        ('[{"name": "f", "arguments": {"a": 1]}]</TOOLCALL>c', "c", [("f", '{"a": 1', False)]),
        ('[{"name": "f", "arguments": {"a": 1}}}]</TOOLCALL>c', "c", [("f", '{"a": 1}', True)]),
        ('[{"name": "f"}, {"na', ', {"na', [("f", "{}", True)]),
        ('[{"name": "f"}, 5]</TOOLCALL>c', ", 5]</TOOLCALL>c", [("f", "{}", True)]),
        ('[{"name": "f", "arguments": {"a": 1,}}]</TOOLCALL>c', "c", [("f", '{"a": 1,}', True)]),
    ],
)
def test_json_calls_that_end_badly(markup: str, text: str, calls: list[tuple[str, str, bool]]) -> None:
    assert read(list(f"<TOOLCALL>{markup}"), "json") == (text, calls)


@pytest.mark.parametrize(
    ("markup", "text", "calls"),
    [
        ("</function>", "", [("f", "{}", True)]),
        ("\n</tool_call>", "", [("f", "{}", True)]),
        ("</function>\n</tool_", "", [("f", "{}", True)]),
        ("</function>\nc", "\nc", [("f", "{}", True)]),
        ("<parameter=s>\nab\n</par", "", [("f", '{"s": "ab', False)]),
        ("<parameter=n>\n12", "", [("f", '{"n": 12', False)]),
        ("<parameter=s>a</parameter>junk", "junk", [("f", '{"s": "a"', False)]),
    ],
)
def test_xml_calls_that_end_badly(markup: str, text: str, calls: list[tuple[str, str, bool]]) -> None:
    assert read(list(f"<tool_call>\n<function=f>\n{markup}"), "xml") == (text, calls)


def test_a_function_without_the_wrapper_is_a_call_of_a_tool() -> None:
    assert read(["<function=g>\n</function>\n</tool_call>"], "xml") == ("", [("g", "{}", True)])


def test_half_a_character_never_reaches_the_wire() -> None:
    markup = r'<TOOLCALL>[{"name": "\ud83d\ude00\ud83d", "arguments": "{\"a\": \"\udc00\"}"}]</TOOLCALL>'
    ((name, arguments, _),) = read([markup], "json")[1]
    assert name == "😀\ufffd" and arguments == '{"a": "\ufffd"}'


def checked(name: str, arguments: str, tools: ToolSchemas = TOOLS) -> str | None:
    notice = check_arguments(tools, ToolCall("", name, arguments))
    return notice.code if notice is not None else None


def test_arguments_are_checked_against_the_schema() -> None:
    assert checked("f", '{"s": "a", "n": 1}') is None
    assert checked("g", '{"whatever": 1}') is None
    assert checked("f", '{"n": 1}') == checked("f", '{"s": 1}') == "invalid_tool_arguments"
    assert checked("h", "{}") == "unknown_tool"
    for arguments in ("", "[]", "5", '{"s": NaN}', '{"s": "a",}', "[" * 100_000):
        assert checked("f", arguments) == "malformed_tool_call"
    notice = check_arguments(TOOLS, ToolCall("", "f", '{"s": "a", "l": {}}'))
    assert notice is not None and "f: arguments.l" in notice.message


@pytest.mark.parametrize(
    "schema",
    [
        {"type": 5},
        {"$ref": "http://127.0.0.1:9/x"},
        {"$ref": "file:///etc/passwd"},
        {"properties": {"s": {"pattern": "(?=a)b"}}},
    ],
)
def test_a_schema_that_cannot_be_compiled_checks_nothing_and_fetches_nothing(schema: dict[str, object]) -> None:
    tools = ToolSchemas([{"type": "function", "function": {"name": "f", "parameters": schema}}])
    assert checked("f", '{"s": 1}', tools) is None
    assert tools.parameter_types("f", "s") == frozenset()


def test_a_schema_that_refers_to_itself_has_no_types() -> None:
    schema = {"properties": {"s": {"$ref": "#/properties/s"}}}
    assert ToolSchemas([{"function": {"name": "f", "parameters": schema}}]).parameter_types("f", "s") == frozenset()
