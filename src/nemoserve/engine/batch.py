"""One step's work, as the scheduler hands it to the model runner. Knows counts, ids and slots; no torch, no text."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Chunk:
    """A run of tokens of one sequence: a piece of its prompt, or the one token sampled last.

    `slot` names the sequence's place in the cache; `start` is how many of its tokens the cache already holds (0 clears
    the slot's states first). `all_logits` asks for logits of every token of the run rather than of the last one;
    `sample` is False for a piece of prompt that is not the last piece (no logits needed then unless `all_logits`).
    """

    slot: int
    start: int
    tokens: list[int]
    sample: bool
    all_logits: bool = False
    prompt: bool = False
    """A piece of a prompt also where it is a single token, which is then computed as in a longer piece."""
