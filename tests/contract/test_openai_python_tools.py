"""Tools and structured output as the OpenAI Python client does them: by its own helpers, streaming and not.

What the client must read is ordered from the fake engine; what the server must enforce is asked of the embedded model.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any, Literal

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionMessageToolCall
from pydantic import BaseModel

from tests.contract.recorder import Recorder
from tests.contract.tool_loop import (
    ANSWER,
    ARGUMENTS,
    INTRODUCTION,
    NAME,
    QUESTION,
    SECOND_THOUGHT,
    THOUGHT,
    TOOL,
    check_loop,
    get_weather,
)
from tests.gateway import Gateway, order
from tests.servers import Server

ASK: list[ChatCompletionMessageParam] = [{"role": "user", "content": QUESTION}]
TOOLS: Any = [TOOL]
DIRECT = {"reasoning": {"enabled": False}}


class Weather(BaseModel):
    """The weather of a city on some days."""

    city: str
    days: list[int]


class Verdict(BaseModel):
    """Few answers are possible, so that the smallest model gives one of them."""

    colour: Literal["red", "green"]
    sure: bool


CHOICES: Any = [
    {
        "type": "function",
        "function": {"name": name, "description": name, "parameters": Verdict.model_json_schema()},
    }
    for name in ("paint", "wash")
]


@pytest.fixture
def client(recorder: Recorder) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{recorder.url}/api/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture(scope="module")
def real(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


def the_call(calls: Any) -> ChatCompletionMessageToolCall:
    (call,) = calls
    assert call.type == "function" and call.id and call.function.name == NAME
    assert json.loads(call.function.arguments) == ARGUMENTS
    return call


def test_a_call_is_typed(client: openai.OpenAI, remembering: Gateway) -> None:
    reply = client.chat.completions.create(model=remembering.model, messages=ASK, tools=TOOLS)
    (choice,) = reply.choices
    assert choice.finish_reason == "tool_calls" and choice.message.content == INTRODUCTION
    the_call(choice.message.tool_calls)


def test_streamed_calls_are_assembled_by_the_clients_own_helper(client: openai.OpenAI, remembering: Gateway) -> None:
    tools = [openai.pydantic_function_tool(Weather, name=NAME)]
    with client.chat.completions.stream(model=remembering.model, messages=ASK, tools=tools) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    (choice,) = final.choices
    assert choice.finish_reason == "tool_calls" and choice.message.content == INTRODUCTION
    the_call(choice.message.tool_calls)
    assert choice.message.tool_calls and choice.message.tool_calls[0].function.parsed_arguments == Weather(**ARGUMENTS)
    deltas = [event for event in events if event.type == "tool_calls.function.arguments.delta"]
    assert json.loads("".join(event.arguments_delta for event in deltas)) == ARGUMENTS
    assert {(event.name, event.index) for event in deltas} == {(NAME, 0)}
    (done,) = [event for event in events if event.type == "tool_calls.function.arguments.done"]
    assert done.parsed_arguments == Weather(**ARGUMENTS)
    assert final.usage is not None and final.usage.completion_tokens > 0


def test_arguments_arrive_in_pieces(client: openai.OpenAI, remembering: Gateway) -> None:
    with client.chat.completions.stream(model=remembering.model, messages=ASK, tools=TOOLS) as stream:
        pieces = [event for event in stream if event.type == "tool_calls.function.arguments.delta"]
    assert len(pieces) > 1


def test_two_calls_are_kept_apart(client: openai.OpenAI, remembering: Gateway) -> None:
    calls = json.dumps([{"name": NAME, "arguments": {"city": city, "days": []}} for city in ("Bonn", "Ulm")])
    text = order(say=f"</think><TOOLCALL>{calls}</TOOLCALL>")
    with client.chat.completions.stream(
        model=remembering.model, messages=[{"role": "user", "content": text}], tools=TOOLS
    ) as stream:
        message = stream.get_final_completion().choices[0].message
    assert message.tool_calls and len({call.id for call in message.tool_calls}) == 2
    assert [json.loads(call.function.arguments)["city"] for call in message.tool_calls] == ["Bonn", "Ulm"]


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_survives_a_tool_loop(
    client: openai.OpenAI, recorder: Recorder, remembering: Gateway, stream: bool
) -> None:
    messages: list[Any] = list(ASK)
    if stream:
        with client.chat.completions.stream(model=remembering.model, messages=messages, tools=TOOLS) as events:
            message = events.get_final_completion().choices[0].message
    else:
        message = client.chat.completions.create(model=remembering.model, messages=messages, tools=TOOLS)
        message = message.choices[0].message
    assert (message.model_extra or {})["reasoning"] == THOUGHT
    call = the_call(message.tool_calls)
    result = get_weather(**json.loads(call.function.arguments))
    # As the documentation has it: the message goes back as it came, and what the client does not know goes with it.
    messages += [message, {"role": "tool", "tool_call_id": call.id, "content": result}]
    reply = client.chat.completions.create(model=remembering.model, messages=messages, tools=TOOLS)
    (choice,) = reply.choices
    assert (choice.finish_reason, choice.message.content) == ("stop", ANSWER)
    assert (choice.message.model_extra or {})["reasoning"] == SECOND_THOUGHT
    check_loop(recorder.exchanges, remembering)


def test_an_answer_is_parsed_into_a_model(client: openai.OpenAI, remembering: Gateway) -> None:
    text = order(say='I choose.\n</think>\n{"colour": "red", "sure": true}\n')
    messages: list[ChatCompletionMessageParam] = [{"role": "user", "content": text}]
    reply = client.chat.completions.parse(model=remembering.model, messages=messages, response_format=Verdict)
    assert reply.choices[0].message.parsed == Verdict(colour="red", sure=True)
    with client.chat.completions.stream(model=remembering.model, messages=messages, response_format=Verdict) as stream:
        assert stream.get_final_completion().choices[0].message.parsed == Verdict(colour="red", sure=True)


def test_an_answer_that_was_cut_off_is_not_parsed(client: openai.OpenAI, remembering: Gateway) -> None:
    text = order(say='</think>{"colour": "red", "sure": true}', end="length")
    with pytest.raises(openai.LengthFinishReasonError):
        client.chat.completions.parse(
            model=remembering.model, messages=[{"role": "user", "content": text}], response_format=Verdict
        )


@pytest.mark.parametrize("thinking", [False, True])
def test_a_schema_is_enforced(real: openai.OpenAI, server: Server, thinking: bool) -> None:
    reply = real.chat.completions.parse(
        model=server.model,
        messages=[{"role": "user", "content": "Hello"}],
        response_format=Verdict,
        max_tokens=400,
        extra_body={"reasoning": {"max_tokens": 40} if thinking else {"enabled": False}},
    )
    assert isinstance(reply.choices[0].message.parsed, Verdict)
    assert reply.choices[0].finish_reason == "stop"


def test_a_schema_is_enforced_in_a_stream(real: openai.OpenAI, server: Server) -> None:
    with real.chat.completions.stream(
        model=server.model,
        messages=[{"role": "user", "content": "Hello"}],
        response_format=Verdict,
        max_tokens=200,
        extra_body=DIRECT,
    ) as stream:
        assert isinstance(stream.get_final_completion().choices[0].message.parsed, Verdict)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("choice", ["required", "wash"])
def test_a_required_call_is_made(real: openai.OpenAI, server: Server, choice: str, stream: bool) -> None:
    wanted: dict[str, Any] = {
        "model": server.model,
        "messages": [{"role": "user", "content": "Hello"}],
        "tools": CHOICES,
        "tool_choice": choice if choice == "required" else {"type": "function", "function": {"name": choice}},
        "parallel_tool_calls": False,
        "max_tokens": 200,
        "extra_body": DIRECT,
    }
    if stream:
        with real.chat.completions.stream(**wanted) as events:
            message = events.get_final_completion().choices[0].message
    else:
        message = real.chat.completions.create(**wanted).choices[0].message
    assert message.tool_calls
    (call,) = message.tool_calls
    assert isinstance(call, ChatCompletionMessageToolCall)
    assert call.function.name in (("paint", "wash") if choice == "required" else (choice,))
    Verdict.model_validate_json(call.function.arguments)


def test_no_call_is_made_where_none_may_be(client: openai.OpenAI, remembering: Gateway) -> None:
    reply = client.chat.completions.create(model=remembering.model, messages=ASK, tools=TOOLS, tool_choice="none")
    assert not reply.choices[0].message.tool_calls and reply.choices[0].finish_reason == "stop"
