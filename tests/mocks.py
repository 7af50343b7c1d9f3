"""Stand-ins for providers, for tests: `nemoserve mock` as a process of its own, steered and read over HTTP."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from nemoserve.mock.styles import STYLES
from tests.servers import free_port, wait_until


@dataclass
class MockProvider:
    """A running mock. `url` is the base URL that a client of the provider is given, `origin` has the mock's own pages."""

    style: str
    origin: str
    process: subprocess.Popen[bytes]

    @property
    def url(self) -> str:
        return self.origin + STYLES[self.style].prefixes[0]

    def faults(self, *rules: str | dict[str, Any]) -> None:
        """From now on these faults, and no others; none at all clears them."""
        body = [{"fault": rule} if isinstance(rule, str) else rule for rule in rules]
        answer = requests.post(f"{self.origin}/mock/faults", json=body, timeout=10)
        assert answer.status_code == 200, answer.text

    def settings(self, **changes: Any) -> None:
        """Changes tokens, pace_ms, first_byte_ms, seed or keys."""
        answer = requests.post(f"{self.origin}/mock/settings", json=changes, timeout=10)
        assert answer.status_code == 200, answer.text

    def log(self) -> dict[str, Any]:
        """`requests`, the newest last, and `counts`."""
        return requests.get(f"{self.origin}/mock/log", timeout=10).json()

    def received(self) -> list[dict[str, Any]]:
        """The requests since the last `forget`."""
        return self.log()["requests"]

    def forget(self) -> None:
        """Empties the log."""
        requests.delete(f"{self.origin}/mock/log", timeout=10).raise_for_status()

    def stop(self) -> int:
        """Ends it as Ctrl-C would; the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(2)
        return self.process.wait(20)


def start_mock(log: Path, style: str, *options: str) -> MockProvider:
    """A mock of this style that answers."""
    port = free_port()
    command = [sys.executable, "-m", "nemoserve", "mock", "--style", style, "--port", str(port), *options]
    with log.open("wb") as sink:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=sink, stderr=sink)

    def ready() -> bool:
        assert process.poll() is None, log.read_text()
        return "Ctrl-C" in log.read_text()

    wait_until(ready, f"the {style} mock")
    return MockProvider(style, f"http://127.0.0.1:{port}", process)
