"""An engine's server as a provider on this machine: routed to like any other, started and watched by this server.

Knows what to start and how it is; the wire is the provider's adapter's.
"""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

from nemoserve.backends.base import Health, HostedEvent, HostedJob
from nemoserve.backends.managed.commands import HEALTH, WAITING, command
from nemoserve.backends.managed.process import ServerProcess
from nemoserve.backends.managed.programs import find_program
from nemoserve.backends.managed.subject import Subject, subject_of
from nemoserve.backends.managed.supervisor import Life, Supervisor, Watch
from nemoserve.backends.managed.waiting import waiting_in
from nemoserve.backends.printed import log_file
from nemoserve.backends.remote.backend import RemoteBackend
from nemoserve.backends.remote.endpoints import endpoint_of
from nemoserve.config.credentials import Secret
from nemoserve.config.engines import EngineSettings
from nemoserve.config.providers import ProviderModel, ProviderSettings
from nemoserve.observe.logs import Log
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError

_RETRY_AFTER_S = 5.0
_ANY_PORT = 1


def endpoint_served(engine: EngineSettings) -> Endpoint:
    """What the engine would serve, found out without starting it. Raises as ManagedBackend does."""
    return _endpoint(_provider(engine, subject_of(engine), find_program(engine), _ANY_PORT, ""))


def _provider(engine: EngineSettings, subject: Subject, program: str, port: int, key: str) -> ProviderSettings:
    """The server as a provider of the configuration."""
    model = ProviderModel(
        id=subject.id,
        upstream_id=command(engine, subject, program, port, key).upstream_id,
        family=subject.family.name,
        context_length=subject.context_length,
        modalities=engine.modalities,
    )
    return ProviderSettings(
        name=engine.name or engine.type,
        type=engine.type,
        base_url=f"http://127.0.0.1:{port}/v1",
        models=(model,),
        local=True,
        zdr=True,
    )


def _endpoint(provider: ProviderSettings) -> Endpoint:
    return endpoint_of(provider, provider.models[0])


class ManagedBackend:
    """One engine's server; a HostedBackend. Raises CheckpointError, EngineMissing or ValueError when it cannot be started."""

    def __init__(
        self,
        engine: EngineSettings,
        data_dir: Path,
        log: Log,
        first_byte_s: float,
        *,
        on_change: Callable[[str, Health], None] = lambda _label, _health: None,
        watch: Watch | None = None,
    ) -> None:
        """`on_change` hears of every change of its state, by its `label`."""
        self._engine, self._first_byte_s = engine, first_byte_s
        self._subject = subject_of(engine)
        self._program = find_program(engine)
        self._adapter: RemoteBackend | None = None
        # The server answers this process alone; other users of the machine go through the gateway too.
        self._key = secrets.token_urlsafe(24)
        self.endpoints: tuple[Endpoint, ...] = (_endpoint(self._provider(_ANY_PORT)),)
        self.waiting = 0
        """Requests in its queue, as last seen."""
        self._supervisor = Supervisor(
            self.name,
            self._begin,
            log_file(data_dir, "server", self.name),
            watch or Watch(),
            log,
            on_ready=self._on_ready,
            on_well=self._on_well,
            on_change=lambda health: on_change(self.label, health),
        )

    @property
    def name(self) -> str:
        return self._engine.name or self._engine.type

    @property
    def label(self) -> str:
        """The model and the server, for people."""
        return f"{self._subject.id} by {self.name}"

    @property
    def health(self) -> Health:
        return self._supervisor.health

    @property
    def not_ready(self) -> str:
        """Why it is not ready, for anybody: what the server printed, and where that is, is for the operator."""
        health = self.health
        if health.state == "failed":
            return health.message.partition("; it said last")[0].partition("\n")[0]
        return {"loading": "it is being loaded", "restarting": "it is being restarted"}.get(
            health.state, "it is not running"
        )

    def start(self) -> None:
        self._supervisor.start()

    def stream(self, job: HostedJob) -> AsyncGenerator[Sequence[HostedEvent]]:
        """The adapter's stream while the server is ready; else one that raises ApiError (502 or 503) at once."""
        if self._adapter is None or self.health.state != "ready":
            return _refusal(self._not_ready())
        return self._adapter.stream(job)

    async def close(self) -> None:
        """Ends the server and all that it started."""
        await self._supervisor.stop()
        await self._hang_up()

    def _begin(self, port: int) -> Life:
        made = command(self._engine, self._subject, self._program, port, self._key)
        return Life(made.words, made.env, HEALTH, self._key)

    async def _on_ready(self, port: int) -> None:
        await self._hang_up()
        self._adapter = RemoteBackend(self._provider(port), (Secret(self._key),), self._first_byte_s)

    async def _on_well(self, server: ServerProcess) -> None:
        name = WAITING.get(self._engine.type)
        answer = await server.get("/metrics", 5.0) if name is not None else None
        self.waiting = waiting_in(answer.text, name) if answer is not None and name is not None else 0

    async def _hang_up(self) -> None:
        adapter, self._adapter = self._adapter, None
        if adapter is not None:
            await adapter.close()

    def _provider(self, port: int) -> ProviderSettings:
        return _provider(self._engine, self._subject, self._program, port, self._key)

    def _not_ready(self) -> ApiError:
        """Its supervisor knows when it is there again, so that no request is kept from it then."""
        error = self._why_not_ready()
        error.blameless = True
        return error

    def _why_not_ready(self) -> ApiError:
        metadata: dict[str, object] = {"provider_name": self.name}
        if self.health.state == "failed":
            text = f"{self._subject.id} is not served: {self.not_ready}."
            return ApiError("provider_unavailable", text, metadata=metadata)
        what = self.not_ready.removeprefix("it ")
        return ApiError(
            "provider_overloaded",
            f"The model {self._subject.id} {what} by {self.name}; try again in a moment.",
            metadata=metadata,
            retry_after_s=_RETRY_AFTER_S,
        )


async def _refusal(error: ApiError) -> AsyncGenerator[Sequence[HostedEvent]]:
    raise error
    yield  # pragma: no cover - makes this a generator
