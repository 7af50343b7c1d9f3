"""`nemoserve keys` and `nemoserve audit` as a person or a script types them, on a real database."""

from __future__ import annotations

import contextlib
import json
import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from sqlalchemy import update
from typer.testing import CliRunner

from nemoserve.access.audit import AuditLog
from nemoserve.access.keyring import Keyring
from nemoserve.cli.main import app
from nemoserve.config.secret import server_secret
from nemoserve.storage.database import FILE, Database
from nemoserve.storage.tables import audit
from nemoserve.storage.tables import keys as keys_table
from nemoserve.types.errors import ApiError

Run = Callable[..., Result]

OPTIONS = (
    "--limit 5.00 --limit-reset monthly --owner anna --tag team=search --tag feature=ask --expires 30d --model a/b "
    "--model c/d --provider nemoserve --requests-per-minute 60 --tokens-per-minute 1000 --concurrency 4 "
    "--reasoning-tokens 0 --answer-reserve 16 --store-content"
)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return lambda *words: CliRunner().invoke(app, [*words, "--data-dir", str(tmp_path)])


@pytest.fixture
def keys(run: Run) -> Callable[..., dict[str, Any]]:
    """A command of `keys` with --json, which succeeds; its answer."""

    def keys(*words: str) -> dict[str, Any]:
        done = run("keys", *words, "--json")
        assert done.exit_code == 0, done.output
        return json.loads(done.stdout)

    return keys


def opens(folder: Path, text: str) -> bool:
    """Whether a server on the folder takes the key."""
    database = Database.open(folder / FILE)
    secret = server_secret(folder)
    try:
        Keyring(database, secret, AuditLog(secret)).authenticate(text)
    except ApiError:
        return False
    finally:
        database.close()
    return True


def test_a_script_cannot_make_change_and_end_a_key(keys: Callable[..., dict[str, Any]], tmp_path: Path) -> None:
    made = keys("create", "search", *OPTIONS.split())
    data, text = made["data"], made["key"]
    expected = {
        "name": "search", "limit": 5.0, "limit_remaining": 5.0, "limit_reset": "monthly", "owner": "anna",
        "tags": {"team": "search", "feature": "ask"}, "allowed_models": ["a/b", "c/d"], "allowed_providers": ["nemoserve"],
        "requests_per_minute": 60, "tokens_per_minute": 1000, "concurrency": 4, "reasoning_cap": 0, "answer_reserve": 16,
        "store_content": True, "role": "inference", "disabled": False,
    }  # fmt: skip
    assert {name: data[name] for name in expected} == expected
    assert opens(tmp_path, text)
    assert keys("show", "search") == keys("show", data["hash"][:6]) == {"data": data}
    assert keys("list") == {"data": [data]}
    changed = keys("limits", "search", "--limit", "none", "--concurrency", "none", "--model", "none", "--tag", "none")[
        "data"
    ]
    assert (changed["limit"], changed["concurrency"], changed["allowed_models"], changed["tags"]) == (
        None,
        None,
        None,
        {},
    )
    assert changed["tokens_per_minute"] == 1000
    assert keys("disable", "search")["data"]["disabled"]
    assert not opens(tmp_path, text)
    assert keys("list") == {"data": []}
    assert len(keys("list", "--all")["data"]) == 1
    keys("enable", "search")
    newer = keys("rotate", "search", "--overlap", "1h")["key"]
    assert opens(tmp_path, text) and opens(tmp_path, newer)
    newest = keys("rotate", "search")["key"]
    assert not opens(tmp_path, text) and not opens(tmp_path, newer) and opens(tmp_path, newest)
    assert keys("delete", "search") == {"deleted": True}
    assert not opens(tmp_path, newest)


def test_a_person_sees_the_key_twice_or_amid_other_words(run: Run) -> None:
    done = run("keys", "create", "--name", "search", "--role", "management")
    assert done.exit_code == 0
    text = done.stdout.strip()
    assert text.startswith("sk-nemo-") and len(text.split()) == 1, "so that a shell can keep it"
    assert "cannot be shown again" in done.stderr and text not in done.stderr
    for words in (["list"], ["show", "search"]):
        shown = run("keys", *words).stdout
        assert "search" in shown and "management" in shown and text not in shown
        assert text[-4:] in shown
    assert text[25:] not in run("audit", "show").stdout


def test_a_small_or_large_limit_is_listed_as_a_power_of_ten(run: Run) -> None:
    run("keys", "create", "small", "--limit", "0.000000001", "--limit-reset", "weekly")
    run("keys", "create", "large", "--limit", "12345678.9")
    shown = run("keys", "list").stdout
    assert "0.000000001 weekly" in shown and "12345678.9" in shown


