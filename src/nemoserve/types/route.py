"""What a request wants of routing, and what became of it. Knows no wire spellings, no clocks and no randomness."""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.types.endpoint import Endpoint, Quantization

Sort = Literal["price", "throughput", "latency", "exacto"]

ExcludedBy = Literal[
    "model", "only", "ignore", "order", "allow_fallbacks", "require_parameters", "data_collection", "zdr", "quantizations",
    "max_price", "context_length", "key_models", "key_providers", "breaker", "outage", "rate_limited", "saturated", "variant",
    "retry_budget", "input_modality", "text_completion",
]  # fmt: skip
"""The rule by which an endpoint was left out, in OpenRouter's words where it has one."""


class MaxPrice(msgspec.Struct, frozen=True):
    """The most that may be paid: pico-dollars per token, and per request and image. None is no limit."""

    prompt: int | None = None
    completion: int | None = None
    request: int | None = None
    image: int | None = None


class Percentiles(msgspec.Struct, frozen=True):
    """A wish about an endpoint's measured distribution: seconds to the first token, or tokens per second."""

    p50: float | None = None
    p75: float | None = None
    p90: float | None = None
    p99: float | None = None


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """OpenRouter's `provider` object, checked. Names of providers are lower case."""

    order: tuple[str, ...] = ()
    only: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()
    allow_fallbacks: bool = True
    require_parameters: bool = False
    data_collection: Literal["allow", "deny"] = "allow"
    zdr: bool = False
    quantizations: tuple[Quantization, ...] = ()
    sort: Sort | None = None
    sort_across_models: bool = False
    """`sort.partition: "none"`: models compete with each other, rather than being tried in their order."""
    max_price: MaxPrice = MaxPrice()
    min_throughput: Percentiles = Percentiles()
    """Endpoints that miss this and the next are tried last; they are not left out."""
    max_latency: Percentiles = Percentiles()


COMPRESSED_UP_TO = 8192
"""Tokens: models with a context up to this length have long conversations made to fit unless a request says otherwise."""


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """One request, as far as routing depends on it."""

    models: tuple[str, ...]
    """In order of preference, variants (`:free`, `:nitro`, …) still on them; empty: the server's default."""
    preferences: Preferences = Preferences()
    fallback_to_family: bool = False
    """`route: "fallback"`: another model of the family may answer when none of `models` can."""
    parameters: frozenset[str] = frozenset()
    """Request fields that were set and that an endpoint may or may not honour."""
    prompt_tokens: int = 0
    """Estimated."""
    images: int = 0
    """In its messages."""
    image_addresses: bool = False
    """Some of them are told by their address only, so that whoever answers has to fetch them."""
    text: bool = False
    """A plain text is to be continued, not a conversation."""
    compression: bool | None = False
    """Whether a conversation that is too long is made to fit; None: where the context is short."""
    max_tokens: int | None = None
    session: str | None = None
    """The caller's name and its session's, or how the conversation begins: its requests go where the prefix is cached."""
    allowed_models: tuple[str, ...] | None = None
    """By the key's limits, as the next one; None is no limit."""
    allowed_providers: tuple[str, ...] | None = None


class Considered(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one endpoint."""

    endpoint: Endpoint
    excluded_by: ExcludedBy | None = None
    """None: it may be tried."""
    reason: str = ""
    """In words, for `openrouter_metadata` and `nemoserve route --explain`."""
    expected_cost: int | None = None
    """Nano-dollars for the estimated prompt and `max_tokens`."""
    retry_after_s: float | None = None


class Unknown(msgspec.Struct, frozen=True):
    """A name in a request that nothing here has, and that was passed over."""

    field: str
    name: str
    known: tuple[str, ...]


class Route(msgspec.Struct, frozen=True, kw_only=True):
    """The endpoints in the order in which they are tried, and all that were considered, with why."""

    endpoints: tuple[Endpoint, ...]
    considered: tuple[Considered, ...]
    unknown: tuple[Unknown, ...] = ()
    unapplied: tuple[str, ...] = ()
    """Variants of the models that change nothing here."""
    strategy: str = ""
