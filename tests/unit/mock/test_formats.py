"""A mock that does not speak as the provider does proves nothing about what speaks to it."""

from __future__ import annotations

import json
from typing import Any

import jsonschema_rs
import pytest

from nemoserve.mock.styles import STYLES
from tests.unit.mock.conftest import chunks, fold

THINKERS = [name for name, each in STYLES.items() if each.thinks and each.reasoning_field]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 1, "maximum": 5}},
            "required": ["city", "days"],
        },
    },
}


async def test_a_stream_and_a_body_say_the_same(call: Any, style: str) -> None:
    caller = await call(style, tokens=10)
    whole = (await caller.whole())["choices"][0]
    message = whole["message"]
    thinking = message.get("reasoning") or message.get("reasoning_content") or ""
    assert fold(await caller.events()) == (thinking, message["content"], whole["finish_reason"])
    assert bool(thinking) == (style in THINKERS)


async def test_thinking_is_in_the_providers_own_field(call: Any, style: str) -> None:
    caller = await call(style)
    message = (await caller.whole())["choices"][0]["message"]
    fields = {"reasoning", "reasoning_content"} & message.keys()
    assert fields == ({STYLES[style].reasoning_field} & {"reasoning", "reasoning_content"})
    assert ("reasoning_details" in message) == (style in ("openrouter", "aiml", "nemoserve"))


@pytest.mark.parametrize(
    ("style", "place"),
    [
        ("openrouter", "the finish again"),
        ("aiml", "the finish again"),
        ("nemoserve", "the finish again"),
        ("together", "the finish"),
        ("transformers", "the finish"),
        ("neuralhub", "nowhere"),
        *((name, "no choices") for name in ("openai", "nim", "nvidia", "deepinfra", "vllm", "sglang", "llama-server")),
    ],
)
async def test_usage_is_where_the_provider_puts_it(call: Any, style: str, place: str) -> None:
    caller = await call(style, tokens=6)
    asked = {"stream_options": {"include_usage": True}} if style != "neuralhub" else {}
    found = [chunk for chunk in chunks(await caller.events(**asked)) if chunk.get("usage")]
    if place == "nowhere":
        assert not found
        return
    (chunk,) = found
    assert (
        chunk["usage"]["completion_tokens"] == 6
        and chunk["usage"]["total_tokens"] == 6 + chunk["usage"]["prompt_tokens"]
    )
    if place == "no choices":
        assert chunk["choices"] == []
    else:
        assert chunk["choices"][0]["finish_reason"] == "stop"
    unasked = [chunk for chunk in chunks(await caller.events()) if chunk.get("usage")]
    assert bool(unasked) == (place != "no choices")


async def test_every_reply_has_an_id_of_its_own_and_a_stream_has_one(call: Any, style: str) -> None:
    caller = await call(style)
    first, second = await caller.whole(), await caller.whole()
    assert first["id"] != second["id"] and "~" not in first["id"]
    assert len({chunk["id"] for chunk in chunks(await caller.events())}) == 1


async def test_streams_end_as_the_providers_do(call: Any, style: str) -> None:
    events = await (await call(style)).events()
    assert (events[-1] == "[DONE]") == (style != "transformers")


OFF: dict[str, dict[str, Any]] = {
    "openrouter": {"reasoning": {"enabled": False}},
    "aiml": {"reasoning": {"effort": "none"}},
    "nemoserve": {"reasoning": {"effort": "none"}},
    "deepinfra": {"reasoning_effort": "none"},
    "together": {"reasoning": {"enabled": False}},
    "vllm": {"chat_template_kwargs": {"enable_thinking": False}},
    "sglang": {"chat_template_kwargs": {"thinking": False}},
    "llama-server": {"reasoning_effort": "none"},
    "transformers": {"chat_template_kwargs": {"enable_thinking": False}},
    "nim": {"chat_template_kwargs": {"enable_thinking": False}},
    "nvidia": {"chat_template_kwargs": {"enable_thinking": False}},
}
NANO_3 = "nvidia/nemotron-3-nano-30b-a3b"


