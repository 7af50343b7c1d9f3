"""Tool calls in the XML of Nemotron 3. Knows this markup, character by character; of tools, the types of their parameters.

The markup is `<tool_call>\n<function=NAME>\n<parameter=P>\nVALUE\n</parameter>...\n</function>\n</tool_call>`. A value is
raw text, in which nothing but `</parameter>` means anything. Where the tool says string it stays text and is passed on as
it comes; otherwise it is passed on when it is complete, as the JSON that it is, or else as a string. A `<function=` without
the wrapper counts if it names a tool that is offered.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator

from nemoserve.parsing.calls import (
    SPACE,
    Broken,
    CallArguments,
    CallEnd,
    CallFormat,
    CallStart,
    Reader,
    Reading,
    Source,
)
from nemoserve.parsing.tool_schemas import ToolSchemas, json_type, strict_json

OPENER = "<tool_call>"
CLOSER = "</tool_call>"
FUNCTION = "<function="

_FUNCTION_END = "</function>"
_PARAMETER = "<parameter="
_PARAMETER_END = "</parameter>"
_TEXT_ALONE = frozenset({"string"})
_LONGEST_NAME = 256


def xml_calls(tools: ToolSchemas) -> CallFormat:
    """The format, for calls of these tools."""

    def read(source: Source, opener: str) -> Reader:
        return _read(source, opener, tools)

    return CallFormat((OPENER, FUNCTION), read)


def _read(source: Source, opener: str, tools: ToolSchemas) -> Reader:
    try:
        yield from _wrapper(source, opener == OPENER, tools)
        return ""
    except Broken:
        pass
    cut = source.open and not source.char
    source.break_off()
    # A closing marker that was cut off is not worth showing.
    if cut or (source.calls and not source.char and CLOSER.startswith(source.uncommitted().lstrip(SPACE))):
        return ""
    return source.uncommitted()


def _wrapper(source: Source, wrapped: bool, tools: ToolSchemas) -> Reading:
    if wrapped:
        yield from source.advance()
        yield from source.skip()
        yield from source.match(FUNCTION)
    while True:
        name = yield from _name(source)
        if not wrapped and name not in tools.names:
            raise Broken
        source.emit(CallStart(name))
        if (yield from _parameters(source, name, tools)) == CLOSER:
            return
        yield from source.advance()
        yield from source.skip()
        if (yield from source.match_one((CLOSER, FUNCTION))) == CLOSER:
            return


def _name(source: Source) -> Generator[None, str, str]:
    """A name up to `>`, which is then the character looked at."""
    name: list[str] = []
    while True:
        yield from source.advance()
        if source.char == ">":
            break
        if source.char in ("", "<", "\n") or len(name) == _LONGEST_NAME:
            raise Broken
        name.append(source.char)
    found = "".join(name).strip()
    if not found:
        raise Broken
    return found


def _parameters(source: Source, name: str, tools: ToolSchemas) -> Generator[None, str, str]:
    """The arguments up to the marker that ends the call, which is returned: the function's, or the wrapper's where a
    model forgets the former."""
    before = "{"
    while True:
        yield from source.advance()
        yield from source.skip()
        marker = yield from source.match_one((_PARAMETER, _FUNCTION_END, CLOSER))
        if marker != _PARAMETER:
            source.emit(CallArguments("{}" if before == "{" else "}"))
            source.emit(CallEnd(whole=True))
            return marker
        parameter = yield from _name(source)
        types = tools.parameter_types(name, parameter)
        streamed = types == _TEXT_ALONE
        source.emit(CallArguments(f"{before}{json.dumps(parameter, ensure_ascii=False)}: " + ('"' if streamed else "")))
        before = ", "
        if streamed:
            yield from _text(source)
        else:
            yield from _value(source, types)


def _text(source: Source) -> Reading:
    yield from _raw(source, lambda text: source.emit(CallArguments(_escaped(text))))
    source.emit(CallArguments('"'))


def _value(source: Source, types: frozenset[str]) -> Reading:
    value: list[str] = []
    try:
        yield from _raw(source, value.append)
    except Broken:
        if value:
            source.emit(CallArguments("".join(value)))
        raise
    source.emit(CallArguments(_converted("".join(value), types)))


def _raw(source: Source, sink: Callable[[str], None]) -> Reading:
    """A value's characters, without the newline after its opening and the one before its closing marker; the end of the
    latter is then the character looked at."""
    yield from source.advance()
    if source.char == "\n":
        yield from source.advance()
    held = ""
    while source.char:
        held += source.char
        while not (_PARAMETER_END.startswith(held) or f"\n{_PARAMETER_END}".startswith(held)):
            sink(held[0])
            held = held[1:]
        if held.endswith(">"):
            return
        yield from source.advance()
    raise Broken


def _escaped(text: str) -> str:
    """Text as it stands inside a JSON string."""
    return json.dumps(text, ensure_ascii=False)[1:-1]


def _converted(text: str, types: frozenset[str]) -> str:
    """The JSON that raw text stands for, where a value of these types (none: any) is wanted."""
    plain = text.strip()
    if "boolean" in types and plain.lower() in ("true", "false"):
        return plain.lower()
    try:
        found = json_type(strict_json(plain))
    except ValueError:
        return json.dumps(text, ensure_ascii=False)
    # Where text is wanted too, only what fits another type is not taken for text.
    fits = found in types or (found == "integer" and "number" in types)
    if "string" in types and (found == "string" or not fits):
        return json.dumps(text, ensure_ascii=False)
    return plain
