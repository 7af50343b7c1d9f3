"""The routes that tell which models there are, who offers them, and for how much. Knows the server's parts; no fields' names."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from urllib.parse import urlencode

import msgspec
from sqlalchemy.exc import SQLAlchemyError
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.access.policy import Action
from nemoserve.catalogue.book import model_book
from nemoserve.http.listing import Listing, Sources, auto_listing, called, with_auto
from nemoserve.http.model_query import BY_USE, ModelQuery, read_query
from nemoserve.http.wire_endpoints import endpoint_body, endpoints_body, provider_body
from nemoserve.http.wire_models import model_body
from nemoserve.http.wire_reply import OWNER, Body
from nemoserve.ledger import reports
from nemoserve.ledger.selection import Selection
from nemoserve.pipeline import Services
from nemoserve.storage.database import Database, StorageError
from nemoserve.types.caller import Caller
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError, invalid
from nemoserve.types.price import Price

_DAY_MS = 86_400_000


async def list_models(request: Request) -> Response:
    """GET /v1/models: what the key in use can use here, with OpenRouter's filters and sorts.

    `all=true` is all that is served, and the rest of the family, as it is known, with `served` false.
    """
    query = read_query(request.query_params)
    return await _list(request, query, _listings(request, query))


async def list_own_models(request: Request) -> Response:
    """GET /v1/models/user: the same, with `all=true` too."""
    query = read_query(request.query_params)
    return await _list(request, query, _permitted(request, _sources(request).listings(everything=query.everything)))


async def count_models(request: Request) -> Response:
    """GET /v1/models/count: how many there are; the filters are those of the list."""
    query = read_query(request.query_params)
    return _json({"data": {"count": len(query.chosen(_listings(request, query), model_book(), _now_s()))}})


async def get_model(request: Request) -> Response:
    """GET /v1/models/{id}; the id may contain slashes, and be any of the model's names."""
    return _json(model_body(_found(request), model_book()))


async def get_model_data(request: Request) -> Response:
    """GET /v1/model/{id}: the same in OpenRouter's envelope."""
    return _json({"data": model_body(_found(request), model_book())})


async def get_endpoints(request: Request) -> Response:
    """GET /v1/models/{id}/endpoints: who serves a model, for how much, and how that has gone of late.

    `all=true` adds endpoints that are known and not configured here, with `served` false.
    """
    listing = _found(request, "all")
    return _json({"data": endpoints_body(listing, model_book())})


async def list_zdr_endpoints(request: Request) -> Response:
    """GET /v1/endpoints/zdr: those that keep nothing of what is sent."""
    _flag(request)
    book = model_book()
    data = [
        endpoint_body(listing, offer, book)
        for listing in _sources(request).listings()
        for offer in listing.offered
        if offer.endpoint.zdr
    ]
    return _json({"data": data})


async def list_providers(request: Request) -> Response:
    """GET /v1/providers: this server, and the providers that it uses; `all=true` adds those that are known."""
    everything = _flag(request, "all")
    book, sources = model_book(), _sources(request)
    slugs = dict.fromkeys([OWNER, *(endpoint.provider for endpoint in sources.hosted)])
    if everything:
        slugs |= dict.fromkeys(provider.slug for provider in book.providers)
    return _json({"data": [provider_body(slug, book) for slug in slugs]})


ROUTES: list[tuple[str, str, Callable[[Request], Awaitable[Response]], Action]] = [
    ("GET", "/models", list_models, "list_models"),
    ("GET", "/models/count", count_models, "list_models"),
    ("GET", "/models/user", list_own_models, "list_models"),
    ("GET", "/models/{id:path}/endpoints", get_endpoints, "list_models"),
    ("GET", "/models/{id:path}", get_model, "list_models"),
    ("GET", "/model/{id:path}", get_model_data, "list_models"),
    ("GET", "/endpoints/zdr", list_zdr_endpoints, "list_models"),
    ("GET", "/providers", list_providers, "list_models"),
]
"""The first that matches is taken: ids may contain slashes."""


