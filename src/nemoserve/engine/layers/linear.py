"""Linear maps in the form that is fastest on this device. Knows CPUs' abilities and memory layouts; nothing of models.

* On a GPU, or where oneDNN is missing, PyTorch's own linear.
* On a CPU, float32, bfloat16 and what is quantised to 4 or 8 bits: the native library, whose products are as fast as oneDNN's for
  prompts and up to three times as fast for a few tokens. What follows is for a machine without a compiler, and for float16.
* float32: oneDNN's blocked layout for large weights (at 4 to 16 tokens twice as fast as the plain one), and a plain
  transposed weight for small ones, where a call's fixed cost counts.
* bfloat16 with instructions for it: oneDNN's blocked layout.
* bfloat16 on a CPU that only emulates them: one token is a matter of memory bandwidth, and the transposed bfloat16 weight
  is read at full speed; for several tokens the emulation is 2 to 4 times slower than float32 arithmetic. So a second copy
  in float32 serves those when memory is plentiful (a quarter of what is free), and otherwise a weight is widened piece by piece.
* float16 on a CPU: widened in the same ways, as no CPU in common use multiplies it.
* Quantised, without the native library or on a GPU: dequantised once, while loading.
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

_BLOCKED_FROM = 1 << 20
"""Elements from which oneDNN's blocked layout pays for its fixed cost of about 40 microseconds a call."""
_WIDEN_FROM_TOKENS = 16
"""Tokens from which widening a weight piece by piece beats the emulated product."""
_PIECE = 1 << 18
"""Elements widened at a time: 1 MiB in float32, which stays in the second-level cache."""
_SPARE_SHARE = 4
"""A float32 copy may take one part in so many of the memory that is free."""


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


class TransposedLinear:
    """The weight as [columns, rows], contiguous."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> None:
        """`weight` [rows, columns]."""
        self._weight = weight.t().contiguous()
        self._bias = bias

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        if residual is None:
            return torch.mm(x, self._weight) if self._bias is None else torch.addmm(self._bias, x, self._weight)
        y = torch.addmm(residual, x, self._weight)
        return y if self._bias is None else y.add_(self._bias)


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


class EmulatedLinear:
    """A 16-bit weight on a CPU without instructions for its products. Rounds as 16-bit products do, whatever the path."""

    def __init__(self, weight: torch.Tensor, bias: torch.Tensor | None, *, direct: bool, widened: bool) -> None:
        """`weight` [rows, columns]. `direct`: the CPU can multiply the format, if only by emulation. `widened`: keep a
        float32 copy as well."""
        rows, columns = weight.shape
        self._direct = direct
        self._bias = bias
        self._wide = float32_linear(weight.float(), None if bias is None else bias.float()) if widened else None
        # One token reads a wide weight fastest by columns and a long one by rows, which is how it is stored.
        self._transposed = direct and rows >= columns
        self._weight = weight.t().contiguous() if self._transposed else weight
        if self._wide is not None and not direct:
            self._weight = None

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        tokens = x.shape[0]
        weight = self._weight
        if self._wide is not None and (weight is None or tokens > 1):
            y = self._wide(x.float()).to(x.dtype)
        else:
            assert weight is not None
            if self._direct and tokens < _WIDEN_FROM_TOKENS:
                y = self._emulate(x, weight)
            else:
                y = self._widen(x, weight)
            if self._bias is not None:
                y.add_(self._bias)
        return y if residual is None else y.add_(residual)

    def _emulate(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        if self._transposed:
            return torch.mm(x, weight)
        return torch.mv(weight, x[0]).unsqueeze(0) if x.shape[0] == 1 else functional.linear(x, weight)

    def _widen(self, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Piece after piece of the weight as float32, in one small buffer that stays in the cache."""
        wide = x.float()
        extent, width = weight.shape
        step = max(16, _PIECE // width)
        buffer = torch.empty((min(step, extent), width))
        if self._transposed:
            y = torch.zeros((x.shape[0], width))
            for begin in range(0, extent, step):
                piece = weight[begin : begin + step]
                y.addmm_(wide[:, begin : begin + step], buffer[: len(piece)].copy_(piece))
        else:
            by_row = torch.empty((extent, x.shape[0]))
            for begin in range(0, extent, step):
                piece = weight[begin : begin + step]
                torch.mm(buffer[: len(piece)].copy_(piece), wide.t(), out=by_row[begin : begin + step])
            y = by_row.t()
        return y.to(x.dtype)


def float32_linear(weight: torch.Tensor, bias: torch.Tensor | None) -> Linear:
    """The best float32 form on a CPU for a weight [rows, columns]."""
    if weight.numel() < _BLOCKED_FROM or not torch.backends.mkldnn.is_available():
        return TransposedLinear(weight, bias)
    return BlockedLinear(weight, bias)


@dataclass(frozen=True, slots=True)
class Forms:
    """Chooses a form for each weight of one model."""

    dtype: torch.dtype
    device: torch.device
    multiplies: bool
    """The CPU has instructions for the dtype's products."""
    direct: bool
    """The CPU can multiply the dtype, if only by emulation."""
    widened: bool
    """There is memory for float32 copies of 16-bit weights."""

    @property
    def library(self) -> Native | None:
        """What computes the products, where it does."""
        native = self.device.type == "cpu" and self.dtype in (torch.float32, torch.bfloat16)
        return library_for_layers() if native else None

    @property
    def activations(self) -> torch.dtype:
        """What goes in and out of the products."""
        return self.dtype if self.library is None else torch.float32

    def linear(self, weight: torch.Tensor, bias: torch.Tensor | None = None) -> Linear:
        """For a weight [rows, columns] of the model's dtype, on its device."""
        if self.device.type != "cpu":
            return PlainLinear(weight, bias)
        if self.library is not None:
            return NativeLinear(weight, bias, self.library)
        if self.dtype == torch.float32:
            return float32_linear(weight, bias)
        if self.multiplies:
            return BlockedLinear(weight, bias)
        return EmulatedLinear(weight, bias, direct=self.direct, widened=self.widened)

    def quantised(self, weight: QuantisedWeight, bias: torch.Tensor | None = None) -> Linear:
        """For a weight of 4 or 8 bits. Products are computed from the bits where the native library is there."""
        library = library_for_layers() if self.device.type == "cpu" else None
        if library is not None:
            return NativeLinear(weight, bias, library)
        return self.linear(weight.dequantised(self.dtype).to(self.device), bias)


def choose_forms(dtype: torch.dtype, device: torch.device, elements: int, free_bytes: int) -> Forms:
    """For a model whose linear weights have `elements` elements in all, with so much memory still free on the device."""
    multiplies = direct = False
    if device.type == "cpu" and dtype == torch.bfloat16 and torch.backends.mkldnn.is_available():
        operators: Any = torch.ops.mkldnn
        abilities: Any = torch.cpu
        direct = bool(operators._is_mkldnn_bf16_supported())
        names = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
        multiplies = direct and any(getattr(abilities, name, bool)() for name in names)
    return Forms(dtype, device, multiplies, direct, widened=4 * elements * _SPARE_SHARE <= free_bytes)
