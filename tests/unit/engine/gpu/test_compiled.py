"""Every kernel compiles for the GPUs of interest and fits into them, at the sizes of Nemotron Nano 9B v2."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[4]
SHARED = {80: 163, 89: 99, 90: 227, 120: 99}
"""KiB of shared memory that a program may have (CUDA C++ Programming Guide, technical specifications)."""
KERNELS = {
    "activations._silu_and_multiply",
    "activations._squared_relu",
    "conv._run",
    "conv._step",
    "norm._gated",
    "norm._plain",
    "paged_attention._attend",
    "paged_attention._merge",
    "paged_attention._write",
    "rope._turn",
    "scan._run",
    "scan._step",
}


@pytest.mark.slow
@pytest.mark.parametrize("capability", SHARED)
def test_kernels_compile_and_fit(capability: int, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if name != "TRITON_INTERPRET"}
    done = subprocess.run(
        [sys.executable, "-m", "tests.unit.engine.gpu.compiled", str(capability)],
        cwd=ROOT,
        env=environment | {"TRITON_CACHE_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    assert {line["kernel"] for line in lines} == KERNELS
    variants = [line["variant"] for line in lines]
    half = len(variants) // 2
    assert variants[:half] == variants[half:], "a request would wait for a compiler because of where its slots lie"
    for line in lines:
        assert line["shared"] <= SHARED[capability] * 1024, line
        # A few registers too many for the scan; hundreds would be a loop that lives in memory.
        assert line["stack"] <= 256, line
