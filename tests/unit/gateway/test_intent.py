"""Every spelling of think, don't, this much becomes one intent, and contradictions are refused with both names."""

from __future__ import annotations

from typing import Any

import pytest

from nemoserve.reasoning.intent import read_intent
from nemoserve.reasoning.spellings import SPELLINGS, Spelling
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
        {"chat_template_kwargs": {"reasoning_effort": "none"}},
        {"thinking_budget_tokens": 0},
        {"thinking_budget_tokens": 0, "reasoning_budget_tokens": 0},
        {"chat_template_kwargs": {"enable_thinking": False, "low_effort": True}},
        {"reasoning": {"enabled": False}, "thinking_token_budget": -1},
        {"reasoning": {"enabled": False}, "min_thinking_tokens": 0},
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
        {"thinking": {"type": "adaptive"}},
        {"chat_template_kwargs": {"reasoning_effort": "low"}},
    ],
)
def test_on(fields: dict[str, Any]) -> None:
    assert read(**fields).enabled is True


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"reasoning": {}},
        {"reasoning": None, "thinking": {"type": None}},
        {"include_reasoning": True},
        {"reasoning": {"exclude": True}},
        {"reasoning": {"steps": True, "answer_reserve": 5}},
        {"thinking": {"display": "omitted"}},
        {"thinking_token_budget": 500},
        {"nvext": {"max_thinking_tokens": 500}},
        {"min_thinking_tokens": 5, "max_thinking_tokens": 500},
        {"chat_template_kwargs": {"low_effort": True}},
        {"chat_template_kwargs": {"low_effort": False, "medium_effort": False}},
    ],
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
        (
            {"reasoning_effort": "low", "thinking": {"type": "enabled", "budget_tokens": 5}},
            ("reasoning_effort", "thinking.budget_tokens"),
        ),
        (
            {"reasoning": {"max_tokens": 5}, "thinking_token_budget": 6},
            ("reasoning.max_tokens", "thinking_token_budget"),
        ),
        (
            {"nvext": {"max_thinking_tokens": 5}, "reasoning_budget": -1},
            ("nvext.max_thinking_tokens", "reasoning_budget"),
        ),
        (
            {"chat_template_kwargs": {"enable_thinking": False, "reasoning_budget": 5}},
            ("chat_template_kwargs.enable_thinking", "chat_template_kwargs.reasoning_budget"),
        ),
        (
            {"chat_template_kwargs": {"low_effort": True, "medium_effort": True}},
            ("chat_template_kwargs.low_effort", "chat_template_kwargs.medium_effort"),
        ),
        ({"reasoning": {"enabled": False}, "min_thinking_tokens": 1}, ("reasoning.enabled", "min_thinking_tokens")),
        ({"min_thinking_tokens": 9, "max_thinking_tokens": 8}, ("min_thinking_tokens", "max_thinking_tokens")),
        (
            {"reasoning_budget_tokens": 0, "thinking_budget_tokens": 9},
            ("reasoning_budget_tokens", "thinking_budget_tokens"),
        ),
        ({"thinking": {"display": "omitted"}, "include_reasoning": True}, ("thinking.display", "include_reasoning")),
    ],
)
def test_contradictions_name_both_fields(fields: dict[str, Any], names: tuple[str, str]) -> None:
    message = refused(**fields)
    assert all(name in message for name in names)


def test_a_budget_of_nothing_is_not_a_switch() -> None:
    assert "reasoning.enabled" in refused(reasoning={"max_tokens": 0})


def body(path: str, value: object) -> dict[str, Any]:
    """A body with one field, nested as its path says."""
    name, _, key = path.partition(".")
    return {name: {key: value} if key else value}


def of_kind(*kinds: str) -> Any:
    return pytest.mark.parametrize("spelling", [s for s in SPELLINGS if s.kind in kinds], ids=lambda s: s.path)


@of_kind("budget", "cap")
def test_every_number_is_a_budget(spelling: Spelling) -> None:
    assert read(**body(spelling.path, 300)).max_tokens == 300
    for nonsense in (-2, 1.5, "300", True, 1 << 40, [300], {"tokens": 300}):
        assert refused(**body(spelling.path, nonsense)).startswith(f"{spelling.path}: expected")
    if spelling.minus_one:
        assert read(**body(spelling.path, -1)) == ReasoningIntent()
    else:
        least = 1 if spelling.zero == "refused" else 0
        assert f"at least {least} and" in refused(**body(spelling.path, -1))


