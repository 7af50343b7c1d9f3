"""Keys on real databases: who gets in, when they stop getting in, and what is left of them on the disk."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
from sqlalchemy import Connection, event, func, select

from nemoserve.access import keytext
from nemoserve.access.audit import AuditLog
from nemoserve.access.key import KeyChange
from nemoserve.access.keyring import Keyring
from nemoserve.storage.database import Database, StorageError
from nemoserve.storage.tables import audit, key_secrets, keys, revision
from nemoserve.types.caller import KeyLimits
from nemoserve.types.errors import ApiError
from tests.databases import Postgres
from tests.unit.access.conftest import PEPPER, Clock

DAY = 86_400_000


def refusal(keyring: Keyring, text: str) -> str:
    with pytest.raises(ApiError) as refused:
        keyring.authenticate(text)
    assert refused.value.status == 401
    assert refused.value.headers == {"www-authenticate": "Bearer"}
    assert text not in refused.value.message or not text
    return refused.value.message


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """What the database is asked meanwhile, except for its revision."""
    asked: list[str] = []

    def note(_connection: Connection, _cursor: object, statement: str, *_: object) -> None:
        if "FROM revision" not in statement:
            asked.append(statement)

    engine = database._engine
    event.listen(engine, "before_cursor_execute", note)
    yield asked
    event.remove(engine, "before_cursor_execute", note)


def test_a_key_does_not_open_the_door_or_tells_less_than_was_set(keyring: Keyring) -> None:
    limits = KeyLimits(limit=5 * 10**9, limit_reset="monthly", models=("a/b",), tokens_per_minute=7)
    made, text = keyring.create(
        "search", owner="anna", tags={"team": "x"}, limits=limits, store_content=True, actor="cli"
    )
    key = keyring.authenticate(text)
    assert key == made == keyring.get(made.id)
    caller = key.caller()
    assert (caller.role, caller.key_id, caller.owner, caller.tags) == ("inference", made.id, "anna", {"team": "x"})
    assert caller.limits == limits and caller.store_content


def test_a_key_that_was_never_made_gets_in_or_is_told_why_not(keyring: Keyring) -> None:
    _, text = keyring.create("one", actor="cli")
    assert refusal(keyring, keytext.make()[1]) == "There is no such key."
    public = keytext.public_part(text)
    body = f"sk-nemo-{public}-{'A' * 43}"
    forged = body + keytext._checksum(body)
    assert keytext.whole(forged) and keytext.public_part(forged) == public, "a right public part with another secret"
    assert refusal(keyring, forged) == "There is no such key."


@pytest.mark.parametrize(
    "text",
    [
        "",
        "sk-nemo-",
        "none",
        "' OR '1'='1",
        "sk-nemo-' UNION SELECT digest FROM key_secrets--",
        "sk-nemo-\x00",
        "sk-or-v1-abc",
    ],
)
def test_a_malformed_key_is_looked_up(one_file: Database, text: str) -> None:
    keyring = Keyring(one_file, PEPPER, AuditLog(PEPPER))
    with statements(one_file) as asked:
        refusal(keyring, text)
    assert asked == []


def test_made_up_keys_load_the_database(keyring: Keyring, database: Database) -> None:
    _, text = keyring.create("one", actor="cli")
    keyring.authenticate(text)
    with statements(database) as asked:
        for _ in range(200):
            refusal(keyring, keytext.make()[1])
            keyring.authenticate(text)
    assert len([sql for sql in asked if "key_secrets" in sql]) <= 1


def test_the_reason_is_told_to_whoever_guesses(keyring: Keyring, clock: Clock) -> None:
    key, text = keyring.create("one", expires_at=clock.now + DAY, actor="cli")
    body = f"sk-nemo-{keytext.public_part(text)}-{'A' * 43}"
    forged = body + keytext._checksum(body)
    keyring.disable(key.id, actor="cli")
    assert refusal(keyring, text) == "This key is disabled."
    assert refusal(keyring, forged) == "There is no such key."
    keyring.enable(key.id, actor="cli")
    keyring.authenticate(text)
    clock.now += DAY - 1
    keyring.authenticate(text)
    clock.now += 1
    assert refusal(keyring, text) == "This key has expired."
    assert refusal(keyring, forged) == "There is no such key."


def test_after_a_rotation_both_keys_work_for_ever_or_neither(keyring: Keyring, clock: Clock) -> None:
    key, old = keyring.create("one", actor="cli")
    rotated, new = keyring.rotate(key.id, 3600, actor="cli")
    assert rotated.id == key.id and rotated.label == keytext.label(new) != key.label
    assert keyring.authenticate(old).id == keyring.authenticate(new).id == key.id
    clock.now += 3_600_000 - 1
    keyring.authenticate(old)
    clock.now += 1
    assert refusal(keyring, old) == "This key was replaced by a newer one."
    keyring.authenticate(new)
    _, newest = keyring.rotate(key.id, actor="cli")
    refusal(keyring, new)
    keyring.authenticate(newest)


def test_a_second_rotation_lengthens_the_life_of_the_first_key(keyring: Keyring, clock: Clock) -> None:
    key, first = keyring.create("one", actor="cli")
    _, second = keyring.rotate(key.id, 10, actor="cli")
    _, third = keyring.rotate(key.id, 100, actor="cli")
    clock.now += 10_000
    refusal(keyring, first)
    keyring.authenticate(second)
    clock.now += 90_000
    refusal(keyring, second)
    keyring.authenticate(third)


@pytest.mark.parametrize("overlap", [-1, 366 * 86400 + 1])
def test_a_rotation_takes_any_overlap(keyring: Keyring, overlap: int) -> None:
    key, _ = keyring.create("one", actor="cli")
    with pytest.raises(ApiError, match="overlap_seconds"):
        keyring.rotate(key.id, overlap, actor="cli")


def test_a_deleted_key_gets_in_or_loses_its_name(keyring: Keyring, database: Database) -> None:
    key, text = keyring.create("one", actor="cli")
    keyring.authenticate(text)
    keyring.delete(key.id, actor="cli")
    assert refusal(keyring, text) == "There is no such key."
    for gone in (
        lambda: keyring.get(key.id),
        lambda: keyring.rotate(key.id, actor="cli"),
        lambda: keyring.enable(key.id, actor="cli"),
        lambda: keyring.delete(key.id, actor="cli"),
    ):
        with pytest.raises(ApiError) as refused:
            gone()
        assert refused.value.status == 404
    assert keyring.list(include_disabled=True) == []
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(key_secrets)).scalar_one() == 0
        assert connection.execute(select(keys.c.name)).scalar_one() == "one"


@pytest.mark.slow
def test_a_key_revoked_by_another_process_is_let_in_once_more(
    database_place: str, keyring: Keyring, tmp_path: Path
) -> None:
    key, text = keyring.create("one", actor="cli")
    keyring.authenticate(text)
    code = (
        "import sys; from pathlib import Path\n"
        "from nemoserve.access.audit import AuditLog\n"
        "from nemoserve.access.keyring import Keyring\n"
        "from nemoserve.storage.database import Database\n"
        "database = Database.open(sys.argv[1])\n"
        f"Keyring(database, {PEPPER!r}, AuditLog({PEPPER!r})).disable(sys.argv[2], actor='other')\n"
    )
    subprocess.run([sys.executable, "-c", code, database_place, key.id], check=True, timeout=120)
    assert refusal(keyring, text) == "This key is disabled."


def test_a_change_is_seen_late_by_another_server(database_place: str, keyring: Keyring, clock: Clock) -> None:
    other_database = Database.open(database_place)
    other = Keyring(other_database, PEPPER, AuditLog(PEPPER), clock)
    key, text = keyring.create("one", actor="cli")
    for limit in (1, 2, None):
        keyring.update(key.id, KeyChange(limit=limit), actor="cli")
        assert other.authenticate(text).limits.limit == limit
    other.delete(key.id, actor="cli")
    refusal(keyring, text)
    other_database.close()


def test_another_servers_secret_opens_the_door(keyring: Keyring, database: Database, log: AuditLog) -> None:
    _, text = keyring.create("one", actor="cli")
    refusal(Keyring(database, b"another" * 5, log), text)


def test_many_at_once_lose_keys_or_leave_two_secrets(keyring: Keyring, database: Database, log: AuditLog) -> None:
    shared, _ = keyring.create("shared", actor="cli")
    with ThreadPoolExecutor(8) as pool:
        made = [pool.submit(keyring.create, f"k{number}", actor="cli") for number in range(24)]
        turned = [pool.submit(keyring.rotate, shared.id, actor="cli") for _ in range(16)]
        texts = [done.result()[1] for done in turned]
        for done in made:
            key, text = done.result()
            assert keyring.authenticate(text).id == key.id
    working = []
    for text in texts:
        try:
            working.append(keyring.authenticate(text).label)
        except ApiError:
            continue
    assert working == [keyring.get(shared.id).label], "one secret is left, the one that the list shows"
    with database.read() as connection:
        assert connection.execute(select(revision.c.value)).scalar_one() == 41
        assert connection.execute(select(func.count()).select_from(audit)).scalar_one() == 41
    assert log.verify(database).intact


def test_a_change_that_fails_leaves_a_trace(keyring: Keyring, database: Database) -> None:
    key, _ = keyring.create("one", actor="cli")
    before = database.revision()
    with pytest.raises(ApiError, match="concurrency"):
        keyring.update(key.id, KeyChange(name="two", concurrency=0), actor="cli")
    assert keyring.get(key.id) == key
    assert database.revision() == before


@pytest.mark.parametrize(
    ("field", "change"),
    [
        ("name", KeyChange(name=" ")),
        ("name", KeyChange(name="x" * 201)),
        ("name", KeyChange(name="a\x00b")),
        ("name", KeyChange(name=f"mine is {keytext.make()[1]}")),
        ("owner", KeyChange(owner="a\nb")),
        ("owner", KeyChange(owner="\ud800")),
        ("tags", KeyChange(tags={"a b": "c"})),
        ("tags", KeyChange(tags={f"t{number}": "" for number in range(33)})),
        ("limit", KeyChange(limit=-1)),
        ("limit_reset", KeyChange(limit_reset="yearly")),  # type: ignore[arg-type]
        ("allowed_models", KeyChange(models=())),
        ("allowed_providers", KeyChange(providers=("",))),
        ("requests_per_minute", KeyChange(requests_per_minute=0)),
        ("tokens_per_minute", KeyChange(tokens_per_minute=-5)),
        ("concurrency", KeyChange(concurrency=10**30)),
        ("reasoning_cap", KeyChange(reasoning_tokens=-1)),
        ("answer_reserve", KeyChange(answer_reserve=-1)),
        ("expires_at", KeyChange(expires_at=1000)),
        ("expires_at", KeyChange(expires_at=10**17)),
    ],
)
def test_a_value_without_sense_is_kept(one_file: Database, field: str, change: KeyChange) -> None:
    keyring = Keyring(one_file, PEPPER, AuditLog(PEPPER))
    key, _ = keyring.create("one", actor="cli")
    with pytest.raises(ApiError) as refused:
        keyring.update(key.id, change, actor="cli")
    assert refused.value.status == 400
    assert refused.value.metadata == {"parameter": field}
    assert keyring.get(key.id) == key


def test_a_key_gives_itself_another_role() -> None:
    with pytest.raises(TypeError):
        KeyChange(role="management")  # type: ignore[call-arg]


def test_a_key_is_found_by_less_than_is_clear(keyring: Keyring, clock: Clock) -> None:
    first, _ = keyring.create("search", actor="cli")
    clock.now += 1
    second, _ = keyring.create("search", actor="cli")
    third, _ = keyring.create("other", actor="cli")
    assert (
        keyring.find("other")
        == keyring.find(third.id[:12])
        == keyring.find(third.id)
        == keyring.find(third.label)
        == third
    )
    for what in ("search", "nothing", "%", "____", first.id[:3], "", "\x00", "' OR 1=1 --"):
        with pytest.raises(ApiError) as refused:
            keyring.find(what)
        assert refused.value.status == 404
    with pytest.raises(ApiError, match=second.id[:8]):
        keyring.find("search")


def test_the_list_is_of_the_wrong_keys(keyring: Keyring, clock: Clock) -> None:
    made = []
    for number in range(5):
        made.append(keyring.create(f"k{number}", actor="cli")[0])
        clock.now += 1
    keyring.disable(made[1].id, actor="cli")
    keyring.delete(made[2].id, actor="cli")
    assert [key.name for key in keyring.list()] == ["k4", "k3", "k0"]
    assert [key.name for key in keyring.list(include_disabled=True)] == ["k4", "k3", "k1", "k0"]
    assert [key.name for key in keyring.list(offset=1, limit=1)] == ["k3"]


@pytest.mark.slow
def test_an_outage_shuts_known_keys_out(own_postgres: Postgres, clock: Clock) -> None:
    database = Database.open(own_postgres.new())
    keyring = Keyring(database, PEPPER, AuditLog(PEPPER), clock)
    _, known = keyring.create("known", actor="cli")
    _, unknown = keyring.create("unknown", actor="cli")
    keyring.authenticate(known)
    own_postgres.stop()
    keyring.authenticate(known)
    with pytest.raises(ApiError) as refused:
        keyring.authenticate(unknown)
    assert refused.value.status == 503
    own_postgres.start()
    clock.now += 1001
    keyring.authenticate(known)
    keyring.authenticate(unknown)
    database.close()


def test_a_key_can_be_read_from_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "nemoserve.db"
    database = Database.open(file)
    keyring = Keyring(database, PEPPER, AuditLog(PEPPER, tmp_path / "audit-head"))
    key, text = keyring.create("one", owner="anna", actor="cli")
    keyring.authenticate(text)
    _, newer = keyring.rotate(key.id, 3600, actor="cli")
    keyring.authenticate(newer)
    with pytest.raises(ApiError):
        keyring.update(key.id, KeyChange(owner=newer), actor="cli")
    with pytest.raises(ApiError):
        keyring.find(newer)
    with pytest.raises(ApiError):
        keyring.authenticate(newer[:-1])
    files = sorted(path for path in tmp_path.iterdir() if path.is_file())
    assert {"nemoserve.db", "nemoserve.db-wal", "audit-head"} <= {path.name for path in files}
    assert any(key.id.encode() in path.read_bytes() for path in files), "the right files are read"
    for secret in (text, newer):
        for piece in (secret, secret[25:], secret[25:45], secret[25:68]):
            assert not any(piece.encode() in path.read_bytes() for path in files)
    database.close()


def test_deleted_digests_stay_on_the_disk(tmp_path: Path) -> None:
    file = tmp_path / "nemoserve.db"
    database = Database.open(file)
    keyring = Keyring(database, PEPPER, AuditLog(PEPPER))
    key, text = keyring.create("one", actor="cli")
    keyring.delete(key.id, actor="cli")
    database.close()  # the write-ahead log goes into the file and is removed
    assert keytext.Digester(PEPPER)(text) not in file.read_bytes()
    assert not file.with_name("nemoserve.db-wal").exists()


def test_a_database_that_is_away_is_asked_at_every_request(
    one_file: Database, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyring = Keyring(one_file, PEPPER, AuditLog(PEPPER), clock)
    _, known = keyring.create("known", actor="cli")
    _, unknown = keyring.create("unknown", actor="cli")
    keyring.authenticate(known)
    asked: list[int] = []

    def away() -> int:
        asked.append(clock.now)
        raise StorageError("it cannot be read")

    began = clock.now
    monkeypatch.setattr(one_file, "revision", away)
    for later in (0, 1, 999, 1000, 1500, 2000):
        clock.now = began + later
        keyring.authenticate(known)
    assert asked == [began, began + 1000, began + 2000], "once a second"
    clock.now = began - 5000
    keyring.authenticate(known)
    assert asked[-1] == began - 5000, "a clock that went back keeps nobody waiting"
    one_file.close()
    monkeypatch.setattr(one_file, "read", broken)
    with pytest.raises(ApiError) as refused:
        keyring.authenticate(unknown)
    assert (refused.value.status, refused.value.retry_after_s) == (503, 1)
    assert refused.value.message == "The key cannot be checked: the database is not reachable."


def broken() -> None:
    raise StorageError("it cannot be read")


def test_a_mistyped_key_of_a_known_one_is_called_unknown(keyring: Keyring) -> None:
    _, text = keyring.create("one", actor="cli")
    keyring.authenticate(text)
    other = "a" if text[-1] != "a" else "b"
    assert "malformed" in refusal(keyring, text[:-1] + other)
