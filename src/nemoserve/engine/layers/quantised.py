"""Products with group-quantised weights by the native library. Knows its layout and tensors; no checkpoints, no models.

Activations are rounded to 8 bits for each token and 32 columns on the way in, sums are float32. A token's result does not depend on
the tokens beside it.
"""

from __future__ import annotations

import functools

import torch

from nemoserve.engine.checkpoint.quantised import SMALLEST_GROUP, QuantisedWeight
from nemoserve.native.library import Native, native, packed_sizes

_ALIGNMENT = 64


class NativeLinear:
    """A weight of 4 or 8 bits, repacked for the library; what was given is not kept."""

    def __init__(self, weight: QuantisedWeight, bias: torch.Tensor | None, library: Native) -> None:
        """`bias` [rows] of any float dtype."""
        self._library = library
        self.rows, self.columns = weight.rows, weight.columns
        count, scale_count = packed_sizes(weight.bits, self.rows, self.columns)
        self._values = _aligned(count)
        self._scales = _aligned(2 * scale_count)
        self.bias = None if bias is None else bias.float().contiguous()
        q, scales = weight.integers().contiguous(), weight.scales_by(SMALLEST_GROUP)
        values, packed = self._values.data_ptr(), self._scales.data_ptr()
        library.pack(weight.bits, self.rows, self.columns, q.data_ptr(), scales.data_ptr(), values, packed)
        self.record = library.weight(weight.bits, self.rows, self.columns, values, packed)

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


def _aligned(size: int) -> torch.Tensor:
    """uint8 [size] that begins at a cache line, so that no load of the kernels touches two."""
    room = torch.empty(size + _ALIGNMENT, dtype=torch.uint8)
    start = -room.data_ptr() % _ALIGNMENT
    return room[start : start + size]
