"""Fear: what a person types about keys is not what the running server does with the very next request."""

from __future__ import annotations

import contextlib
import json
import os
import re
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from nemoserve.cli.main import app
from tests.databases import Postgres
from tests.e2e.test_commands import nemoserve, refuses
from tests.gateway import Gateway, order, start_gateway
from tests.keyholders import bearer, make_key, write_prices
from tests.servers import start, wait_until

KEY = re.compile(r"sk-nemo-[0-9a-z]{16}-[0-9A-Za-z]{49}")


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Gateway]:
    data_dir = tmp_path_factory.mktemp("server")
    gateway = start_gateway(data_dir, tiny_folder, require_key=True, prices=write_prices(data_dir))
    yield gateway
    gateway.stop()


class Typed:
    """What is typed at one data folder."""

    def __init__(self, data_dir: Path) -> None:
        self.data_dir = data_dir

    def __call__(self, *words: str, fails: bool = False) -> str:
        """`nemoserve keys …` or whatever command it is; what it printed to stdout. In this process, as it is typed often."""
        done = CliRunner().invoke(app, [*words, "--data-dir", str(self.data_dir)], env={"COLUMNS": "100"})
        assert (done.exit_code != 0) == fails, done.output
        assert done.exception is None or isinstance(done.exception, SystemExit), done.exception
        return str(done.output if fails else done.stdout)

    def json(self, *words: str) -> dict[str, Any]:
        return json.loads(self(*words, "--json"))


@pytest.fixture
def typed(running: Gateway) -> Typed:
    return Typed(running.log.parent)


def chat(gateway: Gateway, key: str, **fields: Any) -> Any:
    """The answer to a question asked with that key."""
    return gateway.post("/v1/chat/completions", gateway.question(order(say="ok"), fields), headers=bearer(key))


def test_a_key_is_made_and_cannot_be_used_at_once(running: Gateway) -> None:
    where = ("--data-dir", str(running.log.parent))
    shown = nemoserve("keys", "create", "from the shell", *where)
    assert KEY.fullmatch(shown.stdout.strip()), "stdout is the key alone, so that a script can take it"
    assert "cannot be shown again" in shown.stderr and shown.returncode == 0
    assert chat(running, shown.stdout.strip()).status_code == 200
    made = json.loads(nemoserve("keys", "create", "--name", "for a script", "--json", *where).stdout)
    assert set(made) == {"data", "key"} and chat(running, made["key"]).status_code == 200
    assert chat(running, made["key"][:-1] + "~").status_code == 401


def test_a_change_waits_for_a_restart(running: Gateway, typed: Typed) -> None:
    made = typed.json("keys", "create", "ann's", "--owner", "ann", "--tag", "team=search", "--limit", "1")
    hash, key = made["data"]["hash"], made["key"]
    assert chat(running, key).status_code == 200
    for words, status in (
        (("disable", "ann's"), 401),
        (("enable", hash), 200),
        (("limits", hash[:6], "--limit", "0.001"), 402),
        (("limits", hash, "--limit", "none"), 200),
        (("limits", hash, "--model", "another/model"), 403),
        (("limits", hash, "--model", "none"), 200),
        (("limits", hash, "--requests-per-minute", "1"), 200),
        (("limits", hash, "--requests-per-minute", "1"), 429),
        (("limits", hash, "--requests-per-minute", "none"), 200),
        (("delete", hash), 401),
    ):
        typed("keys", *words)
        answer = chat(running, key)
        assert answer.status_code == status, (words, answer.text)


def test_a_rotated_keys_old_text_goes_on_for_ever_or_ends_too_soon(running: Gateway, typed: Typed) -> None:
    made = typed.json("keys", "create", "rotating", "--limit", "1")
    assert chat(running, made["key"]).json()["usage"]["cost"] == 0.003
    second = typed.json("keys", "rotate", "rotating", "--overlap", "1h")
    assert second["data"]["hash"] == made["data"]["hash"] and second["key"] != made["key"]
    assert chat(running, made["key"]).status_code == chat(running, second["key"]).status_code == 200
    third = typed("keys", "rotate", "rotating").strip()
    assert KEY.fullmatch(third)
    assert chat(running, made["key"]).status_code == chat(running, second["key"]).status_code == 401
    assert "replaced" in chat(running, second["key"]).json()["error"]["message"]
    own = running.get("/v1/key", headers=bearer(third)).json()["data"]
    assert (own["usage"], own["limit_remaining"]) == (0.009, 0.991), "the limit is the key's, whatever its text"


