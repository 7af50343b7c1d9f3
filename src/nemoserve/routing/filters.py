"""Which endpoints must not serve a request, and why. Knows a request's wishes and an endpoint's facts; no health, no order."""

from __future__ import annotations

from collections.abc import Sequence

from nemoserve.types.endpoint import Endpoint
from nemoserve.types.price import Price
from nemoserve.types.route import COMPRESSED_UP_TO, ExcludedBy, MaxPrice, Preferences, Wish

Verdict = tuple[ExcludedBy, str]
"""The rule that leaves an endpoint out, and the reason in words."""

_MOST_WRONG = 2
"""So many times its length a prompt may be estimated at."""
_ALSO = {"fp4": ("mxfp4", "nvfp4"), "fp8": ("mxfp8",)}
"""Formats that a plainer name stands for too."""


def matches(slug: str, endpoint: Endpoint) -> bool:
    """Whether a provider's name in `order`, `only` or `ignore` means this endpoint.

    `deepinfra` means all endpoints of deepinfra and of `deepinfra/turbo`; `deepinfra/fp8` those of that quantization,
    `deepinfra/free` those free of charge.
    """
    provider = endpoint.provider.lower()
    whole = (provider, f"{provider}/{endpoint.quantization}", f"{provider}/{endpoint.variant or '-'}")
    return slug in whole or provider.startswith(f"{slug}/")


def named_in(slugs: Sequence[str], endpoint: Endpoint) -> int | None:
    """The place of the first name that means the endpoint; None: none does."""
    return next((place for place, slug in enumerate(slugs) if matches(slug, endpoint)), None)


def excluded(
    endpoint: Endpoint, price: Price, wish: Wish, variant: str, allowed: frozenset[str] | None
) -> Verdict | None:
    """Why an endpoint cannot serve a request at any time; None: it can.

    `variant` is what stood behind the model's name; `allowed` are the models that the key may use, in small letters.
    """
    return (
        by_key(endpoint, allowed, wish.allowed_providers)
        or _by_variant(endpoint, price, variant)
        or _by_name(endpoint, wish.preferences)
        or _by_modality(endpoint, wish)
        or _by_policy(endpoint, wish.preferences)
        or _by_price(price, wish.preferences.max_price)
        or _by_size(endpoint, wish)
        or _by_parameters(endpoint, wish)
    )


def by_key(endpoint: Endpoint, models: frozenset[str] | None, providers: Sequence[str] | None) -> Verdict | None:
    """Why a key must not use the endpoint, that may use these `models`, in small letters, and `providers`; None: it may."""
    if models is not None and endpoint.model.lower() not in models:
        return "key_models", f"the key must not use {endpoint.model}"
    if providers is not None and named_in(_small(providers), endpoint) is None:
        return "key_providers", f"the key must not use the provider {endpoint.provider}"
    return None


def over(price: Price, prompt: int | None, completion: int | None) -> str | None:
    """How a price exceeds a cap in pico-dollars per token, in words; None: it does not."""
    for name, cap, cost in (("prompt", prompt, price.prompt), ("completion", completion, price.completion)):
        if cap is not None and cost > cap:
            return f"${_per_million(cost)} per million {name} tokens is above ${_per_million(cap)}"
    return None


def makes_too_few(endpoint: Endpoint, wish: Wish) -> str | None:
    """Why a reply of the length that was asked for cannot come from the endpoint; None: it can."""
    most, wanted = endpoint.max_completion_tokens, wish.max_tokens
    if most is None or wanted is None or wanted <= most:
        return None
    return f"it makes at most {most} tokens, and max_tokens is {wanted}"


def _by_variant(endpoint: Endpoint, price: Price, variant: str) -> Verdict | None:
    if variant == "free" and endpoint.variant != "free" and not price.free:
        return "variant", "the model's name ends in :free, and this endpoint costs money"
    if variant != "free" and endpoint.variant == "free":
        return "variant", "it serves only requests whose model's name ends in :free"
    return None


