"""OpenRouter's error body. Knows the body's shape and the headers that belong to it.

Many messages say what was sent. A key that was sent in the wrong place is not said again.
"""

from __future__ import annotations

import math
from typing import cast

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match, Route

from nemoserve.access.keytext import redacted
from nemoserve.http.headers import headers_of
from nemoserve.http.wire_routing import metadata_body, wants_metadata
from nemoserve.types.errors import ApiError


def error_object(error: ApiError) -> dict[str, object]:
    """What stands under `error`, in a body or in the last chunk of a stream."""
    return {
        "code": error.status,
        "message": redacted(error.message),
        "metadata": {
            "error_type": error.error_type,
            **{name: _without_keys(value) for name, value in error.metadata.items()},
        },
        **({} if error.availability is None else {"availability": _without_keys(error.availability)}),
    }


def _without_keys(value: object) -> object:
    """A value for JSON with every key in its texts cut short: clients put keys into the oddest fields."""
    match value:
        case str():
            return redacted(value)
        case list():
            return [_without_keys(each) for each in cast("list[object]", value)]
        case dict():
            return {name: _without_keys(each) for name, each in cast("dict[str, object]", value).items()}
        case _:
            return value


def error_headers(error: ApiError) -> dict[str, str]:
    """Retry-After and what else belongs to the error; seconds are rounded up, as the header takes whole ones."""
    headers = dict(error.headers)
    if error.retry_after_s is not None:
        headers["retry-after"] = str(max(1, math.ceil(error.retry_after_s)))
    return headers


def error_response(error: ApiError, more: dict[str, object] | None = None) -> Response:
    """The whole answer to a request that failed before anything was sent."""
    body = msgspec.json.encode({"error": error_object(error), **(more or {})})
    return Response(body, error.status, error_headers(error), "application/json")


async def on_api_error(request: Request, error: Exception) -> Response:
    """For errors raised in routes; where routing left nothing, with what it considered, if that was asked for."""
    assert isinstance(error, ApiError)
    if error.route is None or not wants_metadata(headers_of(request.scope)):
        return error_response(error)
    return error_response(error, {"openrouter_metadata": metadata_body(error.route, ())})


async def on_http_exception(request: Request, error: Exception) -> Response:
    """For the router's own: unknown paths and wrong methods."""
    assert isinstance(error, HTTPException)
    path = request.scope["path"]
    if error.status_code == 405:
        allowed = ", ".join(_methods(request))
        message = f"{request.method} is not allowed on {path}; allowed: {allowed}."
        return error_response(ApiError("method_not_allowed", message, headers={"allow": allowed}))
    if error.status_code == 404:
        return error_response(ApiError("not_found", f"There is nothing at {path}; GET / lists what there is."))
    return error_response(ApiError("invalid_request", str(error.detail)))


def _methods(request: Request) -> list[str]:
    """All that the path may be asked with: each method has a route of its own, and the router names only the first's."""
    routes = [route for route in request.app.routes if isinstance(route, Route)]
    here = (route for route in routes if route.matches(request.scope)[0] is not Match.NONE)
    return sorted({method for route in here for method in route.methods or ()})
