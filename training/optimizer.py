"""Muon for the 2-D projections, AdamW for everything else. Knows parameters and gradients, not the data.

Muon (Jordan et al. 2024): momentum, then the nearest semi-orthogonal matrix by Newton-Schulz iterations; the step is
scaled to the size that AdamW's would have (Liu et al. 2025, section 2.2).
"""

from __future__ import annotations

from collections import defaultdict

import torch
import torch.distributed as dist
from torch import Tensor, nn

from training.precision import fast_bfloat16

NEWTON_SCHULZ = (3.4445, -4.7750, 2.0315)


def orthogonalised(g: Tensor, steps: int = 5) -> Tensor:
    """g [N, rows, columns] -> the same shape and dtype with singular values near 1, in bfloat16 where that is fast: the
    iteration only has to come near."""
    a, b, c = NEWTON_SCHULZ
    wide = g.shape[-2] <= g.shape[-1]
    x = (g if wide else g.mT).to(torch.bfloat16 if fast_bfloat16(g.device) else g.dtype)
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(steps):
        gram = x @ x.mT
        x = a * x + (b * gram + c * gram @ gram) @ x
    return (x if wide else x.mT).to(g.dtype)


def shared(g: Tensor) -> Tensor:
    """`orthogonalised`, each process of the group doing its share of the matrices. The result is the same everywhere."""
    if not dist.is_initialized():
        return orthogonalised(g)
    world, rank = dist.get_world_size(), dist.get_rank()
    count = -(-len(g) // world)
    padded = torch.cat([g, g[:1].expand(count * world - len(g), -1, -1)])
    mine = orthogonalised(padded[rank * count : (rank + 1) * count]).contiguous()
    parts = [torch.empty_like(mine) for _ in range(world)]
    dist.all_gather(parts, mine)
    return torch.cat(parts)[: len(g)]


class Muon(torch.optim.Optimizer):
    def __init__(self, params: list[nn.Parameter], lr: float, momentum: float = 0.95, decay: float = 0.05) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "decay": decay})

    @torch.no_grad()
    def step(self) -> None:  # type: ignore[override]
        """Parameters of one shape are orthogonalised together: one batched product instead of many small ones."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[nn.Parameter]] = defaultdict(list)
            for p in group["params"]:
                if p.grad is not None:
                    by_shape[p.shape].append(p)
            for shape, params in by_shape.items():
                updates: list[Tensor] = []
                for p in params:
                    buffer = self.state[p].setdefault("momentum", torch.zeros_like(p))
                    buffer.lerp_(p.grad, 1 - group["momentum"])
                    updates.append(p.grad.lerp(buffer, group["momentum"]))
                stepped = shared(torch.stack(updates))
                scale = 0.2 * max(shape) ** 0.5
                for p, update in zip(params, stepped, strict=True):
                    p.mul_(1 - group["lr"] * group["decay"])
                    p.add_(update, alpha=-group["lr"] * scale)


def optimizers(model: nn.Module, muon_lr: float, adam_lr: float) -> list[torch.optim.Optimizer]:
    """Muon takes in/out/q/k/v/o/up/down projections; the convolution is a matrix too, but stays with AdamW."""
    matrices: list[nn.Parameter] = []
    others: list[nn.Parameter] = []
    for name, p in model.named_parameters():
        (matrices if name.endswith("_proj.weight") else others).append(p)
    return [Muon(matrices, muon_lr), torch.optim.AdamW(others, lr=adam_lr, betas=(0.9, 0.95), weight_decay=0.0)]
