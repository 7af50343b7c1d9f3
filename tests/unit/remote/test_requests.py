"""Fear: a provider is asked in words that it refuses, or that it ignores, so that thinking costs money nobody wanted to spend."""

from typing import Any

import pytest

from nemoserve.backends.base import HostedJob, Texts
from nemoserve.backends.remote.dialect import DIALECTS, can_limit, parameters_for
from nemoserve.backends.remote.endpoints import endpoint_of
from nemoserve.backends.remote.family import family_of_id
from nemoserve.backends.remote.request import Asking, to_request
from nemoserve.config.providers import BASE_URLS, PROVIDER_TYPES, ProviderModel, ProviderSettings, ProviderType
from nemoserve.types.chat import ChatRequest, Message, OutputFormat, Sampling, SchemaTitle, ToolCall, ToolChoice
from nemoserve.types.families import FAMILIES
from nemoserve.types.reasoning import Effort, ReasoningIntent
from nemoserve.types.route import Preferences

NANO, VL = "nvidia/nemotron-nano-9b-v2", "nvidia/nemotron-nano-12b-v2-vl"
NANO3, SUPER, ULTRA = (
    "nvidia/nemotron-3-nano-30b-a3b",
    "nvidia/nemotron-3-super-120b-a12b",
    "nvidia/nemotron-3-ultra-550b-a55b",
)
LLAMA, SUPER15 = "nvidia/llama-3.1-nemotron-ultra-253b-v1", "nvidia/llama-3.3-nemotron-super-49b-v1.5"
_TOOL: dict[str, object] = {"type": "function", "function": {"name": "get", "parameters": {"type": "object"}}}


def _ask(
    kind: ProviderType,
    model: str = NANO,
    *,
    thinking: bool | None = None,
    budget: int | None = None,
    effort: Effort | None = None,
    shares: bool | None = None,
    messages: tuple[Message, ...] = (Message("user", "Hello"),),
    sampling: Sampling | None = None,
    max_tokens: int | None = None,
    stream: bool = False,
    without: frozenset[str] = frozenset(),
    texts: Texts | None = None,
    **fields: Any,
) -> tuple[dict[str, Any], list[str]]:
    """The body, and the parameters that were dropped. `shares`: the budget is what the effort comes to, as its share or not."""
    settings = ProviderSettings(
        name="up", type=kind, base_url="http://up/v1", models=(ProviderModel(id=model, upstream_id=f"up/{model}"),)
    )
    request = ChatRequest(
        models=(model,),
        messages=messages,
        sampling=sampling or Sampling(),
        reasoning=ReasoningIntent(enabled=thinking, effort=effort, effort_shares=shares is not False),
        **fields,
    )
    endpoint = endpoint_of(settings, settings.models[0])
    job = HostedJob(
        id="j", endpoint=endpoint, request=request, texts=texts, thinking=thinking, budget=budget, max_tokens=max_tokens,
        by_level=shares is not None,
    )  # fmt: skip
    asked = to_request(job, Asking(DIALECTS[kind], family_of_id(model), stream, without))
    return asked.body, [notice.parameter or "" for notice in asked.notices]


def _added(body: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in ("model", "messages")}


def _system(body: dict[str, Any]) -> str | None:
    first = body["messages"][0]
    return first["content"] if first["role"] == "system" else None


def _upstream(id_: str, upstream_id: str = "") -> str:
    model = ProviderModel(id=id_, upstream_id=upstream_id)
    return endpoint_of(ProviderSettings(name="openrouter", type="openrouter", models=(model,)), model).upstream_id


def test_a_free_variant_is_asked_for_as_the_one_that_costs():
    assert _upstream(f"{NANO3}:free") == f"{NANO3}:free"
    assert _upstream(f"{NANO3}:free", "up/nano") == "up/nano"


