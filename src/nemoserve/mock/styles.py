"""How each provider's wire format differs from the others', as data. Knows names and shapes; makes no bodies.

What a provider does not document is left out rather than guessed: a reader that needs it fails here as it would there.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Body = dict[str, object]

Spelling = Literal[
    "reasoning", "reasoning_effort", "include_reasoning", "template", "thinking_token_budget", "custom_params", "nvext",
    "reasoning_budget", "thinking_tokens", "budget_tokens", "reasoning_format", "separate_reasoning",
]  # fmt: skip
"""A way to steer thinking; `template` is `chat_template_kwargs`."""

UsageShape = Literal["plain", "openai", "openrouter", "reseller", "deepinfra", "together", "vllm", "sglang", "llama"]
ErrorShape = Literal[
    "openai", "openrouter", "nvidia", "aiml", "deepinfra", "together", "vllm", "sglang", "llama", "detail"
]  # fmt: skip


class Style(msgspec.Struct, frozen=True, kw_only=True):
    """One provider's wire format."""

    name: str
    prefixes: tuple[str, ...] = ("/v1",)
    """What stands before `/chat/completions`; the first is the one to configure."""
    models: tuple[str, ...]
    """The ids it serves, its own spelling."""
    any_model: bool = False
    """It answers to any model id, as a server of one model does."""
    wants_key: bool = False
    """Without an Authorization header it answers 401."""
    provider: str | None = None
    """The value of `provider` in replies."""
    id_prefix: str = "chatcmpl-"
    reasoning_field: Literal["reasoning", "reasoning_content", "tags", ""] = "reasoning_content"
    """Where thinking is returned: a field, `<think>` tags in the content, or nowhere."""
    reasoning_details: bool = False
    thinks: bool = True
    """Whether thinking is on where neither the request nor the model's family says."""
    spellings: frozenset[Spelling] = frozenset()
    closed: Literal["", "nim", "nvidia", "transformers"] = ""
    """Whose list of known request fields holds; others are refused. Empty: unknown fields are ignored."""
    native_finish: bool = False
    usage: UsageShape = "plain"
    stream_usage: Literal["asked", "repeat", "finish", "never"] = "asked"
    """`asked`: a last chunk without choices, with `stream_options.include_usage`. `repeat`: the finish chunk again, with it.
    `finish`: in the finish chunk."""
    done: bool = True
    """Streams end with `[DONE]`."""
    role_everywhere: bool = False
    whole_calls: bool = False
    """A streamed tool call comes in one piece."""
    comment: bytes = b""
    """A keep-alive, where the provider sends them until the first token."""
    comment_every_s: float = 1.0
    opens_with_comment: bool = False
    completions: bool = True
    errors: ErrorShape = "openai"
    whole: Body = {}
    """Fields of every body that is not streamed."""
    chunk: Body = {}
    message: Body = {}
    delta: Body = {}
    choice: Body = {}
    """Fields of every choice, streamed or not."""
    finish: Body = {}
    """Fields of the choice that says the finish reason."""
    pages: dict[str, Body] = {}
    """Other pages that it answers to GET, by path."""


_ASKS: frozenset[Spelling] = frozenset({"reasoning", "reasoning_effort", "include_reasoning"})
_ENGINES: frozenset[Spelling] = frozenset(
    {"template", "thinking_token_budget", "nvext", "reasoning_budget", "thinking_tokens"}
)
_SLUGS = (
    "nvidia/nemotron-nano-9b-v2",
    "nvidia/nemotron-nano-12b-v2-vl",
    "nvidia/llama-3.3-nemotron-super-49b-v1.5",
    "nvidia/nemotron-3-nano-30b-a3b",
    "nvidia/nemotron-3-super-120b-a12b",
    "nvidia/nemotron-3-ultra-550b-a55b",
    "nvidia/nemotron-3-nano-omni-30b-a3b-reasoning",
)
_HUB = ("nvidia/NVIDIA-Nemotron-Nano-9B-v2", "nvidia/NVIDIA-Nemotron-3-Nano-30B-A3B-BF16")
_NVIDIA = (
    "nvidia/nvidia-nemotron-nano-9b-v2",
    "nvidia/nemotron-nano-12b-v2-vl",
    "nvidia/nemotron-3-nano-30b-a3b",
    "nvidia/nemotron-3-super-120b-a12b",
    "nvidia/nemotron-3-ultra-550b-a55b",
    "nvidia/nemotron-3-nano-omni-30b-a3b-reasoning",
    "nvidia/llama-3.3-nemotron-super-49b-v1",
    "nvidia/llama-3.3-nemotron-super-49b-v1.5",
    "nvidia/llama-3.1-nemotron-nano-8b-v1",
    "nvidia/llama-3.1-nemotron-ultra-253b-v1",
)

