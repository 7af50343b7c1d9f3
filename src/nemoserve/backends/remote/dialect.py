"""How providers that speak OpenAI's API differ from each other, as data. Knows names of fields; sends nothing.

A provider gets no field that it does not know: some ignore those, some refuse the request.
"""

from __future__ import annotations

from typing import Final, Literal

import msgspec

from nemoserve.config.providers import ProviderType
from nemoserve.types.model import Family

Steering = Literal["object", "effort_object", "template", "effort", "hosted_nim", "text"]
"""What switches thinking where the family's own switch is no text: OpenRouter's `reasoning` object with `enabled`; the same with an
effort alone; the template's variables; those and `reasoning_effort`; build.nvidia.com's fields; nothing but text."""

Budget = Literal["none", "object", "object_and_number", "thinking_token_budget", "nvext", "hosted_nim", "llama"]
"""How most tokens of thinking are asked for. `object_and_number`: in the object, or by vLLM's number where that has an effort."""

Continuing = Literal["no", "message", "flag"]
"""How a reply is taken up again where it was left: not, by a last assistant message, or with vLLM's flag beside it."""


class Dialect(msgspec.Struct, frozen=True, kw_only=True):
    """One provider type."""

    fields: frozenset[str]
    """Fields of the body besides `model`, `messages`, `prompt`, `stream` and those that steer thinking."""
    closed: bool = False
    """Unknown fields are refused, and each model has a list of its own."""
    steering: Steering = "template"
    budget: Budget = "none"
    continuing: Continuing = "no"
    past_thinking: Literal["", "reasoning", "reasoning_content"] = ""
    """The field of an assistant message that takes past thinking; empty: it is left out."""
    tells_usage: bool = True
    """Streams have counts at their end, if `stream_options` asks for them."""
    splits: bool | None = True
    """False: the model's text comes as it is, thinking and all. None: that depends on how the server was started."""
    hidden_limits: bool = False
    """How many requests a key may make is not published."""
    names: dict[str, str] = {}
    """Fields that it knows by another name."""
    named_tool: bool = True
    """One tool can be asked for by its name; else it is the only one that is offered."""
    strict_tools: bool = False
    """It knows `strict` in a tool. Others may refuse it, or write it into the model's prompt."""
    fewest_alternatives: Literal[0, 1] = 0
    """Where fewer are wanted of each token, so many are asked for, as it would give none at all, or more."""
    repeats_prefill: bool = False
    """A reply may begin with what it continues."""
    any_top_k: Literal[0, -1] = 0
    """What says that `top_k` limits nothing."""
    ranges: dict[str, tuple[float, float]] = {}
    """Least and most of fields of which it takes less than a request may say."""
    images: Literal["by_model", "if_told"] = "by_model"
    """Who says whether images are read: the catalogue, by the model, or only the configuration, as the server needs a file more for it."""
    broke: frozenset[int] = frozenset({402})
    """Statuses that mean a key is out of money."""
    texts: frozenset[str] | None = frozenset({"echo"})
    """Plain texts are continued, at `/completions`, which takes these fields besides; None: they are not."""
    routes: bool = False
    """It asks others itself, and minds what the request says of their handling of data."""
    guided: Literal["no", "structured_outputs", "sglang", "nvext", "llama"] = "no"
    """How a regular expression, a choice or a grammar is asked for."""


_CORE: Final = frozenset({"max_tokens", "temperature", "top_p", "stop"})
_OPENAI: Final = _CORE | {
    "seed", "frequency_penalty", "presence_penalty", "logit_bias", "logprobs", "top_logprobs", "n", "tools", "tool_choice",
    "parallel_tool_calls", "response_format", "stream_options",
}  # fmt: skip
_SAMPLING: Final = frozenset({"top_k", "min_p", "repetition_penalty"})
_ENGINE: Final = _OPENAI | _SAMPLING | {"stop_token_ids", "ignore_eos", "chat_template_kwargs"}
_TEXT_OPTIONS: Final = frozenset({"echo", "add_special_tokens"})

