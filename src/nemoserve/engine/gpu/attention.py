"""Attention of a step's new tokens: they are put into their sequences' pages, then look at all that lies there. Knows the order of kernels."""

from __future__ import annotations

import functools
from typing import Any

import torch

from nemoserve.engine.gpu.paged_attention import attend, splits_for, write


def decode(
    q: torch.Tensor,
    k: torch.Tensor,
    v: torch.Tensor,
    keys: torch.Tensor,
    values: torch.Tensor,
    first: int,
    table: torch.Tensor,
    slots: torch.Tensor,
    lengths: torch.Tensor,
) -> torch.Tensor:
    """q [rows, heads, head_dim], k and v [rows, kv heads, head_dim] to [rows, heads * head_dim]; `paged_attention` says what the others are."""
    rows, kv_heads, _ = k.shape
    write(k, v, keys, values, first, table, slots, lengths)
    splits = splits_for(rows, kv_heads, _processors(q.device))
    return attend(q, keys, values, first, kv_heads, table, slots, lengths, splits)


@functools.cache
def _processors(device: torch.device) -> int:
    """Of a GPU; the interpreter on a CPU computes one program after the other."""
    if device.type != "cuda":
        return 1
    properties: Any = torch.cuda
    return int(properties.get_device_properties(device).multi_processor_count)
