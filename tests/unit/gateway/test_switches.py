"""Switches in texts: what is one, what only looks like one, and what the template then sees."""

from __future__ import annotations

from typing import Any

import pytest

from nemoserve.reasoning.families import Switched, switch_thinking
from nemoserve.reasoning.switches import find_switch, mask, remove_switches, unused_character
from nemoserve.types.chat import ChatRequest, Message, Role, Sampling
from nemoserve.types.model import ThinkingSwitch
from nemoserve.types.reasoning import ReasoningIntent


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
    messages: list[tuple[Role, str]], switch: ThinkingSwitch = "slash", enabled: bool | None = None, **fields: Any
) -> Switched:
    request = ChatRequest(
        models=(),
        messages=tuple(Message(role, text) for role, text in messages),
        sampling=Sampling(),
        reasoning=ReasoningIntent(enabled=enabled),
        **fields,
    )
    return switch_thinking(request, switch)


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
    assert turn.messages[0].text == "Be brief.\n/no_think"
    assert turn.messages[1].text == f"a  {turn.slash}thinking"
    assert switched([("user", "a")], enabled=False).turn.messages[0] == Message("system", "/no_think")
    assert [m.text for m in switched([("user", "a /think")]).turn.messages] == ["a "]


def test_the_other_family_has_a_variable() -> None:
    for enabled, value in ((None, True), (True, True), (False, False)):
        turn = switched([("user", "see /thinking")], "variable", enabled).turn
        assert turn.template_kwargs == {"enable_thinking": value}
        assert turn.messages[0].text == "see /thinking" and not turn.slash
    assert switched([("user", "a /no_think")], "variable").turn.template_kwargs == {"enable_thinking": False}


def test_a_family_without_a_switch_says_so() -> None:
    found = switched([("user", "a /no_think")], "none")
    assert found.thinking and not found.notices and found.turn.messages[0].text == "a /no_think"
    assert switched([("user", "a")], "none", False).notices[0].parameter == "reasoning"


def test_the_beginning_of_an_answer_is_past_thinking() -> None:
    found = switched([("user", "a"), ("assistant", "Well, ")])
    assert not found.thinking and found.turn.prefill == "Well, " and len(found.turn.messages) == 2
    assert switched([("user", "a"), ("assistant", "Well, ")], enabled=True).thinking
    assert switched([("user", "a"), ("assistant", "<think>Well, ")]).thinking
    assert switched([("user", "a"), ("assistant", "  ")]).turn.prefill is None
