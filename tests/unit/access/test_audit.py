"""The audit log against everybody who can write to the database, and to the file beside it."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import Connection, delete, func, insert, select, update

from nemoserve.access import keytext
from nemoserve.access.audit import AuditLog
from nemoserve.storage.database import Database
from nemoserve.storage.tables import audit
from tests.unit.access.conftest import PEPPER

ROWS = 6


def write(log: AuditLog, database: Database, rows: int = ROWS) -> None:
    for number in range(rows):
        with database.begin() as connection:
            head = log.append(connection, "cli", "key.update", f"key{number}", {"limit": [None, number]}, 1000 + number)
        log.remember(head)


def set_row(number: int, **values: object) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(update(audit).where(audit.c.seq == number).values(**values))


def drop(*seqs: int) -> Callable[[Connection], object]:
    return lambda connection: connection.execute(delete(audit).where(audit.c.seq.in_(seqs)))


def close_gap(connection: Connection) -> None:
    drop(3)(connection)
    for seq in (4, 5, 6):
        set_row(seq, seq=seq - 1)(connection)


def swap(connection: Connection) -> None:
    for old, new in ((3, 99), (4, 3), (99, 4)):
        set_row(old, seq=new)(connection)


def relink(connection: Connection) -> None:
    """What somebody does who has read how the chain is made, and has no secret."""
    previous = ""
    log = AuditLog(b"guessed" * 5)
    for row in connection.execute(select(audit).order_by(audit.c.seq)).all():
        row_values = (row.seq, row.at, "nobody", row.action, row.resource, row.detail)
        made = log._hash(previous, row_values)
        set_row(row.seq, actor="nobody", previous=previous, hash=made)(connection)
        previous = made


def repeat(connection: Connection) -> None:
    last = connection.execute(select(audit).order_by(audit.c.seq.desc()).limit(1)).one()
    connection.execute(insert(audit).values(**{**last._mapping, "seq": last.seq + 1}))


def add(connection: Connection) -> None:
    repeat(connection)
    last = connection.execute(select(audit).where(audit.c.seq == ROWS)).one()
    set_row(ROWS + 1, previous=last.hash)(connection)


def test_an_untouched_log_is_blamed(log: AuditLog, database: Database) -> None:
    assert log.verify(database).intact, "an empty one"
    write(log, database)
    verdict = log.verify(database)
    assert (verdict.intact, verdict.rows, verdict.seq, verdict.problem) == (True, ROWS, None, None)
    assert verdict.message == f"The log is intact: {ROWS} rows."


@pytest.mark.parametrize(
    ("tamper", "seq", "problem"),
    [
        (set_row(3, actor="somebody else"), 3, "changed"),
        (set_row(3, at=1), 3, "changed"),
        (set_row(3, action="key.create"), 3, "changed"),
        (set_row(3, resource="key9"), 3, "changed"),
        (set_row(3, detail='{"limit":[null,3]}'), 3, "changed"),
        (set_row(3, previous=""), 3, "changed"),
        (set_row(3, hash="00"), 3, "changed"),
        (set_row(1, actor="x"), 1, "changed"),
        (set_row(6, actor="x"), 6, "changed"),
        (drop(3), 3, "missing"),
        (drop(1), 1, "missing"),
        (drop(1, 2, 3), 1, "missing"),
        (drop(6), 6, "cut"),
        (drop(4, 5, 6), 4, "cut"),
        (drop(1, 2, 3, 4, 5, 6), 1, "cut"),
        (close_gap, 3, "reordered"),
        (swap, 3, "reordered"),
        (relink, 1, "changed"),
        (repeat, 7, "reordered"),
        (add, 7, "changed"),
    ],
)
def test_a_tampered_log_passes(
    log: AuditLog, one_file: Database, tamper: Callable[[Connection], object], seq: int, problem: str
) -> None:
    write(log, one_file)
    with one_file.begin() as connection:
        tamper(connection)
    verdict = log.verify(one_file)
    assert not verdict.intact
    assert (verdict.seq, verdict.problem, verdict.rows) == (seq, problem, seq - 1)
    assert verdict.message.startswith(f"Row {seq} ")


@pytest.mark.parametrize("seq", [0, -5])
def test_a_row_that_was_added_before_the_first_passes(log: AuditLog, one_file: Database, seq: int) -> None:
    write(log, one_file)
    with one_file.begin() as connection:
        first = connection.execute(select(audit).where(audit.c.seq == 1)).one()
        connection.execute(insert(audit).values(**{**first._mapping, "seq": seq}))
    verdict = log.verify(one_file)
    assert (verdict.intact, verdict.seq, verdict.problem) == (False, seq, "reordered")


def test_a_log_that_was_rewritten_with_the_secret_passes(log: AuditLog, database: Database) -> None:
    write(log, database)
    with database.begin() as connection:
        drop(*range(1, ROWS + 1))(connection)
    write(AuditLog(PEPPER), database, ROWS - 1)
    with database.begin() as connection:
        AuditLog(PEPPER).append(connection, "cli", "key.update", "another", {}, 1)
    verdict = log.verify(database)
    assert (verdict.intact, verdict.seq, verdict.problem) == (False, ROWS, "changed")


def test_a_log_whose_end_was_cut_off_passes_once_enough_has_been_added(log: AuditLog, one_file: Database) -> None:
    write(log, one_file)
    with one_file.begin() as connection:
        drop(5, 6)(connection)
    write(log, one_file, ROWS)
    verdict = log.verify(one_file)
    assert (verdict.intact, verdict.seq, verdict.problem) == (False, ROWS, "changed")


def test_a_witness_that_lags_or_is_lost_is_a_fault(log: AuditLog, database: Database, tmp_path: Path) -> None:
    write(log, database)
    with database.begin() as connection:
        log.append(connection, "cli", "key.update", "k", {}, 1)  # and killed before it could remember
    assert log.verify(database).intact
    (tmp_path / "audit-head").write_bytes(b"{torn")
    verdict = log.verify(database)
    assert verdict.intact and "no witness" in verdict.message
    write(log, database, 1)
    assert msgspec.json.decode((tmp_path / "audit-head").read_bytes())["seq"] == ROWS + 2
    assert log.verify(database).message == f"The log is intact: {ROWS + 2} rows."


def test_an_older_head_overwrites_a_newer_one(log: AuditLog, database: Database, tmp_path: Path) -> None:
    with database.begin() as connection:
        first = log.append(connection, "cli", "key.update", "k", {}, 1)
        second = log.append(connection, "cli", "key.update", "k", {}, 2)
    log.remember(second)
    log.remember(first)
    assert msgspec.json.decode((tmp_path / "audit-head").read_bytes())["seq"] == 2


def test_a_change_that_was_rolled_back_is_logged(log: AuditLog, database: Database) -> None:
    write(log, database)
    with pytest.raises(RuntimeError), database.begin() as connection:
        log.append(connection, "cli", "key.update", "k", {}, 1)
        raise RuntimeError
    assert log.verify(database).rows == ROWS


def test_the_chain_forks_when_many_append(log: AuditLog, database: Database, tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: write(log, database, 5), range(12)))
    verdict = log.verify(database)
    assert verdict.intact and verdict.rows == 60
    assert msgspec.json.decode((tmp_path / "audit-head").read_bytes())["seq"] == 60


def test_a_key_gets_into_the_log(log: AuditLog, database: Database) -> None:
    _, text = keytext.make()
    with database.begin() as connection:
        log.append(connection, f"a {text}", "key.update", text, {"note": f"it is {text}!", text: [text]}, 1)
    with database.read() as connection:
        row = connection.execute(select(audit)).one()
    assert text[25:] not in str(row._mapping)
    assert keytext.label(text) in row.detail
    assert log.verify(database).intact


def test_the_newest_rows_are_shown_last(log: AuditLog, database: Database) -> None:
    write(log, database)
    entries = log.entries(database, limit=2)
    assert [(entry.seq, entry.resource, entry.detail) for entry in entries] == [
        (6, "key5", {"limit": [None, 5]}),
        (5, "key4", {"limit": [None, 4]}),
    ]
    with database.read() as connection:
        assert connection.execute(select(func.count()).select_from(audit)).scalar_one() == ROWS
