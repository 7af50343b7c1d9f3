"""Root-mean-square norms, computed in float32 whatever the activations are."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch

from nemoserve.engine.layers.native import library_for_layers

_linalg: Any = torch.linalg
_vector_norm = cast(Callable[..., torch.Tensor], _linalg.vector_norm)


class RMSNorm:
    """x / rms(x) * weight over the last axis, or over each of `groups` equal parts of it.

    The product with the weight is taken in float32 and rounded once; with `rounds_first` the normed value is rounded before it.
    """

    def __init__(
        self,
        weight: torch.Tensor,
        eps: float,
        groups: int = 1,
        *,
        rounds_first: bool = False,
        triton: bool = False,
    ) -> None:
        """`weight` [width]. With `triton`, a norm without groups is computed by its kernel."""
        self.weight = weight.float().contiguous()
        self.epsilon = eps
        self._rounds_first = rounds_first
        self._shape = (groups, weight.shape[0] // groups)
        self._grouped = groups > 1
        self._eps = torch.tensor(eps, device=weight.device)
        self._native = library_for_layers() if groups == 1 and weight.device.type == "cpu" and not triton else None
        self._on_gpu: Callable[[torch.Tensor, torch.Tensor, float, bool, torch.dtype], torch.Tensor] | None = None
        if triton and groups == 1:
            from nemoserve.engine.gpu.norm import rms_norm  # Triton is not there without a GPU

            self._on_gpu = rms_norm

    def __call__(self, x: torch.Tensor) -> torch.Tensor:
        """[tokens, width] of any float dtype to the same shape and dtype."""
        if self._native is not None and x.dtype == torch.float32 and x.is_contiguous():
            y = torch.empty_like(x)
            rows, width = x.shape
            self._native.norm(rows, width, self.weight.data_ptr(), self.epsilon, x.data_ptr(), y.data_ptr())
            return y
        if self._on_gpu is not None:
            return self._on_gpu(x, self.weight, self.epsilon, self._rounds_first, x.dtype)
        wide = x.float()
        parts = wide.view(-1, *self._shape) if self._grouped else wide
        # Built from a length, not from PyTorch's rms_norm, which takes twice as many passes over its input.
        length = _vector_norm(parts, dim=-1, keepdim=True)
        scale = torch.addcmul(self._eps, length, length, value=1 / self._shape[1]).rsqrt_()
        normed = parts * scale
        if self._grouped:
            normed = normed.flatten(1)
        if self._rounds_first:
            normed = normed.to(x.dtype).float()
        return normed.mul_(self.weight).to(x.dtype)
