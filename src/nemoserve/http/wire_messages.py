"""Messages as they come over the wire. Knows roles, texts and tool calls; flattens texts to one. Images: `wire_images`."""

from __future__ import annotations

from typing import Literal, cast

import msgspec

from nemoserve.http.wire_images import IMAGE_PARTS, WireImage, read_image
from nemoserve.reasoning.signature import SIGNATURE_PREFIX
from nemoserve.types.chat import Image, Message, Notice, Role, ToolCall
from nemoserve.types.errors import invalid

_MOST = 10_000
"""Messages of one conversation: each is looked at many times before it is known what fits."""
_ROLES: dict[str, Role] = {
    "system": "system",
    "developer": "system",
    "user": "user",
    "assistant": "assistant",
    "tool": "tool",
}


class WirePart(msgspec.Struct):
    """A content part: a text, or in a user message an image."""

    type: str
    text: str | None = None
    image_url: str | WireImage | None = None
    detail: str | None = None
    """Of an `input_image`, whose `image_url` is the bare address."""


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
    if len(wire) > _MOST:
        raise invalid("messages", f"expected at most {_MOST} messages, got {len(wire)}")
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
    parts = _parts(where, role, wire.content)
    if wire.name and role != "tool":
        first = parts[0] if parts and isinstance(parts[0], str) else ""
        parts = [f"{wire.name}: {first}", *(parts[1:] if parts and isinstance(parts[0], str) else parts)]
    text = "\n".join(part for part in parts if isinstance(part, str))
    if role != "assistant":
        message = Message(role, text, tool_call_id=wire.tool_call_id if role == "tool" else None, at=at)
        return message.shown(parts) if any(isinstance(part, Image) for part in parts) else message
    reasoning, signature = _reasoning(where, wire)
    calls = tuple(_call(call) for call in wire.tool_calls or ())
    return Message(role, text, reasoning, calls, reasoning_signature=signature, at=at)


def _parts(where: str, role: Role, content: str | list[WirePart] | None) -> list[str | Image]:
    if content is None or isinstance(content, str):
        return [content or ""]
    return [_part(f"{where}.content[{at}]", role, part) for at, part in enumerate(content)]


def _part(where: str, role: Role, part: WirePart) -> str | Image:
    if part.type in IMAGE_PARTS:
        if role != "user":
            raise invalid(where, f"images are read in user messages, and this is one of {role}; send it as the user")
        return read_image(where, part.image_url, part.detail)
    if part.type not in ("text", "input_text", "output_text"):
        raise invalid(
            where,
            f"parts of type {part.type[:40]!r} are not read here; send 'text', or in user messages 'image_url' too",
        )
    if part.text is None:
        raise invalid(f"{where}.text", "required")
    return part.text


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
    told = "".join(texts)
    given = (value for value in (wire.reasoning, wire.reasoning_content) if isinstance(value, str) and value)
    whole = next(given, told)
    if signature and told and told != whole:
        signature = SIGNATURE_PREFIX  # it is of one text, and here are two
    return whole, signature
