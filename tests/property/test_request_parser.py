"""Request bodies: whatever is sent, the answer is a typed request or a 400 that says what is wrong; never an exception."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.http.body import decode
from nemoserve.http.wire_chat import CHAT_DECODER, ChatBody, read_chat
from nemoserve.http.wire_text import TEXT_DECODER, TextBody, read_text
from nemoserve.reasoning.spellings import SPELLINGS
from nemoserve.types.chat import ChatRequest, CompletionRequest
from nemoserve.types.errors import ApiError
from tests.examples import examples

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3),
    max_leaves=8,
)
chat_fields = st.sampled_from(sorted(ChatBody.__struct_fields__))
text_fields = st.sampled_from(sorted(TextBody.__struct_fields__))
HELLO = [{"role": "user", "content": "Hello"}]


def chat(body: bytes) -> ChatRequest:
    return read_chat(decode(body, CHAT_DECODER), most_choices=8)


def text(body: bytes) -> CompletionRequest:
    return read_text(decode(body, TEXT_DECODER), most_choices=8)


def refusal(body: dict[str, Any] | bytes, read: Any = chat) -> ApiError:
    with pytest.raises(ApiError) as caught:
        read(body if isinstance(body, bytes) else json.dumps(body).encode())
    assert 400 <= caught.value.status < 500
    return caught.value


@given(st.binary(max_size=200))
def test_any_bytes_are_answered(body: bytes) -> None:
    for read in (chat, text):
        try:
            read(body)
        except ApiError as error:
            assert error.status == 400 and error.message


@given(st.dictionaries(chat_fields, json_values, max_size=6))
def test_any_values_of_the_known_chat_fields_are_answered(fields: dict[str, Any]) -> None:
    try:
        request = chat(json.dumps({"messages": HELLO, **fields}).encode())
    except ApiError as error:
        assert error.status in (400, 404) and error.message
    else:
        check_ranges(request)


@given(st.dictionaries(text_fields, json_values, max_size=6))
def test_any_values_of_the_known_text_fields_are_answered(fields: dict[str, Any]) -> None:
    try:
        text(json.dumps({"prompt": "Hello", **fields}).encode())
    except ApiError as error:
        assert error.status == 400 and error.message


numbers = st.sampled_from([-2, -1, 0, 1, 5, 100, 1 << 40, 1.5, True, None])
words = st.sampled_from(
    ["none", "low", "high", "max", "enabled", "disabled", "adaptive", "omitted", "auto", "huge", None]
)
thinking_values = {
    "auto": st.sampled_from(["auto", "high", None, 1]), "switch": st.sampled_from([True, False, None, 1, "auto"]), "type": words, "effort": words, "hint": st.booleans(),
    "budget": numbers, "cap": numbers, "least": numbers, "hide": st.booleans(), "show": st.booleans(), "display": words,
    "reserve": numbers, "transition": st.sampled_from(["", "So:", "</think>", None]), "steps": st.booleans(),
}  # fmt: skip
thinking_wishes = st.lists(
    st.sampled_from(SPELLINGS).flatmap(lambda s: st.tuples(st.just(s.path), thinking_values[s.kind])), max_size=4
)


@given(thinking_wishes)
@examples(300)
def test_any_wishes_for_thinking_are_one_intent_or_a_refusal_that_names_them(wishes: list[tuple[str, Any]]) -> None:
    body: dict[str, Any] = {"messages": HELLO}
    for path, value in wishes:
        name, _, key = path.partition(".")
        if not key:
            body[name] = value
        elif isinstance(body.setdefault(name, {}), dict):
            body[name][key] = value
    try:
        request = chat(json.dumps(body).encode())
    except ApiError as error:
        assert error.status == 400 and any(path in error.message for path, _ in wishes), error.message
        return
    intent = request.reasoning
    if intent.enabled is False:
        assert not intent.max_tokens and not intent.min_tokens
    if intent.max_tokens is not None:
        assert 0 <= intent.min_tokens <= intent.max_tokens
    assert "enable_thinking" not in request.template_kwargs and "low_effort" not in request.template_kwargs
    msgspec.msgpack.encode(intent)


@given(chat_fields, json_values)
def test_a_refusal_names_the_field(field: str, value: Any) -> None:
    try:
        chat(json.dumps({"messages": HELLO, field: value}).encode())
    except ApiError as error:
        named = str(error.metadata.get("parameter", error.message))
        # A tool choice is refused for want of tools, and so on: the field, or the pair that it is in.
        assert field in named or field in error.message


@given(st.dictionaries(st.text(max_size=10).filter(lambda name: name not in ChatBody.__struct_fields__), json_values))
def test_unknown_fields_are_let_through(fields: dict[str, Any]) -> None:
    assert chat(json.dumps({"messages": HELLO, **fields}).encode()).messages[0].text == "Hello"


@given(st.lists(st.fixed_dictionaries({"role": st.sampled_from(["system", "developer", "user", "assistant", "tool", "x"])},
    optional={"content": json_values, "name": json_values, "tool_calls": json_values, "tool_call_id": json_values,
              "reasoning": json_values, "reasoning_details": json_values}), max_size=4))  # fmt: skip
def test_any_messages_are_answered(messages: list[dict[str, Any]]) -> None:
    try:
        request = chat(json.dumps({"messages": messages}).encode())
    except ApiError as error:
        assert error.status == 400 and "messages" in error.message
    else:
        assert [m.role for m in request.messages].count("system") <= 1
        assert "system" not in [m.role for m in request.messages[1:]]


def check_ranges(request: ChatRequest) -> None:
    sampling = request.sampling
    assert sampling.temperature is None or 0 <= sampling.temperature <= 2
    assert sampling.top_p is None or 0 < sampling.top_p <= 1
    assert sampling.top_k is None or sampling.top_k >= 0
    assert sampling.max_tokens is None or sampling.max_tokens >= 1
    assert 1 <= sampling.n <= 8 and len(sampling.stop) <= 4 and all(sampling.stop)
    # What crosses to the engine must fit MessagePack's integers.
    msgspec.msgpack.encode(sampling)


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"temperature": 2.1}, "temperature"),
        ({"temperature": -0.1}, "temperature"),
        ({"temperature": "hot"}, "temperature"),
        ({"top_p": 0}, "top_p"),
        ({"top_p": 1.5}, "top_p"),
        ({"top_k": -2}, "top_k"),
        ({"min_p": 1.01}, "min_p"),
        ({"frequency_penalty": 2.5}, "frequency_penalty"),
        ({"presence_penalty": -3}, "presence_penalty"),
        ({"repetition_penalty": 0}, "repetition_penalty"),
        ({"max_tokens": 0}, "max_tokens"),
        ({"max_tokens": -1}, "max_tokens"),
        ({"max_tokens": 1.5}, "max_tokens"),
        ({"max_tokens": True}, "max_tokens"),
        ({"max_completion_tokens": 0}, "max_completion_tokens"),
        ({"max_tokens": 5, "max_completion_tokens": 6}, "max_tokens and max_completion_tokens"),
        ({"n": 0}, "n"),
        ({"n": 9}, "n"),
        ({"seed": 1 << 64}, "seed"),
        ({"seed": "x"}, "seed"),
        ({"stop": ""}, "stop"),
        ({"stop": ["a", ""]}, "stop[1]"),
        ({"stop": ["a", "b", "c", "d", "e"]}, "stop"),
        ({"stop": [1]}, "stop[0]"),
        ({"logit_bias": {"5": 101}}, "logit_bias.5"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"logit_bias": {"-5": 1}}, "logit_bias"),
        ({"logit_bias": [1]}, "logit_bias"),
        ({"top_logprobs": 3}, "top_logprobs"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"logprobs": 3}, "logprobs"),
        ({"stream": "yes"}, "stream"),
        ({"reasoning": True}, "reasoning"),
        ({"reasoning": {"effort": "huge"}}, "reasoning.effort"),
        ({"reasoning": {"max_tokens": 0}}, "reasoning.max_tokens"),
        ({"reasoning": {"effort": "low", "max_tokens": 5}}, "reasoning.effort and reasoning.max_tokens"),
        ({"reasoning": {"max_tokens": True}}, "reasoning.max_tokens"),
        ({"reasoning": {"transition": "x" * 201}}, "reasoning.transition"),
        ({"reasoning_effort": 0.5}, "reasoning_effort"),
        ({"thinking": {"type": "between_tools"}}, "thinking.type"),
        ({"thinking_token_budget": -2}, "thinking_token_budget"),
        ({"nvext": []}, "nvext"),
        ({"nvext": {"max_thinking_tokens": "5"}}, "nvext.max_thinking_tokens"),
        ({"min_thinking_tokens": 5, "max_thinking_tokens": 4}, "min_thinking_tokens and max_thinking_tokens"),
        ({"reasoning_budget": 5, "include_reasoning": "no"}, "include_reasoning"),
        ({"chat_template_kwargs": []}, "chat_template_kwargs"),
        ({"chat_template_kwargs": {"enable_thinking": "no"}}, "chat_template_kwargs.enable_thinking"),
        ({"chat_template_kwargs": {"messages": []}}, "chat_template_kwargs.messages"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": ""}}]}, "tools[0].function.name"),
        ({"tools": {}}, "tools"),
        ({"tool_choice": "sometimes"}, "tool_choice"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"response_format": {"type": 5}}, "response_format.type"),
        ({"provider": {"require_parameters": "yes"}}, "provider.require_parameters"),
        ({"model": 5}, "model"),
        ({"messages": []}, "messages"),
        ({"messages": None}, "messages"),
        ({"messages": "Hello"}, "messages"),
        ({"messages": [{"content": "Hello"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "x"}}]}]},
         "messages[0].content[0].image_url.url"),
        ({"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": 5}}]}]},
         "messages[0].content[0].image_url.url"),
        ({"messages": [{"role": "user", "content": [{"type": "video_url", "video_url": {"url": "x"}}]}]},
         "messages[0].content[0]"),
        ({"messages": [{"role": "system", "content": "x"}]}, "messages"),
        ({"messages": [{"role": "user", "content": "x"}, {"role": "assistant", "tool_calls": [
            {"id": "a", "type": "function", "function": {"name": "f", "arguments": "{}"}}]}]}, "messages[1]"),
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused_by_name(fields: dict[str, Any], named: str) -> None:
    error = refusal({"messages": HELLO, **fields})
    assert error.message.startswith(named), error.message
    assert error.metadata["parameter"] == named


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b"", "empty"),
        (b"  \n", "empty"),
        (b"{", "JSON"),
        (b'{"messages": NaN}', "JSON"),
        (b"[]", "object"),
        (b'"text"', "object"),
        (b'{"messages": [{"role": "user", "content": "\xff"}]}', "UTF-8"),
        (b'{"unknown": "\xc3\x28", "messages": [{"role": "user", "content": "x"}]}', "UTF-8"),
        (b'{"messages": [{"role": "user", "content": "\\ud800"}]}', "JSON"),
        (b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}", "nested"),
    ],
)
def test_what_is_no_json_is_refused_with_a_reason(body: bytes, said: str) -> None:
    assert said in refusal(body).message


@pytest.mark.parametrize("value", [None, {}])
def test_null_is_the_same_as_absent(value: Any) -> None:
    fields = [name for name in ChatBody.__struct_fields__ if name != "messages"]
    if value is None:
        request = chat(json.dumps({"messages": HELLO, **dict.fromkeys(fields)}).encode())
        assert request == chat(json.dumps({"messages": HELLO}).encode())
    assert chat(json.dumps({"messages": HELLO, "reasoning": value}).encode()).reasoning.enabled is None


def test_text_prompts_come_in_four_forms() -> None:
    for prompt, read in [
        ("a", ("a",)),
        (["a", "b"], ("a", "b")),
        ([1, 2], ((1, 2),)),
        ([[1], [2, 3]], ((1,), (2, 3))),
    ]:
        assert text(json.dumps({"prompt": prompt}).encode()).prompts == read
    for prompt in ([], ["a", 1], [[1], "a"], None, 5, [[1.5]]):
        assert "prompt" in refusal({"prompt": prompt}, text).message
