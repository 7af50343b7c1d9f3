"""The form of the catalogue's files: what may be said of a model, a provider and a price. Knows no files and no requests."""

from __future__ import annotations

from datetime import UTC, date, datetime, time
from typing import Literal

import msgspec

from nemoserve.types.endpoint import Endpoint, Quantization
from nemoserve.types.families import FAMILIES
from nemoserve.types.model import PLAIN, Family
from nemoserve.types.money import nano_dollars, pico_per_token
from nemoserve.types.price import Price

Modality = Literal["text", "image", "video", "audio", "file"]
Effort = Literal["minimal", "low", "medium", "high", "xhigh", "max"]
Parameter = Literal[
    "temperature", "top_p", "top_k", "min_p", "top_a", "frequency_penalty", "presence_penalty", "repetition_penalty",
    "max_tokens", "max_completion_tokens", "logit_bias", "logprobs", "top_logprobs", "prediction", "seed", "response_format",
    "structured_outputs", "stop", "tools", "tool_choice", "parallel_tool_calls", "include_reasoning", "reasoning",
    "reasoning_effort", "web_search_options", "verbosity",
]  # fmt: skip
"""What OpenRouter calls supported parameters."""

Category = Literal[
    "programming", "roleplay", "marketing", "marketing/seo", "technology", "science", "translation", "legal", "finance",
    "health", "trivia", "academia",
]  # fmt: skip

_PICO_PER_NANO = 1000
_FAMILIES = {family.name: family for family in FAMILIES}


