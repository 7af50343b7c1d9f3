"""Thinking switched and limited in each provider's own spelling. Pure; knows the spellings, decides nothing.

A family whose switch is text gets it in the text wherever the provider has no switch of its own.
"""

from __future__ import annotations

from typing import Final, cast

import msgspec

from nemoserve.backends.remote.dialect import Dialect, limits_thinking
from nemoserve.parsing.switches import find_switch, mask, remove_line_switches, remove_switches
from nemoserve.types.chat import ChatRequest, Message
from nemoserve.types.model import PLAIN, Family
from nemoserve.types.reasoning import Effort

_JOINER = "\u2060"
"""Breaks a word invisibly: a path such as `/thinking` is no switch, and a template that takes it for one would cut it out."""
_MOST_HOSTED = 32768
_LEVELS: Final[dict[Effort, str]] = {
    "minimal": "low", "low": "low", "medium": "medium", "high": "high", "xhigh": "high", "max": "high",
}  # fmt: skip
"""Efforts where there are but three."""

Fields = dict[str, object]


def switched(
    request: ChatRequest, thinking: bool | None, dialect: Dialect, family: Family
) -> tuple[tuple[Message, ...], Fields]:
    """The messages and the fields that switch thinking as wanted; None changes nothing."""
    fields: Fields = {}
    if request.template_kwargs and "chat_template_kwargs" in dialect.fields:
        fields["chat_template_kwargs"] = dict(request.template_kwargs)
    if thinking is None:
        return request.messages, fields
    own = _by_fields(thinking, request.reasoning.effort, dialect, family)
    if own is None:
        return _in_text(request.messages, thinking, family), fields
    if "chat_template_kwargs" in own:
        own["chat_template_kwargs"] = {
            **_object(fields, "chat_template_kwargs"),
            **_object(own, "chat_template_kwargs"),
        }
    return request.messages, {**fields, **own}


def can_switch(dialect: Dialect, family: Family) -> bool:
    """Whether thinking can be switched off there, by whatever means."""
    return family.switch in ("slash", "detailed") or _by_fields(False, None, dialect, family) is not None


def tells(level: Effort, dialect: Dialect, family: Family) -> bool:
    """Whether the provider is told an effort, in whatever field."""
    return _by_fields(True, level, dialect, family) != _by_fields(True, None, dialect, family)


def _by_fields(thinking: bool, effort: Effort | None, dialect: Dialect, family: Family) -> Fields | None:
    """The provider's own switch; None: the family's text has to do it."""
    match dialect.steering:
        case "object":
            return {"reasoning": {"enabled": thinking, **({"effort": effort} if thinking and effort else {})}}
        case "effort_object":
            return {"reasoning": {"effort": _LEVELS[effort]}} if thinking and effort is not None else None
        case "effort" if family.switch in ("variable", "none"):
            return {"reasoning_effort": "none"} if not thinking else {"reasoning_effort": effort} if effort else {}
        case "hosted_nim" if family.effort_variables:
            little = effort is not None and _LEVELS[effort] == "low"
            return {"reasoning_effort": "none" if not thinking else "low" if little else "high"}
        case "template" | "hosted_nim" if family.switch == "variable" or family is PLAIN:
            little = _little(family, effort) if thinking and effort is not None else {}
            return {"chat_template_kwargs": {"enable_thinking": thinking, **little}}
        case _:
            return None


def limited(
    fields: Fields, budget: int, level: Effort | None, dialect: Dialect, family: Family, *, shares: bool = True
) -> Fields:
    """The fields with most tokens of thinking, where the provider can limit them; the same otherwise.

    `level` is the effort that the budget is all of, if it is; `shares`: as its share of max_tokens.
    """
    if not limits_thinking(dialect, family):
        return fields
    least = max(1, budget)
    match dialect.budget:
        case "object" | "object_and_number":
            said = _object(fields, "reasoning")
            if level is not None and said.get("effort") == level:
                # It reckons the same share, and there are models that know the level itself.
                beside = dialect.budget == "object_and_number" and not shares
                return {**fields, "thinking_token_budget": budget} if beside else fields
            held = {key: value for key, value in said.items() if key != "effort"}
            return {**fields, "reasoning": {**held, "max_tokens": budget}}
        case "thinking_token_budget":
            return {**fields, "thinking_token_budget": budget}
        case "llama":
            # Releases differ in the name; each ignores the other's. A model whose thought ends in mid-line goes on with it.
            before_closer = family.end.partition(family.closer)[0]
            return {
                **fields,
                "thinking_budget_tokens": budget,
                "reasoning_budget_tokens": budget,
                "reasoning_budget_message": before_closer,
            }
        case "nvext" if family.effort_variables:
            kwargs = {**_object(fields, "chat_template_kwargs"), "reasoning_budget": least}
            return {**fields, "chat_template_kwargs": kwargs}
        case "nvext":
            return {**fields, "nvext": {**_object(fields, "nvext"), "max_thinking_tokens": least}}
        case "hosted_nim" if family.switch == "slash":
            return {**fields, "min_thinking_tokens": 1, "max_thinking_tokens": least}
        case _:
            return {**fields, "reasoning_budget": min(least, _MOST_HOSTED)}


def _little(family: Family, effort: Effort) -> Fields:
    """The template's variable for little thinking, if the effort asks for that."""
    if effort not in ("minimal", "low", "medium"):
        return {}
    known = dict(family.effort_variables)
    name = known.get("medium") if effort == "medium" else known.get("low", known.get("medium"))
    return {} if name is None else {name: True}


def _in_text(messages: tuple[Message, ...], thinking: bool, family: Family) -> tuple[Message, ...]:
    """The family's text switch, and no other in the texts that it is looked for in."""
    match family.switch:
        case "slash":
            cleared = tuple(
                message.retold(lambda text: mask(remove_switches(text), f"/{_JOINER}"))
                if message.role in family.switched_by and "think" in message.text
                else message
                for message in messages
            )
            if thinking == family.thinks and not any(find_switch(message.text) is not None for message in messages):
                return cleared
            return _system(cleared, "", "/think" if thinking else "/no_think")
        case "detailed":
            cleared = tuple(
                message.retold(remove_line_switches) if message.role == "system" else message for message in messages
            )
            return _system(cleared, f"detailed thinking {'on' if thinking else 'off'}", "")
        case _:
            return messages


def _system(messages: tuple[Message, ...], first: str, last: str) -> tuple[Message, ...]:
    """The system text with a line before it or a word at its end."""
    if not messages or messages[0].role != "system":
        return (Message("system", first or last), *messages)
    text = messages[0].text
    if first:
        rest = text.lstrip("\r\n")
        text = f"{first}\n\n{rest}" if rest.strip() else first
    else:
        text = f"{text}\n{last}" if text.strip() else last
    return (msgspec.structs.replace(messages[0], text=text), *messages[1:])


def _object(fields: Fields, name: str) -> Fields:
    value = fields.get(name)
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
