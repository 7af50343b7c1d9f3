"""The family's MLP: squared ReLU, no gate."""

from __future__ import annotations

import torch

from nemoserve.engine.layers.linear import Linear


class SquaredReluMLP:
    """down(relu(up(x))^2)."""

    def __init__(self, up: Linear, down: Linear) -> None:
        self._up = up
        self._down = down

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden] to the same shape and dtype, plus `residual` when given."""
        return self._down(self._up(x).relu_().square_(), residual)
