"""Spans of time and cells of tables, as people write and read them."""

from __future__ import annotations

import csv
import io

import pytest

from nemoserve.ledger.periods import DAY_MS, HOUR_MS, day, hour_name, instant, iso, month
from nemoserve.ledger.sheet import amount, csv_text
from tests.ledgers import NOON

MIDNIGHT = NOON - DAY_MS // 2


def test_a_month_is_too_long_or_too_short() -> None:
    lengths = {
        text: (month(text)[1] - month(text)[0]) // DAY_MS for text in ("2026-11", "2026-12", "2028-02", "2100-02")
    }
    assert lengths == {"2026-11": 30, "2026-12": 31, "2028-02": 29, "2100-02": 28}
    assert month("2026-11")[1] == month("2026-12")[0]
    for wrong in (
        "",
        "2026",
        "2026-13",
        "2026-1",
        "2026-00",
        "0000-01",
        "9999-12",
        "٢٠٢٦-11",
        "2026-11-01",
        "2026-11\n",
    ):
        with pytest.raises(ValueError, match="such as"):
            month(wrong)


def test_a_day_that_is_none_is_taken() -> None:
    assert day("2026-11-21") == (MIDNIGHT, MIDNIGHT + DAY_MS)
    for wrong in ("", "20261121", "2026-W47-6", "2026-02-29", "2026-11-21T00:00", "x"):
        with pytest.raises(ValueError, match="such as"):
            day(wrong)


def test_an_instant_is_read_in_the_local_zone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "Asia/Tokyo")
    assert instant("2026-11-21T12:00", 0) == instant("2026-11-21T13:00+01:00", 0) == NOON
    assert instant("2026-11-21", 0) == MIDNIGHT
    assert instant("36h", NOON) == NOON - 36 * HOUR_MS
    assert instant("1w", NOON) == instant("7d", NOON)
    for wrong in ("", "7", "d", "-7d", "7y", "9999999d", "soon", "999999w", "0001-01-01T00:00+01:00"):
        with pytest.raises(ValueError, match="expected"):
            instant(wrong, NOON)
    assert iso(NOON + 5) == "2026-11-21T12:00:00.005Z"
    assert hour_name(NOON // HOUR_MS) == "2026-11-21T12:00"


def test_a_spreadsheet_runs_what_a_client_named_itself() -> None:
    rows = [{"user": text, "cost": amount(-5)} for text in ("=1+1", "@x", "-1", 'a,"b"\nc', "+", None)]
    read = list(csv.reader(io.StringIO(csv_text(["user", "cost"], rows))))
    assert [row[0] for row in read] == ["user", "'=1+1", "'@x", "'-1", 'a,"b"\nc', "'+", ""]
    assert {row[1] for row in read[1:]} == {"-0.000000005"}, "a number is left alone"


def test_an_amount_is_rounded() -> None:
    assert amount(12_345_678_901_234_567_890) == "12345678901.234567890"
    assert amount(1, 10**12) == "0.000000000001"
    assert amount(0) == "0.000000000"
