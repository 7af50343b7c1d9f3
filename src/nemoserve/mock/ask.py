"""A request as the mock reads it, and what each provider's closed schema forbids. Knows fields; decides no answers."""

from __future__ import annotations

import re
from typing import Literal

import msgspec

from nemoserve.mock.styles import Body, Style

Family = Literal["nano-v2", "nano-v2-vl", "llama", "super-v1.5", "nano-3", "omni", "large-3", "other"]
"""Models that share a chat template, and so the switch of thinking."""

_FAMILIES: tuple[tuple[str, Family], ...] = (
    (r"omni", "omni"),
    (r"v2-vl", "nano-v2-vl"),
    (r"nano-(9b|12b)-v2", "nano-v2"),
    (r"super-49b-v1[._]5", "super-v1.5"),
    (r"llama.*nemotron", "llama"),
    (r"nemotron-3-nano", "nano-3"),
    (r"nemotron-3", "large-3"),
)


class Function(msgspec.Struct, frozen=True):
    name: str
    parameters: Body | None = None


class Tool(msgspec.Struct, frozen=True):
    type: str = "function"
    function: Function | None = None


class Turn(msgspec.Struct, frozen=True):
    """A message."""

    role: str
    content: str | list[Body] | None = None

    @property
    def text(self) -> str:
        """The text in it, of all parts."""
        if isinstance(self.content, list):
            return "\n".join(str(part["text"]) for part in self.content if isinstance(part.get("text"), str))
        return self.content or ""

    @property
    def images(self) -> int:
        """How many pictures are in it."""
        return sum(part.get("type") == "image_url" for part in self.content) if isinstance(self.content, list) else 0


class Ask(msgspec.Struct, frozen=True):
    """A request's fields, as far as they change the answer."""

    model: str = ""
    messages: list[Turn] = []
    prompt: str | list[str | int | list[int]] | None = None
    stream: bool | None = None
    stream_options: Body | None = None
    max_tokens: int | None = None
    max_completion_tokens: int | None = None
    temperature: float | None = None
    n: int | None = None
    stop: str | list[str] | None = None
    tools: list[Tool] | None = None
    tool_choice: str | Body | None = None
    response_format: Body | None = None
    logprobs: bool | int | None = None
    seed: int | None = None
    reasoning: Body | None = None
    reasoning_effort: str | float | None = None
    include_reasoning: bool | None = None
    chat_template_kwargs: Body | None = None
    thinking_token_budget: int | None = None
    custom_params: Body | None = None
    nvext: Body | None = None
    reasoning_budget: int | None = None
    min_thinking_tokens: int | None = None
    max_thinking_tokens: int | None = None
    thinking_budget_tokens: int | None = None
    reasoning_budget_tokens: int | None = None
    reasoning_format: str | None = None
    separate_reasoning: bool | None = None
    continue_final_message: bool | None = None

    @property
    def limit(self) -> int | None:
        """The most tokens it may cost."""
        return self.max_completion_tokens if self.max_completion_tokens is not None else self.max_tokens

    @property
    def wants_usage(self) -> bool:
        return self.stream_options is not None and self.stream_options.get("include_usage") is True


class Unacceptable(Exception):
    """A provider would refuse this request; `fields` are the ones that its closed schema does not know."""

    def __init__(self, message: str, fields: tuple[str, ...] = ()) -> None:
        super().__init__(message)
        self.fields = fields


_PICTURES = ("https://", "http://", "data:image/")
_ask = msgspec.json.Decoder(Ask)
_keys = msgspec.json.Decoder(dict[str, msgspec.Raw])

