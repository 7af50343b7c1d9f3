"""The families' MLPs: squared ReLU without a gate, and SwiGLU."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

from nemoserve.engine.layers.linear import Linear
from nemoserve.engine.layers.native import library_for_layers


class SquaredReluMLP:
    """down(relu(up(x))^2)."""

    def __init__(self, up: Linear, down: Linear, *, triton: bool = False) -> None:
        self.up = up
        self.down = down
        self._native = None if triton else library_for_layers()
        self._on_gpu: Callable[[torch.Tensor], torch.Tensor] | None = None
        if triton:
            from nemoserve.engine.gpu.activations import squared_relu_  # Triton is not there without a GPU

            self._on_gpu = squared_relu_

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden] to the same shape and dtype, plus `residual` when given."""
        wide = self.up(x)
        if self._native is not None and wide.dtype == torch.float32 and wide.device.type == "cpu":
            self._native.squared_relu(wide.numel(), wide.data_ptr())
        elif self._on_gpu is not None:
            self._on_gpu(wide)
        else:
            wide.relu_().square_()
        return self.down(wide, residual)


class SwiGLU:
    """down(silu(gate(x)) * up(x)); `gate_up` stacks the two projections' rows."""

    def __init__(self, gate_up: Linear, down: Linear, *, triton: bool = False) -> None:
        self._gate_up = gate_up
        self._down = down
        self._on_gpu: Callable[[torch.Tensor], torch.Tensor] | None = None
        if triton:
            from nemoserve.engine.gpu.activations import silu_and_multiply  # Triton is not there without a GPU

            self._on_gpu = silu_and_multiply

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden] to the same shape and dtype, plus `residual` when given."""
        both = self._gate_up(x)
        if self._on_gpu is not None:
            return self._down(self._on_gpu(both), residual)
        gate, up = both.chunk(2, -1)
        return self._down(functional.silu(gate).mul_(up), residual)
