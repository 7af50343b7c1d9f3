"""Which lines of the ledger are meant, and by what they are summed up. Knows columns, JSON and both databases; no reports.

All sums are made by the database. What a dimension is called follows in Python, once per group.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import msgspec
from sqlalchemy import BigInteger, ColumnElement, Connection, cast, func, or_, select
from sqlalchemy.dialects.postgresql import JSONB

from nemoserve.ledger.periods import DAY_MS, HOUR_MS, day_name, hour_name
from nemoserve.storage.tables import attempts

DIMENSIONS: Final = ("model", "provider", "key", "owner", "app", "user", "session", "tags", "day", "hour")
"""What lines may be grouped by, beside `tag:NAME`. `tags` are all tags together."""
_TAG = "tag:"

Group = tuple[str | None, ...]
"""One value per dimension; None where the lines have none. The value of `tags` is a JSON object, its names in order."""

_SAME: Final[dict[str, ColumnElement[Any]]] = {
    "model": attempts.c.model,
    "provider": attempts.c.provider,
    "key": attempts.c.key_id,
    "owner": attempts.c.owner,
    "app": func.coalesce(func.nullif(attempts.c.app_title, ""), attempts.c.app_url),
    "user": attempts.c.user,
    "session": attempts.c.session_id,
    "tags": attempts.c.tags,
    "day": attempts.c.created_at // DAY_MS,
    "hour": attempts.c.created_at // HOUR_MS,
}


class Selection(msgspec.Struct, frozen=True, kw_only=True):
    """Lines that have all of this; what is None is not asked for."""

    since: int | None = None
    """Milliseconds since the epoch."""
    until: int | None = None
    """The first instant that is not meant any more."""
    keys: tuple[str, ...] | None = None
    """Ids; any of them."""
    owner: str | None = None
    app: str | None = None
    """Its URL or its title."""
    user: str | None = None
    session: str | None = None
    model: str | None = None
    provider: str | None = None
    tags: dict[str, str] = {}

    def conditions(self, dialect: str) -> list[ColumnElement[bool]]:
        """For a `where`. Raises ValueError when a tag's name cannot be one."""
        column = attempts.c
        found: list[ColumnElement[bool]] = []
        if self.since is not None:
            found.append(column.created_at >= self.since)
        if self.until is not None:
            found.append(column.created_at < self.until)
        if self.keys is not None:
            found.append(column.key_id.in_(self.keys))
        if self.app is not None:
            found.append(or_(column.app_url == self.app, column.app_title == self.app))
        same = [
            (column.owner, self.owner),
            (column.user, self.user),
            (column.session_id, self.session),
            (column.model, self.model),
            (column.provider, self.provider),
            *((tag(name, dialect), value) for name, value in self.tags.items()),
        ]
        return found + [expression == value for expression, value in same if value is not None]


def dimension(name: str, dialect: str) -> ColumnElement[Any]:
    """What lines are grouped by. Raises ValueError for a name that is none."""
    if name.startswith(_TAG):
        return tag(name.removeprefix(_TAG), dialect)
    if name not in _SAME:
        raise ValueError(f"expected {', '.join(DIMENSIONS)} or tag:NAME, got {name[:40]!r}")
    return _SAME[name]


def tag(name: str, dialect: str) -> ColumnElement[Any]:
    """The value of one tag; NULL where there is none. Raises ValueError."""
    if not name or '"' in name or "\\" in name or not name.isprintable():
        raise ValueError(f"no tag can be called {name[:40]!r}")
    return member(attempts.c.tags, name, dialect)


def member(column: ColumnElement[Any], name: str, dialect: str) -> ColumnElement[Any]:
    """A member of the JSON object in a column of text; NULL where there is none or where it is null."""
    if dialect == "postgresql":
        return cast(column, JSONB)[name].astext
    return func.json_extract(column, f'$."{name}"')


def whole(column: ColumnElement[Any]) -> ColumnElement[int]:
    """A JSON number as an integer of 64 bits."""
    return cast(column, BigInteger)


def grouped(
    connection: Connection,
    by: Sequence[str],
    where: Sequence[ColumnElement[bool]],
    figures: Mapping[str, ColumnElement[Any]],
) -> dict[Group, dict[str, int]]:
    """The sums of the figures over the lines of each group, in order. Raises ValueError for what is no dimension."""
    dialect = connection.dialect.name
    # Grouped by columns of a subquery: PostgreSQL does not see that two expressions with parameters are the same.
    lines = (
        select(
            *(dimension(name, dialect).label(f"by_{place}") for place, name in enumerate(by)),
            *(expression.label(name) for name, expression in figures.items()),
        )
        .where(*where)
        .subquery()
    )
    names = [lines.c[f"by_{place}"] for place in range(len(by))]
    sums = select(*names, *(func.coalesce(func.sum(lines.c[name]), 0) for name in figures))
    if names:
        sums = sums.group_by(*names)
    found: dict[Group, dict[str, int]] = {}
    for row in connection.execute(sums):
        group = tuple(_named(name, value) for name, value in zip(by, row, strict=False))
        before = found.get(group)  # such as the same tags in another order
        found[group] = {
            name: int(value) + (before[name] if before else 0)
            for name, value in zip(figures, row[len(by) :], strict=True)
        }
    return dict(sorted(found.items(), key=_order))


def _named(name: str, value: Any) -> str | None:
    match name:
        case "day":
            return day_name(value)
        case "hour":
            return hour_name(value)
        case "tags":
            tags = msgspec.json.decode(value, type=dict[str, str])
            return msgspec.json.encode(tags, order="sorted").decode() if tags else None
        case _:
            return None if value is None or value == "" else str(value)


def _order(item: tuple[Group, dict[str, int]]) -> list[tuple[bool, str]]:
    return [(value is None, value or "") for value in item[0]]