_OPENAI = frozenset(
    {
        "model", "messages", "max_tokens", "max_completion_tokens", "stream", "stream_options", "temperature", "top_p", "stop",
        "seed", "frequency_penalty", "presence_penalty", "n", "tools", "tool_choice", "parallel_tool_calls", "response_format",
        "logprobs", "top_logprobs", "logit_bias", "user",
    }
)  # fmt: skip
_TEXT = frozenset({"prompt", "echo", "suffix", "best_of"})
_NIM = frozenset(
    {
        "nvext", "chat_template_kwargs", "chat_template", "top_k", "min_p", "min_tokens", "ignore_eos", "repetition_penalty",
        "guided_json", "guided_regex", "guided_choice", "guided_grammar", "min_thinking_tokens", "max_thinking_tokens",
    }
)  # fmt: skip
_HOSTED = frozenset(
    {
        "model", "messages", "max_tokens", "stream", "temperature", "top_p", "stop", "seed", "frequency_penalty",
        "presence_penalty",
    }
)  # fmt: skip
_HOSTED_TEXT = _HOSTED | {"stream_options", "tools", "tool_choice", "parallel_tool_calls", "response_format"}
_HOSTED_FIELDS: dict[Family, frozenset[str]] = {
    "nano-v2": _HOSTED_TEXT | {"min_thinking_tokens", "max_thinking_tokens"},
    "nano-v2-vl": _HOSTED,
    "llama": _HOSTED_TEXT,
    "super-v1.5": _HOSTED_TEXT,
    "nano-3": _HOSTED_TEXT | {"chat_template_kwargs", "reasoning_budget", "max_thinking_tokens"},
    "omni": _HOSTED_TEXT | {"chat_template_kwargs", "reasoning_budget"},
    "large-3": _HOSTED_TEXT | {"chat_template_kwargs", "reasoning_budget", "reasoning_effort"},
    "other": _HOSTED_TEXT,
}
_TRANSFORMERS = _OPENAI | {
    "generation_config", "chat_template_kwargs", "audio", "function_call", "functions", "metadata", "modalities",
    "prediction", "reasoning_effort", "service_tier", "store", "web_search_options", "prompt_cache_key", "safety_identifier",
    "verbosity",
}  # fmt: skip


def family(model: str) -> Family:
    """Which template a model id stands for."""
    name = model.lower()
    for pattern, kind in _FAMILIES:
        if re.search(pattern, name):
            return kind
    return "other"


def read(style: Style, body: bytes, *, chat: bool) -> Ask:
    """The request in `body`. Raises Unacceptable where the provider would refuse it."""
    try:
        ask = _ask.decode(body)
        if style.closed:
            _close(style, ask, frozenset(_keys.decode(body)), chat=chat)
    except msgspec.MsgspecError as error:
        raise Unacceptable(f"Invalid request body: {error}") from error
    if chat and not ask.messages:
        raise Unacceptable("messages: at least one message is needed")
    if not chat and ask.prompt is None:
        raise Unacceptable("prompt: Field required")
    for at, turn in enumerate(ask.messages):
        _see(f"messages[{at}].content", turn, ask.model)
    if style.name == "aiml" and ask.seed is not None and ask.seed < 1:
        raise Unacceptable("seed: Number must be greater than or equal to 1")
    if style.name == "llama-server" and ask.logprobs and ask.tools and ask.stream:
        raise Unacceptable("logprobs is not supported with tools + stream")
    if ask.limit is not None and ask.limit < 1:
        raise Unacceptable(f"max_tokens must be at least 1, got {ask.limit}.")
    return ask


def sees(model: str) -> bool:
    """Whether a model reads images: of the family those whose names say so, and any model of others."""
    name = model.lower()
    return "nemo" not in name or "-vl" in name or "omni" in name


def _see(where: str, turn: Turn, model: str) -> None:
    parts = turn.content if isinstance(turn.content, list) else []
    for part in parts:
        if part.get("type") == "text" and isinstance(part.get("text"), str):
            continue
        image = part.get("image_url")
        url = msgspec.convert(image, Body).get("url") if isinstance(image, dict) else None
        if part.get("type") != "image_url" or not isinstance(url, str) or not url.startswith(_PICTURES):
            raise Unacceptable(f"{where}: a part is neither a text nor an image_url with an address or a data: URL")
        if not sees(model):
            raise Unacceptable(f"{where}: {model} does not support image input")


def _close(style: Style, ask: Ask, keys: frozenset[str], *, chat: bool) -> None:
    kind = family(ask.model)
    match style.closed:
        case "nim":
            known = _OPENAI | _NIM
        case "nvidia":
            known = _HOSTED_FIELDS[kind]
            _hosted_ranges(kind, ask)
        case _:
            known = _TRANSFORMERS
    unknown = tuple(sorted(keys - known - (frozenset() if chat else _TEXT)))
    if unknown:
        raise Unacceptable(f"Unsupported parameter(s): {', '.join(unknown)}", unknown)


def _hosted_ranges(kind: Family, ask: Ask) -> None:
    most = {"large-3": 32768, "omni": 65536}.get(kind)
    if most is not None and ask.max_tokens is not None and ask.max_tokens > most:
        raise Unacceptable(f"max_tokens: Input should be less than or equal to {most}")
    if ask.temperature is not None and ask.temperature > 1:
        raise Unacceptable("temperature: Input should be less than or equal to 1")
    if ask.reasoning_budget is not None and not -1 <= ask.reasoning_budget <= 32768:
        raise Unacceptable("reasoning_budget: Input should be between -1 and 32768")
    if kind == "large-3" and ask.reasoning_effort not in (None, "none", "low", "high"):
        raise Unacceptable("reasoning_effort: Input should be 'none', 'low' or 'high'")
