"""Messages as they come over the wire. Knows roles, parts and tool calls; flattens them to text."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from nemoserve.reasoning.signature import SIGNATURE_PREFIX
from nemoserve.types.chat import Message, Notice, Role, ToolCall
from nemoserve.types.errors import invalid

_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


class WirePart(msgspec.Struct):
    """A content part; only text is read."""

    type: str
    text: str | None = None


class WireFunction(msgspec.Struct):
    name: str
    arguments: str | dict[str, object] | None = None


class WireToolCall(msgspec.Struct):
    function: WireFunction
    id: str | None = None
    type: Literal["function"] = "function"


class WireMessage(msgspec.Struct):
    role: str
    content: str | list[WirePart] | None = None
    name: str | None = None
    tool_calls: list[WireToolCall] | None = None
    tool_call_id: str | None = None
    reasoning: object = None
    reasoning_content: object = None
    reasoning_details: object = None


def read_messages(wire: list[WireMessage]) -> tuple[tuple[Message, ...], list[Notice]]:
    """The conversation, system texts gathered at its beginning. Raises ApiError (400) naming the message and field."""
    if not wire:
        raise invalid("messages", "expected at least one message, got an empty list")
    messages = [_message(at, message) for at, message in enumerate(wire)]
    last = messages[-1]
    if last.role == "assistant" and last.tool_calls:
        raise invalid(
            f"messages[{len(messages) - 1}]", "an assistant message with tool calls needs tool messages after it"
        )
    system = [message for message in messages if message.role == "system"]
    others = [message for message in messages if message.role != "system"]
    if not others:
        raise invalid("messages", "expected at least one message that is not a system message")
    notices: list[Notice] = []
    if any(message.role == "system" for message in messages[len(system) :]):
        # The families' templates read one system turn, at the beginning, and would leave out all others.
        text = "System messages after the first turn were moved to the beginning of the conversation."
        notices.append(Notice("adjusted_parameter", text, "messages"))
    if len(system) > 1:
        system = [Message("system", "\n\n".join(message.text for message in system))]
    return (*system, *others), notices


def _message(at: int, wire: WireMessage) -> Message:
    where = f"messages[{at}]"
    role = _ROLES.get(wire.role)
    if role is None:
        raise invalid(f"{where}.role", f"expected system, developer, user, assistant or tool, got {wire.role[:40]!r}")
    if wire.content is None and role in ("system", "user"):
        raise invalid(f"{where}.content", "required")
    text = _text(where, wire.content)
    if wire.name and role != "tool":
        text = f"{wire.name}: {text}"
    if role != "assistant":
        return Message(role, text, tool_call_id=wire.tool_call_id if role == "tool" else None, at=at)
    reasoning, signature = _reasoning(where, wire)
    calls = tuple(_call(call) for call in wire.tool_calls or ())
    return Message(role, text, reasoning, calls, reasoning_signature=signature, at=at)


def _text(where: str, content: str | list[WirePart] | None) -> str:
    if content is None or isinstance(content, str):
        return content or ""
    texts: list[str] = []
    for at, part in enumerate(content):
        if part.type not in ("text", "input_text", "output_text"):
            raise invalid(
                f"{where}.content[{at}]",
                f"parts of type {part.type[:40]!r} cannot be read by this model; send parts of type 'text'",
            )
        if part.text is None:
            raise invalid(f"{where}.content[{at}].text", "required")
        texts.append(part.text)
    return "\n".join(texts)


def _call(wire: WireToolCall) -> ToolCall:
    arguments = wire.function.arguments
    if not isinstance(arguments, str):
        arguments = msgspec.json.encode(arguments or {}).decode()
    return ToolCall(wire.id or "", wire.function.name, arguments)


def _reasoning(where: str, wire: WireMessage) -> tuple[str, str]:
    """Past thinking in any of its spellings, and our signature of it; what cannot be read (encrypted, summaries) is left out."""
    texts: list[str] = []
    signature = ""
    details = wire.reasoning_details
    if details is not None and not isinstance(details, list):
        raise invalid(f"{where}.reasoning_details", "expected a list of objects, as a reply has them")
    for at, item in enumerate(cast("list[object]", details or [])):
        if not isinstance(item, dict):
            raise invalid(f"{where}.reasoning_details[{at}]", "expected an object, as a reply has them")
        fields = cast("dict[str, object]", item)
        if isinstance(text := fields.get("text"), str):
            texts.append(text)
        if isinstance(signed := fields.get("signature"), str) and signed.startswith(SIGNATURE_PREFIX):
            signature = signed
    for name, value in (("reasoning", wire.reasoning), ("reasoning_content", wire.reasoning_content)):
        if value is not None and not isinstance(value, str):
            raise invalid(f"{where}.{name}", "expected a text: the thinking, as a reply has it")
    whole = (value for value in (wire.reasoning, wire.reasoning_content) if isinstance(value, str))
    return next(whole, "".join(texts)), signature
