"""Which family a hosted model is of, by its id. Knows names; the families themselves are in `types/families.py`."""

from __future__ import annotations

import re
from typing import Final

from nemoserve.types.families import (
    FAMILIES,
    LLAMA_V1,
    LLAMA_V1_5,
    LLAMA_V1_NANO,
    NANO_V2,
    NANO_V2_VL,
    NEMOTRON_3,
    NEMOTRON_3_SUPER,
    NEMOTRON_3_ULTRA,
)
from nemoserve.types.model import PLAIN, Family

_BY_NAME: Final[tuple[tuple[re.Pattern[str], Family], ...]] = tuple(
    (re.compile(pattern, re.IGNORECASE), family)
    for pattern, family in (
        (r"nano[-_.](?:9b|12b)[-_.]v2[-_.]vl", NANO_V2_VL),
        (r"nano[-_.](?:9b|12b)[-_.]v2|nemoserve/mini$", NANO_V2),
        (r"nemotron[-_.]super[-_.]49b[-_.]v1[-_.]5", LLAMA_V1_5),
        (r"nemotron[-_.](?:super[-_.]49b|ultra[-_.]253b)", LLAMA_V1),
        (r"llama[-_.0-9]*nemotron[-_.]nano[-_.](?:8b|4b)", LLAMA_V1_NANO),
        (r"nemotron[-_.]3[-_.0-9]*ultra", NEMOTRON_3_ULTRA),
        (r"nemotron[-_.]3[-_.0-9]*super", NEMOTRON_3_SUPER),
        (r"nemotron[-_.]3", NEMOTRON_3),
    )
)


def family_named(name: str) -> Family:
    """The family that the configuration names. Raises KeyError."""
    return {family.name: family for family in FAMILIES}[name]


def family_of_id(*ids: str) -> Family:
    """The family of the first id that tells one; PLAIN if none does."""
    for model in ids:
        for pattern, family in _BY_NAME:
            if pattern.search(model):
                return family
    return PLAIN
