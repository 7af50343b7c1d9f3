"""The families' MLPs: squared ReLU without a gate, and SwiGLU."""

from __future__ import annotations

import torch
from torch.nn import functional

from nemoserve.engine.layers.linear import Linear
from nemoserve.engine.layers.native import library_for_layers


class SquaredReluMLP:
    """down(relu(up(x))^2)."""

    def __init__(self, up: Linear, down: Linear) -> None:
        self.up = up
        self.down = down
        self._native = library_for_layers()

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden] to the same shape and dtype, plus `residual` when given."""
        wide = self.up(x)
        if self._native is not None and wide.dtype == torch.float32 and wide.device.type == "cpu":
            self._native.squared_relu(wide.numel(), wide.data_ptr())
        else:
            wide.relu_().square_()
        return self.down(wide, residual)


class SwiGLU:
    """down(silu(gate(x)) * up(x)); `gate_up` stacks the two projections' rows."""

    def __init__(self, gate_up: Linear, down: Linear) -> None:
        self._gate_up = gate_up
        self._down = down

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden] to the same shape and dtype, plus `residual` when given."""
        gate, up = self._gate_up(x).chunk(2, -1)
        return self._down(functional.silu(gate).mul_(up), residual)
