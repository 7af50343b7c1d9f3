"""Bias and penalties on logits, for many sequences at once. Knows which tokens a sequence has seen; does not sample.

The order is vLLM's: logit bias, then repetition, then frequency and presence. As there and in the OpenAI API, frequency and
presence count the reply's tokens, repetition also the prompt's (Keskar et al., "CTRL", 2019, section 4.1).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

from nemoserve.engine.protocol import Sampling
from nemoserve.engine.typed import from_array

_LEAST_REPETITION = 2.0**-64
"""A smaller one would make infinities of logits."""


class Adjustments:
    """One sequence's bias and penalties, and the tokens they apply to. The seen tokens grow by `observe`."""

    def __init__(self, sampling: Sampling, prompt: list[int]) -> None:
        self.repetition = max(_LEAST_REPETITION, sampling.repetition_penalty)
        self.frequency = sampling.frequency_penalty
        self.presence = sampling.presence_penalty
        self.penalised = self.repetition != 1.0 or self.frequency != 0.0 or self.presence != 0.0
        self.bias_ids: npt.NDArray[np.int64] = np.fromiter(sampling.logit_bias.keys(), np.int64)
        self.bias_values: npt.NDArray[np.float32] = np.fromiter(sampling.logit_bias.values(), np.float32)
        seen = sorted(set(prompt)) if self.repetition != 1.0 else []
        self._place = {token: i for i, token in enumerate(seen)}
        self._ids: npt.NDArray[np.int64] = np.asarray(seen, np.int64)
        self._counts: npt.NDArray[np.float32] = np.zeros(len(seen), np.float32)

    @property
    def active(self) -> bool:
        return self.penalised or len(self.bias_ids) > 0

    @property
    def seen(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float32]]:
        """Distinct tokens, and how often each is in the reply (0: in the prompt alone)."""
        n = len(self._place)
        return self._ids[:n], self._counts[:n]

    def observe(self, token: int) -> None:
        """`token` has been added to the reply."""
        if not self.penalised:
            return
        place = self._place.setdefault(token, len(self._place))
        if place >= len(self._ids):
            grown = max(64, 2 * len(self._ids))
            self._ids = np.resize(self._ids, grown)
            self._counts = np.concatenate([self._counts, np.zeros(grown - len(self._counts), np.float32)])
        self._ids[place] = token
        self._counts[place] += 1


def adjust(logits: torch.Tensor, rows: list[Adjustments]) -> None:
    """Change float32 `logits` [rows, vocabulary] in place. Token ids must lie within the vocabulary."""
    flat = logits.view(-1)
    vocabulary = logits.shape[1]
    biased = [(i, row) for i, row in enumerate(rows) if len(row.bias_ids)]
    if biased:
        index = np.concatenate([row.bias_ids + i * vocabulary for i, row in biased])
        values = np.concatenate([row.bias_values for _, row in biased])
        where = from_array(index).to(logits.device)
        flat[where] += from_array(values).to(logits.device)
    penalised = [(i, row, *row.seen) for i, row in enumerate(rows) if row.penalised]
    if not any(len(ids) for _, _, ids, _ in penalised):
        return
    lengths = [len(ids) for _, _, ids, _ in penalised]
    where = from_array(np.concatenate([ids + i * vocabulary for i, _, ids, _ in penalised])).to(logits.device)
    counts = from_array(np.concatenate([counts for *_, counts in penalised])).to(logits.device)

    def spread(values: list[float]) -> torch.Tensor:
        return from_array(np.repeat(np.asarray(values, np.float32), lengths)).to(logits.device)

    repetition = spread([row.repetition for _, row, _, _ in penalised])
    seen = flat[where]
    seen = torch.where(seen > 0, seen / repetition, seen * repetition)
    seen -= spread([row.frequency for _, row, _, _ in penalised]) * counts
    seen -= spread([row.presence for _, row, _, _ in penalised]) * (counts > 0)
    flat[where] = seen
