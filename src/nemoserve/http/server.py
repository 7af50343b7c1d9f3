"""Runs the application until it is told to stop. Knows sockets, signals and uvicorn; prints nothing."""

from __future__ import annotations

import asyncio
import gc
import getpass
import logging
import os
import socket
from collections.abc import Callable
from functools import partial
from typing import Literal

import msgspec
import uvicorn

from nemoserve.access.keyring import Keyring
from nemoserve.backends.base import Health
from nemoserve.backends.local.checkpoint import CheckpointError
from nemoserve.backends.managed.programs import EngineMissing
from nemoserve.config.address import is_loopback
from nemoserve.config.audited import audited
from nemoserve.config.secret import VARIABLE
from nemoserve.config.settings import Settings, make_data_dir
from nemoserve.http.app import create_app
from nemoserve.http.listening import Server, loop_factory
from nemoserve.http.protocol import Protocol
from nemoserve.ledger.writer import CLOSING_S
from nemoserve.observe.logs import Log
from nemoserve.pipeline import Services
from nemoserve.storage.database import StorageError

_BACKLOG = 2048
_PATIENCE_S = 1.0
"""Before it is told what the end waits for."""
_FORMAT = logging.Formatter()


class ServeError(Exception):
    """The server cannot start; the message is one sentence for a person."""


class ServerEvent(msgspec.Struct, frozen=True):
    """Something that the person who started the server wants to see."""

    kind: Literal["listening", "loading", "ready", "restarting", "failed", "stopped", "ending"]
    url: str = ""
    """The server's address (listening)."""
    model: str = ""
    """Whose state has changed (all kinds but listening and ending)."""
    message: str = ""
    """Why (restarting, failed), what there is room for (ready), or what the server waits for and has not done (ending)."""
    done_bytes: int = 0
    total_bytes: int = 0
    """How far loading has come; 0 before it is known."""


Notify = Callable[[ServerEvent], None]


def serve(settings: Settings, notify: Notify | None = None) -> int:
    """Serves until SIGINT or SIGTERM; returns the exit status: 0, or 1 when no model could be loaded.

    `notify` hears of the address and of the models' states, on the event loop's thread. Raises ServeError when the server
    cannot start at all.
    """
    tell: Notify = notify or (lambda _event: None)
    failed: set[str] = set()
    server: Server | None = None

    def nothing_left() -> bool:
        """Every model has failed to load, and there is no provider to go on with."""
        loading = len(settings.models) + len(settings.engines)
        gone = loading > 0 and len(failed) == loading
        return settings.exit_when_nothing_loads and gone and not settings.providers

    def on_health(name: str, health: Health) -> None:
        tell(
            ServerEvent(
                health.state,
                model=name,
                message=health.message,
                done_bytes=health.done_bytes,
                total_bytes=health.total_bytes,
            )
        )
        if health.state == "failed":
            failed.add(name)
            if server is not None and nothing_left():
                server.should_exit = True

    listener = _listen(settings)
    try:
        try:
            make_data_dir(settings.data_dir)
            app = create_app(settings, on_health)
        except (CheckpointError, EngineMissing, StorageError, ValueError, OSError) as error:
            raise ServeError(str(error)) from error
        _require_keys(settings, app.state.services.keyring)
        _log_settings(settings, app.state.services.keyring)
        config = uvicorn.Config(
            app,
            http=Protocol,
            lifespan="on",
            log_config=None,
            access_log=False,
            server_header=False,
            proxy_headers=False,  # nothing here asks for the client's address or the scheme
            timeout_keep_alive=settings.http_idle_s,
            timeout_graceful_shutdown=settings.shutdown_s,
            backlog=_BACKLOG,
        )
        _redirect_warnings(app.state.services.log)
        house: Services = app.state.services

        def on_listening() -> None:
            tell(ServerEvent("listening", url=_url(settings.host, listener)))

        on_ending = partial(_tell_of_end, house=house, settings=settings, tell=tell)
        server = Server(config, on_listening, on_ending)
        _collect_seldom()
        with asyncio.Runner(loop_factory=loop_factory()) as runner:
            runner.run(server.serve(sockets=[listener]))
        if house.books.behind:
            tell(ServerEvent("ending", message=_left(settings, house.books.behind)))
    finally:
        listener.close()
    return 1 if nothing_left() else 0


