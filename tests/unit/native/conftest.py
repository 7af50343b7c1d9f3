"""The native library with each of its instruction sets that this machine has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import torch

from nemoserve.native.library import Native, native

SETS = ("plain", "avx2", "avx512-vnni")


@pytest.fixture(params=SETS)
def each_set(request: pytest.FixtureRequest) -> Iterator[Native]:
    found = native()
    assert found is not None, "the tests need a C++ compiler"
    best = found.instruction_set
    if not found.use(request.param):
        pytest.skip(f"this machine has no {request.param}")
    yield found
    found.use(best)


@pytest.fixture(autouse=True)
def _same_numbers() -> None:
    """Every run draws the same ones: an activation that lies halfway between two steps may be rounded either way."""
    torch.manual_seed(0)