@of_kind("budget", "cap")
def test_a_budget_of_0_means_what_its_authors_mean_by_it(spelling: Spelling) -> None:
    if spelling.zero == "refused":
        assert "reasoning.enabled: false" in refused(**body(spelling.path, 0))
        return
    intent, notices = read_intent(body(spelling.path, 0))
    expected = {
        "unlimited": ReasoningIntent(),
        "at_once": ReasoningIntent(max_tokens=0),
        "off": ReasoningIntent(enabled=False),
    }
    assert intent == expected[spelling.zero]
    assert [notice.parameter for notice in notices] == ([spelling.path] if spelling.zero == "unlimited" else [])


@of_kind("effort")
def test_every_level_is_an_effort(spelling: Spelling) -> None:
    for word in ("minimal", "low", "medium", "high", "xhigh", "max"):
        assert read(**body(spelling.path, word)) == ReasoningIntent(enabled=True, effort=word)
    for nonsense in ("huge", "", "LOW", 3, True, ["low"]):
        assert refused(**body(spelling.path, nonsense)).startswith(f"{spelling.path}: expected none, minimal")


@of_kind("switch", "hide", "show", "hint", "steps")
def test_yes_and_no_are_no_strings(spelling: Spelling) -> None:
    for nonsense in ("true", 1, 0, [], {}):
        assert refused(**body(spelling.path, nonsense)).startswith(f"{spelling.path}: expected true or false")


@pytest.mark.parametrize("name", ["reasoning", "thinking", "nvext", "custom_params"])
def test_what_should_be_an_object_is_refused_as_anything_else(name: str) -> None:
    for nonsense in (True, False, 0, "high", ["high"]):
        assert refused(**{name: nonsense}).startswith(f"{name}: expected an object")


def test_a_number_may_stand_beside_a_level_where_its_authors_send_both() -> None:
    intent = read(reasoning_effort="high", reasoning_budget=16384)
    assert (intent.effort, intent.max_tokens, intent.enabled) == ("high", 16384, True)
    intent = read(chat_template_kwargs={"low_effort": True, "reasoning_budget": 256, "enable_thinking": True})
    assert (intent.effort, intent.max_tokens, intent.enabled) == ("low", 256, True)


def test_equal_wishes_in_two_spellings_are_one() -> None:
    intent = read(reasoning={"max_tokens": 7, "enabled": True}, thinking_token_budget=7, max_thinking_tokens=7)
    assert intent == ReasoningIntent(enabled=True, max_tokens=7)
    assert read(reasoning={"effort": "low"}, reasoning_effort="low").effort == "low"


def test_our_own_fields_are_read_and_checked() -> None:
    intent = read(reasoning={"steps": True, "answer_reserve": 0, "transition": " So:"}, min_thinking_tokens=3)
    assert intent == ReasoningIntent(steps=True, answer_reserve=0, transition=" So:", min_tokens=3)
    assert "answer_reserve" in refused(reasoning={"answer_reserve": -1})
    assert "200" in refused(reasoning={"transition": "x" * 201})
    assert read(reasoning={"transition": "x" * 200}).transition == "x" * 200
    assert "</think>" in refused(reasoning={"transition": "enough</think>"})


def test_what_is_not_honoured_inside_an_object_is_named() -> None:
    fields = {
        "nvext": {"max_thinking_tokens": 5, "guided_json": {}, "top_k": 3, "annotations": None},
        "reasoning": {"summary": "auto", "enabled": True},
    }
    parameters = [notice.parameter for notice in read_intent(fields)[1]]
    assert parameters == ["reasoning.summary", "nvext.guided_json, nvext.top_k"]
    assert all(notice.code == "dropped_parameter" for notice in read_intent(fields)[1])
    left = read_intent(fields, elsewhere=("nvext.guided_",))[1]
    assert [notice.parameter for notice in left] == ["reasoning.summary", "nvext.top_k"]
    many = read_intent({"nvext": {f"key{n}": 1 for n in range(1000)}})[1]
    assert len(many) == 1 and len(many[0].message) < 600
