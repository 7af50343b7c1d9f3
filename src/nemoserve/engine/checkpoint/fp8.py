"""Weights in eight-bit floats with scales beside them, as wider floats. Knows the shapes that scales come in; no files, no models.

A weight is its stored value times its scale, under `weight_scale` (modelopt, compressed-tensors) as under `weight_scale_inv` (fp8 of
transformers). A scale is one number for all, one for each row, or one for each block of rows and columns.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch

from nemoserve.engine.checkpoint.config import read_json

_BLOCK = (128, 128)
_PIECE = 1 << 21
"""Elements that are dequantised at a time: 8 MiB as float32."""


def block_size(folder: Path) -> tuple[int, int]:
    """Rows and columns of a block of scales, by config.json; 128 each where it does not say."""
    path = folder / "config.json"
    quantization: Any = read_json(path).get("quantization_config") if path.exists() else None
    size: Any = (
        cast("dict[str, Any]", quantization).get("weight_block_size") if isinstance(quantization, dict) else None
    )
    if isinstance(size, list) and len(cast("list[Any]", size)) == 2:
        rows, columns = cast("list[Any]", size)
        if isinstance(rows, int) and isinstance(columns, int) and rows > 0 and columns > 0:
            return rows, columns
    return _BLOCK


def dequantise(
    weight: torch.Tensor, scale: torch.Tensor, dtype: torch.dtype, block: tuple[int, int] = _BLOCK
) -> torch.Tensor:
    """`weight` [rows, columns] of float8 to the same shape in `dtype`; the product is taken in float32, a piece at a time.

    Raises ValueError when the weight is no matrix, or the scale's shape fits neither the rows nor the blocks.
    """
    if weight.dim() != 2:
        raise ValueError(f"belongs to a weight of the shape {list(weight.shape)}; only matrices are served in FP8")
    rows, columns = weight.shape
    by_row, by_column = -(-rows // block[0]), -(-columns // block[1])
    scale = scale.float()
    if scale.numel() == 1:
        scale = scale.reshape(1, 1)
    elif scale.numel() == rows and scale.shape in ((rows,), (rows, 1)):
        scale = scale.reshape(rows, 1)
    elif scale.shape == (by_row, by_column):
        scale = scale.repeat_interleave(block[1], 1)[:, :columns]
    else:
        raise ValueError(
            f"has the shape {list(scale.shape)}, which fits no weight of {rows} rows and {columns} columns"
        )
    found = torch.empty((rows, columns), dtype=dtype)
    step = max(1, _PIECE // columns)
    for begin in range(0, rows, step):
        end = min(begin + step, rows)
        if len(scale) == 1:
            own = scale
        elif len(scale) == rows:
            own = scale[begin:end]
        else:
            own = scale[torch.arange(begin, end) // block[0]]
        found[begin:end] = weight[begin:end].float() * own
    return found
