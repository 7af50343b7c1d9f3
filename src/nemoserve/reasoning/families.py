"""An intent to a model family's own switch. Knows the conventions that the family's data names; no templates' text, no tokens.

The families themselves are in `types/families.py`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from nemoserve.parsing.switches import (
    find_line_switch,
    find_switch,
    mask,
    remove_line_switches,
    remove_switches,
    unused_character,
)
from nemoserve.types.chat import ChatRequest, Message, Notice
from nemoserve.types.model import PLAIN, Family
from nemoserve.types.prompt import ChatTurn
from nemoserve.types.reasoning import Effort

Messages = tuple[Message, ...]

ANY_SWITCH = msgspec.structs.replace(PLAIN, switched_by=("system", "user"))
"""Stands for a model whose template is not known."""


class Switched(msgspec.Struct, frozen=True):
    """A conversation whose template will do what is wanted."""

    turn: ChatTurn
    thinking: bool
    notices: tuple[Notice, ...] = ()


def switch_thinking(request: ChatRequest, family: Family) -> Switched:
    """Sets the family's switch to what the request wants.

    A parameter beats the text; in the text the last message with a switch wins; otherwise the family's default holds, unless
    the request ends with the beginning of an answer, which is past thinking. Paths such as `/thinking` are no switches, and
    reach the model unharmed.
    """
    messages, prefill = _split_prefill(request.messages, family)
    wanted = request.reasoning.enabled
    if wanted is None:
        wanted = said_in_text(messages, family)
    if wanted is None and prefill:
        wanted = family.closer in prefill or prefill.startswith(family.opener)
    thinking = family.thinks if wanted is None else wanted
    turn = ChatTurn(messages, prefill, request.tools, dict(request.template_kwargs))
    if family.switch == "none":
        return Switched(turn, True, _cannot_switch() if request.reasoning.enabled is False else ())
    messages = _without_switches(messages, family)
    effort = _effort_variable(request.reasoning.effort, family) if thinking else None
    if effort is not None:
        turn.template_kwargs[effort] = True
    match family.switch:
        case "variable":
            turn.template_kwargs["enable_thinking"] = thinking
        case "slash":
            turn = msgspec.structs.replace(turn, slash=unused_character(_texts(request)))
            slash = turn.slash
            messages = tuple(
                m.retold(lambda text: mask(text, slash)) if m.role in ("system", "user") else m for m in messages
            )
            if not thinking:
                messages = _add_to_system(messages, "/no_think")
            elif not family.thinks:
                messages = _add_to_system(messages, "/think")
        case "detailed":
            messages = _put_before_system(messages, f"detailed thinking {'on' if thinking else 'off'}")
    if not thinking and family.direct_prefill:
        prefill = family.direct_prefill + (prefill or "").rpartition(family.closer)[2].lstrip("\n")
    return Switched(msgspec.structs.replace(turn, messages=messages, prefill=prefill), thinking)


def switch_in_text(request: ChatRequest) -> tuple[ChatRequest, bool | None]:
    """For a provider that is told by a parameter: whether the reply is to think, and the request without switches in its texts.

    None, and the texts as they are, where neither a parameter nor a text says anything. As no template is known, a switch of
    any family counts.
    """
    said = said_in_text(request.messages, ANY_SWITCH)
    wanted = said if request.reasoning.enabled is None else request.reasoning.enabled
    if said is None:
        return request, wanted
    return msgspec.structs.replace(request, messages=_without_switches(request.messages, ANY_SWITCH)), wanted


def said_in_text(messages: Messages, family: Family) -> bool | None:
    """What the last message with a switch says, in either spelling; a prompt may have been written for another family."""
    said: bool | None = None
    for message in messages:
        here = find_switch(message.text) if message.role in family.switched_by else None
        if here is None and message.role == "system":
            here = find_line_switch(message.text)
        said = said if here is None else here
    return said


def _split_prefill(messages: Messages, family: Family) -> tuple[Messages, str | None]:
    """Takes a final assistant message off: its thinking and text are the beginning of the reply."""
    last = messages[-1]
    if last.role != "assistant":
        return messages, None
    prefill = last.text if last.text.strip() else ""
    if last.reasoning and family.closer not in prefill:
        thought = f"{family.opener}{last.reasoning.strip()}"
        prefill = f"{thought}\n{family.closer}\n{prefill}" if prefill else thought
    return messages[:-1], prefill or None


def _without_switches(messages: Messages, family: Family) -> Messages:
    return tuple(_without(message, family) for message in messages)


def _without(message: Message, family: Family) -> Message:
    if message.role == "system":
        message = message.retold(remove_line_switches)
    return message.retold(remove_switches) if message.role in family.switched_by else message


def _effort_variable(effort: Effort | None, family: Family) -> str | None:
    """The template variable for little thinking: the lowest that the effort reaches up to, else the family's only one."""
    if effort not in ("minimal", "low", "medium"):
        return None
    known = dict(family.effort_variables)
    if effort == "medium":
        return known.get("medium")
    return known.get("low", known.get("medium"))


def _texts(request: ChatRequest) -> Iterator[str]:
    """All that a template may write into a prompt; in none of it may the character that stands for a slash occur."""
    for message in request.messages:
        yield from message.texts()
    yield json.dumps((request.tools, request.template_kwargs), ensure_ascii=False)


def _with_text(message: Message, text: str) -> Message:
    return msgspec.structs.replace(message, text=text)


def _add_to_system(messages: Messages, switch: str) -> Messages:
    """The switch at the end of the system text, without a gap: templates cut out the switch alone."""
    if messages and messages[0].role == "system":
        return (_with_text(messages[0], messages[0].text + switch), *messages[1:])
    return (Message("system", switch), *messages)


def _put_before_system(messages: Messages, line: str) -> Messages:
    """The line first in the system text, then what the user wrote there."""
    if messages and messages[0].role == "system":
        rest = messages[0].text.lstrip("\r\n")
        text = f"{line}\n\n{rest}" if rest.strip() else line
        return (_with_text(messages[0], text), *messages[1:])
    return (Message("system", line), *messages)


def _cannot_switch() -> tuple[Notice, ...]:
    return (Notice("dropped_parameter", "This model has no switch for thinking.", "reasoning"),)
