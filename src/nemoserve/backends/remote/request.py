"""A hosted job as the body that a provider's API takes. Pure; knows fields, sends nothing.

What the provider does not know is left out; what was left out of what was asked for is said in notices.
"""

from __future__ import annotations

from typing import cast

import msgspec

from nemoserve.backends.base import HostedJob, Texts
from nemoserve.backends.remote.dialect import Dialect, fields_for
from nemoserve.backends.remote.steering import can_switch, limited, switched
from nemoserve.types.chat import ChatRequest, Image, Message, Notice, OutputFormat, Sampling
from nemoserve.types.model import Family
from nemoserve.types.route import Preferences

Body = dict[str, object]


class Asking(msgspec.Struct, frozen=True):
    """How this request is put to this provider."""

    dialect: Dialect
    family: Family
    stream: bool
    without: frozenset[str] = frozenset()
    """Fields that the endpoint has refused before."""


class Asked(msgspec.Struct, frozen=True):
    """A body, and what it could not say."""

    body: Body
    notices: tuple[Notice, ...] = ()


def to_request(job: HostedJob, asking: Asking) -> Asked:
    """The body for one job."""
    dialect, request = asking.dialect, job.request
    allowed = fields_for(dialect, asking.family) - asking.without
    messages: tuple[Message, ...] = ()
    steering: Body = {}
    wanted: Body = _sampling(request.sampling, dialect)
    if wanted.get("top_k") == 0:
        wanted["top_k"] = dialect.any_top_k
    if job.texts is not None:
        wanted.pop("top_logprobs", None)
        wanted |= _text_options(job.texts, request.sampling, dialect)
        allowed |= (dialect.texts or frozenset()) - asking.without
    else:
        messages, steering = switched(request, job.thinking, dialect, asking.family)
        wanted |= _tools(request, dialect)
    if job.budget is not None and job.thinking is not False:
        intent = request.reasoning
        level = intent.effort if job.by_level else None
        steering = limited(steering, job.budget, level, dialect, asking.family, shares=intent.effort_shares)
    if request.tools and not request.parallel_tool_calls:
        wanted["parallel_tool_calls"] = False
    guided: Body = {}
    if request.output is not None:
        form = _response_format(request.output)
        if form is not None:
            wanted["response_format"] = form
        elif (guided := _guided(request.output, dialect)) == {}:
            wanted[request.output.field.partition(".")[0]] = request.output
    if job.max_tokens is not None:
        wanted["max_tokens"] = job.max_tokens
    notices = tuple(
        Notice("dropped_parameter", f"{name} was dropped: {job.endpoint.provider} does not take it.", name)
        for name in wanted
        if name not in allowed
    )
    adjusted = _into_ranges(wanted, job.endpoint.provider, dialect)
    notices += tuple(notice for notice in adjusted if notice.parameter in allowed)
    refused = [name for name in steering if name in asking.without]
    notices += tuple(
        Notice("dropped_parameter", f"{name} was dropped: {job.endpoint.provider} does not take it.", "reasoning")
        for name in refused
    )
    if job.thinking is False and not can_switch(dialect, asking.family):
        text = f"{job.endpoint.provider} has no way to switch the thinking of this model off."
        notices = (*notices, Notice("dropped_parameter", text, "reasoning"))
    body: Body = {"model": job.endpoint.upstream_id or job.endpoint.model}
    if job.texts is not None:
        prompts = job.texts.prompts
        body["prompt"] = prompts[0] if len(prompts) == 1 else prompts
    else:
        body["messages"] = [_message(message, dialect) for message in messages]
    body.update((dialect.names.get(name, name), value) for name, value in wanted.items() if name in allowed)
    body.update(guided)
    for name, value in steering.items():
        if name in refused:
            continue
        held = body.get(name)
        body[name] = {**held, **value} if isinstance(held, dict) and isinstance(value, dict) else value
    if dialect.routes and (policy := _policy(request.preferences)):
        body["provider"] = policy
    if messages and messages[-1].role == "assistant" and dialect.continuing == "flag":
        body.update(continue_final_message=True, add_generation_prompt=False)
    if asking.stream:
        body["stream"] = True
        if dialect.tells_usage and "stream_options" in allowed:
            body["stream_options"] = {"include_usage": True}
    return Asked(body, notices)


def _into_ranges(wanted: Body, provider: str, dialect: Dialect) -> list[Notice]:
    """Brings values that the provider would refuse to the nearest that it takes; what is to be said of that."""
    notices: list[Notice] = []
    for name, (least, most) in dialect.ranges.items():
        value = wanted.get(name)
        if isinstance(value, int | float) and not least <= value <= most:
            wanted[name] = nearest = min(max(value, least), most)
            text = f"{name} was changed from {value} to {nearest}, the nearest that {provider} takes."
            notices.append(Notice("adjusted_parameter", text, name))
    return notices


