"""The route that describes the API to programs."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from nemoserve.http.openapi import document


async def openapi(request: Request) -> Response:
    """GET /openapi.json: the whole API, made from the code that serves it."""
    return Response(msgspec.json.encode(document(request.app.routes)), media_type="application/json")