def _by_name(endpoint: Endpoint, wanted: Preferences) -> Verdict | None:
    if wanted.only and named_in(wanted.only, endpoint) is None:
        return "only", "provider.only does not name it"
    if named_in(wanted.ignore, endpoint) is not None:
        return "ignore", "provider.ignore names it"
    if wanted.order and not wanted.allow_fallbacks and named_in(wanted.order, endpoint) is None:
        return "order", "provider.order does not name it, and provider.allow_fallbacks is false"
    return None


def _by_modality(endpoint: Endpoint, wish: Wish) -> Verdict | None:
    if wish.text and not endpoint.texts:
        return "text_completion", "it continues conversations only; send messages to /v1/chat/completions"
    if wish.images and not endpoint.images:
        return "input_modality", "it reads no images"
    if wish.image_addresses and endpoint.local:
        # A server beside this one can reach what no client should: addresses within the operator's own network.
        return "input_modality", "on this machine no client's address is fetched; send the image as a data: URL"
    return None


def _by_policy(endpoint: Endpoint, wanted: Preferences) -> Verdict | None:
    if wanted.data_collection == "deny" and endpoint.collects_data:
        return (
            "data_collection",
            "for all that is known it may keep prompts or train on them, and provider.data_collection is deny",
        )
    if wanted.zdr and not endpoint.zdr:
        return "zdr", "it does not promise zero data retention, and provider.zdr is true"
    if wanted.quantizations:
        accepted = {name for given in wanted.quantizations for name in (given, *_ALSO.get(given, ()))}
        if endpoint.quantization not in accepted:
            return "quantizations", f"its quantization is {endpoint.quantization}"
    return None


def _by_price(price: Price, most: MaxPrice) -> Verdict | None:
    above = over(price, most.prompt, most.completion)
    if above is not None:
        return "max_price", f"{above}, provider.max_price"
    for name, cap, cost in (("request", most.request, price.request), ("image", most.image, price.image)):
        if cap is not None and cost > cap:
            return "max_price", f"its price per {name} is above provider.max_price.{name}"
    return None


def _by_size(endpoint: Endpoint, wish: Wish) -> Verdict | None:
    # The length is an estimate, and the endpoint itself counts: only what cannot fit by any count is left out.
    if wish.prompt_tokens >= _MOST_WRONG * endpoint.context_length and not _squeezed(endpoint, wish):
        return (
            "context_length",
            f"the prompt has about {wish.prompt_tokens} tokens, and its context is {endpoint.context_length}",
        )
    return None


def overflows(endpoint: Endpoint, wish: Wish) -> bool:
    """Whether the prompt as it is seems not to fit into the endpoint's context."""
    return wish.prompt_tokens >= endpoint.context_length


def _squeezed(endpoint: Endpoint, wish: Wish) -> bool:
    """Whether what is too much is left out for this endpoint."""
    return endpoint.context_length <= COMPRESSED_UP_TO if wish.compression is None else wish.compression


def _by_parameters(endpoint: Endpoint, wish: Wish) -> Verdict | None:
    missing = unsupported(endpoint, wish)
    if wish.preferences.require_parameters:
        short = makes_too_few(endpoint, wish)
        if missing or short:
            return "require_parameters", short or f"it does not support {', '.join(missing)}"
    elif "tools" in missing:
        # An agent whose tools are silently gone does harm; other fields are dropped and reported.
        return "require_parameters", "it does not support tools"
    return None


def unsupported(endpoint: Endpoint, wish: Wish) -> list[str]:
    """The request's fields that the endpoint would drop."""
    missing = set[str]() if endpoint.parameters is None else set(wish.parameters - endpoint.parameters)
    if "reasoning_budget" in wish.parameters:
        missing.discard("reasoning_budget")
        if not endpoint.reasoning_budget:
            missing.add("reasoning_budget")
    return sorted(missing)


def _small(names: Sequence[str]) -> list[str]:
    return [name.lower() for name in names]


def _per_million(pico: int) -> str:
    """Pico-dollars per token as dollars per million tokens."""
    return f"{pico // 10**6}.{pico % 10**6:06d}".rstrip("0").rstrip(".")
