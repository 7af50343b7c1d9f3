"""Turns queries and keys by their positions, with angles worked out beforehand (`layers/rope.py`). Knows no caches."""

from __future__ import annotations

import torch

from nemoserve.engine.gpu.language import blocks, constexpr, jit, power_of_two, rows_of, tensor, tl

_HEADS = 8
"""Heads per program, which share the token's angles; with 64 pairs each, four pairs for each of its threads."""


def turn(x: torch.Tensor, cosines: torch.Tensor, sines: torch.Tensor, positions: torch.Tensor) -> torch.Tensor:
    """x [tokens, heads, head_dim] of any float dtype to the same shape and dtype; heads and tokens of x may lie apart.

    Pairs are (i, i + head_dim / 2), as Hugging Face checkpoints have them. cosines and sines [places, head_dim / 2] float32;
    positions [tokens] int64, each below `places`.
    """
    tokens, heads, head_dim = x.shape
    out = torch.empty((tokens, heads, head_dim), dtype=x.dtype, device=x.device)
    half = head_dim // 2
    if tokens:
        _turn[(tokens, blocks(heads, _HEADS))](
            x,
            cosines,
            sines,
            positions,
            out,
            rows_of(x),
            x.stride(1),
            heads=heads,
            half=half,
            block=_HEADS,
            pairs=power_of_two(half),
        )
    return out


@jit("positions")
def _turn(
    x: tensor,
    cosines: tensor,
    sines: tensor,
    positions: tensor,
    out: tensor,
    token_stride: tensor,
    head_stride: tensor,
    heads: constexpr,
    half: constexpr,
    block: constexpr,
    pairs: constexpr,
) -> None:
    token = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1) * block + tl.arange(0, block)[:, None]
    pair = tl.arange(0, pairs)[None, :]
    there = (head < heads) & (pair < half)
    angle = tl.load(positions + token) * half + pair
    cosine = tl.load(cosines + angle, mask=pair < half, other=0.0)
    sine = tl.load(sines + angle, mask=pair < half, other=0.0)
    source = x + token * token_stride + head * head_stride + pair
    first = tl.load(source, mask=there, other=0.0).to(tl.float32)
    second = tl.load(source + half, mask=there, other=0.0).to(tl.float32)
    target = out + (token * heads + head) * (2 * half) + pair
    tl.store(target, (first * cosine - second * sine).to(out.dtype.element_ty), mask=there)
    tl.store(target + half, (second * cosine + first * sine).to(out.dtype.element_ty), mask=there)
