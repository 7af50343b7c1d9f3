"""A model's endpoints and the providers behind them, in OpenRouter's shapes. Pure."""

from __future__ import annotations

from nemoserve.catalogue.book import ModelBook
from nemoserve.catalogue.entry import Provider
from nemoserve.http.listing import Listing, Live, Offered
from nemoserve.http.wire_models import architecture, description, endpoint_parameters, pricing
from nemoserve.http.wire_reply import OWNER, Body
from nemoserve.types.route import Percentiles

_NORMAL, _DEGRADED, _LAST_RESORT, _CLOSED_OFF, _NOT_SERVED = 0, -1, -2, -5, -10


def endpoints_body(listing: Listing, book: ModelBook) -> Body:
    """A model with all that offer it, as `data`."""
    return {
        "id": listing.id,
        "name": listing.name,
        "created": listing.created,
        "description": description(listing),
        "architecture": architecture(listing),
        "endpoints": [endpoint_body(listing, offer, book) for offer in listing.offered],
    }


def endpoint_body(listing: Listing, offer: Offered, book: ModelBook) -> Body:
    """One endpoint. Numbers that were not measured are null."""
    endpoint, live = offer.endpoint, offer.live
    provider = provider_name(endpoint.provider, book)
    parameters = endpoint_parameters(listing, endpoint)
    tools = "tools" in parameters
    return {
        "name": f"{provider} | {listing.id}",
        "model_id": listing.id,
        "model_name": listing.name,
        "provider_name": provider,
        "tag": endpoint.provider,
        "context_length": endpoint.context_length,
        "max_completion_tokens": endpoint.max_completion_tokens,
        "max_prompt_tokens": None,
        "pricing": pricing(offer.price),
        "quantization": endpoint.quantization,
        "status": _status(offer),
        "served": offer.served,
        "local": endpoint.local,
        "data_collection": "allow" if endpoint.collects_data else "deny",
        "zdr": endpoint.zdr,
        "supported_parameters": parameters,
        "supports_implicit_caching": offer.price is not None and offer.price.cached is not None,
        "supports_tool_choice": dict.fromkeys(
            ("auto", "none", "required", "function"), tools and "tool_choice" in parameters
        )
        | {"auto": tools},
        "supports_voice_cloning": False,
        "supports_diarization": False,
        "native_tools": {},
        "service_tier": None,
        "uptime_last_5m": None if live is None else live.uptime_last_5m,
        "uptime_last_30m": None if live is None else live.uptime_last_30m,
        "uptime_last_1d": None if live is None else live.uptime_last_1d,
        "latency_last_30m": None if live is None else _percentiles(live.latency_last_30m, 1000),
        "throughput_last_30m": None if live is None else _percentiles(live.throughput_last_30m, 1),
    }


def provider_body(slug: str, book: ModelBook) -> Body:
    """A provider by its slug; one that the catalogue does not know has its slug for a name."""
    known = book.provider(slug) or Provider(slug=slug, name=OWNER if slug == OWNER else slug)
    return {
        "name": known.name,
        "slug": slug,
        "privacy_policy_url": known.privacy_policy_url,
        "terms_of_service_url": known.terms_of_service_url,
        "status_page_url": known.status_page_url,
        "headquarters": known.headquarters,
        "datacenters": list(known.datacenters) or None,
        "documentation_url": known.documentation,
    }


def provider_name(slug: str, book: ModelBook) -> str:
    """As people write it."""
    known = book.provider(slug)
    return slug if known is None else known.name


def _percentiles(measured: Percentiles, scale: int) -> Body | None:
    """All four, or null where nothing was measured."""
    values = {name: getattr(measured, name) for name in ("p50", "p75", "p90", "p99")}
    if any(value is None for value in values.values()):
        return None
    return {name: round(value * scale, 3) for name, value in values.items()}


def _status(offer: Offered) -> int:
    """OpenRouter's numbers: 0 is normal, less is worse."""
    if not offer.served:
        return _NOT_SERVED
    live: Live | None = offer.live
    if live is None:
        return _NORMAL
    if live.breaker == "open":
        return _CLOSED_OFF
    return {"normal": _NORMAL, "degraded": _DEGRADED}.get(live.rank, _LAST_RESORT)
