"""One life of an engine's server: its port, its start, whether it answers, its end. Knows processes and one GET; no requests."""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

from nemoserve.backends.managed import keeper
from nemoserve.backends.printed import Printed, how_it_ended

_GRACE_S = 5.0
_LAST_LINES = 8


def free_port() -> int:
    """A port of this machine that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class ServerProcess:
    """Starts a server under a keeper, which ends it with this process whatever befalls it; leaving the block ends it too."""

    def __init__(self, words: Sequence[str], env: Mapping[str, str], address: str, key: str, printed: Printed) -> None:
        self._words, self._env = tuple(words), env
        self._printed = printed
        self._process: asyncio.subprocess.Process | None = None
        # Whatever proxies the environment names: this is the machine itself.
        self._client = httpx2.AsyncClient(
            base_url=address, headers={"Authorization": f"Bearer {key}"}, trust_env=False, follow_redirects=False
        )

    async def __aenter__(self) -> Self:
        """Starts it. Raises OSError if that is impossible."""
        command = (sys.executable, "-I", str(Path(keeper.__file__)), str(_GRACE_S), *self._words)
        with self._printed.open() as sink:
            # A session of its own: Ctrl-C in a terminal is for the gateway, which then ends the server in order.
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=sink,
                stderr=sink,
                start_new_session=True,
                env={**os.environ, **self._env},
            )
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._client.aclose()
        process = self._process
        if process is None or process.returncode is not None:
            return
        if process.stdin is not None:
            process.stdin.close()  # the keeper takes it for this process's end
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 2 * _GRACE_S + 2.0)
            return
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()

    @property
    def code(self) -> int | None:
        """Its exit status; None while it runs. Negative: the signal that ended it."""
        return self._process.returncode if self._process is not None else None

    async def ended(self, within_s: float) -> bool:
        """Whether it ends within that time."""
        assert self._process is not None
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(asyncio.shield(self._process.wait()), within_s)
        return self._process.returncode is not None

    async def get(self, path: str, timeout_s: float) -> httpx2.Response | None:
        """What it answers there; None when it does not answer in time."""
        try:
            return await self._client.get(path, timeout=timeout_s)
        except (httpx2.HTTPError, OSError):
            return None

    def last_words(self) -> str:
        """How it ended and the last lines that it printed; for messages to people."""
        said = self._printed.lines()[-_LAST_LINES:]
        how = how_it_ended(self.code) if self.code is not None else "it was ended, since it did not answer any more"
        if not said:
            return how
        return f"{how}; it said last:\n" + "\n".join(f"  {line[:300]}" for line in said)
