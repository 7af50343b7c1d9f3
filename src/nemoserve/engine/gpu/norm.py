"""Root-mean-square norms in one pass over their input. Knows the gate of Mamba's norm; no layers."""

from __future__ import annotations

import torch

from nemoserve.engine.gpu.functions import silu
from nemoserve.engine.gpu.language import constexpr, jit, power_of_two, rows_of, tensor, tl

_ELEMENTS_PER_WARP = 512
"""16 of each thread's registers: few enough for several programs on a processor, enough loads under way to fill its time."""
_MOST_WARPS = 16


def gated_norm(
    y: torch.Tensor, projected: torch.Tensor, weight: torch.Tensor, epsilon: float, groups: int, dtype: torch.dtype
) -> torch.Tensor:
    """y silu(gate), divided by the root mean square of its part, times the weight: [rows, inner] of `dtype`, rounded once.

    y [rows, inner] float32; projected [rows, width] of any float dtype, whose first `inner` columns are the gate; weight [inner]
    float32; each of `groups` equal parts of a row is normed by itself.
    """
    rows, inner = y.shape
    out = torch.empty((rows, inner), dtype=dtype, device=y.device)
    width = inner // groups
    block, warps = _tile(width)
    if rows:
        _gated[(rows, groups)](
            y,
            projected,
            weight,
            out,
            epsilon,
            rows_of(y),
            rows_of(projected),
            width=width,
            groups=groups,
            block=block,
            num_warps=warps,
        )
    return out


def rms_norm(
    x: torch.Tensor, weight: torch.Tensor, epsilon: float, rounds_first: bool, dtype: torch.dtype
) -> torch.Tensor:
    """x divided by its root mean square, times the weight: [rows, width] of `dtype`.

    x [rows, width] of any float dtype; weight [width] float32. The product is rounded once; with `rounds_first` the normed value
    is rounded to `dtype` before it too.
    """
    rows, width = x.shape
    out = torch.empty((rows, width), dtype=dtype, device=x.device)
    block, warps = _tile(width)
    if rows:
        _plain[(rows,)](
            x, weight, out, epsilon, rows_of(x), width=width, rounds_first=rounds_first, block=block, num_warps=warps
        )
    return out


def _tile(width: int) -> tuple[int, int]:
    """The extent of a program's tile, and how many warps share it."""
    block = power_of_two(width)
    return block, max(1, min(_MOST_WARPS, block // _ELEMENTS_PER_WARP))


@jit()
def _gated(
    y: tensor,
    projected: tensor,
    weight: tensor,
    out: tensor,
    epsilon: tensor,
    y_stride: tensor,
    projected_stride: tensor,
    width: constexpr,
    groups: constexpr,
    block: constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    place = tl.arange(0, block)
    inside = place < width
    column = tl.program_id(1) * width + place
    gate = tl.load(projected + row * projected_stride + column, mask=inside, other=0.0).to(tl.float32)
    x = tl.load(y + row * y_stride + column, mask=inside, other=0.0) * silu(gate)
    scale = tl.rsqrt(tl.sum(x * x, 0) / width + epsilon)
    normed = x * scale * tl.load(weight + column, mask=inside, other=0.0)
    tl.store(out + row * (width * groups) + column, normed.to(out.dtype.element_ty), mask=inside)


@jit()
def _plain(
    x: tensor,
    weight: tensor,
    out: tensor,
    epsilon: tensor,
    row_stride: tensor,
    width: constexpr,
    rounds_first: constexpr,
    block: constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    column = tl.arange(0, block)
    inside = column < width
    value = tl.load(x + row * row_stride + column, mask=inside, other=0.0).to(tl.float32)
    normed = value * tl.rsqrt(tl.sum(value * value, 0) / width + epsilon)
    if rounds_first:
        normed = normed.to(out.dtype.element_ty).to(tl.float32)
    normed *= tl.load(weight + column, mask=inside, other=0.0)
    tl.store(out + row * width + column, normed.to(out.dtype.element_ty), mask=inside)
