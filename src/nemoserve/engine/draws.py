"""Random draws that a seed fixes: counter-based uniforms and drawing an index by weight. Knows no requests, no batch.

A draw depends on the seed and on the token's position alone, so a sequence draws the same numbers alone and in any batch,
and needs no generator state. Both ways of drawing invert the cumulative sum in index order, which, unlike order by weight,
keeps the choice when rounding swaps two nearly equal weights.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch

_MASK = (1 << 64) - 1
_GOLDEN = 0x9E3779B97F4A7C15
_BLOCK = 256


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) with 53 random bits. `seed` is taken modulo 2**64; `position` counts from 0.

    The SplitMix64 generator (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014) at step
    `position` of the stream that starts at the mixed seed: mixing keeps neighbouring seeds unrelated.
    """
    return (_mix(_mix(seed & _MASK) + position * _GOLDEN) >> 11) * 2.0**-53


def _mix(state: int) -> int:
    z = (state + _GOLDEN) & _MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & _MASK
    return z ^ (z >> 31)


def draw_few(weights: npt.NDArray[np.float32], uniforms: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """One index per row, each with the probability weight / sum of the row's weights; for a small number of weights.

    `weights`: [rows, n], not negative, at least one positive per row. `uniforms`: [rows] in [0, 1). Returns [rows]. An index
    of weight 0 is never returned.
    """
    sums = weights.cumsum(axis=-1, dtype=np.float64)
    total = sums[:, -1]
    target = np.minimum(uniforms * total, np.nextafter(total, 0.0))
    return np.count_nonzero(sums <= target[:, None], axis=-1)


def draw(weights: torch.Tensor, uniforms: torch.Tensor) -> torch.Tensor:
    """The same for a vocabulary, on any device: float32 [rows, n] and float64 [rows] give int64 [rows].

    Works in two levels (blocks, then inside one block), because one float64 sum over a vocabulary costs more than all the
    rest of sampling.
    """
    rows, n = weights.shape
    blocks = -(-n // _BLOCK)
    if blocks * _BLOCK != n:
        weights = torch.nn.functional.pad(weights, (0, blocks * _BLOCK - n))
    tiles = weights.reshape(rows, blocks, _BLOCK)
    block, rest = _invert(tiles.sum(dim=-1).double(), uniforms)
    inside = tiles[torch.arange(rows, device=weights.device), block].double()
    index, _ = _invert(inside, rest)
    return block * _BLOCK + index


def _invert(weights: torch.Tensor, uniforms: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """The index in each row at which the running sum passes uniform * total, and how far into that item, in [0, 1)."""
    sums = weights.cumsum(dim=-1)
    total = sums[:, -1:]
    below = torch.nextafter(total, torch.zeros_like(total))
    target = torch.minimum(uniforms.unsqueeze(-1) * total, below)
    index = torch.searchsorted(sums, target, right=True)
    item = weights.gather(-1, index)
    rest = (target - (sums.gather(-1, index) - item)) / item
    return index.squeeze(-1), rest.squeeze(-1).clamp(0.0, 1.0 - 2.0**-53)
