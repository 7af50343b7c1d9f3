"""The native library with each of its instruction sets that this machine has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from nemoserve.native.library import Native, native

SETS = ("plain", "avx2", "avx512-vnni", "avx512-bf16")


@pytest.fixture(params=SETS)
def each_set(request: pytest.FixtureRequest) -> Iterator[Native]:
    found = native()
    assert found is not None, "the tests need a C++ compiler"
    best = found.instruction_set
    if not found.use(request.param):
        pytest.skip(f"this machine has no {request.param}")
    yield found
    found.use(best)
