"""Switches in a text, as opposed to paths and prose that contain their words. Knows characters only.

Two kinds: `/think` and `/no_think`, which stand by themselves, and `detailed thinking on|off`, which fills a line.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from nemoserve.types.errors import invalid

_CANDIDATE = re.compile(r"/(?:no_)?think")
_SLASH = re.compile(r"/(?=(?:no_)?think)")
# A switch stands by itself: not inside a path, a URL, a tag (`</think>`) or a longer word. A full stop may precede it only
# as the end of a sentence ("Be brief./no_think"), and punctuation may follow it only as such ("/think." not "/think.html").
_BEFORE = re.compile(r"(?:^|[^\w/:~<\-\\.]|[^./\s]\.)$")
_AFTER = re.compile(r"(?![\w\-/\\]|[.:?#&=@]\w)")
_PRIVATE_USE = (range(0xE000, 0xF900), range(0xF0000, 0xFFFFE), range(0x100000, 0x10FFFE))
_LINE = re.compile(r"^[ \t]*detailed thinking (on|off)[ \t]*\r?(?:\n|\Z)", re.MULTILINE)


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


def find_line_switch(text: str) -> bool | None:
    """What the last line that is a switch says: detailed thinking on, off; None without such a line."""
    found = _LINE.findall(text)
    return found[-1] == "on" if found else None


def remove_line_switches(text: str) -> str:
    """The text without the lines that are switches; the same words inside a sentence stay."""
    return _LINE.sub("", text)


def unused_character(texts: Iterable[str]) -> str:
    """A private-use character that is in none of the texts. Raises ApiError (400) if they use all of them."""
    texts = list(texts)
    first = chr(_PRIVATE_USE[0].start)
    # Nearly always so, and far quicker than the set of all characters of a long text.
    if not any(first in text for text in texts):
        return first
    used = set[str]().union(*texts)
    free = (chr(code) for codes in _PRIVATE_USE for code in codes if chr(code) not in used)
    character = next(free, None)
    if character is None:
        raise invalid("messages", "every private-use character of Unicode occurs in them; leave one out")
    return character


def mask(text: str, slash: str) -> str:
    """Replaces the slash of all that looks like a switch, so that a template which searches for it finds nothing.

    Replacing `slash` by `/` in what the template made restores the text.
    """
    return _SLASH.sub(slash, text)
