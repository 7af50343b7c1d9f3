"""`nemoserve usage`, `bill` and `content` as a person or a script types them, on a real database."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import Result
from sqlalchemy import insert
from typer.testing import CliRunner

from nemoserve.access import keytext
from nemoserve.cli.main import app
from nemoserve.ledger.periods import DAY_MS
from nemoserve.storage.database import FILE, Database
from nemoserve.storage.tables import contents, keys
from tests.ledgers import NOON, make_entry
from tests.unit.ledger_reports.entries import store

Run = Callable[..., Result]
LINES = [
    make_entry("abcd1", owner="anna", tags={"team": "search"}, model="m", prompt_tokens=10, completion_tokens=5,
               reasoning_tokens=3, cost=2_000_000, hosted_cost=3_000_000, user="=cmd"),
    make_entry("abcd1", owner="anna", tags={"team": "ads"}, model="n", prompt_tokens=1, cost=1, created_at=NOON - DAY_MS),
    make_entry(None, owner="", model="[red]n", provider="other", prompt_tokens=100, created_at=NOON - 3 * DAY_MS),
]  # fmt: skip
RANGE = ("--since", "2026-11-01", "--until", "2026-12-01")


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def run(*words: str) -> Result:
        return CliRunner(env={"COLUMNS": "160"}).invoke(app, [*words, "--data-dir", str(tmp_path)])

    return run


@pytest.fixture
def database(tmp_path: Path) -> Iterator[Database]:
    opened = Database.open(tmp_path / FILE)
    with opened.begin() as connection:
        known = {"name": "search", "label": "", "role": "inference", "owner": "", "tags": "{}", "limits": "{}"}
        dates = {"expires_at": None, "created_at": 0, "updated_at": 0, "deleted_at": 1}
        connection.execute(insert(keys), {"id": "abcd1", **known, "store_content": False, "disabled": False, **dates})
    store(opened, LINES)
    yield opened
    opened.close()


def read(done: Result) -> dict[str, object]:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


@pytest.mark.usefixtures("database")
def test_a_script_gets_other_sums_than_the_ledger_holds(run: Run) -> None:
    body = read(run("usage", *RANGE, "--by", "key", "--by", "tag:team", "--json"))
    assert body["by"] == ["key", "tag:team"]
    rows = body["data"]
    assert isinstance(rows, list)
    found = [(row["key"], row["key_name"], row["tag:team"], row["requests"], row["cost"]) for row in rows]
    assert found == [
        ("abcd1", "search", "ads", 1, 1e-9),
        ("abcd1", "search", "search", 1, 0.002),
        (None, None, None, 1, 0.0),
    ]
    total = body["total"]
    assert isinstance(total, dict)
    assert (total["requests"], total["prompt_tokens"], total["cost"]) == (3, 111, 0.002000001)
    only = read(run("usage", *RANGE, "--key", "search", "--tag", "team=search", "--owner", "anna", "--json"))
    assert [row["model"] for row in only["data"]] == ["m"]  # type: ignore[attr-defined]


@pytest.mark.usefixtures("database")
def test_a_person_sees_no_table_or_no_plot(run: Run) -> None:
    shown = run("usage", *RANGE).stdout
    assert "[red]n" in shown, "a model's name is not markup"
    assert "$0.0020" in shown and "total" in shown
    for day in ("2026-11-18", "2026-11-19", "2026-11-20", "2026-11-21"):
        assert day in shown, "a day without use has its place"
    assert "█" in shown and "Tokens per day" in shown
    cost = run("usage", *RANGE, "--plot", "cost", "--by", "key").stdout
    assert "Cost per day" in cost and "search (abcd1)" in cost and "(none)" in cost
    assert "█" not in run("usage", *RANGE, "--plot", "none").stdout
    hours = run("usage", "--since", "2026-11-21", "--until", "2026-11-22").stdout
    assert "Tokens per hour" in hours and "2026-11-21T12:00" in hours
    assert "Nothing was used" in run("usage", "--since", "2026-11-22", "--until", "2026-11-23").stdout


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("width", ["40", "300"])
def test_a_narrow_terminal_cuts_figures_short(tmp_path: Path, width: str) -> None:
    for words in (("usage", *RANGE, "--by", "tags", "--by", "model"), ("bill", "--month", "2026-11")):
        done = CliRunner(env={"COLUMNS": width}).invoke(app, [*words, "--data-dir", str(tmp_path)])
        assert "…" not in done.stdout
        (row,) = [line for line in done.stdout.splitlines() if "team=search" in line]
        assert "$0.0020" in row, "on one line"


@pytest.mark.usefixtures("database")
def test_a_spreadsheet_adds_up_to_something_else(run: Run) -> None:
    rows = list(csv.DictReader(io.StringIO(run("usage", *RANGE, "--by", "user", "--csv").stdout)))
    assert [(row["user"], row["cost"]) for row in rows] == [("'=cmd", "0.002000000"), ("(none)", "0.000000001")]


@pytest.mark.usefixtures("database")
def test_a_bill_does_not_add_up(run: Run) -> None:
    body = read(run("bill", "--month", "2026-11", "--json"))
    rows, total = body["data"], body["total"]
    assert isinstance(rows, list) and isinstance(total, dict)
    assert [(row["owner"], row["tags"], row["provider"], row["cost_nano"]) for row in rows] == [
        ("anna", {"team": "ads"}, "nemoserve", 1),
        ("anna", {"team": "search"}, "nemoserve", 2_000_000),
        (None, {}, "other", 0),
    ]
    for name in ("requests", "prompt_tokens", "completion_tokens", "reasoning_tokens", "cost_nano"):
        assert total[name] == sum(row[name] for row in rows)
    assert (total["saved_by_local_serving"], total["reasoning_cost"]) == (0.001, 0.00000003)
    by_team = run("bill", "--month", "2026-11", "--by", "tag:team", "--csv").stdout
    assert [row["tag:team"] for row in csv.DictReader(io.StringIO(by_team))] == ["ads", "search", "(none)"]
    shown = run("bill", "--month", "2026-11").stdout
    assert "team=search" in shown and "$0.0020" in shown and "an estimate" in shown
    assert "Nothing was used" in run("bill", "--month", "2026-10").stdout


def test_content_goes_without_being_asked_or_stays(run: Run, database: Database) -> None:
    def keep(*numbers: int) -> None:
        with database.begin() as connection:
            rows = [
                {"generation_id": f"gen-{n}", "key_id": "abcd1", "created_at": NOON + n, "body": "{}"} for n in numbers
            ]
            connection.execute(insert(contents), rows)

    keep(1, 2, 3)
    assert run("content", "delete").exit_code == 2
    assert run("content", "delete", "--all", "--id", "gen-1").exit_code == 2
    assert read(run("content", "delete", "--id", "gen-1", "--json")) == {"deleted": 1}
    assert read(run("content", "delete", "--key", "search", "--before", "2026-11-21", "--json")) == {"deleted": 0}
    assert read(run("content", "delete", "--key", "search", "--json")) == {"deleted": 2}
    keep(4)
    assert run("content", "delete", "--all").stdout == "Deleted the content of 1 generation.\n"


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize(
    "words",
    [
        "usage --since soon", "usage --by colour", "usage --by tag:", "usage --key nobody", "usage --tag team",
        "usage --tag team=a --tag team=b",
        "bill --month november", "bill --by cost", "content delete --before soon", "content delete --key nobody",
    ],
)  # fmt: skip
def test_a_mistake_ends_in_a_traceback(run: Run, words: str) -> None:
    done = run(*words.split())
    assert done.exit_code == 1
    assert done.stderr.startswith("nemoserve: ") and len(done.stderr.splitlines()) == 1, done.stderr


@pytest.mark.parametrize(
    "words", ["usage --key", "usage --by", "usage --since", "usage --tag", "bill --month", "bill --by"]
)
@pytest.mark.usefixtures("database")
def test_a_key_in_the_place_of_its_name_is_told_to_whoever_looks_on(run: Run, words: str) -> None:
    _, key = keytext.make()
    done = run(*words.split(), key)
    assert done.exit_code == 1 and "sk-nemo-" in done.stderr
    assert key[25:35] not in done.stderr + done.stdout


def test_a_wrong_folder_becomes_a_new_ledger(run: Run, tmp_path: Path) -> None:
    for words in (("usage",), ("bill",), ("content", "delete", "--all")):
        done = run(*words)
        assert done.exit_code == 1 and "--data-dir" in done.stderr
    assert not list(tmp_path.iterdir())
    assert run("usage", "--json", "--csv").exit_code == 2


def test_a_clients_name_is_a_command_to_the_terminal_or_pushes_the_figures_away(run: Run, database: Database) -> None:
    store(database, [make_entry(user="\x1b[31mred\x07\u202eright", cost=5), make_entry(user="x" * 500, cost=7)])
    for words in (("usage", *RANGE, "--by", "user"), ("usage", *RANGE, "--by", "user", "--csv")):
        shown = run(*words).stdout
        assert "�[31mred��right" in shown and not set(shown) & {"\x1b", "\x07", "\u202e"}
    assert f"{'x' * 59}…" in run("usage", *RANGE, "--by", "user").stdout
    assert "x" * 500 in run("usage", *RANGE, "--by", "user", "--csv").stdout
