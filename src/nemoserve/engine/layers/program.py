"""A model's blocks as one call of the native library, for steps in which every sequence gets one token. Knows layers' parts; no families.

Nothing else is computed than by the layers one by one, and to the same bits; what falls away is the way back to Python between them.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch

from nemoserve.engine.cache import Cache, StepPlan
from nemoserve.engine.layers.attention import Attention, keys_and_values
from nemoserve.engine.layers.mamba2 import Mamba2
from nemoserve.engine.layers.mlp import SquaredReluMLP
from nemoserve.engine.layers.native import NativeLinear, library_for_layers
from nemoserve.engine.layers.norm import RMSNorm
from nemoserve.native.library import ATTENTION, LINEAR, MAMBA, NORM, SQUARED_RELU, Native, States, Step

_X, _H, _WIDE, _MIXED = range(4)
"""Buffers: the residual stream, its normed values, a first projection's outputs, a mixer's outputs."""
_NONE = -1


class DecodeProgram:
    """For float32 activations on a CPU."""

    def __init__(self, library: Native, steps: list[Step], widths: tuple[int, int, int], kept: object) -> None:
        """`widths` of the buffers after the first; `kept` owns what the steps point to."""
        self._library = library
        self._program = library.program(steps)
        self._widths = widths
        self._kept = kept
        self._room = [torch.empty(0)] * len(widths)

    def serves(self, plan: StepPlan) -> bool:
        """Whether the step is one of this kind: no prompts."""
        return not plan.runs

    def run(self, x: torch.Tensor, plan: StepPlan, cache: Cache) -> torch.Tensor:
        """x [tokens, hidden] float32, contiguous, which becomes what the last block gives; the cache's tensors advance."""
        rows = x.shape[0]
        if self._room[0].shape[0] < rows:
            self._room = [torch.empty((rows, width)) for width in self._widths]
        conv, ssm = cache.conv, cache.ssm
        states = States(conv.data_ptr(), ssm.data_ptr(), conv.stride(0), ssm.stride(0), keys_and_values(plan, cache.kv))
        self._library.run(self._program, rows, [x.data_ptr(), *(room.data_ptr() for room in self._room)], states)
        return x


def compiled(blocks: Sequence[tuple[RMSNorm, object]], hidden: int) -> DecodeProgram | None:
    """The program of these norms and layers; None when one of them is of a kind, or in a form, that has none."""
    library = library_for_layers()
    steps: list[Step] = []
    wide = mixed = 0
    for norm, layer in blocks:
        match layer:
            case Mamba2() if layer.native is not None:
                first, last, mixer = layer.in_proj, layer.out_proj, _mamba(layer)
                mixed = max(mixed, layer.shape.inner)
            case Attention() if layer.native is not None and layer.rotary is None:
                first, last = layer.qkv, layer.out
                mixer = Step(ATTENTION, layer.native[1].address, None, _WIDE, _MIXED, _NONE, 0, 0.0)
                mixed = max(mixed, layer.heads * layer.head_dim)
            case SquaredReluMLP():
                first, last, mixer = layer.up, layer.down, None
            case _:
                return None
        if not isinstance(first, NativeLinear) or not isinstance(last, NativeLinear):
            return None
        wide = max(wide, first.rows)
        steps.append(Step(NORM, norm.weight.data_ptr(), None, _X, _H, _NONE, hidden, norm.epsilon))
        steps.append(_linear(first, _H, _WIDE, _NONE))
        steps.append(mixer or Step(SQUARED_RELU, None, None, _WIDE, _WIDE, _NONE, first.rows, 0.0))
        steps.append(_linear(last, _WIDE if mixer is None else _MIXED, _X, _X))
    return None if library is None else DecodeProgram(library, steps, (hidden, wide, mixed), blocks)


def _linear(layer: NativeLinear, source: int, target: int, residual: int) -> Step:
    bias = None if layer.bias is None else layer.bias.data_ptr()
    return Step(LINEAR, layer.record.address, bias, source, target, residual, 0, 0.0)


def _mamba(layer: Mamba2) -> Step:
    assert layer.native is not None
    return Step(MAMBA, layer.native[1].address, None, _WIDE, _MIXED, _NONE, layer.index, 0.0)