_ALL = (
    # Thinks in secret: the tokens are counted, the text is not returned, as OpenAI's own chat completions do.
    Style(
        name="openai",
        models=_SLUGS,
        reasoning_field="",
        thinks=False,
        spellings=frozenset({"reasoning_effort"}),
        usage="openai",
        whole={"service_tier": "default", "system_fingerprint": "fp_6d6f636b00"},
        chunk={"service_tier": "default", "system_fingerprint": "fp_6d6f636b00"},
        message={"refusal": None, "annotations": []},
        choice={"logprobs": None},
    ),
    Style(
        name="openrouter",
        prefixes=("/api/v1",),
        models=(*_SLUGS, "nvidia/nemotron-nano-9b-v2:free"),
        wants_key=True,
        provider="DeepInfra",
        id_prefix="gen-",
        reasoning_field="reasoning",
        reasoning_details=True,
        spellings=_ASKS,
        native_finish=True,
        usage="openrouter",
        stream_usage="repeat",
        role_everywhere=True,
        comment=b": OPENROUTER PROCESSING\n\n",
        opens_with_comment=True,
        errors="openrouter",
        whole={"system_fingerprint": None},
        message={"refusal": None},
        choice={"logprobs": None},
        pages={
            "/key": {"data": {"label": "sk-or-v1-…", "limit": None, "limit_remaining": None, "usage": 0}},
            "/credits": {"data": {"total_credits": 10, "total_usage": 0}},
        },
    ),
    Style(
        name="nim",
        models=("nvidia/nvidia-nemotron-nano-9b-v2",),
        spellings=frozenset({"template", "nvext", "thinking_tokens"}),
        closed="nim",
        errors="vllm",
        choice={"logprobs": None},
        finish={"stop_reason": None},
        pages={
            "/health/live": {"object": "readyhealth.response", "message": "Service is live."},
            "/health/ready": {"object": "health.response", "message": "Service is ready."},
            "/version": {"release": "1.15.0", "api": "1.15.0"},
            "/metadata": {"assetInfo": [], "modelInfo": [], "version": "1.15.0", "selectedModelProfileId": "mock"},
        },
    ),
    Style(
        name="nvidia",
        models=_NVIDIA,
        wants_key=True,
        spellings=frozenset({"template", "reasoning_effort", "reasoning_budget", "thinking_tokens"}),
        closed="nvidia",
        errors="nvidia",
        choice={"logprobs": None},
    ),
    # A reseller: OpenRouter's bodies passed through, with its own `meta`.
    Style(
        name="aiml",
        prefixes=("/v1", ""),
        models=_SLUGS,
        wants_key=True,
        provider="DeepInfra",
        id_prefix="gen-",
        reasoning_field="reasoning",
        reasoning_details=True,
        spellings=frozenset({"reasoning"}),
        native_finish=True,
        usage="reseller",
        stream_usage="repeat",
        completions=False,
        errors="aiml",
        message={"refusal": None},
        choice={"logprobs": None},
    ),
    Style(
        name="neuralhub",
        models=("nvidia/nemotron-nano-12b-v2-vl",),
        wants_key=True,
        reasoning_field="tags",
        thinks=False,
        stream_usage="never",
        completions=False,
    ),
    Style(
        name="deepinfra",
        prefixes=("/v1/openai", "/v1"),
        models=("nvidia/NVIDIA-Nemotron-Nano-9B-v2", "nvidia/Nemotron-3-Nano-30B-A3B", *_SLUGS[:2]),
        wants_key=True,
        spellings=frozenset({"reasoning", "reasoning_effort"}),
        usage="deepinfra",
        errors="deepinfra",
        choice={"logprobs": None},
    ),
    Style(
        name="together",
        models=("nvidia/NVIDIA-Nemotron-Nano-9B-v2", "nvidia/NVIDIA-Nemotron-3-Ultra-550B-A55B"),
        wants_key=True,
        id_prefix="o",
        reasoning_field="reasoning",
        spellings=frozenset({"reasoning", "reasoning_effort", "template"}),
        usage="together",
        stream_usage="finish",
        errors="together",
        whole={"prompt": []},
        choice={"logprobs": None},
    ),
    Style(
        name="vllm",
        models=_HUB,
        reasoning_field="reasoning",
        spellings=frozenset({"template", "reasoning_effort", "thinking_token_budget", "include_reasoning"}),
        usage="vllm",
        errors="vllm",
        whole={
            "service_tier": None,
            "system_fingerprint": None,
            "prompt_logprobs": None,
            "prompt_token_ids": None,
            "kv_transfer_params": None,
        },
        message={"refusal": None, "annotations": None, "audio": None, "function_call": None, "tool_calls": []},
        choice={"logprobs": None},
        finish={"stop_reason": None, "token_ids": None},
        pages={"/health": {}, "/version": {"version": "0.33.0"}},
    ),
    Style(
        name="sglang",
        models=_HUB,
        id_prefix="",
        spellings=frozenset({"template", "reasoning", "reasoning_effort", "custom_params", "separate_reasoning"}),
        usage="sglang",
        errors="sglang",
        whole={"metadata": {"weight_version": "default"}},
        chunk={"usage": None},
        message={"tool_calls": None},
        delta={"content": None, "reasoning_content": None, "tool_calls": None},
        choice={"logprobs": None},
        finish={"matched_stop": 11},
        pages={"/health": {}, "/version": {"version": "0.5.23"}},
    ),
    Style(
        name="llama-server",
        prefixes=("/v1", ""),
        models=("NVIDIA-Nemotron-Nano-9B-v2-Q4_K_M.gguf",),
        any_model=True,
        spellings=frozenset({"template", "reasoning_effort", "budget_tokens", "reasoning_format"}),
        usage="llama",
        comment=b":\n\n",
        comment_every_s=30.0,
        errors="llama",
        whole={"system_fingerprint": "b7100-6d6f636b"},
        chunk={"system_fingerprint": "b7100-6d6f636b"},
        pages={"/health": {"status": "ok"}, "/props": {"total_slots": 4, "model_path": "mock.gguf"}},
    ),
    Style(
        name="nemoserve",
        prefixes=("/v1", "/api/v1"),
        models=("nemoserve/mini", *_SLUGS),
        provider="nemoserve",
        id_prefix="gen-",
        reasoning_field="reasoning",
        reasoning_details=True,
        spellings=_ASKS | _ENGINES,
        native_finish=True,
        usage="openrouter",
        stream_usage="repeat",
        comment=b": nemoserve\n\n",
        comment_every_s=10.0,
        errors="openrouter",
        whole={"system_fingerprint": None},
        message={"refusal": None},
        choice={"logprobs": None},
        pages={"/health/live": {"status": "live"}, "/health/ready": {"status": "ready"}},
    ),
    Style(
        name="transformers",
        models=_HUB,
        id_prefix="",
        spellings=frozenset({"template"}),
        closed="transformers",
        stream_usage="finish",
        done=False,
        whole_calls=True,
        errors="detail",
        chunk={"system_fingerprint": ""},
        pages={"/health": {"status": "ok"}},
    ),
)
STYLES: dict[str, Style] = {style.name: style for style in _ALL}
"""Every provider's wire format, by name."""
