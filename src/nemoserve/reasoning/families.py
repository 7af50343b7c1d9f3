"""An intent to a model family's own switch. Knows the families' conventions; no templates' text, no tokens."""

from __future__ import annotations

import msgspec

from nemoserve.reasoning.switches import find_switch, mask, remove_switches, unused_character
from nemoserve.types.chat import ChatRequest, Message, Notice
from nemoserve.types.model import ThinkingSwitch
from nemoserve.types.prompt import ChatTurn

_THINK_CLOSER = "</think>"
_THINK_OPENER = "<think>"


class Switched(msgspec.Struct, frozen=True):
    """A conversation whose template will do what is wanted."""

    turn: ChatTurn
    thinking: bool
    notices: tuple[Notice, ...] = ()


def switch_thinking(request: ChatRequest, switch: ThinkingSwitch) -> Switched:
    """Sets the family's switch to what the request wants.

    A parameter beats the text; in the text the last message with a switch wins; otherwise the model thinks, unless the
    request ends with the beginning of an answer, which is past thinking. Paths such as `/thinking` are no switches, and
    reach the model unharmed.
    """
    messages, prefill = _split_prefill(request.messages)
    wanted = request.reasoning.enabled
    if wanted is None and switch != "none":
        wanted = _said_in_text(messages)
    if wanted is None and prefill:
        wanted = _THINK_CLOSER in prefill or prefill.startswith(_THINK_OPENER)
    thinking = wanted is not False
    turn = ChatTurn(messages, prefill, request.tools, dict(request.template_kwargs))
    if switch == "none":
        notices = (
            () if thinking else (Notice("dropped_parameter", "This model has no switch for thinking.", "reasoning"),)
        )
        return Switched(turn, True, notices)
    messages = tuple(
        msgspec.structs.replace(m, text=remove_switches(m.text)) if m.role in ("system", "user") else m
        for m in messages
    )
    if switch == "variable":
        kwargs = {**turn.template_kwargs, "enable_thinking": thinking}
        return Switched(msgspec.structs.replace(turn, messages=messages, template_kwargs=kwargs), thinking)
    slash = unused_character(m.text for m in messages)
    messages = tuple(
        msgspec.structs.replace(m, text=mask(m.text, slash)) if m.role in ("system", "user") else m for m in messages
    )
    if not thinking:
        messages = _add_to_system(messages, "/no_think")
    return Switched(msgspec.structs.replace(turn, messages=messages, slash=slash), thinking)


def _split_prefill(messages: tuple[Message, ...]) -> tuple[tuple[Message, ...], str | None]:
    """Takes a final assistant message off: its thinking and text are the beginning of the reply."""
    last = messages[-1]
    if last.role != "assistant":
        return messages, None
    prefill = last.text if last.text.strip() else ""
    if last.reasoning and _THINK_CLOSER not in prefill:
        thought = last.reasoning.strip()
        prefill = f"{_THINK_OPENER}{thought}\n{_THINK_CLOSER}\n{prefill}" if prefill else f"{_THINK_OPENER}{thought}"
    return messages[:-1], prefill or None


def _said_in_text(messages: tuple[Message, ...]) -> bool | None:
    said: bool | None = None
    for message in messages:
        if message.role in ("system", "user"):
            here = find_switch(message.text)
            said = said if here is None else here
    return said


def _add_to_system(messages: tuple[Message, ...], switch: str) -> tuple[Message, ...]:
    if messages and messages[0].role == "system":
        text = f"{messages[0].text}\n{switch}"
        return (msgspec.structs.replace(messages[0], text=text), *messages[1:])
    return (Message("system", switch), *messages)
