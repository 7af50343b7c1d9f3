"""Which path leads where, and what its caller has to be allowed. A route that is not in this table does not exist."""

from __future__ import annotations

import contextlib
import functools
import time
from collections.abc import Awaitable, Callable

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from nemoserve.access.policy import Action, allowed
from nemoserve.admission import monotonic_ms
from nemoserve.http import (
    routes_account,
    routes_control,
    routes_generate,
    routes_health,
    routes_keys,
    routes_models,
    routes_openapi,
    routes_tokens,
)
from nemoserve.http.auth import caller_of, require
from nemoserve.http.ids import generation_id
from nemoserve.http.middleware import add_account
from nemoserve.pipeline import Services
from nemoserve.types.caller import ANONYMOUS, Caller
from nemoserve.types.errors import ApiError
from nemoserve.types.money import decimal

Endpoint = Callable[[Request], Awaitable[Response | ASGIApp]]
Table = list[tuple[str, str, Endpoint, Action]]

_API: Table = [
    ("POST", "/chat/completions", routes_generate.chat_completions, "generate"),
    ("POST", "/chat/completions/{id}/control", routes_control.control, "control"),
    ("POST", "/completions", routes_generate.completions, "generate"),
    *routes_models.ROUTES,
    *routes_keys.ROUTES,
    *routes_account.ROUTES,
]
_SERVICE: Table = [
    ("POST", "/tokenize", routes_tokens.tokenize, "tokenize"),
    ("POST", "/detokenize", routes_tokens.detokenize, "tokenize"),
    ("GET", "/metrics", routes_health.metrics, "metrics"),
]
_HEALTH: Table = [
    ("GET", "/health/live", routes_health.live, "health"),
    ("GET", "/health/ready", routes_health.ready, "health"),
    ("GET", "/version", routes_health.version, "health"),
]
_PLACES: list[tuple[tuple[str, ...], Table]] = [
    (("",), [("GET", "/", routes_health.root, "health")]),
    (("/v1", "/api/v1"), _API),
    (("", "/v1"), _SERVICE),
    (("/v1",), _HEALTH),
    (("", "/v1", "/api/v1"), [("GET", "/openapi.json", routes_openapi.openapi, "read_openapi")]),
]
"""Tables, each with the prefixes that it stands under."""


def routes() -> list[Route]:
    """Every route, guarded."""
    return [
        Route(prefix + path, _guarded(action, endpoint), methods=[method])
        for prefixes, table in _PLACES
        for prefix in prefixes
        for method, path, endpoint, action in table
    ]


def _guarded(action: Action, endpoint: Endpoint) -> Endpoint:
    """The endpoint for those whose role may do this; nothing else leads to it."""

    @functools.wraps(endpoint)
    async def guarded(request: Request) -> Response | ASGIApp:
        house: Services = request.app.state.services
        # What anybody may do needs no look at a key, and works while the keys cannot be read.
        required = house.settings.keys_required
        open_to_all = allowed(ANONYMOUS, action)
        caller = ANONYMOUS
        try:
            if not open_to_all:
                caller = await caller_of(request, house.keyring, required=required)
            request.state.caller = caller
            require(caller, action)
            try:
                return await endpoint(request)
            except RecursionError as error:
                # What is not looked into as it is decoded is where it is used.
                raise ApiError("invalid_request", "The request body is nested too deeply.") from error
        except ApiError:
            if action == "generate":
                _tell_refusal(request)
            raise
        finally:
            await _tell_account(request, house, caller)

    return guarded


def _tell_refusal(request: Request) -> None:
    """Headers for a reply that was refused or failed: its id, which the logs have too, and that it costs nothing."""
    told = request.scope.get("nemoserve.account", {})
    add_account(request.scope, {"x-generation-id": generation_id(), "x-cost": "0", **told})


async def _tell_account(request: Request, house: Services, caller: Caller) -> None:
    """Headers for a key: what is left of its money and of its rates."""
    if caller.key_id is None:
        return
    headers: dict[str, str] = {}
    now = time.time_ns() // 1_000_000
    if caller.limits.limit is not None:
        with contextlib.suppress(ApiError):
            headers["x-limit-remaining"] = decimal(await house.books.remaining(caller, now) or 0)
    if (state := house.rates.state(caller, monotonic_ms())) is not None:
        headers["x-ratelimit-limit"] = str(state.limit)
        headers["x-ratelimit-remaining"] = str(state.remaining)
        headers["x-ratelimit-reset"] = str(now + state.reset_in)
    add_account(request.scope, headers)
