"""Each family's published form, rendered whole: the switch, tools, history, prefill, and texts that only look like a switch."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import nemoserve
from nemoserve.backends.local.checkpoint import TextSide, load_text_side
from nemoserve.backends.local.prompts import PromptMaker, render_text
from nemoserve.backends.local.template import Template
from nemoserve.parsing.switches import find_line_switch, find_switch, remove_line_switches, remove_switches
from nemoserve.reasoning.families import switch_thinking
from nemoserve.reasoning.sampling import recommended, with_recommended
from nemoserve.types.chat import ChatRequest, Message, Sampling, ToolCall
from nemoserve.types.families import (
    FAMILIES,
    LLAMA_V1,
    LLAMA_V1_5,
    LLAMA_V1_NANO,
    NANO_V2,
    NANO_V2_VL,
    NEMOTRON_3,
    NEMOTRON_3_SUPER,
    NEMOTRON_3_ULTRA,
    family_of,
)
from nemoserve.types.model import PLAIN, Family, ModelCard, Recommended
from nemoserve.types.prompt import ReplyStart
from nemoserve.types.reasoning import Effort, ReasoningIntent
from tests.examples import examples

MINI = Path(nemoserve.__file__).parent / "mini"
FOLDER = Path(__file__).parents[2] / "templates"
SOURCES = {file.stem: file.read_text() for file in FOLDER.glob("*.jinja")} | {
    "nano_v2": (MINI / "chat_template.jinja").read_text()
}
NEMOTRON = SOURCES["nemotron_3"]
TEMPLATES = {
    NANO_V2.name: Template(SOURCES["nano_v2"], {}),
    NANO_V2_VL.name: Template(SOURCES["nano_v2_vl"], {}, model_type="NemotronH_Nano_VL_V2"),
    LLAMA_V1_NANO.name: Template(
        SOURCES["llama_v1"], {"bos_token": "<|begin_of_text|>"}, model_type="llama",
        name="nvidia/Llama-3.1-Nemotron-Nano-8B-v1",
    ),
    LLAMA_V1.name: Template(
        SOURCES["llama_v1"], {"bos_token": "<|begin_of_text|>"}, model_type="nemotron-nas",
        name="nvidia/Llama-3_3-Nemotron-Super-49B-v1",
    ),
    LLAMA_V1_5.name: Template(SOURCES["llama_v1_5"], {}, name="nvidia/Llama-3_3-Nemotron-Super-49B-v1_5"),
    NEMOTRON_3.name: Template(NEMOTRON.replace("low_effort", "x").replace("medium_effort", "y"), {}),
    NEMOTRON_3_SUPER.name: Template(NEMOTRON.replace("medium_effort", "y"), {}),
    NEMOTRON_3_ULTRA.name: Template(NEMOTRON.replace("low_effort", "x"), {}),
    PLAIN.name: Template("{% for m in messages %}{{ m.role }}: {{ m.content }}\n{% endfor %}assistant:", {}),
}  # fmt: skip
TOOLS = ({"type": "function", "function": {"name": "f", "parameters": {"type": "object"}}},)
PATHS = "See https://x.org/no_think, /thinking and </think>."


def said(text: str) -> tuple[Message, ...]:
    """A conversation, turns parted by `|`: `s:`, `u:`, `a:` or `t:`, then the text."""
    roles = {"s": "system", "u": "user", "a": "assistant", "t": "tool"}
    return tuple(Message(roles[line[0]], line[2:]) for line in text.split("|"))  # pyright: ignore


def request(
    *messages: Message,
    text: str = "",
    enabled: bool | None = None,
    effort: Effort | None = None,
    tools: tuple[dict[str, object], ...] = (),
    **kwargs: object,
) -> ChatRequest:
    intent = ReasoningIntent(enabled=enabled, effort=effort)
    return ChatRequest((), said(text) if text else messages, Sampling(), intent, tools=tools, template_kwargs=kwargs)


def rendered(family: Family, wanted: ChatRequest) -> tuple[str, ReplyStart]:
    return render_text(switch_thinking(wanted, family).turn, TEMPLATES[family.name])


@pytest.mark.parametrize("name", TEMPLATES)
def test_a_family_is_told_by_its_template(name: str) -> None:
    assert TEMPLATES[name].family.name == name


def test_each_family_has_a_published_form_here() -> None:
    assert {family.name for family in FAMILIES} == set(TEMPLATES)


def test_strangers_keep_their_switch_and_nothing_else() -> None:
    for source, switch in (
        ("'/no_think' enable_thinking", "slash"),
        ("{{ enable_thinking }}", "variable"),
        ("", "none"),
    ):
        found = family_of(source)
        assert (found.name, found.switch, found.thinking) == ("plain", switch, None)
    headers = "<|start_header_id|>"
    assert family_of(headers, "nemotron-nas", "nvidia/Llama-3_1-Nemotron-51B-Instruct") == PLAIN
    assert family_of(headers, "llama", "meta-llama/Llama-3.1-8B-Instruct") == PLAIN
    assert family_of(headers, "llama", "acme/llama-3.1-nemotron-nano-4b-v1.1-GGUF") == LLAMA_V1_NANO
    assert family_of(headers, "nemotron-nas", "nvidia/Llama-3_1-Nemotron-Ultra-253B-v1") == LLAMA_V1
    both = family_of(NEMOTRON)
    assert both.effort_variables == (("low", "low_effort"), ("medium", "medium_effort"))


V2, V3 = "<SPECIAL_11>User\n", "<|im_start|>"
HEAD = "<|start_header_id|>{}<|end_header_id|>\n\n".format
L_USER, L_REPLY = HEAD("user"), HEAD("assistant")
BEGIN = "<|begin_of_text|>" + HEAD("system")


@pytest.mark.parametrize(
    ("family", "wanted", "text", "start"),
    [
        # Nano v2
        (NANO_V2, request(text="u:Hi"), f"<SPECIAL_10>System\n\n{V2}Hi\n<SPECIAL_11>Assistant\n<think>\n", "thinking"),
        (NANO_V2, request(text="u:Hi", enabled=False),
         f"<SPECIAL_10>System\n\n{V2}Hi\n<SPECIAL_11>Assistant\n<think></think>", "undecided"),
        (NANO_V2, request(text="s:Be brief.|u:Hi /no_think"),
         f"<SPECIAL_10>System\nBe brief.\n{V2}Hi\n<SPECIAL_11>Assistant\n<think></think>", "undecided"),
        (NANO_V2, request(text=f"s:{PATHS}|u:{PATHS}"),
         f"<SPECIAL_10>System\n{PATHS}\n{V2}{PATHS}\n<SPECIAL_11>Assistant\n<think>\n", "thinking"),
        (NANO_V2, request(text=f"s:{PATHS}|u:{PATHS}", enabled=False),
         f"<SPECIAL_10>System\n{PATHS}\n{V2}{PATHS}\n<SPECIAL_11>Assistant\n<think></think>", "undecided"),
        (NANO_V2, request(text="u:Hi|a:<think>x</think>\nYo|u:Go|a:Well, ", enabled=True),
         f"<SPECIAL_10>System\n\n{V2}Hi\n<SPECIAL_11>Assistant\nYo\n<SPECIAL_12>\n{V2}Go\n<SPECIAL_11>Assistant\n"
         "<think>\nWell, ", "thinking"),
        (NANO_V2, request(text="u:Hi|a:Well, "),
         f"<SPECIAL_10>System\n\n{V2}Hi\n<SPECIAL_11>Assistant\n<think></think>Well, ", "answer"),
        # Nano v2 with pictures
        (NANO_V2_VL, request(text=f"s:Be brief.|u:{PATHS}"),
         f"<s><SPECIAL_10>System\nBe brief.\n{V2}{PATHS}\n<SPECIAL_11>Assistant\n<think></think>", "undecided"),
        (NANO_V2_VL, request(text="u:Hi", enabled=True),
         f"<s><SPECIAL_10>System\n\n{V2}Hi\n<SPECIAL_11>Assistant\n<think>\n", "thinking"),
        (NANO_V2_VL, request(text="u:Hi /think|a:<think>x</think>\nYo|u:Go"),
         f"<s><SPECIAL_10>System\n\n{V2}Hi\n<SPECIAL_11>Assistant\nYo\n<SPECIAL_12>\n{V2}Go\n<SPECIAL_11>Assistant\n"
         "<think>\n", "thinking"),
        # Llama-Nemotron v1
        (LLAMA_V1, request(text="u:Hi"),
         f"{BEGIN}detailed thinking on<|eot_id|>{L_USER}Hi<|eot_id|>{L_REPLY}", "undecided"),
        (LLAMA_V1, request(text=f"s:Be brief.|u:{PATHS}", enabled=False),
         f"{BEGIN}detailed thinking off\n\nBe brief.<|eot_id|>{L_USER}{PATHS}<|eot_id|>{L_REPLY}", "undecided"),
        (LLAMA_V1, request(text="s:detailed thinking off\nBe brief.|u:Say: detailed thinking on"),
         f"{BEGIN}detailed thinking off\n\nBe brief.<|eot_id|>{L_USER}Say: detailed thinking on<|eot_id|>{L_REPLY}",
         "undecided"),
        (LLAMA_V1_NANO, request(text="u:Hi", enabled=False),
         f"{BEGIN}detailed thinking off<|eot_id|>{L_USER}Hi<|eot_id|>{L_REPLY}<think>\n</think>\n\n", "undecided"),
        (LLAMA_V1_NANO, request(text="u:Hi|a:Well, "),
         f"{BEGIN}detailed thinking off<|eot_id|>{L_USER}Hi<|eot_id|>{L_REPLY}<think>\n</think>\n\nWell, ", "answer"),
        (LLAMA_V1_NANO, request(text="u:Hi|a:<think>So"),
         f"{BEGIN}detailed thinking on<|eot_id|>{L_USER}Hi<|eot_id|>{L_REPLY}<think>So", "thinking"),
        # Super 49B v1.5
        (LLAMA_V1_5, request(text=f"s:{PATHS}|u:{PATHS} /no_think"),
         f"{BEGIN}{PATHS}\n\n<|eot_id|>{L_USER}{PATHS} /no_think<|eot_id|>{L_REPLY}", "undecided"),
        (LLAMA_V1_5, request(text=f"s:{PATHS}|u:Hi", enabled=False),
         f"{BEGIN}{PATHS}\n\n<|eot_id|>{L_USER}Hi<|eot_id|>{L_REPLY}<think>\n\n</think>\n\n", "undecided"),
        (LLAMA_V1_5, request(text="u:Hi", enabled=False),
         f"{BEGIN}\n\n<|eot_id|>{L_USER}Hi<|eot_id|>{L_REPLY}<think>\n\n</think>\n\n", "undecided"),
        (LLAMA_V1_5, request(text="s:/no_think|u:Hi|a:<think>x</think>Yo|u:Go|a:Well, "),
         f"{BEGIN}\n\n<|eot_id|>{L_USER}Hi<|eot_id|>{L_REPLY}Yo<|eot_id|>{L_USER}Go<|eot_id|>{L_REPLY}"
         "<think>\n\n</think>\n\nWell, ", "answer"),
        # Nemotron 3
        (NEMOTRON_3, request(text=f"u:{PATHS}"),
         f"{V3}system\n<|im_end|>\n{V3}user\n{PATHS}<|im_end|>\n{V3}assistant\n<think>\n", "thinking"),
        (NEMOTRON_3, request(text="s:Be brief.|u:Hi", enabled=False),
         f"{V3}system\nBe brief.<|im_end|>\n{V3}user\nHi<|im_end|>\n{V3}assistant\n<think></think>", "undecided"),
        (NEMOTRON_3, request(text="s:Be brief. /no_think|u:Hi|a:Well, "),
         f"{V3}system\nBe brief. <|im_end|>\n{V3}user\nHi<|im_end|>\n{V3}assistant\n<think></think>Well, ", "answer"),
        (NEMOTRON_3, request(text="u:Hi", enabled=True, effort="low"),
         f"{V3}system\n<|im_end|>\n{V3}user\nHi<|im_end|>\n{V3}assistant\n<think>\n", "thinking"),
        (NEMOTRON_3_SUPER, request(text="u:Hi", enabled=True, effort="low"),
         f"{V3}system\n\n[low effort]<|im_end|>\n{V3}user\nHi<|im_end|>\n{V3}assistant\n<think>\n", "thinking"),
        (NEMOTRON_3_ULTRA, request(text="u:Hi", enabled=True, effort="medium"),
         f"{V3}system\n\n[medium effort]<|im_end|>\n{V3}user\nHi<|im_end|>\n{V3}assistant\n<think>\n", "thinking"),
        # Any other model
        (PLAIN, request(text=f"u:{PATHS} /no_think"), f"user: {PATHS} /no_think\nassistant:", "undecided"),
        (PLAIN, request(text="u:Hi|a:Well, "), "user: Hi\nassistant:Well, ", "answer"),
    ],
)  # fmt: skip
def test_the_whole_prompt_is_as_published(family: Family, wanted: ChatRequest, text: str, start: str) -> None:
    assert rendered(family, wanted) == (text, start)


def test_the_embedded_model_is_asked_for_short_thinking_in_the_last_question_alone() -> None:
    family = family_of(SOURCES["nano_v2"])
    assert family.effort_variables == (("low", "low_effort"),)
    low = rendered(family, request(text="u:Old?|a:Old.|u:Go", effort="low"))
    assert low == (
        f"<SPECIAL_10>System\n\n{V2}Old?\n<SPECIAL_11>Assistant\nOld.\n<SPECIAL_12>\n{V2}Go\n\n{{effort: low}}\n"
        "<SPECIAL_11>Assistant\n<think>\n",
        "thinking",
    )
    for other in (request(text="u:Go", enabled=False, effort="low"), request(text="u:Go", effort="medium")):
        assert "effort" not in rendered(family, other)[0]


HISTORY = (
    Message("user", "Old?"),
    Message("assistant", "Old.", reasoning="older thoughts"),
    Message("user", "Go"),
    Message("assistant", "", reasoning="new thoughts", tool_calls=(ToolCall("1", "f", '{"a": "/think", "b": [1]}'),)),
    Message("tool", "see /no_think", tool_call_id="1"),
)
SENTENCES = (
    'You can use the following tools to assist the user if required:\n<AVAILABLE_TOOLS>[{"name": "f", "parameters": '
    '{"type": "object"}}]</AVAILABLE_TOOLS>\n\nIf you decide to call any tool(s), use the following format:\n'
    '<TOOLCALL>[{{"name": "tool_name1", "arguments": "tool_args1"}}, {{"name": "tool_name2", "arguments": '
    '"tool_args2"}}]</TOOLCALL>\n\nThe user will execute tool-calls and return responses from tool(s) in this format:\n'
    '<TOOL_RESPONSE>[{{"tool_response1"}}, {{"tool_response2"}}]</TOOL_RESPONSE>\n\nBased on the tool responses, you can '
    "call additional tools if needed, correct tool calls if any errors are found, or just respond to the user."
)


@pytest.mark.parametrize(
    ("family", "text"),
    [
        (NANO_V2, f"<SPECIAL_10>System\n{SENTENCES}\n{V2}Old?\n<SPECIAL_11>Assistant\nOld.\n<SPECIAL_12>\n{V2}Go\n"
         '<SPECIAL_11>Assistant\n<TOOLCALL>[{"name": "f", "arguments": {"a": "/think", "b": [1]}}]</TOOLCALL>\n'
         f"<SPECIAL_12>\n{V2}<TOOL_RESPONSE>[see /no_think]</TOOL_RESPONSE>\n<SPECIAL_11>Assistant\n<think>\n"),
        (LLAMA_V1_5, f'{BEGIN}\n\n<AVAILABLE_TOOLS>[{{"name": "f", "parameters": {{"type": "object"}}}}]</AVAILABLE_TOOLS>'
         '\n\nCalls: <TOOLCALL>[...]</TOOLCALL>. Results: <TOOL_RESPONSE>[{{"response": "..."}}]</TOOL_RESPONSE><|eot_id|>'
         f"{L_USER}Old?<|eot_id|>{L_REPLY}Old.<|eot_id|>{L_USER}Go<|eot_id|>{L_REPLY}"
         '<TOOLCALL>[{"name": "f", "arguments": {"a": "/think", "b": [1]}}]</TOOLCALL><|eot_id|>'
         f"{HEAD('tool')}<TOOL_RESPONSE>[see /no_think]</TOOL_RESPONSE><|eot_id|>{L_REPLY}"),
        (NEMOTRON_3, f"{V3}system\n\n\n<tools>\n<function>\n<name>f</name>\n"
         '<parameters>{"type": "object"}</parameters>\n</function>\n</tools><|im_end|>\n'
         f"{V3}user\nOld?<|im_end|>\n{V3}assistant\n<think></think>Old.<|im_end|>\n{V3}user\nGo<|im_end|>\n"
         f"{V3}assistant\n<think>\nnew thoughts\n</think>\n\n<tool_call>\n<function=f>\n<parameter=a>\n/think\n</parameter>\n"
         f"<parameter=b>\n[1]\n</parameter>\n</function>\n</tool_call>\n<|im_end|>\n{V3}user\n<tool_response>\n"
         f"see /no_think\n</tool_response>\n<|im_end|>\n{V3}assistant\n<think>\n"),
    ],
)  # fmt: skip
def test_tools_and_the_thinking_before_them_are_kept_as_the_family_does(family: Family, text: str) -> None:
    assert rendered(family, request(*HISTORY, tools=TOOLS)) == (
        text,
        "undecided" if family is LLAMA_V1_5 else "thinking",
    )


@pytest.mark.parametrize("family", [NEMOTRON_3])
def test_a_variable_of_the_callers_reaches_the_template(family: Family) -> None:
    assert "older thoughts" in rendered(family, request(*HISTORY, truncate_history_thinking=False))[0]


PIECES = ("/think", "/no_think", "/thinking", "https://x.org", "/", "no_think", "detailed thinking off", "a", " ", ".", "\n",
          "</think>", "<think>", "\ue000")  # fmt: skip
texts = st.lists(st.sampled_from(PIECES)).map("".join)


@given(texts, texts, st.sampled_from(FAMILIES), st.sampled_from([None, True, False]))
@examples(200)
def test_whatever_is_said_the_switch_is_as_wanted_and_the_text_unharmed(
    system: str, user: str, family: Family, enabled: bool | None
) -> None:
    text, _ = rendered(family, request(Message("system", system), Message("user", user), enabled=enabled))
    assert (remove_switches(user) if "user" in family.switched_by else user).strip() in text
    if family.switch == "none":
        return
    assert remove_switches(remove_line_switches(system)).strip() in text
    said = [find_switch(user) if "user" in family.switched_by else None, find_switch(system), find_line_switch(system)]
    wanted = next((value for value in (enabled, *said) if value is not None), family.thinks)
    if family.switch == "detailed":
        assert text.startswith(f"{BEGIN}detailed thinking {'on' if wanted else 'off'}")
    else:
        assert text.endswith(family.thinking_prefix if wanted else family.direct_prefix)


@pytest.fixture(scope="module")
def mini() -> TextSide:
    return load_text_side(MINI)


@pytest.mark.parametrize(
    ("wanted", "text"),
    [
        (request(text="u:Hello"), f"<SPECIAL_10>System\n\n{V2}Hello\n<SPECIAL_11>Assistant\n<think>\n"),
        (request(text="s:Be brief.|u:Read /thinking.", enabled=False),
         f"<SPECIAL_10>System\nBe brief.\n{V2}Read /thinking.\n<SPECIAL_11>Assistant\n<think></think>"),
        (request(text="u:Hi|a:Well, "), f"<SPECIAL_10>System\n\n{V2}Hi\n<SPECIAL_11>Assistant\n<think></think>Well, "),
    ],
)  # fmt: skip
async def test_the_embedded_model_reads_the_published_form_token_for_token(
    mini: TextSide, wanted: ChatRequest, text: str
) -> None:
    prompt = await PromptMaker(mini).render(switch_thinking(wanted, NANO_V2).turn, 2048)
    assert prompt.tokens == mini.vocabulary.encode(text, add_special_tokens=False)
    # Markers are tokens of their own, and nothing is put around the prompt.
    pieces = re.split(r"(<SPECIAL_1\d>|</?think>)", text)
    names = [mini.vocabulary.name_of(token) for token in prompt.tokens]
    assert [name for name in names if re.fullmatch(r"<SPECIAL_1\d>|</?think>", name)] == pieces[1::2]
    assert mini.vocabulary.decode(prompt.tokens) == text


def card(family: Family, *defaults: float | None) -> ModelCard:
    temperature, top_p, top_k = (*defaults, None, None, None)[:3]
    return ModelCard("m", "m", 0, 1, 1, family=family, default_temperature=temperature, default_top_p=top_p,
                     default_top_k=None if top_k is None else int(top_k))  # fmt: skip


@pytest.mark.parametrize(
    ("model", "thinking", "asked", "applied"),
    [
        (card(NANO_V2), True, Sampling(), (0.6, 0.95, 0)),
        (card(NANO_V2), False, Sampling(), (0.0, 1.0, 0)),
        (card(NANO_V2, 0.7, 0.9, 20), True, Sampling(), (0.7, 0.9, 20)),
        (card(NANO_V2, 0.7, 0.9, 20), False, Sampling(), (0.0, 1.0, 0)),
        (card(NANO_V2, 0.7), True, Sampling(), (0.7, 1.0, 0)),
        (card(NANO_V2, None, 0.8), True, Sampling(), (0.6, 0.8, 0)),
        (card(NANO_V2, 0.7), True, Sampling(temperature=0.0, top_p=0.5, top_k=0), (0.0, 0.5, 0)),
        (card(NANO_V2), False, Sampling(temperature=0.9), (0.9, 1.0, 0)),
        (card(NEMOTRON_3), True, Sampling(), (1.0, 1.0, 0)),
        (card(NEMOTRON_3, 0.8), False, Sampling(), (0.8, 1.0, 0)),
        (card(NEMOTRON_3_SUPER), True, Sampling(), (1.0, 0.95, 0)),
        (card(NEMOTRON_3_ULTRA, 1.0), False, Sampling(), (0.2, 0.95, 0)),
        (card(PLAIN), True, Sampling(), (1.0, 1.0, 0)),
        (card(PLAIN, 0.3, 0.4, 5), True, Sampling(), (0.3, 0.4, 5)),
    ],
)  # fmt: skip
def test_what_was_left_out_of_the_sampling_is_recommended(
    model: ModelCard, thinking: bool, asked: Sampling, applied: tuple[Any, ...]
) -> None:
    filled = with_recommended(asked, model, thinking)
    assert (filled.temperature, filled.top_p, filled.top_k) == applied


def test_every_published_family_recommends_something() -> None:
    assert recommended(NANO_V2_VL, False) == Recommended(temperature=0.0)
    assert all(family.thinking for family in FAMILIES if family is not PLAIN)
