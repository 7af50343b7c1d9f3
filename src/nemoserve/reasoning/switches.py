"""The switches `/think` and `/no_think` in a text, as opposed to paths that contain them. Knows characters only."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

_CANDIDATE = re.compile(r"/(?:no_)?think")
_SLASH = re.compile(r"/(?=(?:no_)?think)")
# A switch stands by itself: not inside a path, a URL, a tag (`</think>`) or a longer word. A full stop may precede it only
# as the end of a sentence ("Be brief./no_think"), and punctuation may follow it only as such ("/think." not "/think.html").
_BEFORE = re.compile(r"(?:^|[^\w/:~<\-\\.]|[^./\s]\.)$")
_AFTER = re.compile(r"(?![\w\-/\\]|[.:?#&=@]\w)")
_PRIVATE_USE = range(0xE000, 0xF8FF)


def _switches(text: str) -> Iterator[re.Match[str]]:
    # The literal is searched for first, and its surroundings looked at then: texts may be megabytes long.
    for match in _CANDIDATE.finditer(text):
        start, end = match.span()
        if _BEFORE.search(text[max(0, start - 2) : start]) and _AFTER.match(text[end : end + 2]):
            yield match


def find_switch(text: str) -> bool | None:
    """What the text says: thinking on, off, or nothing. `/think` beats `/no_think`, as in Nano v2's template."""
    found = {match.group() for match in _switches(text)}
    return "/think" in found if found else None


def remove_switches(text: str) -> str:
    """The text without its switches; what only looks like one stays."""
    pieces: list[str] = []
    end = 0
    for match in _switches(text):
        pieces.append(text[end : match.start()])
        end = match.end()
    return "".join([*pieces, text[end:]])


def unused_character(texts: Iterable[str]) -> str:
    """A private-use character that is in none of the texts."""
    texts = list(texts)
    return next(chr(code) for code in _PRIVATE_USE if not any(chr(code) in text for text in texts))


def mask(text: str, slash: str) -> str:
    """Replaces the slash of all that looks like a switch, so that a template which searches for it finds nothing.

    Replacing `slash` by `/` in what the template made restores the text.
    """
    return _SLASH.sub(slash, text)
