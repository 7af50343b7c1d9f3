"""The application: what lives as long as the server, and how it is put together. Knows construction only."""

from __future__ import annotations

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncGenerator, Callable, Sequence
from functools import partial

from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware

from nemoserve.access.audit import WITNESS, AuditLog
from nemoserve.access.keyring import Keyring
from nemoserve.access.quota import make_quota
from nemoserve.access.rates import Rates
from nemoserve.admission import price_of
from nemoserve.backends.base import Health as EngineHealth
from nemoserve.backends.base import HostedBackend
from nemoserve.backends.catalogue import Catalogue
from nemoserve.backends.local.backend import LocalBackend
from nemoserve.backends.local.checkpoint import CheckpointError
from nemoserve.backends.local.resolve import resolve
from nemoserve.backends.managed.backend import ManagedBackend
from nemoserve.backends.remote.backend import RemoteBackend
from nemoserve.catalogue.book import model_book
from nemoserve.config.secret import server_secret
from nemoserve.config.settings import Settings
from nemoserve.engine.protocol import Status
from nemoserve.http.direct import Application
from nemoserve.http.errors import on_api_error, on_http_exception
from nemoserve.http.middleware import Envelope
from nemoserve.http.routes import routes
from nemoserve.ledger import content
from nemoserve.ledger.books import Books
from nemoserve.ledger.pricing import PriceBook
from nemoserve.observe.logs import open_log
from nemoserve.observe.metrics import Metrics
from nemoserve.pipeline import Services
from nemoserve.reasoning.keep import ReasoningKeep
from nemoserve.routing.candidate import LocalState
from nemoserve.routing.health import Health
from nemoserve.routing.order import Router
from nemoserve.routing.retries import RetryBudget
from nemoserve.storage.database import FILE, Database, StorageError
from nemoserve.structured.compiler import GrammarCompiler
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError

_DAY_MS = 86_400_000
_EXPIRE_S = 3600.0

OnHealth = Callable[[str, EngineHealth], None]


