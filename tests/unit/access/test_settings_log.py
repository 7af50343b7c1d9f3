"""Fear: somebody starts the server without keys, or with other prices, and nobody can tell who and when."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from nemoserve.access.audit import AuditEntry, AuditLog
from nemoserve.access.settings_log import log_settings
from nemoserve.config.audited import audited
from nemoserve.config.engines import EngineSettings
from nemoserve.config.providers import PriceTable, ProviderModel, ProviderSettings
from nemoserve.config.settings import Settings
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


def test_the_end_of_the_log_is_not_remembered_or_another_row_is_taken_for_settings(
    database: Database, log: AuditLog, tmp_path: Path
) -> None:
    log_settings(database, log, {"a": 1}, server="server:a", actor="serve:ada", now_ms=5)
    assert '"seq":1' in (tmp_path / "audit-head").read_text()
    with database.begin() as connection:
        log.append(connection, "cli", "key.update", "server:a", {"a": [1, 7]}, 6)
    for value in (2, 3, 2):
        log_settings(database, log, {"a": value}, server="server:a", actor="serve:ada", now_ms=7)
    log_settings(database, log, {"a": 2}, server="server:a", actor="serve:ada", now_ms=8)
    changes = [entry.detail["a"] for entry in reversed(log.entries(database)) if entry.action == "settings.update"]
    assert changes == [[None, 1], [1, 2], [2, 3], [3, 2]]


def test_prompts_go_elsewhere_or_cost_otherwise_unseen_or_a_secret_is_told(tmp_path: Path) -> None:
    def told(
        price: str = "1", url: str = "https://a.example/v1", key: str = "env:KEY", **more: Any
    ) -> dict[str, object]:
        model = ProviderModel(id="m", price=PriceTable(prompt=price))
        up = ProviderSettings(
            name="up", base_url=url, api_key=key, models=(model,), headers={"x-team": "hidden"}, **more
        )
        engine = EngineSettings(type="vllm", name="vllm", model="a/b", env={"HF_TOKEN": "hidden"})
        prices = tmp_path / "prices.toml"
        prices.write_text(f"# {price}")
        url = "postgresql://me:hidden@host/db"
        return audited(Settings(providers=(up,), engines=(engine,), database_url=url, prices=prices))

    first = told()
    assert "up https://a.example/v1 " in str(first["providers"]) and "vllm a/b " in str(first["engines"])
    assert "hidden" not in str(first) and "KEY" not in str(first) and first == told(key="file:k")
    for other in (told(price="2"), told(url="https://b.example/v1"), told(collects_data=False)):
        assert other["providers"] != first["providers"]
    assert told(price="2")["prices"] != first["prices"]
