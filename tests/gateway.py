"""Starts real gateways over the fake engine. Knows processes, the journal and orders."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec

from nemoserve.config.settings import Settings
from nemoserve.http.server import ServerEvent, serve
from tests.servers import Server, free_port, is_ready, wait_until

FAKE = str(Path(__file__).with_name("fake_engine.py"))


def order(**orders: Any) -> str:
    """A user text that tells the fake engine what to do."""
    return f"please @@{json.dumps(orders)}@@"


@dataclass
class Gateway(Server):
    """A running gateway with its engine's journal."""

    journal: Path = Path()

    def entries(self, event: str | None = None) -> list[dict[str, Any]]:
        """What the engine has noted so far."""
        text = self.journal.read_text() if self.journal.exists() else ""
        whole = text.rpartition("\n")[0]  # the last line may still be being written
        found = [json.loads(line) for line in whole.splitlines()]
        return [entry for entry in found if event is None or entry["event"] == event]

    def submitted(self) -> dict[str, Any]:
        """The last submission that reached the engine."""
        return self.entries("Submit")[-1]

    def prompt(self) -> str:
        """The text of the last prompt, special tokens left out."""
        return bytes(token - 32 for token in self.submitted()["prompt"] if token >= 32).decode()


def start_gateway(data_dir: Path, folder: Path, *engine: str, wait: bool = True, **settings: Any) -> Gateway:
    """A gateway in a process of its own; `engine` are options of the fake engine, `settings` replace the usual ones."""
    data_dir.mkdir(parents=True, exist_ok=True)
    port, journal, log = free_port(), data_dir / "journal.jsonl", data_dir / "server.log"
    wanted = Settings(
        **{
            "port": port,
            "data_dir": data_dir,
            "models": (f"nemoserve/fake={folder}",),
            "engine_command": (sys.executable, FAKE, "--journal", str(journal), *engine),
            "restart_first_s": 0.05,
            **settings,
        }
    )
    file = data_dir / "settings.json"
    file.write_bytes(msgspec.json.encode(wanted, enc_hook=str))
    command = [sys.executable, "-m", "tests.gateway", str(file)]
    with log.open("wb") as sink:
        process = subprocess.Popen(
            command, stdout=sink, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, cwd=Path(__file__).parents[1]
        )
    gateway = Gateway(f"http://127.0.0.1:{port}", process, log, "nemoserve/fake", journal)
    if wait:
        wait_until(lambda: is_ready(gateway), "the gateway becomes ready")
    return gateway


Start = Callable[..., Gateway]


def _decode(kind: type, value: object) -> object:
    return Path(str(value)) if kind is Path else value


def main(file: str) -> int:
    """Runs a gateway by a settings file; prints what it is told, one JSON object a line."""

    def tell(event: ServerEvent) -> None:
        print(msgspec.json.encode(event).decode(), flush=True)

    return serve(msgspec.json.decode(Path(file).read_bytes(), type=Settings, dec_hook=_decode), tell)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1]))
