"""Fear: somebody starts the server without keys, or with other prices, and nobody can tell who and when."""

from __future__ import annotations

from typing import Any

from nemoserve.access.audit import AuditEntry, AuditLog
from nemoserve.access.settings_log import log_settings
from nemoserve.storage.database import Database


def test_a_changed_setting_leaves_no_row_or_an_unchanged_one_does(database: Database, log: AuditLog) -> None:
    def start(server: str = "server:a", **settings: Any) -> list[AuditEntry]:
        log_settings(database, log, settings, server=server, actor="serve:ada", now_ms=5)
        return log.entries(database)

    (first,) = start(require_key=True, models=["m"], days=None)
    assert (first.actor, first.action, first.resource, first.at) == ("serve:ada", "settings.update", "server:a", 5)
    assert first.detail == {"models": [None, ["m"]], "require_key": [None, True]}
    assert len(start(require_key=True, models=["m"], days=None)) == 1
    assert start(require_key=False, models=["m"], days=None)[0].detail == {"require_key": [True, False]}
    assert len(start(require_key=False, models=["m"], days=None)) == 2
    assert start("server:b", require_key=False)[0].detail == {"require_key": [None, False]}, "another machine's own"
    assert len(start(require_key=False, models=["m"], days=None)) == 3
    assert start(require_key=False)[0].detail == {"models": [["m"], None]}
    assert log.verify(database).intact
