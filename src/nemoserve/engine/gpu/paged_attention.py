"""Attention of one new token of many sequences, whose keys and values lie in pages of a pool. Knows the pool's layout; not who
holds which page, nor how pages are found.

The pool is [pages, key heads of all layers, PAGE, head_dim] for keys and as much for values. table [slots, most pages] int32
has each sequence's pages in order; a page's content beyond its sequence's length is never used, whatever it is. A row of the
step is a sequence: slots [rows] int64 names it, lengths [rows] int64 says how many tokens it held before the new one, and slot
-1 is padding. `first` is the layer's first head among all layers' heads.
"""

from __future__ import annotations

import math

import torch

from nemoserve.engine.gpu.language import blocks, constexpr, jit, power_of_two, rows_of, tensor, tl
from nemoserve.engine.kv import PAGE

_MOST_SPLITS = 32
_ROUNDS = 2
"""Programs per processor that `splits_for` aims at: while one waits for its keys, the other computes."""
_TILE_BYTES = 64 * 512
"""Of the keys that a program has at a time, and as much of the values. Wider heads have their pages read in pieces."""
_AHEAD_BYTES = 64 * 256
"""Up to here, the next tiles are fetched while these are used: two pairs of them are in shared memory, of which the smaller GPUs
have 99 KiB. Larger tiles come one pair at a time."""
_STAGES_AHEAD = 5
"""What Triton's pipeline needs for two pairs: their addresses come from the table, which takes stages of its own."""


def splits_for(rows: int, kv_heads: int, processors: int) -> int:
    """Into how many parts each sequence is cut, so that a step of `rows` sequences occupies all of a GPU's processors."""
    return max(1, min(_MOST_SPLITS, blocks(_ROUNDS * processors, max(1, rows * kv_heads))))


def write(
    k: torch.Tensor,
    v: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    first: int,
    table: torch.Tensor,
    slots: torch.Tensor,
    lengths: torch.Tensor,
) -> None:
    """Put the new tokens' k and v [rows, kv_heads, head_dim] behind their sequences' tokens; rows and heads may lie apart."""
    rows, kv_heads, head_dim = k.shape
    if rows:
        _write[(rows, kv_heads)](
            k,
            v,
            keys,
            values,
            table,
            slots,
            lengths,
            rows_of(k),
            k.stride(1),
            rows_of(v),
            v.stride(1),
            rows_of(keys),
            rows_of(table),
            first=first,
            head_dim=head_dim,
            page_tokens=PAGE,
            dims=power_of_two(head_dim),
            num_warps=1,
        )


