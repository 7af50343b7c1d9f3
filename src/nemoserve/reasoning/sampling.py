"""What a request left out of its sampling, filled in from the checkpoint and the family. Knows numbers only."""

from __future__ import annotations

import msgspec

from nemoserve.types.chat import Sampling
from nemoserve.types.model import Family, ModelCard, Recommended


def recommended(family: Family, thinking: bool) -> Recommended:
    """The family's own recommendation; without one for direct answers, that for thinking."""
    if not thinking and family.direct is not None:
        return family.direct
    return family.thinking or Recommended()


def with_recommended(asked: Sampling, card: ModelCard, thinking: bool) -> Sampling:
    """The request's sampling with temperature, top_p and top_k set: what it is to be run with, and what was applied.

    A checkpoint's own recommendation (generation_config.json) is for thinking, and goes before the family's there; for direct
    answers the family's goes first, where it has one. A checkpoint that names a temperature and no top_p or top_k means none.
    """
    family = recommended(card.family, thinking)
    temperature, top_p, top_k = card.default_temperature, card.default_top_p, card.default_top_k
    if not thinking and card.family.direct is not None:
        temperature = top_p = top_k = None
    if temperature is None:
        temperature, rest = family.temperature, family
    else:
        rest = Recommended()
    return msgspec.structs.replace(
        asked,
        temperature=temperature if asked.temperature is None else asked.temperature,
        top_p=asked.top_p if asked.top_p is not None else rest.top_p if top_p is None else top_p,
        top_k=asked.top_k if asked.top_k is not None else rest.top_k if top_k is None else top_k,
    )
