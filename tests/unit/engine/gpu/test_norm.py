"""The norms equal their definitions in float64, rounded where they say."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from nemoserve.engine.gpu.norm import gated_norm, rms_norm
from nemoserve.engine.layers.norm import RMSNorm

EPSILON = 1e-5


def normed(x: torch.Tensor, groups: int) -> torch.Tensor:
    parts = x.double().view(len(x), groups, -1)
    return (parts / (parts.square().mean(2, keepdim=True) + EPSILON).sqrt()).flatten(1)


def assert_rounded_once(got: torch.Tensor, exact: torch.Tensor) -> None:
    """Half a unit in the last place, and a little for float32."""
    assert got.shape == exact.shape
    unit = torch.finfo(got.dtype).eps
    assert ((got.double() - exact).abs() <= exact.abs() * (unit / 2 + 1e-6) + 1e-7).all()


@pytest.mark.parametrize("groups", [1, 2, 8])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("part", [5, 80, 600])
def test_gated_norm(groups: int, dtype: torch.dtype, part: int) -> None:
    inner = groups * part
    y = torch.randn(3, inner) * torch.tensor([[1e-4], [1.0], [1e6]])
    projected = (torch.randn(3, inner + 7) * 4).to(dtype)[:, : inner + 3]
    weight = torch.randn(inner)
    wanted = normed(y.double() * functional.silu(projected[:, :inner].double()), groups) * weight.double()
    assert_rounded_once(gated_norm(y, projected, weight, EPSILON, groups, dtype), wanted)


def test_a_closed_gate_gives_zero() -> None:
    got = gated_norm(torch.randn(1, 32), torch.full((1, 32), -1e4), torch.ones(32), EPSILON, 2, torch.float32)
    assert not got.any()


@pytest.mark.parametrize("width", [1, 80, 4480])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("to", [torch.float32, torch.bfloat16])
def test_rms_norm(width: int, dtype: torch.dtype, to: torch.dtype) -> None:
    x = torch.randn(3, width + 4).to(dtype)[:, :width]
    weight = torch.randn(width)
    assert_rounded_once(rms_norm(x, weight, EPSILON, False, to), normed(x, 1) * weight.double())


def test_rms_norm_that_rounds_before_the_weight() -> None:
    x, weight = torch.randn(4, 300).bfloat16(), torch.rand(300) + 0.5
    got = rms_norm(x, weight, EPSILON, True, torch.bfloat16)
    wanted = RMSNorm(weight, EPSILON, rounds_first=True)(x)
    # A value between two roundings may fall to either side.
    assert (got != wanted).float().mean() <= 0.005
    assert (rms_norm(x, weight, EPSILON, False, torch.bfloat16) != wanted).float().mean() > 0.05
    assert (rms_norm(x, torch.ones(300), EPSILON, True, torch.float32).bfloat16() == normed(x, 1).bfloat16()).all()


def test_no_rows() -> None:
    assert rms_norm(torch.empty(0, 8), torch.ones(8), EPSILON, False, torch.float16).shape == (0, 8)
    assert gated_norm(torch.empty(0, 8), torch.empty(0, 9), torch.ones(8), EPSILON, 2, torch.float16).shape == (0, 8)
