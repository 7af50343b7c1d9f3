"""nemoserve's engine below its core: a model and a cache, stepped by hand. Knows the runner; measures nothing."""

from __future__ import annotations

from pathlib import Path

from nemoserve.engine.batch import Chunk
from nemoserve.engine.cache import Cache
from nemoserve.engine.models import Model
from nemoserve.engine.runner import Runner

PIECE = 512
"""Prompt tokens per step, as the scheduler cuts them by default."""


class Own:
    """Sequences in slots 0, 1, 2, ... of equal length."""

    def __init__(self, model: Model, sequences: int, tokens: int, folder: Path) -> None:
        """Room for `tokens` tokens of all sequences together. `folder`: the checkpoint that the model was loaded from."""
        self.model = model
        self.cache: Cache = model.new_cache(sequences, tokens)
        self.runner = Runner(model, self.cache)
        self.length = 0
        self.weight_bytes = _weight_bytes(model, folder)
        self._slots: list[int] = []

    def prefill(self, prompts: list[list[int]]) -> None:
        """Reads prompts of equal length."""
        self.clear()
        for slot, ids in enumerate(prompts):
            for start in range(0, len(ids), PIECE):
                piece = ids[start : start + PIECE]
                last = start + len(piece) == len(ids)
                logits = self.runner.step([Chunk(slot, start, piece, sample=last)])
                if last:
                    logits.numpy().argmax(-1)
        self.length = len(prompts[0])
        self._slots = list(range(len(prompts)))

    def decode(self, steps: int) -> None:
        """So many further tokens of each sequence, the same ones whatever the model says."""
        for _ in range(steps):
            logits = self.runner.step([Chunk(slot, self.length, [17], sample=True) for slot in self._slots])
            logits.numpy().argmax(-1)
            self.length += 1

    def clear(self) -> None:
        """Forgets all sequences."""
        for slot in self._slots:
            self.cache.release(slot)
        self._slots = []


def _weight_bytes(model: Model, folder: Path) -> int:
    """What a decode step reads of them: all but the embeddings, of which it takes a row."""
    config = model.config
    embeddings = 0 if config.tie_word_embeddings else config.vocab_size * config.hidden_size
    if config.quantised_group:  # embeddings of 8 bits with a scale of 2 bytes for each group
        stored = sum(file.stat().st_size for file in folder.glob("*.safetensors"))
        return stored - embeddings * (config.quantised_group + 2) // config.quantised_group
    return (model.parameters - embeddings) * model.dtype.itemsize
