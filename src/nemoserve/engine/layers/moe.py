"""A mixture of experts: a sigmoid router picks a few small MLPs for each token, one more is shared by all.

The router is computed in float32 (DeepSeek-V3, section 2.1.2, as Nemotron 3 uses it): scores are sigmoids of its logits; a correction
is added for choosing only; the chosen scores, normalised and scaled, weigh the experts' outputs.
"""

from __future__ import annotations

from typing import Any, cast

import torch
from torch.nn import functional

from nemoserve.engine.layers.linear import Linear
from nemoserve.engine.layers.mlp import SquaredReluMLP


def grouped_unseen(device: torch.device, dtype: torch.dtype) -> bool:
    """Whether PyTorch's grouped product looks at no values, so that a step with it can be recorded. On a GPU it has a kernel for bfloat16 on
    compute capabilities 9 and 10; elsewhere it fetches the experts' counts, and multiplies one expert after the other."""
    if device.type != "cuda":
        return True
    capability = cast("tuple[int, int]", cast(Any, torch.cuda).get_device_capability(device))
    return dtype == torch.bfloat16 and capability[0] in (9, 10)


class Router:
    """`logits` of the experts and `correction` [experts], in float32. With groups, only the best groups' experts are candidates;
    a group is as good as its two best experts together."""

    def __init__(
        self,
        logits: Linear,
        correction: torch.Tensor,
        *,
        per_token: int,
        groups: int,
        groups_per_token: int,
        normalise: bool,
        scale: float,
    ) -> None:
        self._logits, self._correction = logits, correction
        self._per_token, self._groups, self._groups_per_token = per_token, groups, groups_per_token
        self._normalise, self._scale = normalise, scale

    def __call__(self, x: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[tokens, hidden] to the chosen experts, int64 [tokens, per token], and their weights, float32, of the same shape."""
        # By way of float64: in float32 PyTorch's sigmoid of a number depends on the place where it lies.
        scores = self._logits(x.float()).double().sigmoid().float()
        ranks = scores + self._correction
        if self._groups_per_token < self._groups:
            by_group = ranks.view(len(x), self._groups, -1)
            worth = by_group.topk(min(2, by_group.shape[-1]), -1).values.sum(-1)
            kept = torch.zeros_like(worth).scatter_(1, worth.topk(self._groups_per_token, -1).indices, 1.0)
            ranks = by_group.masked_fill(kept.unsqueeze(-1) == 0, -torch.inf).flatten(1)
        chosen = ranks.topk(self._per_token, -1, sorted=False).indices
        weights = scores.gather(1, chosen)
        if self._normalise:
            weights = weights / (weights.sum(-1, keepdim=True) + 1e-20)
        return chosen, weights * self._scale


class Experts:
    """The experts' weighted sum plus the shared expert. `down_to` and `up_from` take the experts to a narrower width and back."""

    def __init__(
        self,
        router: Router,
        experts: list[SquaredReluMLP],
        shared: SquaredReluMLP,
        down_to: Linear | None = None,
        up_from: Linear | None = None,
    ) -> None:
        self._router, self._experts, self._shared = router, experts, shared
        self._down_to, self._up_from = down_to, up_from

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden] to the same shape and dtype, plus `residual` when given."""
        chosen, weights = self._router(x)
        inner = x if self._down_to is None else self._down_to(x)
        mixed = torch.zeros_like(inner)
        # By expert: each weight is read once, whatever number of tokens chose it.
        flat = chosen.flatten()
        order = flat.argsort(stable=True)
        counts = cast(list[int], cast(Any, torch.bincount(flat, minlength=len(self._experts))).tolist())
        rows = order.div(chosen.shape[1], rounding_mode="floor")
        shares = weights.flatten()[order].unsqueeze(1)
        begin = 0
        for expert, count in enumerate(counts):
            if count:
                end = begin + count
                mine = rows[begin:end]
                y = self._experts[expert](inner[mine])
                mixed.index_add_(0, mine, (y * shares[begin:end]).to(mixed.dtype))
                begin = end
        if self._up_from is not None:
            mixed = self._up_from(mixed)
        return self._shared(x, mixed) if residual is None else self._shared(x, mixed + residual)


class GroupedExperts:
    """As `Experts`, on a GPU: nobody looks which experts are asked, so that a step can be recorded. The experts' weights lie in two tensors,
    and the tokens, sorted by expert, are multiplied with them by one call of PyTorch's."""

    def __init__(
        self,
        router: Router,
        up: torch.Tensor,
        down: torch.Tensor,
        shared: SquaredReluMLP,
        down_to: Linear | None = None,
        up_from: Linear | None = None,
    ) -> None:
        """`up` [experts, size, width] and `down` [experts, width, size]; both extents are multiples of 8."""
        self._router, self._up, self._down, self._shared = router, up.transpose(1, 2), down.transpose(1, 2), shared
        self._down_to, self._up_from = down_to, up_from

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden] to the same shape and dtype, plus `residual` when given."""
        chosen, weights = self._router(x)
        inner = x if self._down_to is None else self._down_to(x)
        flat = chosen.flatten()
        order = flat.argsort(stable=True)
        asked = torch.zeros(len(self._up), dtype=torch.int64, device=x.device).scatter_add_(
            0, flat, flat.new_ones(1).expand_as(flat)
        )
        ends = asked.cumsum(0).to(torch.int32)
        wide = functional.grouped_mm(inner[order // chosen.shape[1]], self._up, offs=ends).relu_().square_()
        found = functional.grouped_mm(wide, self._down, offs=ends)
        by_token = torch.empty_like(found)
        by_token[order] = found
        mixed = (by_token.view(*chosen.shape, -1) * weights.unsqueeze(2)).sum(1).to(inner.dtype)
        if self._up_from is not None:
            mixed = self._up_from(mixed)
        return self._shared(x, mixed) if residual is None else self._shared(x, mixed + residual)
