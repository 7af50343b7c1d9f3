"""Fears about "auto": it overrules what was said, cannot say why, takes long, or sends a proof to a toy."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from typing import Any

import pytest

from nemoserve.http.body import decode
from nemoserve.http.wire_chat import CHAT_DECODER, read_chat
from nemoserve.reasoning.auto import billions, by_size, choose_model, decide_thinking, wants_auto
from nemoserve.reasoning.budget import limits
from nemoserve.reasoning.complexity import Size, decide, explain
from nemoserve.reasoning.families import said_in_text
from nemoserve.types.chat import ChatRequest
from nemoserve.types.errors import ApiError
from nemoserve.types.families import LLAMA_V1_5, NANO_V2
from nemoserve.types.reasoning import ReasoningIntent

EASY = "Hi there, how are you?"
HARD = "Prove that there are infinitely many prime numbers, and derive a bound for the n-th one step by step."
MODEL = "nvidia/nemotron-nano-9b-v2"
SERVED = (
    "nemoserve/mini",
    MODEL,
    "nvidia/llama-3.3-nemotron-super-49b-v1.5",
    "nvidia/llama-3.1-nemotron-ultra-253b-v1",
)


def read(text: str = HARD, **fields: Any) -> ChatRequest:
    body = {"messages": [{"role": "user", "content": text}], **fields}
    return read_chat(decode(json.dumps(body).encode(), CHAT_DECODER), most_choices=8)


def served(variant: str) -> Sequence[str]:
    return (*SERVED, "acme/gift-3b") if variant == "free" else SERVED


def enabled(request: ChatRequest) -> bool | None:
    return decide_thinking(request, MODEL, said_in_text(request.messages, NANO_V2))[0].reasoning.enabled


@pytest.mark.parametrize(
    "fields",
    [
        {"reasoning": "auto"},
        {"reasoning": {"effort": "auto"}},
        {"reasoning": {"enabled": "auto"}},
        {"reasoning": {"enabled": "auto", "effort": "auto", "exclude": True}},
        {"reasoning_effort": "auto"},
    ],
)
def test_a_spelling_of_auto_does_not_decide(fields: dict[str, Any]) -> None:
    assert read(**fields).reasoning.auto and read(**fields).warnings == ()
    assert enabled(read(HARD, **fields)) is True
    assert enabled(read(EASY, **fields)) is False


def test_something_is_decided_unasked() -> None:
    request = read(EASY)
    assert decide_thinking(request, MODEL, None) == (request, ())
    assert choose_model(request, served) == (request, ())


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({"reasoning": {"enabled": True, "effort": "auto"}}, True),
        ({"reasoning": {"max_tokens": 100, "enabled": "auto"}}, True),
        ({"reasoning": "auto", "reasoning_effort": "low"}, True),
        ({"reasoning": "auto", "chat_template_kwargs": {"enable_thinking": True}}, True),
    ],
)
def test_what_the_caller_says_is_overruled(fields: dict[str, Any], wanted: bool) -> None:
    assert enabled(read(EASY, **fields)) is wanted


def test_off_is_overruled() -> None:
    assert enabled(read(HARD, reasoning={"enabled": False, "effort": "auto"})) is False
    assert enabled(read(HARD, reasoning="auto", chat_template_kwargs={"enable_thinking": False})) is False


def test_a_switch_in_the_text_is_overruled() -> None:
    for text in (HARD + " /no_think", EASY + " /think"):
        assert enabled(read(text, reasoning="auto")) is None, "the text decides, when the family's switch is set"
    # In a family that does not read the user's text it is no switch.
    request = read(EASY + " /think", reasoning="auto")
    assert said_in_text(request.messages, LLAMA_V1_5) is None
    assert decide_thinking(request, MODEL, None)[0].reasoning.enabled is False


def test_a_level_or_a_number_of_the_caller_is_replaced() -> None:
    low = decide_thinking(read(HARD, reasoning="auto", reasoning_effort="low"), MODEL, None)[0].reasoning
    assert low.effort == "low"
    capped = decide_thinking(read("What is 17 times 23?", reasoning="auto", thinking_token_budget=50), MODEL, None)
    assert capped[0].reasoning.max_tokens == 50 and capped[0].reasoning.effort is None


def test_a_begun_answer_is_thought_about() -> None:
    begun = [{"role": "user", "content": HARD}, {"role": "assistant", "content": "Suppose that"}]
    request = read(messages=begun, reasoning="auto")
    assert decide_thinking(request, MODEL, None) == (request, ())


def test_nobody_is_told_why() -> None:
    _, (notice,) = decide_thinking(read(HARD, reasoning="auto"), MODEL, None)
    assert notice.code == "auto_reasoning" and "proof words +" in notice.message and "%" in notice.message
    decision = decide(read(HARD))
    assert decision.thinking == "much" and decision.size == "large" and decision.effort is None
    assert decision.think_probability > 0.8 and "proof words" in explain(decision)


def test_a_moderate_question_is_not_limited() -> None:
    decision = decide(read("What is 17 percent of 240?"))
    assert (decision.thinking, decision.effort, decision.size) == ("some", "medium", "small")


def test_what_is_decided_cuts_short_what_was_measured_whole() -> None:
    question = "What is 17 times 23?"

    def budget(model: str, **fields: Any) -> int | None:
        intent = decide_thinking(read(question, reasoning="auto", **fields), model, None)[0].reasoning
        return limits(intent, thinking=True, max_tokens=300, max_tokens_given=True, end_tokens=4).limits.budget

    longest = limits(
        ReasoningIntent(), thinking=True, max_tokens=300, max_tokens_given=True, end_tokens=4
    ).limits.budget
    decided = decide_thinking(read(question, reasoning="auto"), "nemoserve/mini", None)[0].reasoning
    assert decided.effort == "low" and budget("nemoserve/mini") == longest
    assert budget(MODEL) == 150, "another model is not known to think less when it is told to"
    assert budget("nemoserve/mini", reasoning_effort="low") == 60, "the caller's own effort is a share"
    assert budget("nemoserve/mini", thinking_token_budget=50) == 50


@pytest.mark.parametrize("nonsense", ["high", "on", "AUTO", True, 3])
def test_a_word_that_is_not_auto_is_taken(nonsense: object) -> None:
    with pytest.raises(ApiError, match=r'^reasoning: expected an object or "auto"') as caught:
        read(reasoning=nonsense)
    assert caught.value.status == 400


def test_a_proof_goes_to_a_toy_or_a_greeting_to_the_largest() -> None:
    hard, (notice,) = choose_model(read(HARD, model="nemoserve/auto"), served)
    assert hard.models == (SERVED[3], SERVED[2], SERVED[1], SERVED[0])
    assert notice.code == "auto_model" and "from the largest on" in notice.message
    assert not any(model in notice.message for model in SERVED), "what may answer is routing's to say"
    easy, _ = choose_model(read(EASY, model="openrouter/auto"), served)
    assert easy.models == (SERVED[1], SERVED[2], SERVED[3], SERVED[0]), "the toy is asked last, not first"
    assert easy.reasoning.auto
    alone, _ = choose_model(read(HARD, model="Nemoserve/AUTO"), lambda _: ("nemoserve/mini",))
    assert alone.models == ("nemoserve/mini",)


def test_a_choice_among_what_is_free_costs_money() -> None:
    request, _ = choose_model(read(EASY, model="OpenRouter/auto:FREE", models=["nemoserve/auto:floor"]), served)
    assert request.models[:2] == ("acme/gift-3b:free", f"{MODEL}:free")
    assert request.models[5:] == tuple(f"{model}:floor" for model in by_size(SERVED, "small"))
    assert not wants_auto(read(EASY, model="nemoserve/auto:fre")), "an unknown variant is an unknown name"


def test_the_other_models_of_the_list_are_forgotten() -> None:
    request, _ = choose_model(
        read(EASY, model="acme/first", models=["nemoserve/auto", "acme/last"]), lambda _: SERVED[:2]
    )
    assert request.models == ("acme/first", MODEL, "nemoserve/mini", "acme/last")


@pytest.mark.parametrize(
    ("model", "size"),
    [
        ("nvidia/nemotron-nano-9b-v2:free", 9),
        ("nvidia/NVIDIA-Nemotron-Nano-12B-v2-VL", 12),
        ("nvidia/nemotron-3-nano-30b-a3b", 30),
        ("nvidia/Llama-3_1-Nemotron-Ultra-253B-v1", 253),
        ("nvidia/nemotron-3-super", 49),
        ("my/tiny-0.5b", 0.5),
        ("nemoserve/mini", 0.005),
        ("acme/minimal", None),
    ],
)
def test_the_size_in_a_name_is_misread(model: str, size: float | None) -> None:
    assert billions(model) == size


@pytest.mark.parametrize(("size", "first"), [("small", ("a/x-9b", "b/y-12b")), ("large", ("b/y-12b", "a/x-9b"))])
def test_a_model_of_unknown_size_goes_before_known_ones(size: Size, first: tuple[str, ...]) -> None:
    served = ("nemoserve/mini", "acme/secret", "a/x-9b", "b/y-12b")
    assert by_size(served, size) == (*first, "acme/secret", "nemoserve/mini"), "and toys go last of all"


def test_models_of_one_size_change_places() -> None:
    assert by_size(("a/x-9b", "b/y-9b", "c/z-4b"), "large") == ("a/x-9b", "b/y-9b", "c/z-4b")


@pytest.mark.parametrize(
    "text", ["x" * 200_000, "word 12 " * 30_000, '("a" + 3) ' * 20_000, "``` {\n" * 20_000, "a.b" * 50_000]
)
def test_a_long_request_holds_the_others_up(text: str) -> None:
    request = read(text)
    decide(request)
    took = []
    for _ in range(20):
        began = time.perf_counter()
        decide(request)
        took.append(time.perf_counter() - began)
    assert min(took) < 0.002, "it is about half a millisecond"
