"""Keys and values of the attention layers, for many sequences. Knows rows and lengths; no slots, no weights.

The key heads of all layers lie side by side, so that layers may have different numbers of them. Short sequences share one block
[rows, heads, tokens, head_dim], so that attention for all of them is one call
with a mask. A sequence that outgrows the block moves to a buffer of its own and is attended to by a call of its own, which
then has enough work to be worth it. What is stored depends on a token's place in its sequence only, so rows can be moved freely.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch

SHARED_TOKENS = 1024
"""Sequences up to this length lie in the shared block."""
_FIRST_TOKENS = 128
_FIRST_ROWS = 4


@dataclass(frozen=True, slots=True)
class PromptAttention:
    """Where a prompt run's keys go, and what it may look at. `keys` and `values` [heads, room, head_dim]."""

    keys: torch.Tensor
    values: torch.Tensor
    start: int
    end: int
    mask: torch.Tensor | None
    """[tokens, end] bool, True where allowed; None when the run starts the sequence (plain causal), and on a CPU, where it would be as
    long as the sequence and the layer does without."""


@dataclass(frozen=True, slots=True)
class DecodeAttention:
    """Where the decode tokens' keys go. The first `shared` rows lie in the shared block, each later one in its own buffer."""

    shared: int
    keys: torch.Tensor
    """[shared rows, heads, longest length with the new token, head_dim]: a view of the block."""
    values: torch.Tensor
    rows: torch.Tensor | None
    """[shared] int64, 0, 1, 2, ...; None when all rows are equally long."""
    positions: torch.Tensor | None
    """[shared] int64: where each row's new token goes; None when all rows are equally long (it goes last)."""
    mask: torch.Tensor | None
    """[shared, 1, 1, longest] bool, True where a token lies; None when all rows are equally long."""
    apart: list[tuple[torch.Tensor, torch.Tensor]] = field(default_factory=list[tuple[torch.Tensor, torch.Tensor]])
    """Keys and values [heads, length with the new token, head_dim] of each later row."""


