"""min_p, top_k and top_p: which tokens may be drawn. Knows logits and settings; does not draw.

min_p compares with the likeliest token; top_k keeps the k best of those left; top_p keeps the fewest of these that hold
the share p of their mass. Among equal logits at the edge the lower ids stay, so top_k = 1 is greedy.

`keep_best` is the definition, for any device. On a CPU, sorting a vocabulary of 131,072 takes longer than all other sampling,
and hardly any of it can be in the answer: there `narrow` first picks out the few tokens that can be, by a bound that is cheap
to compute and never wrong, and goes on in NumPy, whose calls cost a fraction of torch's on so little data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from nemoserve.engine.protocol import Sampling
from nemoserve.engine.typed import from_array

TILE = 256
"""Tokens per tile, where a vocabulary is looked at in tiles."""

_LEAST_TILES = 16
_MARGIN = 1e-3
"""Against rounding, where a bound is computed in another order than what it bounds."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """Some of each row's tokens, in order of id: `values` [rows, width] and `ids` of the same shape.

    Rows with fewer are filled up with minus infinity and id 0, which is also the value of tokens that are excluded.
    """

    values: npt.NDArray[np.float32]
    ids: npt.NDArray[np.int64]


def tileable(logits: torch.Tensor) -> bool:
    """Whether looking at tiles pays: on a CPU, where reductions are fast and sorts are not, over a wide vocabulary."""
    vocabulary = logits.shape[1]
    return not logits.is_cuda and vocabulary % TILE == 0 and vocabulary >= _LEAST_TILES * TILE


def in_order(settings: Sampling, vocabulary: int) -> bool:
    """Whether the settings need tokens in order of likelihood."""
    return _top_k(settings, vocabulary) < vocabulary or settings.top_p < 1.0


def apply_min_p(scaled: torch.Tensor, settings: list[Sampling]) -> None:
    """Set to minus infinity, in place, tokens less likely than min_p times the likeliest.

    `scaled`: float32 [rows, vocabulary], logits over temperature less the row's maximum.
    """
    if any(s.min_p > 0.0 for s in settings):
        floor = torch.tensor([s.min_p for s in settings], dtype=torch.float32, device=scaled.device).log()
        scaled.masked_fill_(scaled < floor.unsqueeze(-1), -torch.inf)


def keep_best(scaled: torch.Tensor, settings: list[Sampling]) -> None:
    """Set to minus infinity, in place, what top_k and top_p exclude. `scaled` as in `apply_min_p`, which comes first."""
    vocabulary, device = scaled.shape[1], scaled.device
    limit = torch.tensor([_top_k(s, vocabulary) for s in settings], device=device)
    share = torch.tensor([s.top_p for s in settings], dtype=torch.float64, device=device)
    best = scaled.sort(dim=-1, descending=True).values
    inside = (torch.arange(vocabulary, device=device) < limit.unsqueeze(-1)) & (best > -torch.inf)
    mass = (best.exp() * inside).cumsum(dim=-1, dtype=torch.float64)
    target = torch.where(share < 1.0, share * mass[:, -1], torch.inf)
    keep = torch.minimum((mass < target.unsqueeze(-1)).sum(dim=-1) + 1, inside.sum(dim=-1))
    edge = best.gather(-1, (keep - 1).unsqueeze(-1))
    equal = scaled == edge
    room = keep - (scaled > edge).sum(dim=-1)
    surplus = equal & (equal.cumsum(dim=-1) > room.unsqueeze(-1))
    scaled.masked_fill_((scaled < edge) | surplus, -torch.inf)


def narrow(scaled: torch.Tensor, settings: list[Sampling]) -> Candidates:
    """What `keep_best` keeps, as a few candidates per row instead of a vocabulary; for CPU tensors and `in_order` rows.

    With top_p alone: tokens whose probability is below (1 - p) / vocabulary hold less than 1 - p together, so the nucleus
    is among the others.
    """
    vocabulary = scaled.shape[1]
    limits = np.asarray([_top_k(s, vocabulary) for s in settings])
    shares = np.asarray([s.top_p for s in settings])
    total = np.zeros(len(settings))
    bounds = np.zeros(len(settings), np.float32)
    limited = np.flatnonzero(limits < vocabulary)
    if len(limited):
        bounds[limited] = _at_most_kth(_part(scaled, limited), limits[limited])
    open_ended = np.flatnonzero(limits == vocabulary)
    if len(open_ended):
        part = _part(scaled, open_ended)
        weights = part.exp()
        if tileable(part):  # in two sums, which is faster and more exact than one in float32
            weights = weights.view(len(open_ended), vocabulary // TILE, TILE).sum(dim=-1)
        total[open_ended] = weights.numpy().sum(axis=-1, dtype=np.float64)
        with np.errstate(divide="ignore"):
            least = np.log((1.0 - shares) * total / vocabulary)
        bounds[open_ended] = (least - _MARGIN)[open_ended]
    found = _at_least(scaled.numpy(), bounds)
    _keep_few(found.values, limits, shares, total)
    return found


def _at_most_kth(scaled: torch.Tensor, limits: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
    """For each row a bound that its k best reach, `limits` being k: the k-th largest logit, or something close below it.

    Close below it, and cheaper, is the k-th largest of the tiles' maxima, for k tokens reach it, one in each of k tiles.
    """
    rows, vocabulary = scaled.shape
    tiles = vocabulary // TILE
    if tileable(scaled) and limits.max() <= tiles:
        tops = np.sort(scaled.view(rows, tiles, TILE).amax(dim=-1).numpy(), axis=-1)
        return tops[np.arange(rows), -limits]
    values = scaled.numpy()
    return np.asarray([np.partition(row, -k)[-k] for row, k in zip(values, limits, strict=True)], np.float32)


def _part(scaled: torch.Tensor, rows: npt.NDArray[np.int64]) -> torch.Tensor:
    return scaled if len(rows) == len(scaled) else scaled[from_array(rows)]


def _at_least(values: npt.NDArray[np.float32], bounds: npt.NDArray[np.float32]) -> Candidates:
    """The tokens of each row that reach its bound and are not excluded already."""
    rows, vocabulary = values.shape
    floor = np.maximum(bounds, np.finfo(np.float32).min)
    flat = np.flatnonzero(values >= floor[:, None])
    row, ids = np.divmod(flat, vocabulary)
    sizes = np.bincount(row, minlength=rows)
    column = np.arange(len(flat)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    shape = (rows, int(sizes.max()))
    found = Candidates(np.full(shape, -np.inf, np.float32), np.zeros(shape, np.int64))
    found.values[row, column] = values.reshape(-1)[flat]
    found.ids[row, column] = ids
    return found


def _keep_few(
    values: npt.NDArray[np.float32],
    limits: npt.NDArray[np.int64],
    shares: npt.NDArray[np.float64],
    total: npt.NDArray[np.float64],
) -> None:
    """`keep_best` on candidates, in place, whose rows have `total` as their mass where that is more than theirs."""
    best: npt.NDArray[np.float32] = -np.sort(-values, axis=-1)
    width: int = values.shape[1]
    ranks = np.arange(width, dtype=np.int64)
    inside: npt.NDArray[np.bool_] = np.logical_and(ranks < limits[:, None], best > -np.inf)
    mass: npt.NDArray[np.float64] = np.cumsum(np.exp(best) * inside, axis=-1, dtype=np.float64)
    target = np.where(shares < 1.0, shares * np.maximum(mass[:, -1], total), np.inf)
    keep = np.minimum(np.count_nonzero(mass < target[:, None], axis=-1) + 1, np.count_nonzero(inside, axis=-1))
    edge = np.take_along_axis(best, keep[:, None] - 1, axis=-1)
    equal = values == edge
    room = keep - np.count_nonzero(values > edge, axis=-1)
    surplus = equal & (equal.cumsum(axis=-1) > room[:, None])
    values[(values < edge) | surplus] = -np.inf


def _top_k(settings: Sampling, vocabulary: int) -> int:
    return settings.top_k if 0 < settings.top_k < vocabulary else vocabulary
