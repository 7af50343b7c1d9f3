"""What every response carries: request id, timing, CORS. Also logs and counts requests. Pure ASGI; knows no routes' meaning."""

from __future__ import annotations

import asyncio
import contextlib
import re
import time

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from nemoserve.access.keytext import PREFIX, redacted
from nemoserve.http import ids
from nemoserve.http.errors import error_response
from nemoserve.http.headers import headers_of
from nemoserve.http.streams import ClientGone
from nemoserve.observe import logs
from nemoserve.observe.logs import Log
from nemoserve.observe.metrics import Metrics
from nemoserve.types.errors import ApiError, shutting_down

_SANE_ID = re.compile(r"[A-Za-z0-9._:/+=-]{1,128}")
_EXPOSED = (
    "X-Request-Id, X-Generation-Id, X-Sampling, X-Processing-Ms, Server-Timing, Retry-After, X-Cost, X-Cost-Reserved, "
    "X-Limit-Remaining, X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)
_OPEN = [(b"access-control-allow-origin", b"*"), (b"access-control-expose-headers", _EXPOSED.encode())]
_PREFLIGHT = {
    "access-control-allow-methods": "GET, POST, PATCH, DELETE, OPTIONS",
    "access-control-allow-headers": "*, Authorization",
    "access-control-max-age": "86400",
}


def add_account(scope: Scope, headers: dict[str, str]) -> None:
    """Headers on what the caller has spent and may still do, for the response under way."""
    scope.setdefault("nemoserve.account", {}).update(headers)


def add_timing(scope: Scope, milliseconds: dict[str, float]) -> None:
    """Adds entries to the Server-Timing header of the response under way."""
    scope.setdefault("nemoserve.timing", {}).update(milliseconds)


class Envelope:
    """Wraps every request: nothing leaves without an id and a time, and no failure leaves as a bare traceback."""

    def __init__(self, app: ASGIApp, *, metrics: Metrics, log: Log) -> None:
        self._app = app
        self._metrics = metrics
        self._log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        arrived = time.perf_counter()
        given = headers_of(scope).get("x-request-id", "")
        sane = given and _SANE_ID.fullmatch(given) and PREFIX not in given
        request_id = given if sane else ids.request_id()
        scope["nemoserve.request_id"] = request_id
        logs.request_id.set(request_id)
        status = 0

        async def send_with_headers(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                total = f"{(time.perf_counter() - arrived) * 1e3:.1f}"
                told = f"total;dur={total}"
                for name, value in scope.get("nemoserve.timing", {}).items():
                    told += f", {name};dur={value:.1f}"
                headers = [
                    *message["headers"],
                    (b"x-request-id", request_id.encode()),
                    (b"x-processing-ms", total.encode()),
                    (b"server-timing", told.encode()),
                    *_OPEN,
                ]
                if account := scope.get("nemoserve.account"):
                    named = {name for name, _ in message["headers"]}
                    for name, value in account.items():
                        if (field := name.encode()) not in named:
                            headers.append((field, value.encode("latin-1")))
                message["headers"] = headers
            await send(message)

        try:
            if scope["method"] == "OPTIONS":
                start: Message = {"type": "http.response.start", "status": 204, "headers": []}
                MutableHeaders(scope=start).update(_PREFLIGHT)
                await send_with_headers(start)
                await send({"type": "http.response.body", "body": b""})
            else:
                await self._app(scope, receive, send_with_headers)
        except ClientGone:
            status = status or 499
        except asyncio.CancelledError:
            if not status:
                with contextlib.suppress(Exception, asyncio.CancelledError):
                    await error_response(shutting_down())(scope, receive, send_with_headers)
            raise
        except Exception:
            self._log.exception("request failed")
            if status:
                raise
            error = ApiError("server", f"The server failed on this request; its log has the id {request_id}.")
            await error_response(error)(scope, receive, send_with_headers)
        finally:
            route = scope.get("route")
            path = str(getattr(route, "path", "unknown"))
            self._metrics.request(scope["method"], path, status or 499)
            self._log.info(
                "request",
                method=scope["method"],
                path=redacted(scope["path"])[:200],
                status=status or 499,
                ms=round((time.perf_counter() - arrived) * 1e3, 1),
            )
