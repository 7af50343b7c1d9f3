"""min_p, top_k and top_p: which tokens may be drawn. Knows logits and settings; does not draw.

min_p compares with the likeliest token; top_k keeps the k best of those left; top_p keeps the fewest of these that hold
the share p of their mass. Among equal logits at the edge the lower ids stay, so top_k = 1 is greedy.

Sorting a vocabulary of 131,072 takes longer than all other sampling, and hardly any of it can be in the answer. So on a CPU
the few tokens that can be are picked out first, by a bound that is cheap to compute and never wrong (`narrow`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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
    """Some of each row's tokens, in order of id: float32 `values` [rows, width], int64 `ids` of the same shape.

    Rows with fewer are filled up with minus infinity and id 0.
    """

    values: torch.Tensor
    ids: torch.Tensor


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
    limits = [_top_k(s, scaled.shape[1]) for s in settings]
    shares = torch.tensor([s.top_p for s in settings], dtype=torch.float64)
    _keep(scaled, limits, shares, torch.zeros_like(shares))


def narrowable(settings: Sampling, logits: torch.Tensor) -> bool:
    """Whether `narrow` knows a bound for rows with these settings."""
    limit = _top_k(settings, logits.shape[1])
    return tileable(logits) and (limit == logits.shape[1] or limit <= logits.shape[1] // TILE)


def narrow(scaled: torch.Tensor, settings: list[Sampling]) -> Candidates:
    """What `keep_best` keeps, as a few candidates per row instead of a vocabulary. Only for `narrowable` rows.

    With top_k: the k-th largest of the tiles' maxima is a lower bound of the k-th largest logit, for k tokens reach it, one
    in each of k tiles. So the best k, and whatever equals the last of them, are at least as large.
    With top_p alone: tokens whose probability is below (1 - p) / vocabulary hold less than 1 - p together, so the nucleus
    is among the others.
    """
    rows, vocabulary = scaled.shape
    tiles = scaled.view(rows, vocabulary // TILE, TILE)
    limits = [_top_k(s, vocabulary) for s in settings]
    shares = torch.tensor([s.top_p for s in settings], dtype=torch.float64)
    total = torch.zeros(rows, dtype=torch.float64)
    bounds = torch.empty(rows, dtype=torch.float32)
    limited = [i for i, limit in enumerate(limits) if limit < vocabulary]
    if limited:
        tops = _descending(tiles[limited].amax(dim=-1))
        bounds[limited] = tops.gather(-1, torch.tensor([[limits[i] - 1] for i in limited])).squeeze(-1)
    nuclear = [i for i, limit in enumerate(limits) if limit == vocabulary]
    if nuclear:
        part = tiles if len(nuclear) == rows else tiles[nuclear]
        total[nuclear] = part.exp().sum(dim=-1).sum(dim=-1, dtype=torch.float64)
        bounds[nuclear] = ((1.0 - shares) * total / vocabulary).log().float()[nuclear] - _MARGIN
    found = _at_least(scaled, bounds)
    _keep(found.values, limits, shares, total)
    return found


def _at_least(scaled: torch.Tensor, bounds: torch.Tensor) -> Candidates:
    """The tokens of each row that reach its bound and are not excluded already."""
    rows, vocabulary = scaled.shape
    values = scaled.numpy()
    floor = np.maximum(bounds.numpy(), np.finfo(np.float32).min)
    flat = np.flatnonzero(values >= floor[:, None])
    row, ids = np.divmod(flat, vocabulary)
    sizes = np.bincount(row, minlength=rows)
    column = np.arange(len(flat)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
    shape = (rows, int(sizes.max()))
    found = Candidates(torch.full(shape, -torch.inf), torch.zeros(shape, dtype=torch.int64))
    found.values.numpy()[row, column] = values.reshape(-1)[flat]
    found.ids.numpy()[row, column] = ids
    return found


def _top_k(settings: Sampling, vocabulary: int) -> int:
    return settings.top_k if 0 < settings.top_k < vocabulary else vocabulary


def _keep(values: torch.Tensor, limits: list[int], shares: torch.Tensor, total: torch.Tensor) -> None:
    """Keep each row's `limits` best and of these the fewest with the share `shares` of the mass, in place.

    The mass is that of the best, or `total`, float64 [rows], where that is more because `values` are not the whole row.
    """
    width = values.shape[1]
    device = values.device
    best = _descending(values)
    limit = torch.tensor(limits, device=device)
    inside = (torch.arange(width, device=device) < limit.unsqueeze(-1)) & (best > -torch.inf)
    mass = (best.exp() * inside).cumsum(dim=-1, dtype=torch.float64)
    whole = torch.maximum(mass[:, -1], total.to(device))
    share = shares.to(device)
    target = torch.where(share < 1.0, share * whole, torch.inf)
    keep = torch.minimum((mass < target.unsqueeze(-1)).sum(dim=-1) + 1, inside.sum(dim=-1))
    edge = best.gather(-1, (keep - 1).unsqueeze(-1))
    equal = values == edge
    room = keep - (values > edge).sum(dim=-1)
    surplus = equal & (equal.cumsum(dim=-1) > room.unsqueeze(-1))
    values.masked_fill_((values < edge) | surplus, -torch.inf)


def _descending(values: torch.Tensor) -> torch.Tensor:
    """Rows sorted, largest first. NumPy's vectorised sort takes a twentieth of torch's time on a CPU."""
    if values.is_cuda:
        return values.sort(dim=-1, descending=True).values
    return -from_array(np.sort(-values.numpy(), axis=-1))
