"""Beginnings of prompts that were read before, to go on from: which are kept, which is found, which is given up. No tensors' sense.

A hybrid model cannot go back to any place of a prompt, as its states hold only the latest one. So snapshots are taken while a
sequence is at a place worth coming back to: where prompts are cut, where the next turn of a conversation is going to differ, and
at a reply's end. A snapshot has the states of its place, and holds on to the pages of its keys and values, which it shares with the sequence
that it was taken of, with those that go on from it, and with other snapshots.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Callable, Sequence
from typing import Protocol

from nemoserve.engine.cache import Snapshot


class Rows(Protocol):
    """The cache, as far as snapshots are concerned."""

    @property
    def kept_bytes(self) -> int:
        """What all snapshots hold."""
        ...

    def when_full(self, give_up: Callable[[], bool]) -> None:
        """`give_up` is called where a running sequence needs a page and none is free; False says that it had nothing to give up."""
        ...

    def snapshot(self, slot: int) -> Snapshot: ...
    def resume(self, slot: int, snapshot: Snapshot) -> None: ...
    def forget(self, snapshot: Snapshot) -> None: ...


class Prefixes:
    """At most `budget` bytes of snapshots; the least recently used goes first. For one thread."""

    def __init__(self, rows: Rows, budget: int) -> None:
        self._rows, self._budget = rows, budget
        self._kept: OrderedDict[tuple[int, bytes], Snapshot] = OrderedDict()
        """By length and digest, the least recently used first."""
        self._lengths: dict[int, int] = {}
        """How many there are of each length."""
        rows.when_full(self.give_up)

    def resume(self, slot: int, prompt: Sequence[int]) -> int:
        """Puts the longest known beginning of the prompt into the slot, which must be empty. Returns its length.

        At least one token of the prompt is left to be read, as its logits are wanted.
        """
        key = self._longest(prompt)
        if key is None:
            return 0
        self._kept.move_to_end(key)
        self._rows.resume(slot, self._kept[key])
        return key[0]

    def keep(self, slot: int, tokens: Sequence[int]) -> None:
        """Takes a snapshot of a slot, which holds exactly these tokens."""
        key = len(tokens), _digest(tokens)
        if key in self._kept:
            self._kept.move_to_end(key)
            return
        snapshot = self._rows.snapshot(slot)
        if snapshot.bytes > self._budget:
            self._rows.forget(snapshot)  # rather than all others
            return
        self._kept[key] = snapshot
        self._lengths[key[0]] = self._lengths.get(key[0], 0) + 1
        while self._rows.kept_bytes > self._budget and self.give_up():
            pass

    def give_up(self) -> bool:
        """Forgets the snapshot that was used longest ago; False when there is none."""
        if not self._kept:
            return False
        (length, _), snapshot = self._kept.popitem(last=False)
        self._rows.forget(snapshot)
        self._lengths[length] -= 1
        if not self._lengths[length]:
            del self._lengths[length]
        return True

    def idle_faults(self) -> list[str]:
        """What does not agree when no sequence is there."""
        found: list[str] = []
        if self._rows.kept_bytes > self._budget:
            found.append(f"snapshots hold {self._rows.kept_bytes} bytes, of {self._budget} that they may have")
        if sum(self._lengths.values()) != len(self._kept):
            found.append(f"{len(self._kept)} snapshots have {sum(self._lengths.values())} lengths")
        return found

    def _longest(self, prompt: Sequence[int]) -> tuple[int, bytes] | None:
        found: tuple[int, bytes] | None = None
        hasher, done = hashlib.blake2b(digest_size=16), 0
        for length in sorted(length for length in self._lengths if length < len(prompt)):
            hasher.update(_bytes(prompt[done:length]))
            done = length
            key = length, hasher.digest()
            found = key if key in self._kept else found
        return found


def _digest(tokens: Sequence[int]) -> bytes:
    return hashlib.blake2b(_bytes(tokens), digest_size=16).digest()


def _bytes(tokens: Sequence[int]) -> bytes:
    return array("i", tokens).tobytes()
