"""Markers such as `</think>` in a text that comes in pieces. Knows characters only."""

from __future__ import annotations


def partial_suffix(text: str, marker: str) -> int:
    """Length of the longest suffix of `text` that is a proper prefix of `marker`: what must be held back."""
    at = text.find(marker[:1], max(0, len(text) - len(marker) + 1))
    while at >= 0:
        if marker.startswith(text[at:]):
            return len(text) - at
        at = text.find(marker[:1], at + 1)
    return 0
