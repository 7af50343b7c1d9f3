"""The Mamba-2 mixer between its two projections, by Triton kernels: convolution, recurrence, gated norm. Knows steps and states."""

from __future__ import annotations

from dataclasses import dataclass

import torch

from nemoserve.engine.cache import StepPlan
from nemoserve.engine.gpu.conv import conv_run, conv_step
from nemoserve.engine.gpu.norm import gated_norm
from nemoserve.engine.gpu.scan import scan_run, state_step


@dataclass(frozen=True, slots=True)
class GpuMamba:
    """Sizes in elements; `limit` bounds the step size; taps [kernel, channels] with the latest first, dt_bias, a and d [heads], norm
    [heads * head_dim], all float32."""

    heads: int
    head_dim: int
    groups: int
    state_size: int
    limit: tuple[float, float] | None
    epsilon: float
    taps: torch.Tensor
    dt_bias: torch.Tensor
    a: torch.Tensor
    d: torch.Tensor
    norm: torch.Tensor

    def __call__(
        self, projected: torch.Tensor, plan: StepPlan, conv: torch.Tensor, states: torch.Tensor
    ) -> torch.Tensor:
        """projected [tokens, gate x B C dt] to normed outputs [tokens, heads * head_dim] of the same dtype; conv [slot, kernel, channels] and
        states [slot, groups, state size, group width] advance."""
        inner = self.heads * self.head_dim
        dt = inner + self.taps.shape[1]
        numbers = dt, self.dt_bias, self.a, self.d, self.limit
        sizes = self.groups, self.heads, self.head_dim, self.state_size
        parts: list[torch.Tensor] = []
        if plan.decode:
            own = projected[: plan.decode]
            xbc = conv_step(own, inner, conv, plan.slots, self.taps)
            parts.append(state_step(xbc, own, *numbers, states, plan.slots, *sizes))
        for run in plan.runs:
            own = projected[run.begin : run.end]
            xbc = conv_run(own, inner, conv[run.slot], self.taps)
            parts.append(scan_run(xbc, own, *numbers, states[run.slot], *sizes))
        y = parts[0] if len(parts) == 1 else torch.cat(parts)
        return gated_norm(y, projected, self.norm, self.epsilon, self.groups, projected.dtype)
