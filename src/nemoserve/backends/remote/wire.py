"""What comes back from a provider, whole or in chunks: one structure for both. Knows field names; normalises nothing.

Only what has to be of a type for all else to make sense is typed; the rest is looked at where it is needed, so that a
provider's odd extra never costs a reply.
"""

from __future__ import annotations

from typing import cast

import msgspec


class Function(msgspec.Struct):
    """A call's function; `arguments` is JSON text, from some an object."""

    name: str | None = None
    arguments: object = None


class Call(msgspec.Struct):
    """A tool call, or a piece of one. Some write its number as a text, or its id as a number."""

    index: int | str | None = None
    id: str | int | None = None
    function: Function | None = None

    @property
    def number(self) -> int | None:
        """Its place among the calls; None: it tells none."""
        if isinstance(self.index, str):
            return int(self.index) if self.index.isdecimal() and len(self.index) < 10 else None
        return self.index

    @property
    def label(self) -> str:
        """Its id; empty: it tells none."""
        return "" if self.id is None else str(self.id)


class Part(msgspec.Struct):
    """A message, or a delta of one."""

    content: str | list[object] | None = None
    reasoning: object = None
    reasoning_content: object = None
    thinking: object = None
    reasoning_details: object = None
    refusal: object = None
    tool_calls: list[Call] | None = None
    function_call: object = None
    """The form that calls had before there could be several."""

    def thought(self) -> str:
        """The thinking in it, wherever that is: the first field that has any."""
        for field in (self.reasoning, self.reasoning_content, self.thinking):
            if field and isinstance(field, str):
                return field
        if isinstance(self.content, list):
            thoughts = [_text(item, "thinking") for item in self.content if _kind(item) in ("thinking", "reasoning")]
            if any(thoughts):
                return "".join(thoughts)
        details = self.reasoning_details
        if isinstance(details, list):
            details = cast("list[object]", details)
            return "".join(_text(item, "summary") for item in details if _kind(item).startswith("reasoning"))
        return ""

    def said(self) -> str:
        """The answer in it."""
        if isinstance(self.content, list):
            return "".join(_text(item, "text") for item in self.content if _kind(item) in ("text", "output_text"))
        return self.content or ""

    def called(self) -> list[Call]:
        """The calls in it, or pieces of them."""
        if self.tool_calls or not self.function_call:
            return self.tool_calls or []
        try:
            only = msgspec.convert(self.function_call, Function)
        except msgspec.ValidationError:
            return []
        return [Call(0, function=only)] if only.name or only.arguments else []


class Choice(msgspec.Struct):
    """A choice, whole (`message`) or in pieces (`delta`)."""

    index: int | None = 0
    message: Part | None = None
    delta: Part | None = None
    text: str | None = None
    finish_reason: str | None = None
    native_finish_reason: object = None
    logprobs: object = None
    error: object = None

    @property
    def said(self) -> str:
        """The answer in it, if it is whole."""
        return (self.message.said() if self.message is not None else self.text) or ""


class Chunk(msgspec.Struct):
    """A chunk of a stream, or a whole reply."""

    choices: list[Choice] | None = None
    id: object = None
    model: object = None
    usage: object = None
    timings: object = None
    error: object = None
    kind: object = msgspec.field(default=None, name="object")
    message: object = None
    detail: object = None
    title: object = None

    @property
    def failed(self) -> bool:
        """It is an error, whatever its choices look like."""
        if self.error or self.kind == "error":
            return True
        if self.choices is None:
            return bool(self.message or self.detail or self.title) and self.usage is None
        for choice in self.choices:  # noqa: SIM110 - a generator costs more than the rest
            if choice.error:
                return True
        return False


DECODER = msgspec.json.Decoder(Chunk)
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)
"""What decoding what a provider sent may raise: no JSON, no UTF-8, nested without end."""


def _kind(item: object) -> str:
    kind = cast("dict[str, object]", item).get("type") if isinstance(item, dict) else None
    return kind if isinstance(kind, str) else ""


def _text(item: object, other: str) -> str:
    """The text of a part, which is a string or, from some, a list of parts."""
    fields = cast("dict[str, object]", item)
    value = fields.get("text") or fields.get(other)
    if isinstance(value, list):
        return "".join(_text(part, "text") for part in cast("list[object]", value) if _kind(part))
    return value if isinstance(value, str) else ""