DIALECTS: Final[dict[ProviderType, Dialect]] = {
    "openai": Dialect(fields=_OPENAI, strict_tools=True, steering="effort"),
    "openrouter": Dialect(
        fields=_OPENAI | _SAMPLING,
        strict_tools=True,
        steering="object",
        budget="object",
        continuing="message",
        past_thinking="reasoning",
        routes=True,
    ),
    "nim": Dialect(
        fields=_OPENAI | _SAMPLING | {"ignore_eos", "chat_template_kwargs", "nvext"},
        closed=True,
        budget="nvext",
        guided="nvext",
    ),
    "nvidia": Dialect(
        fields=_CORE
        | {
            "seed",
            "frequency_penalty",
            "presence_penalty",
            "tools",
            "tool_choice",
            "parallel_tool_calls",
            "response_format",
            "stream_options",
            "chat_template_kwargs",
        },
        closed=True,
        ranges={"temperature": (0, 1)},
        steering="hosted_nim",
        budget="hosted_nim",
        hidden_limits=True,
        texts=None,
    ),
    "aiml": Dialect(
        fields=(_OPENAI - {"logit_bias", "logprobs", "top_logprobs", "n"}) | _SAMPLING,
        ranges={"seed": (1, 1 << 63), "top_p": (0.01, 1), "min_p": (0.001, 0.999)},
        strict_tools=True,
        steering="effort_object",
        budget="object",
        past_thinking="reasoning",
        hidden_limits=True,
        broke=frozenset({402, 403}),
        texts=None,
    ),
    "neuralhub": Dialect(
        fields=_CORE - {"stop"},
        steering="text",
        tells_usage=False,
        splits=False,
        hidden_limits=True,
        texts=None,
    ),
    "deepinfra": Dialect(
        fields=_OPENAI | _SAMPLING, steering="object", continuing="message", past_thinking="reasoning_content"
    ),
    "together": Dialect(
        fields=_OPENAI | _SAMPLING | {"chat_template_kwargs"}, continuing="message", past_thinking="reasoning"
    ),
    "vllm": Dialect(
        fields=_ENGINE,
        any_top_k=-1,
        budget="thinking_token_budget",
        continuing="flag",
        past_thinking="reasoning",
        splits=None,
        guided="structured_outputs",
        texts=_TEXT_OPTIONS,
    ),
    "sglang": Dialect(
        fields=_ENGINE,
        strict_tools=True,
        any_top_k=-1,
        continuing="flag",
        past_thinking="reasoning_content",
        splits=None,
        guided="sglang",
    ),
    "llama-server": Dialect(
        # It makes several choices, and counts the tokens of one.
        fields=_ENGINE - {"stop_token_ids", "n"},
        names={"repetition_penalty": "repeat_penalty"},
        named_tool=False,
        fewest_alternatives=1,
        repeats_prefill=True,
        budget="llama",
        continuing="message",
        past_thinking="reasoning_content",
        splits=None,
        guided="llama",
        images="if_told",
        texts=frozenset(),
    ),
    "transformers": Dialect(
        fields=_CORE | {"seed", "frequency_penalty", "logit_bias", "tools", "chat_template_kwargs"},
        closed=True,
        tells_usage=False,
        splits=False,
        texts=None,
    ),
    "nemoserve": Dialect(
        fields=_ENGINE,
        strict_tools=True,
        steering="object",
        budget="object_and_number",
        continuing="message",
        past_thinking="reasoning",
        guided="structured_outputs",
        texts=_TEXT_OPTIONS,
        routes=True,
    ),
}

_NO_TOOLS_WITH_IMAGES: Final = frozenset(
    {"tools", "tool_choice", "parallel_tool_calls", "response_format", "stream_options"}
)
_SMALL_TEMPLATES: Final = frozenset({"nemotron-3", "nemotron-3-super", "nemotron-3-ultra"})
_SWITCHED: Final = frozenset({"reasoning", "include_reasoning", "reasoning_effort"})


def fields_for(dialect: Dialect, family: Family) -> frozenset[str]:
    """The fields that a model of this family takes: where schemas are closed, each model has its own."""
    fields = dialect.fields
    if dialect.steering == "hosted_nim":
        if family.name == "nano-v2-vl":
            fields -= _NO_TOOLS_WITH_IMAGES
        if family.name not in _SMALL_TEMPLATES:
            fields -= {"chat_template_kwargs"}
    elif dialect.past_thinking and dialect.steering == "effort_object" and family.name == "nano-v2-vl":
        fields -= _NO_TOOLS_WITH_IMAGES - {"stream_options"}
    return fields


def parameters_for(dialect: Dialect, family: Family) -> frozenset[str]:
    """The request's fields that are honoured, by the names under which models list them."""
    fields = fields_for(dialect, family)
    names = fields - {"stream_options", "nvext"}
    if "response_format" in names:
        names |= {"structured_outputs"}
    if "max_tokens" in names:
        names |= {"max_completion_tokens"}
    if family.switch != "none" or dialect.steering in ("object", "effort_object", "effort"):
        names |= _SWITCHED
    return names


def limits_thinking(dialect: Dialect, family: Family) -> bool:
    """Whether a budget can be asked for in the provider's own words."""
    match dialect.budget:
        case "none":
            return False
        case "nvext":
            return family.switch != "detailed" and family.name not in ("llama-v1.5", "nano-v2-vl")
        case "hosted_nim":
            return family.name == "nano-v2" or family.name in _SMALL_TEMPLATES
        case _:
            return True


def can_limit(dialect: Dialect, family: Family) -> bool:
    """Whether thinking can be limited at all: by the provider, or by two calls."""
    return limits_thinking(dialect, family) or dialect.continuing != "no"
