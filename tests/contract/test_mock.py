"""The stand-in for providers, run as people run it, before the clients that those providers' users have."""

from __future__ import annotations

from collections.abc import Callable

import openai
import pytest
from openai.types.chat import ChatCompletionMessageParam, ChatCompletionToolParam

from tests.mocks import MockProvider

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]
TOOL: ChatCompletionToolParam = {
    "type": "function",
    "function": {"name": "add", "parameters": {"type": "object", "properties": {"a": {"type": "integer"}}}},
}


@pytest.fixture(scope="module", params=["openai", "nim"])
def mock(request: pytest.FixtureRequest, start_mock: Callable[..., MockProvider]) -> MockProvider:
    return start_mock(request.param, "--tokens", "12")


@pytest.fixture
def client(mock: MockProvider) -> openai.OpenAI:
    return openai.OpenAI(base_url=mock.url, api_key="sk-unused", max_retries=0)


def test_openais_client_reads_a_reply_a_stream_and_the_list(mock: MockProvider, client: openai.OpenAI) -> None:
    model = next(iter(client.models.list())).id
    reply = client.chat.completions.create(model=model, messages=HELLO)
    assert reply.choices[0].message.content and reply.usage and reply.usage.completion_tokens == 12
    asked = {"include_usage": True}
    chunks = list(client.chat.completions.create(model=model, messages=HELLO, stream=True, stream_options=asked))  # type: ignore[call-overload]
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == reply.choices[0].message.content and chunks[-1].usage.completion_tokens == 12
    thought = getattr(reply.choices[0].message, "reasoning_content", None)
    assert bool(thought) == (mock.style == "nim")
    assert client.completions.create(model=model, prompt="Once").choices[0].text


def test_openais_client_accumulates_a_streamed_tool_call(client: openai.OpenAI) -> None:
    model = next(iter(client.models.list())).id
    with client.chat.completions.stream(model=model, messages=HELLO, tools=[TOOL]) as stream:
        (call,) = stream.get_final_completion().choices[0].message.tool_calls or []
    assert call.function.name == "add" and call.function.arguments.startswith('{"a":')


def test_openais_client_raises_what_the_fault_means(mock: MockProvider, client: openai.OpenAI) -> None:
    model = next(iter(client.models.list())).id
    for fault, error in {
        "401": openai.AuthenticationError,
        "404": openai.NotFoundError,
        "429": openai.RateLimitError,
        "503": openai.InternalServerError,
        "hang-up": openai.APIConnectionError,
    }.items():
        mock.faults({"fault": fault, "times": 1})
        with pytest.raises(error):
            client.chat.completions.create(model=model, messages=HELLO)
    mock.faults("error-only")
    with pytest.raises(openai.APIError, match="in the middle"):
        list(client.chat.completions.create(model=model, messages=HELLO, stream=True))
    mock.faults()
    assert client.chat.completions.create(model=model, messages=HELLO).choices


def test_it_ends_cleanly_and_says_what_it_cannot_do(start_mock: Callable[..., MockProvider]) -> None:
    mock = start_mock("sglang")
    with pytest.raises(AssertionError, match="Choose another with --port"):
        start_mock("sglang", "--port", mock.origin.rpartition(":")[2])
    with pytest.raises(AssertionError, match="There is no fault"):
        start_mock("sglang", "--fault", "nonsense")
    assert mock.stop() == 0