@pytest.mark.parametrize(
    ("kind", "model", "upstream_id", "context", "most"),
    [
        ("openrouter", NANO, "", 131072, 16384),
        ("openrouter", f"{NANO}:free", "", 128000, 128000),
        ("nvidia", "nvidia/nemotron-3-nano-omni-30b-a3b-reasoning", "", 256000, 65536),
        ("nvidia", "me/large", "nvidia/nemotron-3-super-120b-a12b", 262144, 32768),
        ("nvidia", "me/own", "me/own-upstream", 131072, None),
    ],
)
def test_a_models_limits_at_a_provider_are_anothers(
    kind: ProviderType, model: str, upstream_id: str, context: int, most: int | None
):
    wanted = ProviderModel(id=model, upstream_id=upstream_id)
    endpoint = endpoint_of(ProviderSettings(name="up", type=kind, models=(wanted,)), wanted)
    assert (endpoint.context_length, endpoint.max_completion_tokens) == (context, most)


@pytest.mark.parametrize("kind", PROVIDER_TYPES)
def test_a_plain_question_is_asked_plainly(kind: ProviderType):
    body, dropped = _ask(kind)
    assert body == {"model": f"up/{NANO}", "messages": [{"role": "user", "content": "Hello"}]}
    assert dropped == []


@pytest.mark.parametrize(
    ("kind", "model", "fields", "system"),
    [
        ("openrouter", NANO, {"reasoning": {"enabled": False}}, None),
        ("nemoserve", NANO3, {"reasoning": {"enabled": False}}, None),
        ("deepinfra", NANO, {"reasoning": {"enabled": False}}, None),
        ("openai", NANO, {}, "/no_think"),
        ("openai", NANO3, {"reasoning_effort": "none"}, None),
        ("aiml", NANO, {}, "/no_think"),
        ("neuralhub", VL, {}, None),
        ("vllm", NANO, {}, "/no_think"),
        ("vllm", NANO3, {"chat_template_kwargs": {"enable_thinking": False}}, None),
        ("vllm", SUPER15, {}, "/no_think"),
        ("vllm", LLAMA, {}, "detailed thinking off"),
        ("sglang", ULTRA, {"chat_template_kwargs": {"enable_thinking": False}}, None),
        ("llama-server", NANO3, {"chat_template_kwargs": {"enable_thinking": False}}, None),
        ("together", ULTRA, {"chat_template_kwargs": {"enable_thinking": False}}, None),
        ("transformers", NANO3, {"chat_template_kwargs": {"enable_thinking": False}}, None),
        ("nim", NANO, {}, "/no_think"),
        ("nim", NANO3, {"chat_template_kwargs": {"enable_thinking": False}}, None),
        ("nvidia", NANO, {}, "/no_think"),
        ("nvidia", NANO3, {"chat_template_kwargs": {"enable_thinking": False}}, None),
        ("nvidia", SUPER, {"reasoning_effort": "none"}, None),
        ("nvidia", LLAMA, {}, "detailed thinking off"),
    ],
)
def test_thinking_is_switched_off_in_each_ones_own_words(
    kind: ProviderType, model: str, fields: dict[str, Any], system: str | None
):
    body, dropped = _ask(kind, model, thinking=False)
    assert (_added(body), _system(body), dropped) == (fields, system, [])


@pytest.mark.parametrize(
    ("kind", "model", "fields", "system"),
    [
        ("openrouter", NANO, {"reasoning": {"enabled": True}}, None),
        ("vllm", NANO3, {"chat_template_kwargs": {"enable_thinking": True}}, None),
        ("nvidia", SUPER, {"reasoning_effort": "high"}, None),
        ("neuralhub", VL, {}, "/think"),
        ("nim", LLAMA, {}, "detailed thinking on"),
        ("openai", NANO, {}, None),
    ],
)
def test_thinking_is_switched_on_in_each_ones_own_words(
    kind: ProviderType, model: str, fields: dict[str, Any], system: str | None
):
    body, _ = _ask(kind, model, thinking=True)
    assert (_added(body), _system(body)) == (fields, system)


