"""Whether matrix products in bfloat16 are faster than in float32 here. Knows devices, no model."""

from __future__ import annotations

import functools

import torch


@functools.cache
def fast_bfloat16(device: torch.device) -> bool:
    """Every GPU that trains, and CPUs with bfloat16 instructions (AVX512-BF16, AMX); elsewhere bfloat16 is emulated."""
    if device.type != "cpu":
        return True
    return any(
        getattr(torch.cpu, name, lambda: False)() for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )
