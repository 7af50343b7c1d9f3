"""The kernels run on the CPU, in Triton's interpreter, which is taught to round as a GPU does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest
import torch
import triton.language as tl
from triton.runtime import interpreter

_Builder: Any = interpreter.InterpreterBuilder
_cast, _dot = _Builder.cast_impl, _Builder.create_dot


def _widened(bits: Any) -> Any:
    return torch.from_numpy(np.ascontiguousarray(bits).view(np.int16)).view(torch.bfloat16).float().numpy()


def _cast_and_round(self: Any, source: Any, to: Any) -> Any:
    """The interpreter has bfloat16 as bits, and cuts off where a GPU rounds to the nearest."""
    if source.dtype.scalar == tl.float32 and to.scalar == tl.bfloat16:
        rounded = torch.from_numpy(np.ascontiguousarray(source.data)).bfloat16()
        return interpreter.TensorHandle(rounded.view(torch.int16).numpy().view(np.uint16), tl.bfloat16)
    if source.dtype.scalar == tl.bfloat16 and to.scalar == tl.float32:
        return interpreter.TensorHandle(_widened(source.data), tl.float32)
    return _cast(self, source, to)


def _dot_of_values(self: Any, a: Any, b: Any, sums: Any, *how: Any) -> Any:
    """And it multiplies those bits as integers."""
    a, b = (
        interpreter.TensorHandle(_widened(part.data), tl.float32) if part.dtype.scalar == tl.bfloat16 else part
        for part in (a, b)
    )
    return _dot(self, a, b, sums, *how)


_Builder.cast_impl = _cast_and_round
_Builder.create_dot = _dot_of_values


@pytest.fixture(autouse=True, scope="package")
def _infinities_are_counted_on() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """NumPy, which the interpreter computes with, would warn of those that kernels count on."""
    with np.errstate(all="ignore"):
        yield