def test_an_expired_key_looks_like_one_that_works(run: Run, tmp_path: Path) -> None:
    run("keys", "create", "search")
    assert "active" in run("keys", "show", "search").stdout
    database = Database.open(tmp_path / FILE)
    with database.begin() as connection:
        connection.execute(update(keys_table).values(expires_at=1000))
    database.close()
    (state,) = [line.split() for line in run("keys", "show", "search").stdout.splitlines() if line.startswith("state")]
    assert state == ["state", "expired"]
    assert run("keys", "disable", "search").stdout.count("disabled") == 1


def test_an_expiry_is_another_day_than_was_typed(keys: Callable[..., dict[str, Any]]) -> None:
    assert keys("create", "a", "--expires", "2999-01-31")["data"]["expires_at"] == "2999-01-31T00:00:00.000Z"
    assert (
        keys("create", "b", "--expires", "2999-01-31T12:00+02:00")["data"]["expires_at"] == "2999-01-31T10:00:00.000Z"
    )
    assert keys("limits", "a", "--expires", "none")["data"]["expires_at"] is None


def test_a_key_is_listed_in_pieces(run: Run) -> None:
    name, owner = "n" * 200, "o" * 200
    run("keys", "create", name, "--owner", owner)
    (row,) = [line for line in run("keys", "list").stdout.splitlines() if "sk-nemo" in line]
    assert name in row and owner in row and "inference" in row, "no line can be searched for"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("create x --limit -1", "--limit"),
        ("create x --limit a", "--limit"),
        ("create x --limit-reset yearly", "daily, weekly, monthly"),
        ("create x --expires soon", "2027-01-31"),
        ("create x --expires 2001-01-01", "past"),
        ("create x --tag team", "NAME=VALUE"),
        ("create x --tag team=a --tag team=b", "two values"),
        ("create x --concurrency 0", "--concurrency: expected 1 to 1000000000000, or none for no limit, got 0"),
        ("create x --requests-per-minute 0", "--requests-per-minute: expected 1 to"),
        ("limits here --reasoning-cap 9999999999999", "--reasoning-cap: expected 0 to"),
        ("create x --expires 2020-01-01", "--expires: this is in the past"),
        ("create x --tag a!=b", "--tag: a tag's name"),
        (f"create x --model {'m' * 201}", "--model: at most"),
        (f"create {'x' * 201}", "name: at most"),
        ("create x --concurrency many", "--concurrency"),
        ("show nothing", "list the keys"),
        ("rotate nothing", "list the keys"),
        ("limits nothing --limit 1", "list the keys"),
        ("rotate here --overlap long", "24h"),
        ("rotate here --overlap 900d", "--overlap: expected 0 to"),
        ("delete nothing", "list the keys"),
    ],
)
def test_a_mistake_is_told_by_a_traceback(run: Run, words: str, said: str) -> None:
    run("keys", "create", "here")
    done = run("keys", *words.split())
    assert done.exit_code == 1
    assert isinstance(done.exception, SystemExit)
    assert done.stderr.startswith("nemoserve: ") and len(done.stderr.strip().splitlines()) == 1
    assert said in done.stderr


def test_a_key_is_made_without_a_name(run: Run) -> None:
    assert run("keys", "create").exit_code == 2
    assert run("keys", "create", "a", "--name", "b").exit_code == 2


@pytest.mark.parametrize("place", ["", "--database-url postgresql://nobody@127.0.0.1:1/none"])
@pytest.mark.parametrize("words", ["keys list", "keys show x", "keys rotate x", "audit verify", "audit show"])
def test_a_mistyped_folder_becomes_a_store_in_which_there_is_nothing(words: str, place: str, tmp_path: Path) -> None:
    folder = tmp_path / "mistyped"
    done = CliRunner().invoke(app, [*words.split(), *place.split(), "--data-dir", str(folder)])
    assert done.exit_code == 1 and done.stdout == ""
    assert str(folder) in done.stderr and "--data-dir" in done.stderr
    assert not folder.exists()


def test_a_store_without_keys_is_shown_as_an_empty_table(run: Run, tmp_path: Path) -> None:
    run("keys", "create", "a")
    run("keys", "delete", "a")
    done = run("keys", "list")
    assert done.exit_code == 0 and done.stdout == ""
    assert str(tmp_path) in done.stderr and "nemoserve keys create" in done.stderr


