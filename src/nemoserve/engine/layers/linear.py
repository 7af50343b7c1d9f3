"""Linear maps in the form that is fastest on this device. Knows CPUs' abilities and memory layouts; nothing of models.

* On a GPU, or where oneDNN is missing, PyTorch's own linear.
* On a CPU the native library, for every dtype and what is quantised to 4 or 8 bits: its products are as fast as oneDNN's for
  prompts, and up to three times as fast for a few tokens. What follows is for machines without a compiler, or without AVX2.
* float32, and bfloat16 on a CPU with instructions for it: oneDNN's blocked layout, at 4 to 16 tokens twice as fast as the plain one.
* Other 16-bit weights: no CPU in common use multiplies them, and the emulation is 2 to 4 times slower than float32 arithmetic. A weight
  is widened piece by piece.
* Quantised weights, also on a GPU: dequantised once, while loading.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch
from torch.nn import functional

from nemoserve.engine.checkpoint.quantised import QuantisedWeight
from nemoserve.engine.layers.native import NativeLinear, library_for_layers
from nemoserve.native.library import Native

_PIECE = 1 << 18
"""Elements widened at a time: 1 MiB in float32, which stays in the second-level cache."""


class Linear(Protocol):
    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, columns] to [tokens, rows] in the same dtype: x W^T + bias, plus `residual` when given."""
        ...


class PlainLinear:
    """The weight [rows, columns] as it is stored; nothing is copied."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        self._weight = weight
        self._bias = bias

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        y = functional.linear(x, self._weight, self._bias)
        return y if residual is None else y.add_(residual)


class BlockedLinear:
    """The weight in oneDNN's blocked layout, which it chooses for this CPU."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        """`weight` [rows, columns], float32 or bfloat16; it is copied, not kept."""
        operators: Any = torch.ops.mkldnn
        reorder = cast(Callable[[torch.Tensor], torch.Tensor], operators._reorder_linear_weight)
        self._apply = cast(Callable[..., torch.Tensor], operators._linear_pointwise.default)
        self._weight = reorder(weight.contiguous())
        self._bias = bias

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        y = self._apply(x, self._weight, self._bias, "none", [], "")
        return y if residual is None else y.add_(residual)


class WidenedLinear:
    """A 16-bit weight on a CPU without instructions for its products. Rounds as 16-bit products do."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        """`weight` [rows, columns], which is kept as it is."""
        self._weight = weight
        self._bias = bias

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        rows, columns = self._weight.shape
        step = max(16, _PIECE // columns)
        wide = x.float().t()
        # Piece after piece of the weight as float32, in one small buffer that stays in the cache.
        buffer = torch.empty((min(step, rows), columns))
        by_row = torch.empty((rows, x.shape[0]))
        for begin in range(0, rows, step):
            piece = self._weight[begin : begin + step]
            torch.mm(buffer[: len(piece)].copy_(piece), wide, out=by_row[begin : begin + step])
        y = by_row.t().to(x.dtype, memory_format=torch.contiguous_format)
        if self._bias is not None:
            y += self._bias
        return y if residual is None else y.add_(residual)


@dataclass(frozen=True, slots=True)
class Forms:
    """Chooses a form for each weight of one model."""

    dtype: torch.dtype
    device: torch.device
    triton: bool = False
    """What is not a product is computed by Triton's kernels. On a GPU; on a CPU only by its interpreter, to try them."""

    @property
    def library(self) -> Native | None:
        """What computes products with floats, where it does: its kernels in plain C++ would be slower than PyTorch's."""
        found = self._native
        return None if found is None or found.instruction_set == "plain" else found

    @property
    def _native(self) -> Native | None:
        return library_for_layers() if self.device.type == "cpu" and not self.triton else None

    @property
    def activations(self) -> torch.dtype:
        """What goes in and out of the products."""
        return self.dtype if self.library is None else torch.float32

    @property
    def keys_and_values(self) -> torch.dtype:
        """What is kept of them. The library attends to float32 and bfloat16."""
        return torch.float32 if self.library is not None and self.dtype == torch.float16 else self.dtype

    def linear(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> Linear:
        """For a weight [rows, columns] of the model's dtype, on its device."""
        if self.library is not None:
            return NativeLinear(weight, bias, self.library)
        if self.device.type != "cpu" or not torch.backends.mkldnn.is_available():
            return PlainLinear(weight, bias)
        blocked = self.dtype == torch.float32 or (self.dtype == torch.bfloat16 and _multiplies_bfloat16())
        return BlockedLinear(weight, bias) if blocked else WidenedLinear(weight, bias)

    def wide(self, weight: torch.Tensor) -> Linear:
        """For a weight in float32 beside a model of any dtype; takes and gives float32."""
        return PlainLinear(weight) if self.library is None else NativeLinear(weight, None, self.library)

    def quantised(self, weight: QuantisedWeight, bias: torch.Tensor | None = None) -> Linear:
        """For a weight of 4 or 8 bits. Products are computed from the bits where the native library is there."""
        if self._native is not None:
            return NativeLinear(weight, bias, self._native)
        return self.linear(weight.dequantised(self.dtype).to(self.device), bias)


def _multiplies_bfloat16() -> bool:
    operators: Any = torch.ops.mkldnn
    abilities: Any = torch.cpu
    names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return bool(operators._is_mkldnn_bf16_supported()) and any(getattr(abilities, name, bool)() for name in names)
