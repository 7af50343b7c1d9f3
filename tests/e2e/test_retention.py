"""Fear: prompts that were to be kept for some days stay for ever, or go too early, or stay readable in the file."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from sqlalchemy import insert

from nemoserve.storage.database import FILE, Database
from nemoserve.storage.lines import Line, write_lines
from nemoserve.storage.tables import contents
from tests import servers
from tests.ledgers import make_entry
from tests.servers import wait_until

HOUR_MS = 3_600_000
AGES_H = {"gen-month-old": 30 * 24, "gen-just-too-old": 49, "gen-just-in-time": 47, "gen-new": 0}


def keep(data_dir: Path) -> None:
    """Content of several ages, as a server has written it."""
    now = time.time_ns() // 1_000_000
    database = Database.open(data_dir / FILE)
    with database.begin() as connection:
        for id, hours in AGES_H.items():
            created = now - hours * HOUR_MS
            entry = make_entry(None, id=f"{id}-1", created_at=created, outcome="finished", finish_reason="stop")
            write_lines(connection, [Line(entry)])
            body = f'{{"input":{{"prompt":"needle of {id}"}},"output":{{"completion":"a"}},"error":null}}'
            connection.execute(
                insert(contents), {"generation_id": id, "key_id": None, "created_at": created, "body": body}
            )
    database.close()


def bytes_of(data_dir: Path) -> bytes:
    return b"".join(path.read_bytes() for path in data_dir.rglob("*") if path.is_file())


@pytest.mark.slow
def test_content_outlives_its_days_or_goes_before_them(tmp_path: Path) -> None:
    keep(tmp_path)
    assert all(f"needle of {id}".encode() in bytes_of(tmp_path) for id in AGES_H), "the right files are read"
    server = servers.start(tmp_path, "--retain-content-days", "2")
    try:

        def status(path: str, id: str) -> int:
            return server.get(path, params={"id": id}).status_code

        for id, hours in AGES_H.items():
            if hours > 48:
                wait_until(lambda id=id: status("/v1/generation/content", id) == 404, f"{id} is deleted")
            else:
                assert status("/v1/generation/content", id) == 200, id
            assert status("/v1/generation", id) == 200, "the ledger's line stays"
        gone = [f"needle of {id}".encode() for id, hours in AGES_H.items() if hours > 48]
        wait_until(lambda: not any(text in bytes_of(tmp_path) for text in gone), "the bytes are gone too")
        assert "content expired" in (tmp_path / "logs" / "gateway.jsonl").read_text()
    finally:
        server.stop()
    assert not any(text in bytes_of(tmp_path) for text in gone)
    assert b"needle of gen-new" in bytes_of(tmp_path)
