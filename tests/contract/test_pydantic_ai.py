"""pydantic-ai's OpenRouter model, the strictest reader of OpenRouter's bodies, against a running server."""

from __future__ import annotations

from collections.abc import AsyncIterator

import openai
import pytest
from pydantic_ai import Agent
from pydantic_ai.messages import TextPart, ThinkingPart
from pydantic_ai.models.openrouter import OpenRouterModel, OpenRouterModelSettings
from pydantic_ai.providers.openrouter import OpenRouterProvider

from tests.servers import Server

pytestmark = pytest.mark.slow


@pytest.fixture
async def agent(server: Server) -> AsyncIterator[Agent[None, str]]:
    async with openai.AsyncOpenAI(base_url=f"{server.url}/api/v1", api_key="unused", max_retries=0) as client:
        model = OpenRouterModel(server.model, provider=OpenRouterProvider(openai_client=client))
        yield Agent(model, retries=0)


async def test_a_run_reads_reply_thinking_and_usage(agent: Agent[None, str]) -> None:
    run = await agent.run("Hello", model_settings=OpenRouterModelSettings(temperature=0, max_tokens=400))
    parts = run.new_messages()[-1].parts
    assert any(isinstance(part, TextPart) and part.content.strip() for part in parts)
    assert any(isinstance(part, ThinkingPart) for part in parts)
    assert run.usage.output_tokens > 0 and run.usage.input_tokens > 0


async def test_reasoning_can_be_switched_off(agent: Agent[None, str]) -> None:
    settings = OpenRouterModelSettings(temperature=0, max_tokens=200, openrouter_reasoning={"enabled": False})
    run = await agent.run("Hello", model_settings=settings)
    assert not any(isinstance(part, ThinkingPart) for part in run.new_messages()[-1].parts)


async def test_a_streamed_run_gives_the_same_answer(agent: Agent[None, str]) -> None:
    settings = OpenRouterModelSettings(temperature=0, max_tokens=400)
    whole = await agent.run("Hello", model_settings=settings)
    async with agent.run_stream("Hello", model_settings=settings) as stream:
        streamed = [piece async for piece in stream.stream_text(delta=True)]
    assert "".join(streamed).strip() == whole.output.strip()


async def test_a_second_turn_sends_the_first_ones_reasoning_back(agent: Agent[None, str]) -> None:
    settings = OpenRouterModelSettings(temperature=0, max_tokens=400)
    first = await agent.run("Hello", model_settings=settings)
    second = await agent.run("Thanks", model_settings=settings, message_history=first.all_messages())
    assert second.usage.input_tokens > 0
