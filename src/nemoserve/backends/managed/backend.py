"""An engine's server as a provider on this machine: routed to like any other, started and watched by this server.

Knows what to start and where it is found; the wire is the provider's adapter's.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable
from pathlib import Path

import msgspec

from nemoserve.backends.base import Health, HostedBackend, HostedEvent, HostedJob
from nemoserve.backends.managed.commands import HEALTH, Command, command
from nemoserve.backends.managed.process import ServerProcess
from nemoserve.backends.managed.programs import find_program
from nemoserve.backends.managed.subject import Subject, subject_of
from nemoserve.backends.managed.supervisor import Life, Supervisor, Watch
from nemoserve.backends.printed import log_file
from nemoserve.config.engines import EngineSettings
from nemoserve.observe.logs import Log
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError


class Address(msgspec.Struct, frozen=True):
    """Where a server listens in this life of it."""

    engine: EngineSettings
    subject: Subject
    url: str
    """Up to and including `/v1`."""
    key: str | None
    upstream_id: str
    context_length: int


Connect = Callable[[Address], HostedBackend]
"""The adapter for such a server; it is closed when the server has died."""


class ManagedBackend:
    """One engine's server. Raises CheckpointError, EngineMissing or ValueError, each one sentence, when it cannot be started."""

    def __init__(
        self,
        engine: EngineSettings,
        data_dir: Path,
        log: Log,
        connect: Connect,
        *,
        on_change: Callable[[str, Health], None] = lambda _name, _health: None,
        watch: Watch | None = None,
    ) -> None:
        self._engine = engine
        self.subject = subject_of(engine)
        self._program = find_program(engine)
        self._connect = connect
        self._adapter: HostedBackend | None = None
        # The server answers this process alone; other users of the machine go through the gateway too.
        self._key = secrets.token_urlsafe(24)
        self._command = command(engine, self.subject, self._program, 0, self._key)
        self._context_length = self.subject.context_length
        self._on_change = on_change
        self._supervisor = Supervisor(
            self.name,
            self._begin,
            log_file(data_dir, "server", self.name),
            watch or Watch(),
            log,
            on_ready=self._on_ready,
            on_change=self._changed,
        )

    @property
    def name(self) -> str:
        return self._engine.name or self._engine.type

    @property
    def health(self) -> Health:
        return self._supervisor.health

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The one endpoint; its context length is the server's own once that has told it."""
        return (
            Endpoint(
                model=self.subject.id,
                provider=self.name,
                upstream_id=self._command.upstream_id,
                local=True,
                context_length=self._context_length,
            ),
        )

    def start(self) -> None:
        self._supervisor.start()

    def stream(self, job: HostedJob) -> AsyncGenerator[HostedEvent]:
        """The adapter's stream while the server is ready; else one that raises ApiError (502 or 503) at once."""
        if self._adapter is None or self.health.state != "ready":
            return _refusal(self._not_ready())
        return self._adapter.stream(job)

    async def close(self) -> None:
        """Ends the server and all that it started."""
        await self._supervisor.stop()
        await self._drop_adapter()

    def _begin(self, port: int) -> Life:
        self._command = made = self._made(port)
        return Life(made.words, made.env, HEALTH[self._engine.type], self._key)

    def _made(self, port: int) -> Command:
        return command(self._engine, self.subject, self._program, port, self._key)

    async def _on_ready(self, url: str, server: ServerProcess) -> None:
        await self._drop_adapter()
        told = await _context_told(server, self._engine)
        self._context_length = min(told, self._engine.context_length or told) if told else self.subject.context_length
        self._adapter = self._connect(
            Address(
                self._engine,
                self.subject,
                f"{url}/v1",
                self._key if self._command.keyed else None,
                self._command.upstream_id,
                self._context_length,
            )
        )

    async def _drop_adapter(self) -> None:
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            await adapter.close()

    def _changed(self, health: Health) -> None:
        self._on_change(self.name, health)

    def _not_ready(self) -> ApiError:
        health = self.health
        metadata: dict[str, object] = {"provider_name": self.name}
        if health.state == "failed":
            # What the server printed is for the operator.
            why = health.message.partition("; it said last")[0]
            return ApiError("provider_unavailable", f"{self.subject.id} is not served: {why}.", metadata=metadata)
        what = {"loading": "is being loaded", "restarting": "is being restarted"}.get(health.state, "is not running")
        return ApiError(
            "provider_overloaded",
            f"The model {self.subject.id} {what} by {self.name}; try again in a moment.",
            metadata=metadata,
            retry_after_s=5.0,
        )


class _Model(msgspec.Struct):
    max_model_len: int | None = None


class _Models(msgspec.Struct):
    """What vLLM and SGLang say at `/v1/models`."""

    data: list[_Model] = []


class _Slot(msgspec.Struct):
    n_ctx: int | None = None


class _Props(msgspec.Struct):
    """What llama-server says at `/props`."""

    default_generation_settings: _Slot = msgspec.field(default_factory=_Slot)


async def _refusal(error: ApiError) -> AsyncGenerator[HostedEvent]:
    raise error
    yield  # pragma: no cover - makes this a generator


async def _context_told(server: ServerProcess, engine: EngineSettings) -> int | None:
    """The longest context that the server says it takes."""
    path = "/props" if engine.type == "llama-server" else "/v1/models"
    answer = await server.get(path, 10.0)
    if answer is None or answer.status_code != 200:
        return None
    try:
        if engine.type == "llama-server":
            return msgspec.json.decode(answer.content, type=_Props).default_generation_settings.n_ctx
        return next((model.max_model_len for model in msgspec.json.decode(answer.content, type=_Models).data), None)
    except msgspec.DecodeError:
        return None
