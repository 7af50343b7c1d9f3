"""What a request is told when no endpoint can serve it. Knows verdicts; decides none."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from nemoserve.routing.names import Asked, Names, listed
from nemoserve.types.errors import ApiError
from nemoserve.types.route import Considered, ExcludedBy, Unknown, Wish

_WORDS: dict[str, str] = {
    "only": "allowed_providers",
    "key_providers": "allowed_providers",
    "zdr": "data_policy:zdr",
    "data_collection": "data_policy:training",
    "quantizations": "quantization",
}
"""OpenRouter's own names of rules, where they differ."""
_FIELDS: dict[str, str] = {
    "only": "provider.only",
    "ignore": "provider.ignore",
    "order": "provider.order",
    "data_collection": "provider.data_collection",
    "zdr": "provider.zdr",
    "quantizations": "provider.quantizations",
    "max_price": "provider.max_price",
    "require_parameters": "provider.require_parameters",
    "variant": "model",
    "input_modality": "messages",
    "text_completion": "prompt",
}
"""The request's field behind a rule."""
_NAMING: frozenset[ExcludedBy] = frozenset({"only", "ignore", "order"})
"""Rules by which the request says whom it wants: of what is left, they say nothing of why that could not be used."""
_RESTING = ("breaker", "rate_limited", "outage")
_KEY = ("key_models", "key_providers")


def refusal(
    wish: Wish,
    asked: Sequence[Asked],
    considered: Sequence[Considered],
    unknown: Sequence[Unknown],
    names: Names,
    seeing: Sequence[str],
) -> ApiError:
    """The error for a request that nothing can serve, by the reasons of all that was considered; `seeing`: models that read images."""
    if not considered:
        return _no_such_model(asked, names)
    rules: Counter[ExcludedBy] = Counter(
        verdict.excluded_by for verdict in considered if verdict.excluded_by is not None
    )
    allowed = [verdict for verdict in considered if verdict.excluded_by not in _KEY]
    if not allowed:
        return _forbidden(wish, considered)
    # Endpoints for `:free` alone say nothing of a request that did not ask for that, unless there are no others.
    allowed = [verdict for verdict in allowed if not _for_free_alone(verdict)] or allowed
    wanted = [verdict for verdict in allowed if verdict.excluded_by not in _NAMING]
    wanted = [verdict for verdict in wanted if verdict.excluded_by != "variant"] or wanted
    resting = [verdict for verdict in considered if verdict.excluded_by in _RESTING]
    blind, wanted = wanted, [verdict for verdict in wanted if verdict.excluded_by != "input_modality"]
    if resting:
        error = _resting(resting)
    elif blind and not wanted:
        error = _none_sees(blind, seeing)
    elif wanted and all(verdict.excluded_by == "context_length" for verdict in wanted):
        error = _too_long(wish, wanted)
    else:
        error = _none_fits(wish, allowed, wanted or allowed, unknown)
    error.availability = {
        **(error.availability or {}),
        "requested_models": [name.name[:200] for name in asked],
        "affected_providers": sorted({verdict.endpoint.provider for verdict in considered}),
        "excluded_by": shown(rules),
    }
    return error


def _for_free_alone(verdict: Considered) -> bool:
    return verdict.excluded_by == "variant" and verdict.endpoint.variant == "free"


def told_of(unknown: Unknown) -> str:
    """The slip as a sentence has it; a request may have sent a very long name."""
    return f"{unknown.name[:200]!r} is not known here; known are: {', '.join(unknown.known[:20])}"


def shown(rules: Counter[ExcludedBy]) -> dict[str, int]:
    """How many endpoints each rule left out, by OpenRouter's names of the rules."""
    counts: Counter[str] = Counter()
    for rule, count in rules.items():
        counts[_WORDS.get(rule, rule)] += count
    return dict(counts)


def _no_such_model(asked: Sequence[Asked], names: Names) -> ApiError:
    wanted = listed(name.name for name in asked)
    nearest = names.nearest(asked[0].name)
    hint = f"the nearest known name is {nearest!r}; " if nearest is not None else ""
    error = ApiError(
        "not_found",
        f"model: {wanted} is not served here; {hint}served are: {', '.join(names.served)}",
        metadata={"parameter": "model", "served_models": list(names.served)},
    )
    error.availability = {
        "code": "model_not_found",
        "retryable": False,
        "requested_models": [name.name[:200] for name in asked],
    }
    return error


