"""Compiles the kernels as their functions launch them, for GPUs that need not be there, and prints what each takes.

`python -m tests.unit.engine.gpu.compiled 80 90` prints a line of JSON for each kernel and compute capability. The functions get
tensors without memory at the sizes of Nemotron Nano 9B v2, and each launch ends after the compiling. All are launched twice.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import torch
import triton
from triton.backends.compiler import GPUTarget
from triton.runtime import driver
from triton.runtime.jit import JITFunction

from nemoserve.engine.gpu import activations, conv, norm, paged_attention, rope, scan

TOOL = Path(triton.__file__).parent / "backends/nvidia/bin/cuobjdump"
ROWS, LENGTH = 4, 300
HIDDEN, MLP = 4480, 15680
GROUPS, HEADS, HEAD_DIM, STATE, KERNEL = 8, 128, 80, 128, 4
QUERIES, KV_HEADS, WIDTH, LAYERS = 40, 8, 128, 4
INNER = HEADS * HEAD_DIM
CHANNELS = INNER + 2 * GROUPS * STATE


class Driver:
    """Tells Triton of a GPU."""

    def __init__(self, capability: int) -> None:
        self.capability = capability

    def get_current_target(self) -> Any:
        return GPUTarget("cuda", self.capability, 32)

    def get_current_device(self) -> int:
        return self.capability

    def get_current_stream(self, device: int) -> int:
        return 0


def of(*shape: int, dtype: torch.dtype = torch.bfloat16) -> torch.Tensor:
    return torch.empty(shape, dtype=dtype, device="meta")


def numbers(*shape: int) -> torch.Tensor:
    return of(*shape, dtype=torch.float32)


def launch_all(begin: int) -> None:
    """With slots, lengths and positions from such a place of a step's numbers on."""
    rows = of(begin + ROWS, dtype=torch.int64)[begin:]
    width = INNER + CHANNELS + HEADS
    token, run = of(ROWS, width), of(LENGTH, width)
    conv.conv_step(token, INNER, numbers(ROWS, KERNEL, CHANNELS), rows, numbers(KERNEL, CHANNELS))
    conv.conv_run(run, INNER, numbers(KERNEL, CHANNELS), numbers(KERNEL, CHANNELS))
    states = numbers(ROWS, GROUPS, STATE, INNER // GROUPS)
    per_head = INNER + CHANNELS, numbers(HEADS), numbers(HEADS), numbers(HEADS), None
    sizes = GROUPS, HEADS, HEAD_DIM, STATE
    scan.state_step(numbers(ROWS, CHANNELS), token, *per_head, states, rows, *sizes)
    scan.scan_run(numbers(LENGTH, CHANNELS), run, *per_head, states[0], *sizes)
    norm.gated_norm(numbers(ROWS, INNER), token, numbers(INNER), 1e-5, GROUPS, torch.bfloat16)
    norm.rms_norm(of(ROWS, HIDDEN), numbers(HIDDEN), 1e-5, True, torch.bfloat16)
    activations.squared_relu_(of(ROWS, MLP))
    activations.silu_and_multiply(of(ROWS, 2 * MLP))
    qkv = of(ROWS, QUERIES + 2 * KV_HEADS, WIDTH)
    angles = numbers(1000, WIDTH // 2)
    rope.turn(qkv[:, : QUERIES + KV_HEADS], angles, angles, rows)
    q, k, v = qkv.split((QUERIES, KV_HEADS, KV_HEADS), 1)
    pages = of(16, LAYERS * KV_HEADS, paged_attention.PAGE, WIDTH)
    step = of(ROWS, 32, dtype=torch.int32), rows, rows
    paged_attention.write(k, v, pages, pages, KV_HEADS, *step)
    for splits in (1, 17):
        paged_attention.attend(q, pages, pages, KV_HEADS, KV_HEADS, *step, splits)


def main(capabilities: list[int]) -> None:
    compile_and_launch = JITFunction.run

    def compile_only(self: Any, *arguments: Any, grid: Any, warmup: bool, **constants: Any) -> None:
        kernel = compile_and_launch(self, *arguments, grid=grid, warmup=True, **constants)
        with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
            file.write(kernel.asm["cubin"])
            file.flush()
            usage = subprocess.run([TOOL, "-res-usage", file.name], capture_output=True, text=True, check=True).stdout
        found = re.search(r"REG:(\d+) STACK:(\d+)", usage)
        assert found is not None, usage
        print(
            json.dumps(
                {
                    "capability": driver.active.get_current_device(),
                    "kernel": f"{self.fn.__module__.rpartition('.')[2]}.{self.fn.__name__}",
                    "variant": kernel.hash,
                    "shared": kernel.metadata.shared,
                    "registers": int(found[1]),
                    "stack": int(found[2]),
                }
            )
        )

    JITFunction.run = compile_only
    for capability in capabilities:
        driver.set_active(Driver(capability))
        for begin in (0, 1):
            launch_all(begin)


if __name__ == "__main__":
    main([int(capability) for capability in sys.argv[1:]])
