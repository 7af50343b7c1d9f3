"""Switches in texts: what is one, what only looks like one, and what the template then sees."""

from __future__ import annotations

from typing import Any

import pytest

from nemoserve.parsing.switches import (
    find_line_switch,
    find_switch,
    mask,
    remove_line_switches,
    remove_switches,
    unused_character,
)
from nemoserve.reasoning.families import Switched, switch_thinking
from nemoserve.types.chat import ChatRequest, Message, Role, Sampling, ToolCall
from nemoserve.types.errors import ApiError
from nemoserve.types.families import (
    LLAMA_V1,
    LLAMA_V1_5,
    LLAMA_V1_NANO,
    NANO_V2,
    NANO_V2_VL,
    NEMOTRON_3,
    NEMOTRON_3_SUPER,
    NEMOTRON_3_ULTRA,
)
from nemoserve.types.model import PLAIN, Family
from nemoserve.types.reasoning import Effort, ReasoningIntent


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("/think", True),
        ("/no_think", False),
        ("Be brief. /no_think", False),
        ("Be brief./no_think", False),
        ("/no_think.", False),
        ("(/think)", True),
        ("What is 2+2?/no_think", False),
        ("a\n/no_think\nb", False),
        ("/no_think and /think", True),
        ("say /think, please", True),
        ("none here", None),
        ("", None),
        ("https://example.org/think", None),
        ("https://example.org/no_think?x=1", None),
        ("/thinking", None),
        ("/think-tank.html", None),
        ("/think.html", None),
        ("/think/about", None),
        ("./think", None),
        ("../no_think", None),
        ("~/think", None),
        ("C:/think", None),
        ("a/think", None),
        ("</think>", None),
        ("//think", None),
        ("/no_thinking", None),
        ("/think_tank", None),
        ("/Think", None),
    ],
)
def test_a_switch_stands_by_itself(text: str, says: bool | None) -> None:
    assert find_switch(text) is says
    if says is None:
        assert remove_switches(text) == text


def test_masking_hides_and_restores() -> None:
    text = "/think </think> a/no_think /thinking no/thing"
    slash = unused_character([text])
    assert "/think" not in mask(text, slash) and "/no_think" not in mask(text, slash)
    assert mask(text, slash).replace(slash, "/") == text
    assert unused_character([slash]) != slash


def switched(
    messages: list[tuple[Role, str]],
    family: Family = NANO_V2,
    enabled: bool | None = None,
    effort: Effort | None = None,
    **fields: Any,
) -> Switched:
    request = ChatRequest(
        models=(),
        messages=tuple(Message(role, text) for role, text in messages),
        sampling=Sampling(),
        reasoning=ReasoningIntent(enabled=enabled, effort=effort),
        **fields,
    )
    return switch_thinking(request, family)


def test_the_last_message_with_a_switch_wins() -> None:
    assert not switched([("system", "/think"), ("user", "a /no_think")]).thinking
    assert switched([("system", "/no_think"), ("user", "a"), ("assistant", "b"), ("user", "c /think")]).thinking
    assert not switched([("system", "/no_think"), ("user", "a")]).thinking
    assert switched([("user", "a")]).thinking


def test_assistants_and_tools_cannot_switch() -> None:
    assert switched([("user", "a"), ("assistant", "/no_think"), ("tool", "/no_think"), ("user", "b")]).thinking


def test_a_parameter_beats_the_text() -> None:
    assert switched([("user", "a /no_think")], enabled=True).thinking
    assert not switched([("user", "a /think")], enabled=False).thinking


def test_off_is_said_in_the_system_text_and_nowhere_else() -> None:
    turn = switched([("system", "Be brief."), ("user", "a /no_think /thinking")]).turn
    assert turn.messages[0].text == "Be brief./no_think"
    assert turn.messages[1].text == f"a  {turn.slash}thinking"
    assert switched([("user", "a")], enabled=False).turn.messages[0] == Message("system", "/no_think")
    assert [m.text for m in switched([("user", "a /think")]).turn.messages] == ["a "]


def test_the_other_family_has_a_variable() -> None:
    for enabled, value in ((None, True), (True, True), (False, False)):
        turn = switched([("user", "see /thinking")], NEMOTRON_3, enabled).turn
        assert turn.template_kwargs == {"enable_thinking": value}
        assert turn.messages[0].text == "see /thinking" and not turn.slash
    assert switched([("user", "a /no_think")], NEMOTRON_3).turn.template_kwargs == {"enable_thinking": False}


def test_a_family_without_a_switch_says_so() -> None:
    found = switched([("user", "a /no_think")], PLAIN)
    assert found.thinking and not found.notices and found.turn.messages[0].text == "a /no_think"
    assert switched([("user", "a")], PLAIN, False).notices[0].parameter == "reasoning"


def test_the_beginning_of_an_answer_is_past_thinking() -> None:
    found = switched([("user", "a"), ("assistant", "Well, ")])
    assert not found.thinking and found.turn.prefill == "Well, " and len(found.turn.messages) == 2
    assert switched([("user", "a"), ("assistant", "Well, ")], enabled=True).thinking
    assert switched([("user", "a"), ("assistant", "<think>Well, ")]).thinking
    assert switched([("user", "a"), ("assistant", "  ")]).turn.prefill is None


@pytest.mark.parametrize(
    ("text", "says", "left"),
    [
        ("detailed thinking on", True, ""),
        ("detailed thinking off", False, ""),
        ("  detailed thinking off \r\nBe brief.", False, "Be brief."),
        ("Be brief.\ndetailed thinking off", False, "Be brief.\n"),
        ("detailed thinking off\ndetailed thinking on\n", True, ""),
        ("Never say: detailed thinking off", None, None),
        ("detailed thinking off.", None, None),
        ("Detailed thinking off", None, None),
        ("detailed thinking offline", None, None),
        ("detailed thinking", None, None),
        ("detailed\nthinking off", None, None),
        ("", None, None),
    ],
)
def test_the_older_switch_fills_a_line(text: str, says: bool | None, left: str | None) -> None:
    assert find_line_switch(text) is says
    assert remove_line_switches(text) == (text if left is None else left)


