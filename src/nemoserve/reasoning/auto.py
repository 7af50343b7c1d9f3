"""What "auto" comes to: a model among those that are served, and an intent without open ends. Knows names and sizes; no weights.

What a caller says always goes before what is decided: a switch in a field, then one in the text, a level, a number.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Final

import msgspec

from nemoserve.catalogue.names import split_variant
from nemoserve.reasoning.complexity import Decision, Size, decide, explain
from nemoserve.types.chat import ChatRequest, Notice

AUTO_MODELS: Final = ("nemoserve/auto", "openrouter/auto")
TOY_BILLIONS = 0.1
"""Models below are there to try things: they are asked last."""

_BILLIONS = re.compile(r"(?<![a-z\d.])(\d+(?:\.\d+)?)b(?![a-z\d])")
_BY_NAME: Final = (("ultra", 253.0), ("super", 49.0), ("nano", 9.0), ("mini", 0.005))


def wants_auto(request: ChatRequest) -> bool:
    """Whether the model is to be chosen here."""
    return any(_is_auto(name) for name in request.models)


def choose_model(
    request: ChatRequest, served: Callable[[str], Sequence[str]]
) -> tuple[ChatRequest, tuple[Notice, ...]]:
    """The request with the ids of models in place of `nemoserve/auto`: the best choice first, all others after it.

    `served` are the ids of the models that could answer under a variant, which stays behind each of them. Whether and how long to think is then decided too, where the request
    says nothing of it. Without `nemoserve/auto` the request is as it was.
    """
    if not wants_auto(request):
        return request, ()
    decision = decide(request)
    models: list[str] = []
    for name in request.models:
        if _is_auto(name):
            _, variant = split_variant(name.strip())
            chosen = by_size(served(variant), decision.size)
            models += (f"{model}:{variant}" for model in chosen) if variant else chosen
        else:
            models.append(name)
    # Which of them answers is routing's to say, as the request's other wishes may leave any of them out.
    first = "largest" if decision.size == "large" else "smallest"
    text = f"Models were put in order from the {first} on. {explain(decision)}."
    intent = msgspec.structs.replace(request.reasoning, auto=True)
    return msgspec.structs.replace(request, models=tuple(dict.fromkeys(models)), reasoning=intent), (
        Notice("auto_model", text, "model"),
    )


def by_size(models: Sequence[str], size: Size) -> tuple[str, ...]:
    """Ids in the order in which they are asked: from the smallest or from the largest on, then those of unknown size, toys last."""

    def place(model: str) -> tuple[int, float]:
        known = billions(model)
        if known is None:
            return 1, 0.0
        return (2, 0.0) if known < TOY_BILLIONS else (0, -known if size == "large" else known)

    return tuple(sorted(models, key=place))


def billions(model: str) -> float | None:
    """A model's parameters in billions, by its id: `…-9b-v2`, `…-30b-a3b` (all of them count), else by the family's word for it."""
    name = model.lower().replace("_", "-")
    sizes = _BILLIONS.findall(name)
    if sizes:
        return float(sizes[0])
    return next((size for word, size in _BY_NAME if re.search(rf"(?<![a-z]){word}(?![a-z])", name)), None)


def decide_thinking(request: ChatRequest, model: str, said: bool | None) -> tuple[ChatRequest, tuple[Notice, ...]]:
    """The request with its intent's open ends decided for this model, and a notice that says what and why.

    `said` is what a switch in the text says.

    As it was where nothing asks for that, or where all has been said: in a field, in the text, or by a reply that is begun.
    """
    intent = request.reasoning
    if not intent.auto:
        return request, ()
    decision = decide(request, model)
    enabled = said if intent.enabled is None else intent.enabled
    if enabled is None and request.messages[-1].role == "assistant":
        return request, ()
    open_ = enabled is None
    if open_:
        enabled = decision.thinking != "none"
    limited = intent.effort is not None or intent.max_tokens is not None
    effort = decision.effort if enabled and not limited else intent.effort
    if not open_ and effort == intent.effort:
        return request, ()
    shares = effort == intent.effort or not decision.measured
    decided = msgspec.structs.replace(intent, enabled=enabled, effort=effort, effort_shares=shares)
    return msgspec.structs.replace(request, reasoning=decided), (_notice(decision, effort if enabled else "none"),)


def _notice(decision: Decision, effort: str | None) -> Notice:
    what = {"none": "off", None: "on"}.get(effort, f"on, effort {effort}")
    return Notice("auto_reasoning", f"Thinking was decided to be {what}. {explain(decision)}.", "reasoning")


def _is_auto(name: str) -> bool:
    return split_variant(name.strip())[0].lower() in AUTO_MODELS
