"""Every spelling of think, don't, this much becomes one intent, and contradictions are refused with both names."""

from __future__ import annotations

from typing import Any

import pytest

from nemoserve.reasoning.intent import read_intent
from nemoserve.types.errors import ApiError
from nemoserve.types.reasoning import ReasoningIntent


def read(**fields: Any) -> ReasoningIntent:
    return read_intent(fields)[0]


def refused(**fields: Any) -> str:
    with pytest.raises(ApiError) as caught:
        read(**fields)
    assert caught.value.status == 400
    return caught.value.message


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": {"enabled": False}},
        {"reasoning": {"effort": "none"}},
        {"reasoning_effort": "none"},
        {"chat_template_kwargs": {"enable_thinking": False}},
        {"chat_template_kwargs": {"thinking": False}},
        {"thinking": {"type": "disabled"}},
        {"reasoning": {"enabled": False, "effort": "none"}, "reasoning_effort": "none"},
    ],
)
def test_off(fields: dict[str, Any]) -> None:
    assert read(**fields).enabled is False


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": {"enabled": True}},
        {"reasoning": {"effort": "minimal"}},
        {"reasoning": {"effort": "high", "enabled": True}},
        {"reasoning": {"max_tokens": 1}},
        {"reasoning_effort": "xhigh"},
        {"chat_template_kwargs": {"enable_thinking": True}},
        {"thinking": {"type": "enabled", "budget_tokens": 100}},
    ],
)
def test_on(fields: dict[str, Any]) -> None:
    assert read(**fields).enabled is True


@pytest.mark.parametrize(
    "fields", [{}, {"reasoning": {}}, {"include_reasoning": True}, {"reasoning": {"exclude": True}}]
)
def test_silence_leaves_it_to_the_text_and_the_model(fields: dict[str, Any]) -> None:
    assert read(**fields).enabled is None


def test_exclusion_is_no_switch() -> None:
    assert read(reasoning={"exclude": True}).exclude and read(include_reasoning=False).exclude
    assert not read(include_reasoning=True).exclude and not read(reasoning={"exclude": False}).exclude
    both = read(reasoning={"exclude": True, "enabled": False})
    assert both.exclude and both.enabled is False


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"reasoning": {"enabled": False, "effort": "high"}}, ("reasoning.enabled", "reasoning.effort")),
        ({"reasoning": {"enabled": False, "max_tokens": 5}}, ("reasoning.enabled", "reasoning.max_tokens")),
        ({"reasoning": {"effort": "low"}, "reasoning_effort": "high"}, ("reasoning.effort", "reasoning_effort")),
        ({"reasoning": {"effort": "low", "max_tokens": 5}}, ("reasoning.effort", "reasoning.max_tokens")),
        ({"reasoning": {"effort": "none", "max_tokens": 5}}, ("reasoning.effort", "reasoning.max_tokens")),
        (
            {"reasoning": {"enabled": True}, "chat_template_kwargs": {"thinking": False}},
            ("reasoning.enabled", "chat_template_kwargs.thinking"),
        ),
        (
            {"chat_template_kwargs": {"thinking": False, "enable_thinking": True}},
            ("chat_template_kwargs.thinking", "chat_template_kwargs.enable_thinking"),
        ),
        ({"thinking": {"type": "disabled"}, "reasoning_effort": "low"}, ("thinking.type", "reasoning_effort")),
        ({"include_reasoning": True, "reasoning": {"exclude": True}}, ("include_reasoning", "reasoning.exclude")),
    ],
)
def test_contradictions_name_both(fields: dict[str, Any], names: tuple[str, str]) -> None:
    message = refused(**fields)
    assert all(name in message for name in names)


def test_a_budget_of_nothing_is_not_a_switch() -> None:
    assert "reasoning.enabled" in refused(reasoning={"max_tokens": 0})
