"""What the model remembers of each running sequence: Mamba states, keys and values. Knows slots and shapes, no weights.

A sequence is named by its slot, which is also its place in the tensors of states, and its row in the table of pages. So nothing is moved when
sequences come and go: a step is told which slots its tokens belong to.
"""

from __future__ import annotations

from collections.abc import Callable
from collections.abc import Sequence as Run
from dataclasses import dataclass

import torch

from nemoserve.engine.batch import Chunk
from nemoserve.engine.kv import KVStore


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
    """A sequence as it was after `tokens` tokens: the pages of its keys and values, and copies of its states."""

    tokens: int
    pages: tuple[int, ...]
    conv: torch.Tensor
    ssm: torch.Tensor
    bytes: int
    """Of its states and all its pages, some of which others may hold, too."""


@dataclass(frozen=True, slots=True)
class PromptRun:
    """A run of prompt tokens of one sequence within a step, which holds `start` others: token rows `begin` to `end` of the step's activations."""

    slot: int
    begin: int
    end: int
    start: int


@dataclass(frozen=True, slots=True)
class StepPlan:
    """How one step's tokens lie: first one token for each of `decode` sequences, then the prompt runs. Tensors are int64, on the model's device."""

    ids: torch.Tensor
    """[tokens]."""
    decode: int
    slots: torch.Tensor
    """[decode]: whose tokens these are; -1: nobody's."""
    lengths: torch.Tensor
    """[decode]: how many tokens each of them holds before."""
    longest: int
    """The largest of these."""
    runs: list[PromptRun]
    wanted: list[int] | None
    """Token rows whose logits are wanted, in the order of the chunks; None: all rows in order."""
    positions: torch.Tensor
    """[tokens]: each token's place in its sequence; empty where no layer wants it."""
    highest: int
    """The largest of them."""


