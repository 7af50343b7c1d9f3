"""How a database of any released version gets the tables of this one. Knows Alembic; opens nothing."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text

_LOCK = 0x6E656D6F
"""Number of the PostgreSQL lock under which migrations run."""


def upgrade(connection: Connection, target: str = "head") -> None:
    """Runs what is missing up to `target`, all or nothing, within the connection's transaction.

    Of several processes that start at once, one migrates and the others wait. Raises ValueError, with a sentence for a
    person, when a newer version made the database.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    scripts = ScriptDirectory.from_config(config)
    current = MigrationContext.configure(connection).get_current_revision()
    if target == "head" and current == scripts.get_current_head():
        return
    try:
        command.upgrade(config, target)
    except CommandError as error:
        raise ValueError(
            f"The database was made by a newer version of nemoserve (its revision is {current}): use that version."
        ) from error


def revisions() -> list[str]:
    """All revisions, the oldest first."""
    return [script.revision for script in ScriptDirectory(str(Path(__file__).parent)).walk_revisions()][::-1]
