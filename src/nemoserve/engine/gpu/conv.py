"""Mamba's causal convolution with its SiLU, one token of many sequences or a run of one. Knows the states' layout
(`cache.py`); no projections, no recurrence.

A sequence's state [kernel, channels] float32 is what its past tokens contribute to the next kernel - 1 outputs, and the bias
as last entry. A token x adds x * taps[j] to the output j steps later. The oldest token's part is added first in both forms, so
a prompt and its tokens one by one come to the same sums.
"""

from __future__ import annotations

import torch

from nemoserve.engine.gpu.functions import silu
from nemoserve.engine.gpu.language import blocks, constexpr, jit, rows_of, tensor, tl

_STEP_CHANNELS = 128
"""Channels per program of a step: one per thread. 12288 channels make 96 programs for a single sequence."""
_RUN_CHANNELS = 128
_RUN_TOKENS = 16
"""A program's neighbouring tokens share their inputs in the first-level cache: (16 + kernel - 1) rows are fetched for 16."""


def conv_step(
    projected: torch.Tensor, offset: int, conv: torch.Tensor, slots: torch.Tensor, taps: torch.Tensor
) -> torch.Tensor:
    """silu(convolution) [rows, channels] float32 of one token of each of `rows` sequences, whose states advance in place.

    projected [rows, width] of any float dtype has the channels from column `offset` on; conv [slots, kernel, channels] float32;
    slots [rows] int64 says whose state each row advances: none twice, and -1 is padding, whose output is 0; taps
    [kernel, channels] float32, row j is what a token contributes j steps later.
    """
    rows = projected.shape[0]
    kernel, channels = taps.shape
    out = torch.empty((rows, channels), dtype=torch.float32, device=projected.device)
    if rows:
        _step[(rows, blocks(channels, _STEP_CHANNELS))](
            projected,
            conv,
            slots,
            taps,
            out,
            channels,
            offset,
            rows_of(projected),
            conv.stride(0),
            kernel=kernel,
            block=_STEP_CHANNELS,
        )
    return out


def conv_run(projected: torch.Tensor, offset: int, conv: torch.Tensor, taps: torch.Tensor) -> torch.Tensor:
    """silu(convolution) [length, channels] float32 of a run of one sequence's tokens, whose state advances in place.

    As `conv_step`, but conv is the one sequence's [kernel, channels] float32.
    """
    length = projected.shape[0]
    kernel, channels = taps.shape
    out = torch.empty((length, channels), dtype=torch.float32, device=projected.device)
    if not length:
        return out
    # Not into the state at once: the run's first outputs need the old one, and programs finish in any order.
    tail = torch.empty((kernel - 1, channels), dtype=torch.float32, device=projected.device)
    _run[(blocks(length + kernel - 1, _RUN_TOKENS), blocks(channels, _RUN_CHANNELS))](
        projected,
        conv,
        taps,
        out,
        tail,
        length,
        channels,
        offset,
        rows_of(projected),
        kernel=kernel,
        tokens=_RUN_TOKENS,
        block=_RUN_CHANNELS,
    )
    conv[:-1].copy_(tail)
    return out


@jit("slots")
def _step(
    projected: tensor,
    conv: tensor,
    slots: tensor,
    taps: tensor,
    out: tensor,
    channels: tensor,
    offset: tensor,
    row_stride: tensor,
    slot_stride: tensor,
    kernel: constexpr,
    block: constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    column = tl.program_id(1) * block + tl.arange(0, block)
    slot = tl.load(slots + row)
    held = (column < channels) & (slot >= 0)
    x = tl.load(projected + row * row_stride + offset + column, mask=held, other=0.0).to(tl.float32)
    state = conv + slot * slot_stride + column
    now = tl.load(state, mask=held, other=0.0) + x * tl.load(taps + column, mask=held, other=0.0)
    for delay in tl.static_range(1, kernel):
        tap = tl.load(taps + delay * channels + column, mask=held, other=0.0)
        later = tl.load(state + delay * channels, mask=held, other=0.0) + x * tap
        tl.store(state + (delay - 1) * channels, later, mask=held)
    tl.store(out + row * channels + column, silu(now), mask=column < channels)


@jit("length")
def _run(
    projected: tensor,
    conv: tensor,
    taps: tensor,
    out: tensor,
    tail: tensor,
    length: tensor,
    channels: tensor,
    offset: tensor,
    row_stride: tensor,
    kernel: constexpr,
    tokens: constexpr,
    block: constexpr,
) -> None:
    # The kernel - 1 positions past the run are the new state.
    position = (tl.program_id(0).to(tl.int64) * tokens + tl.arange(0, tokens))[:, None]
    column = (tl.program_id(1) * block + tl.arange(0, block))[None, :]
    inside = column < channels
    carried = tl.minimum(position, kernel - 1)
    sums = tl.load(conv + carried * channels + column, mask=inside, other=0.0)
    for age in tl.static_range(kernel):
        delay = kernel - 1 - age
        source = position - delay
        there = inside & (source >= 0) & (source < length)
        x = tl.load(projected + source * row_stride + offset + column, mask=there, other=0.0).to(tl.float32)
        sums += x * tl.load(taps + delay * channels + column, mask=inside, other=0.0)
    tl.store(out + position * channels + column, silu(sums), mask=inside & (position < length))
    left = position - length
    tl.store(tail + left * channels + column, sums, mask=inside & (left >= 0) & (left < kernel - 1))
