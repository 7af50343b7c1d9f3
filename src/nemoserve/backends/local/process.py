"""One life of an engine process: its socket, its start, its messages, its end. Knows the protocol's framing; no requests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import msgspec

from nemoserve.backends.local.channel import Channel, Listener
from nemoserve.backends.printed import Printed, how_it_ended
from nemoserve.engine.protocol import FrameReader, FromEngine, Shutdown, ToEngine, decode_from_engine, frame

ENGINE_ENVIRONMENT = {"OMP_WAIT_POLICY": "PASSIVE"}
"""What an engine gets unless the environment says otherwise. PyTorch's threads would spin after each operation, on the cores that the
native library's threads want next: sixteen sequences of the embedded model decode at 0.6 of the speed then."""

_LEAVE_S = 2.0
_TERM_S = 4.0


class EngineProcess:
    """Spawns an engine and talks to it; leaving the block ends it. One instance serves one life.

    The engine connects to a socket in a folder that only this user can enter. What it prints goes to `log`.
    """

    def __init__(self, command: Sequence[str], log: Path, connect_s: float) -> None:
        self._command = tuple(command)
        self._printed = Printed(log)
        self._connect_s = connect_s
        self._folder: Path | None = None
        self._listener: Listener | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._channel: Channel | None = None

    async def __aenter__(self) -> Self:
        """Starts the process. Raises OSError if that is impossible."""
        try:
            await self._start()
        except BaseException:
            await self._end()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._end()

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def send(self, message: ToEngine) -> None:
        """Queues a message; after the engine's death it goes nowhere. Messages are small and the engine always reads."""
        if self._channel is not None:
            self._channel.send(frame(message))

    async def messages(self) -> AsyncIterator[FromEngine]:
        """What the engine says, until it dies or closes. Raises TimeoutError if it never connects."""
        channel = await self._accept()
        if channel is None:
            return
        frames = FrameReader()
        while data := await channel.read():
            try:
                for body in frames.feed(data):
                    yield decode_from_engine(body)
            except (msgspec.DecodeError, ValueError) as error:
                self._printed.note(f"nemoserve: the engine sent what is no message: {error}")
                return

    async def last_words(self) -> str:
        """How the process ended and the end of what it printed, in one line; for messages to people."""
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._process.wait()), _TERM_S)
        how, said = how_it_ended(self._process.returncode), self._printed.lines()
        return f"{how}; its last words: {said[-1][:500]}" if said else how

    async def _start(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="nemoserve-"))
        path = self._folder / "engine.sock"
        self._listener = Listener(path)
        with self._printed.open() as log:
            # A session of its own: Ctrl-C in a terminal is for the gateway, which then ends the engine in order.
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                "--socket",
                str(path),
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                env={**ENGINE_ENVIRONMENT, **os.environ, "PYTHONUNBUFFERED": "1"},
            )

    async def _accept(self) -> Channel | None:
        assert self._process is not None and self._listener is not None
        ended = asyncio.ensure_future(self._process.wait())
        connected = asyncio.ensure_future(self._listener.accept())
        try:
            done, _ = await asyncio.wait(
                {ended, connected}, timeout=self._connect_s, return_when=asyncio.FIRST_COMPLETED
            )
        finally:
            ended.cancel()
            connected.cancel()
        if connected in done:
            self._channel = connected.result()
            return self._channel
        if not done:
            self._printed.note(f"nemoserve: the engine did not connect within {self._connect_s:.0f} s")
        return None

    async def _end(self) -> None:
        if self._channel is not None:
            self.send(Shutdown())
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._channel.flush(), 1.0)
        await self._end_process()
        if self._channel is not None:
            await self._channel.close()
        if self._listener is not None:
            self._listener.close()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    async def _end_process(self) -> None:
        """Waits for the process to leave by itself, then asks, then kills."""
        process = self._process
        if process is None:
            return
        steps = ((lambda: None, _LEAVE_S if self._channel is not None else 0.0), (process.terminate, _TERM_S))
        for act, patience_s in steps:
            with contextlib.suppress(ProcessLookupError, TimeoutError):
                act()
                await asyncio.wait_for(process.wait(), patience_s)
            if process.returncode is not None:
                return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()
