"""Mamba-2's recurrence in float32, one token of many sequences or a run of one. Knows the states' layout (`cache.py`); no
weights but the per-head numbers, no convolution, no norm.

The recurrence is that of `layers/ssd.py`, with its D term: for every head h with decay rate A_h < 0,

    S_t = exp(dt_t A) S_{t-1} + B_t (dt_t x_t)^T        y_t = C_t S_t + D x_t        dt_t = softplus(projection + bias)

A group's heads share B and C, and a sequence's states are [groups, state size, heads per group * head_dim].
"""

from __future__ import annotations

import math

import torch

from nemoserve.engine.gpu.functions import time_step
from nemoserve.engine.gpu.language import blocks, constexpr, jit, power_of_two, rows_of, tensor, tl

_STEP_COLUMNS = 32
"""Columns of the state per program of a step: 128 bytes, so that every row of the tile is one whole line of the cache. A state
of 8 x 128 x 1280 makes 320 programs for a single sequence, each with 4096 elements: 32 registers of each of its threads."""
_RUN_COLUMNS = 32
"""Columns of a head per program of a run. The scores are computed again by each of a head's programs, which is what a smaller
number would spend; a larger one leaves processors idle."""
_CHUNK = 64
"""Tokens per chunk: the work within a chunk grows with it, the number of passes over the state falls."""
_ENTRIES = 16
"""Rows of the state, columns of B and C, that a program has in registers at a time; the least that a matrix product takes. More
do not fit: each operand of a product in three parts is there twice."""
_FORGOTTEN = -80.0
"""Exponents below this count as this one, as in `layers/ssd.py`: where e^-80 is all that is left, nothing is."""
_STEP_FORGOTTEN = -1000.0
"""A single step's exponent counts as no less than this. It changes nothing, being below _FORGOTTEN, and no sum of a chunk's
exponents becomes infinite, whose differences would be no numbers."""


def state_step(
    xbc: torch.Tensor,
    projected: torch.Tensor,
    dt_offset: int,
    dt_bias: torch.Tensor,
    a: torch.Tensor,
    d: torch.Tensor,
    limit: tuple[float, float] | None,
    ssm: torch.Tensor,
    slots: torch.Tensor,
    groups: int,
    heads: int,
    head_dim: int,
    state_size: int,
) -> torch.Tensor:
    """y [rows, heads * head_dim] float32 of one token of each of `rows` sequences, whose states advance in place.

    xbc [rows, heads * head_dim + 2 * groups * state size] float32 is x, B and C side by side; projected [rows, width] of any
    float dtype has the heads' step sizes, before bias and softplus, from column `dt_offset` on; dt_bias, a (negative) and d
    [heads] float32; `limit` bounds the step sizes. ssm [slots, groups, state size, group width] float32; slots [rows] int64 says
    whose state each row advances: none twice, and -1 is padding, whose output is 0.
    """
    rows = xbc.shape[0]
    inner = heads * head_dim
    out = torch.empty((rows, inner), dtype=torch.float32, device=xbc.device)
    lowest, highest = limit or (0.0, math.inf)
    width = inner // groups
    if rows:
        _step[(rows, groups, blocks(width, _STEP_COLUMNS))](
            xbc,
            projected,
            dt_bias,
            a,
            d,
            ssm,
            slots,
            out,
            lowest,
            highest,
            rows_of(xbc),
            rows_of(projected),
            dt_offset,
            ssm.stride(0),
            groups=groups,
            width=width,
            head_dim=head_dim,
            state_size=state_size,
            limited=limit is not None,
            states=power_of_two(state_size),
            block=_STEP_COLUMNS,
        )
    return out


def scan_run(
    xbc: torch.Tensor,
    projected: torch.Tensor,
    dt_offset: int,
    dt_bias: torch.Tensor,
    a: torch.Tensor,
    d: torch.Tensor,
    limit: tuple[float, float] | None,
    state: torch.Tensor,
    groups: int,
    heads: int,
    head_dim: int,
    state_size: int,
) -> torch.Tensor:
    """y [length, heads * head_dim] float32 of a run of one sequence's tokens, whose state advances in place.

    As `state_step`, but with `length` rows of one sequence, whose state is [groups, state size, group width] float32.
    """
    length = xbc.shape[0]
    inner = heads * head_dim
    out = torch.empty((length, inner), dtype=torch.float32, device=xbc.device)
    lowest, highest = limit or (0.0, math.inf)
    block = min(_RUN_COLUMNS, power_of_two(head_dim, 16))
    if length:
        _run[(heads, blocks(head_dim, block))](
            xbc,
            projected,
            dt_bias,
            a,
            d,
            state,
            out,
            lowest,
            highest,
            length,
            rows_of(xbc),
            rows_of(projected),
            dt_offset,
            groups=groups,
            heads=heads,
            head_dim=head_dim,
            state_size=state_size,
            limited=limit is not None,
            forgotten=_FORGOTTEN,
            step_forgotten=_STEP_FORGOTTEN,
            chunk=_CHUNK,
            block=block,
            entries=_ENTRIES,
            # Nothing is fetched ahead: the registers are full, and another program on the processor works meanwhile.
            num_stages=1,
            num_warps=4,
        )
    return out


