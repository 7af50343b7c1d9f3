"""Beginnings of prompts that were read before, to go on from: which are kept, which is found, which is given up. No tensors' sense.

A hybrid model cannot go back to any place of a prompt, as its states hold only the latest one. So snapshots are taken while a
sequence is at a place worth coming back to: where prompts are cut, where the next turn of a conversation is going to differ, and
at a reply's end. A snapshot has the states of its place whole; keys and values only from the snapshot on that it goes on from, so
a growing conversation keeps each token's once.
"""

from __future__ import annotations

import hashlib
from array import array
from collections import OrderedDict
from collections.abc import Sequence
from typing import Protocol

from nemoserve.engine.cache import Snapshot


class Rows(Protocol):
    """The cache, as far as snapshots are concerned."""

    def snapshot(self, slot: int, start: int) -> Snapshot: ...
    def resume(self, slot: int, spans: Sequence[Snapshot]) -> None: ...


class _Node:
    """A kept beginning. `parent` holds the keys and values before this one's."""

    __slots__ = ("children", "digest", "length", "parent", "snapshot")

    def __init__(self, length: int, digest: bytes, snapshot: Snapshot, parent: _Node | None) -> None:
        self.length, self.digest, self.snapshot, self.parent = length, digest, snapshot, parent
        self.children = 0

    @property
    def key(self) -> tuple[int, bytes]:
        return self.length, self.digest


class Prefixes:
    """At most `budget` bytes of snapshots; the least recently used goes first. For one thread."""

    def __init__(self, rows: Rows, budget: int) -> None:
        self._rows, self._budget = rows, budget
        self._nodes: OrderedDict[tuple[int, bytes], _Node] = OrderedDict()
        """The least recently used first; a node is never used later than its parent."""
        self._lengths: dict[int, int] = {}
        """How many nodes there are of each length."""
        self._bases: dict[int, _Node] = {}
        """By slot: where its sequence came from, or was kept last."""
        self.held_bytes = 0

    def resume(self, slot: int, prompt: Sequence[int]) -> int:
        """Puts the longest known beginning of the prompt into the slot, which must be empty. Returns its length.

        At least one token of the prompt is left to be read, as its logits are wanted.
        """
        node = self._longest(prompt)
        if node is None:
            return 0
        spans: list[Snapshot] = []
        step: _Node | None = node
        while step is not None:
            spans.append(step.snapshot)
            self._nodes.move_to_end(step.key)
            step = step.parent
        self._rows.resume(slot, spans[::-1])
        self._bases[slot] = node
        return node.length

    def keep(self, slot: int, tokens: Sequence[int]) -> None:
        """Takes a snapshot of a slot, which holds exactly these tokens."""
        digest = _digest(tokens)
        known = self._nodes.get((len(tokens), digest))
        if known is not None:
            self._bases[slot] = known
            return
        parent = self._bases.get(slot)
        if parent is not None and parent.key not in self._nodes:
            parent = None  # given up meanwhile
        snapshot = self._rows.snapshot(slot, 0 if parent is None else parent.length)
        if snapshot.bytes > self._budget:
            return
        node = _Node(len(tokens), digest, snapshot, parent)
        if parent is not None:
            parent.children += 1
        self._nodes[node.key] = node
        self._lengths[node.length] = self._lengths.get(node.length, 0) + 1
        self.held_bytes += snapshot.bytes
        self._bases[slot] = node
        step = parent
        while step is not None:
            self._nodes.move_to_end(step.key)
            step = step.parent
        self._make_room()

    def release(self, slot: int) -> None:
        """The sequence in the slot has ended."""
        self._bases.pop(slot, None)

    def idle_faults(self) -> list[str]:
        """What does not agree when no sequence is there."""
        found: list[str] = []
        nodes = self._nodes.values()
        if self._bases:
            found.append(f"{len(self._bases)} slots have a snapshot that they come from")
        if self.held_bytes > self._budget or self.held_bytes != sum(node.snapshot.bytes for node in nodes):
            found.append(f"snapshots are counted as {self.held_bytes} bytes, of {self._budget} that they may have")
        parents = [node.parent for node in nodes if node.parent is not None]
        if any(parent.key not in self._nodes for parent in parents) or len(parents) != sum(n.children for n in nodes):
            found.append("snapshots that others build on are missing")
        if sum(self._lengths.values()) != len(self._nodes):
            found.append(f"{len(self._nodes)} snapshots have {sum(self._lengths.values())} lengths")
        return found

    def _longest(self, prompt: Sequence[int]) -> _Node | None:
        found: _Node | None = None
        hasher, done = hashlib.blake2b(digest_size=16), 0
        for length in sorted(length for length in self._lengths if length < len(prompt)):
            hasher.update(_bytes(prompt[done:length]))
            done = length
            node = self._nodes.get((length, hasher.digest()))
            found = found if node is None else node
        return found

    def _make_room(self) -> None:
        while self.held_bytes > self._budget:
            node = next(node for node in self._nodes.values() if not node.children)
            del self._nodes[node.key]
            self.held_bytes -= node.snapshot.bytes
            self._lengths[node.length] -= 1
            if not self._lengths[node.length]:
                del self._lengths[node.length]
            if node.parent is not None:
                node.parent.children -= 1


def _digest(tokens: Sequence[int]) -> bytes:
    return hashlib.blake2b(_bytes(tokens), digest_size=16).digest()


def _bytes(tokens: Sequence[int]) -> bytes:
    return array("i", tokens).tobytes()
