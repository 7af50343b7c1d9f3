"""Fear: the log loses lines, tears them, or fills the disk."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from nemoserve.observe.lines import Lines
from nemoserve.observe.logs import open_log, request_id
from tests.servers import wait_until


def test_a_warning_is_in_the_file_at_once_and_takes_along_what_came_before(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "log", 1000, 2)
    lines.later("one")
    lines.now("two")
    assert (tmp_path / "log").read_text() == "one\ntwo\n"


def test_what_is_only_told_comes_a_moment_later(tmp_path: Path) -> None:
    Lines(tmp_path / "log", 1000, 2).later("one")
    wait_until(lambda: (tmp_path / "log").read_text() == "one\n", "it is written", 5)


def test_the_last_lines_of_a_process_that_ends_are_written(tmp_path: Path) -> None:
    code = "import sys; from pathlib import Path; from nemoserve.observe.lines import Lines; "
    code += "lines = Lines(Path(sys.argv[1]), 1000, 2); lines.later('last')"
    subprocess.run([sys.executable, "-c", code, str(tmp_path / "log")], check=True)
    assert (tmp_path / "log").read_text() == "last\n"


def test_the_file_is_turned_over_whole_lines_at_a_time_and_the_oldest_goes(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "log", 40, 2)
    for number in range(20):
        lines.now(f"line number {number:02}")
    names = ("log.2", "log.1", "log")
    kept = [line for name in names for line in (tmp_path / name).read_text().splitlines()]
    assert kept == [f"line number {number:02}" for number in range(20 - len(kept), 20)] and len(kept) <= 6
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted(names)


def test_many_threads_lose_and_tear_nothing(tmp_path: Path) -> None:
    lines = Lines(tmp_path / "log", 10**9, 1)

    def write(who: int) -> None:
        for number in range(200):
            (lines.later if number % 7 else lines.now)(f"{who} {number}")

    threads = [threading.Thread(target=write, args=(who,)) for who in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines.flush()
    found = (tmp_path / "log").read_text().splitlines()
    assert sorted(found) == sorted(f"{who} {number}" for who in range(8) for number in range(200))


def test_a_line_names_its_request_and_says_what_went_wrong(tmp_path: Path) -> None:
    log = open_log(tmp_path)
    log.debug("not told")
    token = request_id.set("r-1")
    try:
        raise RuntimeError("as ordered")
    except RuntimeError:
        log.exception("failed", path=Path("/x"), count=2)
    finally:
        request_id.reset(token)
    log.error("later", text="\ud800")
    first, second = (json.loads(line) for line in (tmp_path / "gateway.jsonl").read_text().splitlines())
    assert (first["event"], first["level"], first["request_id"]) == ("failed", "error", "r-1")
    assert (first["path"], first["count"]) == ("/x", 2) and "as ordered" in first["exception"]
    assert first["timestamp"].endswith("Z") and "request_id" not in second


def test_an_unknown_level_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="log_level: 'loud'"):
        open_log(tmp_path, "loud")
