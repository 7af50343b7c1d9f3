"""The windows of a limit: their names, beginnings and ends, in UTC. Knows the calendar; neither money nor keys.

A day is named `2026-11-21`, a week by ISO 8601 `2026-W47` (it begins on Monday), a month `2026-11`. The whole life of a key,
which has neither beginning nor end, is the empty name. Names of one kind sort as their times do.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

from nemoserve.types.caller import Reset

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MS = timedelta(milliseconds=1)
_DAY_MS = 86_400_000


def window(reset: Reset | None, at_ms: int) -> str:
    """The name of the window that an instant lies in; milliseconds since the epoch."""
    return "" if reset is None else _name(reset, at_ms // _DAY_MS)


@lru_cache(maxsize=64)
def _name(reset: Reset, days: int) -> str:
    """Of the window that a day lies in, counted from the epoch."""
    day = (_EPOCH + timedelta(days=days)).date()
    match reset:
        case "daily":
            return day.isoformat()
        case "weekly":
            year, week, _ = day.isocalendar()
            return f"{year:04}-W{week:02}"
        case "monthly":
            return f"{day.year:04}-{day.month:02}"


def begins(name: str) -> int | None:
    """The window's first millisecond; None: it has no beginning."""
    return _ms(_first_day(name)) if name else None


def ends(name: str) -> int | None:
    """The first millisecond of the window after it; None: it has no end."""
    if not name:
        return None
    first = _first_day(name)
    if "W" in name:
        return _ms(first + timedelta(days=7))
    if len(name) == len("2026-11-21"):
        return _ms(first + timedelta(days=1))
    return _ms((first + timedelta(days=31)).replace(day=1))


def _first_day(name: str) -> date:
    if "W" in name:
        year, week = name.split("-W")
        return date.fromisocalendar(int(year), int(week), 1)
    return date.fromisoformat(name if len(name) == len("2026-11-21") else f"{name}-01")


def _ms(day: date) -> int:
    return (datetime(day.year, day.month, day.day, tzinfo=UTC) - _EPOCH) // _MS
