"""The models that a provider lists, in its own form. Knows shapes; prices and sizes are made up."""

from __future__ import annotations

from nemoserve.mock.ask import sees
from nemoserve.mock.styles import Body, Style

_CONTEXT = 131072
_PARAMETERS = (
    "temperature", "top_p", "top_k", "max_tokens", "stop", "seed", "frequency_penalty", "presence_penalty", "tools",
    "tool_choice", "response_format", "structured_outputs", "reasoning", "include_reasoning",
)  # fmt: skip


def model_list(style: Style, models: tuple[str, ...], created: int) -> Body | list[Body]:
    """The body of GET /models."""
    data = [model(style, each, created) for each in models]
    match style.name:
        case "openrouter":
            return {"data": data}
        case "together":
            return data
        case "llama-server":
            named: list[Body] = [{"name": each, "model": each, "type": "model"} for each in models]
            return {"models": named, "object": "list", "data": data}
        case _:
            return {"object": "list", "data": data}


def model(style: Style, name: str, created: int) -> Body:
    """One of its entries."""
    plain: Body = {"id": name, "object": "model", "created": created, "owned_by": name.partition("/")[0]}
    match style.name:
        case "openrouter" | "nemoserve":
            entry: Body = {
                **(plain if style.name == "nemoserve" else {"id": name, "created": created}),
                "canonical_slug": name.partition(":")[0],
                "name": name,
                "description": "",
                "context_length": _CONTEXT,
                "architecture": {
                    "modality": "text+image->text" if sees(name) else "text->text",
                    "input_modalities": ["text", "image"] if sees(name) else ["text"],
                    "output_modalities": ["text"],
                    "tokenizer": "Other",
                    "instruct_type": None,
                },
                "pricing": {"prompt": "0.00000004", "completion": "0.00000016", "request": "0", "image": "0"},
                "top_provider": {"context_length": _CONTEXT, "max_completion_tokens": None, "is_moderated": False},
                "per_request_limits": None,
                "supported_parameters": list(_PARAMETERS),
                "default_parameters": None,
            }
            return entry
        case "vllm" | "nim" | "sglang":
            return {**plain, "root": name, "parent": None, "max_model_len": _CONTEXT, "permission": []}
        case "together":
            pricing: Body = {"hourly": 0, "input": 0.06, "output": 0.25, "base": 0, "finetune": 0}
            return {**plain, "type": "chat", "display_name": name, "context_length": _CONTEXT, "pricing": pricing}
        case "deepinfra":
            prices: Body = {"input_tokens": 0.04, "output_tokens": 0.16}
            return {**plain, "metadata": {"context_length": _CONTEXT, "max_tokens": _CONTEXT, "pricing": prices}}
        case "llama-server":
            return {**plain, "owned_by": "llamacpp", "meta": {"n_ctx_train": _CONTEXT, "n_params": 8888227328}}
        case _:
            return plain