def _forbidden(wish: Wish, considered: Sequence[Considered]) -> ApiError:
    """The key's limits leave nothing."""
    by_model = next((verdict for verdict in considered if verdict.excluded_by == "key_models"), None)
    if by_model is not None:
        may = ", ".join(wish.allowed_models or ()) or "none"
        text = f"model: this key must not use {by_model.endpoint.model}; it may use: {may}"
        return ApiError("permission_denied", text, metadata={"parameter": "model"})
    providers = ", ".join(sorted({verdict.endpoint.provider for verdict in considered}))
    may = ", ".join(wish.allowed_providers or ()) or "none"
    text = f"provider: this key must not use {providers}; it may use: {may}"
    return ApiError("permission_denied", text, metadata={"parameter": "provider"})


def _resting(resting: Sequence[Considered]) -> ApiError:
    """All that would fit rest: 429 where every one of them is only asked too much, else 503."""
    wait = min(verdict.retry_after_s or 1.0 for verdict in resting)
    limited = all(verdict.excluded_by == "rate_limited" for verdict in resting)
    models = ", ".join(dict.fromkeys(verdict.endpoint.model for verdict in resting))
    what = "rest after too many requests" if limited else f"rest for the moment ({_reasons(resting)})"
    error = ApiError(
        "rate_limit_exceeded" if limited else "provider_overloaded",
        f"All endpoints of {models} that fit {what}; try again in {max(1, round(wait + 0.499))} s.",
        retry_after_s=wait,
    )
    error.availability = {
        "code": "capacity_exhausted" if limited else "temporarily_unavailable",
        "retryable": True,
        "retry_after": max(1, round(wait + 0.499)),
    }
    return error


def _none_sees(considered: Sequence[Considered], seeing: Sequence[str]) -> ApiError:
    others = f"Served models that read images: {', '.join(seeing)}." if seeing else "No served model reads images."
    detail = f"{_reasons(considered)}. {others}"
    message = f"messages: they have images, and nothing that was asked for takes these. {detail}"
    error = ApiError("not_found", message, metadata={"parameter": "messages", "models_with_images": list(seeing)})
    error.availability = {
        "code": "constraint_filtered",
        "retryable": False,
        "constraint": {"field": "messages", "detail": detail},
    }
    return error


def _too_long(wish: Wish, considered: Sequence[Considered]) -> ApiError:
    longest = max(verdict.endpoint.context_length for verdict in considered)
    field = "prompt" if wish.text else "messages"
    error = ApiError(
        "context_length_exceeded",
        f"{'prompt: it' if wish.text else 'messages: the prompt'} has about {wish.prompt_tokens} tokens; the longest context that is "
        f"left is {longest}. {_SHORTEN[wish.text]}",
        metadata={"parameter": field, "context_length": longest, "prompt_tokens": wish.prompt_tokens},
    )
    error.availability = {"code": "constraint_filtered", "retryable": False}
    return error


_SHORTEN = {
    True: "Shorten it.",
    False: 'Shorten them, or send plugins: [{"id": "context-compression"}] to have the middle of the conversation left out.',
}
"""For a text and for a conversation."""


def _none_fits(
    wish: Wish, considered: Sequence[Considered], told: Sequence[Considered], unknown: Sequence[Unknown]
) -> ApiError:
    """Endpoints there are, but the request's own preferences leave none; `told` are those whose reasons say why."""
    first = Counter(verdict.excluded_by for verdict in told).most_common(1)[0][0]
    field = _FIELDS.get(first or "")
    if first == "require_parameters" and not wish.preferences.require_parameters:
        field = "tools"  # the one field that an endpoint must honour in any case
    slips = [told_of(one) for one in unknown if one.field == field]
    detail = " ".join([f"{_reasons(told)}{'.' if slips else ''}", *(f"{slip}." for slip in slips)])
    message = f"{field or 'provider'}: no endpoint fits the request. {detail}"
    error = ApiError("not_found", message, metadata={"parameter": field} if field else {})
    ended = all(verdict.excluded_by == "variant" for verdict in considered)
    error.availability = {
        "code": "free_variant_ended" if ended else "constraint_filtered",
        "retryable": False,
        **({"constraint": {"field": field, "detail": detail}} if field else {}),
    }
    return error


def _reasons(considered: Sequence[Considered]) -> str:
    """Why each was left out, for the first few."""
    return "; ".join(
        f"{verdict.endpoint.model} at {verdict.endpoint.provider}: {verdict.reason}" for verdict in considered[:8]
    )
