"""A provider's keys: found where the configuration says, never shown. Knows variables, files and commands; no wire.

`env:NAME` is a variable, `file:PATH` the first line of a file, `command:…` (or a list of words) what a program prints.
"""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

from nemoserve.config.providers import Reference

COMMAND_SECONDS = 30.0
"""A secrets command that says nothing for this long is given up."""
_MOST_BYTES = 64 << 10
_KINDS = ("env", "file", "command")
_VARIABLE = re.compile(r"[A-Za-z_]\w*", re.ASCII)


class CredentialError(ValueError):
    """A key could not be had; the message names whose and from where, never what was found."""


class Secret:
    """A key that does not show itself: not in logs, not in errors, not in a repr. `reveal` is for the header alone."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret(…)"

    def __reduce__(self) -> str:
        raise TypeError("a secret is not to be written down")


def check_reference(reference: Reference) -> None:
    """Raises CredentialError when it is no way to find a key. Does not repeat what it is, which may be a key itself."""
    if isinstance(reference, tuple):
        if not reference or not reference[0]:
            raise CredentialError("an empty command")
        if reference[0].partition(":")[0] in _KINDS:
            raise CredentialError("a list is a command and its arguments; several keys are api_keys")
        return
    kind, _, rest = reference.partition(":")
    if kind not in _KINDS or not rest.strip():
        raise CredentialError('is written as "env:NAME", "file:PATH" or "command:…"; a key itself has no place in here')
    if kind == "env" and not _VARIABLE.fullmatch(rest.strip()):
        raise CredentialError("env: is followed by the name of a variable; a key itself has no place in here")
    if kind == "command":
        try:
            shlex.split(rest)
        except ValueError as error:
            raise CredentialError(f"the command cannot be read: {error}") from None


def find_secret(reference: Reference, owner: str) -> Secret:
    """The key of `owner`, which messages name. Raises CredentialError; a command may take `COMMAND_SECONDS`."""
    try:
        check_reference(reference)
        value = _run(reference) if isinstance(reference, tuple) else _look_up(reference)
    except CredentialError as error:
        raise CredentialError(f"{owner}: {error}") from None
    value = value.strip()
    if not value or not value.isascii() or not value.isprintable() or " " in value:
        what = "is empty" if not value else "is no key: it holds blanks or characters that a header cannot"
        raise CredentialError(f"{owner}: what {_source(reference)} gave {what}")
    return Secret(value)


def _look_up(reference: str) -> str:
    kind, _, rest = reference.partition(":")
    match kind:
        case "env":
            if rest not in os.environ:
                raise CredentialError(f"the environment variable {rest} is not set")
            return os.environ[rest]
        case "file":
            try:
                with Path(rest).expanduser().open("rb") as file:
                    return file.read(_MOST_BYTES).decode().strip().partition("\n")[0]
            except OSError as error:
                raise CredentialError(f"the file {rest} cannot be read: {error.strerror}") from None
            except UnicodeDecodeError:
                raise CredentialError(f"the file {rest} holds no text") from None
        case _:
            return _run(tuple(shlex.split(rest)))


def _run(words: tuple[str, ...]) -> str:
    """What a command prints. Its own complaints are not repeated: they might hold what it knows."""
    try:
        done = subprocess.run(
            words, stdin=subprocess.DEVNULL, capture_output=True, timeout=COMMAND_SECONDS, check=False
        )
    except OSError as error:
        if "/" not in words[0] and isinstance(error, FileNotFoundError):  # its name is not repeated: it may be a key
            raise CredentialError("the command cannot be run: no program on the PATH has its name") from None
        raise CredentialError(f"the command {words[0]} cannot be run: {error.strerror}") from None
    except subprocess.TimeoutExpired:
        raise CredentialError(f"the command {words[0]} gave no key within {COMMAND_SECONDS:g} s") from None
    if done.returncode:
        raise CredentialError(f"the command {words[0]} failed with status {done.returncode}")
    return done.stdout[:_MOST_BYTES].decode(errors="replace").strip().partition("\n")[0]


def _source(reference: Reference) -> str:
    """Where the key is looked for, without a command's arguments, which may be secret themselves."""
    if isinstance(reference, tuple):
        return f"the command {reference[0]}"
    kind, _, rest = reference.partition(":")
    return f"the command {shlex.split(rest)[0]}" if kind == "command" else reference