def test_the_older_family_is_switched_in_front_of_the_users_system_text() -> None:
    off = switched([("system", "Be brief.\ndetailed thinking off"), ("user", "detailed thinking on")], LLAMA_V1)
    assert not off.thinking and not off.turn.slash and off.turn.prefill is None
    assert [m.text for m in off.turn.messages] == ["detailed thinking off\n\nBe brief.\n", "detailed thinking on"]
    on = switched([("user", "a /no_think")], LLAMA_V1)
    assert [m.text for m in on.turn.messages] == ["detailed thinking on", "a /no_think"]
    assert switched([("system", "detailed thinking off")], LLAMA_V1, True).turn.messages[0].text == (
        "detailed thinking on"
    )


def test_a_system_text_written_for_another_family_does_not_go_unheard() -> None:
    for family in (NANO_V2, NANO_V2_VL, LLAMA_V1_5, NEMOTRON_3):
        off = switched([("system", "Be brief.\ndetailed thinking off"), ("user", "a")], family)
        assert not off.thinking and "detailed" not in off.turn.messages[0].text
        assert switched([("system", "detailed thinking off"), ("user", "a")], family, True).thinking
    assert switched([("system", "detailed thinking on"), ("user", "a")], NANO_V2_VL).thinking
    assert switched([("user", "detailed thinking off")]).turn.messages[0].text == "detailed thinking off"
    older = switched([("system", "/no_think"), ("user", "a /think")], LLAMA_V1)
    assert not older.thinking
    assert [m.text for m in older.turn.messages] == ["detailed thinking off", "a /think"]


def test_its_small_members_are_kept_from_thinking_by_an_empty_block() -> None:
    assert switched([("user", "a")], LLAMA_V1_NANO).turn.prefill is None
    assert switched([("user", "a")], LLAMA_V1_NANO, False).turn.prefill == "<think>\n</think>\n\n"
    for begun in ("Well, ", "<think>So</think>\nWell, "):
        found = switched([("user", "a"), ("assistant", begun)], LLAMA_V1_NANO, False)
        assert found.turn.prefill == "<think>\n</think>\n\nWell, "


def test_only_system_texts_switch_where_the_template_reads_no_others() -> None:
    found = switched([("user", "a /no_think")], LLAMA_V1_5)
    assert found.thinking and found.turn.messages[0].text.replace(found.turn.slash, "/") == "a /no_think"
    off = switched([("system", "Be /thinking. /no_think"), ("user", "a")], LLAMA_V1_5)
    assert not off.thinking and off.turn.messages[0].text == f"Be {off.turn.slash}thinking. /no_think"


def test_a_family_that_is_silent_by_default_is_told_either_way() -> None:
    assert not switched([("user", "a")], NANO_V2_VL).thinking
    assert switched([("user", "a")], NANO_V2_VL).turn.messages[0].text == "/no_think"
    assert switched([("user", "a")], NANO_V2_VL, True).turn.messages[0].text == "/think"
    assert switched([("user", "a /think")], NANO_V2_VL).turn.messages[0].text == "/think"


@pytest.mark.parametrize(
    ("family", "effort", "variable"),
    [
        (NEMOTRON_3_SUPER, "minimal", "low_effort"),
        (NEMOTRON_3_SUPER, "low", "low_effort"),
        (NEMOTRON_3_SUPER, "medium", None),
        (NEMOTRON_3_SUPER, "high", None),
        (NEMOTRON_3_ULTRA, "low", "medium_effort"),
        (NEMOTRON_3_ULTRA, "medium", "medium_effort"),
        (NEMOTRON_3, "low", None),
        (NEMOTRON_3_ULTRA, None, None),
    ],
)
def test_little_effort_is_said_in_the_templates_own_variable(
    family: Family, effort: Effort | None, variable: str | None
) -> None:
    expected = {"enable_thinking": True} | ({variable: True} if variable else {})
    assert switched([("user", "a")], family, True, effort).turn.template_kwargs == expected
    assert switched([("user", "a")], family, False, effort).turn.template_kwargs == {"enable_thinking": False}


def test_a_begun_answer_is_no_wish_that_a_model_without_a_switch_must_refuse() -> None:
    assert switched([("user", "a"), ("assistant", "Well, ")], PLAIN).notices == ()


def test_restoring_slashes_changes_nothing_else_in_the_prompt() -> None:
    tools = ({"type": "function", "function": {"name": "f", "description": "\ue000"}},)
    request = ChatRequest(
        models=(),
        messages=(
            Message("user", "\ue001"),
            Message("assistant", "", "\ue002", (ToolCall("1", "f", '{"a": "\ue003"}'),)),
            Message("tool", "\ue004"),
        ),
        sampling=Sampling(),
        reasoning=ReasoningIntent(),
        tools=tools,
        template_kwargs={"x": ["\ue005"]},
    )
    assert switch_thinking(request, NANO_V2).turn.slash == "\ue006"


def test_a_text_of_every_private_character_is_refused_rather_than_garbled() -> None:
    basic = "".join(map(chr, range(0xE000, 0xF900)))
    assert unused_character([basic]) == "\U000f0000"
    every = basic + "".join(map(chr, [*range(0xF0000, 0xFFFFE), *range(0x100000, 0x10FFFE)]))
    with pytest.raises(ApiError, match="private-use"):
        unused_character([every])
