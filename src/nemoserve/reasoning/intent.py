"""One intent from every spelling of think, don't, this much. Knows the request's fields; no templates, no text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from nemoserve.types.chat import Notice
from nemoserve.types.errors import invalid
from nemoserve.types.reasoning import Effort, ReasoningIntent

EffortWord = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


class ReasoningField(msgspec.Struct, frozen=True):
    """OpenRouter's `reasoning` object."""

    effort: EffortWord | None = None
    max_tokens: int | None = None
    enabled: bool | None = None
    exclude: bool | None = None
    summary: object = None


class ThinkingField(msgspec.Struct, frozen=True):
    """Anthropic's `thinking` object, which some clients send everywhere."""

    type: Literal["enabled", "disabled", "adaptive"]
    budget_tokens: int | None = None


class ThinkingFields(msgspec.Struct, frozen=True):
    """All fields of a request that speak about thinking."""

    reasoning: ReasoningField | None = None
    reasoning_effort: EffortWord | None = None
    include_reasoning: bool | None = None
    thinking: ThinkingField | None = None
    template_kwargs: Mapping[str, object] = {}


def read_intent(fields: ThinkingFields) -> tuple[ReasoningIntent, list[Notice]]:
    """The intent, and what of it is not honoured. Raises ApiError (400) naming both fields where two contradict."""
    said: list[tuple[str, bool]] = []
    reasoning = fields.reasoning or ReasoningField()
    effort = _effort(reasoning.effort, fields.reasoning_effort, said)
    budget = _budget(reasoning, fields.thinking)
    if budget is not None:
        if effort is not None:
            raise invalid(f"{effort[0]} and {budget[0]}", "give a level or a number of tokens, not both")
        said.append((budget[0], True))
    if reasoning.enabled is not None:
        said.append(("reasoning.enabled", reasoning.enabled))
    if fields.thinking is not None:
        said.append(("thinking.type", fields.thinking.type != "disabled"))
    for name in ("enable_thinking", "thinking"):
        value = fields.template_kwargs.get(name)
        if value is None:
            continue
        if not isinstance(value, bool):
            raise invalid(f"chat_template_kwargs.{name}", f"expected true or false, got {value!r:.40}")
        said.append((f"chat_template_kwargs.{name}", value))
    for name, value in said[1:]:
        first, wanted = said[0]
        if value != wanted:
            on, off = (first, name) if wanted else (name, first)
            raise invalid(f"{first} and {name}", f"they contradict each other: {on} wants thinking, {off} does not")
    intent = ReasoningIntent(
        enabled=said[0][1] if said else None,
        exclude=_exclude(reasoning.exclude, fields.include_reasoning),
        effort=effort[1] if effort is not None else None,
        max_tokens=budget[1] if budget is not None else None,
    )
    return intent, _notices(effort, budget, reasoning)


def _effort(
    nested: EffortWord | None, flat: EffortWord | None, said: list[tuple[str, bool]]
) -> tuple[str, Effort] | None:
    if nested is not None and flat is not None and nested != flat:
        raise invalid("reasoning.effort and reasoning_effort", f"they contradict each other: {nested} and {flat}")
    word, name = (nested, "reasoning.effort") if nested is not None else (flat, "reasoning_effort")
    if word is None:
        return None
    said.append((name, word != "none"))
    return None if word == "none" else (name, word)


def _budget(reasoning: ReasoningField, thinking: ThinkingField | None) -> tuple[str, int] | None:
    given: list[tuple[str, int]] = []
    if reasoning.max_tokens is not None:
        given.append(("reasoning.max_tokens", reasoning.max_tokens))
    if thinking is not None and thinking.budget_tokens is not None:
        given.append(("thinking.budget_tokens", thinking.budget_tokens))
    for name, value in given:
        if value < 1:
            raise invalid(
                name, f"expected at least 1, got {value}; to switch thinking off use reasoning.enabled: false"
            )
    if len(given) == 2 and given[0][1] != given[1][1]:
        raise invalid(f"{given[0][0]} and {given[1][0]}", "they contradict each other")
    return given[0] if given else None


def _exclude(exclude: bool | None, include: bool | None) -> bool:
    if exclude is not None and include is not None and exclude == include:
        raise invalid("reasoning.exclude and include_reasoning", "they contradict each other")
    return exclude if exclude is not None else include is False


def _notices(
    effort: tuple[str, Effort] | None, budget: tuple[str, int] | None, reasoning: ReasoningField
) -> list[Notice]:
    notices: list[Notice] = []
    for given in (effort, budget):
        if given is not None:
            text = f"{given[0]} switches thinking on; how long the model thinks is not limited yet."
            notices.append(Notice("not_enforced", text, given[0]))
    if reasoning.summary is not None:
        text = "reasoning.summary was dropped: the thinking is returned as the model wrote it."
        notices.append(Notice("dropped_parameter", text, "reasoning.summary"))
    return notices