def attend(
    q: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    first: int,
    kv_heads: int,
    table: torch.Tensor,
    slots: torch.Tensor,
    lengths: torch.Tensor,
    splits: int,
) -> torch.Tensor:
    """softmax(q k^T / sqrt(head_dim)) v [rows, heads * head_dim] of q's dtype over each sequence's lengths + 1 tokens; 0 for
    padding.

    q [rows, heads, head_dim], rows and heads of which may lie apart; heads / kv_heads queries in a row share a key head. Products
    are taken of the pool's dtype and summed in float32. Each sequence is cut into `splits` runs of whole pages (Dao et al.,
    "Flash-Decoding for long-context inference", 2023), whose number does not depend on the lengths.
    """
    rows, heads, head_dim = q.shape
    out = torch.empty((rows, heads * head_dim), dtype=q.dtype, device=q.device)
    if not rows:
        return out
    sums = torch.empty((rows, heads, splits), dtype=torch.float32, device=q.device)
    # The runs' results are means already, so one run's is the result.
    means = out if splits == 1 else torch.empty((rows, heads, splits, head_dim), dtype=torch.float32, device=q.device)
    dims = power_of_two(head_dim, 16)
    token_bytes = dims * keys.element_size()
    queries = heads // kv_heads
    _attend[(rows, kv_heads, splits)](
        q,
        keys,
        values,
        table,
        slots,
        lengths,
        means,
        sums,
        # Of powers of two, which are what the GPU computes.
        math.log2(math.e) / math.sqrt(head_dim),
        rows_of(q),
        q.stride(1),
        rows_of(keys),
        rows_of(table),
        first=first,
        queries=queries,
        head_dim=head_dim,
        splits=splits,
        page_tokens=PAGE,
        tokens=max(16, min(PAGE, _TILE_BYTES // token_bytes)),
        tile=power_of_two(queries, 16),
        dims=dims,
        num_stages=_STAGES_AHEAD if token_bytes * PAGE <= _AHEAD_BYTES else 1,
    )
    if splits > 1:
        _merge[(rows, heads)](
            means,
            sums,
            out,
            heads=heads,
            head_dim=head_dim,
            splits=splits,
            parts=power_of_two(splits),
            dims=power_of_two(head_dim),
            num_warps=1,
        )
    return out


@jit("slots", "lengths")
def _write(
    k: tensor,
    v: tensor,
    keys: tensor,
    values: tensor,
    table: tensor,
    slots: tensor,
    lengths: tensor,
    k_row_stride: tensor,
    k_head_stride: tensor,
    v_row_stride: tensor,
    v_head_stride: tensor,
    page_stride: tensor,
    table_stride: tensor,
    first: constexpr,
    head_dim: constexpr,
    page_tokens: constexpr,
    dims: constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    head = tl.program_id(1)
    slot = tl.load(slots + row)
    if slot >= 0:
        length = tl.load(lengths + row)
        page = tl.load(table + slot * table_stride + length // page_tokens).to(tl.int64)
        column = tl.arange(0, dims)
        inside = column < head_dim
        place = page * page_stride + ((first + head) * page_tokens + length % page_tokens) * head_dim + column
        key = tl.load(k + row * k_row_stride + head * k_head_stride + column, mask=inside, other=0.0)
        tl.store(keys + place, key.to(keys.dtype.element_ty), mask=inside)
        value = tl.load(v + row * v_row_stride + head * v_head_stride + column, mask=inside, other=0.0)
        tl.store(values + place, value.to(values.dtype.element_ty), mask=inside)


@jit("slots", "lengths")
def _attend(
    q: tensor,
    keys: tensor,
    values: tensor,
    table: tensor,
    slots: tensor,
    lengths: tensor,
    means: tensor,
    sums: tensor,
    scale: tensor,
    row_stride: tensor,
    head_stride: tensor,
    page_stride: tensor,
    table_stride: tensor,
    first: constexpr,
    queries: constexpr,
    head_dim: constexpr,
    splits: constexpr,
    page_tokens: constexpr,
    tokens: constexpr,
    tile: constexpr,
    dims: constexpr,
) -> None:
    row = tl.program_id(0).to(tl.int64)
    kv_head = tl.program_id(1)
    split = tl.program_id(2)
    slot = tl.load(slots + row)
    length = tl.where(slot >= 0, tl.load(lengths + row) + 1, 0)
    pages = tl.cdiv(length, page_tokens)
    share = tl.cdiv(pages, splits) * page_tokens
    begin = split * share
    end = tl.minimum(begin + share, length)

    query = tl.arange(0, tile)
    column = tl.arange(0, dims)
    token = tl.arange(0, tokens)
    asked = (query < queries)[:, None] & (column < head_dim)[None, :]
    head = kv_head * queries + query
    own = q + row * row_stride + head[:, None] * head_stride + column[None, :]
    wanted = tl.load(own, mask=asked, other=0.0).to(keys.dtype.element_ty)

    highest = tl.full((tile,), float("-inf"), tl.float32)
    total = tl.zeros((tile,), tl.float32)
    mean = tl.zeros((tile, dims), tl.float32)
    of_slot = table + slot * table_stride
    for start in range(begin, end, tokens):
        page = tl.load(of_slot + start // page_tokens).to(tl.int64)
        held = start + token < end
        there = held[:, None] & (column < head_dim)[None, :]
        block = (first + kv_head) * page_tokens + start % page_tokens
        place = page * page_stride + (block + token[:, None]) * head_dim + column[None, :]
        key = tl.load(keys + place, mask=there, other=0.0)
        scores = tl.dot(wanted, tl.trans(key), input_precision="tf32x3") * scale
        scores = tl.where(held[None, :], scores, float("-inf"))
        # Finite, for the first of these tokens is always held.
        now = tl.maximum(highest, tl.max(scores, 1))
        weights = tl.exp2(scores - now[:, None])
        shrink = tl.exp2(highest - now)
        total = total * shrink + tl.sum(weights, 1)
        value = tl.load(values + place, mask=there, other=0.0)
        mean = mean * shrink[:, None] + tl.dot(weights.to(value.dtype), value, input_precision="tf32x3")
        highest = now

    # A run without tokens has mean 0, and as its weight's logarithm -inf.
    mean = mean / tl.where(begin < end, total, 1.0)[:, None]
    part = (row * (tl.num_programs(1) * queries) + head) * splits + split
    result = means + part[:, None] * head_dim + column[None, :]
    tl.store(result, mean.to(means.dtype.element_ty), mask=asked)
    tl.store(sums + part, highest + tl.log2(total), mask=query < queries)


@jit()
def _merge(
    means: tensor,
    sums: tensor,
    out: tensor,
    heads: constexpr,
    head_dim: constexpr,
    splits: constexpr,
    parts: constexpr,
    dims: constexpr,
) -> None:
    which = tl.program_id(0).to(tl.int64) * heads + tl.program_id(1)
    part = tl.arange(0, parts)
    column = tl.arange(0, dims)
    weight = tl.load(sums + which * splits + part, mask=part < splits, other=float("-inf"))
    highest = tl.max(weight, 0)
    # Padding has no weight at all.
    weight = tl.exp2(weight - tl.where(highest == float("-inf"), 0.0, highest))
    total = tl.sum(weight, 0)
    place = (which * splits + part[:, None]) * head_dim + column[None, :]
    mean = tl.load(means + place, mask=(part < splits)[:, None] & (column < head_dim)[None, :], other=0.0)
    result = tl.sum(mean * weight[:, None], 0) / tl.where(total == 0.0, 1.0, total)
    tl.store(out + which * head_dim + column, result.to(out.dtype.element_ty), mask=column < head_dim)
