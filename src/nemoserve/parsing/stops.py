"""Stop strings in a text that comes in pieces. Knows characters only."""

from __future__ import annotations

from collections.abc import Sequence


def _failure_table(pattern: str) -> list[int]:
    """Knuth, Morris and Pratt: for each prefix, the length of its longest proper border."""
    table = [0] * len(pattern)
    length = 0
    for position in range(1, len(pattern)):
        while length and pattern[position] != pattern[length]:
            length = table[length - 1]
        if pattern[position] == pattern[length]:
            length += 1
        table[position] = length
    return table


class StopMatcher:
    """Releases text up to the first stop string that completes, and nothing of the stop string itself.

    Text that may be the beginning of a stop string is held back until it is decided. The outcome does not depend on how
    the text is cut into pieces: the stop string that is complete first wins, the longer one if two end together. Time is
    linear in the text, whatever the stop strings look like.
    """

    def __init__(self, stops: Sequence[str]) -> None:
        # Longest first, so that of two that end at the same character the one beginning earlier is found.
        self._stops = sorted((stop for stop in stops if stop), key=len, reverse=True)
        self._tables = [_failure_table(stop) for stop in self._stops]
        self._matched = [0] * len(self._stops)
        self._held: str = ""
        self.hit: str | None = None
        """The stop string that was found; everything after it is ignored."""

    @property
    def held(self) -> int:
        """Characters held back at the moment; after a hit, those from the stop string on."""
        return len(self._held)

    def push(self, text: str) -> str:
        """The text that is now certain not to belong to a stop string."""
        if self.hit is not None:
            return ""
        if not self._stops:
            return text
        text, matched = self._held + text, self._matched
        for position in range(len(self._held), len(text)):
            character = text[position]
            for which, stop in enumerate(self._stops):
                length = matched[which]
                while length and stop[length] != character:
                    length = self._tables[which][length - 1]
                if stop[length] == character:
                    length += 1
                if length == len(stop):
                    cut = position + 1 - length
                    self.hit, self._held = stop, text[cut:]
                    return text[:cut]
                matched[which] = length
        keep = max(matched)
        cut = len(text) - keep
        self._held = text[cut:]
        return text[:cut]

    def finish(self) -> str:
        """The text held back, when no more is coming; nothing after a hit."""
        if self.hit is not None:
            return ""
        held, self._held = self._held, ""
        return held