class KVStore:
    """`lengths[row]` is how many tokens a row holds; `heads` are the key heads of all layers."""

    def __init__(self, max_rows: int, heads: int, head_dim: int, dtype: torch.dtype, device: torch.device) -> None:
        self.lengths: list[int] = []
        self._max_rows = max_rows
        self._heads = heads
        self._head_dim = head_dim
        self._dtype = dtype
        self._device = device
        self._keys, self._values = self._block(0, 0)
        self._apart: dict[int, tuple[torch.Tensor, torch.Tensor]] = {}

    def clear(self, row: int) -> None:
        """Empty a row. What it held is wiped: a stale infinity would come through a mask."""
        self._apart.pop(row, None)
        if row < self._keys.shape[0] and self.lengths[row]:
            used = min(self.lengths[row], self._keys.shape[2])
            self._keys[row, :, :used] = 0
            self._values[row, :, :used] = 0
        self.lengths[row] = 0

    def drop_last_row(self) -> None:
        """Give up the last row."""
        self.clear(len(self.lengths) - 1)
        self.lengths.pop()

    def idle_faults(self) -> list[str]:
        """What is left over when no row is there."""
        return [f"{len(self._apart)} buffers of long sequences are kept"] if self._apart else []

    def is_apart(self, row: int) -> bool:
        """Whether the row has a buffer of its own."""
        return row in self._apart

    def make_room(self, row: int, tokens: int, expected: int) -> None:
        """Room for `tokens` tokens in a row that is `expected` to grow to so many."""
        if row in self._apart:
            if self._apart[row][0].shape[1] < tokens:
                self._move_apart(row, max(expected, 2 * tokens))
        elif tokens > SHARED_TOKENS:
            self._move_apart(row, expected)
        elif tokens > self._keys.shape[2] or row >= self._keys.shape[0]:
            self._grow(row + 1, tokens)

    def swap(self, a: int, b: int) -> None:
        """Exchange two rows."""
        rows = self._keys.shape[0]
        used = min(max(self.lengths[a], self.lengths[b]), self._keys.shape[2])
        if used:
            if max(a, b) >= rows:
                self._grow(max(a, b) + 1, used)
            for block in (self._keys, self._values):
                kept = block[a, :, :used].clone()
                block[a, :, :used] = block[b, :, :used]
                block[b, :, :used] = kept
        buffers = self._apart.pop(a, None), self._apart.pop(b, None)
        for row, buffer in ((b, buffers[0]), (a, buffers[1])):
            if buffer is not None:
                self._apart[row] = buffer
        self.lengths[a], self.lengths[b] = self.lengths[b], self.lengths[a]

    def read(self, row: int, start: int, end: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Copies of a row's keys and values [heads, end - start, head_dim]."""
        keys, values = self._of(row)
        return keys[:, start:end].clone(), values[:, start:end].clone()

    def append(self, row: int, keys: torch.Tensor, values: torch.Tensor) -> None:
        """Keys and values [heads, tokens, head_dim] behind what the row holds; room must have been made."""
        start, own = self.lengths[row], self._of(row)
        end = start + keys.shape[1]
        own[0][:, start:end] = keys
        own[1][:, start:end] = values
        self.lengths[row] = end

    def prompt(self, row: int, tokens: int) -> PromptAttention:
        """For a run of `tokens` tokens after what the row holds; room must have been made."""
        keys, values = self._of(row)
        start = self.lengths[row]
        end = start + tokens
        mask = None
        if start and self._heads and self._device.type != "cpu":
            mask = torch.ones((tokens, end), dtype=torch.bool, device=self._device).tril_(start)
        return PromptAttention(keys, values, start, end, mask)

    def decode(self, count: int) -> DecodeAttention:
        """For one new token in each of the first `count` rows; those in the shared block come first."""
        apart = [(row, *self._apart[row]) for row in range(count) if row in self._apart] if self._apart else []
        shared = count - len(apart)
        lengths = self.lengths[:shared]
        longest = max(lengths, default=-1) + 1
        rows = positions = mask = None
        if lengths and min(lengths) != longest - 1:
            rows = torch.arange(shared, device=self._device)
            positions = torch.tensor(lengths, device=self._device)
            mask = (torch.arange(longest, device=self._device) <= positions.unsqueeze(1)).view(shared, 1, 1, longest)
        own = [(k[:, : self.lengths[row] + 1], v[:, : self.lengths[row] + 1]) for row, k, v in apart]
        keys = self._keys[:shared, :, :longest]
        return DecodeAttention(shared, keys, self._values[:shared, :, :longest], rows, positions, mask, own)

    def _of(self, row: int) -> tuple[torch.Tensor, torch.Tensor]:
        return self._apart[row] if row in self._apart else (self._keys[row], self._values[row])

    def _block(self, rows: int, tokens: int) -> tuple[torch.Tensor, torch.Tensor]:
        shape = (rows, self._heads, tokens, self._head_dim)
        return (
            torch.zeros(shape, dtype=self._dtype, device=self._device),
            torch.zeros(shape, dtype=self._dtype, device=self._device),
        )

    def _grow(self, rows: int, tokens: int) -> None:
        """A larger shared block with the same content; sizes double, so growing is rare."""
        had_rows, _, had_tokens, _ = self._keys.shape
        new_rows = min(self._max_rows, _double(max(had_rows, _FIRST_ROWS), rows))
        new_tokens = min(SHARED_TOKENS, _double(max(had_tokens, _FIRST_TOKENS), tokens))
        keys, values = self._block(new_rows, new_tokens)
        keys[:had_rows, :, :had_tokens] = self._keys
        values[:had_rows, :, :had_tokens] = self._values
        self._keys, self._values = keys, values

    def _move_apart(self, row: int, room: int) -> None:
        """Into a buffer of its own, or a larger one. On a CPU its pages take memory only once they are written."""
        shape = (self._heads, room, self._head_dim)
        keys = torch.empty(shape, dtype=self._dtype, device=self._device)
        values = torch.empty(shape, dtype=self._dtype, device=self._device)
        held = self.lengths[row]
        if held:
            old = self._apart.get(row) or (self._keys[row], self._values[row])
            keys[:, :held] = old[0][:, :held]
            values[:, :held] = old[1][:, :held]
            if row not in self._apart:
                self._keys[row, :, :held] = 0
                self._values[row, :, :held] = 0
        self._apart[row] = (keys, values)


def _double(size: int, need: int) -> int:
    while size < need:
        size *= 2
    return size
