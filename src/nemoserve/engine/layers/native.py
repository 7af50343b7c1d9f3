"""Products by the native library. Knows its layouts of weights and tensors; no checkpoints, no models.

Activations and sums are float32. For a weight of 4 or 8 bits they are rounded to 8 bits for each token and 32 columns on the way in,
for one of bfloat16 to bfloat16 where the CPU multiplies that. A token's result does not depend on the tokens beside it.
"""

from __future__ import annotations

import functools

import torch
from torch.nn import functional

from nemoserve.engine.checkpoint.quantised import SMALLEST_GROUP, QuantisedWeight
from nemoserve.native.library import BFLOAT16, FLOAT16, FLOAT32, Native, native, packed_sizes

KINDS = {torch.float16: FLOAT16, torch.bfloat16: BFLOAT16, torch.float32: FLOAT32}
_ALIGNMENT = 64
_PANEL = 16
_PIECE = 64
"""Panels that are repacked at a time."""


class NativeLinear:
    """A weight, repacked for the library; what was given is not kept."""

    def __init__(self, weight: QuantisedWeight | torch.Tensor, bias: torch.Tensor | None, library: Native) -> None:
        """`weight` of 4 or 8 bits, or [rows, columns] in one of KINDS; `bias` [rows] of any float dtype."""
        self._library = library
        self.bias = None if bias is None else bias.float().contiguous()
        if isinstance(weight, QuantisedWeight):
            self.rows, self.columns, kind = weight.rows, weight.columns, weight.bits
            count, scale_count = packed_sizes(kind, self.rows, self.columns)
            self._values = _aligned(count)
            self._scales = _aligned(2 * scale_count)
            q, scales = weight.integers().contiguous(), weight.scales_by(SMALLEST_GROUP)
            values, packed = self._values.data_ptr(), self._scales.data_ptr()
            library.pack(kind, self.rows, self.columns, q.data_ptr(), scales.data_ptr(), values, packed)
        else:
            (self.rows, self.columns), kind = weight.shape, KINDS[weight.dtype]
            self._values, packed = _panels(weight), None
            values = self._values.data_ptr()
        self.record = library.weight(kind, self.rows, self.columns, values, packed)

    def looked_up(self, ids: torch.Tensor) -> torch.Tensor:
        """The weight's rows of `ids`, int64 [count], as [count, columns] float32; for a weight of floats."""
        together = _together(self._values.dtype)
        panels = self._values.view(-(-self.rows // _PANEL), -1, _PANEL, together)
        return panels[ids // _PANEL, :, ids % _PANEL].flatten(1)[:, : self.columns].float()

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        wide = x if x.dtype == torch.float32 and x.is_contiguous() else x.float().contiguous()
        y = torch.empty((x.shape[0], self.rows), dtype=torch.float32)
        fused = residual is not None and residual.dtype == torch.float32 and residual.is_contiguous()
        self._library.linear(
            self.record,
            None if self.bias is None else self.bias.data_ptr(),
            x.shape[0],
            wide.data_ptr(),
            residual.data_ptr() if residual is not None and fused else None,
            y.data_ptr(),
        )
        if residual is not None and not fused:
            y.add_(residual)
        return y.to(x.dtype)


@functools.cache
def library_for_layers() -> Native | None:
    """The native library with as many threads as PyTorch has, or None without it."""
    found = native()
    if found is not None:
        found.set_threads(torch.get_num_threads())
    return found


def _panels(weight: torch.Tensor) -> torch.Tensor:
    """[rows, columns] as the library wants it: panels of 16 rows, in which a column's numbers, two columns' for bfloat16, lie together."""
    together = _together(weight.dtype)
    rows, columns = weight.shape
    panels, units = -(-rows // _PANEL), -(-columns // together)
    packed = _aligned(panels * _PANEL * units * together * weight.element_size()).view(weight.dtype)
    target = packed.view(panels, units, _PANEL, together)
    # A piece at a time, so that no second copy of a large weight is made on the way.
    for begin in range(0, panels, _PIECE):
        piece = weight[begin * _PANEL : (begin + _PIECE) * _PANEL]
        padded = functional.pad(piece, (0, units * together - columns, 0, -len(piece) % _PANEL))
        target[begin : begin + _PIECE] = padded.view(-1, _PANEL, units, together).transpose(1, 2)
    return packed


def _together(dtype: torch.dtype) -> int:
    return 2 if dtype == torch.bfloat16 else 1


def _aligned(size: int) -> torch.Tensor:
    """uint8 [size] that begins at a cache line, so that no load of the kernels touches two."""
    room = torch.empty(size + _ALIGNMENT, dtype=torch.uint8)
    start = -room.data_ptr() % _ALIGNMENT
    return room[start : start + size]
