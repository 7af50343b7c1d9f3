"""Spans of time as a person writes them: a month, a day, seven days ago. Knows UTC and milliseconds; no rows."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta

HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS

_AGO = re.compile(r"([0-9]{1,6})(m|h|d|w)")
_UNIT_MS = {"m": 60_000, "h": HOUR_MS, "d": DAY_MS, "w": 7 * DAY_MS}
_MONTH = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")

Span = tuple[int, int]
"""From the first instant to the last one, which is not in it: milliseconds since the epoch, UTC."""


def month(text: str) -> Span:
    """The calendar month of `2026-11`. Raises ValueError."""
    if not _MONTH.fullmatch(text) or text.startswith("0000") or text == "9999-12":
        raise ValueError(f"expected a month such as 2026-11, got {text[:40]!r}")
    first = date.fromisoformat(f"{text}-01")
    return _ms(first), _ms((first + timedelta(days=31)).replace(day=1))


def day(text: str) -> Span:
    """The day of `2026-11-21`. Raises ValueError."""
    try:
        begin = _ms(date.fromisoformat(text if _DAY.fullmatch(text) else ""))
    except ValueError:
        raise ValueError(f"expected a day such as 2026-11-21, got {text[:40]!r}") from None
    return begin, begin + DAY_MS


def instant(text: str, now: int) -> int:
    """`7d` (or m, h, w) before `now`, a day's beginning, or `2026-11-21T10:00` with its zone, else UTC. Raises ValueError."""
    ago = _AGO.fullmatch(text)
    try:
        if ago:
            at = now - int(ago[1]) * _UNIT_MS[ago[2]]
        else:
            given = datetime.fromisoformat(text)
            aware = given if given.tzinfo else given.replace(tzinfo=UTC)
            at = round((aware - datetime(1970, 1, 1, tzinfo=UTC)) / timedelta(milliseconds=1))
        iso(at)  # what lies before the year 1, or after 9999, can be neither shown nor meant
        return at
    except (ValueError, OverflowError):
        raise ValueError(f"expected 7d, 24h, 2026-11-21 or 2026-11-21T10:00, got {text[:40]!r}") from None


def day_name(number: int) -> str:
    """The day that is so many days after 1 January 1970."""
    return (date(1970, 1, 1) + timedelta(days=number)).isoformat()


def hour_name(number: int) -> str:
    """The hour that is so many hours after the epoch, such as `2026-11-21T10:00`."""
    return f"{day_name(number // 24)}T{number % 24:02}:00"


def iso(at: int) -> str:
    """An instant as the API writes it: `2026-11-21T10:20:30.123Z`."""
    when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)
    return when.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _ms(first: date) -> int:
    return (first - date(1970, 1, 1)).days * DAY_MS
