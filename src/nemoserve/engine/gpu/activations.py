"""The MLPs' activations, computed in float32 and rounded once. Knows no projections."""

from __future__ import annotations

import torch

from nemoserve.engine.gpu.functions import silu
from nemoserve.engine.gpu.language import blocks, constexpr, jit, rows_of, tensor, tl

_BLOCK = 1024
"""Elements per program: 16 bytes of bfloat16, the widest load, for each of its 128 threads."""


def squared_relu_(x: torch.Tensor) -> torch.Tensor:
    """max(x, 0)^2 in place; x of any shape and float dtype, without gaps."""
    if not x.is_contiguous():
        raise ValueError("squared_relu_ needs a tensor without gaps")
    if x.numel():
        _squared_relu[(blocks(x.numel(), _BLOCK),)](x, x.numel(), block=_BLOCK)
    return x


def silu_and_multiply(gate_up: torch.Tensor) -> torch.Tensor:
    """silu(gate) * up [rows, width] of the dtype of gate_up [rows, 2 * width], whose left half is the gate."""
    rows, width = gate_up.shape[0], gate_up.shape[1] // 2
    out = torch.empty((rows, width), dtype=gate_up.dtype, device=gate_up.device)
    if rows:
        _silu_and_multiply[(rows, blocks(width, _BLOCK))](gate_up, out, width, rows_of(gate_up), block=_BLOCK)
    return out


@jit("count")
def _squared_relu(x: tensor, count: tensor, block: constexpr) -> None:
    place = tl.program_id(0).to(tl.int64) * block + tl.arange(0, block)
    inside = place < count
    value = tl.load(x + place, mask=inside, other=0.0).to(tl.float32)
    # Not a maximum, which would make 0 of what is no number.
    value = tl.where(value < 0, 0.0, value)
    tl.store(x + place, (value * value).to(x.dtype.element_ty), mask=inside)


@jit()
def _silu_and_multiply(gate_up: tensor, out: tensor, width: tensor, row_stride: tensor, block: constexpr) -> None:
    row = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * block + tl.arange(0, block)
    inside = column < width
    left = gate_up + row * row_stride + column
    gate = tl.load(left, mask=inside, other=0.0).to(tl.float32)
    up = tl.load(left + width, mask=inside, other=0.0).to(tl.float32)
    tl.store(out + row * width + column, (silu(gate) * up).to(out.dtype.element_ty), mask=inside)
