"""The chat request's body. Knows every field that is understood, and which of the others ask for what is not done."""

from __future__ import annotations

import msgspec

from nemoserve.http.wire_context import read_context
from nemoserve.http.wire_messages import WireMessage, read_messages
from nemoserve.http.wire_output import read_output
from nemoserve.http.wire_reasoning import ReasoningFields, read_reasoning, template_variables
from nemoserve.http.wire_routing import model_names, provider_notices, read_preferences, wants_family
from nemoserve.http.wire_sampling import MOST_TOP_LOGPROBS, read_sampling
from nemoserve.http.wire_session import session_of
from nemoserve.http.wire_tools import read_tools
from nemoserve.types.chat import ChatRequest, Notice
from nemoserve.types.errors import invalid

# Names that the template's surroundings define; a request must not redefine them.
_RESERVED_VARIABLES = frozenset({
    "messages", "tools", "documents", "add_generation_prompt", "continue_final_message", "bos_token", "eos_token",
    "raise_exception", "strftime_now",
})  # fmt: skip


class ChatBody(ReasoningFields, kw_only=True):
    """A chat completion's body. Unknown fields are let through; `unknown_fields` tells of them."""

    messages: list[WireMessage] | None = None
    prompt: object = None
    """A chat call with a prompt and no messages is a text completion."""
    max_completion_tokens: int | None = None
    logprobs: bool | None = None
    top_logprobs: int | None = None
    tools: list[dict[str, object]] | None = None
    tool_choice: str | dict[str, object] | None = None
    parallel_tool_calls: bool | None = None
    modalities: list[str] | None = None
    service_tier: str | None = None
    transforms: object = None
    plugins: object = None
    verbosity: str | None = None
    min_tokens: int | None = None
    top_a: float | None = None
    # Fields that would change the answer, were they honoured.
    audio: object = None
    function_call: object = None
    functions: object = None
    image_config: object = None
    prediction: object = None
    web_search_options: object = None


_NOT_DONE = (
    "audio", "function_call", "functions", "image_config", "prediction", "web_search_options", "min_tokens", "top_a",
)  # fmt: skip

CHAT_DECODER = msgspec.json.Decoder(ChatBody)


def read_chat(body: ChatBody, *, most_choices: int, session_id: str | None = None) -> ChatRequest:
    """The typed request; `session_id` is the header's, which the body's own goes before.

    Raises ApiError (400) naming the field that makes no sense.
    """
    if body.messages is None:
        raise invalid("messages", "required")
    messages, notices = read_messages(body.messages)
    for name in body.chat_template_kwargs or ():
        if name in _RESERVED_VARIABLES:
            raise invalid(f"chat_template_kwargs.{name}", "the server sets this variable itself")
    intent, reasoning_notices = read_reasoning(body, elsewhere=("nvext.guided_",))
    tools, strict, tool_choice, tool_notices = read_tools(body.tools or [], body.tool_choice)
    output, output_notices = read_output(body)
    compression, context_notices = read_context(body.transforms, body.plugins)
    sampling = read_sampling(body, max_tokens=_max_tokens(body), logprobs=_logprobs(body), most_choices=most_choices)
    return ChatRequest(
        models=model_names(body),
        messages=messages,
        sampling=sampling,
        reasoning=intent,
        tools=tools,
        strict_tools=strict,
        tool_choice=tool_choice,
        parallel_tool_calls=body.parallel_tool_calls is not False,
        output=output,
        session_id=session_of(body, session_id),
        stream=body.stream is True,
        preferences=read_preferences(body),
        fallback_to_family=wants_family(body),
        compression=compression,
        template_kwargs=template_variables(body),
        warnings=(
            *notices,
            *reasoning_notices,
            *tool_notices,
            *output_notices,
            *context_notices,
            *_dropped(body),
            *provider_notices(body),
        ),
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


def _dropped(body: ChatBody) -> list[Notice]:
    """Notices for the fields that ask for something that is not done. Empty values ask for nothing."""
    names = [name for name in _NOT_DONE if getattr(body, name)]
    if body.modalities and set(body.modalities) != {"text"}:
        names.append("modalities")
    if body.service_tier not in (None, "auto", "default"):
        names.append("service_tier")
    if body.verbosity not in (None, "medium"):
        names.append("verbosity")
    return [Notice("dropped_parameter", f"{name} was dropped: it is not supported here.", name) for name in names]
