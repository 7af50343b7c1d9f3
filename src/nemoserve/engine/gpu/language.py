"""Triton, which has no types of its own, by the few names that the kernels use. Knows no kernel."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeAlias, cast

import torch
import triton  # pyright: ignore[reportMissingTypeStubs]
import triton.language  # pyright: ignore[reportMissingTypeStubs]

if TYPE_CHECKING:
    tensor: TypeAlias = Any
    constexpr: TypeAlias = Any
else:
    # Annotations of what a kernel is given when it runs and what it is compiled for. Triton looks them up.
    from triton.language import constexpr as constexpr
    from triton.language import tensor as tensor

_triton: Any = triton
tl: Any = triton.language


def jit(*varying: str) -> Callable[[Callable[..., None]], Any]:
    """Decorates a kernel, which is launched as `kernel[grid](...)`.

    Triton compiles a kernel anew for an integer that is 1 or a multiple of 16, and for a tensor that begins at a multiple of 16 bytes.
    `varying` names those that are different in every call, for which that is not worth the wait: lengths, and what is cut out
    of a step's numbers, wherever it lies there.
    """
    return cast(
        "Callable[[Callable[..., None]], Any]", _triton.jit(do_not_specialize=list(varying) if varying else None)
    )


def device_function(function: Callable[..., Any]) -> Any:
    """Decorates what kernels call."""
    return _triton.jit(function)


def blocks(size: int, block: int) -> int:
    """How many blocks cover `size`."""
    return -(-size // block)


def power_of_two(size: int, least: int = 1) -> int:
    """The smallest power of two that is neither below `size` nor below `least`: the extents that Triton's tiles may have."""
    return max(least, 1 << max(0, size - 1).bit_length())


def rows_of(tensor: torch.Tensor) -> int:
    """The distance between two rows, in elements. The last axis has to be without gaps."""
    if tensor.stride(-1) != 1 and tensor.shape[-1] > 1:
        raise ValueError("the last axis of a kernel's input has gaps")
    return tensor.stride(0)
