"""How hard a request is, told from the request alone: whether to think, how long, and how large a model to ask.

Scores of named features, with weights from `complexity.json`, which `python -m training.complexity` writes. No model is
asked and nothing is awaited. Whether thinking helps depends on who answers, so a model may have a scorer of its own.
"""

from __future__ import annotations

import functools
import pkgutil
from typing import Literal

import msgspec

from nemoserve.reasoning.complexity_features import features
from nemoserve.reasoning.scores import Linear, Trees
from nemoserve.types.chat import ChatRequest
from nemoserve.types.reasoning import Effort

Thinking = Literal["none", "some", "much"]
Size = Literal["small", "large"]


class Weights(msgspec.Struct, frozen=True):
    """What the file holds."""

    think: Linear
    """Whether thinking is worth its while, for a model of ordinary abilities."""
    much: Linear
    """Whether it should not be limited."""
    large: Linear
    """Whether a large model should answer."""
    own: dict[str, Trees] = {}
    """For models that were measured, by id: what thinking with low effort gains over answering at once, less what it costs."""


class Decision(msgspec.Struct, frozen=True):
    """What to do with a request, and why."""

    thinking: Thinking
    effort: Effort | None
    """How much, where it is to be limited."""
    measured: bool
    """The model was asked for such efforts, and its answers were counted: nothing else need limit its thinking."""
    size: Size
    think_probability: float
    """How sure it is that thinking is worth its while."""
    large_probability: float
    thinking_reasons: tuple[str, ...] = ()
    size_reasons: tuple[str, ...] = ()


def decide(request: ChatRequest, model: str = "") -> Decision:
    """What this request needs, of `model` where that is known already. Takes less than a millisecond, however long the request."""
    weights, found = _weights(), features(request)
    own = weights.own.get(model)
    if own is None:
        think, much = weights.think.judge(found), weights.much.judge(found).yes
    else:
        think, much = own.judge(found), False
    large = weights.large.judge(found)
    some: Effort = "medium" if own is None else "low"
    return Decision(
        thinking="none" if not think.yes else "much" if much else "some",
        effort=some if think.yes and not much else None,
        measured=own is not None,
        size="large" if large.yes else "small",
        think_probability=think.probability,
        large_probability=large.probability,
        thinking_reasons=think.reasons,
        size_reasons=large.reasons,
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


@functools.cache
def _weights() -> Weights:
    data = pkgutil.get_data("nemoserve.reasoning", "complexity.json")
    assert data is not None
    return msgspec.json.decode(data, type=Weights)
