"""Group-quantised weights as `nemoserve convert` stores them. Knows their tensors and what they stand for; no layers, no kernels.

A weight `X.weight` [rows, columns] is stored as two tensors. `X.weight_q` has the values: int8 [rows, columns], or for 4 bits uint8
[rows, columns / 2 rounded up], a column of even number in the low half of a byte, each value v as v + 8. `X.weight_scale` is
bfloat16 [rows, groups]: a value times the scale of its group of columns is the weight. config.json's `quantization_config` has the
size of the groups.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol, cast

import torch

from nemoserve.engine.checkpoint.config import CheckpointError, Keys

METHOD = "nemoserve"
"""The `quant_method` of such a checkpoint."""
VALUES, SCALES = "_q", "_scale"
"""What the names of the two tensors have after the weight's own."""
SMALLEST_GROUP = 32
"""Columns; larger groups are multiples of it."""


class Source(Protocol):
    """Where tensors come from, by name."""

    def __contains__(self, name: str) -> bool: ...

    def take(self, name: str, *shape: int) -> torch.Tensor: ...

    def stored_dtype(self, name: str) -> torch.dtype: ...


@dataclass(frozen=True, slots=True)
class QuantisedWeight:
    """A weight [rows, columns]; `values` and `scales` as the module says."""

    bits: int
    columns: int
    group: int
    values: torch.Tensor
    scales: torch.Tensor

    @property
    def rows(self) -> int:
        return self.values.shape[0]

    def integers(self) -> torch.Tensor:
        """int8 [rows, columns]."""
        if self.bits == 8:
            return self.values
        pairs = torch.stack((self.values & 15, self.values >> 4), -1).flatten(1)
        return pairs[:, : self.columns].to(torch.int8) - 8

    def scales_by(self, group: int) -> torch.Tensor:
        """bfloat16 [rows, groups of this size], which divides the own one."""
        scales = self.scales.repeat_interleave(self.group // group, 1)
        return scales[:, : -(-self.columns // group)].contiguous()

    def dequantised(self, dtype: torch.dtype) -> torch.Tensor:
        """[rows, columns]."""
        wide = self.scales.float().repeat_interleave(self.group, 1)[:, : self.columns]
        return (self.integers() * wide).to(dtype)

    def looked_up(self, ids: torch.Tensor, dtype: torch.dtype) -> torch.Tensor:
        """The rows of `ids`, int64 [count], as [count, columns]."""
        # Not by `[ids]`, which wakes PyTorch's threads for a few thousand numbers: that takes longer than all else here.
        values, scales = (rows.index_select(0, ids) for rows in (self.values, self.scales))
        return QuantisedWeight(self.bits, self.columns, self.group, values, scales).dequantised(dtype)


def joined(weights: list[QuantisedWeight]) -> QuantisedWeight:
    """One weight of all rows. They must have the same bits, columns and groups."""
    if len(weights) == 1:
        return weights[0]
    first = weights[0]
    values, scales = torch.cat([w.values for w in weights]), torch.cat([w.scales for w in weights])
    return QuantisedWeight(first.bits, first.columns, first.group, values, scales)


def stored(weight: QuantisedWeight, name: str) -> dict[str, torch.Tensor]:
    """The tensors of a weight called `name`, by their names."""
    return {name + VALUES: weight.values.contiguous(), name + SCALES: weight.scales.contiguous()}


def packed_nibbles(integers: torch.Tensor) -> torch.Tensor:
    """int8 [rows, columns] of -8 to 7 as 4-bit `values`."""
    shifted = (integers + 8).to(torch.uint8)
    if shifted.shape[1] % 2:
        shifted = torch.nn.functional.pad(shifted, (0, 1), value=8)
    return shifted[:, ::2] | (shifted[:, 1::2] << 4)


def take_quantised(source: Source, name: str, rows: int, columns: int, group: int) -> QuantisedWeight | None:
    """The weight `name`, if it is stored quantised. Raises CheckpointError when its tensors do not fit together."""
    if not group or name + VALUES not in source:
        return None
    kind = source.stored_dtype(name + VALUES)
    if kind not in (torch.int8, torch.uint8):
        raise CheckpointError(f"the tensor {name}{VALUES} has the dtype {kind}, neither int8 nor uint8")
    bits = 8 if kind == torch.int8 else 4
    values = source.take(name + VALUES, rows, columns if bits == 8 else -(-columns // 2))
    scales = source.take(name + SCALES, rows, -(-columns // group))
    if scales.dtype != torch.bfloat16:
        raise CheckpointError(f"the tensor {name}{SCALES} has the dtype {scales.dtype}, not bfloat16")
    return QuantisedWeight(bits, columns, group, values, scales)


def group_size(keys: Keys) -> int | None:
    """The size of the groups when config.json says that the checkpoint was quantised by us, else None.

    Raises CheckpointError when it says so and makes no sense.
    """
    found: Any = keys.raw.get("quantization_config")
    if not isinstance(found, dict):
        return None
    inner = Keys(keys.path, cast("dict[str, Any]", found), {})
    if inner.raw.get("quant_method") != METHOD:
        return None
    size = inner.size("group_size")
    if size % SMALLEST_GROUP:
        raise keys.error(f"group_size is {size}, not a multiple of {SMALLEST_GROUP}")
    return size
