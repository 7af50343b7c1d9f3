"""Measured processes: started, asked, and stopped while others are measured. Knows lines of JSON; no engine."""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bench.engine import workers
from nemoserve.backends.local.process import ENGINE_ENVIRONMENT

_WORKERS = Path(workers.__file__).parent
_ROOT = Path(__file__).parents[2]


_PR_SET_PDEATHSIG = 1


def _die_with_parent() -> None:
    """A stopped process would not see that its orders have ended."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


class Missing(Exception):
    """An engine cannot be run here; the message says why."""


class Measured:
    """One engine in a process of its own, which is stopped whenever it is not asked: a waiting pool of threads may spin."""

    def __init__(self, name: str, command: list[str], log: Path, environment: Mapping[str, str] | None = None) -> None:
        """`environment`: beside this process's. Raises Missing, with its last words, when it does not start."""
        self.name = name
        self._log = log
        paths = {"PYTHONPATH": f"{_ROOT}:{_ROOT / 'src'}", "TOKENIZERS_PARALLELISM": "false"}
        with log.open("wb") as sink:
            self._process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=sink, cwd=_ROOT,
                env={**(environment or {}), **os.environ, **paths},
                start_new_session=True, preexec_fn=_die_with_parent,
            )  # fmt: skip
        try:
            self.told: dict[str, Any] = self._read()
        except BaseException:
            self.close()
            raise
        self._signal(signal.SIGSTOP)

    def ask(self, **order: Any) -> float:
        """Seconds of one order. Raises Missing when the engine cannot."""
        self._signal(signal.SIGCONT)
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(json.dumps(order).encode() + b"\n")
            self._process.stdin.flush()
            answer = self._read()
        except BrokenPipeError as error:
            raise Missing(f"{self.name} has ended: {self._last_words()}") from error
        if "error" in answer:
            raise Missing(f"{self.name}: {answer['error']}")
        time.sleep(0.02)  # threads that spin for a moment after their work shall not be stopped within it
        self._signal(signal.SIGSTOP)
        return float(answer["seconds"])

    def close(self) -> None:
        """Ends it and all that it started."""
        for name in (signal.SIGCONT, signal.SIGKILL):
            self._signal(name)
        self._process.wait()

    def _signal(self, name: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, name)

    def _read(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise Missing(f"{self.name} has ended: {self._last_words()}")
        return json.loads(line)

    def _last_words(self) -> str:
        return self._log.read_text(errors="replace").strip()[-600:]


def as_served() -> None:
    """Starts this process anew, once, with the environment that an engine gets when it is served: it is read when a process begins."""
    if any(name not in os.environ for name in ENGINE_ENVIRONMENT):
        os.execve(sys.executable, sys.orig_argv, {**ENGINE_ENVIRONMENT, **os.environ})  # noqa: S606  (no shell is wanted)


def own_command(module: str, *arguments: object) -> list[str]:
    """Of a worker that runs in this environment."""
    return [sys.executable, "-m", f"bench.engine.workers.{module}", *map(str, arguments)]


def foreign_command(python: Path, module: str, *arguments: object) -> list[str]:
    """Of a worker that another environment's Python runs."""
    return [str(python), str(_WORKERS / f"{module}.py"), *map(str, arguments)]