@pytest.mark.parametrize("style", list(OFF))
async def test_thinking_stops_at_the_providers_own_switch_alone(call: Any, style: str) -> None:
    caller = await call(style, models=(NANO_3,))
    assert fold(await caller.events(**OFF[style]))[0] == ""
    assert fold(await caller.events())[0]
    if style in ("openrouter", "deepinfra", "aiml"):
        # Reported of OpenRouter: it takes the field and ignores it.
        assert fold(await caller.events(chat_template_kwargs={"enable_thinking": False}))[0]


BUDGETS: dict[str, dict[str, Any]] = {
    "openrouter": {"reasoning": {"max_tokens": 3}},
    "nemoserve": {"reasoning": {"max_tokens": 3}},
    "nim": {"nvext": {"max_thinking_tokens": 3}},
    "nvidia": {"reasoning_budget": 3},
    "vllm": {"thinking_token_budget": 3},
    "sglang": {"custom_params": {"thinking_budget": 3}},
    "llama-server": {"thinking_budget_tokens": 3},
}


@pytest.mark.parametrize("style", list(BUDGETS))
async def test_a_budget_is_kept_and_the_answer_stays_whole(call: Any, style: str) -> None:
    caller = await call(style, tokens=20, models=(NANO_3,))
    thinking, content, finish = fold(await caller.events(**BUDGETS[style]))
    assert (len(thinking.split()), len(content.split()), finish) == (3, 10, "stop")


async def test_nano_v2_listens_to_its_system_prompt_and_not_to_the_template(call: Any) -> None:
    caller = await call("vllm")
    messages = [{"role": "system", "content": "/no_think"}, {"role": "user", "content": "Hi"}]
    assert fold(await caller.events(messages=messages))[0] == ""
    assert fold(await caller.events(chat_template_kwargs={"enable_thinking": False}))[0]


@pytest.mark.parametrize(
    ("style", "model", "status"),
    [
        ("nim", "nvidia/nvidia-nemotron-nano-9b-v2", 400),
        ("nvidia", "nvidia/nemotron-3-super-120b-a12b", 400),
        ("nvidia", "nvidia/nvidia-nemotron-nano-9b-v2", 422),
        ("transformers", "nvidia/NVIDIA-Nemotron-Nano-9B-v2", 422),
    ],
)
async def test_closed_schemas_refuse_unknown_fields_and_name_them(
    call: Any, style: str, model: str, status: int
) -> None:
    caller = await call(style)
    reply = await caller.post(caller.body(model=model, reasoning={"enabled": False}))
    assert reply.status_code == status and "reasoning" in reply.text
    assert (await caller.post(caller.body(model=model))).status_code == 200


async def test_the_hosted_vision_model_takes_no_stream_options(call: Any) -> None:
    caller = await call("nvidia")
    body = caller.body(model="nvidia/nemotron-nano-12b-v2-vl", stream=True)
    assert (await caller.post(body)).status_code == 200
    assert "stream_options" in (await caller.post({**body, "stream_options": {"include_usage": True}})).text


async def test_an_unknown_model_is_not_found_and_a_missing_key_is_refused(call: Any, style: str) -> None:
    caller = await call(style)
    unknown = await caller.post(caller.body(model="nobody/nothing"))
    assert unknown.status_code == (200 if style == "llama-server" else 404)
    del caller.client.headers["Authorization"]
    bare = await caller.post(caller.body())
    assert bare.status_code == (401 if STYLES[style].wants_key else 200)


