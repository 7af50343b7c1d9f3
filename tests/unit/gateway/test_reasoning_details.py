"""Details of the reasoning on the wire: the same id throughout, signed when it has ended and before the answer begins."""

from __future__ import annotations

import dataclasses
import functools
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.http.wire_chat_reply import ChatChunks, chat_body
from nemoserve.parsing.fold import fold
from nemoserve.reasoning.signature import sign, verify
from nemoserve.types.chat import Notice
from nemoserve.types.events import (
    ChoiceFinished,
    Completed,
    Event,
    ReasoningDelta,
    Step,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
)
from nemoserve.types.usage import Timing, Usage

SECRET = b"secret"
STEPS = (Step(0, 0, 4, 2, 1.23456), Step(1, 4, 6, 1, 2.0))
EVENTS: list[Event] = [
    ReasoningDelta(0, "One."),
    ReasoningDelta(1, "Other."),
    ReasoningDelta(0, "\n2", (), STEPS[:1]),
    ReasoningDelta(0, "", (), STEPS[1:]),
    TextDelta(0, "a"),
    TextDelta(0, "b"),
    ToolCallStart(0, 0, "call_1", "f"),
    ToolCallDelta(0, 0, '{"x"'),
    ToolCallDelta(0, 0, ": 1}"),
    ChoiceFinished(0, "tool_calls", "stop"),
    ChoiceFinished(1, "length", "length"),
    Completed(Usage(), Timing()),
]


@dataclasses.dataclass(frozen=True)
class Begun:
    """What the wire asks a reply for."""

    id: str = "gen-1700000000-abcdefghijABCDEFGHIJ"
    created: int = 1
    model: str = "m/x"
    provider: str = "p"
    notices: tuple[Notice, ...] = ()


REPLY = Begun()


def signature(text: str) -> str:
    return sign(SECRET, "m/x", text)


def streamed(index: int) -> list[dict[str, Any]]:
    chunks = ChatChunks(REPLY, logprobs=False, sign=functools.partial(sign, SECRET))
    bodies: list[Any] = [body["choices"] for event in EVENTS for body in chunks.chunks(event)]
    return [choice["delta"] for (choice,) in bodies if choice["index"] == index]


def test_the_body_has_one_signed_detail_with_steps() -> None:
    body: Any = chat_body(REPLY, fold(EVENTS), logprobs=False, sign=functools.partial(sign, SECRET))
    assert body["choices"][0]["message"]["reasoning_details"] == [
        {
            "type": "reasoning.text",
            "text": "One.\n2",
            "format": "unknown",
            "index": 0,
            "id": "rs-abcdefghijABCDEFGHIJ-0",
            "signature": signature("One.\n2"),
            "steps": [
                {"index": 0, "text_start": 0, "text_end": 4, "tokens": 2, "duration_ms": 1.235},
                {"index": 1, "text_start": 4, "text_end": 6, "tokens": 1, "duration_ms": 2.0},
            ],
        }
    ]
    (call,) = body["choices"][0]["message"]["tool_calls"]
    assert call["function"] == {"name": "f", "arguments": '{"x": 1}'}
    (unstepped,) = body["choices"][1]["message"]["reasoning_details"]
    assert "steps" not in unstepped and unstepped["id"] == "rs-abcdefghijABCDEFGHIJ-1"
    unsigned: Any = chat_body(REPLY, fold(EVENTS), logprobs=False)
    assert "signature" not in unsigned["choices"][0]["message"]["reasoning_details"][0]


def test_the_stream_signs_before_the_answer_and_once() -> None:
    for index, text in ((0, "One.\n2"), (1, "Other.")):
        deltas = streamed(index)
        details = [detail for delta in deltas for detail in delta.get("reasoning_details", [])]
        assert {detail["id"] for detail in details} == {f"rs-abcdefghijABCDEFGHIJ-{index}"}
        assert "".join(detail["text"] for detail in details) == text
        assert [detail["signature"] for detail in details if "signature" in detail] == [signature(text)]
        signed = next(
            at for at, delta in enumerate(deltas) if delta.get("reasoning_details", [{}])[-1:] == details[-1:]
        )
        assert not any(delta["content"] or "tool_calls" in delta for delta in deltas[: signed + 1])
    steps = [
        step["index"]
        for delta in streamed(0)
        for d in delta.get("reasoning_details", [])
        for step in d.get("steps", [])
    ]
    assert steps == [0, 1]


