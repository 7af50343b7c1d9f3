"""What all formats of tool calls have in common: the parts of a call, and the characters of its markup as they come.

Knows no format. A format is a tuple of opening markers and a reader: a generator that takes the characters after an opening
marker from a `Source`, emits the parts of calls as soon as they are certain, and returns the text that belongs to no call.
"""

from __future__ import annotations

from collections.abc import Callable, Generator

import msgspec

SPACE = " \t\r\n"


class CallStart(msgspec.Struct, frozen=True):
    """A call begins. From here on it is a call, whatever comes."""

    name: str


class CallArguments(msgspec.Struct, frozen=True):
    """More of the JSON text of the call's arguments."""

    text: str


class CallEnd(msgspec.Struct, frozen=True):
    """The call is over; `whole` is False if it broke off, and its arguments with it."""

    whole: bool


CallPart = CallStart | CallArguments | CallEnd

Reader = Generator[None, str, str]
"""Receives one character at a time, "" when no more is coming; returns text that belongs to no call."""

Reading = Generator[None, str, None]
"""A part of a reader."""


class CallFormat(msgspec.Struct, frozen=True):
    """How calls are written."""

    openers: tuple[str, ...]
    read: Callable[[Source, str], Reader]
    """Reads what follows one of the openers, which it is told."""


class Broken(Exception):
    """The markup is not what the format says, or no more is coming."""


class Source:
    """One markup's characters. `char` is the one that is looked at, "" at the end."""

    def __init__(self, opener: str) -> None:
        self.char = ""
        self.parts: list[CallPart] = []
        """Emitted and not yet collected."""
        self.calls = 0
        """Calls begun."""
        self.open = False
        """A call has begun and not ended."""
        self._uncommitted = list(opener)
        self._taken = True
        self._begun = False

    @property
    def held(self) -> int:
        """Characters that may yet turn out to be text."""
        return len(self._uncommitted) + (0 if self._taken else len(self.char))

    def advance(self) -> Reading:
        """Goes to the next character. Raises Broken when the end has been seen already."""
        if self._begun and not self.char:
            raise Broken
        if not self._taken:
            self._uncommitted.append(self.char)
        self._taken = True
        self.char = yield
        self._taken, self._begun = False, True

    def skip(self, characters: str = SPACE) -> Reading:
        """Goes to the first character that is none of these."""
        while self.char and self.char in characters:
            yield from self.advance()

    def match(self, literal: str) -> Reading:
        """From its first character to its last, which is then the one looked at. Raises Broken on anything else."""
        for position, character in enumerate(literal):
            if position:
                yield from self.advance()
            if self.char != character:
                raise Broken

    def match_one(self, literals: tuple[str, ...]) -> Generator[None, str, str]:
        """As `match`, for one of several, none the beginning of another; returns it."""
        seen = ""
        while True:
            seen += self.char
            literals = tuple(literal for literal in literals if self.char and literal.startswith(seen))
            if not literals:
                raise Broken
            if seen in literals:
                return seen
            yield from self.advance()

    def emit(self, part: CallPart) -> None:
        """Commits everything up to and including the character looked at: none of it can turn out to be text any more."""
        self.parts.append(part)
        self._uncommitted.clear()
        self._taken = True
        self.open = not isinstance(part, CallEnd)
        self.calls += isinstance(part, CallStart)

    def uncommitted(self) -> str:
        """The text since the last part, the character looked at included."""
        return "".join(self._uncommitted) + ("" if self._taken else self.char)

    def break_off(self) -> None:
        """Ends a call that is under way; commits nothing."""
        if self.open:
            self.parts.append(CallEnd(whole=False))
            self.open = False
