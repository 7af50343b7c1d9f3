"""The routes that tell what is served."""

from __future__ import annotations

import time

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.backends.base import Backend
from nemoserve.http.wire_models import model_body
from nemoserve.http.wire_reply import Body
from nemoserve.pipeline import Services


async def list_models(request: Request) -> Response:
    """GET /v1/models"""
    house: Services = request.app.state.services
    data = [_body(house, backend) for backend in house.catalogue.backends]
    body = {"object": "list", "data": data, "total_count": len(data), "links": {"next": None}}
    return Response(msgspec.json.encode(body), media_type="application/json")


async def get_model(request: Request) -> Response:
    """GET /v1/models/{id}; the id may contain slashes."""
    house: Services = request.app.state.services
    backend = house.catalogue.find([request.path_params["id"]])
    return Response(msgspec.json.encode(_body(house, backend)), media_type="application/json")


def _body(house: Services, backend: Backend) -> Body:
    card = backend.card
    return model_body(backend, house.books.prices.price(card.id, card.provider, time.time_ns() // 1_000_000))
