"""A gateway before stand-ins for providers, each a process of its own: its configuration, its keys, its books."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.mocks import MockProvider, start_mock
from tests.servers import Server, start

MODEL = "nvidia/nemotron-nano-9b-v2"
UPSTREAM_KEY = "sk-upstream-0123456789abcdef"
_NO_TENSORS = """
from importlib.machinery import PathFinder
whole = PathFinder.find_spec
def without(name, path=None, target=None):
    hidden = name.partition(".")[0] in ("torch", "numpy", "safetensors")
    return None if hidden else whole(name, path, target)
PathFinder.find_spec = without
"""
"""The gateway is one without the packages that models on this machine need."""


@dataclass
class Fleet:
    """A running gateway and what stands behind it, in the order of the configuration."""

    server: Server
    data_dir: Path
    mocks: dict[str, MockProvider]

    def stop(self) -> int:
        """Ends the gateway, so that all is written; its exit status."""
        return self.server.stop()

    def rows(self, table: str = "attempts") -> list[dict[str, Any]]:
        """A table of its database."""
        with contextlib.closing(sqlite3.connect(self.data_dir / "nemoserve.db")) as database:
            database.row_factory = sqlite3.Row
            return [dict(row) for row in database.execute(f"SELECT * FROM {table}")]

    def key(self, *options: str) -> str:
        """A new key of the gateway's."""
        command = [sys.executable, "-m", "nemoserve", "keys", "create", "test", "--json", "--data-dir"]
        done = subprocess.run([*command, str(self.data_dir), *options], check=True, capture_output=True)
        return str(json.loads(done.stdout)["key"])


def named(style: str) -> str:
    """How a provider of this style is called: as it, but for the name that is the gateway's own."""
    return "behind" if style == "nemoserve" else style


@contextlib.contextmanager
def fleet(
    folder: Path,
    styles: Sequence[str],
    *,
    routing: str = "",
    server: str = "",
    provider: str = "",
    own: Mapping[str, str] | None = None,
    mock_options: Sequence[str] = (),
    model: str = MODEL,
    price: str = "",
) -> Iterator[Fleet]:
    """A gateway, which has no torch, with one mock of each style, `named` like it; prices rise in their order, so that the first goes first.

    `routing` and `server` are lines of these tables, `provider` one of each provider's, `own` those of single ones by their names; `price`
    is added to each price.
    """
    mocks: dict[str, MockProvider] = {}
    try:
        tables = [f"[server]\nembedded = false\n{server}\n[routing]\n{routing}\n"]
        for at, style in enumerate(styles):
            mock = start_mock(folder / f"{style}.log", style, "--models", model, *mock_options)
            mocks[style] = mock
            tables.append(
                f'[[providers]]\nname = "{named(style)}"\ntype = "{style}"\nbase_url = "{mock.url}"\napi_key = "env:UPSTREAM_KEY"\n{provider}\n{(own or {}).get(style, "")}\n'
                f'[[providers.models]]\nid = "{model}"\n'
                f'price = {{ prompt = "{10 ** min(at, 8)}", completion = "{10 ** min(at + 1, 9)}"{price} }}\n'
            )
        (folder / "config.toml").write_text("".join(tables))
        (folder / "sitecustomize.py").write_text(_NO_TENSORS)
        path = os.pathsep.join([str(folder), os.environ.get("PYTHONPATH", "")])
        environment = {"UPSTREAM_KEY": UPSTREAM_KEY, "PYTHONPATH": path}
        running = start(folder / "data", "--config", str(folder / "config.toml"), env=environment)
        try:
            yield Fleet(running, folder / "data", mocks)
        finally:
            running.stop()
    finally:
        for mock in mocks.values():
            mock.stop()
