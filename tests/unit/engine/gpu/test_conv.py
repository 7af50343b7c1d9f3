"""The convolution equals its definition, token by token and in runs of any length, and leaves other sequences alone."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from nemoserve.engine.gpu.conv import conv_run, conv_step

OFFSET = 3


def random_state(kernel: int, channels: int, *slots: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """Taps, biases, and states of sequences that have no tokens yet."""
    bias = torch.randn(channels)
    return torch.randn(kernel, channels), bias, bias.expand(*slots, kernel, channels).contiguous()


def projection(rows: int, channels: int, dtype: torch.dtype = torch.float32) -> torch.Tensor:
    """A view with gaps between its rows."""
    return torch.randn(rows, channels + OFFSET + 5).to(dtype)[:, : channels + OFFSET + 2]


def defined(x: torch.Tensor, taps: torch.Tensor, bias: torch.Tensor) -> torch.Tensor:
    """[length, channels] float64 of a sequence from its start."""
    x, taps, kernel = x.double(), taps.double(), taps.shape[0]
    padded = torch.cat([torch.zeros(kernel - 1, x.shape[1], dtype=torch.float64), x])
    sums = bias.double() + sum(taps[j] * padded[kernel - 1 - j : kernel - 1 - j + len(x)] for j in range(kernel))
    return functional.silu(sums)


@settings(max_examples=12, deadline=None)
@given(
    kernel=st.integers(1, 4),
    channels=st.sampled_from((1, 20, 130)),
    pieces=st.lists(st.sampled_from((1, 2, 3, 15, 16, 17, 40)), min_size=1, max_size=3),
    dtype=st.sampled_from((torch.float32, torch.bfloat16, torch.float16)),
    seed=st.integers(0, 99),
)
def test_runs_equal_the_definition_however_they_are_cut(
    kernel: int, channels: int, pieces: list[int], dtype: torch.dtype, seed: int
) -> None:
    torch.manual_seed(seed)
    taps, bias, conv = random_state(kernel, channels)
    projected = projection(sum(pieces), channels, dtype)
    got = torch.cat([conv_run(piece, OFFSET, conv, taps) for piece in projected.split(pieces)])
    wanted = defined(projected[:, OFFSET : OFFSET + channels], taps, bias)
    torch.testing.assert_close(got.double(), wanted, rtol=1e-5, atol=1e-5)
    assert torch.equal(conv[-1], bias)


@pytest.mark.parametrize("kernel", [1, 2, 3, 4])
@pytest.mark.parametrize("length", [1, 2, 3, 5])
def test_a_run_is_its_tokens_one_by_one(kernel: int, length: int) -> None:
    taps, _, by_run = random_state(kernel, 20)
    by_step = by_run.clone().unsqueeze(0)
    for rows in (2, length, 1):
        projected = projection(rows, 20)
        slot = torch.zeros(1, dtype=torch.int64)
        steps = torch.cat([conv_step(row, OFFSET, by_step, slot, taps) for row in projected.split(1)])
        assert torch.equal(conv_run(projected, OFFSET, by_run, taps), steps)
        assert torch.equal(by_step[0], by_run)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_each_row_advances_its_own_slot(dtype: torch.dtype) -> None:
    channels, kernel = 130, 4
    taps, bias, conv = random_state(kernel, channels, 5)
    conv[:, :-1] = torch.randn(5, kernel - 1, channels)
    before = conv.clone()
    projected = projection(4, channels, dtype)
    projected[1] = float("nan")
    got = conv_step(projected, OFFSET, conv, torch.tensor([3, -1, 0, 4]), taps)
    x = projected[:, OFFSET : OFFSET + channels].float()
    for row, slot in ((0, 3), (2, 0), (3, 4)):
        sums = before[slot] + x[row] * taps
        torch.testing.assert_close(got[row], functional.silu(sums[0]))
        torch.testing.assert_close(conv[slot], torch.cat([sums[1:], bias[None]]))
    assert not got[1].any()
    assert torch.equal(conv[[1, 2]], before[[1, 2]])


def test_no_rows() -> None:
    taps, _, conv = random_state(4, 8, 2)
    before = conv.clone()
    assert conv_step(projection(0, 8), OFFSET, conv, torch.empty(0, dtype=torch.int64), taps).shape == (0, 8)
    assert conv_run(projection(0, 8), OFFSET, conv[0], taps).shape == (0, 8)
    assert torch.equal(conv, before)
