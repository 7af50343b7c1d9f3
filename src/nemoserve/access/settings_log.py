"""What a server was started with goes into the audit log when it differs from the last time. Knows rows; no setting's meaning."""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import Connection, select

from nemoserve.access.audit import AuditLog, Head
from nemoserve.storage.database import Database
from nemoserve.storage.tables import audit

_ACTION = "settings.update"


def log_settings(
    database: Database, log: AuditLog, settings: Mapping[str, object], *, server: str, actor: str, now_ms: int
) -> None:
    """Adds a row with what has changed, `[old, new]` by name, since this server's last one; none if nothing has.

    `settings` are JSON values without secrets; `server` is the machine's name, as several may share a database.
    """
    head: Head | None = None
    with database.begin() as connection:
        known = _known(connection, server)
        names = sorted(known.keys() | settings.keys())
        changed: dict[str, object] = {
            name: [known.get(name), settings.get(name)] for name in names if known.get(name) != settings.get(name)
        }
        if changed:
            head = log.append(connection, actor, _ACTION, server, changed, now_ms)
    if head is not None:
        log.remember(head)


def _known(connection: Connection, server: str) -> dict[str, object]:
    """The settings of the last start, put together from all changes."""
    rows = select(audit.c.detail).where(audit.c.action == _ACTION, audit.c.resource == server).order_by(audit.c.seq)
    state: dict[str, object] = {}
    for detail in connection.execute(rows).scalars():
        for name, (_, new) in msgspec.json.decode(detail, type=dict[str, tuple[object, object]]).items():
            state[name] = new
    return state