async def _tell_of_end(server: Server, house: Services, settings: Settings, tell: Notify) -> None:
    """Tells what the end waits for, where that takes longer than a moment."""
    await asyncio.sleep(_PATIENCE_S)
    if replies := len(server.server_state.tasks):
        text = f"Waiting for replies under way ({replies}), {settings.shutdown_s} s at most."
        tell(ServerEvent("ending", message=text))
    while True:
        await asyncio.sleep(_PATIENCE_S)
        if house.books.closing:
            return tell(ServerEvent("ending", message=_awaited(house)))


def _awaited(house: Services) -> str:
    lines = f"the last {house.books.behind} lines" if house.books.behind else "the last word"
    return f"Waiting for {house.database.name} to take {lines} of the ledger, {CLOSING_S:.0f} s at most."


def _left(settings: Settings, lines: int) -> str:
    return (
        f"{lines} lines of the ledger are not in the database. They are kept in {settings.data_dir / 'ledger-journal-*.jsonl'}, "
        "and written when a server is started there again."
    )


def _collect_seldom() -> None:
    """Garbage is looked for where there is some: not among what lives as long as the server, and not at every 700th object.

    Nor at so many at once that all replies stand still for long: two hundred thousand took 0.3 s.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 5, 20)


def _require_keys(settings: Settings, keyring: Keyring) -> None:
    """Raises ServeError where others can reach the server and nobody has a key: it could serve nobody, or everybody."""
    if not is_loopback(settings.host) and not keyring.list():
        place = f"--data-dir {settings.data_dir}"
        if settings.database_url is not None:
            place += " --database-url URL, with the server's own URL"
        raise ServeError(
            f"{settings.host} can be reached by others, so every request needs a key, and there is none yet. Make the first: "
            f"nemoserve keys create NAME {place}"
        )
    if settings.keys_required and keyring.list() and not keyring.own:
        raise ServeError(
            f"The keys in the database were made under another secret than this server's, so none of them would work. Give it "
            f"the secret that they were made under, as {VARIABLE} or as the file {settings.data_dir / 'secret'}. If that is lost, "
            "rotate a key or make another with `nemoserve keys`; the old ones are lost with it."
        )


def _log_settings(settings: Settings, keyring: Keyring) -> None:
    """What matters of them is in the audit log, with who started the server."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):
        user = "unknown"
    keyring.log_settings(audited(settings), server=f"server:{socket.gethostname()}", actor=f"serve:{user}")


class _ToLog(logging.Handler):
    """uvicorn's own warnings (broken connections, unfinished responses) belong in the log, not on the terminal."""

    def __init__(self, log: Log) -> None:
        super().__init__(logging.WARNING)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        exception = {} if record.exc_info is None else {"exception": _FORMAT.formatException(record.exc_info)}
        self._log.warning("uvicorn", message=record.getMessage(), **exception)


def _redirect_warnings(log: Log) -> None:
    logger = logging.getLogger("uvicorn")
    logger.handlers, logger.propagate = [_ToLog(log)], False


def _listen(settings: Settings) -> socket.socket:
    """A socket bound to the address, not listening yet. Raises ServeError."""
    where = f"{settings.host}:{settings.port}"
    try:
        found = socket.getaddrinfo(settings.host, settings.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise ServeError(f"{settings.host} is no address of this machine: {error.strerror}.") from error
    family, _, _, _, address = found[0]
    try:
        listener = socket.socket(family)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        # Bound, so that a taken port is told at once, but listening only when there is somebody to answer.
        listener.bind(address)
        return listener
    except OSError as error:
        raise ServeError(
            f"Cannot listen on {where}: {os.strerror(error.errno or 0)}; is a server running there already? --port takes another."
        ) from error


def _url(host: str, listener: socket.socket) -> str:
    name = f"[{host}]" if ":" in host else host
    return f"http://{name}:{listener.getsockname()[1]}"