def test_a_list_tells_less_than_the_api_or_tells_a_secret(running: Gateway, typed: Typed) -> None:
    made = typed.json("keys", "create", "listed", "--limit", "2.5", "--limit-reset", "weekly", "--expires", "30d")
    manager = typed.json("keys", "create", "manager", "--role", "management")["key"]
    chat(running, made["key"])
    told = running.get(f"/v1/keys/{made['data']['hash']}", headers=bearer(manager)).json()["data"]
    assert typed.json("keys", "show", "listed")["data"] == told
    listed = running.get("/v1/keys", headers=bearer(manager)).json()["data"]
    assert typed.json("keys", "list")["data"] == listed
    table, page = typed("keys", "list"), typed("keys", "show", "listed")
    for text in (told["hash"][:8], "listed", told["label"], "2.5 weekly", "0.003", "until 20"):
        assert text in table, table
    for text in (told["hash"], told["label"], "2.5", "weekly", "2.497", "0.003", "inference"):
        assert text in page, page
    assert not KEY.search(table + page + json.dumps(listed) + json.dumps(told))
    typed("keys", "disable", "listed")
    assert "listed" not in typed("keys", "list") and "disabled" in typed("keys", "list", "--all")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("keys", "show", "nobodys"), "There is no key 'nobodys'"),
        (("keys", "create", "x", "--limit", "five"), "--limit: 'five' is no amount of dollars"),
        (("keys", "create", "x", "--limit", "-1"), "--limit"),
        (("keys", "create", "x", "--limit-reset", "hourly"), "--limit-reset: expected daily, weekly, monthly or none"),
        (("keys", "create", "x", "--expires", "yesterday"), "--expires: expected a day"),
        (("keys", "create", "x", "--expires", "2020-01-01"), "in the past"),
        (("keys", "create", "x", "--tag", "search"), "--tag: expected NAME=VALUE"),
        (("keys", "create", "x", "--concurrency", "0"), "concurrency: expected 1"),
        (("keys", "create", "x", "--requests-per-minute", "1.5"), "--requests-per-minute: expected a whole number"),
        (("keys", "create", ""), "needs a name"),
        (("keys", "rotate", "x", "--overlap", "soon"), "There is no key 'x'"),
        (("keys", "delete", "x' OR 1=1 --"), "There is no key"),
    ],
)  # fmt: skip
def test_a_wrong_word_is_a_traceback(tmp_path: Path, words: tuple[str, ...], said: str) -> None:
    typed = Typed(tmp_path)
    if words[1] != "create":  # which alone makes a store where there is none
        typed("keys", "create", "one")
    printed = typed(*words, fails=True).strip()
    assert said in printed and len(printed.splitlines()) == 1, printed


def test_the_log_of_changes_is_altered_unseen(tmp_path: Path) -> None:
    typed = Typed(tmp_path)
    for name in ("one", "two", "three"):
        typed("keys", "create", name, "--limit", "1")
    typed("keys", "limits", "two", "--limit", "100")
    verdict = typed.json("audit", "verify")
    assert (verdict["intact"], verdict["rows"]) == (True, 4) and "intact" in typed("audit", "verify")
    assert "key.update" in typed("audit", "show") and typed.json("audit", "show")["data"][0]["seq"] == 4
    database = tmp_path / "nemoserve.db"
    shutil.copy(database, tmp_path / "good.db")
    for statement, row, word in (
        ("UPDATE audit SET detail = replace(detail, '100000000000', '900000000000') WHERE seq = 4", 4, "changed"),
        ("UPDATE audit SET actor = 'cli:mallory' WHERE seq = 2", 2, "changed"),
        ("DELETE FROM audit WHERE seq = 3", 3, "missing"),
        ("DELETE FROM audit WHERE seq >= 3", 3, "cut off"),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", 1, "changed"),
    ):
        with contextlib.closing(sqlite3.connect(database)) as connection:
            assert connection.execute(statement).rowcount > 0
            connection.commit()
        printed = typed("audit", "verify", fails=True)
        assert f"Row {row}" in printed and word in printed, (statement, printed)
        for leftover in tmp_path.glob("nemoserve.db-*"):
            leftover.unlink()
        shutil.copy(tmp_path / "good.db", database)
    assert typed.json("audit", "verify")["intact"]


