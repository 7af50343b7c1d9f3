"""Who runs when: the waiting queue, slots, KV reservations and each step's work. Knows counts and ids; no torch, no text.

A sequence waits, is admitted when a slot is free and its prompt plus its whole reply fits into the KV budget, and then
keeps both until it ends: there is no preemption, so a running request is never evicted or computed twice. Admission is
strictly first come, first served. A request too big for what is free holds the queue until it fits, hence never starves.

A step carries the newest token of every sequence that is decoding, and beside them prompt tokens up to a budget. Prompts
are cut at fixed multiples of the chunk length and behind their stem, so the cuts depend on the prompt alone and a sequence
computes the same numbers whatever else is running. The shortest remaining prompt goes first, for it delays the others least, but a prompt
that younger ones have overtaken `PATIENCE` times goes before them.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from nemoserve.engine.batch import Chunk

PATIENCE = 4
"""Steps in a row in which younger prompts may be served while an older one is not."""

LOGITS_CHUNK = 128
"""Prompt tokens per piece when logits of every token are wanted: a row is as wide as the vocabulary."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What the machine can hold; counts of sequences and tokens, all positive except `max_waiting`, which may be 0."""

    max_sequences: int
    kv_tokens: int
    """Tokens of prompt and reply that may be reserved at once, over all sequences."""
    max_waiting: int
    prefill_tokens: int = 512
    """Prompt tokens in one step, over all sequences; also the length at which prompts are cut."""

    def __post_init__(self) -> None:
        if min(self.max_sequences, self.kv_tokens, self.prefill_tokens) < 1 or self.max_waiting < 0:
            raise ValueError(f"limits must be positive: {self}")


@dataclass(slots=True, eq=False)
class Sequence:
    """One request's tokens and how far they are. The scheduler alone changes it."""

    id: str
    prompt: list[int]
    max_tokens: int
    all_logits: bool = False
    """Logits of every prompt token are wanted, not only of the last."""
    stem: int = 0
    """So many tokens of the prompt are worth coming back to; it is cut behind them. 0: nothing is known of that."""
    slot: int | None = None
    """None while waiting and after the end."""
    cached: int = 0
    """Tokens that the cache holds: prompt first, then the reply without its newest token."""
    resumed: int = 0
    """Tokens of the prompt that were known before, so that they are not read again."""
    sampled: int = 0
    """Tokens of the reply so far."""
    newest: int | None = None
    """The token sampled last, which the cache does not hold yet."""
    overtaken: int = 0
    arrival: int = 0

    @property
    def reserved(self) -> int:
        return len(self.prompt) + self.max_tokens

    @property
    def remaining_prompt(self) -> int:
        return max(0, len(self.prompt) - self.cached)


@dataclass(frozen=True, slots=True)
class Planned:
    """One chunk of a step and whose it is."""

    sequence: Sequence
    chunk: Chunk


class QueueFull(Exception):
    """The waiting queue is at its bound."""


class TooLarge(Exception):
    """The sequence needs more KV tokens than there are in all."""


