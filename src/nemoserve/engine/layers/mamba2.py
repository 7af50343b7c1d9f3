"""The Mamba-2 mixer: projections, causal convolution, state-space recurrence, gated norm. Everything between the two
projections is float32. Follows `modeling_nemotron_h.py` of transformers, without its clamp of the step size."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional

from nemoserve.engine.cache import Cache, StepPlan
from nemoserve.engine.layers import ssd
from nemoserve.engine.layers.linear import Linear
from nemoserve.engine.layers.native import library_for_layers
from nemoserve.engine.layers.norm import RMSNorm
from nemoserve.native.library import MAMBA_TAPS, MambaNumbers, Native, Record

CHUNK = 64
"""Tokens per chunk of the scan: everything a chunk touches stays in the second-level cache."""


@dataclass(frozen=True, slots=True)
class Mamba2Shape:
    """Sizes of one mixer, in elements, and the bounds of its step size."""

    heads: int
    head_dim: int
    groups: int
    state_size: int
    conv_kernel: int
    time_step_limit: tuple[float, float]

    @property
    def inner(self) -> int:
        return self.heads * self.head_dim

    @property
    def conv(self) -> int:
        return self.inner + 2 * self.groups * self.state_size


class Mamba2:
    """`index` counts the Mamba layers from 0."""

    def __init__(
        self,
        shape: Mamba2Shape,
        index: int,
        *,
        in_proj: Linear,
        conv_weight: torch.Tensor,
        a_log: torch.Tensor,
        d: torch.Tensor,
        dt_bias: torch.Tensor,
        norm: RMSNorm,
        out_proj: Linear,
        triton: bool = False,
    ) -> None:
        """`conv_weight` [channels, kernel]; `a_log`, `d` and `dt_bias` [heads]. They are kept in float32. With `triton`, what is between
        the projections is computed by its kernels."""
        self.shape = shape
        self.index = index
        self.in_proj = in_proj
        self.out_proj = out_proj
        self._norm = norm
        # Latest tap first: row j is what a token contributes to the output j steps later.
        self._taps = conv_weight.float().flip(1).t().contiguous()
        self._a = -a_log.float().exp()
        self._a_column = self._a.unsqueeze(1)
        self._d = d.float().unsqueeze(1).contiguous()
        self._dt_bias = dt_bias.float().contiguous()
        low, high = shape.time_step_limit
        self._limit = None if low <= 0 and math.isinf(high) else (low, high)
        self._on_gpu = self._by_triton() if triton else None
        native = conv_weight.device.type == "cpu" and shape.conv_kernel <= MAMBA_TAPS and not triton
        library = library_for_layers() if native else None
        self.native = None if library is None else (library, self._record(library))

    def __call__(
        self, x: torch.Tensor, plan: StepPlan, cache: Cache, residual: torch.Tensor | None = None
    ) -> torch.Tensor:
        """[tokens, hidden], laid out as `plan` says, to the same shape and dtype, plus `residual` when given.

        Advances the rows' states in `cache`.
        """
        conv, states = cache.conv[self.index], cache.ssm[self.index]
        projected = self.in_proj(x)
        if self._on_gpu is not None:
            return self.out_proj(self._on_gpu(projected, plan, conv, states), residual)
        projected = projected.float()
        n = plan.decode
        if self.native is not None:
            y = self._natively(*self.native, projected.contiguous(), plan, conv, states)
        elif not plan.runs:
            y = self._decode(projected, conv, states, plan.slots)
        else:
            y = torch.empty((x.shape[0], self.shape.inner), device=x.device)
            if n:
                y[:n] = self._decode(projected[:n], conv, states, plan.slots)
            for run in plan.runs:
                for begin in range(run.begin, run.end, CHUNK):
                    end = min(begin + CHUNK, run.end)
                    y[begin:end] = self._prompt_chunk(projected[begin:end], conv[run.slot], states[run.slot])
        return self.out_proj(y.to(x.dtype), residual)

    def _by_triton(self) -> Callable[[torch.Tensor, StepPlan, torch.Tensor, torch.Tensor], torch.Tensor]:
        from nemoserve.engine.gpu.mamba import (
            GpuMamba,  # Triton comes with PyTorch for GPUs, and is not there without one
        )

        shape, norm = self.shape, self._norm
        sizes = shape.heads, shape.head_dim, shape.groups, shape.state_size, self._limit, norm.epsilon
        return GpuMamba(*sizes, self._taps, self._dt_bias, self._a, self._d.flatten(), norm.weight)

    def _record(self, library: Native) -> Record:
        shape, (low, high) = self.shape, self._limit or (-math.inf, math.inf)
        arrays = (self._taps, self._dt_bias, self._a, self._d, self._norm.weight)
        sizes = (shape.heads, shape.head_dim, shape.groups, shape.state_size, shape.conv_kernel)
        places = (array.data_ptr() for array in arrays)
        return library.mamba(MambaNumbers(*sizes, low, high, self._norm.epsilon, *places))

    def _natively(
        self,
        library: Native,
        layer: Record,
        projected: torch.Tensor,
        plan: StepPlan,
        conv: torch.Tensor,
        states: torch.Tensor,
    ) -> torch.Tensor:
        """Normed outputs [tokens, inner] of all tokens, by the native library."""
        y = torch.empty((projected.shape[0], self.shape.inner))
        if plan.decode:
            places = plan.slots.data_ptr(), projected.data_ptr(), conv.data_ptr(), states.data_ptr(), y.data_ptr()
            library.mamba_step(layer, plan.decode, *places)
        for run in plan.runs:
            library.mamba_run(
                layer,
                run.end - run.begin,
                projected[run.begin].data_ptr(),
                conv[run.slot].data_ptr(),
                states[run.slot].data_ptr(),
                y[run.begin].data_ptr(),
            )
        return y

    def _dt(self, projected: torch.Tensor) -> torch.Tensor:
        dt = functional.softplus(projected[:, -self.shape.heads :] + self._dt_bias)
        return dt if self._limit is None else dt.clamp_(*self._limit)

    def _prompt_chunk(self, projected: torch.Tensor, conv: torch.Tensor, state: torch.Tensor) -> torch.Tensor:
        """Normed outputs [length, inner] of a chunk of one sequence, whose states advance in place."""
        shape = self.shape
        length = projected.shape[0]
        kernel = shape.conv_kernel
        xbc = projected[:, shape.inner : shape.inner + shape.conv]
        # Every token adds its part to its own and the next kernel - 1 outputs; what falls past the chunk is the new state.
        sums = torch.empty((length + kernel - 1, shape.conv), device=xbc.device)
        sums[: kernel - 1] = conv[:-1]
        sums[kernel - 1 :] = conv[-1]
        for delay in range(kernel):
            sums[delay : delay + length].addcmul_(xbc, self._taps[delay])
        conv[:-1] = sums[length:]
        x, b, c = self._split(functional.silu(sums[:length], inplace=True))
        y = ssd.scan_chunk(x, self._dt(projected), self._a, b, c, state)
        return self._finish(y, x, projected)

    def _decode(
        self, projected: torch.Tensor, conv: torch.Tensor, states: torch.Tensor, slots: torch.Tensor
    ) -> torch.Tensor:
        """Normed outputs [sequences, inner] of one token each, whose states, those of `slots`, advance in place."""
        shape = self.shape
        xbc = projected[:, shape.inner : shape.inner + shape.conv]
        sums = torch.addcmul(conv[slots], xbc.unsqueeze(1), self._taps)
        conv[slots, :-1] = sums[:, 1:]
        x, b, c = self._split(functional.silu(sums[:, 0]))
        own = states[slots]
        y = ssd.step(x, self._dt(projected).unsqueeze(2), self._a_column, b, c, own)
        states[slots] = own
        return self._finish(y, x, projected)

    def _split(self, xbc: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        """x [tokens, heads, head_dim], B and C [tokens, groups, state size]."""
        shape = self.shape
        width = shape.groups * shape.state_size
        x, b, c = torch.split_with_sizes(xbc, (shape.inner, width, width), 1)
        return (
            x.view(-1, shape.heads, shape.head_dim),
            b.view(-1, shape.groups, shape.state_size),
            c.view(-1, shape.groups, shape.state_size),
        )

    def _finish(self, y: torch.Tensor, x: torch.Tensor, projected: torch.Tensor) -> torch.Tensor:
        """The D term, the gate (first), the norm over each group (second). [tokens, inner] float32."""
        y = torch.addcmul(y, x, self._d).flatten(1)
        return self._norm(y.mul_(functional.silu(projected[:, : self.shape.inner])))
