"""Tensors to and from Python lists and NumPy arrays, with complete types. Knows nothing else.

torch's stubs leave the element types of these methods open; the checks here are what the type checker cannot know.
"""

from __future__ import annotations

from typing import cast

import numpy as np
import numpy.typing as npt
import torch


def integers(tensor: torch.Tensor) -> list[int]:
    """The values of a 1-D integer tensor."""
    return cast("list[int]", tensor.tolist())  # pyright: ignore[reportUnknownMemberType]


def numbers(tensor: torch.Tensor) -> list[float]:
    """The values of a 1-D floating-point tensor."""
    return cast("list[float]", tensor.tolist())  # pyright: ignore[reportUnknownMemberType]


def flags(tensor: torch.Tensor) -> list[bool]:
    """The values of a 1-D boolean tensor."""
    return cast("list[bool]", tensor.tolist())  # pyright: ignore[reportUnknownMemberType]


def from_array(array: npt.NDArray[np.generic]) -> torch.Tensor:
    """A CPU tensor that shares the array's memory."""
    return torch.from_numpy(array)  # pyright: ignore[reportUnknownMemberType]
