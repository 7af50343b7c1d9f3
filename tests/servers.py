"""Starts real servers for the tests: `nemoserve serve` in a process of its own. Knows addresses and processes."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import requests

START_TIMEOUT_S = 180.0


@dataclass
class Server:
    """A running server. `model` is the id of the first model that it serves."""

    url: str
    process: subprocess.Popen[bytes]
    log: Path
    model: str = ""

    def get(self, path: str, **options: Any) -> requests.Response:
        return requests.get(self.url + path, timeout=60, **options)

    def post(self, path: str, body: dict[str, Any], **options: Any) -> requests.Response:
        return requests.post(self.url + path, json=body, **{"timeout": 120, **options})

    def chat(self, text: str, *, timeout: float = 120, **fields: Any) -> requests.Response:
        """One chat completion of one user message."""
        return self.post("/v1/chat/completions", self.question(text, fields), timeout=timeout)

    def stream(self, text: str, **fields: Any) -> requests.Response:
        """The same, streamed, with nothing of the body read yet."""
        return self.post("/v1/chat/completions", self.question(text, {"stream": True, **fields}), stream=True)

    def question(self, text: str, fields: dict[str, Any]) -> dict[str, Any]:
        """The body that asks it."""
        return {"model": self.model, "messages": [{"role": "user", "content": text}], **fields}

    def engine(self) -> psutil.Process:
        """The engine's process."""
        for child in psutil.Process(self.process.pid).children(recursive=True):
            if "nemoserve.engine.worker" in " ".join(child.cmdline()):
                return child
        raise AssertionError(f"no engine process is running; the server said:\n{self.log.read_text()}")

    def stop(self) -> int:
        """Ends it as Ctrl-C would; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(2)
        try:
            return self.process.wait(20)
        except subprocess.TimeoutExpired:
            for child in psutil.Process(self.process.pid).children(recursive=True):
                child.kill()
            self.process.kill()
            self.process.wait()
            raise


def free_port() -> int:
    """A port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(condition: Callable[[], Any], what: str, timeout_s: float = 60.0) -> Any:
    """The first true value of `condition`; fails after `timeout_s`."""
    deadline = time.monotonic() + timeout_s
    while not (value := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {timeout_s:.0f} s"
        time.sleep(0.02)
    return value


def start(data_dir: Path, *options: str, wait: bool = True, env: dict[str, str] | None = None) -> Server:
    """A server with these command line options on a free port; by default ready when this returns. `env` is added."""
    port = free_port()
    data_dir.mkdir(parents=True, exist_ok=True)
    log = data_dir / "server.log"
    command = [sys.executable, "-m", "nemoserve", "serve", "--port", str(port), "--data-dir", str(data_dir), *options]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env={**os.environ, **(env or {})}
        )
    server = Server(f"http://127.0.0.1:{port}", process, log)
    if wait:
        try:
            wait_until(lambda: is_ready(server), "the server becomes ready", START_TIMEOUT_S)
            listed = server.get("/v1/models").json().get("data")  # with keys it tells nobody else
            server.model = listed[0]["id"] if listed else ""
        except BaseException:
            process.kill()
            raise
    return server


def is_ready(server: Server) -> bool:
    """Whether it serves; fails at once when its process has ended."""
    assert server.process.poll() is None, f"the server ended early and said:\n{server.log.read_text()}"
    try:
        return server.get("/v1/health/ready").status_code == 200
    except requests.ConnectionError:
        return False


def chunks(response: requests.Response) -> list[dict[str, Any]]:
    """The data of a whole stream, which must end with [DONE]."""
    assert response.status_code == 200, response.text
    events = [event for event in response.content.decode().split("\n\n") if event]
    assert events[-1] == "data: [DONE]"
    assert all(event.startswith(("data: ", ": ")) for event in events)
    return [json.loads(event[6:]) for event in events[:-1] if event.startswith("data: ")]