@pytest.mark.parametrize(
    ("kind", "model", "fields"),
    [
        ("openrouter", NANO, {"reasoning": {"enabled": True, "max_tokens": 300}}),
        ("nemoserve", NANO, {"reasoning": {"enabled": True, "max_tokens": 300}}),
        ("aiml", NANO, {"reasoning": {"max_tokens": 300}}),
        ("vllm", NANO, {"thinking_token_budget": 300}),
        (
            "llama-server",
            NANO,
            {"thinking_budget_tokens": 300, "reasoning_budget_tokens": 300, "reasoning_budget_message": "\n"},
        ),
        ("nim", NANO, {"nvext": {"max_thinking_tokens": 300}}),
        ("nim", NANO3, {"chat_template_kwargs": {"enable_thinking": True}, "nvext": {"max_thinking_tokens": 300}}),
        ("nim", SUPER, {"chat_template_kwargs": {"enable_thinking": True, "reasoning_budget": 300}}),
        ("nvidia", NANO, {"min_thinking_tokens": 1, "max_thinking_tokens": 300}),
        ("nvidia", NANO3, {"chat_template_kwargs": {"enable_thinking": True}, "reasoning_budget": 300}),
        ("nvidia", SUPER, {"reasoning_effort": "high", "reasoning_budget": 300}),
    ],
)
def test_budgets_are_given_in_each_ones_own_words(kind: ProviderType, model: str, fields: dict[str, Any]):
    body, _ = _ask(kind, model, thinking=True, budget=300)
    assert _added(body) == fields


def test_a_budget_goes_before_an_effort_and_never_comes_with_one():
    body, _ = _ask("openrouter", thinking=True, budget=300, effort="high")
    assert body["reasoning"] == {"enabled": True, "max_tokens": 300}


@pytest.mark.parametrize(
    ("kind", "model", "effort", "fields"),
    [
        ("openrouter", NANO, "low", {"reasoning": {"enabled": True, "effort": "low"}}),
        ("aiml", NANO, "xhigh", {"reasoning": {"effort": "high"}}),
        ("vllm", SUPER, "low", {"chat_template_kwargs": {"enable_thinking": True, "low_effort": True}}),
        ("vllm", ULTRA, "medium", {"chat_template_kwargs": {"enable_thinking": True, "medium_effort": True}}),
        ("vllm", SUPER, "high", {"chat_template_kwargs": {"enable_thinking": True}}),
        ("nvidia", SUPER, "minimal", {"reasoning_effort": "low"}),
        ("openai", NANO3, "high", {"reasoning_effort": "high"}),
    ],
)
def test_efforts_are_told_where_they_are_known(kind: ProviderType, model: str, effort: Effort, fields: dict[str, Any]):
    body, _ = _ask(kind, model, thinking=True, effort=effort)
    assert _added(body) == fields


@pytest.mark.parametrize(("shares", "beside"), [(True, {}), (False, {"thinking_token_budget": 300})])
def test_an_effort_that_is_no_share_is_one_at_the_next_server(shares: bool, beside: dict[str, Any]):
    body, _ = _ask("nemoserve", thinking=True, effort="low", budget=300, shares=shares)
    assert _added(body) == {"reasoning": {"enabled": True, "effort": "low"}, **beside}


@pytest.mark.parametrize("kind", ["aiml", "neuralhub"])
def test_what_cannot_be_switched_off_is_said(kind: ProviderType):
    _, dropped = _ask(kind, NANO3, thinking=False)
    assert dropped == ["reasoning"]


def test_the_texts_own_switch_does_not_beat_the_parameter():
    messages = (
        Message("system", "Be brief. /think"),
        Message("user", "Hi /think"),
        Message("user", "cat /thinking.txt"),
    )
    body, _ = _ask("vllm", thinking=False, messages=messages)
    texts = [message["content"] for message in body["messages"]]
    assert texts[0].endswith("/no_think")
    assert sum(text.count("/think") for text in texts) == 0
    assert texts[2].replace("\u2060", "") == "cat /thinking.txt"


