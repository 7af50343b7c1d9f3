"""Thinking that clients drop between turns, kept for them: bounded, expiring, in memory. Knows messages; no templates.

A model that keeps its thinking over a tool loop answers worse when a client sends the turn back without it, and many clients
do. A turn is found again by the ids of its tool calls, which are ours and unique, or within a session by the very text of
its answer. What the client sends itself always wins.
"""

from __future__ import annotations

import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable

import msgspec

from nemoserve.types.chat import Message

Key = tuple[str, str, str]
"""Owner, session (empty for a tool call, whose id is enough), and the call's id or the answer's digest."""


def _digest(text: str) -> str:
    # Clients trim answers; surrounding blanks do not tell turns apart.
    return hashlib.sha256(text.strip().encode(errors="surrogatepass")).hexdigest()


class ReasoningKeep:
    """`seconds` is how long an entry lives after its last use (0 keeps nothing); `most_bytes` bounds the kept text."""

    def __init__(self, seconds: float, most_bytes: int = 64 << 20, clock: Callable[[], float] = time.monotonic) -> None:
        self._seconds = seconds
        self._most_bytes = most_bytes
        self._clock = clock
        self._kept: OrderedDict[Key, tuple[float, str]] = OrderedDict()
        self._bytes = 0

    def remember(self, owner: str, session_id: str | None, text: str, call_ids: Iterable[str], reasoning: str) -> None:
        """Keeps the thinking of one finished turn."""
        if not reasoning or self._seconds <= 0:
            return
        keys: list[Key] = [(owner, "", call_id) for call_id in call_ids]
        if session_id and text.strip():
            keys.append((owner, session_id, _digest(text)))
        for key in keys:
            self._forget(key)
            self._kept[key] = (self._clock() + self._seconds, reasoning)
            self._bytes += _size(reasoning)
        self._trim()

    def restore(self, owner: str, session_id: str | None, messages: tuple[Message, ...]) -> tuple[Message, ...]:
        """The messages with their thinking, where they came without it and it is still known."""
        if not self._kept:
            return messages
        self._trim()
        return tuple(
            msgspec.structs.replace(message, reasoning=self._find(owner, session_id, message))
            if message.role == "assistant" and not message.reasoning
            else message
            for message in messages
        )

    def _find(self, owner: str, session_id: str | None, message: Message) -> str:
        keys: list[Key] = [(owner, "", call.id) for call in message.tool_calls if call.id]
        if session_id and message.text.strip():
            keys.append((owner, session_id, _digest(message.text)))
        for key in keys:
            entry = self._kept.get(key)
            if entry is not None:
                self._kept[key] = (self._clock() + self._seconds, entry[1])
                self._kept.move_to_end(key)
                return entry[1]
        return ""

    def _trim(self) -> None:
        """Drops what has expired or is too much, the least recently used first."""
        now = self._clock()
        while self._kept:
            key, (expires, _) = next(iter(self._kept.items()))
            if expires > now and self._bytes <= self._most_bytes:
                return
            self._forget(key)

    def _forget(self, key: Key) -> None:
        entry = self._kept.pop(key, None)
        if entry is not None:
            self._bytes -= _size(entry[1])


def _size(text: str) -> int:
    return 4 * len(text) + 256  # an upper bound of the text in memory, and the entry around it
