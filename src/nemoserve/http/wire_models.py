"""A model in the list: OpenAI's and OpenRouter's fields together, as clients of either read them. Pure."""

from __future__ import annotations

from decimal import Decimal

from nemoserve.catalogue.book import ModelBook
from nemoserve.catalogue.entry import Defaults
from nemoserve.http.listing import Listing
from nemoserve.http.wire_reply import OWNER, Body
from nemoserve.reasoning.sampling import with_recommended
from nemoserve.types.chat import Sampling
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.price import Price

_ALWAYS = (
    "temperature", "top_p", "top_k", "min_p", "frequency_penalty", "presence_penalty", "repetition_penalty", "max_tokens",
    "max_completion_tokens", "logit_bias", "logprobs", "top_logprobs", "seed", "stop", "response_format",
    "structured_outputs",
)  # fmt: skip
_TOOLS = ("tools", "tool_choice", "parallel_tool_calls")
_REASONING = ("reasoning", "include_reasoning", "reasoning_effort")


def model_body(listing: Listing, book: ModelBook) -> Body:
    """One entry of the list, with the price that holds now."""
    entry, card = listing.entry, listing.card
    thinks = can_think(listing)
    body: Body = {
        "id": listing.id,
        "object": "model",
        "created": listing.created,
        "owned_by": OWNER if card is not None or entry is None else listing.id.partition("/")[0],
        "root": listing.id,
        "parent": None,
        "max_model_len": listing.context_length,
        "permission": [],
        "canonical_slug": listing.id if entry is None else entry.id,
        "hugging_face_id": _hub_id(listing),
        "name": listing.name,
        "description": description(listing),
        "context_length": listing.context_length,
        "architecture": architecture(listing),
        "pricing": pricing(listing.price),
        "top_provider": _top_provider(listing),
        "per_request_limits": None,
        "supported_parameters": supported(listing),
        "default_parameters": _defaults(listing),
        "supported_voices": None,
        "knowledge_cutoff": None
        if entry is None or entry.knowledge_cutoff is None
        else entry.knowledge_cutoff.isoformat(),
        "expiration_date": None,
        "links": {"details": f"/v1/models/{listing.id}/endpoints"},
        "status": listing.state,
        "served": listing.state != "not_served",
        "aliases": [*listing.aliases, *(() if entry is None else (name for name in entry.names if name != listing.id))],
        "published_benchmarks": _benchmarks(listing, book),
    }
    if entry is not None:
        body["size"] = entry.size
    if thinks:
        body["reasoning"] = _reasoning(listing)
    return body


def can_think(listing: Listing) -> bool:
    """Whether its thinking can be asked for."""
    if listing.card is not None:
        return listing.card.family.switch != "none"
    return listing.entry is not None and listing.entry.reasoning is not None


def description(listing: Listing) -> str:
    """What the catalogue says, or the engine."""
    if listing.entry is not None:
        return listing.entry.description.strip()
    return "" if listing.card is None else listing.card.description


def architecture(listing: Listing) -> Body:
    """What goes in and comes out: of a model that is served, what this server passes on."""
    entry = listing.entry
    thinks = can_think(listing)
    reads: list[str] = ["text"] if entry is None else list(entry.input_modalities)
    writes: list[str] = ["text"] if entry is None else list(entry.output_modalities)
    if listing.state != "not_served":
        sees = any(offer.served and offer.endpoint.images for offer in listing.offered)
        reads = ["text", "image"] if sees else ["text"]
    return {
        "modality": f"{'+'.join(reads)}->{'+'.join(writes)}",
        "input_modalities": reads,
        "output_modalities": writes,
        "tokenizer": "Other" if entry is None else entry.tokenizer,
        "instruct_type": entry.instruct_type if entry is not None else "nemotron" if thinks else None,
    }


def supported(listing: Listing) -> list[str]:
    """The request fields that at least one endpoint honours."""
    found = {name for offer in listing.offered for name in endpoint_parameters(listing, offer.endpoint)}
    known = (*_ALWAYS, *_TOOLS, *_REASONING)
    if not listing.offered:
        return list(_parameters(listing))
    return [name for name in known if name in found] + sorted(found - set(known))


def endpoint_parameters(listing: Listing, endpoint: Endpoint) -> list[str]:
    """The request fields that one endpoint honours."""
    known = _parameters(listing)
    if endpoint.parameters is None:
        return list(known)
    spelled = endpoint.parameters.union(_REASONING if "reasoning" in endpoint.parameters else ())
    return [name for name in known if name in spelled] + sorted(endpoint.parameters - set(known))


def _parameters(listing: Listing) -> tuple[str, ...]:
    tools = listing.card.calls_tools if listing.card is not None else listing.entry is None or listing.entry.tools
    return (*_ALWAYS, *(_TOOLS if tools else ()), *(_REASONING if can_think(listing) else ()))


def pricing(price: Price | None) -> dict[str, str]:
    """Dollars for one token, image or request, as exact decimals; -1 where it is not known, as OpenRouter has it."""
    if price is None:
        return {"prompt": "-1", "completion": "-1"}
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


def _hub_id(listing: Listing) -> str:
    if listing.entry is not None and listing.entry.hub_ids:
        return listing.entry.hub_ids[0]
    return "" if listing.card is None else listing.card.hugging_face_id


def _top_provider(listing: Listing) -> Body:
    first = listing.offered[0].endpoint if listing.offered else None
    return {
        "context_length": listing.context_length if first is None else first.context_length,
        "max_completion_tokens": None if first is None else first.max_completion_tokens,
        "is_moderated": False,
    }


def _defaults(listing: Listing) -> Body:
    if listing.card is not None:
        applied = with_recommended(Sampling(), listing.card, listing.card.family.thinks)
    else:
        applied = Defaults() if listing.entry is None else listing.entry.defaults
    return {
        "temperature": applied.temperature,
        "top_p": applied.top_p,
        "top_k": applied.top_k,
        "frequency_penalty": None,
        "presence_penalty": None,
        "repetition_penalty": None,
    }


def _reasoning(listing: Listing) -> Body:
    """Where the model is served, efforts are turned into budgets, and budgets are kept; elsewhere it is what is published."""
    entry, card = listing.entry, listing.card
    published = None if entry is None else entry.reasoning
    served = listing.state != "not_served"
    body: Body = {"mandatory": published is not None and published.mandatory}
    if card is not None:
        body["default_enabled"] = card.family.thinks
    elif published is not None:
        body["default_enabled"] = published.default
    if served:
        body["supported_efforts"] = None
    elif published is not None and published.efforts:
        body["supported_efforts"] = list(published.efforts)
    if served or (published is not None and published.budget):
        body["supports_max_tokens"] = True
    return body


def _benchmarks(listing: Listing, book: ModelBook) -> list[Body]:
    return [
        {
            "name": name,
            "title": book.benchmarks[name].title,
            "score": score,
            "unit": book.benchmarks[name].unit,
            "thinking": scores.thinking,
            "source": scores.source,
        }
        for scores in (() if listing.entry is None else listing.entry.scores)
        for name, score in scores.values.items()
    ]
