"""Two kinds of scores of named features, and what each feature adds to them. Knows numbers; not what they are for.

A score above 0 is a yes. What a feature adds is told for people, so both kinds can say why.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import msgspec

STRONGEST = 3
_LEAST = 0.05
"""Of the odds' logarithm: less is not worth a word."""


class Verdict(msgspec.Struct, frozen=True):
    """A score as the logarithm of the odds for a yes, and the features that speak most for the verdict, strongest first."""

    score: float
    reasons: tuple[str, ...]

    @property
    def yes(self) -> bool:
        return self.score > 0

    @property
    def probability(self) -> float:
        return 1 / (1 + math.exp(-max(-30.0, min(30.0, self.score))))


class Linear(msgspec.Struct, frozen=True):
    """A sum: `bias`, and for each feature its weight times what it is above its mean."""

    bias: float
    weights: dict[str, tuple[float, float]]
    """By the feature's name: weight and mean."""

    def judge(self, found: Mapping[str, float]) -> Verdict:
        parts = {name: weight * (found.get(name, 0.0) - mean) for name, (weight, mean) in self.weights.items()}
        return _verdict(self.bias + sum(parts.values()), parts, found)


class Trees(msgspec.Struct, frozen=True):
    """The sum of small decision trees. A node's children stand side by side; what a split adds is the change of the mean."""

    scale: float
    """Makes the sum the logarithm of odds."""
    names: list[str]
    roots: list[int]
    feature: list[int]
    """By node, as the next three: which of `names` is asked; -1 at a leaf."""
    above: list[float]
    """To the right if the feature is above."""
    left: list[int]
    mean: list[float]

    def judge(self, found: Mapping[str, float]) -> Verdict:
        values = [found.get(name, 0.0) for name in self.names]
        parts = [0.0] * len(values)
        score, feature, above, left, mean = 0.0, self.feature, self.above, self.left, self.mean
        for node in self.roots:
            while (asked := feature[node]) >= 0:
                child = left[node] + (values[asked] > above[node])
                parts[asked] += mean[child] - mean[node]
                node = child
            score += mean[node]
        added = {name: self.scale * part for name, part in zip(self.names, parts, strict=True)}
        return _verdict(self.scale * score, added, found)


def _verdict(score: float, parts: Mapping[str, float], found: Mapping[str, float]) -> Verdict:
    speaking = [(part, name) for name, part in parts.items() if (part > 0) == (score > 0) and abs(part) > _LEAST]
    speaking.sort(key=lambda pair: -abs(pair[0]))
    return Verdict(
        score,
        tuple(f"{name if found.get(name) else 'no ' + name} {part:+.1f}" for part, name in speaking[:STRONGEST]),
    )
