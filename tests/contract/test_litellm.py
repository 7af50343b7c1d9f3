"""LiteLLM as a client: its OpenRouter provider with the server's address, streaming and not.

Importing it takes some seconds and may fetch a price list, so it happens in a fixture and with the fetching switched off.
"""

from __future__ import annotations

import json
from typing import Any

import openai
import pytest

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

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def litellm() -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LITELLM_LOCAL_MODEL_COST_MAP", "True")
        patch.setenv("LITELLM_MODE", "PRODUCTION")  # otherwise it reads a .env file
        import litellm

        litellm.telemetry = False
        yield litellm


@pytest.fixture
def common(recorder: Recorder, remembering: Gateway) -> dict[str, Any]:
    """What every call needs to reach the server."""
    return {
        "model": f"openrouter/{remembering.model}",
        "api_base": f"{recorder.url}/api/v1",
        "api_key": "unused",
        "num_retries": 0,
    }


def ask(litellm: Any, common: dict[str, Any], messages: list[Any], *, stream: bool) -> Any:
    """The reply, put together by the client's own builder where it comes in pieces."""
    reply = litellm.completion(messages=messages, stream=stream, **common)
    return litellm.stream_chunk_builder(list(reply), messages=messages) if stream else reply


@pytest.mark.parametrize("stream", [False, True])
def test_a_reply_has_text_thinking_and_usage(litellm: Any, common: dict[str, Any], stream: bool) -> None:
    text = order(say=f"{THOUGHT}</think>\n{ANSWER}\n")
    reply = ask(litellm, common, [{"role": "user", "content": text}], stream=stream)
    (choice,) = reply.choices
    assert (choice.message.content, choice.message.reasoning_content) == (ANSWER, THOUGHT)
    assert choice.finish_reason == "stop" and choice.message.role == "assistant"
    assert reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    assert reply.usage.completion_tokens_details.reasoning_tokens == len(THOUGHT) + 1


@pytest.mark.parametrize("stream", [False, True])
def test_thinking_survives_a_tool_loop(
    litellm: Any, common: dict[str, Any], recorder: Recorder, remembering: Gateway, stream: bool
) -> None:
    common["tools"] = [TOOL]
    messages: list[Any] = [{"role": "user", "content": QUESTION}]
    (choice,) = ask(litellm, common, messages, stream=stream).choices
    assert choice.finish_reason == "tool_calls" and choice.message.content == INTRODUCTION
    (call,) = choice.message.tool_calls
    assert call.function.name == NAME and json.loads(call.function.arguments) == ARGUMENTS
    result = get_weather(**json.loads(call.function.arguments))
    messages += [choice.message, {"role": "tool", "tool_call_id": call.id, "content": result}]
    (choice,) = ask(litellm, common, messages, stream=stream).choices
    assert (choice.message.content, choice.message.reasoning_content) == (ANSWER, SECOND_THOUGHT)
    check_loop(recorder.exchanges, remembering, signed=False)  # it keeps the text of the thinking alone


async def test_an_asynchronous_stream_is_read(litellm: Any, common: dict[str, Any]) -> None:
    messages = [{"role": "user", "content": order(say=f"</think>{ANSWER}")}]
    stream = await litellm.acompletion(messages=messages, stream=True, **common)
    pieces = [chunk.choices[0].delta.content or "" async for chunk in stream]
    assert "".join(pieces) == ANSWER and len(pieces) > 2


@pytest.mark.parametrize("stream", [False, True])
def test_a_failed_reply_raises(litellm: Any, common: dict[str, Any], stream: bool) -> None:
    text = order(say="</think>Half a", end="error")
    with pytest.raises(openai.APIError, match="as ordered"):  # the base of its own errors
        ask(litellm, common, [{"role": "user", "content": text}], stream=stream)


def test_a_bad_request_is_one(litellm: Any, common: dict[str, Any]) -> None:
    with pytest.raises(litellm.BadRequestError, match="temperature"):
        litellm.completion(messages=[{"role": "user", "content": "x"}], temperature=9, **common)