def test_nothing_is_changed_where_nothing_was_said():
    messages = (Message("system", "detailed thinking on"), Message("user", "Hi /think"))
    body, _ = _ask("vllm", messages=messages, budget=None)
    assert [message["content"] for message in body["messages"]] == ["detailed thinking on", "Hi /think"]


@pytest.mark.parametrize(
    ("kind", "field"),
    [
        ("openrouter", "reasoning"),
        ("vllm", "reasoning"),
        ("sglang", "reasoning_content"),
        ("nvidia", None),
        ("openai", None),
    ],
)
def test_past_thinking_goes_back_where_the_provider_reads_it(kind: ProviderType, field: str | None):
    messages = (
        Message("user", "Hi"),
        Message("assistant", "", "I thought", (ToolCall("c1", "get", '{"a":1}'),)),
        Message("tool", "42", tool_call_id="c1"),
    )
    body, _ = _ask(kind, messages=messages)
    call = {"id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"a":1}'}}
    expected = {"role": "assistant", "content": None, "tool_calls": [call]}
    assert body["messages"][1] == (expected | {field: "I thought"} if field else expected)
    assert body["messages"][2] == {"role": "tool", "content": "42", "tool_call_id": "c1"}


def test_sampling_and_tools_arrive_and_closed_schemas_are_kept():
    sampling = Sampling(
        temperature=0.5, top_p=0.9, top_k=20, seed=7, stop=("END",), n=2, logprobs=3, logit_bias={5: 1.0}
    )
    given: dict[str, Any] = {
        "sampling": sampling, "tools": (_TOOL,), "tool_choice": ToolChoice("named", "get"),
        "parallel_tool_calls": False, "max_tokens": 9, "stream": True,
    }  # fmt: skip
    body, dropped = _ask("vllm", **given)
    assert dropped == []
    assert _added(body) == {
        "temperature": 0.5, "top_p": 0.9, "top_k": 20, "seed": 7, "stop": ["END"], "n": 2, "logprobs": True,
        "top_logprobs": 3, "logit_bias": {"5": 1.0}, "tools": [_TOOL],
        "tool_choice": {"type": "function", "function": {"name": "get"}}, "parallel_tool_calls": False, "max_tokens": 9,
        "stream": True, "stream_options": {"include_usage": True},
    }  # fmt: skip
    body, dropped = _ask("neuralhub", VL, **given)
    assert _added(body) == {"temperature": 0.5, "top_p": 0.9, "max_tokens": 9, "stream": True}
    assert set(dropped) >= {"top_k", "seed", "stop", "n", "logprobs", "tools", "tool_choice", "parallel_tool_calls"}
    body, dropped = _ask("nvidia", VL, **given)
    assert set(_added(body)) == {"temperature", "top_p", "seed", "stop", "max_tokens", "stream"}


@pytest.mark.parametrize(
    ("kind", "told"), [("openrouter", True), ("openai", True), ("aiml", True), ("vllm", False), ("nvidia", False)]
)
@pytest.mark.parametrize("strict", [True, False])
def test_a_tool_that_is_to_be_strict_is_any_tool(kind: ProviderType, told: bool, strict: bool):
    other = {"type": "function", "function": {"name": "set"}}
    body, dropped = _ask(kind, tools=(_TOOL, other), strict_tools={"get": strict})
    assert [tool["function"].get("strict") for tool in body["tools"]] == [strict if told else None, None]
    assert dropped == [] and "strict" not in str(_TOOL)


@pytest.mark.parametrize(
    ("kind", "sampling", "sent", "changed"),
    [
        ("nvidia", Sampling(temperature=1.5, top_p=0.001), {"temperature": 1, "top_p": 0.001}, ["temperature"]),
        ("nvidia", Sampling(temperature=1.0), {"temperature": 1.0}, []),
        ("aiml", Sampling(seed=0, min_p=0.0, top_p=1.0), {"seed": 1, "min_p": 0.001, "top_p": 1.0}, ["seed", "min_p"]),
        ("openrouter", Sampling(temperature=1.5, seed=-1), {"temperature": 1.5, "seed": -1}, []),
        ("sglang", Sampling(top_k=0), {"top_k": -1}, []),
        ("openrouter", Sampling(top_k=0), {"top_k": 0}, []),
    ],
)
def test_a_value_that_the_provider_refuses_costs_the_request(
    kind: ProviderType, sampling: Sampling, sent: dict[str, Any], changed: list[str]
):
    body, said = _ask(kind, SUPER, sampling=sampling)
    assert (_added(body), sorted(said)) == (sent, sorted(changed))
    assert _ask(kind, SUPER, sampling=sampling, without=frozenset(changed))[0].keys().isdisjoint(changed)


@pytest.mark.parametrize(
    ("kind", "output", "fields"),
    [
        ("openai", OutputFormat("json_object"), {"response_format": {"type": "json_object"}}),
        ("vllm", OutputFormat("regex", pattern="a+"), {"structured_outputs": {"regex": "a+"}}),
        ("vllm", OutputFormat("lark", pattern="start: /a/"), {"structured_outputs": {"grammar": "start: /a/"}}),
        ("sglang", OutputFormat("choice", choices=("a.b", "c")), {"regex": r"a\.b|c"}),
        ("nim", OutputFormat("choice", choices=("a", "b")), {"nvext": {"guided_choice": ["a", "b"]}}),
        ("llama-server", OutputFormat("choice", choices=("a", 'b"')), {"grammar": 'root ::= "a" | "b\\""'}),
    ],
)
def test_guided_outputs_are_asked_for_in_each_ones_own_words(
    kind: ProviderType, output: OutputFormat, fields: dict[str, Any]
):
    body, dropped = _ask(kind, output=output)
    assert (_added(body), dropped) == (fields, [])


def test_a_schema_goes_with_what_the_request_says_of_it():
    given = {"type": "json_schema", "json_schema": {"name": "it", "description": "d", "strict": False, "schema": {}}}
    title = SchemaTitle("it", "d", strict=False)
    body, _ = _ask("openai", output=OutputFormat("json_schema", schema={}, title=title))
    assert body["response_format"] == given
    body, _ = _ask("openai", output=OutputFormat("json_schema", schema={}))
    assert body["response_format"]["json_schema"] == {"name": "answer", "strict": True, "schema": {}}


def test_a_budget_and_a_guided_output_share_nvext():
    body, _ = _ask("nim", thinking=True, budget=5, output=OutputFormat("regex", pattern="a"))
    assert body["nvext"] == {"guided_regex": "a", "max_thinking_tokens": 5}


def test_a_guided_output_that_nobody_knows_is_dropped_and_said():
    body, dropped = _ask("openrouter", output=OutputFormat("regex", pattern="a", field="structured_outputs.regex"))
    assert (_added(body), dropped) == ({}, ["structured_outputs"])


@pytest.mark.parametrize(
    ("kind", "flag"), [("vllm", True), ("sglang", True), ("openrouter", False), ("deepinfra", False)]
)
def test_a_prefill_is_continued(kind: ProviderType, flag: bool):
    body, _ = _ask(kind, messages=(Message("user", "Hi"), Message("assistant", "Once upon")))
    assert body["messages"][-1] == {"role": "assistant", "content": "Once upon"}
    assert ("continue_final_message" in body) is flag


def test_a_router_behind_us_is_not_told_what_its_hosts_must_not_do_with_the_data():
    careful = Preferences(data_collection="deny", zdr=True)
    for kind in PROVIDER_TYPES:
        told = {"data_collection": "deny", "zdr": True} if kind in ("openrouter", "nemoserve") else None
        assert _ask(kind, preferences=careful)[0].get("provider") == told
        assert "provider" not in _ask(kind)[0]


@pytest.mark.parametrize(
    ("said", "collects"),
    [
        ({}, True),
        ({"collects_data": False}, False),
        ({"zdr": True}, False),
        ({"local": True}, False),
        ({"type": "openrouter"}, False),
        ({"type": "openrouter", "collects_data": True}, True),
        ({"zdr": True, "collects_data": True}, True),
    ],
)
def test_a_provider_of_which_nothing_is_known_is_trusted_with_prompts(said: dict[str, Any], collects: bool):
    settings = ProviderSettings(**{"name": "up", "type": "together", **said})
    assert endpoint_of(settings, ProviderModel(id=NANO)).collects_data is collects
    assert endpoint_of(settings, ProviderModel(id=NANO, collects_data=not collects)).collects_data is not collects


def test_fields_that_were_refused_before_are_left_out():
    body, _ = _ask(
        "vllm", thinking=True, budget=5, stream=True, without=frozenset({"thinking_token_budget", "stream_options"})
    )
    assert _added(body) == {"stream": True}


@pytest.mark.parametrize("kind", PROVIDER_TYPES)
def test_every_type_is_complete(kind: ProviderType):
    dialect = DIALECTS[kind]
    for family in FAMILIES:
        assert parameters_for(dialect, family) >= {"max_tokens", "temperature"}
        assert can_limit(dialect, family) in (True, False)
    assert (kind in BASE_URLS) is (kind in ("openrouter", "nvidia", "aiml", "neuralhub", "deepinfra", "together"))


@pytest.mark.parametrize(
    ("model", "name"),
    [
        ("nvidia/NVIDIA-Nemotron-Nano-9B-v2", "nano-v2"),
        ("nvidia/nvidia-nemotron-nano-9b-v2", "nano-v2"),
        ("nvidia/nemotron-nano-12b-v2-vl:free", "nano-v2-vl"),
        ("nvidia/llama-3.3-nemotron-super-49b-v1.5", "llama-v1.5"),
        ("nvidia/Llama-3_3-Nemotron-Super-49B-v1_5", "llama-v1.5"),
        ("nvidia/llama-3.3-nemotron-super-49b-v1", "llama-v1"),
        ("nvidia/llama-3.1-nemotron-ultra-253b-v1", "llama-v1"),
        ("nvidia/Llama-3.1-Nemotron-Nano-8B-v1", "llama-v1-nano"),
        ("nvidia/nemotron-3-nano-30b-a3b", "nemotron-3"),
        ("nvidia/nemotron-3-nano-omni-30b-a3b-reasoning", "nemotron-3"),
        ("nvidia/nemotron-3.5-lightning", "nemotron-3"),
        ("nvidia/NVIDIA-Nemotron-3-Super-120B-A12B", "nemotron-3-super"),
        ("nvidia/nemotron-3-ultra-550b-a55b", "nemotron-3-ultra"),
        ("meta-llama/llama-3.1-8b-instruct", "plain"),
    ],
)
def test_families_are_told_by_their_ids(model: str, name: str):
    assert family_of_id(model).name == name


@pytest.mark.parametrize(
    ("kind", "dropped"),
    [
        ("vllm", []),
        ("nemoserve", []),
        ("openai", ["add_special_tokens"]),
        ("openrouter", ["add_special_tokens"]),
        ("sglang", ["add_special_tokens"]),
        ("llama-server", ["echo", "add_special_tokens"]),
    ],
)
def test_a_text_is_asked_for_in_words_that_are_not_known(kind: ProviderType, dropped: list[str]) -> None:
    texts = Texts(prompts=((1, 2, 3),), echo=True, add_special_tokens=False)
    body, told = _ask(kind, messages=(), texts=texts, sampling=Sampling(logprobs=4, temperature=0.5), max_tokens=9)
    assert told == dropped
    expected = {"prompt": (1, 2, 3), "logprobs": 4, "temperature": 0.5, "max_tokens": 9}
    expected |= {name: value for name, value in (("echo", True), ("add_special_tokens", False)) if name not in dropped}
    assert _added(body) == expected
