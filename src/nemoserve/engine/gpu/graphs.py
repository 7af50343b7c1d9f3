"""Steps without prompts, recorded for a few batch sizes and replayed: a GPU does them in less time than their launches take. Knows plans;
not what a step computes.

A recorded step reads its tokens, slots and lengths from places that stay the same, and is padded with slot -1, for which no kernel reads or
writes any state.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Protocol

import torch

from nemoserve.engine.cache import StepPlan

_TOGETHER = 8
"""Sizes above this are its multiples: a little padding costs less than a recording for every size."""
_WARM_UPS = 2
"""Before a step is recorded its kernels are compiled, and libraries take the memory that they keep."""


class Recorder(Protocol):
    """Runs a computation and returns how to run it again, and where its result then lies."""

    def __call__(self, run: Callable[[], torch.Tensor]) -> tuple[Callable[[], None], torch.Tensor]: ...


class DecodeGraphs:
    """`compute` takes a plan without runs to float32 logits [tokens, vocabulary], and must not look at a tensor's values."""

    def __init__(
        self, compute: Callable[[StepPlan], torch.Tensor], most: int, device: torch.device, record: Recorder
    ) -> None:
        """For steps of up to `most` sequences."""
        self._ids, self._slots, self._lengths = torch.tensor([[0], [-1], [0]], device=device).repeat(1, most)
        self._recorded: dict[int, tuple[Callable[[], None], torch.Tensor]] = {}
        for size in reversed(sizes(most)):  # the largest first, whose memory the others use again
            plan = StepPlan(
                ids=self._ids[:size],
                decode=size,
                slots=self._slots[:size],
                lengths=self._lengths[:size],
                longest=0,
                runs=[],
                wanted=None,
                positions=self._lengths[:size],
                highest=0,
            )
            self._recorded[size] = record(partial(compute, plan))

    def logits(self, plan: StepPlan) -> torch.Tensor:
        """Of a plan without runs: float32 [tokens, vocabulary], until the next call."""
        count = plan.decode
        size = min(size for size in self._recorded if size >= count)
        for place, given in ((self._ids, plan.ids), (self._slots, plan.slots), (self._lengths, plan.lengths)):
            place[:count] = given
        self._ids[count:size] = 0
        self._slots[count:size] = -1
        self._lengths[count:size] = 0
        replay, logits = self._recorded[size]
        replay()
        return logits[:count]


def sizes(most: int) -> list[int]:
    """Of batches that are recorded, so that every one up to `most` fits into one of them."""
    small = [size for size in (1, 2, 4) if size < most]
    return [*small, *range(_TOGETHER, most, _TOGETHER), most]


def cuda_recorder() -> Recorder:
    """Records CUDA graphs, which share their memory: only one of them is being computed at any time."""
    # One stream for all warm-ups: cuBLAS keeps some 30 MB for each that it has worked on.
    pool, aside = torch.cuda.graph_pool_handle(), torch.cuda.Stream()

    def record(run: Callable[[], torch.Tensor]) -> tuple[Callable[[], None], torch.Tensor]:
        current = torch.cuda.current_stream()
        aside.wait_stream(current)
        with torch.cuda.stream(aside):
            for _ in range(_WARM_UPS):
                run()
        current.wait_stream(aside)
        graph = torch.cuda.CUDAGraph()
        with torch.cuda.graph(graph, pool=pool):
            result = run()
        return graph.replay, result

    return record
