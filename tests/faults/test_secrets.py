"""Fear: a key is written down somewhere, or said again. Keys are used rightly and wrongly; then everything is searched for them."""

from __future__ import annotations

import contextlib
import json
import socket
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from typer.testing import CliRunner

from nemoserve.cli.main import app
from tests.gateway import order, start_gateway
from tests.keyholders import bearer, lines, write_prices
from tests.ledgers import journaled
from tests.servers import wait_until

SECRET = slice(25, 68)
"""Where a key's secret part is in its text."""


class Run:
    """A gateway, all keys that there ever were, and all that was ever answered or printed."""

    def __init__(self, data_dir: Path, folder: Path) -> None:
        self.data_dir = data_dir
        self.gateway = start_gateway(
            data_dir, folder, require_key=True, log_level="debug", prices=write_prices(data_dir)
        )
        self.keys: list[str] = []
        self.said: list[str] = []

    def command(self, *arguments: str) -> str:
        """Runs `nemoserve keys …`; what it printed, which is not searched."""
        done = CliRunner().invoke(app, ["keys", *arguments, "--data-dir", str(self.data_dir)])
        return done.stdout + done.stderr + str(done.exception or "")

    def create(self, *options: str) -> str:
        self.keys.append(str(json.loads(self.command("create", "x", *options, "--json"))["key"]))
        return self.keys[-1]

    def ask(self, method: str, path: str, **options: Any) -> requests.Response:
        answer = requests.request(method, self.gateway.url + path, **{"timeout": 60, **options})
        self.said.append(f"{answer.headers} {answer.text}")
        return answer

    def made(self, answer: requests.Response) -> str:
        """The key of the one answer that may hold it."""
        self.said.pop()
        self.keys.append(answer.json()["key"])
        return self.keys[-1]

    def raw(self, data: bytes) -> None:
        """Bytes that are no proper request."""
        host, port = self.gateway.url.removeprefix("http://").split(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = b""
            while more := connection.recv(65536):
                answer += more
        self.said.append(answer.decode("latin-1"))

    def search(self) -> None:
        """Fails when a key, or a good part of its secret, is in a file, an answer or what the server has printed."""
        wanted = [part for key in self.keys for part in (key[SECRET], key[-30:], key[:45])]
        assert len(wanted) == 3 * len(self.keys) and len(self.keys) >= 4
        files = [path for path in self.data_dir.rglob("*") if path.is_file()]
        assert {"nemoserve.db", "gateway.jsonl", "server.log"} <= {path.name for path in files}
        for path in files:
            content = path.read_bytes()
            for part in wanted:
                assert part.encode() not in content, f"{path} has a key: {_around(content, part.encode())!r}"
        for text in self.said:
            for part in wanted:
                assert part not in text, f"an answer has a key: {text}"


def _around(content: bytes, part: bytes) -> bytes:
    at = content.index(part)
    return content[max(0, at - 200) : at + 200]


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Run]:
    running = Run(tmp_path_factory.mktemp("secrets"), tiny_folder)
    yield running
    running.gateway.stop()


def misuse(run: Run, key: str) -> None:
    """The key in every place where it does not belong."""
    gateway, good = run.gateway, bearer(key)
    question = gateway.question(order(say="ok"), {})
    wrong = key[:-3] + ("AAA" if key[-3:] != "AAA" else "BBB")
    run.keys.append(wrong)
    for headers in (
        bearer(wrong), {"x-api-key": wrong}, {"Authorization": key}, {"Authorization": f"Basic {key}"},
        {"Authorization": f"Bearer {key} {key}"}, {"x-api-key": key[:60]}, {**bearer(key), "x-api-key": wrong},
        {"Cookie": f"key={key}"},
    ):  # fmt: skip
        run.ask("POST", "/v1/chat/completions", json=question, headers=headers)
    for path in (
        f"/v1/models?api_key={key}", f"/v1/{key}", f"/v1/keys/{key}", f"/v1/models/{key}", f"/{'x' * 150}{key}",
        f"/v1/keys?offset={key}&include_disabled={key}", f"/v1/generation?id={key}", f"/v1/key#{key}",
    ):  # fmt: skip
        run.ask("GET", path, headers=good)
        run.ask("GET", path)
        run.ask("DELETE", path, headers=good)
    run.ask("POST", f"/v1/chat/completions/{key}/control", json={"action": key}, headers=good)
    for body in (
        {"model": key}, {key: key, "messages": key}, {**question, "temperature": key}, {**question, "stop": [key] * 9},
        {**question, "response_format": {"type": key}}, {**question, "reasoning": {"effort": key}},
        {**question, "tools": [{"type": key}]}, {**question, "provider": {"order": [key], "only": [key]}},
        {**question, "user": key, "session_id": key}, {**question, "max_tokens": key}, {**question, "models": [key]},
        {**question, "model": key}, {**question, "model": "none", "models": [key, "b"]},
        {**question, key: 1}, {**question, "provider": {key: 1}},
    ):  # fmt: skip
        run.ask("POST", "/v1/chat/completions", json=body, headers=good)
        run.ask("POST", "/v1/chat/completions", json=body, headers={**good, "X-OpenRouter-Metadata": "enabled"})
    strange = {"HTTP-Referer": f"https://app.example/?key={key}", "X-Title": key, "User-Agent": f"x/{key}"}
    for more in (strange, {"X-OpenRouter-Title": key, "X-Session-Id": key}, {"X-Request-Id": key}, {"Range": key}):
        run.ask("POST", "/v1/chat/completions", json={**question, "user": key}, headers={**good, **more})
    run.ask("POST", "/v1/chat/completions", data=f'{{"api_key": "{key}", ', headers=good)
    run.ask(key.upper()[:20], "/v1/models", headers=good)
    head = f"POST /v1/chat/completions?key={key} HTTP/1.1\r\nHost: x\r\n"
    run.raw(f"{head}Authorization: Bearer {key}\r\nContent-Length: nonsense\r\n\r\n".encode())
    run.raw(f"{head}Authorization Bearer {key}\r\n\r\n".encode())
    run.raw(f"{head}X-Api-Key: {key}\x00{key}\r\n\r\n".encode())
    run.raw(f"{key} {key} {key}\r\n\r\n".encode())
    run.raw(f"{head}Authorization: Bearer {key}\r\nContent-Length: 500\r\n\r\n{{".encode())