def test_calls_are_streamed_as_openai_streams_them() -> None:
    calls = [call for delta in streamed(0) for call in delta.get("tool_calls", [])]
    assert calls == [
        {"index": 0, "id": "call_1", "type": "function", "function": {"name": "f", "arguments": ""}},
        {"index": 0, "function": {"arguments": '{"x"'}},
        {"index": 0, "function": {"arguments": ": 1}"}},
    ]


def test_pydantic_ai_reads_streamed_steps_and_signatures_as_one_thought() -> None:
    from pydantic_ai._parts_manager import ModelResponsePartsManager
    from pydantic_ai.messages import ThinkingPart
    from pydantic_ai.models import ModelRequestParameters
    from pydantic_ai.models._reasoning_details import ReasoningText, from_reasoning_detail, into_reasoning_detail

    manager = ModelResponsePartsManager(model_request_parameters=ModelRequestParameters())
    for delta in streamed(0):
        for detail in delta.get("reasoning_details", []):
            part = from_reasoning_detail(ReasoningText.model_validate(detail), "openrouter")
            fields = dataclasses.asdict(part)
            list(
                manager.handle_thinking_delta(
                    vendor_part_id="reasoning_detail_reasoning.text_0",
                    **{
                        name: fields[name]
                        for name in ("id", "content", "signature", "provider_name", "provider_details")
                    },
                )
            )
    (part,) = manager.get_parts()
    assert isinstance(part, ThinkingPart) and part.content == "One.\n2"
    back = into_reasoning_detail(part)
    assert isinstance(back, ReasoningText) and back.id == "rs-abcdefghijABCDEFGHIJ-0"
    assert back.signature is not None and verify(SECRET, "m/x", back.text, back.signature)


@given(st.text(), st.text(), st.text())
def test_a_signature_is_of_one_text_by_one_model(model: str, text: str, other: str) -> None:
    made = sign(SECRET, model, text)
    assert made.startswith("nv1.") and verify(SECRET, model, text, made)
    assert verify(SECRET, model, other, made) == (text == other)
    assert verify(SECRET, other, text, made) == (model == other)
    assert not verify(b"another", model, text, made)
    if text:
        assert not verify(SECRET, model + text[0], text[1:], made)


@pytest.mark.parametrize("forged", ["", "nv1.", "é", "\ud800", "nv1." + "A" * 43])
def test_what_is_no_signature_is_refused_and_raises_nothing(forged: str) -> None:
    assert not verify(SECRET, "m", "text", forged)


@given(
    st.lists(
        st.one_of(
            st.builds(TextDelta, st.integers(0, 2), st.text()),
            st.builds(ReasoningDelta, st.integers(0, 2), st.text()),
            st.builds(ReasoningDelta, st.just(0), st.text(), st.just(()), st.just(STEPS)),
            st.builds(ToolCallStart, st.integers(0, 2), st.just(0), st.text(), st.text()),
            st.builds(ChoiceFinished, st.integers(0, 2), st.just("stop"), st.just("stop")),
        )
    ),
    st.booleans(),
)
def test_chunks_that_are_pieced_together_are_those_that_are_built(events: list[Event], signed: bool) -> None:
    quick, plain = (
        ChatChunks(REPLY, logprobs=False, sign=functools.partial(sign, SECRET) if signed else None) for _ in range(2)
    )
    for event in [*events, Completed(Usage(), Timing())]:
        written = quick.write(event)
        sent = [json.loads(part.removeprefix(b"data: ")) for part in written.split(b"\n\n") if part]
        assert sent == json.loads(json.dumps(plain.chunks(event))) and written.endswith(b"\n\n") is bool(written)
