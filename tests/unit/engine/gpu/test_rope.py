"""Turning equals the engine's rotary positions, whatever the sizes and strides."""

from __future__ import annotations

import pytest
import torch

from nemoserve.engine.gpu.rope import turn
from nemoserve.engine.layers.rope import Rope, Rotary


@pytest.mark.parametrize("head_dim", [8, 80, 128])
@pytest.mark.parametrize("heads", [1, 8, 11])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_turning(head_dim: int, heads: int, dtype: torch.dtype) -> None:
    rotary = Rotary(Rope(head_dim, 10000.0), torch.device("cpu"))
    # Queries and keys, with the values behind them, and gaps between the heads.
    x = torch.randn(4, heads + 3, head_dim + 2).to(dtype)[:, :heads, :head_dim]
    positions = torch.tensor([0, 1999, 7, 7])
    angles = torch.outer(torch.arange(2000.0), Rope(head_dim, 10000.0).frequencies())
    got = turn(x, angles.cos(), angles.sin(), positions)
    assert got.dtype == dtype
    wanted = rotary(x, positions, 1999)
    torch.testing.assert_close(got, wanted, rtol=torch.finfo(dtype).eps, atol=1e-6)
    assert torch.equal(got[0], x[0])


def test_no_tokens() -> None:
    table = torch.ones(3, 4)
    assert turn(torch.empty(0, 2, 8), table, table, torch.empty(0, dtype=torch.int64)).shape == (0, 2, 8)
