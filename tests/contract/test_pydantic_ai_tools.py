"""pydantic-ai's OpenRouter model in an agent's loop: tools, kept thinking, typed output."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from typing import Literal

import openai
import pytest
from pydantic import BaseModel
from pydantic_ai import Agent, NativeOutput, RunContext
from pydantic_ai.messages import AgentStreamEvent, ModelResponse, ThinkingPart, ToolCallPart
from pydantic_ai.models.openrouter import OpenRouterModel, OpenRouterModelSettings
from pydantic_ai.profiles.openai import OpenAIModelProfile
from pydantic_ai.providers.openrouter import OpenRouterProvider

from tests.contract.recorder import Recorder
from tests.contract.tool_loop import ANSWER, ARGUMENTS, NAME, QUESTION, SECOND_THOUGHT, THOUGHT, check_loop, get_weather
from tests.gateway import Gateway
from tests.servers import Server

pytestmark = pytest.mark.slow


class Verdict(BaseModel):
    """Few answers are possible, so that the smallest model gives one of them."""

    colour: Literal["red", "green"]
    sure: bool


@pytest.fixture
async def agent(recorder: Recorder, remembering: Gateway) -> AsyncIterator[Agent[None, str]]:
    async with openai.AsyncOpenAI(base_url=f"{recorder.url}/api/v1", api_key="unused", max_retries=0) as client:
        model = OpenRouterModel(remembering.model, provider=OpenRouterProvider(openai_client=client))
        yield Agent(model, tools=[get_weather], retries=0)


def check_parts(responses: list[ModelResponse]) -> None:
    first, second = responses
    assert [part.content for part in first.parts if isinstance(part, ThinkingPart)] == [THOUGHT]
    (call,) = [part for part in first.parts if isinstance(part, ToolCallPart)]
    assert (call.tool_name, call.args_as_dict()) == (NAME, ARGUMENTS)
    assert [part.content for part in second.parts if isinstance(part, ThinkingPart)] == [SECOND_THOUGHT]
    assert first.finish_reason == "tool_call" and second.finish_reason == "stop"


async def test_thinking_survives_an_agents_loop(
    agent: Agent[None, str], recorder: Recorder, remembering: Gateway
) -> None:
    run = await agent.run(QUESTION)
    assert run.output == ANSWER
    check_parts([message for message in run.all_messages() if isinstance(message, ModelResponse)])
    check_loop(recorder.exchanges, remembering)


async def test_thinking_survives_a_streamed_agents_loop(
    agent: Agent[None, str], recorder: Recorder, remembering: Gateway
) -> None:
    seen: list[AgentStreamEvent] = []

    async def watch(_: RunContext[None], events: AsyncIterable[AgentStreamEvent]) -> None:
        seen.extend([event async for event in events])

    run = await agent.run(QUESTION, event_stream_handler=watch)
    assert run.output == ANSWER and len(seen) > 20
    check_parts([message for message in run.all_messages() if isinstance(message, ModelResponse)])
    check_loop(recorder.exchanges, remembering)


async def test_typed_output_needs_no_second_try(server: Server) -> None:
    settings = OpenRouterModelSettings(max_tokens=200, openrouter_reasoning={"enabled": False})
    async with openai.AsyncOpenAI(base_url=f"{server.url}/api/v1", api_key="unused", max_retries=0) as client:
        # It knows no author "nemoserve", so it has to be told that schemas are held to.
        profile = OpenAIModelProfile(supports_json_schema_output=True)
        model = OpenRouterModel(server.model, provider=OpenRouterProvider(openai_client=client), profile=profile)
        for output_type in (NativeOutput(Verdict), Verdict):  # by response_format, and by a required call
            run = await Agent(model, output_type=output_type, retries=0).run("Hello", model_settings=settings)
            assert isinstance(run.output, Verdict)
            assert run.usage.requests == 1
