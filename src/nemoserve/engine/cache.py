"""What the model remembers of each running sequence: Mamba states, keys and values. Knows slots and shapes, no weights.

A sequence is named by its slot. Inside, sequences lie in rows without gaps, and before each step the rows of the sequences
that decode are brought to the front (a swap, only when the set of them changes), so a decode step works on plain slices of
the state tensors, in place and without gathering.
"""

from __future__ import annotations

from collections.abc import Sequence as Run
from dataclasses import dataclass

import torch

from nemoserve.engine.batch import Chunk
from nemoserve.engine.kv import DecodeAttention, KVStore, PromptAttention


@dataclass(frozen=True, slots=True)
class CacheShape:
    """Sizes of one sequence's memory, in elements, and where it lives."""

    mamba_layers: int
    groups: int
    state_size: int
    group_width: int
    """Heads per group x head_dim."""
    conv_size: int
    conv_kernel: int
    kv_heads: int
    """Of all attention layers together."""
    head_dim: int
    kv_dtype: torch.dtype
    device: torch.device
    positions: bool
    """Whether the layers want to know the tokens' positions."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A sequence as it was after `end` tokens: its states, and the keys and values [heads, end - start, head_dim] of the tokens
    from `start` on."""

    start: int
    end: int
    keys: torch.Tensor
    values: torch.Tensor
    conv: torch.Tensor
    ssm: torch.Tensor

    @property
    def bytes(self) -> int:
        return sum(t.numel() * t.element_size() for t in (self.keys, self.values, self.conv, self.ssm))


@dataclass(frozen=True, slots=True)
class PromptRun:
    """A run of prompt tokens of one sequence within a step: token rows `begin` to `end` of the step's activations."""

    row: int
    begin: int
    end: int
    attention: PromptAttention


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How one step's tokens lie: first one decode token for each of rows 0 to `decode`, then the prompt runs."""

    tokens: list[int]
    decode: int
    decode_attention: DecodeAttention
    runs: list[PromptRun]
    wanted: list[int] | None
    """Token rows whose logits are wanted, in the order of the chunks; None: all rows in order."""
    positions: torch.Tensor
    """int64 [tokens]: each token's place in its sequence; empty where no layer wants it."""
    highest: int
    """The largest of them."""