def test_keys_that_are_all_disabled_are_said_not_to_be_there(run: Run) -> None:
    run("keys", "create", "a")
    run("keys", "disable", "a")
    done = run("keys", "list")
    assert done.exit_code == 0 and done.stdout == ""
    assert "but disabled ones" in done.stderr and "--all" in done.stderr and "create" not in done.stderr


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="this system has no device that is always full")
def test_a_full_disk_is_a_number_without_a_place(run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    really = os.open
    monkeypatch.setattr(os, "open", lambda path, *how: really("/dev/full" if "secret" in str(path) else path, *how))
    done = run("keys", "create", "a")
    assert done.exit_code == 1 and f"Nothing can be kept in {tmp_path} (No space left" in done.stderr


def test_the_log_of_changes_is_for_machines_alone(run: Run) -> None:
    run("keys", "create", "search", *OPTIONS.split())
    run("keys", "limits", "search", "--limit", "none", "--owner", "bob", "--tag", "none", "--model", "m")
    run("keys", "rotate", "search")
    run("keys", "disable", "search")
    shown = run("audit", "show").stdout
    *_, disabled, rotated, changed, made = shown.splitlines()
    assert "disabled no → yes" in disabled
    assert "overlap_seconds 0" in rotated
    assert "limit USD 5 → none" in changed and "owner anna → bob" in changed and "models a/b c/d → m" in changed
    assert "tags team=search feature=ask → none" in changed or "tags feature=ask team=search → none" in changed
    assert "limit USD 5," in made and "models a/b c/d" in made and "tags feature=ask team=search" in made
    assert "updated_at" not in made and "{" not in shown


def test_a_database_that_is_not_there_is_told_by_a_traceback(run: Run) -> None:
    run("keys", "create", "a")
    done = run("keys", "list", "--database-url", "postgresql://nobody:secret-word@127.0.0.1:1/none")
    assert done.exit_code == 1
    assert done.stderr.startswith("nemoserve: ") and "secret-word" not in done.output


def test_a_database_that_is_damaged_is_told_by_a_traceback(run: Run, tmp_path: Path) -> None:
    run("keys", "create", "a")
    with contextlib.closing(sqlite3.connect(tmp_path / FILE)) as database:
        database.execute("DROP TABLE audit")
    for words in ("audit verify", "audit show", "keys list", "keys create b"):
        done = run(*words.split())
        assert done.exit_code == 1 and isinstance(done.exception, SystemExit)
        assert done.stderr.startswith("nemoserve: ") and len(done.stderr.strip().splitlines()) == 1


def test_who_looks_at_limits_or_sets_what_is_set_already_enters_a_change(run: Run) -> None:
    run("keys", "create", "a", "--limit", "5")
    before = run("keys", "show", "a", "--json").stdout
    for words in ("limits a", "limits a --limit 5.00", "enable a"):
        assert run("keys", *words.split()).exit_code == 0
    assert len(json.loads(run("audit", "show", "--json").stdout)["data"]) == 1
    assert run("keys", "show", "a", "--json").stdout == before


def test_a_tampered_log_has_status_zero(run: Run, tmp_path: Path) -> None:
    for name in "abc":
        assert run("keys", "create", name).exit_code == 0
    done = run("audit", "verify", "--json")
    assert done.exit_code == 0 and json.loads(done.stdout)["intact"]
    assert [row["action"] for row in json.loads(run("audit", "show", "--json").stdout)["data"]] == ["key.create"] * 3
    database = Database.open(tmp_path / FILE)
    with database.begin() as connection:
        connection.execute(update(audit).where(audit.c.seq == 2).values(actor="nobody"))
    database.close()
    done = run("audit", "verify")
    assert done.exit_code == 1 and "Row 2 was changed" in done.stdout
    assert json.loads(run("audit", "verify", "--json").stdout)["seq"] == 2


def test_servers_with_one_secret_do_not_know_each_others_keys(
    keys: Callable[..., dict[str, Any]], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NEMOSERVE_SECRET", "s" * 32)
    text = keys("create", "a")["key"]
    assert not (tmp_path / "secret").exists()
    assert opens(tmp_path, text)
    monkeypatch.setenv("NEMOSERVE_SECRET", "t" * 32)
    assert not opens(tmp_path, text)
    done = CliRunner().invoke(app, ["keys", "list", "--data-dir", str(tmp_path)])
    assert "made under another secret" in done.stderr and done.exit_code == 0
    newer = keys("rotate", "a")["key"]
    assert opens(tmp_path, newer), "there is a way out where the secret is lost"
    assert CliRunner().invoke(app, ["keys", "list", "--data-dir", str(tmp_path)]).stderr == ""
    monkeypatch.setenv("NEMOSERVE_SECRET", "short")
    with pytest.raises(ValueError, match="too short"):
        server_secret(tmp_path)
