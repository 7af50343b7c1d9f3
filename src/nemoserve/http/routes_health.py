"""The routes for those who watch: health, version, metrics, and the page at `/`."""

from __future__ import annotations

import html

import msgspec
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from nemoserve import __version__
from nemoserve.backends.managed.backend import ManagedBackend
from nemoserve.observe.metrics import CONTENT_TYPE
from nemoserve.pipeline import Services

API_VERSION = "1"


def _json(body: object, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    return Response(msgspec.json.encode(body), status, headers, "application/json")


async def live(_request: Request) -> Response:
    """GET /v1/health/live: the process answers."""
    return _json({"object": "health.response", "message": "Service is live."})


async def ready(request: Request) -> Response:
    """GET /v1/health/ready: every model that can be loaded is; 503 before. Providers elsewhere are not waited for."""
    house: Services = request.app.state.services
    states = [(backend.card.id, backend.health) for backend in house.catalogue.backends]
    servers = [backend for backend in house.catalogue.hosted.values() if isinstance(backend, ManagedBackend)]
    states += [(server.label, server.health) for server in servers]
    working = [health for _, health in states if health.state != "failed"]
    is_ready = bool(working or len(house.catalogue.hosted) > len(servers)) and all(
        health.state == "ready" for health in working
    )
    body = {
        "object": "health.response",
        "message": "Service is ready." if is_ready else "Service is not ready.",
        "models": [{"id": name, **msgspec.to_builtins(health)} for name, health in states],
    }
    return _json(body) if is_ready else _json(body, 503, {"retry-after": "1"})


async def version(_request: Request) -> Response:
    """GET /v1/version"""
    return _json({"release": __version__, "version": __version__, "api": API_VERSION})


async def metrics(request: Request) -> Response:
    """GET /metrics, for Prometheus."""
    house: Services = request.app.state.services
    return Response(house.metrics.text(), media_type=CONTENT_TYPE)


async def root(request: Request) -> Response:
    """GET /: what is here, as a page for people and as JSON for programs."""
    house: Services = request.app.state.services
    models = dict.fromkeys(house.catalogue.ids, "ready")
    models |= {backend.card.id: backend.health.state for backend in house.catalogue.backends}
    paths = sorted({str(getattr(route, "path", "")) for route in request.app.routes})
    if "text/html" not in request.headers.get("accept", ""):
        return _json({"name": "nemoserve", "version": __version__, "models": models, "paths": paths})
    address = str(request.base_url).rstrip("/")
    body = {"model": next(iter(models)), "messages": [{"role": "user", "content": "What is 12 + 30?"}]}
    curl = f"curl {address}/v1/chat/completions -H 'Content-Type: application/json' -d '{msgspec.json.encode(body).decode()}'"
    rows = "".join(f"<li><code>{html.escape(name)}</code>: {state}</li>" for name, state in models.items())
    links = "".join(f"<li><code>{html.escape(path)}</code></li>" for path in paths)
    return HTMLResponse(
        f"<!doctype html><html lang=en><meta charset=utf-8><title>nemoserve {__version__}</title>"
        "<style>body{font:16px/1.5 system-ui;max-width:50rem;margin:3rem auto;padding:0 1rem}"
        "pre{background:#f4f4f4;padding:1rem;overflow:auto}</style>"
        f"<h1>nemoserve {__version__}</h1><p>Models</p><ul>{rows}</ul>"
        f"<p>Try it</p><pre>{html.escape(curl)}</pre><p>Paths</p><ul>{links}</ul></html>"
    )
