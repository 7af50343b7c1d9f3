"""Real engine processes for the tests, with the test as their gateway. Knows processes and messages; no expectations."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from nemoserve.engine.protocol import (
    Finished,
    FrameReader,
    FromEngine,
    Ready,
    Rejected,
    Sampling,
    Submit,
    ToEngine,
    Tokens,
    decode_from_engine,
    frame,
)

TIMEOUT_S = 120.0
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1"}

T = TypeVar("T", bound=FromEngine)


def command(path: Path | str, model: Path | str, *options: str) -> list[str]:
    """How an engine process is started."""
    arguments = ["--socket", str(path), "--model", str(model), "--threads", "1", *options]
    return [sys.executable, "-m", "nemoserve.engine.worker", *arguments]


class Gateway:
    """A listening socket, and the engine's messages in order of arrival."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()  # short: a socket's path has 107 bytes at most
        self.path = Path(self.folder.name) / "engine.sock"
        self.listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self.listener.bind(str(self.path))
        self.listener.listen(1)
        self.listener.settimeout(TIMEOUT_S)
        self.connection: socket.socket | None = None
        self.received: list[FromEngine] = []
        self._frames = FrameReader()

    def accept(self) -> None:
        self.connection, _ = self.listener.accept()
        self.connection.settimeout(TIMEOUT_S)

    def send(self, *messages: ToEngine) -> None:
        assert self.connection is not None
        self.connection.sendall(b"".join(frame(m) for m in messages))

    def wait_for(self, kind: type[T], condition: Callable[[T], bool] = lambda message: True) -> T:
        """The first message, received already or to come, that is what is asked for."""
        checked = 0
        while True:
            for message in self.received[checked:]:
                if isinstance(message, kind) and condition(message):
                    return message
            checked = len(self.received)
            assert self.read(), f"the engine went away without {kind.__name__}: {self.log_text()}"

    def read(self) -> bool:
        """Take in some more; False at the end of the connection."""
        assert self.connection is not None
        data = self.connection.recv(1 << 16)
        self.received += [decode_from_engine(body) for body in self._frames.feed(data)]
        return bool(data)

    def submit(self, name: str, prompt: list[int], **sampling: Any) -> None:
        settings: dict[str, Any] = {"max_tokens": 8, "temperature": 0.0} | sampling
        self.send(Submit(name, prompt, Sampling(**settings)))

    def finished(self, name: str) -> Finished:
        return self.wait_for(Finished, lambda m: m.id == name)

    def rejected(self, name: str) -> Rejected:
        return self.wait_for(Rejected, lambda m: m.id == name)

    def reply(self, name: str) -> list[int]:
        """The tokens of a sequence, once it has finished."""
        self.finished(name)
        return [t for m in self.received if isinstance(m, Tokens) and m.id == name for t in m.tokens]

    def log_text(self) -> str:
        return ""

    def close(self) -> None:
        if self.connection is not None:
            self.connection.close()
        self.listener.close()
        self.folder.cleanup()


class Worker(Gateway):
    """A gateway with the engine process that it has started."""

    def __init__(self, model: Path | str, *options: str) -> None:
        super().__init__()
        self.log = Path(self.folder.name) / "log"
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(command(self.path, model, *options), stderr=log, env=ENVIRONMENT)
        self.accept()

    def ready(self) -> Ready:
        return self.wait_for(Ready)

    def exit_code(self) -> int:
        return self.process.wait(TIMEOUT_S)

    def log_text(self) -> str:
        return self.log.read_text()

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.close()


def gone(process: int) -> bool:
    """Whether a process that is not our child has ended (or is a zombie that nobody has collected yet)."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return True
    return state == "Z"


def wait_until(condition: Callable[[], bool], what: str) -> None:
    end = time.monotonic() + TIMEOUT_S
    while not condition():
        assert time.monotonic() < end, f"waited in vain until {what}"
        time.sleep(0.02)