class Cache:
    """Room for `max_sequences` sequences. Rows are cleared when a sequence starts, so nothing is inherited.

    `conv` [layers, rows, kernel, channels] float32: what past tokens contribute to the next kernel - 1 outputs of the causal
    convolution, and as last entry the convolution's bias; a fresh sequence has the bias everywhere.
    `ssm` [layers, rows, groups, state size, group width] float32.
    """

    def __init__(self, shape: CacheShape, max_sequences: int, conv_start: torch.Tensor) -> None:
        """`conv_start` [mamba layers, channels]: the convolutions' biases. Memory is touched only when a row is used."""
        if max_sequences < 1:
            raise ValueError(f"max_sequences is {max_sequences}; at least one is needed")
        self.shape = shape
        self.max_sequences = max_sequences
        self._conv_start = conv_start.to(shape.device, torch.float32)
        rows = (shape.mamba_layers, max_sequences)
        self.conv = torch.empty((*rows, shape.conv_kernel, shape.conv_size), device=shape.device)
        self.ssm = torch.empty((*rows, shape.groups, shape.state_size, shape.group_width), device=shape.device)
        self.kv = KVStore(max_sequences, shape.kv_heads, shape.head_dim, shape.kv_dtype, shape.device)
        self._slots: list[int] = []
        """The slot in each row."""
        self._rows: dict[int, int] = {}
        self._reserved: dict[int, int] = {}

    @property
    def kv_bytes_per_token(self) -> int:
        """Keys and values of all attention layers."""
        shape = self.shape
        return 2 * shape.kv_heads * shape.head_dim * shape.kv_dtype.itemsize

    @property
    def state_bytes_per_sequence(self) -> int:
        """States of all Mamba layers."""
        shape = self.shape
        conv = shape.conv_kernel * shape.conv_size
        return 4 * shape.mamba_layers * (conv + shape.groups * shape.state_size * shape.group_width)

    @torch.inference_mode()  # the buffers are grown inside a step, and only inference mode may change those
    def reserve(self, slot: int, tokens: int) -> None:
        """Promise that the sequence in `slot` will not exceed `tokens`; its key-value memory is laid out for that many."""
        self._reserved[slot] = tokens
        if slot in self._rows:
            self._clear(self._rows[slot])
        else:
            self._add(slot)

    @torch.inference_mode()  # the buffers are grown inside a step, and only inference mode may change those
    def release(self, slot: int) -> None:
        """Forget the sequence in `slot`; a slot without one is left as it is."""
        self._reserved.pop(slot, None)
        row = self._rows.get(slot)
        if row is None:
            return
        last = len(self._slots) - 1
        if row != last:
            self._swap(row, last)
        self.kv.drop_last_row()
        del self._rows[slot]
        self._slots.pop()

    def idle_faults(self) -> list[str]:
        """What is left over when no sequence is there."""
        held = len(self._slots), len(self._rows), len(self._reserved), len(self.kv.lengths)
        found = [] if not any(held) else [f"slots, rows, promises and lengths in the cache are {held}"]
        return found + self.kv.idle_faults()

    @torch.inference_mode()
    def snapshot(self, slot: int, start: int) -> Snapshot:
        """What the sequence in `slot` holds now, with the keys and values from token `start` on. Copies."""
        row = self._rows[slot]
        end = self.kv.lengths[row]
        keys, values = self.kv.read(row, start, end)
        return Snapshot(start, end, keys, values, self.conv[:, row].clone(), self.ssm[:, row].clone())

    @torch.inference_mode()
    def resume(self, slot: int, spans: Run[Snapshot]) -> None:
        """Put the sequence of the last snapshot into `slot`, which holds none yet; those before it have its earlier tokens' keys
        and values, without gaps."""
        row, last = self._rows[slot], spans[-1]
        self.kv.make_room(row, last.end, max(last.end, self._reserved.get(slot, last.end)))
        for span in spans:
            self.kv.append(row, span.keys, span.values)
        self.conv[:, row] = last.conv
        self.ssm[:, row] = last.ssm

    def length(self, slot: int) -> int:
        """Tokens held of the sequence in `slot`; 0 when there is none."""
        row = self._rows.get(slot)
        return 0 if row is None else self.kv.lengths[row]

    def prepare(self, chunks: Run[Chunk]) -> StepPlan:
        """Bring rows into order and make room for the chunks' tokens.

        Raises ValueError when a chunk is empty, starts elsewhere than its sequence ends, or names a slot twice.
        """
        self._check(chunks)
        decoding = [i for i, chunk in enumerate(chunks) if len(chunk.tokens) == 1]
        for chunk in chunks:
            need = chunk.start + len(chunk.tokens)
            self.kv.make_room(self._rows[chunk.slot], need, max(need, self._reserved.get(chunk.slot, need)))
        self._bring_forward([chunks[i].slot for i in decoding])
        if len(decoding) > 1:
            decoding.sort(key=lambda i: self._rows[chunks[i].slot])
        tokens = [chunks[i].tokens[0] for i in decoding]
        first_row = {index: position for position, index in enumerate(decoding)}
        attention = self.kv.decode(len(decoding))
        runs: list[PromptRun] = []
        for index, chunk in enumerate(chunks):
            if len(chunk.tokens) == 1:
                continue
            row = self._rows[chunk.slot]
            first_row[index] = len(tokens)
            end = len(tokens) + len(chunk.tokens)
            runs.append(PromptRun(row, len(tokens), end, self.kv.prompt(row, len(chunk.tokens))))
            tokens += chunk.tokens
        places: list[int] = []
        if self.shape.positions:
            places = [self.kv.lengths[row] for row in range(len(decoding))]
            for run in runs:
                places += range(run.attention.start, run.attention.end)
        return StepPlan(
            tokens,
            len(decoding),
            attention,
            runs,
            _wanted(chunks, first_row, len(tokens)),
            torch.tensor(places, dtype=torch.int64, device=self.shape.device),
            max(places, default=0),
        )

    def commit(self, plan: StepPlan) -> None:
        """The step's tokens are now held."""
        for row in range(plan.decode):
            self.kv.lengths[row] += 1
        for run in plan.runs:
            self.kv.lengths[run.row] += run.end - run.begin

    def _check(self, chunks: Run[Chunk]) -> None:
        if len({chunk.slot for chunk in chunks}) != len(chunks):
            raise ValueError("two chunks of one step name the same slot")
        for chunk in chunks:
            if not chunk.tokens:
                raise ValueError(f"the chunk for slot {chunk.slot} has no tokens")
            held = self.length(chunk.slot)
            if chunk.start == 0:
                if chunk.slot not in self._rows:
                    self._add(chunk.slot)
                elif held:
                    self._clear(self._rows[chunk.slot])
            elif chunk.start != held:
                raise ValueError(f"the chunk for slot {chunk.slot} starts at {chunk.start}, but {held} tokens are held")

    def _add(self, slot: int) -> None:
        row = len(self._slots)
        if row == self.max_sequences:
            raise ValueError(f"all {row} places of the cache are taken")
        self._slots.append(slot)
        self._rows[slot] = row
        self.kv.lengths.append(0)
        self._clear(row)

    def _clear(self, row: int) -> None:
        self.conv[:, row] = self._conv_start.unsqueeze(1)
        self.ssm[:, row] = 0
        self.kv.clear(row)

    def _swap(self, a: int, b: int) -> None:
        for states in (self.conv, self.ssm):
            kept = states[:, a].clone()
            states[:, a] = states[:, b]
            states[:, b] = kept
        self.kv.swap(a, b)
        self._slots[a], self._slots[b] = self._slots[b], self._slots[a]
        self._rows[self._slots[a]] = a
        self._rows[self._slots[b]] = b

    def _bring_forward(self, slots: list[int]) -> None:
        """Decoding sequences to the first rows, among them those in the shared key-value block before the others."""
        shared = {slot for slot in slots if not self.kv.is_apart(self._rows[slot])}
        apart = set(slots) - shared
        begin = 0
        for group in (shared, apart):
            end = begin + len(group)
            places = (row for row in range(begin, end) if self._slots[row] not in group)
            outside = [slot for slot in group if not begin <= self._rows[slot] < end]
            for slot, row in zip(outside, list(places), strict=True):
                self._swap(self._rows[slot], row)
            begin = end


def _wanted(chunks: Run[Chunk], first_row: dict[int, int], total: int) -> list[int] | None:
    rows: list[int] = []
    for index, chunk in enumerate(chunks):
        first = first_row[index]
        if chunk.all_logits:
            rows += range(first, first + len(chunk.tokens))
        elif chunk.sample:
            rows.append(first + len(chunk.tokens) - 1)
    return None if rows == list(range(total)) else rows
