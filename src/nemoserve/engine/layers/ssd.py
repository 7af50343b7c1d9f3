"""The Mamba-2 state-space recurrence in float32, chunked for prompts and step by step for replies. Knows no weights.

The recurrence (Dao and Gu, "Transformers are SSMs", 2024), for every head h with decay rate A_h < 0:

    S_t = exp(dt_t A) S_{t-1} + B_t (dt_t x_t)^T        y_t = C_t S_t + D x_t

Heads come in groups that share B and C. States are kept as [groups, state, heads per group x head_dim]: one matrix product
per group serves all its heads, so B and C are never repeated per head, and the innermost axis is long.
"""

from __future__ import annotations

import torch

_FORGOTTEN = -80.0
"""Exponents below this count as this one: e^-80 is nothing beside 1, and where the exponential underflows, or is taken of
-inf, it is 20 to 80 times slower."""


def scan_chunk(
    x: torch.Tensor,
    dt: torch.Tensor,
    a: torch.Tensor,
    b: torch.Tensor,
    c: torch.Tensor,
    state: torch.Tensor,
) -> torch.Tensor:
    """Outputs of one chunk that follows `state`, which is advanced in place. All tensors float32.

    x [length, heads, head_dim], dt [length, heads] (after softplus), a [heads], b and c [length, groups, state size],
    state [groups, state size, heads / groups * head_dim]. Returns [length, heads, head_dim] without the D term. The work
    per token grows with the length, the number of calls falls.
    """
    length, heads, head_dim = x.shape
    groups = b.shape[1]
    per_group = heads // groups
    # Sums of dt A since the chunk's start. Their differences are exponents of the decay between two positions; in float64
    # they stay exact when a strong decay has made the sums large.
    sums = (dt * a).double().cumsum(0)
    rising = sums.t().contiguous()
    # The upper bound only matters for sources after their target, which the triangle below removes.
    decay = (rising.unsqueeze(2) - rising.unsqueeze(1)).float().clamp_(_FORGOTTEN, 0).exp_()
    from_start = sums.float().clamp_(min=_FORGOTTEN).exp_()
    to_end = (sums[-1] - sums).float().clamp_(min=_FORGOTTEN).exp_()

    by_group_c = c.transpose(0, 1)
    by_group_b = b.permute(1, 2, 0)
    scores = torch.bmm(by_group_c, by_group_b).tril_()
    decay.view(groups, per_group, length, length).mul_(scores.unsqueeze(1))
    inputs = x * dt.unsqueeze(2)
    within = torch.bmm(decay, inputs.transpose(0, 1)).transpose(0, 1)
    carried = torch.bmm(by_group_c, state).transpose(0, 1).reshape(length, heads, head_dim)
    outputs = torch.addcmul(within, carried, from_start.unsqueeze(2))

    inputs.mul_(to_end.unsqueeze(2))
    state.view(groups, -1, per_group, head_dim).mul_(from_start[-1].view(groups, 1, per_group, 1))
    state.baddbmm_(by_group_b, inputs.view(length, groups, -1).transpose(0, 1))
    return outputs


def step(
    x: torch.Tensor, dt: torch.Tensor, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, state: torch.Tensor
) -> torch.Tensor:
    """One token of each of `batch` sequences. All tensors float32; `state` is advanced in place.

    x [batch, heads, head_dim], dt [batch, heads, 1] (after softplus), a [heads, 1], b and c [batch, groups, state size],
    state [batch, groups, state size, heads / groups * head_dim]. Returns [batch, heads, head_dim] without the D term.
    """
    batch, groups, size, width = state.shape
    head_dim = x.shape[2]
    decay = (dt * a).exp_().view(batch, groups, 1, -1, 1)
    inputs = (x * dt).view(batch, groups, 1, width)
    state.view(batch, groups, size, -1, head_dim).mul_(decay)
    state.addcmul_(b.unsqueeze(3), inputs)
    y = torch.bmm(c.reshape(batch * groups, 1, size), state.view(batch * groups, size, width))
    return y.view(x.shape)
