"""Fear: a database that goes away takes the replies with it, or comes back to a ledger with holes, or lets a limit be overrun."""

from __future__ import annotations

import contextlib
import re
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest
import requests

from tests.databases import Postgres
from tests.gateway import Gateway, order, start_gateway
from tests.keyholders import MILLI, bearer, lines, make_key, write_prices
from tests.ledgers import journaled
from tests.servers import is_ready, start, wait_until

SECRET = "thirty-two characters, or some more"
DIRECT = {"reasoning": {"enabled": False}}


def ask(gateway: Gateway, key: str, text: str = "", **fields: Any) -> requests.Response:
    body = gateway.question(text or order(say="ok"), {**DIRECT, **fields})
    return gateway.post("/v1/chat/completions", body, headers=bearer(key))


def attempts(url: str) -> list[tuple[str, str, int]]:
    """Generation, outcome and cost of every line."""
    with psycopg.connect(url) as connection:
        return connection.execute("SELECT generation_id, outcome, cost FROM attempts").fetchall()


@pytest.fixture(scope="module", autouse=True)
def secret() -> Iterator[None]:
    """The secret that all servers and commands of these tests share."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NEMOSERVE_SECRET", SECRET)
        yield


@pytest.mark.slow
def test_replies_stop_with_postgresql_or_its_ledger_has_holes_afterwards(
    own_postgres: Postgres, tmp_path: Path, tiny_folder: Path
) -> None:
    url, prices = own_postgres.new(), write_prices(tmp_path)
    gateway = start_gateway(tmp_path, tiny_folder, database_url=url, require_key=True, prices=prices)
    try:
        free, limited, unseen = (
            make_key(tmp_path, name, url=url, limit=limit)[1]
            for name, limit in (("free", None), ("limited", 10**9), ("unseen", None))
        )
        _, manager = make_key(tmp_path, "manager", url=url, role="management")
        seen = [ask(gateway, free), ask(gateway, limited)]
        assert gateway.get("/v1/keys", headers=bearer(manager)).status_code == 200
        under_way = gateway.post(
            "/v1/chat/completions",
            gateway.question(order(say="slow" * 10, pause_s=0.05), {"stream": True}),
            headers=bearer(limited),
            stream=True,
        )
        own_postgres.stop()

        for _ in range(5):
            began = time.monotonic()
            seen.append(ask(gateway, free))
            assert seen[-1].status_code == 200, seen[-1].text
            assert time.monotonic() - began < 5, "a reply waits for the database"
        assert b"data: [DONE]" in under_way.content, "what had begun is finished"
        for key in (limited, unseen):
            answer = ask(gateway, key)
            error = answer.json()["error"]
            assert (answer.status_code, error["metadata"]["error_type"]) == (503, "provider_overloaded"), answer.text
            assert "database" in error["message"] and int(answer.headers["retry-after"]) >= 1
        assert gateway.get("/v1/health/live").status_code == 200
        assert gateway.get("/v1/models", headers=bearer(free)).status_code == 200
        answer = gateway.get("/v1/keys", headers=bearer(manager))
        assert answer.status_code == 503, answer.text
        assert "database" in answer.json()["error"]["message"]
        assert gateway.post("/v1/keys", {"name": "x"}, headers=bearer(manager)).status_code == 503
        assert journaled(tmp_path)

        own_postgres.start()
        wait_until(lambda: ask(gateway, limited).status_code == 200, "limited keys are taken again", 30)
        ids = {answer.headers["x-generation-id"] for answer in (*seen, under_way)}
        wait_until(lambda: ids <= {line[0] for line in attempts(url)}, "all lines are in the ledger", 30)
        wait_until(lambda: not journaled(tmp_path), "the journal is emptied")
        assert ask(gateway, unseen).status_code == 200
        shown = gateway.get("/v1/key", headers=bearer(limited)).json()["data"]
    finally:
        gateway.stop()
    found = attempts(url)
    assert len({line[0] for line in found}) == len(found)
    with psycopg.connect(url) as connection:
        spent = connection.execute("SELECT sum(spent), sum(reserved) FROM balances").fetchone()
        assert spent == (sum(line[2] for line in found), 0)
        assert connection.execute("SELECT count(*) FROM holds").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM open_attempts").fetchone() == (0,)
    assert shown["limit_remaining"] == pytest.approx(1 - shown["usage"])


@pytest.mark.slow
def test_a_database_that_stands_still_holds_up_replies(
    own_postgres: Postgres, tmp_path: Path, tiny_folder: Path
) -> None:
    """No connection breaks, so that nothing fails by itself."""
    url = own_postgres.new()
    gateway = start_gateway(tmp_path, tiny_folder, database_url=url, require_key=True, prices=write_prices(tmp_path))
    try:
        keys = [make_key(tmp_path, name, url=url)[1] for name in ("known", "unseen")]
        _, limited = make_key(tmp_path, "limited", url=url, limit=10**9)
        seen = [ask(gateway, keys[0]), ask(gateway, limited)]
        with own_postgres.standing_still():
            with ThreadPoolExecutor(12) as threads:
                seen += threads.map(lambda _: ask(gateway, keys[0]), range(12))
            began = time.monotonic()
            seen += [ask(gateway, keys[0]) for _ in range(5)]
            assert time.monotonic() - began < 3, "each of them has waited for it"
            assert {answer.status_code for answer in seen} == {200}
            assert ask(gateway, keys[1]).status_code == ask(gateway, limited).status_code == 503
        for key in (*keys, limited):
            seen.append(wait_until(lambda key=key: (told := ask(gateway, key)).ok and told, "it works again", 30))
        ids = {answer.headers["x-generation-id"] for answer in seen}
        wait_until(lambda: ids == {line[0] for line in attempts(url)}, "all lines are in the ledger", 30)
    finally:
        gateway.stop()
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT sum(reserved), (SELECT count(*) FROM holds) FROM balances").fetchone() == (
            0,
            0,
        )


@pytest.mark.slow
def test_a_server_that_is_told_to_end_waits_in_silence_for_a_database_that_stands_still(
    own_postgres: Postgres, tmp_path: Path, tiny_folder: Path
) -> None:
    url = own_postgres.new()
    server = start(tmp_path, "--database-url", url, "--require-key", "--model", str(tiny_folder), wait=False)
    wait_until(lambda: is_ready(server), "it is ready", 60)
    key, limited = (make_key(tmp_path, name, url=url, limit=limit)[1] for name, limit in (("a", None), ("b", 10**9)))
    body = {"messages": [{"role": "user", "content": "x"}], "max_tokens": 2}

    def asked(key: str) -> int:
        return server.post("/v1/chat/completions", body, headers=bearer(key)).status_code

    assert asked(key) == asked(limited) == 200
    with own_postgres.standing_still():
        with ThreadPoolExecutor(8) as threads:  # so that several wait for what it says
            assert set(threads.map(asked, [key, limited, key, limited])) <= {200, 503}
            assert asked(key) == 200
        server.process.terminate()
        assert server.process.wait(25) == 0
    said = server.log.read_text()
    assert f"keys create me --data-dir {tmp_path} --database-url URL" in said, "a key made elsewhere is none"
    assert "to take the last" in said and "10 s at most" in said
    assert re.search(r"\d lines of the ledger are not in the database", said) and str(tmp_path) in said
    assert journaled(tmp_path)
    before = len(attempts(url))
    again = start(tmp_path, "--database-url", url, "--model", str(tiny_folder), wait=False)
    try:
        wait_until(lambda: is_ready(again), "it is back", 60)
        assert len(attempts(url)) > before and not journaled(tmp_path)
    finally:
        again.stop()


@pytest.fixture(scope="module")
def pair(
    secret: None, postgres: Postgres, tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path
) -> Iterator[tuple[str, Gateway, Gateway]]:
    """Two servers on one database, and its URL."""
    folder, url = tmp_path_factory.mktemp("pair"), postgres.new()
    options = {"database_url": url, "require_key": True, "prices": write_prices(folder)}
    started = [start_gateway(folder / name, tiny_folder, wait=False, **options) for name in ("one", "two")]
    try:
        for gateway in started:
            wait_until(partial(is_ready, gateway), "the gateway becomes ready")
        yield url, started[0], started[1]
    finally:
        for gateway in started:
            gateway.stop()


@pytest.mark.slow
def test_a_key_that_was_revoked_at_one_replica_is_taken_by_the_other(
    pair: tuple[str, Gateway, Gateway], tmp_path: Path
) -> None:
    url, one, two = pair
    _, manager = make_key(tmp_path, "manager", url=url, role="management")
    for method, path, body in (("DELETE", "", None), ("PATCH", "", {"disabled": True}), ("POST", "/rotate", {})):
        made = one.post("/v1/keys", {"name": "x"}, headers=bearer(manager)).json()
        assert ask(one, made["key"]).status_code == ask(two, made["key"]).status_code == 200
        place = f"{one.url}/v1/keys/{made['data']['hash']}{path}"
        assert requests.request(method, place, json=body, headers=bearer(manager), timeout=10).status_code == 200
        assert ask(two, made["key"]).status_code == 401, (method, path)
        assert ask(one, made["key"]).status_code == 401


@pytest.mark.slow
def test_replicas_that_race_for_the_last_cents_spend_more_than_there_is(
    pair: tuple[str, Gateway, Gateway], tmp_path: Path
) -> None:
    url, *gateways = pair
    hash, key = make_key(tmp_path, "racing", url=url, limit=40 * MILLI)
    gate = threading.Barrier(60)

    def one(number: int) -> requests.Response:
        gate.wait(30)
        return ask(gateways[number % 2], key, order(say="abc", pause_s=0.01), max_tokens=4)

    with ThreadPoolExecutor(60) as threads:
        answers = list(threads.map(one, range(60)))
    assert {answer.status_code for answer in answers} == {200, 402}
    while (last := ask(gateways[0], key, max_tokens=4)).status_code == 200:
        answers.append(last)
    assert last.status_code == 402
    told = sum(answer.json()["usage"]["completion_tokens"] for answer in answers if answer.status_code == 200)
    assert told == 40, "every cent could be spent, and no more"
    with psycopg.connect(url, autocommit=True) as connection:
        account = "SELECT spent, reserved FROM balances WHERE key_id = %s"
        wait_until(lambda: connection.execute(account, [hash]).fetchone() == (40 * MILLI, 0), "all is settled")
        sums = "SELECT sum(cost), sum(completion_tokens) FROM attempts WHERE key_id = %s"
        assert connection.execute(sums, [hash]).fetchone() == (40 * MILLI, 40)


@contextlib.contextmanager
def locked(database: Path) -> Iterator[None]:
    """Another program writes, and keeps everybody else from it."""
    with contextlib.closing(sqlite3.connect(database, isolation_level=None, timeout=30)) as connection:
        connection.execute("BEGIN EXCLUSIVE")
        yield
        connection.execute("ROLLBACK")


@pytest.mark.slow
def test_another_programs_lock_on_the_file_holds_up_replies(tmp_path: Path, tiny_folder: Path) -> None:
    """For longer than a writer waits: its tries fail, and go on."""
    gateway = start_gateway(tmp_path, tiny_folder, require_key=True, prices=write_prices(tmp_path))
    try:
        (_, key), (_, manager) = make_key(tmp_path, limit=10**9), make_key(tmp_path, "m", role="management")
        seen = [ask(gateway, key)]
        with locked(tmp_path / "nemoserve.db"):
            until = time.monotonic() + 10
            made = threading.Thread(target=lambda: seen_statuses.append(_create(gateway, manager)))
            seen_statuses: list[int] = []
            made.start()
            while time.monotonic() < until:
                began = time.monotonic()
                seen.append(ask(gateway, key))
                assert seen[-1].status_code == 200, seen[-1].text
                assert time.monotonic() - began < 3, "a reply waits for the lock"
                time.sleep(0.2)
            made.join(30)
            assert seen_statuses == [503], "a change that cannot be written is refused with the reason"
            assert journaled(tmp_path)
        ids = {answer.headers["x-generation-id"] for answer in seen}
        wait_until(lambda: ids == {row["generation_id"] for row in lines(tmp_path)}, "all lines are written", 30)
        own = gateway.get("/v1/key", headers=bearer(key)).json()["data"]
        assert own["usage"] == pytest.approx(0.003 * len(seen)) == pytest.approx(1 - own["limit_remaining"])
    finally:
        gateway.stop()
    assert len(lines(tmp_path)) == len(seen) and not journaled(tmp_path)


def _create(gateway: Gateway, manager: str) -> int:
    return gateway.post("/v1/keys", {"name": "x"}, headers=bearer(manager)).status_code
