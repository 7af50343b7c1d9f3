"""How many examples property tests try: all in `make test`, fewer in `make check`. The same ones every time, on any machine."""

from __future__ import annotations

import os
from collections.abc import Sequence

from hypothesis import HealthCheck, settings

_PART = 8
_USUAL, _FEWEST = 100, 15
_QUICK = os.environ.get("NEMOSERVE_TEST_QUICK") == "1"
"""Set by `make check`."""


def examples(most: int, *, suppress: Sequence[HealthCheck] = ()) -> settings:
    """The decorator of a test that tries `most` examples, or a part of them."""
    return settings(max_examples=_some(most), deadline=None, derandomize=True, suppress_health_check=suppress)


def _some(most: int) -> int:
    return max(min(most, _FEWEST), most // _PART) if _QUICK else most


settings.register_profile("nemoserve", max_examples=_some(_USUAL), deadline=None, derandomize=True)
settings.load_profile("nemoserve")