def create_app(
    settings: Settings, on_health: OnHealth | None = None, hosted: Sequence[HostedBackend] = ()
) -> Starlette:
    """The application for these settings; its lifespan starts and ends the engines.

    `on_health` hears of every change of a model's state, by id; `hosted` are providers beside those of the settings. Raises
    CheckpointError when a model's folder cannot be read or there is nothing to serve, StorageError when the database cannot be
    used, ValueError for a price file that makes no sense, a provider's key that is not there or an alias that leads nowhere, and OSError when the data folder
    cannot be written.
    """
    log = open_log(settings.data_dir / "logs", settings.log_level)
    metrics = Metrics()

    def on_change(name: str, health: EngineHealth) -> None:
        metrics.engine(name, "ready", float(health.state == "ready"))
        if health.state == "restarting" and health.message:
            log.warning("engine restarts", model=name, why=health.message)
        if on_health is not None:
            on_health(name, health)

    waiting: dict[str, int] = {}

    def on_status(name: str, status: Status) -> None:
        waiting[name] = status.waiting
        for what in ("running", "waiting", "kv_tokens_reserved", "decode_tokens_per_s"):
            metrics.engine(name, what, getattr(status, what))

    backends: list[LocalBackend] = []
    for wanted in settings.models:
        name, folder = resolve(wanted, settings.data_dir)
        if name in [backend.card.id for backend in backends]:
            raise CheckpointError(f"Two models are called {name}; name one of them with --model NAME=FOLDER.")
        aliases = (wanted,) if wanted != name else ()
        backends.append(
            LocalBackend(name, folder, settings, log, aliases=aliases, on_change=on_change, on_status=on_status)
        )
    managed = [
        ManagedBackend(engine, settings.data_dir, log, settings.routing.first_byte_timeout, on_change=on_change)
        for engine in settings.engines
    ]
    remote = {provider.name: RemoteBackend.open(provider, settings.routing) for provider in settings.providers}
    for provider in (*managed, *remote.values()):
        metrics.waiting(provider.name, partial(getattr, provider, "waiting"))
    hosted = [*hosted, *managed, *remote.values()]
    served = [
        *(backend.card.id for backend in backends),
        *(end.model for provider in hosted for end in provider.endpoints),
    ]
    catalogue = Catalogue(backends, hosted, model_book().aliases(dict.fromkeys(served)), settings.aliases)
    if not catalogue.endpoints:
        raise CheckpointError("There is no model to serve.")

    compilers = {backend.card.id: GrammarCompiler(backend.tokenizer_file) for backend in backends}

    secret, prices = server_secret(settings.data_dir), price_book(settings)
    database = Database.open(settings.database_url or settings.data_dir / FILE, serving=True)
    instance = secrets.token_hex(8)
    books = Books.open_all(
        database,
        prices,
        make_quota(database, instance),
        instance=instance,
        folder=settings.data_dir,
        log=log,
        metrics=metrics,
    )
    health = Health(settings.routing)

    def local_state(endpoint: Endpoint) -> LocalState:
        backend = catalogue.local(endpoint)
        if backend is None:
            server = next((server for server in managed if server.name == endpoint.provider), None)
            if server is None:
                provider = remote.get(endpoint.provider)
                return LocalState() if provider is None else LocalState(waiting=provider.waiting)
            return LocalState(server.health.state == "ready", server.waiting, server.not_ready)
        state = backend.health
        return LocalState(state.state == "ready", waiting.get(endpoint.model, 0), state.message)

    router = Router(
        catalogue.endpoints,
        lambda endpoint: price_of(books, endpoint, time.time_ns() // 1_000_000),
        health,
        settings.routing,
        local=local_state,
        aliases=catalogue.aliases,
    )
    house = Services(
        settings=settings,
        catalogue=catalogue,
        router=router,
        health=health,
        retries=RetryBudget(settings.routing.retry_budget, settings.routing.retry_burst),
        compilers=compilers,
        keep=ReasoningKeep(settings.keep_reasoning_s),
        secret=secret,
        database=database,
        keyring=Keyring(database, secret, AuditLog(secret, settings.data_dir / WITNESS)),
        rates=Rates(),
        books=books,
        metrics=metrics,
        log=log,
    )

    @contextlib.asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncGenerator[None]:
        await books.start()
        expiry = asyncio.create_task(_expire(house)) if settings.retain_content_days is not None else None
        for backend in backends:
            backend.supervisor.start()
        for server in managed:
            server.start()
        try:
            yield
        finally:
            if expiry is not None:
                expiry.cancel()
            # While the engines still live: they say how much they made of what was broken off.
            await asyncio.gather(*house.settling, return_exceptions=True)
            for backend in backends:
                await backend.supervisor.stop()
            for provider in hosted:
                await provider.close()
            for compiler in compilers.values():
                await compiler.close()
            await books.close()
            database.close()

    app = Application(
        routes=routes(),
        middleware=[Middleware(Envelope, metrics=metrics, log=log)],
        exception_handlers={ApiError: on_api_error, HTTPException: on_http_exception},
        lifespan=lifespan,
    )
    # A redirected POST loses its body in many clients; an unknown path is told as such.
    app.router.redirect_slashes = False
    app.state.services = house
    return app


def price_book(settings: Settings) -> PriceBook:
    """All prices that the configuration leads to. Raises ValueError, as `PriceBook.load`."""
    configured = [
        (model.model, provider.name, model.price.price())
        for provider in settings.providers
        for model in provider.models
        if model.price is not None
    ]
    local = [provider.name for provider in settings.providers if provider.local]
    local += [engine.name or engine.type for engine in settings.engines]
    return PriceBook.load(settings.prices, configured, local)


async def _expire(house: Services) -> None:
    """Deletes stored content that has become too old, every hour."""
    kept_ms = (house.settings.retain_content_days or 0) * _DAY_MS
    while True:
        try:
            before = time.time_ns() // 1_000_000 - kept_ms
            if gone := await asyncio.to_thread(content.expire, house.database, before):
                house.log.info("content expired", generations=gone)
        except (StorageError, SQLAlchemyError) as error:
            house.log.warning("content not expired", why=str(error))
        await asyncio.sleep(_EXPIRE_S)
