"""The route that describes the API to programs."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.http.openapi import document
from nemoserve.pipeline import Services


async def openapi(request: Request) -> Response:
    """GET /openapi.json: the whole API, made from the code that serves it."""
    house: Services = request.app.state.services
    return Response(
        msgspec.json.encode(document(request.app.routes, keys_required=house.settings.keys_required)),
        media_type="application/json",
    )
