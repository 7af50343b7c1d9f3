"""Token counts as each provider writes them. Knows shapes; the counts are given."""

from __future__ import annotations

from nemoserve.mock.styles import Body, Style

_PROMPT_PRICE, _COMPLETION_PRICE = 0.04e-6, 0.16e-6
"""USD per token, where a provider says what a reply cost."""


def usage(style: Style, prompt: int, completion: int, reasoning: int) -> Body:
    """The `usage` object; `completion` includes `reasoning`."""
    plain: Body = {"prompt_tokens": prompt, "completion_tokens": completion, "total_tokens": prompt + completion}
    cost = round(prompt * _PROMPT_PRICE + completion * _COMPLETION_PRICE, 12)
    match style.usage:
        case "openai":
            return {
                **plain,
                "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
                "completion_tokens_details": {
                    "reasoning_tokens": reasoning,
                    "audio_tokens": 0,
                    "accepted_prediction_tokens": 0,
                    "rejected_prediction_tokens": 0,
                },
            }
        case "openrouter":
            return {
                **plain,
                "cost": cost,
                "is_byok": False,
                "prompt_tokens_details": {
                    "cached_tokens": 0,
                    "cache_write_tokens": 0,
                    "audio_tokens": 0,
                    "video_tokens": 0,
                },
                "cost_details": {
                    "upstream_inference_cost": cost,
                    "upstream_inference_prompt_cost": round(prompt * _PROMPT_PRICE, 12),
                    "upstream_inference_completions_cost": round(completion * _COMPLETION_PRICE, 12),
                },
                "completion_tokens_details": {"reasoning_tokens": reasoning, "image_tokens": 0, "audio_tokens": 0},
            }
        case "reseller":
            return {
                **plain,
                "prompt_tokens_details": None,
                "completion_tokens_details": {"reasoning_tokens": reasoning} if reasoning else None,
            }
        case "deepinfra":
            return {**plain, "prompt_tokens_details": None, "estimated_cost": cost}
        case "together":
            return {**plain, "cached_tokens": 0}
        case "vllm":
            return {
                **plain,
                "prompt_tokens_details": None,
                "completion_tokens_details": {"reasoning_tokens": reasoning},
            }
        case "sglang":
            details = {"completion_tokens_details": {"reasoning_tokens": reasoning}} if reasoning else {}
            return {**plain, "prompt_tokens_details": None, "reasoning_tokens": reasoning, **details}
        case "llama":
            return {**plain, "prompt_tokens_details": {"cached_tokens": 0}}
        case "plain":
            return plain


def extras(style: Style, prompt: int, completion: int) -> Body:
    """What stands beside `usage` in the body or chunk that has it."""
    if style.usage == "reseller":
        spent = round(prompt * _PROMPT_PRICE + completion * _COMPLETION_PRICE, 12)
        return {"meta": {"usage": {"credits_used": spent * 2e6, "usd_spent": spent}}}
    if style.usage == "llama":
        return {
            "timings": {
                "cache_n": 0,
                "prompt_n": prompt,
                "prompt_ms": 0.5 * prompt,
                "prompt_per_second": 2000.0,
                "predicted_n": completion,
                "predicted_ms": 10.0 * completion,
                "predicted_per_second": 100.0,
            }
        }
    return {}
