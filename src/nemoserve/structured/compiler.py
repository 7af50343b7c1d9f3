"""Whether a grammar can be enforced, found out in a process that may die over it. Knows limits; nothing of requests."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import os
import sys
import time
from collections import OrderedDict
from pathlib import Path

import msgspec

from nemoserve.types.errors import ApiError, invalid

_START_S = 30.0
_LIMIT_MEMORY_S = 60.0
"""How long a grammar stays refused for a limit that it hit: the machine may only have been busy."""


class Limits(msgspec.Struct, frozen=True):
    """What one grammar may cost, and how much is kept."""

    time_s: float = 2.0
    memory_bytes: int = 1 << 30
    """The whole process's address space, Python and tokenizer included."""
    grammar_bytes: int = 256 << 10
    verdicts: int = 1024
    waiting: int = 32


class _Verdict(msgspec.Struct, frozen=True):
    complaint: str | None
    until: float = float("inf")


class GrammarCompiler:
    """Compiles grammars for one tokenizer, one at a time, in a process that is started when it is first needed.

    The process is killed when a grammar takes too long, and started anew for the next one. Verdicts are kept.
    """

    def __init__(self, tokenizer: Path, limits: Limits | None = None) -> None:
        """`tokenizer` is the engine's own `tokenizer.json`."""
        self._tokenizer = tokenizer
        self._limits = limits or Limits()
        self._verdicts: OrderedDict[bytes, _Verdict] = OrderedDict()
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int | None:
        """The process id while there is a process."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    async def check(self, grammar: str, field: str = "response_format") -> None:
        """Returns if the engine can enforce the grammar.

        Raises ApiError: 400 naming the field for a grammar that is wrong or exceeds a limit; 503 when too many wait; 500
        when the process cannot be started.
        """
        data = grammar.encode()
        self.require_small(len(data), field)
        key = hashlib.sha256(data).digest()
        verdict = self._known(key)
        if verdict is None:
            if self._waiting >= self._limits.waiting:
                raise ApiError("provider_overloaded", "Too many grammars wait to be compiled.", retry_after_s=1.0)
            self._waiting += 1
            try:
                async with self._lock:
                    verdict = self._known(key) or self._keep(key, await self._compile(grammar))
            finally:
                self._waiting -= 1
        if verdict.complaint is not None:
            raise invalid(field, verdict.complaint)

    def require_small(self, size: int, field: str) -> None:
        """Raises ApiError (400) naming the field for what makes a grammar of more bytes than are compiled."""
        if size > self._limits.grammar_bytes:
            raise invalid(field, f"it is larger than {self._limits.grammar_bytes} bytes, the most that is compiled")

    async def close(self) -> None:
        """Ends the process. A later check starts a new one."""
        process, self._process = self._process, None
        if process is not None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
            await process.wait()

    def _known(self, key: bytes) -> _Verdict | None:
        verdict = self._verdicts.get(key)
        if verdict is None or verdict.until < time.monotonic():
            return None
        self._verdicts.move_to_end(key)
        return verdict

    def _keep(self, key: bytes, verdict: _Verdict) -> _Verdict:
        self._verdicts[key] = verdict
        if len(self._verdicts) > self._limits.verdicts:
            self._verdicts.popitem(last=False)
        return verdict

    async def _compile(self, grammar: str) -> _Verdict:
        try:
            process = self._process if self.pid is not None else None
            if process is None:
                process = await self._start()
            answer = await asyncio.wait_for(_ask(process, grammar), self._limits.time_s)
        except (TimeoutError, ConnectionError, EOFError) as error:
            await self.close()
            slow = isinstance(error, TimeoutError)
            what = f"time than {self._limits.time_s:g} s" if slow else "memory than it may have"
            return _Verdict(f"it is too complex: compiling it takes more {what}", time.monotonic() + _LIMIT_MEMORY_S)
        except BaseException:
            # An answer that nobody waits for would be taken for that to the next grammar.
            await asyncio.shield(self.close())
            raise
        return _Verdict(answer)

    async def _start(self) -> asyncio.subprocess.Process:
        limits = self._limits
        arguments = [str(self._tokenizer), str(limits.memory_bytes), f"{2 * limits.time_s:g}"]
        # Few arenas and threads: what they reserve counts against the limit on memory.
        env = {**os.environ, "MALLOC_ARENA_MAX": "2", "RAYON_NUM_THREADS": "1", "TOKENIZERS_PARALLELISM": "false"}
        try:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", f"{__package__}.worker", *arguments, env=env, start_new_session=True,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
            )  # fmt: skip
            await asyncio.wait_for(_read(self._process), _START_S)
        except (OSError, TimeoutError, EOFError) as error:
            await self.close()
            raise ApiError("server", "The process that compiles grammars cannot be started.") from error
        return self._process


async def _ask(process: asyncio.subprocess.Process, grammar: str) -> str | None:
    assert process.stdin is not None
    process.stdin.write(json.dumps(grammar).encode() + b"\n")
    await process.stdin.drain()
    return await _read(process)


async def _read(process: asyncio.subprocess.Process) -> str | None:
    """The process's next answer. Raises EOFError when it has ended."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    return msgspec.json.decode(line, type=str | None)