class _Data(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A table of a file: a key that is not here is an error."""


class Dated(_Data, frozen=True, kw_only=True):
    """What a model costs from a day on, until a later row of the same endpoint. Amounts are decimals in quotes."""

    begin: date = msgspec.field(name="from")
    """Holds from midnight UTC."""
    prompt: str = "0"
    """US dollars per million tokens, as the next three."""
    completion: str = "0"
    reasoning: str | None = None
    cached: str | None = None
    image: str = "0"
    """US dollars for one image; so for one request."""
    request: str = "0"

    def __post_init__(self) -> None:
        self.price  # noqa: B018 - what is no amount is told when it is read

    @property
    def begin_ms(self) -> int:
        """When it begins to hold, in milliseconds since the epoch."""
        return round(datetime.combine(self.begin, time(), UTC).timestamp() * 1000)

    @property
    def price(self) -> Price:
        return Price(
            prompt=pico_per_token(self.prompt),
            completion=pico_per_token(self.completion),
            reasoning=None if self.reasoning is None else pico_per_token(self.reasoning),
            cached=None if self.cached is None else pico_per_token(self.cached),
            image=nano_dollars(self.image) * _PICO_PER_NANO,
            request=nano_dollars(self.request) * _PICO_PER_NANO,
        )


class Reasoning(_Data, frozen=True, kw_only=True):
    """How a model can be told to think."""

    default: bool = True
    """Whether it thinks when nothing says anything."""
    mandatory: bool = False
    """It cannot be told not to."""
    efforts: tuple[Effort, ...] = ()
    """Levels that the model itself knows, apart from budgets in tokens; highest first."""
    budget: bool = False
    """Its publisher documents a budget in tokens for it."""


class Defaults(_Data, frozen=True, kw_only=True):
    """Sampling as the publisher recommends it, for replies with thinking where a model can think."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None


class Scores(_Data, frozen=True, kw_only=True):
    """Published results that have one source and one setting."""

    source: str
    thinking: bool = True
    values: dict[str, float]
    """By the benchmark's name in `benchmarks.toml`, in its unit."""


class Offer(_Data, frozen=True, kw_only=True):
    """A model at a hosted provider, as that publishes it. What is not known is left out."""

    provider: str
    id: str = ""
    """The provider's own id for the model."""
    variant: Literal["", "free"] = ""
    context_length: int | None = None
    max_completion_tokens: int | None = None
    quantization: Quantization = "unknown"
    parameters: tuple[Parameter, ...] | None = None
    """Request fields that it takes."""
    budget: bool = False
    """It limits thinking to a number of tokens by itself."""
    source: str
    prices: tuple[Dated, ...] = ()
    """The oldest first."""


class ModelEntry(_Data, frozen=True, kw_only=True):
    """One model, wherever it runs."""

    id: str
    """`author/slug`, OpenRouter's where it has one."""
    name: str
    description: str
    created: date
    """The day on which its weights came out."""
    size: str
    """Parameters in all, and those active per token where these are fewer: `31.6 B, 3.2 B active`."""
    family: str
    """The name of a family in `types/families.py`, which has its switch and its markers."""
    hub_ids: tuple[str, ...] = ()
    """The checkpoint that this is, then the same in other number formats."""
    aliases: tuple[str, ...] = ()
    """Other names that clients use. Providers' ids need not be repeated here."""
    input_modalities: tuple[Modality, ...] = ("text",)
    output_modalities: tuple[Modality, ...] = ("text",)
    context_length: int
    max_completion_tokens: int | None = None
    tokenizer: str = "Other"
    """In OpenRouter's words."""
    instruct_type: str | None = "nemotron"
    tools: bool = True
    """Whether its chat format has a place for tools."""
    knowledge_cutoff: date | None = None
    reasoning: Reasoning | None = None
    """None: it does not think."""
    defaults: Defaults = Defaults()
    sources: tuple[str, ...]
    """Where all of this was read."""
    scores: tuple[Scores, ...] = ()
    endpoints: tuple[Offer, ...] = ()

    def __post_init__(self) -> None:
        if self.family not in _FAMILIES:
            raise ValueError(f"family is one of {', '.join(_FAMILIES)}, not {self.family!r}")

    @property
    def names(self) -> tuple[str, ...]:
        """Everything that requests may call it, without variants; the id first."""
        offered = (offer.id.removesuffix(":free") for offer in self.endpoints if offer.id)
        found: dict[str, str] = {}
        for name in (self.id, *self.hub_ids, *self.aliases, *offered):
            found.setdefault(name.lower(), name)
        return tuple(found.values())

    @property
    def conventions(self) -> Family:
        """Its family: switch, markers, tool format."""
        return _FAMILIES.get(self.family, PLAIN)

    @property
    def created_s(self) -> int:
        """Unix seconds."""
        return round(datetime.combine(self.created, time(), UTC).timestamp())

    def score(self, benchmark: str) -> float | None:
        """The best published result; None: there is none."""
        found = [scores.values[benchmark] for scores in self.scores if benchmark in scores.values]
        return max(found, default=None)

    def endpoint(self, offer: Offer) -> Endpoint:
        """The offer as routing sees it. What is unknown of its data policy counts as the worse."""
        return Endpoint(
            model=self.id,
            provider=offer.provider,
            upstream_id=offer.id,
            variant=offer.variant,
            context_length=offer.context_length or self.context_length,
            max_completion_tokens=offer.max_completion_tokens,
            quantization=offer.quantization,
            collects_data=True,
            zdr=False,
            parameters=None if offer.parameters is None else frozenset(offer.parameters),
            images="image" in self.input_modalities,
            reasoning_budget=offer.budget,
        )


class Provider(_Data, frozen=True, kw_only=True):
    """Somebody who serves models over HTTP."""

    slug: str
    """As in a request's `provider.order`."""
    name: str
    base_url: str | None = None
    """Where its OpenAI-compatible API is."""
    documentation: str | None = None
    aliases: tuple[str, ...] = ()
    """Other slugs by which it is known."""
    privacy_policy_url: str | None = None
    terms_of_service_url: str | None = None
    status_page_url: str | None = None
    headquarters: str | None = None
    """A country's two letters."""
    datacenters: tuple[str, ...] = ()


class Benchmark(_Data, frozen=True, kw_only=True):
    """What a published score measures."""

    title: str
    categories: tuple[Category, ...]
    """OpenRouter's categories of use that it says something about."""
    index: Literal["intelligence", "coding", "agentic"] | None = None
    """What models are put in order of by this score. One benchmark has each."""
    unit: str = "%"
