"""The chat request's body. Knows every field that is understood, and which of the others ask for what is not done."""

from __future__ import annotations

from typing import cast

import msgspec

from nemoserve.http.wire_messages import WireMessage, read_messages
from nemoserve.http.wire_reasoning import ReasoningFields, read_reasoning, template_variables
from nemoserve.http.wire_sampling import (
    MOST_TOP_LOGPROBS,
    model_names,
    provider_notices,
    read_sampling,
    requires_parameters,
)
from nemoserve.types.chat import ChatRequest, Notice
from nemoserve.types.errors import invalid

# Names that the template's surroundings define; a request must not redefine them.
_RESERVED_VARIABLES = frozenset({
    "messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "bos_token", "eos_token",
    "raise_exception", "strftime_now",
})  # fmt: skip
_LONGEST_TOOL_NAME = 64


class ChatBody(ReasoningFields, kw_only=True):
    """A chat completion's body. Unknown fields are let through unread."""

    messages: list[WireMessage] | None = None
    prompt: object = None
    """A chat call with a prompt and no messages is a text completion."""
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[dict[str, object]] | None = None
    tool_choice: str | dict[str, object] | None = None
    parallel_tool_calls: bool | None = None
    response_format: dict[str, object] | None = None
    modalities: list[str] | None = None
    service_tier: str | None = None
    verbosity: str | None = None
    min_tokens: int | None = None
    top_a: float | None = None
    # Fields that would change the answer, were they honoured.
    audio: object = None
    function_call: object = None
    functions: object = None
    grammar: object = None
    guided_choice: object = None
    guided_grammar: object = None
    guided_json: object = None
    guided_regex: object = None
    image_config: object = None
    plugins: object = None
    prediction: object = None
    structured_outputs: object = None
    transforms: object = None
    web_search_options: object = None


_NOT_DONE = (
    "audio", "function_call", "functions", "grammar", "guided_choice", "guided_grammar", "guided_json", "guided_regex",
    "image_config", "plugins", "prediction", "structured_outputs", "transforms", "web_search_options", "min_tokens", "top_a",
)  # fmt: skip

CHAT_DECODER = msgspec.json.Decoder(ChatBody)


def read_chat(body: ChatBody, *, most_choices: int) -> ChatRequest:
    """The typed request. Raises ApiError (400) naming the field that makes no sense."""
    if body.messages is None:
        raise invalid("messages", "required")
    messages, notices = read_messages(body.messages)
    for name in body.chat_template_kwargs or ():
        if name in _RESERVED_VARIABLES:
            raise invalid(f"chat_template_kwargs.{name}", "the server sets this variable itself")
    intent, reasoning_notices = read_reasoning(body)
    tools, tool_notices = _tools(body)
    sampling = read_sampling(body, max_tokens=_max_tokens(body), logprobs=_logprobs(body), most_choices=most_choices)
    return ChatRequest(
        models=model_names(body),
        messages=messages,
        sampling=sampling,
        reasoning=intent,
        tools=tools,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        stream=body.stream is True,
        require_parameters=requires_parameters(body),
        template_kwargs=template_variables(body),
        warnings=(*notices, *reasoning_notices, *tool_notices, *_dropped(body), *provider_notices(body)),
    )


def _max_tokens(body: ChatBody) -> int | None:
    old, new = body.max_tokens, body.max_completion_tokens
    if old is not None and new is not None and old != new:
        raise invalid("max_tokens and max_completion_tokens", f"they contradict each other: {old} and {new}")
    if new is not None and new < 1:
        raise invalid("max_completion_tokens", f"expected at least 1, got {new}")
    return old if new is None else new


def _logprobs(body: ChatBody) -> int | None:
    top = body.top_logprobs
    if top is not None and not 0 <= top <= MOST_TOP_LOGPROBS:
        raise invalid("top_logprobs", f"expected at least 0 and at most {MOST_TOP_LOGPROBS}, got {top}")
    if top and not body.logprobs:
        raise invalid("top_logprobs", "it needs logprobs: true")
    return (top or 0) if body.logprobs else None


def _tools(body: ChatBody) -> tuple[tuple[dict[str, object], ...], list[Notice]]:
    """The function tools offered to the model, and what of the tool fields is not honoured."""
    tools: list[dict[str, object]] = []
    notices: list[Notice] = []
    for at, tool in enumerate(body.tools or ()):
        kind = tool.get("type", "function")
        if kind != "function":
            text = f"tools[{at}] was dropped: tools of type {str(kind)[:60]!r} are not known here."
            notices.append(Notice("dropped_parameter", text, f"tools[{at}]"))
            continue
        tools.append(_tool(f"tools[{at}].function", tool))
    choice = body.tool_choice
    if choice is None or choice == "auto" or choice == "none":
        return (() if choice == "none" else tuple(tools)), notices
    if isinstance(choice, str) and choice != "required":
        raise invalid("tool_choice", f"expected none, auto, required or an object, got {choice[:40]!r}")
    if not tools:
        raise invalid("tool_choice", "it needs tools to choose from")
    if isinstance(choice, dict):
        name = _chosen(choice)
        if name not in [cast("dict[str, object]", tool["function"])["name"] for tool in tools]:
            raise invalid("tool_choice.function.name", f"{name[:64]!r} is not among the tools")
    text = "tool_choice was dropped: the model decides itself whether it calls a tool."
    notices.append(Notice("dropped_parameter", text, "tool_choice"))
    return tuple(tools), notices


def _tool(where: str, tool: dict[str, object]) -> dict[str, object]:
    function = tool.get("function")
    if not isinstance(function, dict):
        raise invalid(where, "expected an object")
    function = cast("dict[str, object]", function)
    name = function.get("name")
    if not isinstance(name, str) or not name or len(name) > _LONGEST_TOOL_NAME:
        raise invalid(f"{where}.name", f"expected a string of 1 to {_LONGEST_TOOL_NAME} characters")
    for field, kind, words in (("description", str, "a string"), ("parameters", dict, "an object")):
        if function.get(field) is not None and not isinstance(function[field], kind):
            raise invalid(f"{where}.{field}", f"expected {words}")
    known = {
        field: function[field] for field in ("name", "description", "parameters") if function.get(field) is not None
    }
    return {"type": "function", "function": known}


def _chosen(choice: dict[str, object]) -> str:
    function = choice.get("function")
    name = cast("dict[str, object]", function).get("name") if isinstance(function, dict) else None
    if not isinstance(name, str):
        raise invalid("tool_choice.function.name", "expected a string")
    return name


def _dropped(body: ChatBody) -> list[Notice]:
    """Notices for the fields that ask for something that is not done. Empty values ask for nothing."""
    names = [name for name in _NOT_DONE if getattr(body, name)]
    form = body.response_format
    if form is not None:
        kind = form.get("type")
        if not isinstance(kind, str):
            raise invalid("response_format.type", "expected a string")
        if kind != "text":
            names.append("response_format")
    if body.modalities and set(body.modalities) != {"text"}:
        names.append("modalities")
    if body.service_tier not in (None, "auto", "default"):
        names.append("service_tier")
    if body.verbosity not in (None, "medium"):
        names.append("verbosity")
    return [Notice("dropped_parameter", f"{name} was dropped: it is not supported here.", name) for name in names]