async def test_tools_are_called_once_and_answered_after_their_result(call: Any, style: str) -> None:
    caller = await call(style)
    message = (await caller.whole(tools=[TOOL]))["choices"][0]
    assert message["finish_reason"] == "tool_calls"
    (called,) = message["message"]["tool_calls"]
    jsonschema_rs.validate(TOOL["function"]["parameters"], json.loads(called["function"]["arguments"]))
    events = chunks(await caller.events(tools=[TOOL]))
    deltas = [
        tool for chunk in events for choice in chunk["choices"] for tool in choice["delta"].get("tool_calls") or []
    ]
    assert "".join(delta["function"]["arguments"] for delta in deltas) == called["function"]["arguments"]
    assert (len(deltas) == 1) == (style == "transformers")
    messages = [
        *caller.body()["messages"],
        {"role": "assistant", "content": None, "tool_calls": [called]},
        {"role": "tool", "tool_call_id": called["id"], "content": "rain"},
    ]
    assert (await caller.whole(messages=messages, tools=[TOOL]))["choices"][0]["finish_reason"] == "stop"


async def test_json_fits_its_schema(call: Any) -> None:
    schema = {
        "type": "object",
        "properties": {
            "name": {"$ref": "#/$defs/name"},
            "of": {"enum": ["a", "b"]},
            "n": {"type": ["null", "integer"]},
        },
        "required": ["name", "of", "n"],
        "$defs": {"name": {"type": "string", "minLength": 20}},
    }
    caller = await call()
    form = {"type": "json_schema", "json_schema": {"name": "x", "schema": schema}}
    jsonschema_rs.validate(
        schema, json.loads((await caller.whole(response_format=form))["choices"][0]["message"]["content"])
    )


async def test_the_same_seed_gives_the_same_words(call: Any) -> None:
    one, same, other = await call(seed=1), await call(seed=1), await call(seed=2)
    said = [(await each.whole())["choices"][0]["message"]["content"] for each in (one, same, other)]
    assert said[0] == said[1] != said[2]


async def test_llama_server_counts_one_choice_and_streams_no_log_probabilities_beside_tools(call: Any) -> None:
    caller = await call("llama-server", tokens=6)
    assert (await caller.whole(n=3))["usage"]["completion_tokens"] == 6
    streamed = chunks(await caller.events(n=3, stream_options={"include_usage": True}))
    assert [chunk["usage"]["completion_tokens"] for chunk in streamed if "usage" in chunk] == [6, 6, 6]
    assert ["timings" in chunk for chunk in streamed] == ["usage" in chunk for chunk in streamed]
    refused = await caller.post(caller.body(tools=[TOOL], logprobs=True, stream=True))
    assert refused.status_code == 400 and "tools + stream" in refused.json()["error"]["message"]


async def test_max_tokens_and_stop_cut_the_answer(call: Any) -> None:
    caller = await call(tokens=20)
    short = await caller.whole(max_tokens=4)
    assert short["choices"][0]["finish_reason"] == "length" and short["usage"]["completion_tokens"] == 4
    text = short["choices"][0]["message"]["content"]
    stopped = (await caller.whole(stop=[text.split()[2]]))["choices"][0]
    assert stopped["finish_reason"] == "stop" and stopped["message"]["content"].split() == text.split()[:2]


async def test_a_text_completion_goes_on_with_thinking_that_is_open(call: Any) -> None:
    caller = await call("vllm", tokens=8)
    body = {"model": caller.mock.service.models[0], "prompt": "Hi<think>\nSo far"}
    text = (await caller.post(body, path="/completions")).json()["choices"][0]["text"]
    assert "</think>" in text and "<think>" not in text
    closed = {**body, "prompt": "Hi<think>\nSo far</think>"}
    assert "</think>" not in (await caller.post(closed, path="/completions")).json()["choices"][0]["text"]
    assert (await (await call("aiml")).post(body, path="/completions")).status_code == 404


async def test_models_are_listed_in_the_providers_own_form(call: Any, style: str) -> None:
    caller = await call(style)
    listed = (await caller.client.get(caller.mock.url + "/models")).json()
    data = listed if style == "together" else listed["data"]
    assert tuple(each["id"] for each in data) == caller.mock.service.models
    assert isinstance(listed, list) or ("object" in listed) == (style != "openrouter")