@jit("slots")
def _step(
    xbc: tensor,
    projected: tensor,
    dt_bias: tensor,
    a: tensor,
    d: tensor,
    ssm: tensor,
    slots: tensor,
    out: tensor,
    lowest: tensor,
    highest: tensor,
    xbc_stride: tensor,
    projected_stride: tensor,
    dt_offset: tensor,
    slot_stride: tensor,
    groups: constexpr,
    width: constexpr,
    head_dim: constexpr,
    state_size: constexpr,
    limited: constexpr,
    states: constexpr,
    block: constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    group = tl.program_id(1)
    column = tl.program_id(2) * block + tl.arange(0, block)
    entry = tl.arange(0, states)
    slot = tl.load(slots + row)
    inside = (column < width) & (slot >= 0)
    entries = (entry < state_size) & (slot >= 0)
    # Every column on its own: a block of columns may lie in several heads.
    channel = group * width + column
    head = channel // head_dim
    raw = tl.load(projected + row * projected_stride + dt_offset + head, mask=inside, other=0.0).to(tl.float32)
    dt = time_step(raw + tl.load(dt_bias + head, mask=inside, other=0.0), lowest, highest, limited)
    decay = tl.exp(dt * tl.load(a + head, mask=inside, other=0.0))
    x = tl.load(xbc + row * xbc_stride + channel, mask=inside, other=0.0)
    shared = xbc + row * xbc_stride + groups * width + group * state_size + entry
    b = tl.load(shared, mask=entries, other=0.0)
    c = tl.load(shared + groups * state_size, mask=entries, other=0.0)
    place = ssm + slot * slot_stride + (group * state_size + entry[:, None]) * width + column[None, :]
    there = entries[:, None] & inside[None, :]
    new = tl.load(place, mask=there, other=0.0) * decay[None, :] + b[:, None] * (x * dt)[None, :]
    tl.store(place, new, mask=there)
    y = tl.sum(new * c[:, None], 0) + x * tl.load(d + head, mask=inside, other=0.0)
    tl.store(out + row * (groups * width) + channel, y, mask=column < width)


@jit("length")
def _run(
    xbc: tensor,
    projected: tensor,
    dt_bias: tensor,
    a: tensor,
    d: tensor,
    state: tensor,
    out: tensor,
    lowest: tensor,
    highest: tensor,
    length: tensor,
    xbc_stride: tensor,
    projected_stride: tensor,
    dt_offset: tensor,
    groups: constexpr,
    heads: constexpr,
    head_dim: constexpr,
    state_size: constexpr,
    limited: constexpr,
    forgotten: constexpr,
    step_forgotten: constexpr,
    chunk: constexpr,
    block: constexpr,
    entries: constexpr,
) -> None:
    inner = heads * head_dim
    width = inner // groups
    head = tl.program_id(0)
    group = head // (heads // groups)
    column = tl.program_id(1) * block + tl.arange(0, block)
    inside = (column < head_dim)[None, :]
    channel = (head * head_dim + column)[None, :]
    bias, rate, direct = tl.load(dt_bias + head), tl.load(a + head), tl.load(d + head)
    entry = tl.arange(0, entries)
    token = tl.arange(0, chunk)
    for begin in range(0, length, chunk):
        row = begin + token.to(tl.int64)
        here = row < length
        raw = tl.load(projected + row * projected_stride + dt_offset + head, mask=here, other=0.0).to(tl.float32)
        # A step of size 0 past the end: it neither decays nor adds.
        dt = tl.where(here, time_step(raw + bias, lowest, highest, limited), 0.0)
        # Sums of dt A since the chunk's start. Their differences are exponents of the decay between two positions; each sum
        # is kept as two float32 numbers, so that they stay exact when a strong decay has made the sums large.
        sums = tl.cumsum(tl.maximum(dt * rate, step_forgotten).to(tl.float64), 0)
        coarse = sums.to(tl.float32)
        fine = (sums - coarse.to(tl.float64)).to(tl.float32)
        last = token == chunk - 1
        all_coarse = tl.sum(tl.where(last, coarse, 0.0), 0)
        all_fine = tl.sum(tl.where(last, fine, 0.0), 0)
        from_start = tl.exp(tl.maximum(coarse, forgotten))
        to_end = tl.exp(tl.maximum((all_coarse - coarse) + (all_fine - fine), forgotten))
        throughout = tl.exp(tl.maximum(all_coarse, forgotten))

        of_row = xbc + row[:, None] * xbc_stride
        x = tl.load(of_row + channel, mask=here[:, None] & inside, other=0.0)
        inputs = x * dt[:, None]
        lasting = inputs * to_end[:, None]
        scores = tl.zeros((chunk, chunk), tl.float32)
        carried = tl.zeros((chunk, block), tl.float32)
        for start in range(0, state_size, entries):
            known = start + entry < state_size
            shared = of_row + (inner + group * state_size + start + entry)[None, :]
            b = tl.load(shared, mask=here[:, None] & known[None, :], other=0.0)
            c = tl.load(shared + groups * state_size, mask=here[:, None] & known[None, :], other=0.0)
            place = state + (group * state_size + start + entry)[:, None] * width + (channel - group * width)
            old = tl.load(place, mask=known[:, None] & inside, other=0.0)
            scores += tl.dot(c, tl.trans(b), input_precision="tf32x3")
            carried += tl.dot(c, old, input_precision="tf32x3")
            new = old * throughout + tl.dot(tl.trans(b), lasting, input_precision="tf32x3")
            tl.store(place, new, mask=known[:, None] & inside)
        between = (coarse[:, None] - coarse[None, :]) + (fine[:, None] - fine[None, :])
        # The upper bound only matters for sources after their target, which the triangle removes.
        decay = tl.exp(tl.minimum(tl.maximum(between, forgotten), 0.0))
        scores = tl.where(token[:, None] >= token[None, :], scores * decay, 0.0)
        y = carried * from_start[:, None] + x * direct + tl.dot(scores, inputs, input_precision="tf32x3")
        tl.store(out + row[:, None] * inner + channel, y, mask=here[:, None] & inside)
        # What one thread has written of the state, another may read in the next chunk.
        tl.debug_barrier()
