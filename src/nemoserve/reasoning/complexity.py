"""How hard a request is, told from the request alone: whether to think, how long, and how large a model to ask.

Linear scores of named features, with weights from `complexity.json`, which `python -m training.complexity` writes. No model is
asked and nothing is awaited. Whether thinking helps depends on who answers, so a model may have a scorer of its own.
"""

from __future__ import annotations

import functools
import math
import pkgutil
from collections.abc import Mapping
from typing import Literal

import msgspec

from nemoserve.reasoning.complexity_features import features
from nemoserve.types.chat import ChatRequest
from nemoserve.types.reasoning import Effort

Thinking = Literal["none", "some", "much"]
Size = Literal["small", "large"]

_STRONGEST = 3
_TIMES = " × "
"""Between the names of two features whose product is a feature."""


class Scorer(msgspec.Struct, frozen=True):
    """The logarithm of the odds for a yes: `bias` and, for each feature, its weight times what it is above its mean."""

    bias: float
    weights: dict[str, tuple[float, float]]
    """By the feature's name: weight and mean."""

    def score(self, found: Mapping[str, float]) -> float:
        return self.bias + sum(weight * (_of(found, name) - mean) for name, (weight, mean) in self.weights.items())

    def strongest(self, found: Mapping[str, float], *, yes: bool) -> tuple[str, ...]:
        """The features that speak most for the verdict, each with what it adds to the score."""
        parts = ((weight * (_of(found, name) - mean), name) for name, (weight, mean) in self.weights.items())
        speaking = sorted(
            (part for part in parts if (part[0] > 0) == yes and abs(part[0]) > 0.05), key=lambda p: -abs(p[0])
        )
        return tuple(
            f"{name if _of(found, name) else 'no ' + name} {value:+.1f}" for value, name in speaking[:_STRONGEST]
        )


class Weights(msgspec.Struct, frozen=True):
    """What the file holds."""

    think: Scorer
    """Whether thinking is worth its while, for a model of ordinary abilities."""
    much: Scorer
    """Whether it should not be limited."""
    large: Scorer
    """Whether a large model should answer."""
    own: dict[str, Scorer] = {}
    """`think` for models that were measured, by id."""


class Decision(msgspec.Struct, frozen=True):
    """What to do with a request, and why."""

    thinking: Thinking
    effort: Effort | None
    """How much, where it is to be limited."""
    size: Size
    think_probability: float
    """How sure it is that thinking is worth its while."""
    large_probability: float
    thinking_reasons: tuple[str, ...] = ()
    size_reasons: tuple[str, ...] = ()


def decide(request: ChatRequest, model: str = "") -> Decision:
    """What this request needs, of `model` where that is known already. Takes well under a millisecond, however long the request."""
    weights, found = _weights(), features(request)
    own = weights.own.get(model)
    scorer = weights.think if own is None else own
    think, large = scorer.score(found), weights.large.score(found)
    # A model that was measured finds its own end; a limit in the middle of its working would only cost the answer.
    much = own is not None or weights.much.score(found) > 0
    return Decision(
        thinking="none" if think <= 0 else "much" if much else "some",
        effort="medium" if think > 0 and not much else None,
        size="large" if large > 0 else "small",
        think_probability=_probability(think),
        large_probability=_probability(large),
        thinking_reasons=scorer.strongest(found, yes=think > 0),
        size_reasons=weights.large.strongest(found, yes=large > 0),
    )


def explain(decision: Decision) -> str:
    """The decision in a line for people."""
    odds = round(100 * decision.think_probability)
    large = round(100 * decision.large_probability)
    return (
        f"thinking: {decision.thinking} (worth its while with {odds} %{_because(decision.thinking_reasons)}); "
        f"model: {decision.size} (a large one is called for with {large} %{_because(decision.size_reasons)})"
    )


def _because(reasons: tuple[str, ...]) -> str:
    return f": {', '.join(reasons)}" if reasons else ""


def _of(found: Mapping[str, float], name: str) -> float:
    if _TIMES in name:
        first, _, second = name.partition(_TIMES)
        return found.get(first, 0.0) * found.get(second, 0.0)
    return found.get(name, 0.0)


def _probability(score: float) -> float:
    return 1 / (1 + math.exp(-max(-30.0, min(30.0, score))))


@functools.cache
def _weights() -> Weights:
    data = pkgutil.get_data("nemoserve.reasoning", "complexity.json")
    assert data is not None
    return msgspec.json.decode(data, type=Weights)
