"""From a weight to few bits. Knows matrices; no names, no models.

Each group of columns of a row has one scale. It is searched for: the one whose rounding has the least squared error, each column
counted by how large its inputs are. With the inputs' second moments known, columns are rounded one after the other and the error of
each is made up for in those that follow: Frantar et al., "GPTQ", 2023, with the scales chosen beforehand.
"""

from __future__ import annotations

from typing import Any

import torch

from nemoserve.engine.checkpoint.quantised import QuantisedWeight, packed_nibbles

_DAMPING = 0.01
"""Of the mean second moment, added to each: inputs that were hardly seen must not be trusted."""
_SHARES = (1.0, 0.95, 0.9, 0.85, 0.8, 0.72)
"""Of the range that would hold a group's largest value. Below 1 that value is cut, and the others are rounded more finely."""
_BLOCK = 128
"""Columns whose errors are carried to the later ones together."""
_SMALLEST = 1e-12


def quantised(
    weight: torch.Tensor, bits: int, group: int, moments: torch.Tensor | None = None
) -> tuple[QuantisedWeight, torch.Tensor]:
    """The weight [rows, columns] in 4 or 8 bits, and what it has become, float32 [rows, columns].

    `moments` [columns, columns]: the mean of x x^T over the inputs x.
    """
    wide = weight.float()
    columns = wide.shape[1]
    if moments is None:
        integers, scales = _nearest(wide, bits, group)
    else:
        integers, scales = _made_up(wide, bits, group, moments.float())
    values = integers.to(torch.int8)
    made = QuantisedWeight(bits, columns, group, values if bits == 8 else packed_nibbles(values), scales)
    return made, made.dequantised(torch.float32)


def _nearest(weight: torch.Tensor, bits: int, group: int) -> tuple[torch.Tensor, torch.Tensor]:
    scales = _scales(weight, torch.ones(weight.shape[1]), bits, group)
    return _rounded(weight, _by_column(scales, group, weight.shape[1]), bits), scales.bfloat16()


def _made_up(weight: torch.Tensor, bits: int, group: int, moments: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    columns = weight.shape[1]
    sizes = moments.diagonal().clone()
    damped = moments + torch.eye(columns) * (_DAMPING * sizes.mean()).clamp(min=_SMALLEST)
    scales = _scales(weight, sizes + _SMALLEST, bits, group)
    # Large inputs first, while there are many columns left that can make up for an error.
    order = sizes.argsort(descending=True, stable=True)
    left, by_column = weight[:, order], _by_column(scales, group, columns)[:, order]
    upper = _inverse_factor(damped[order][:, order])
    integers = torch.empty_like(weight)
    for begin in range(0, columns, _BLOCK):
        end = min(begin + _BLOCK, columns)
        part, factor = left[:, begin:end], upper[begin:end, begin:end]
        errors = torch.empty_like(part)
        for i in range(end - begin):
            column, scale = part[:, i : i + 1], by_column[:, begin + i : begin + i + 1]
            whole = _rounded(column, scale, bits)
            integers[:, order[begin + i]] = whole[:, 0]
            errors[:, i : i + 1] = error = (column - whole * scale) / factor[i, i]
            part[:, i:] -= error * factor[i, i:]
        left[:, end:] -= errors @ upper[begin:end, end:]
    return integers, scales.bfloat16()


def _scales(weight: torch.Tensor, importance: torch.Tensor, bits: int, group: int) -> torch.Tensor:
    """[rows, groups] float32, values of bfloat16."""
    spans = [slice(begin, begin + group) for begin in range(0, weight.shape[1], group)]
    return torch.cat([best_scale(weight[:, span], importance[span], bits) for span in spans], 1)


def _by_column(scales: torch.Tensor, group: int, columns: int) -> torch.Tensor:
    return scales.repeat_interleave(group, 1)[:, :columns]


def _inverse_factor(moments: torch.Tensor) -> torch.Tensor:
    """U, upper triangular, with U^T U the inverse of the moments."""
    linalg: Any = torch.linalg
    wide = moments.double()
    inverse = torch.cholesky_inverse(linalg.cholesky(wide))
    return linalg.cholesky(inverse, upper=True).float()


def best_scale(part: torch.Tensor, importance: torch.Tensor, bits: int) -> torch.Tensor:
    """The scales [rows, 1] for one group [rows, columns], values of bfloat16, columns counted by `importance` [columns].

    With 4 bits there is one value more on the negative side, so a scale may be negative.
    """
    most = part.abs().amax(1, keepdim=True)
    lowest = 8 if bits == 4 else 127
    shares = _SHARES if bits == 4 else _SHARES[:2]
    bases = [most * share / lowest for share in shares]
    if bits == 4:
        bases += [-base for base in bases] + [most / 7]
    best = torch.zeros_like(most)
    least = torch.full_like(most, torch.inf)
    for base in bases:
        for scale in (base, None):
            if scale is None:  # the least squares' scale for the same whole numbers
                whole = _rounded(part, best, bits)
                scale = (whole * part * importance).sum(1, keepdim=True) / (whole.square() * importance).sum(
                    1, keepdim=True
                ).clamp(min=_SMALLEST)
            scale = scale.bfloat16().float()
            error = ((_rounded(part, scale, bits) * scale - part).square() * importance).sum(1, keepdim=True)
            better = error < least
            best, least = torch.where(better, scale, best), torch.where(better, error, least)
    return best


def _rounded(part: torch.Tensor, scale: torch.Tensor, bits: int) -> torch.Tensor:
    low, high = (-8, 7) if bits == 4 else (-127, 127)
    inverse = torch.where(scale.abs() > _SMALLEST, 1 / scale, 0)
    return (part * inverse).round_().clamp_(low, high)