async def _list(request: Request, query: ModelQuery, listings: list[Listing]) -> Response:
    book = model_book()
    used = await _used(request, BY_USE[query.sort]) if query.sort in BY_USE else None
    found = query.ordered(query.chosen(listings, book, _now_s()), book, used)
    page = query.page(found)
    body: Body = {
        "object": "list",
        "data": [model_body(listing, book) for listing in page],
        "total_count": len(found),
        "links": {"next": _next(request, query, len(found))},
    }
    return _json(body)


def _next(request: Request, query: ModelQuery, count: int) -> str | None:
    """The address of what comes after this page."""
    if query.limit is None or query.offset + query.limit >= count:
        return None
    given = {**request.query_params, "offset": str(query.offset + query.limit)}
    return f"{request.scope['path']}?{urlencode(given)}"


def _found(request: Request, *known: str) -> Listing:
    """The model of the path. Raises ApiError (404) listing what is served."""
    everything = _flag(request, *known)
    name: str = request.path_params["id"]
    sources, book = _sources(request), model_book()
    served = sources.listings(everything=everything)
    # What is known of a model that is not served here is told too, as not served.
    known_too = sources.listings(everything=True)
    listing = called(served, book, name) or called([*known_too, auto_listing(served)], book, name)
    if listing is None:
        ids = [one.id for one in served if one.state != "not_served"]
        message = f"model: {name[:200]!r} is not served here, nor known; served are: {', '.join(ids)}"
        raise ApiError("not_found", message, metadata={"parameter": "model", "served_models": ids})
    return listing


def _sources(request: Request) -> Sources:
    """The server's models now."""
    house: Services = request.app.state.services
    prices, now_ms = house.books.prices, time.time_ns() // 1_000_000

    def price(endpoint: Endpoint) -> Price | None:
        return prices.known(endpoint.model, endpoint.provider, now_ms)

    return Sources(
        book=model_book(),
        local=tuple((backend.card, backend.health.state) for backend in house.catalogue.backends),
        hosted=house.catalogue.hosted_endpoints,
        aliases=house.catalogue.given,
        price=price,
        live=lambda endpoint: house.health.stats(endpoint, time.monotonic()),
    )


def _listings(request: Request, query: ModelQuery) -> list[Listing]:
    listings = _sources(request).listings(everything=query.everything)
    return with_auto(listings) if query.everything else _permitted(request, listings)


def _permitted(request: Request, listings: list[Listing]) -> list[Listing]:
    """What a request of this key could have of them, at the endpoints where it could."""
    caller: Caller = request.state.caller
    models, providers = caller.limits.models, caller.limits.providers
    if models is None and providers is None:
        return with_auto(listings)
    router = request.app.state.services.router
    offers = [
        (
            listing,
            tuple(one for one in listing.offered if one.served and router.permitted(one.endpoint, models, providers)),
        )
        for listing in listings
    ]
    return with_auto([msgspec.structs.replace(listing, offered=offered) for listing, offered in offers if offered])


async def _used(request: Request, days: int) -> dict[str, int]:
    """Tokens by model in the last so many days. Raises ApiError (503)."""
    house: Services = request.app.state.services
    now = time.time_ns() // 1_000_000

    def work(database: Database) -> dict[str, int]:
        with database.read() as connection:
            lines = reports.usage(connection, ("model",), Selection(since=now - days * _DAY_MS, until=now + 1))
            return {line.group[0] or "": line.prompt_tokens + line.completion_tokens for line in lines}

    try:
        return await asyncio.to_thread(work, house.database)
    except (SQLAlchemyError, StorageError) as error:
        message = "sort: the ledger, which knows what is used, cannot be read at the moment; try again."
        raise ApiError("provider_overloaded", message, retry_after_s=5) from error


def _flag(request: Request, *known: str) -> bool:
    """Whether the one parameter that is known is true. Raises ApiError (400) for all others."""
    for name in request.query_params:
        if name not in known:
            raise invalid(name[:40], "there is no such parameter here")
    return bool(known) and read_query(request.query_params).everything


def _now_s() -> int:
    return int(time.time())


def _json(body: Body) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
