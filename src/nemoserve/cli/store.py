"""The database of a command: opened where the options say, closed at the end, failures told in a sentence. Knows no command."""

from __future__ import annotations

import getpass
import shlex
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import typer
from sqlalchemy.exc import SQLAlchemyError

from nemoserve.access.audit import WITNESS, AuditLog
from nemoserve.access.keyring import Keyring
from nemoserve.access.keytext import redacted
from nemoserve.config.secret import VARIABLE, has_secret, server_secret
from nemoserve.config.settings import default_data_dir, make_data_dir
from nemoserve.storage.database import FILE, Database, StorageError
from nemoserve.types.errors import ApiError


@dataclass(frozen=True)
class Store:
    """Everything that the commands on keys need."""

    database: Database
    keyring: Keyring
    audit: AuditLog

    @property
    def actor(self) -> str:
        """Who is at the keyboard, for the audit log."""
        try:
            return f"cli:{getpass.getuser()}"
        except (KeyError, OSError):
            return "cli"


@contextmanager
def opened(data_dir: Path | None, database_url: str | None, *, make: bool = False) -> Generator[Store]:
    """The store of a data folder, which has to be there already, or is made.

    What fails in the block ends the program with one sentence and status 1.
    """
    folder = data_dir or default_data_dir()
    try:
        if make:
            make_data_dir(folder)
        else:
            _must_be_there(folder, database_url)
        secret = server_secret(folder)
        database = Database.open(database_url or folder / FILE)
        try:
            audit = AuditLog(secret, folder / WITNESS)
            if not audit.own(database):
                print(
                    f"nemoserve: the keys in this database were made under another secret than that of {folder}: keys that are "
                    f"made now do not work where those do. Is it the server's own --data-dir, or {VARIABLE}?",
                    file=sys.stderr,
                )
            yield Store(database, Keyring(database, secret, audit), audit)
        finally:
            database.close()
    except (ApiError, StorageError, SQLAlchemyError, OSError, ValueError) as error:
        print(f"nemoserve: {redacted(str(error).splitlines()[0])}", file=sys.stderr)
        raise typer.Exit(1) from None


def _must_be_there(folder: Path, database_url: str | None) -> None:
    """A mistyped folder must not become a store of its own, in which there is nothing and whose secret fits no key."""
    if database_url is None and not (folder / FILE).exists():
        raise StorageError(
            f"There are no keys at {folder}: name the server's folder with --data-dir, or make the first key with "
            f"`nemoserve keys create NAME --data-dir {shlex.quote(str(folder))}`."
        )
    if database_url is not None and not has_secret(folder):
        raise StorageError(
            f"There is no secret in {folder}: name the server's folder with --data-dir, or give {VARIABLE}, as to the server."
        )