def test_a_key_is_found_after_it_was_used_rightly_and_wrongly(run: Run) -> None:
    gateway = run.gateway
    manager, user = run.create("--role", "management"), run.create("--limit", "0.5", "--requests-per-minute", "1000")
    manage = bearer(manager)
    answer = run.ask("POST", "/v1/keys", json={"name": "by the API"}, headers=manage)
    other, hash = run.made(answer), answer.json()["data"]["hash"]
    newer = run.made(run.ask("POST", f"/v1/keys/{hash}/rotate", json={"overlap_seconds": 60}, headers=manage))

    question = gateway.question(order(say="<think>hm</think>ok"), {})
    for headers in (bearer(user), {"x-api-key": other}, bearer(newer), {"Authorization": f"bearer  {newer} "}):
        assert run.ask("POST", "/v1/chat/completions", json=question, headers=headers).status_code == 200
        assert run.ask("POST", "/v1/chat/completions", json={**question, "stream": True}, headers=headers).ok
    for key in (user, manager):
        misuse(run, key)
    for name in (user, user[:40], f"x{user}"):
        for arguments in (("show", name), ("delete", name), ("create", name), ("create", "y", "--tag", f"a={name}")):
            run.said.append(run.command(*arguments))
        for field in ("name", "owner", "nonsense", name):
            run.ask("POST", "/v1/keys", json={"name": "z", field: name}, headers=manage)
    for path in ("/v1/keys", f"/v1/keys/{hash}", "/metrics", "/v1/key", "/openapi.json", "/v1/activity", "/v1/credits"):
        run.ask("GET", path, headers=manage)
    run.ask("PATCH", f"/v1/keys/{hash}", json={"limit": 1, "name": "renamed"}, headers=manage)
    run.search()

    dying = gateway.question(order(say="abc", end="die", pause_s=0.01), {})
    assert run.ask("POST", "/v1/chat/completions", json=dying, headers=bearer(user)).status_code == 502
    wait_until(lambda: gateway.get("/v1/health/ready").status_code == 200, "the engine is back")
    run.ask("DELETE", f"/v1/keys/{hash}", headers=manage)
    assert run.ask("POST", "/v1/chat/completions", json=question, headers=bearer(newer)).status_code == 401
    run.said.append(run.command("list", "--all"))
    gateway.stop()
    run.search()
    assert len(lines(run.data_dir)) >= 9


@pytest.mark.slow
def test_a_key_is_in_the_traceback_of_a_failure_or_in_the_journal(tmp_path: Path, tiny_folder: Path) -> None:
    """The ledger's file is made unreadable under a running server, so that all sorts of things fail."""
    run = Run(tmp_path / "data", tiny_folder)
    try:
        manager, user = run.create("--role", "management"), run.create("--limit", "5")
        question = run.gateway.question(order(say="ok"), {})
        assert run.ask("POST", "/v1/chat/completions", json=question, headers=bearer(user)).ok
        database = run.data_dir / "nemoserve.db"
        wait_until(lambda: len(lines(run.data_dir)) == 1, "the first line is written")
        _break(database)
        for path in ("/v1/keys", "/v1/key"):
            answer = run.ask("GET", path, headers=bearer(manager))
            assert answer.status_code in (200, 500, 503), answer.text
        run.ask("POST", "/v1/keys", json={"name": "x", "owner": "somebody"}, headers=bearer(manager))
        for _ in range(3):
            answer = run.ask("POST", "/v1/chat/completions", json=question, headers=bearer(user))
            assert answer.status_code == 200, answer.text
        assert len(journaled(run.data_dir)) == 3
        run.keys.append(user[:-1] + ("x" if user[-1] != "x" else "y"))
        run.ask("POST", "/v1/chat/completions", json=question, headers=bearer(run.keys[-1]))
        run.keys.append(run.keys[-1])
        run.search()
    finally:
        run.gateway.process.kill()
        run.gateway.process.wait()


def _break(database: Path) -> None:
    """Puts a table away, so that whatever writes the ledger fails."""
    with contextlib.closing(sqlite3.connect(database)) as connection:
        connection.execute("ALTER TABLE attempts RENAME TO put_away")
        connection.execute("ALTER TABLE balances RENAME TO put_away_too")
        connection.commit()


@pytest.mark.slow
def test_the_folder_is_open_to_others(run: Run) -> None:
    """What could tell more than a label is for the owner's eyes."""
    for name in ("nemoserve.db", "secret"):
        assert (run.data_dir / name).stat().st_mode & 0o077 == 0, name
    for name in ("nemoserve.db-wal", "nemoserve.db-shm"):
        file = run.data_dir / name
        assert not file.exists() or file.stat().st_mode & 0o077 == 0, name
