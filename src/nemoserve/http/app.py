"""The application: which path leads where, and what lives as long as the server. Knows routes and construction only."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from nemoserve.backends.base import Health
from nemoserve.backends.catalogue import Catalogue
from nemoserve.backends.local.backend import LocalBackend
from nemoserve.backends.local.checkpoint import CheckpointError
from nemoserve.backends.local.resolve import resolve
from nemoserve.config.secret import server_secret
from nemoserve.config.settings import Settings
from nemoserve.engine.protocol import Status
from nemoserve.http import routes_control, routes_generate, routes_health, routes_models, routes_openapi, routes_tokens
from nemoserve.http.errors import on_api_error, on_http_exception
from nemoserve.http.middleware import Envelope
from nemoserve.observe.logs import open_log
from nemoserve.observe.metrics import Metrics
from nemoserve.pipeline import Services
from nemoserve.reasoning.keep import ReasoningKeep
from nemoserve.structured.compiler import GrammarCompiler
from nemoserve.types.errors import ApiError

Endpoint = Callable[[Request], Awaitable[Response]]
OnHealth = Callable[[str, Health], None]


def create_app(settings: Settings, on_health: OnHealth | None = None) -> Starlette:
    """The application for these settings; its lifespan starts and ends the engines.

    `on_health` hears of every change of a model's state, by id. Raises CheckpointError when a model's folder cannot be
    read, and OSError when the data folder cannot be written.
    """
    log = open_log(settings.data_dir / "logs", settings.log_level)
    metrics = Metrics()

    def on_change(name: str, health: Health) -> None:
        metrics.engine(name, "ready", float(health.state == "ready"))
        if health.state == "restarting" and health.message:
            log.warning("engine restarts", model=name, why=health.message)
        if on_health is not None:
            on_health(name, health)

    def on_status(name: str, status: Status) -> None:
        for what in ("running", "waiting", "kv_tokens_reserved", "decode_tokens_per_s"):
            metrics.engine(name, what, getattr(status, what))

    backends: list[LocalBackend] = []
    for wanted in settings.models:
        name, folder = resolve(wanted)
        if name in [backend.card.id for backend in backends]:
            raise CheckpointError(f"Two models are called {name}; name one of them with --model NAME=FOLDER.")
        aliases = (wanted,) if wanted != name else ()
        backends.append(
            LocalBackend(name, folder, settings, log, aliases=aliases, on_change=on_change, on_status=on_status)
        )
    if not backends:
        raise CheckpointError("There is no model to serve.")

    compilers = {backend.card.id: GrammarCompiler(backend.tokenizer_file) for backend in backends}

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        for backend in backends:
            backend.supervisor.start()
        try:
            yield
        finally:
            for backend in backends:
                await backend.supervisor.stop()
            for compiler in compilers.values():
                await compiler.close()

    app = Starlette(
        routes=_routes(),
        middleware=[Middleware(Envelope, metrics=metrics, log=log)],
        exception_handlers={ApiError: on_api_error, HTTPException: on_http_exception},
        lifespan=lifespan,
    )
    # A redirected POST loses its body in many clients; an unknown path is told as such.
    app.router.redirect_slashes = False
    app.state.services = Services(
        settings=settings,
        catalogue=Catalogue(backends),
        compilers=compilers,
        keep=ReasoningKeep(settings.keep_reasoning_s),
        secret=server_secret(settings.data_dir),
        metrics=metrics,
        log=log,
    )
    return app


def _routes() -> list[Route]:
    table: list[tuple[str, str, Callable[..., object]]] = [
        ("POST", "/chat/completions", routes_generate.chat_completions),
        ("POST", "/chat/completions/{id}/control", routes_control.control),
        ("POST", "/completions", routes_generate.completions),
        ("GET", "/models", routes_models.list_models),
        ("GET", "/models/{id:path}", routes_models.get_model),
        ("GET", "/openapi.json", routes_openapi.openapi),
    ]
    routes = [
        Route("/", routes_health.root, methods=["GET"]),
        Route("/openapi.json", routes_openapi.openapi, methods=["GET"]),
    ]
    for prefix in ("/v1", "/api/v1"):
        routes += [Route(prefix + path, endpoint, methods=[method]) for method, path, endpoint in table]
    for prefix in ("", "/v1"):
        routes += [
            Route(prefix + "/tokenize", routes_tokens.tokenize, methods=["POST"]),
            Route(prefix + "/detokenize", routes_tokens.detokenize, methods=["POST"]),
            Route(prefix + "/metrics", routes_health.metrics, methods=["GET"]),
        ]
    return [
        *routes,
        Route("/v1/health/live", routes_health.live, methods=["GET"]),
        Route("/v1/health/ready", routes_health.ready, methods=["GET"]),
        Route("/v1/version", routes_health.version, methods=["GET"]),
    ]
