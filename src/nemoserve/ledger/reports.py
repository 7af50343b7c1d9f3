"""What was used: tables by any dimension, the activity of days, credit. Knows sums; no money formats and no wire.

A request is a line of the ledger: one attempt at a reply, by one provider. A reply that a second provider had to give makes two.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from sqlalchemy import Connection, func, literal, or_, select

from nemoserve.ledger.periods import DAY_MS
from nemoserve.ledger.selection import Group, Selection, grouped, member, whole
from nemoserve.storage.tables import attempts, keys

ACTIVITY_DAYS = 30


class Used(msgspec.Struct, frozen=True, kw_only=True):
    """The sums of one group. Tokens are the model's own, cost is nano-dollars."""

    group: Group
    requests: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    """Thinking included."""
    reasoning_tokens: int
    cost: int


class Credits(msgspec.Struct, frozen=True, kw_only=True):
    """Nano-dollars."""

    total: int
    """What all keys that are in force may spend in their windows; 0 when none is limited."""
    used: int
    """What everything since the beginning has cost."""


_FIGURES = {
    "requests": literal(1),
    **{
        name: attempts.c[name]
        for name in ("prompt_tokens", "cached_tokens", "completion_tokens", "reasoning_tokens", "cost")
    },
}


def usage(connection: Connection, by: Sequence[str], which: Selection) -> list[Used]:
    """What the lines of each group used, in the groups' order. Raises ValueError for what is no dimension or no tag."""
    groups = grouped(connection, by, which.conditions(connection.dialect.name), _FIGURES)
    return [Used(group=group, **sums) for group, sums in groups.items()]


def total(lines: Sequence[Used]) -> Used:
    """The sum of some groups, which has no group itself."""
    sums = {name: sum(getattr(line, name) for line in lines) for name in _FIGURES}
    return Used(group=(), **sums)


def activity_span(now: int, *, include_today: bool) -> tuple[int, int]:
    """The last 30 days that are over, UTC; with today, if wanted."""
    today = now // DAY_MS * DAY_MS
    return today - ACTIVITY_DAYS * DAY_MS, today + (DAY_MS if include_today else 0)


def activity(connection: Connection, which: Selection) -> list[Used]:
    """By day, model and provider, the newest day first. Raises ValueError as `usage`."""
    lines = usage(connection, ("day", "model", "provider"), which)
    return sorted(lines, key=_day, reverse=True)


def credit(connection: Connection, now: int) -> Credits:
    """What may be spent and what was spent.

    A server of one's own sells no credit, so the total is what the limits of the keys allow: the sum over the keys that
    are neither deleted, disabled nor expired, each in its current window. Keys without a limit add nothing.
    """
    limit = whole(member(keys.c.limits, "limit", connection.dialect.name))
    in_force = select(limit).where(
        limit.is_not(None),
        keys.c.deleted_at.is_(None),
        keys.c.disabled.is_(False),
        or_(keys.c.expires_at.is_(None), keys.c.expires_at > now),
    )
    spent = select(func.coalesce(func.sum(attempts.c.cost), 0))
    return Credits(
        # Summed here: ten limits that are as high as can be are more than SQLite's integers hold.
        total=sum(connection.execute(in_force).scalars()),
        used=int(connection.execute(spent).scalar_one()),
    )


def key_names(connection: Connection) -> dict[str, str]:
    """What each key is called, by id; those that are deleted too, as their lines stay."""
    return {row.id: row.name for row in connection.execute(select(keys.c.id, keys.c.name))}


def find_keys(connection: Connection, what: str) -> tuple[str, ...]:
    """The ids of the keys that have this id, name, or beginning of an id (from four characters); also deleted ones."""
    named = [keys.c.id == what, keys.c.name == what]
    if len(what) >= 4:
        named.append(keys.c.id.startswith(what, autoescape=True))
    return tuple(connection.execute(select(keys.c.id).where(or_(*named))).scalars())


def _day(line: Used) -> str:
    return line.group[0] or ""