class Scheduler:
    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self._waiting: deque[Sequence] = deque()
        self._admitted: list[Sequence] = []
        self._running: dict[str, Sequence] = {}
        self._free_slots = list(range(limits.max_sequences - 1, -1, -1))
        self._reserved = 0
        self._arrivals = 0

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def waiting(self) -> int:
        return len(self._waiting)

    @property
    def kv_tokens_reserved(self) -> int:
        return self._reserved

    def idle_faults(self) -> list[str]:
        """What is left over when no sequence is there."""
        found: list[str] = []
        if self._running or self._waiting or self._reserved:
            found.append(f"{self.running} run, {self.waiting} wait and {self._reserved} tokens are reserved")
        if sorted(self._free_slots) != list(range(self.limits.max_sequences)):
            found.append(f"the free slots are {sorted(self._free_slots)} of {self.limits.max_sequences}")
        return found

    def sequences(self) -> Iterator[Sequence]:
        """Running ones, then waiting ones, each in order of arrival."""
        yield from list(self._running.values())
        yield from list(self._waiting)

    def add(self, sequence: Sequence) -> None:
        """Queue a new sequence, and admit it at once if it fits.

        Raises `TooLarge` when it can never fit, `QueueFull` when it would have to wait and the queue is at its bound.
        The id must not be in use and the prompt not empty.
        """
        if sequence.reserved > self.limits.kv_tokens:
            raise TooLarge
        if len(self._waiting) >= self.limits.max_waiting and (self._waiting or not self._fits(sequence)):
            raise QueueFull
        sequence.arrival = self._arrivals
        self._arrivals += 1
        self._waiting.append(sequence)
        self._admit()

    def remove(self, sequence: Sequence) -> None:
        """End a sequence, running or waiting, and admit others in its place.

        The sequence keeps its counts but loses its slot: note the slot first where it matters.
        """
        if sequence.slot is None:
            self._waiting.remove(sequence)
        else:
            del self._running[sequence.id]
            self._free_slots.append(sequence.slot)
            self._reserved -= sequence.reserved
            sequence.slot = None
        self._admit()

    def admitted(self) -> list[Sequence]:
        """Those that have got a slot since the last call, and still have it."""
        admitted = [sequence for sequence in self._admitted if sequence.slot is not None]
        self._admitted.clear()
        return admitted

    def resume(self, sequence: Sequence, tokens: int) -> None:
        """The cache holds so many tokens of a prompt of which nothing has been read yet."""
        sequence.cached = sequence.resumed = tokens

    def plan(self) -> list[Planned]:
        """The next step: at most one chunk per running sequence, decoding ones first; empty when nothing runs.

        Every chunk returned must be followed by `advance` or its sequence by `remove` before the next plan.
        """
        planned = [self._decode(s) for s in self._running.values() if not s.remaining_prompt]
        planned.extend(self._prefill(s, length) for s, length in self._choose_prompts())
        return planned

    def advance(self, planned: Planned, token: int | None) -> None:
        """The chunk is in the cache; `token` is what was sampled after it, if it asked for one."""
        sequence = planned.sequence
        sequence.cached += len(planned.chunk.tokens)
        if token is not None:
            sequence.sampled += 1
            sequence.newest = token

    def _fits(self, sequence: Sequence) -> bool:
        return bool(self._free_slots) and self._reserved + sequence.reserved <= self.limits.kv_tokens

    def _admit(self) -> None:
        while self._waiting and self._fits(self._waiting[0]):
            sequence = self._waiting.popleft()
            sequence.slot = self._free_slots.pop()
            self._reserved += sequence.reserved
            self._running[sequence.id] = sequence
            self._admitted.append(sequence)

    def _choose_prompts(self) -> list[tuple[Sequence, int]]:
        """Sequences whose prompt advances in this step, with the lengths of their pieces."""
        unfinished = [s for s in self._running.values() if s.remaining_prompt]
        chosen: list[tuple[Sequence, int]] = []
        left = self.limits.prefill_tokens
        youngest = -1
        for sequence in sorted(unfinished, key=_urgency):
            length = self._piece(sequence)
            if length > left:
                break
            left -= length
            youngest = max(youngest, sequence.arrival)
            chosen.append((sequence, length))
        served = {id(s) for s, _ in chosen}
        for sequence in unfinished:
            passed_over = id(sequence) not in served and sequence.arrival < youngest
            sequence.overtaken = sequence.overtaken + 1 if passed_over else 0
        return chosen

    def _piece(self, sequence: Sequence) -> int:
        unit = self.limits.prefill_tokens
        if sequence.all_logits:
            unit = min(unit, LOGITS_CHUNK)
        piece = min(unit - sequence.cached % unit, sequence.remaining_prompt)
        return min(piece, sequence.stem - sequence.cached) if sequence.cached < sequence.stem else piece

    def _prefill(self, sequence: Sequence, length: int) -> Planned:
        start = sequence.cached
        tokens = sequence.prompt[start : start + length]
        sample = start + length == len(sequence.prompt) and sequence.max_tokens > 0
        return Planned(sequence, Chunk(_slot(sequence), start, tokens, sample, sequence.all_logits, prompt=True))

    def _decode(self, sequence: Sequence) -> Planned:
        if sequence.newest is None:
            raise ValueError(f"sequence {sequence.id!r} has nothing left to compute and was not removed")
        return Planned(sequence, Chunk(_slot(sequence), sequence.cached, [sequence.newest], sample=True))


def _urgency(sequence: Sequence) -> tuple[int, int, int]:
    if sequence.overtaken >= PATIENCE:
        return (0, 0, sequence.arrival)
    return (1, sequence.remaining_prompt, sequence.arrival)


def _slot(sequence: Sequence) -> int:
    if sequence.slot is None:
        raise ValueError(f"sequence {sequence.id!r} is not running")
    return sequence.slot
