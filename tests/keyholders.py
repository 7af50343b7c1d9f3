"""Keys, prices and ledger lines of running gateways, for tests that act as their holders. Knows data folders; no requests."""

from __future__ import annotations

import contextlib
import sqlite3
from pathlib import Path
from typing import Any

from nemoserve.cli.store import opened
from nemoserve.types.caller import KeyLimits, Role

NANO = 10**9
MILLI = 10**6
"""Nano-dollars in a thousandth of a dollar: what each token of the test prices costs."""


def write_prices(folder: Path, prompt: str = "0", completion: str = "1000") -> str:
    """A price file for the fake model, by default free to read and a thousandth of a dollar per token made; its path."""
    file = folder / "prices.toml"
    folder.mkdir(parents=True, exist_ok=True)
    file.write_text(
        f'[[prices]]\nmodel = "nemoserve/fake"\nprovider = "nemoserve"\nfrom = 2020-01-01\n'
        f'prompt = "{prompt}"\ncompletion = "{completion}"\n'
    )
    return str(file)


def make_key(
    data_dir: Path, name: str = "test", *, role: Role = "inference", url: str | None = None, **limits: Any
) -> tuple[str, str]:
    """A new key of the server of this folder, made as the command does: its hash and its text."""
    with opened(data_dir, url, make=True) as store:
        key, text = store.keyring.create(name, role=role, limits=KeyLimits(**limits), actor="test")
    return key.id, text


def bearer(key: str) -> dict[str, str]:
    """The header that shows it."""
    return {"Authorization": f"Bearer {key}"}


def lines(data_dir: Path) -> list[dict[str, Any]]:
    """The ledger, read as anybody would."""
    with contextlib.closing(sqlite3.connect(data_dir / "nemoserve.db")) as database:
        database.row_factory = sqlite3.Row
        return [dict(row) for row in database.execute("SELECT * FROM attempts ORDER BY created_at, id")]