def _policy(wanted: Preferences) -> Body:
    """What the hosts behind a router must not do with the request."""
    deny: Body = {"data_collection": "deny"} if wanted.data_collection == "deny" else {}
    return {**deny, "zdr": True} if wanted.zdr else deny


def _message(message: Message, dialect: Dialect) -> Body:
    body: Body = {"role": message.role, "content": [*map(_part, message.parts)] if message.parts else message.text}
    if message.role == "tool":
        body["tool_call_id"] = message.tool_call_id or ""
        return body
    if message.role != "assistant":
        return body
    if message.tool_calls:
        body["content"] = message.text or None
        body["tool_calls"] = [
            {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": call.arguments}}
            for call in message.tool_calls
        ]
    if message.reasoning and dialect.past_thinking:
        body[dialect.past_thinking] = message.reasoning
    return body


def _part(part: str | Image) -> Body:
    if isinstance(part, str):
        return {"type": "text", "text": part}
    return {"type": "image_url", "image_url": {"url": part.url, **({"detail": part.detail} if part.detail else {})}}


def _sampling(sampling: Sampling, dialect: Dialect) -> Body:
    body: Body = {
        name: value
        for name in _SAMPLED
        if (value := getattr(sampling, name)) is not None and value != () and value != {}
    }
    if sampling.stop:
        body["stop"] = list(sampling.stop)
    if sampling.logit_bias:
        body["logit_bias"] = {str(token): bias for token, bias in sampling.logit_bias.items()}
    if sampling.ignore_eos:
        body["ignore_eos"] = True
    if sampling.n > 1:
        body["n"] = sampling.n
    if sampling.logprobs is not None:
        body["logprobs"] = True
        if alternatives := max(sampling.logprobs, dialect.fewest_alternatives):
            body["top_logprobs"] = alternatives
    return body


def _text_options(texts: Texts, sampling: Sampling, dialect: Dialect) -> Body:
    options: Body = {}
    if texts.echo:
        options["echo"] = True
    if not texts.add_special_tokens:
        options["add_special_tokens"] = False
    if sampling.logprobs is not None:
        # A number of alternatives, not a switch and a number.
        options["logprobs"] = max(sampling.logprobs, dialect.fewest_alternatives)
    return options


_SAMPLED = (
    "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "seed",
    "stop_token_ids",
)  # fmt: skip


def _tools(request: ChatRequest, dialect: Dialect) -> Body:
    choice, tools = request.tool_choice, request.tools
    if not tools:
        return {}
    if request.strict_tools and dialect.strict_tools:
        tools = tuple(_strict(tool, request.strict_tools) for tool in tools)
    body: Body = {"tools": list(tools)}
    if choice.mode == "named" and not dialect.named_tool:
        named = [tool for tool in tools if cast("Body", tool["function"])["name"] == choice.name]
        body = {"tools": named, "tool_choice": "required"}
    elif choice.mode == "named":
        body["tool_choice"] = {"type": "function", "function": {"name": choice.name}}
    elif choice.mode != "auto":
        body["tool_choice"] = choice.mode
    return body


def _strict(tool: Body, told: dict[str, bool]) -> Body:
    function = cast("Body", tool["function"])
    name = str(function["name"])
    return {**tool, "function": {**function, "strict": told[name]}} if name in told else tool


def _response_format(output: OutputFormat) -> Body | None:
    """JSON, for which all have the same words; None: something else is asked for."""
    match output.kind:
        case "json_object":
            return {"type": "json_object"}
        case "json_schema":
            title = msgspec.to_builtins(output.title)
            told = {name: value for name, value in title.items() if value is not None}
            return {"type": "json_schema", "json_schema": {**told, "schema": output.schema}}
        case _:
            return None


def _guided(output: OutputFormat, dialect: Dialect) -> Body:
    """A regular expression, a choice or a grammar in the provider's spelling; empty: it has none."""
    kind = output.kind
    value = list(output.choices) if kind == "choice" else output.pattern
    match dialect.guided:
        case "structured_outputs":
            return {"structured_outputs": {"grammar" if kind == "lark" else kind: value}}
        case "nvext":
            return {"nvext": {"guided_grammar" if kind == "lark" else f"guided_{kind}": value}}
        case "sglang" if kind != "lark":
            return {"regex": output.pattern if kind == "regex" else "|".join(map(_escaped, output.choices))}
        case "llama" if kind == "choice":
            return {
                "grammar": "root ::= " + " | ".join(msgspec.json.encode(choice).decode() for choice in output.choices)
            }
        case _:
            return {}


def _escaped(text: str) -> str:
    return "".join(f"\\{character}" if character in r".^$*+?{}[]\|()" else character for character in text)
