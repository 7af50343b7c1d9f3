"""The OpenAI Python client against a running server: what it reads must be there, what it raises must fit."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator

import openai
import pytest
from openai.types.chat import ChatCompletionChunk, ChatCompletionMessageParam

from tests.servers import Server, wait_until

HELLO: list[ChatCompletionMessageParam] = [{"role": "user", "content": "Hello"}]


@pytest.fixture(scope="module")
def client(server: Server) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{server.url}/v1", api_key="unused", max_retries=0) as client:
        yield client


@pytest.fixture
async def aclient(server: Server) -> AsyncIterator[openai.AsyncOpenAI]:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/api/v1", api_key="unused", max_retries=0) as client:
        yield client


def fold(chunks: list[ChatCompletionChunk]) -> tuple[str, str, str | None]:
    """Reasoning, content and finish reason of a stream."""
    deltas = [choice.delta for chunk in chunks for choice in chunk.choices]
    reasons = [choice.finish_reason for chunk in chunks for choice in chunk.choices if choice.finish_reason]
    reasoning = "".join(getattr(delta, "reasoning", None) or "" for delta in deltas)
    return reasoning, "".join(delta.content or "" for delta in deltas), reasons[-1] if reasons else None


def test_a_reply_has_every_field_the_client_types(client: openai.OpenAI, server: Server) -> None:
    reply = client.chat.completions.create(model=server.model, messages=HELLO, max_tokens=48, seed=1)
    assert reply.object == "chat.completion" and reply.id.startswith("gen-") and reply.model == server.model
    (choice,) = reply.choices
    assert choice.finish_reason in ("stop", "length") and choice.message.role == "assistant"
    assert (
        reply.usage is not None
        and reply.usage.total_tokens == reply.usage.prompt_tokens + reply.usage.completion_tokens
    )
    assert 0 < reply.usage.completion_tokens <= 48
    assert reply.usage.completion_tokens_details is not None
    extra = reply.model_extra or {}
    assert isinstance(extra["provider"], str)


def test_a_stream_folds_to_the_reply_that_is_not_streamed(client: openai.OpenAI, server: Server) -> None:
    whole = client.chat.completions.create(model=server.model, messages=HELLO, max_tokens=48, seed=7)
    with client.chat.completions.create(
        model=server.model, messages=HELLO, max_tokens=48, seed=7, stream=True
    ) as stream:
        chunks = list(stream)
    reasoning, content, finish = fold(chunks)
    assert content == (whole.choices[0].message.content or "")
    assert reasoning == (getattr(whole.choices[0].message, "reasoning", None) or "")
    assert finish == whole.choices[0].finish_reason
    assert chunks[-1].usage == whole.usage
    assert len({chunk.id for chunk in chunks}) == 1


def test_thinking_off_costs_no_reasoning_tokens(client: openai.OpenAI, server: Server) -> None:
    reply = client.chat.completions.create(
        model=server.model, messages=HELLO, max_tokens=32, extra_body={"reasoning": {"enabled": False}}
    )
    assert not getattr(reply.choices[0].message, "reasoning", None)
    assert reply.usage and reply.usage.completion_tokens_details
    assert reply.usage.completion_tokens_details.reasoning_tokens == 0


def test_logprobs_come_in_the_clients_types(client: openai.OpenAI, server: Server) -> None:
    reply = client.chat.completions.create(
        model=server.model, messages=HELLO, max_tokens=8, logprobs=True, top_logprobs=3, temperature=0,
        reasoning_effort="none",
    )  # fmt: skip
    logprobs = reply.choices[0].logprobs
    assert logprobs is not None and logprobs.content
    for token in logprobs.content:
        assert token.logprob <= 0 and len(token.top_logprobs) == 3
        assert token.token == token.top_logprobs[0].token


def test_text_completions_echo_the_prompt(client: openai.OpenAI, server: Server) -> None:
    reply = client.completions.create(model=server.model, prompt="One two", max_tokens=4, echo=True, temperature=0)
    assert reply.object == "text_completion" and reply.choices[0].text.startswith("One two")


def test_models_can_be_listed_and_read(client: openai.OpenAI, server: Server) -> None:
    ids = [model.id for model in client.models.list()]
    assert server.model in ids
    assert client.models.retrieve(server.model).id == server.model


def test_an_unknown_model_is_a_not_found_error(client: openai.OpenAI) -> None:
    with pytest.raises(openai.APIStatusError, match="nobody/nothing") as caught:
        client.chat.completions.create(model="nobody/nothing", messages=HELLO)
    assert caught.value.status_code in (400, 404)


def test_a_value_out_of_range_is_a_bad_request_that_names_the_field(client: openai.OpenAI, server: Server) -> None:
    with pytest.raises(openai.BadRequestError, match="temperature"):
        client.chat.completions.create(model=server.model, messages=HELLO, temperature=9)


async def test_async_replies_come_side_by_side(aclient: openai.AsyncOpenAI, server: Server) -> None:
    import asyncio

    replies = await asyncio.gather(
        *(aclient.chat.completions.create(model=server.model, messages=HELLO, max_tokens=16, seed=3) for _ in range(8))
    )
    assert len({reply.choices[0].message.content for reply in replies}) == 1
    assert len({reply.id for reply in replies}) == 8


async def test_a_stream_that_is_closed_early_stops_generating(aclient: openai.AsyncOpenAI, server: Server) -> None:
    stream = await aclient.chat.completions.create(
        model=server.model, messages=HELLO, max_tokens=512, stream=True, extra_body={"ignore_eos": True}
    )
    async for _ in stream:
        break
    await stream.close()
    # The server goes on: the next request is answered by the same engine.
    reply = await aclient.chat.completions.create(model=server.model, messages=HELLO, max_tokens=4)
    assert reply.usage and reply.usage.completion_tokens <= 4
    wait_until(lambda: server.get("/v1/health/ready").status_code == 200, "the server is ready")