@pytest.mark.slow
def test_the_sentence_about_keys_leads_to_another_database(
    postgres: Postgres, tmp_path: Path, tiny_folder: Path
) -> None:
    serve = ("serve", "--host", "0.0.0.0", "--port", "0", "--model", str(tiny_folder), "--data-dir", str(tmp_path))
    refuses(nemoserve(*serve, "--database-url", postgres.new()), "keys create", str(tmp_path), "--database-url")


@pytest.mark.slow
def test_a_server_that_others_can_reach_starts_without_keys(tmp_path: Path, tiny_folder: Path) -> None:
    serve = ("serve", "--host", "0.0.0.0", "--port", "0", "--model", str(tiny_folder), "--data-dir", str(tmp_path))
    refuses(nemoserve(*serve), "0.0.0.0", "keys create", str(tmp_path))
    _, key = make_key(tmp_path)
    gateway = start_gateway(tmp_path, tiny_folder, host="0.0.0.0")
    try:
        assert gateway.get("/v1/models").status_code == 401
        assert chat(gateway, key).status_code == 200
    finally:
        gateway.stop()
    other = "import os; os.environ['NEMOSERVE_SECRET'] = 'another' * 8"
    refuses(nemoserve(*serve, python=other), "another secret", "NEMOSERVE_SECRET", "rotate")


def test_two_servers_share_a_data_folder(running: Gateway, tiny_folder: Path) -> None:
    data_dir = running.log.parent
    done = nemoserve("serve", "--port", "0", "--model", str(tiny_folder), "--data-dir", str(data_dir))
    refuses(done, f"Another server uses {data_dir}", "--data-dir", "--database-url")
    _, key = make_key(data_dir)
    assert chat(running, key).status_code == 200


def test_a_chat_cannot_show_a_key_or_does_not_say_that_it_has_to(running: Gateway, typed: Typed) -> None:
    key = typed.json("keys", "create", "chatting")["key"]
    done = nemoserve("chat", "--url", running.url, "--key", key, typed="Hello\n")
    assert done.returncode == 0 and "Hi." in done.stdout, done
    refuses(nemoserve("chat", "--url", running.url), "needs a key", "--key")
    refuses(nemoserve("chat", "--url", running.url, "--key", key[:-1]), "malformed")
    environment = f"import os; os.environ['NEMOSERVE_API_KEY'] = '{key}'"
    assert nemoserve("chat", "--url", running.url, typed="Hello\n", python=environment).returncode == 0


@pytest.mark.slow
def test_commands_wait_for_a_busy_server(running: Gateway, typed: Typed) -> None:
    """Keys are made while many requests are being written down."""
    key = typed.json("keys", "create", "busy")["key"]
    command = [sys.executable, "-c", _LOAD, running.url, key]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as load:
        for number in range(20):
            typed("keys", "create", f"meanwhile {number}")
        load.terminate()
    assert len(typed.json("keys", "list")["data"]) >= 20


_LOAD = """
import sys, requests
url, key = sys.argv[1:]
while True:
    requests.post(url + "/v1/chat/completions", headers={"Authorization": "Bearer " + key},
                  json={"messages": [{"role": "user", "content": "x"}]}, timeout=30)
"""


@pytest.mark.slow
def test_what_the_server_prints_leads_to_a_401(tmp_path: Path, tiny_folder: Path) -> None:
    """The line to paste shows the key of the environment, and says that it does."""
    _, key = make_key(tmp_path)
    server = start(tmp_path, "--require-key", "--model", str(tiny_folder), "--max-sequences", "1", wait=False)
    try:
        said = wait_until(lambda: "Ctrl-C" in server.log.read_text() and server.log.read_text(), "it is ready", 120)
        assert "NEMOSERVE_API_KEY" in said
        (line,) = re.findall(r"^ *(curl .*)$", said, re.MULTILINE)
        assert line.count("Authorization") == said.count("Every request needs a key") == 1
        line = line.replace("curl ", "curl -sS --fail ").replace('{"model"', '{"max_tokens":2,"model"')
        environment = os.environ | {"NEMOSERVE_API_KEY": key}
        done = subprocess.run(["bash", "-c", line], capture_output=True, timeout=60, env=environment)
        assert done.returncode == 0 and b"chat.completion" in done.stdout, done
    finally:
        server.stop()
