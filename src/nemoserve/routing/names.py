"""The models that requests name: ids, aliases, variants, families. Knows the served models' names; no endpoints."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from difflib import get_close_matches
from typing import Final

import msgspec

from nemoserve.catalogue.names import VARIANTS, split_variant
from nemoserve.types.route import Sort

VARIANT_SORTS: dict[str, Sort] = {"nitro": "throughput", "floor": "price", "exacto": "exacto"}
"""Variants that are a sort; any other one but `free` means the model itself."""
UNAPPLIED: Final = frozenset(VARIANTS) - {"free", *VARIANT_SORTS}
"""Variants that are known and change nothing here."""

_LONGEST = 200
"""Of a longer name, no more is compared."""
_SIZE = re.compile(r"(?<![\d.])(\d+(?:\.\d+)?)b(?![a-z])", re.IGNORECASE)


class Asked(msgspec.Struct, frozen=True):
    """A model as a request names it."""

    name: str
    model: str | None
    """In small letters; None: not served."""
    variant: str = ""
    alias: bool = False


class Names:
    """The served models by every name they have, whatever its case."""

    def __init__(
        self, models: Sequence[str], aliases: Mapping[str, str], families: Sequence[Sequence[str]] = ()
    ) -> None:
        """`aliases` are other names, each with its model; `families` are models that may stand in for each other."""
        self._models = {model.lower(): model for model in models}
        self._aliases = {alias.lower(): model.lower() for alias, model in aliases.items()}
        self._families = [[name.lower() for name in family] for family in families]

    @property
    def served(self) -> tuple[str, ...]:
        return tuple(self._models.values())

    def find(self, name: str) -> Asked:
        """What is meant by a name. The whole name goes before a name with a variant, as ids may have colons."""
        wanted = name.strip().lower()
        base, variant = split_variant(wanted)
        for text, suffix in ((wanted, ""), (base, variant)):
            if text in self._models:
                return Asked(name, text, suffix)
            if text in self._aliases:
                return Asked(name, self._aliases[text], suffix, alias=True)
        return Asked(name, None, variant)

    def nearest(self, name: str) -> str | None:
        """The name of a served model that is most like one that nothing has; a slip in a variant is told by the variants."""
        wanted = name[:_LONGEST].strip().lower()
        base, _, slip = wanted.rpartition(":")
        if (meant := self.find(base).model) is not None:
            return ":".join((self._models[meant], *get_close_matches(slip, VARIANTS, 1)))
        found = get_close_matches(wanted, [*self._models, *self._aliases], 1)
        return self._models[self._aliases.get(found[0], found[0])] if found else None

    def relatives(self, model: str) -> list[str]:
        """Models that may answer in the place of one, those to be tried first in front; none where there is no family."""
        for family in self._families:
            if model in family:
                return [other for other in family if other != model and other in self._models]
        if "nemotron" not in model:
            return []
        others = (other for other in self._models if other != model and "nemotron" in other)
        named = {other for family in self._families for other in family}
        return sorted((other for other in others if other not in named), key=lambda other: _distance(model, other))


def _distance(one: str, other: str) -> tuple[float, str]:
    """How far two models are apart in size: nine to twelve billion is nearer than nine to four."""
    sizes = [_SIZE.search(name) for name in (one, other)]
    if sizes[0] is None or sizes[1] is None:
        return math.inf, other
    return abs(math.log(float(sizes[0][1]) / float(sizes[1][1]))), other


def listed(names: Iterable[str]) -> str:
    """Names as a sentence has them; a request may have sent very long ones."""
    return ", ".join(repr(name[:200]) for name in list(names)[:8])
