"""The activations equal PyTorch's, of all float dtypes and sizes."""

from __future__ import annotations

import pytest
import torch
from torch.nn import functional

from nemoserve.engine.gpu.activations import silu_and_multiply, squared_relu_

DTYPES = [torch.float32, torch.bfloat16, torch.float16]


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(0, 8), (1, 1), (3, 700)])
def test_squared_relu(dtype: torch.dtype, shape: tuple[int, int]) -> None:
    x = torch.randn(shape).to(dtype)
    wanted = x.relu().square()
    assert squared_relu_(x) is x
    assert torch.equal(x, wanted)


def test_squared_relu_of_the_extremes() -> None:
    x = torch.tensor([float("nan"), float("-inf"), float("inf"), -0.0, 1e30])
    squared_relu_(x)
    assert x[0].isnan()
    assert x[1:].tolist() == [0.0, float("inf"), 0.0, float("inf")]
    with pytest.raises(ValueError, match="without gaps"):
        squared_relu_(torch.ones(4, 4)[:, :2])


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("width", [1, 80, 1030])
def test_silu_and_multiply(dtype: torch.dtype, width: int) -> None:
    gate_up = (torch.randn(3, 2 * width + 4) * 5).to(dtype)[:, : 2 * width]
    gate, up = gate_up.double().chunk(2, 1)
    wanted = functional.silu(gate) * up
    got = silu_and_multiply(gate_up)
    assert got.dtype == dtype
    assert got.shape == (3, width)
    unit = torch.finfo(dtype).eps
    least = torch.finfo(dtype).smallest_normal
    assert ((got.double() - wanted).abs() <= wanted.abs() * (unit / 2 + 1e-6) + least * unit).all()


def test_silu_of_the_extremes() -> None:
    got = silu_and_multiply(torch.tensor([[-1e30, -200.0, 200.0, 2.0, 2.0, 2.0]]))
    assert got.tolist() == [[0.0, 0.0, 400.0]]
    assert silu_and_multiply(torch.empty(0, 6)).shape == (0, 3)
