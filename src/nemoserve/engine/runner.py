"""Runs one scheduled step on a model and its cache. Knows chunks and logits; not how chunks were chosen, nor sampling."""

from __future__ import annotations

import torch

from nemoserve.engine.batch import Chunk
from nemoserve.engine.cache import Cache, StepPlan
from nemoserve.engine.gpu.graphs import DecodeGraphs, Recorder
from nemoserve.engine.models import Model

_WARM_UP = 2


class Runner:
    """One model with one cache, used by one thread."""

    def __init__(self, model: Model, cache: Cache) -> None:
        self.model = model
        self.cache = cache
        self._graphs: DecodeGraphs | None = None

    def record(self, recorder: Recorder) -> None:
        """For a GPU, with an empty cache: from now on steps without prompts are recordings, unless a layer has to look at values on the way, and
        kernels for prompts are compiled already."""
        if self.model.recordable:
            with torch.inference_mode():
                most, device = self.cache.max_sequences, self.model.device
                self._graphs = DecodeGraphs(self._computed, most, device, recorder)
        for start in (0, _WARM_UP):  # one that begins a sequence, and one that goes on
            self.step([Chunk(0, start, [0] * _WARM_UP, sample=True)])
        self.cache.release(0)

    def step(self, chunks: list[Chunk]) -> torch.Tensor:
        """Advance every chunk's sequence by its tokens; decode tokens of many sequences go through the model together.

        Returns float32 logits [rows, vocabulary], in the order of the chunks: a row per token of a chunk with
        `all_logits`, one row (after its last token) for another chunk with `sample`, none otherwise.

        Raises ValueError, with the cache unchanged, when a chunk does not continue what its slot holds. After any other
        error the sequences of the step must be released, as their states may be half advanced; all others are intact.
        """
        with torch.inference_mode():
            plan = self.cache.prepare(chunks)
            if not len(plan.ids):
                return torch.empty((0, self.model.config.vocab_size), device=self.model.device)
            if self._graphs is not None and not plan.runs:
                logits = self._graphs.logits(plan)
                self.cache.commit(chunks)
                return logits if plan.wanted is None else logits[self._rows(plan.wanted)]
            hidden = self.model.hidden(plan, self.cache)
            self.cache.commit(chunks)
            return self.model.logits(hidden if plan.wanted is None else hidden[self._rows(plan.wanted)])

    def _computed(self, plan: StepPlan) -> torch.Tensor:
        return self.model.logits(self.model.hidden(plan, self.cache))

    def _rows(self, wanted: list[int]) -> torch.Tensor:
        return torch.tensor(wanted, dtype=torch.int64, device=self.model.device)
