"""The switches `/think` and `/no_think` in a text, as opposed to paths that contain them. Knows characters only."""

from __future__ import annotations

import re
from collections.abc import Iterable

# A switch stands by itself: not inside a path, a URL, a tag (`</think>`) or a longer word. A full stop may precede it only as the end of a
# sentence ("Be brief./no_think"), and punctuation may follow it only as such ("/think." but not "/think.html").
_SWITCH = re.compile(r"(?<![\w/:~<\-\\])(?<![./\s]\.)(?<!^\.)/(?:no_)?think(?![\w\-/\\])(?![.:?#&=@]\w)")
_EITHER = re.compile(r"/(?=(?:no_)?think)")
_PRIVATE_USE = range(0xE000, 0xF8FF)


def find_switch(text: str) -> bool | None:
    """What the text says: thinking on, off, or nothing. `/think` beats `/no_think`, as in Nano v2's template."""
    found = {match.group() for match in _SWITCH.finditer(text)}
    return "/think" in found if found else None


def remove_switches(text: str) -> str:
    """The text without its switches; what only looks like one stays."""
    return _SWITCH.sub("", text) if "/" in text else text


def unused_character(texts: Iterable[str]) -> str:
    """A private-use character that is in none of the texts."""
    used: set[str] = set("".join(texts))
    return next(chr(code) for code in _PRIVATE_USE if chr(code) not in used)


def mask(text: str, slash: str) -> str:
    """Replaces the slash of all that looks like a switch, so that a template which searches for it finds nothing."""
    return _EITHER.sub(slash, text)


def unmask(text: str, slash: str) -> str:
    """The inverse of `mask`, for a text that contains `slash` nowhere else."""
    return text.replace(slash, "/") if slash else text
