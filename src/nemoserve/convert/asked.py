"""Which tensors a model asks a checkpoint for, found out without reading any. Knows names and shapes."""

from __future__ import annotations

from typing import Self

import torch

from nemoserve.convert.calibration import Calibrated
from nemoserve.engine.checkpoint.tensors import Tensors
from nemoserve.engine.models.blocks import ModelConfig


def shapes_asked(config: ModelConfig, weights: Tensors) -> dict[str, tuple[int, ...]]:
    """The shapes of all tensors by their names, in the order in which the model takes them.

    Raises CheckpointError for one that is missing.
    """
    noted = _Noted(weights)
    Calibrated(config, noted)
    return noted.shapes


class _Noted:
    """Stands before a checkpoint: gives zeros, which take no room, and notes what was asked for."""

    def __init__(self, weights: Tensors) -> None:
        self._weights = weights
        self.shapes: dict[str, tuple[int, ...]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    @property
    def total_bytes(self) -> int:
        return self._weights.total_bytes

    def __contains__(self, name: str) -> bool:
        return name in self._weights

    def stored_dtype(self, name: str) -> torch.dtype:
        return self._weights.stored_dtype(name)

    def compute_in(self, dtype: torch.dtype) -> None:
        self._weights.compute_in(dtype)

    def take(self, name: str, *shape: int) -> torch.Tensor:
        dtype = self._weights.stored_dtype(name)  # names what is missing
        self.shapes[name] = shape
        return torch.zeros((), dtype=dtype).expand(shape)

    def finish(self) -> None:
        return None
