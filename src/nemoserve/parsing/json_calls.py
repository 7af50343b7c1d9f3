"""Tool calls as a JSON list, as Nano v2 and Super v1.5 write them. Knows this markup, character by character; no tools.

The markup is `<TOOLCALL>[{"name": ..., "arguments": {...}}, ...]</TOOLCALL>`; a lone object counts as a list of one.
Arguments are an object, whose text is passed on as it was written, or a string, whose content is; none at all are `{}`.
"""

from __future__ import annotations

import string
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

OPENER = "<TOOLCALL>"
CLOSER = "</TOOLCALL>"

_ESCAPES = {"b": "\b", "f": "\f", "n": "\n", "r": "\r", "t": "\t", '"': '"', "\\": "\\", "/": "/"}
_BRACKETS = {"{": "}", "[": "]"}
_COMPOUND = frozenset('"{[')
_SCALAR = "+-." + string.digits + string.ascii_letters

_LOOSE = SPACE + "]}"
REPLACEMENT = "\N{REPLACEMENT CHARACTER}"

Sink = Callable[[str], None]


def read_json_calls(source: Source, opener: str) -> Reader:
    """Reads one wrapper. After a call, brackets too many or too few before the closing marker do no harm."""
    try:
        yield from _wrapper(source)
        return ""
    except Broken:
        pass
    cut = source.open and not source.char
    source.break_off()
    if cut:
        return ""
    if source.calls:
        try:
            yield from source.skip(_LOOSE)
            yield from source.match(CLOSER)
            return ""
        except Broken:
            # A closing marker that was cut off is not worth showing.
            if not source.char and CLOSER.startswith(source.uncommitted().lstrip(_LOOSE + ",")):
                return ""
    return source.uncommitted()


def _wrapper(source: Source) -> Reading:
    yield from source.advance()
    yield from source.skip()
    listed = source.char == "["
    if listed:
        yield from source.advance()
        yield from source.skip()
    while True:
        yield from _Call(source).read()
        yield from source.skip()
        if not listed or source.char != ",":
            break
        yield from source.advance()
        yield from source.skip()
    if listed:
        yield from source.match("]")
        yield from source.advance()
        yield from source.skip()
    yield from source.match(CLOSER)


class _Call:
    """One object of the list. Arguments that come before the name wait for it."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._waiting: list[str] = []
        self._named = False
        self._has_arguments = False

    def read(self) -> Reading:
        source = self._source
        yield from source.match("{")
        yield from source.advance()
        yield from source.skip()
        while source.char != "}":
            key: list[str] = []
            yield from _string(source, key.append)
            yield from source.advance()
            yield from source.skip()
            yield from source.match(":")
            yield from source.advance()
            yield from source.skip()
            yield from self._value("".join(key))
            yield from source.skip()
            if source.char == ",":
                yield from source.advance()
                yield from source.skip()
            elif source.char != "}":
                raise Broken
        if not self._named:
            raise Broken
        if not self._has_arguments:
            source.emit(CallArguments("{}"))
        source.emit(CallEnd(whole=True))
        yield from source.advance()

    def _value(self, key: str) -> Reading:
        source = self._source
        if key == "name" and not self._named:
            name: list[str] = []
            yield from _string(source, name.append)
            if not any(name):
                raise Broken
            self._named = True
            source.emit(CallStart("".join(name)))
            if self._waiting:
                source.emit(CallArguments("".join(self._waiting)))
            yield from source.advance()
        elif key in ("arguments", "parameters") and not self._has_arguments:
            yield from self._arguments()
        else:
            yield from _raw(source, _ignore)

    def _arguments(self) -> Reading:
        source = self._source
        if source.char == '"':
            yield from _string(source, self._argue)
            yield from source.advance()
        elif source.char == "n":
            yield from source.match("null")
            yield from source.advance()
        else:
            yield from _raw(source, self._argue)

    def _argue(self, text: str) -> None:
        self._has_arguments = True
        if self._named:
            self._source.emit(CallArguments(text))
        else:
            self._waiting.append(text)


def _ignore(text: str) -> None:
    pass


def _string(source: Source, sink: Sink) -> Reading:
    """A string's content, decoded; the closing quote is then the character looked at."""
    yield from source.match('"')
    high = ""
    while True:
        yield from source.advance()
        character = source.char
        if character == '"':
            break
        if character == "\\":
            character = yield from _escape(source)
        if not character:
            raise Broken
        # The halves of a pair are joined; half a pair alone is no character and could not be sent on.
        low = "\udc00" <= character <= "\udfff"
        if high and low:
            character, low = (high + character).encode("utf-16", "surrogatepass").decode("utf-16"), False
        elif high:
            sink(REPLACEMENT)
        high = character if "\ud800" <= character <= "\udbff" else ""
        if not high:
            sink(REPLACEMENT if low else character)
    if high:
        sink(REPLACEMENT)


def _escape(source: Source) -> Generator[None, str, str]:
    """What a backslash and the characters after it stand for: one UTF-16 unit; "" if nothing."""
    yield from source.advance()
    if source.char != "u":
        return _ESCAPES.get(source.char, "")
    code = 0
    for _ in range(4):
        yield from source.advance()
        if not source.char or source.char not in string.hexdigits:
            return ""
        code = code * 16 + int(source.char, 16)
    return chr(code)


def _raw(source: Source, sink: Sink) -> Reading:
    """A value's text as it is written, brackets matched; the character looked at is then the one after it."""
    if source.char and source.char in _SCALAR:
        while source.char and source.char in _SCALAR:
            sink(source.char)
            yield from source.advance()
        return
    if source.char not in _COMPOUND:
        raise Broken
    closing: list[str] = []
    while True:
        character = source.char
        if character == '"':
            yield from _raw_string(source, sink)
        elif character in _BRACKETS:
            closing.append(_BRACKETS[character])
            sink(character)
        elif character in ("", "<") or (character in ("}", "]") and closing.pop() != character):
            # No JSON has a `<` outside a string, but the closing marker begins with one.
            raise Broken
        else:
            sink(character)
        done = not closing
        yield from source.advance()
        if done:
            return


def _raw_string(source: Source, sink: Sink) -> Reading:
    """A string as it is written, quotes included; the closing one is then the character looked at."""
    sink('"')
    while True:
        yield from source.advance()
        if not source.char:
            raise Broken
        sink(source.char)
        if source.char == '"':
            return
        if source.char == "\\":
            yield from source.advance()
            if not source.char:
                raise Broken
            sink(source.char)


JSON_CALLS = CallFormat((OPENER,), read_json_calls)
