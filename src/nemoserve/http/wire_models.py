"""A model in the list: OpenAI's and OpenRouter's fields together, as clients of either read them."""

from __future__ import annotations

from decimal import Decimal

from nemoserve.backends.base import Backend
from nemoserve.http.wire_reply import OWNER, Body
from nemoserve.reasoning.sampling import with_recommended
from nemoserve.types.chat import Sampling
from nemoserve.types.price import Price

_ALWAYS = (
    "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "max_tokens",
    "max_completion_tokens", "logit_bias", "logprobs", "top_logprobs", "seed", "stop", "response_format",
    "structured_outputs",
)  # fmt: skip


def model_body(backend: Backend, price: Price) -> Body:
    """One entry of the list, with the price that holds now."""
    card = backend.card
    parameters = list(_ALWAYS)
    if card.calls_tools:
        parameters += ["tools", "tool_choice", "parallel_tool_calls"]
    defaults = with_recommended(Sampling(), card, card.family.thinks)
    thinks = card.family.switch != "none"
    if thinks:
        parameters += ["reasoning", "include_reasoning", "reasoning_effort"]
    body: Body = {
        "id": card.id,
        "object": "model",
        "created": card.created,
        "owned_by": OWNER,
        "root": card.id,
        "parent": None,
        "max_model_len": card.context_length,
        "permission": [],
        "canonical_slug": card.id,
        "hugging_face_id": card.hugging_face_id,
        "name": card.name,
        "description": card.description,
        "context_length": card.context_length,
        "architecture": {
            "modality": "text->text",
            "input_modalities": ["text"],
            "output_modalities": ["text"],
            "tokenizer": "Other",
            "instruct_type": "nemotron" if thinks else None,
        },
        "pricing": _pricing(price),
        "top_provider": {
            "context_length": card.context_length,
            "max_completion_tokens": card.max_completion_tokens,
            "is_moderated": False,
        },
        "per_request_limits": None,
        "supported_parameters": parameters,
        "default_parameters": {
            "temperature": defaults.temperature,
            "top_p": defaults.top_p,
            "top_k": defaults.top_k,
            "frequency_penalty": None,
            "presence_penalty": None,
            "repetition_penalty": None,
        },
        "supported_voices": None,
        "knowledge_cutoff": None,
        "expiration_date": None,
        "links": {"details": f"/v1/models/{card.id}"},
        "status": backend.health.state,
    }
    if thinks:
        body["reasoning"] = {
            "mandatory": False,
            "default_enabled": card.family.thinks,
            "supported_efforts": None,
            "supports_max_tokens": True,
        }
    return body


def _pricing(price: Price) -> dict[str, str]:
    """Dollars for one token, image or request, as exact decimals."""
    pico = {
        "prompt": price.prompt,
        "completion": price.completion,
        "request": price.request,
        "image": price.image,
        "web_search": 0,
        "internal_reasoning": price.completion if price.reasoning is None else price.reasoning,
        **({} if price.cached is None else {"input_cache_read": price.cached}),
    }
    return {name: f"{Decimal(amount).scaleb(-12).normalize():f}" for name, amount in pico.items()}
