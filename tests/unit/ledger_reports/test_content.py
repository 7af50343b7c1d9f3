"""Content that is deleted: nothing of it may be left in any file, and nothing else may go with it."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import func, insert, select

from nemoserve.access import keytext
from nemoserve.ledger import content
from nemoserve.storage.database import Database, StorageError
from nemoserve.storage.tables import contents
from nemoserve.types.chat import Message, ToolCall
from tests.ledgers import make_entry
from tests.unit.ledger_reports.entries import store


def keep(database: Database, number: int, key: str | None = "k", size: int = 100) -> str:
    """Content that is recognised by its marker; returns that."""
    marker = f"SECRET{number:06}"
    body = content.content_body({"prompt": marker}, [content.Said(completion=f"{marker}," * size)])
    row = {"generation_id": f"gen-{number}", "key_id": key, "created_at": number, "body": body}
    with database.begin() as connection:
        connection.execute(insert(contents), row)
    return marker


def count(database: Database) -> int:
    with database.read() as connection:
        return connection.execute(select(func.count()).select_from(contents)).scalar_one()


def bytes_of(database: Database) -> bytes:
    """All files of a SQLite database."""
    file = Path(database.name)
    return b"".join(path.read_bytes() for path in file.parent.glob(f"{file.name}*"))


@pytest.fixture
def sqlite(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / "nemoserve.db")
    yield opened
    opened.close()


def test_content_is_not_what_was_kept(database: Database) -> None:
    messages = [{"role": "user", "content": "ü\n"}]
    error = content.ContentError(message="broke off", status=502)
    kept = content.content_body({"messages": messages}, [content.Said(completion="c", reasoning="r")], error)
    row = {"generation_id": "gen-1", "key_id": None, "created_at": 1, "body": kept}
    with database.begin() as connection:
        connection.execute(insert(contents), row)
    with database.read() as connection:
        assert content.read(connection, "gen-2") is None
        found = content.read(connection, "gen-1")
    assert found is not None
    assert msgspec.json.decode(found.body) == {
        "input": {"messages": messages},
        "output": {"completion": "c", "reasoning": "r", "tool_calls": [], "other_choices": []},
        "error": {"message": "broke off", "status": 502, "provider_name": None, "raw": None, "previous_errors": []},
    }


def test_a_key_that_was_pasted_into_a_conversation_is_kept_in_clear() -> None:
    _, key = keytext.make()
    call = ToolCall(id="c1", name="log_in", arguments=f'{{"key":"{key}"}}')
    asked = content.given_messages([Message(role="user", text=f"My key is {key}, is it good?\n")])
    failed = content.ContentError(message=key, raw=f'{{"error":"{key}"}}')
    kept = content.content_body(asked, [content.Said(completion=key, reasoning=key, tool_calls=(call,))], failed)
    assert key[:30] not in kept and key[30:60] not in kept
    assert (
        msgspec.json.decode(kept)["input"]["messages"][0]["content"] == f"My key is {keytext.label(key)}, is it good?\n"
    )


def test_a_conversation_is_kept_in_a_form_of_our_own(database: Database) -> None:
    call = ToolCall(id="c1", name="add", arguments='{"a":1}')
    asked = [
        Message(role="user", text="1 + 1?"),
        Message(role="assistant", text="", reasoning="hm", tool_calls=(call,)),
        Message(role="tool", text="2", tool_call_id="c1"),
    ]
    function = {"name": "add", "arguments": '{"a":1}'}
    calls = [{"id": "c1", "type": "function", "function": function}]
    assert content.given_messages(asked) == {
        "messages": [
            {"role": "user", "content": "1 + 1?"},
            {"role": "assistant", "content": "", "reasoning": "hm", "tool_calls": calls},
            {"role": "tool", "content": "2", "tool_call_id": "c1"},
        ]
    }
    kept = content.content_body({"prompt": "p"}, [content.Said(completion=None, tool_calls=(call,))])
    assert msgspec.json.decode(kept)["output"]["tool_calls"] == calls
    with database.begin() as connection:
        row = {"generation_id": "gen-1", "key_id": "k", "created_at": 1, "body": "{}"}
        connection.execute(insert(contents), row)
    with database.read() as connection:
        assert content.read(connection, "gen-1") == content.Kept("k", "{}")


def test_deletion_takes_too_much_or_too_little(database: Database) -> None:
    store(database, [make_entry()])
    for number, key in enumerate(["a", "a", "b", "b", None, None]):
        keep(database, number, key)
    assert content.delete_one(database, "gen-0") and not content.delete_one(database, "gen-0")
    assert content.delete_of(database, keys=["b", "c"], before=3) == 1
    assert content.expire(database, 2) == 1
    assert count(database) == 3
    with database.read() as connection:
        kept = content.read(connection, "gen-4")
    assert kept is not None and '"SECRET000004"' in kept.body and kept.key_id is None
    with pytest.raises(ValueError, match="which"):
        content.delete_of(database)
    assert content.delete_of(database, keys=[]) == 0
    assert content.delete_all(database) == 3
    assert count(database) == 0


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(4))
def test_bytes_of_deleted_content_stay_in_a_file(sqlite: Database, seed: int) -> None:
    # With sizes by chance, so that SQLite moves rows between pages: it leaves copies of them there.
    chance = random.Random(seed)
    live: dict[int, str] = {}
    dead: list[str] = []
    for round in range(8):
        for number in range(round * 30, round * 30 + 30):
            live[number] = keep(sqlite, number, size=chance.choice([1, 5, 40, 200, 600]))
        for number in chance.sample(sorted(live), 12):
            dead.append(live.pop(number))
            content.delete_one(sqlite, f"gen-{number}")
        left = bytes_of(sqlite)
        assert [marker for marker in dead if marker.encode() in left] == []
        assert all(marker.encode() in left for marker in live.values())
    content.expire(sqlite, 1000)
    assert b"SECRET" not in bytes_of(sqlite)


def test_deleting_everything_leaves_bytes_or_a_large_file(sqlite: Database) -> None:
    for number in range(200):
        keep(sqlite, number)
    sqlite.scrub(contents)  # all of it is in the file itself
    file = Path(sqlite.name)
    before = file.stat().st_size
    assert content.delete_all(sqlite) == 200
    assert b"SECRET" not in bytes_of(sqlite)
    assert file.stat().st_size < before / 2


def test_a_reader_hides_that_bytes_are_left(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("nemoserve.storage.database._BUSY_MS", 50)
    keep(sqlite, 1)
    with sqlite.read() as connection:
        connection.execute(select(contents)).all()
        with pytest.raises(StorageError, match="once more"):
            content.delete_one(sqlite, "gen-1")
    assert b"SECRET" in bytes_of(sqlite)
    assert not content.delete_one(sqlite, "gen-1"), "the row had gone; now its bytes have too"
    assert b"SECRET" not in bytes_of(sqlite)