class Cache:
    """Room for `max_sequences` sequences. A slot is cleared when a sequence starts, so nothing is inherited.

    `conv` [layers, slots, kernel, channels] float32: what past tokens contribute to the next kernel - 1 outputs of the causal
    convolution, and as last entry the convolution's bias; a fresh sequence has the bias everywhere.
    `ssm` [layers, slots, groups, state size, group width] float32.
    """

    def __init__(
        self,
        shape: CacheShape,
        max_sequences: int,
        kv_tokens: int,
        context: int,
        conv_start: torch.Tensor,
        kept_bytes: int = 0,
    ) -> None:
        """`kv_tokens` of all sequences together, none of which is longer than `context`; `conv_start` [mamba layers, channels]: the
        convolutions' biases; `kept_bytes` that snapshots are going to hold. On a CPU memory is touched only when it is used."""
        if max_sequences < 1:
            raise ValueError(f"max_sequences is {max_sequences}; at least one is needed")
        self.shape = shape
        self.max_sequences = max_sequences
        self._conv_start = conv_start.to(shape.device, torch.float32)
        slots = (shape.mamba_layers, max_sequences)
        self.conv = torch.empty((*slots, shape.conv_kernel, shape.conv_size), device=shape.device)
        self.ssm = torch.empty((*slots, shape.groups, shape.state_size, shape.group_width), device=shape.device)
        self.kv = KVStore(
            max_sequences,
            kv_tokens,
            context,
            kept_bytes,
            heads=shape.kv_heads,
            head_dim=shape.head_dim,
            dtype=shape.kv_dtype,
            device=shape.device,
        )
        self._taken: set[int] = set()
        """Slots that have a sequence."""
        self._kept_states = 0
        """Bytes of all snapshots' states."""

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

    @property
    def kept_bytes(self) -> int:
        """What snapshots hold: their states, and each of their pages once."""
        return self._kept_states + self.kv.kept * self.kv.page_bytes

    def when_full(self, give_up: Callable[[], bool]) -> None:
        """Where a sequence needs a page and none is free, `give_up` is called until one is, or until it says that it has nothing to give up."""
        self.kv.give_up = give_up

    def begin(self, slot: int) -> None:
        """An empty sequence in `slot`."""
        if not 0 <= slot < self.max_sequences:
            raise ValueError(f"there is no slot {slot}; the cache has {self.max_sequences}")
        self._taken.add(slot)
        self.conv[:, slot] = self._conv_start.unsqueeze(1)
        self.ssm[:, slot] = 0
        self.kv.clear(slot)

    def release(self, slot: int) -> None:
        """Forget the sequence in `slot`; a slot without one is left as it is."""
        if slot in self._taken:
            self._taken.remove(slot)
            self.kv.clear(slot)

    def idle_faults(self) -> list[str]:
        """What is left over when no sequence is there."""
        found = [f"slots {sorted(self._taken)} of the cache are taken"] if self._taken else []
        return found + self.kv.idle_faults()

    def snapshot(self, slot: int) -> Snapshot:
        """What the sequence in `slot` holds now, until it is given to `forget`."""
        conv, ssm = self.conv[:, slot].clone(), self.ssm[:, slot].clone()  # first, as there may be no memory for them
        pages, states = self.kv.keep(slot), self.state_bytes_per_sequence
        self._kept_states += states
        size = states + len(pages) * self.kv.page_bytes
        return Snapshot(self.kv.lengths[slot], pages, conv, ssm, size)

    def forget(self, snapshot: Snapshot) -> None:
        """Give up what `snapshot` gave."""
        self._kept_states -= self.state_bytes_per_sequence
        self.kv.forget(snapshot.pages)

    def resume(self, slot: int, snapshot: Snapshot) -> None:
        """The sequence in `slot`, which holds nothing yet, goes on from here."""
        self.kv.share(slot, snapshot.pages, snapshot.tokens)
        self.conv[:, slot] = snapshot.conv
        self.ssm[:, slot] = snapshot.ssm

    def length(self, slot: int) -> int:
        """Tokens held of the sequence in `slot`; 0 when there is none."""
        return self.kv.lengths[slot] if slot in self._taken else 0

    def prepare(self, chunks: Run[Chunk]) -> StepPlan:
        """Make room for the chunks' tokens, and lay them out.

        Raises ValueError when a chunk is empty, starts elsewhere than its sequence ends, or names a slot twice.
        """
        self._check(chunks)
        decoding = [index for index, chunk in enumerate(chunks) if len(chunk.tokens) == 1 and not chunk.prompt]
        slots = [chunks[index].slot for index in decoding]
        lengths = [chunks[index].start for index in decoding]
        ids = [chunks[index].tokens[0] for index in decoding]
        places = list(lengths)
        first_row = {index: position for position, index in enumerate(decoding)}
        runs: list[PromptRun] = []
        for index, chunk in enumerate(chunks):
            count = len(chunk.tokens)
            self.kv.make_room(chunk.slot, chunk.start + count)
            if index not in first_row:
                first_row[index] = len(ids)
                runs.append(PromptRun(chunk.slot, len(ids), len(ids) + count, chunk.start))
                ids += chunk.tokens
                places += range(chunk.start, chunk.start + count)
        if not self.shape.positions:
            places = []
        parts = (ids, slots, lengths, places)
        numbers = torch.tensor([number for part in parts for number in part], dtype=torch.int64)
        on_device = torch.split_with_sizes(numbers.to(self.shape.device), [len(part) for part in parts])
        return StepPlan(
            ids=on_device[0],
            decode=len(decoding),
            slots=on_device[1],
            lengths=on_device[2],
            longest=max(lengths, default=0),
            runs=runs,
            wanted=_wanted(chunks, first_row, len(ids)),
            positions=on_device[3],
            highest=max(places, default=0),
        )

    def commit(self, chunks: Run[Chunk]) -> None:
        """The step's tokens are now held."""
        for chunk in chunks:
            self.kv.lengths[chunk.slot] += len(chunk.tokens)

    def _check(self, chunks: Run[Chunk]) -> None:
        if len({chunk.slot for chunk in chunks}) != len(chunks):
            raise ValueError("two chunks of one step name the same slot")
        for chunk in chunks:
            if not chunk.tokens:
                raise ValueError(f"the chunk for slot {chunk.slot} has no tokens")
            held = self.length(chunk.slot)
            if chunk.start == 0:
                if chunk.slot not in self._taken or held:
                    self.begin(chunk.slot)
            elif chunk.start != held:
                raise ValueError(f"the chunk for slot {chunk.slot} starts at {chunk.start}, but {held} tokens are held")


def _wanted(chunks: Run[Chunk], first_row: dict[int, int], total: int) -> list[int] | None:
    rows: list[int] = []
    for index, chunk in enumerate(chunks):
        first = first_row[index]
        if chunk.all_logits:
            rows += range(first, first + len(chunk.tokens))
        elif chunk.sample:
            rows.append(first + len(chunk.tokens) - 1)
    return None if rows == list(range(total)) else rows
