"""Attention over pages equals softmax over the same tokens side by side, and never sees what else the pages hold."""

from __future__ import annotations

import math
from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nemoserve.engine.gpu.paged_attention import PAGE, attend, splits_for, write

FIRST = 3
"""Key heads of the layers before."""


@dataclass
class Pool:
    keys: torch.Tensor
    values: torch.Tensor
    table: torch.Tensor


def pool(slots: int, most: int, kv_heads: int, head_dim: int, dtype: torch.dtype = torch.float32) -> Pool:
    """Pages in no order, all of them filled with what is no number, as are the table's entries with pages out of reach."""
    count = slots * most
    shape = count, FIRST + kv_heads + 2, PAGE, head_dim
    keys, values = (torch.full(shape, float("nan"), dtype=dtype) for _ in range(2))
    return Pool(keys, values, torch.randperm(count).to(torch.int32).view(slots, most))


def fill(held: Pool, slot: int, length: int, kv_heads: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Give the slot's sequence `length` tokens; their keys and values [kv_heads, length, head_dim]."""
    head_dim = held.keys.shape[3]
    k, v = (torch.randn(kv_heads, length, head_dim).to(held.keys.dtype) for _ in range(2))
    for place in range(length):
        page = held.table[slot, place // PAGE]
        held.keys[page, FIRST : FIRST + kv_heads, place % PAGE] = k[:, place]
        held.values[page, FIRST : FIRST + kv_heads, place % PAGE] = v[:, place]
    return k, v


def defined(q: torch.Tensor, k: torch.Tensor, v: torch.Tensor) -> torch.Tensor:
    """[heads * head_dim] float64 of one query [heads, head_dim]."""
    k, v = (part.double().repeat_interleave(len(q) // len(part), 0) for part in (k, v))
    scores = torch.einsum("hd,htd->ht", q.double(), k) / math.sqrt(q.shape[1])
    return torch.einsum("ht,htd->hd", scores.softmax(1), v).flatten()


def check(
    lengths: list[int], heads: int, kv_heads: int, head_dim: int, splits: int, dtype: torch.dtype, size: float = 1.0
) -> None:
    """One step of sequences that held `lengths` tokens; None of them is in the slot of its row, and the last row is padding."""
    rows = len(lengths)
    held = pool(rows + 1, max(lengths) // PAGE + 1, kv_heads, head_dim, dtype)
    qkv = torch.randn(rows + 1, heads + 2 * kv_heads, head_dim + 2)
    qkv[:, :heads] *= size
    q, k, v = qkv.to(dtype)[:, :, :head_dim].split((heads, kv_heads, kv_heads), 1)
    slots = [rows - row for row in range(rows)]
    past = [fill(held, slot, length, kv_heads) for slot, length in zip(slots, lengths, strict=True)]
    step = held.table, torch.tensor([*slots, -1]), torch.tensor([*lengths, 0])
    before = held.keys.clone(), held.values.clone()
    write(k, v, held.keys, held.values, FIRST, *step)
    for pages, old, new in ((held.keys, before[0], k), (held.values, before[1], v)):
        changed = (pages != old) & ~(pages.isnan() & old.isnan())
        assert changed.sum() == rows * kv_heads * head_dim
        for row, (slot, length) in enumerate(zip(slots, lengths, strict=True)):
            page = pages[held.table[slot, length // PAGE]]
            assert torch.equal(page[FIRST : FIRST + kv_heads, length % PAGE], new[row])
    got = attend(q, held.keys, held.values, FIRST, kv_heads, *step, splits)
    assert got.dtype == dtype
    assert got.shape == (rows + 1, heads * head_dim)
    tolerance = {torch.float32: 1e-5, torch.float16: 4e-3, torch.bfloat16: 3e-2}[dtype]
    for row in range(rows):
        keys, values = (torch.cat([old, new[row, :, None]], 1) for old, new in zip(past[row], (k, v), strict=True))
        wanted = defined(q[row], keys, values)
        assert (got[row].double() - wanted).abs().max() <= tolerance
    assert not got[rows].any()


@settings(max_examples=12, deadline=None)
@given(
    lengths=st.lists(st.sampled_from((0, 1, 62, 63, 64, 127, 128, 200)), min_size=1, max_size=3),
    shape=st.sampled_from(((1, 1, 8), (6, 2, 16), (5, 1, 80), (4, 4, 96), (20, 1, 32))),
    splits=st.integers(1, 5),
    dtype=st.sampled_from((torch.float32, torch.bfloat16, torch.float16)),
    seed=st.integers(0, 99),
)
def test_a_step_equals_the_definition(
    lengths: list[int], shape: tuple[int, int, int], splits: int, dtype: torch.dtype, seed: int
) -> None:
    torch.manual_seed(seed)
    check(lengths, *shape, splits, dtype)


@pytest.mark.parametrize("length", [0, 62, 63, 64, 65, 127, 128])
@pytest.mark.parametrize("splits", [1, 2, 3])
def test_lengths_around_a_page(length: int, splits: int) -> None:
    check([length], 4, 2, 16, splits, torch.float32)


@pytest.mark.parametrize(("head_dim", "dtype"), [(256, torch.float32), (256, torch.bfloat16), (128, torch.float32)])
def test_wide_heads(head_dim: int, dtype: torch.dtype) -> None:
    check([130, 3], 4, 2, head_dim, 2, dtype)


def test_scores_far_apart() -> None:
    check([130, 10], 4, 2, 16, 3, torch.float32, size=1e4)


def test_numbers_of_splits() -> None:
    assert splits_for(1, 8, 132) == 32
    assert splits_for(4, 8, 132) == 9
    assert splits_for(64, 8, 132) == 1
    assert splits_for(0, 8, 132) >= 1
    for rows in range(1, 70):
        splits = splits_for(rows, 8, 108)
        assert splits == 32 or rows * 8 * splits >= 2 * 108


def test_no_rows() -> None:
    held = pool(1, 1, 2, 16)
    none = torch.empty(0, dtype=torch.int64)
    q, k = torch.empty(0, 4, 16), torch.empty(0, 2, 16)
    write(k, k, held.keys, held.values, FIRST, held.table, none, none)
    assert attend(q, held.keys, held.values, FIRST, 2, held.table, none, none, 3).shape == (0, 64)
