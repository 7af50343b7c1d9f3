"""Keeps an engine's server alive: waits until it answers, watches it, starts it again. Knows lives and health; no requests.

A server that dies, or is silent when asked for its health, is started again after a pause that grows while that goes on. One that
dies three times before it ever answered is given up, with the last lines of what it printed.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import msgspec

from nemoserve.backends.base import Health
from nemoserve.backends.managed.process import ServerProcess, free_port
from nemoserve.backends.printed import Printed
from nemoserve.backends.restarts import Restarts
from nemoserve.observe.logs import Log


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """How a server is watched. All in seconds, except for `strikes`."""

    starting_every_s: float = 0.25
    every_s: float = 5.0
    answer_s: float = 10.0
    """It has this long to say that it is well."""
    strikes: int = 3
    """So many times in a row without an answer, and it is taken for stuck."""
    silent_s: float = 1800.0
    """A server that starts and prints nothing for this long is taken for stuck; loading may take longer."""
    restart_first_s: float = 1.0
    restart_longest_s: float = 60.0


class Life(msgspec.Struct, frozen=True):
    """What is needed to start a server once."""

    words: tuple[str, ...]
    env: dict[str, str]
    health: str
    """The path that answers 200 once it is ready."""
    key: str
    """For its own questions to the server."""


class Supervisor:
    """One server over all its lives. `begin` says how to start it on a port.

    `on_ready` hears of each life's port before it counts as ready, `on_well` each time that the server has said it is well.
    """

    def __init__(
        self,
        name: str,
        begin: Callable[[int], Life],
        log_file: Path,
        watch: Watch,
        log: Log,
        *,
        on_ready: Callable[[int], Awaitable[None]],
        on_well: Callable[[ServerProcess], Awaitable[None]],
        on_change: Callable[[Health], None],
    ) -> None:
        self._name, self._begin, self._watch, self._log = name, begin, watch, log
        self._printed = Printed(log_file)
        self._on_ready, self._on_well, self._on_change = on_ready, on_well, on_change
        self._task: asyncio.Task[None] | None = None
        self._was_ready = False
        self.health = Health("loading")

    def start(self) -> None:
        self._task = asyncio.create_task(self._live_on(), name=f"server {self._name}")

    async def stop(self) -> None:
        """Ends the server and all that it started, if need be by force."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._become(Health("stopped", "The server is shutting down."))

    def _become(self, health: Health) -> None:
        if health != self.health:
            self.health = health
            self._on_change(health)

    async def _live_on(self) -> None:
        restarts = Restarts(self._watch.restart_first_s, self._watch.restart_longest_s)
        while True:
            born = time.monotonic()
            ready, words = await self._live_once()
            self._was_ready = self._was_ready or ready
            self._log.error("server died", server=self._name, how=words)
            pause = restarts.died(was_ready=ready, lived_s=time.monotonic() - born)
            if pause is None:
                where = f"\nAll that it said is in {self._printed.file}"
                self._become(
                    Health("failed", f"{self._name} died {restarts.deaths} times while starting: {words}{where}")
                )
                return
            self._become(Health("restarting", f"{self._name} died and is started again: {words}"))
            await asyncio.sleep(pause)

    async def _live_once(self) -> tuple[bool, str]:
        """One life, from start to end: whether it was ever ready, and its last words."""
        port = free_port()
        address = f"http://127.0.0.1:{port}"
        life = self._begin(port)
        ready = False
        try:
            async with ServerProcess(life.words, life.env, address, life.key, self._printed) as server:
                if await self._until_ready(server, life.health):
                    ready = True
                    await self._on_ready(port)
                    self._become(Health("ready"))
                    self._log.info("server ready", server=self._name, address=address)
                    await self._while_well(server, life.health)
                return ready, server.last_words()
        except OSError as error:
            return ready, f"it could not be started: {error}"

    async def _until_ready(self, server: ServerProcess, path: str) -> bool:
        size, changed = self._printed.size(), time.monotonic()
        state = "restarting" if self._was_ready else "loading"
        while not await server.ended(self._watch.starting_every_s):
            answer = await server.get(path, self._watch.answer_s)
            if answer is not None and answer.status_code == 200:
                return True
            if (now := self._printed.size()) != size:
                size, changed = now, time.monotonic()
                said = self._printed.lines()
                self._become(Health(state, said[-1][:200] if said else ""))
            elif time.monotonic() - changed > self._watch.silent_s:
                self._printed.note(f"nemoserve: nothing was printed for {self._watch.silent_s:.0f} s")
                return False
        return False

    async def _while_well(self, server: ServerProcess, path: str) -> None:
        """Until it ends, or has not answered too often."""
        missed = 0
        while not await server.ended(self._watch.every_s):
            answer = await server.get(path, self._watch.answer_s)
            missed = 0 if answer is not None and answer.status_code < 500 else missed + 1
            if not missed:
                self._printed.trim()
                await self._on_well(server)
            elif missed >= self._watch.strikes:
                self._printed.note(f"nemoserve: {path} was not answered {missed} times in a row")
                return
