"""Root-mean-square norms, computed in float32 whatever the activations are."""

from __future__ import annotations

import torch
from torch.nn import functional


class RMSNorm:
    """x / rms(x) * weight over the last axis, in groups of `group` elements when given.

    The product with the weight is taken in float32 and rounded once (unlike Llama's norm).
    """

    def __init__(self, weight: torch.Tensor, eps: float, groups: int = 1) -> None:
        self.weight = weight.float()
        self._eps = eps
        self._groups = groups
        self._shape = (weight.shape[0] // groups,)

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """[..., width] of any float dtype to the same shape and dtype."""
        wide = x.float()
        if self._groups == 1:
            normed = functional.rms_norm(wide, self._shape, self.weight, self._eps)
        else:
            parts = wide.unflatten(-1, (self._groups, -1))
            normed = functional.rms_norm(parts, self._shape, None, self._eps).flatten(-2).mul_(self.weight)
        return normed.to(x.dtype)
