"""What an account is told: generations, credits, activity. Knows OpenRouter's names and shapes; money leaves as dollars."""

from __future__ import annotations

from typing import get_args

from nemoserve.http.wire_reply import Body
from nemoserve.ledger.generations import Generation
from nemoserve.ledger.periods import iso
from nemoserve.ledger.pricing import LOCAL_PROVIDER
from nemoserve.ledger.reports import Credits, Used
from nemoserve.types.entry import Entry
from nemoserve.types.errors import ApiError, ErrorType
from nemoserve.types.money import dollars

ACTIVITY = (
    "date", "model", "model_permaslug", "endpoint_id", "provider_name", "usage", "byok_usage_inference", "requests",
    "prompt_tokens", "completion_tokens", "reasoning_tokens",
)  # fmt: skip
"""The fields of an item, in order."""


def generation_body(generation: Generation) -> Body:
    """What stands under `data`.

    `tokens_*` equal `native_tokens_*`: both are the model's own tokens, nothing is counted by another tokenizer. With
    `tokens_estimated` nobody told them, or not all, and they were counted by the text. `latency` is the time to the first token
    and `generation_time` the whole time of the attempt that answered, in milliseconds. Fields of things that do not exist here
    are null or 0.
    """
    last = generation.answered
    cost = dollars(generation.cost)
    return {
        "id": last.generation_id,
        "request_id": last.request_id or None,
        "upstream_id": None,
        "created_at": iso(generation.attempts[0].created_at),
        "api_type": "completions",
        "model": last.model,
        "provider_name": last.provider,
        "provider_responses": [_provider_response(attempt) for attempt in generation.attempts],
        "streamed": last.streamed,
        "cancelled": last.outcome == "cancelled",
        # Nobody was there to tell a reason when its server died.
        "finish_reason": "error" if last.outcome == "killed" else last.finish_reason,
        "native_finish_reason": last.native_finish_reason,
        "latency": last.first_token_ms,
        "moderation_latency": None,
        "generation_time": last.total_ms,
        "tokens_prompt": last.prompt_tokens,
        "tokens_completion": last.completion_tokens,
        "native_tokens_prompt": last.prompt_tokens,
        "native_tokens_completion": last.completion_tokens,
        "native_tokens_completion_images": 0,
        "native_tokens_reasoning": last.reasoning_tokens,
        "native_tokens_cached": last.cached_tokens,
        "tokens_estimated": last.tokens_estimated,
        "num_media_prompt": last.images,
        "num_media_completion": 0,
        "num_input_audio_prompt": 0,
        "num_search_results": 0,
        "num_fetches": 0,
        "usage": cost,
        "total_cost": cost,
        "cache_discount": None,
        "upstream_inference_cost": None if last.provider == LOCAL_PROVIDER else cost,
        "is_byok": False,
        "origin": last.app_url,
        "http_referer": last.app_url or None,
        "user_agent": last.user_agent or None,
        "external_user": last.user or None,
        "session_id": last.session_id,
        "app_id": None,
        "data_region": "global",
        "preset_id": None,
        "response_cache_source_id": None,
        "router": None,
        "service_tier": None,
        "web_search_engine": None,
        "workspace_id": None,
    }


def credits_body(credit: Credits) -> Body:
    """What stands under `data`."""
    return {"total_credits": dollars(credit.total), "total_usage": dollars(credit.used)}


def activity_item(line: Used) -> Body:
    """A day's use of one model at one provider."""
    day, model, provider = (value or "" for value in line.group)
    return {
        "date": day,
        "model": model,
        "model_permaslug": model,
        "endpoint_id": _endpoint(provider, model),
        "provider_name": provider,
        "usage": dollars(line.cost),
        "byok_usage_inference": 0,
        "requests": line.requests,
        "prompt_tokens": line.prompt_tokens,
        "completion_tokens": line.completion_tokens,
        "reasoning_tokens": line.reasoning_tokens,
    }


def _provider_response(attempt: Entry) -> Body:
    body: Body = {
        "id": attempt.id,
        "endpoint_id": _endpoint(attempt.provider, attempt.model),
        "is_byok": False,
        "model_permaslug": attempt.model,
        "provider_name": attempt.provider,
        "status": None if attempt.outcome in ("cancelled", "killed") else _status(attempt),
    }
    if attempt.first_token_ms is not None:
        body["latency"] = attempt.first_token_ms
    return body


def _status(attempt: Entry) -> int:
    if attempt.outcome != "failed":
        return 200
    kinds: tuple[ErrorType, ...] = get_args(ErrorType)
    return next((ApiError(kind, "").status for kind in kinds if kind == attempt.error_type), 500)


def _endpoint(provider: str, model: str) -> str:
    return f"{provider}/{model}"
