"""Causal grouped-query attention over a mix of decode tokens and prompt runs, with rotary positions or none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

import torch
from torch.nn import functional

from nemoserve.engine.cache import PromptRun, StepPlan
from nemoserve.engine.kv import PAGE, KVStore, pages_for
from nemoserve.engine.layers.linear import Linear
from nemoserve.engine.layers.native import library_for_layers
from nemoserve.engine.layers.rope import Rotary
from nemoserve.native.library import PROMPT_QUERIES, KeysAndValues, PromptAttention


class Attention:
    """softmax(q k^T / sqrt(head_dim)) v, then the output projection."""

    def __init__(
        self,
        qkv: Linear,
        out: Linear,
        heads: int,
        kv_heads: int,
        head_dim: int,
        first: int,
        rotary: Rotary | None,
        *,
        triton: bool = False,
    ) -> None:
        """`qkv` stacks the three projections' rows; `first` is the number of key heads that the layers before this one have. With
        `triton`, new tokens attend by its kernels."""
        self.qkv = qkv
        self.out = out
        self.heads = heads
        self.kv_heads = kv_heads
        self.head_dim = head_dim
        self._first = first
        library = None if triton else library_for_layers()
        self.native = None if library is None else (library, library.attention_layer(heads, kv_heads, head_dim, first))
        self.rotary = rotary
        self._on_gpu: Callable[..., torch.Tensor] | None = None
        if triton:
            from nemoserve.engine.gpu.attention import decode  # Triton is not there without a GPU

            self._on_gpu = decode

    def __call__(
        self, x: torch.Tensor, plan: StepPlan, kv: KVStore, residual: torch.Tensor | None = None
    ) -> torch.Tensor:
        """[tokens, hidden], laid out as `plan` says, to the same shape and dtype, plus `residual` when given.

        Writes keys and values into the sequences' pages, which must be there.
        """
        tokens = x.shape[0]
        qkv = self.qkv(x).view(tokens, -1, self.head_dim)
        if self.rotary is None:
            q, k, v = torch.split_with_sizes(qkv, (self.heads, self.kv_heads, self.kv_heads), 1)
        else:
            turned, v = torch.split_with_sizes(qkv, (self.heads + self.kv_heads, self.kv_heads), 1)
            turned = self.rotary(turned, plan.positions, plan.highest)
            q, k = torch.split_with_sizes(turned, (self.heads, self.kv_heads), 1)
        if tokens == plan.decode:
            y = self._decode(q, k, v, plan, kv)
        else:
            y = torch.empty((tokens, self.heads * self.head_dim), dtype=x.dtype, device=x.device)
            n = plan.decode
            if n:
                y[:n] = self._decode(q[:n], k[:n], v[:n], plan, kv)
            for run in plan.runs:
                span = slice(run.begin, run.end)
                self._run(q[span], k[span], v[span], run, kv, y[span])
        return self.out(y, residual)

    def _decode(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, plan: StepPlan, kv: KVStore) -> torch.Tensor:
        """[decode tokens, heads * head_dim]. The queries that share a key head are treated as its query positions, so keys
        and values are never repeated."""
        rows = q.shape[0]
        if self.native is not None and kv.keys.device.type == "cpu" and q.dtype in (torch.float32, torch.bfloat16):
            library, layer = self.native
            dtype = q.dtype
            q, k, v = q.float(), k.float(), v.float()
            y = torch.empty((rows, self.heads * self.head_dim))
            queries, new_keys, new_values = ((part.data_ptr(), part.stride(0)) for part in (q, k, v))
            library.attention(layer, keys_and_values(plan, kv), rows, queries, new_keys, new_values, y.data_ptr())
            return y.to(dtype)
        if self._on_gpu is not None:
            return self._on_gpu(q, k, v, kv.keys, kv.values, self._first, kv.table, plan.slots, plan.lengths)
        places = plan.lengths % PAGE
        pages = kv.table[plan.slots, plan.lengths // PAGE].long()
        own = self._own
        kv.keys[pages, own, places] = k.to(kv.keys.dtype)
        kv.values[pages, own, places] = v.to(kv.keys.dtype)
        held = plan.longest + 1
        table = kv.table[plan.slots, : pages_for(held)].long()
        beyond = torch.arange(held, device=q.device) > plan.lengths.unsqueeze(1)
        # What lies in a page behind a sequence's end is another's, and perhaps no number: it would come through a mask.
        keys, values = (
            pool[:, own][table].transpose(1, 2).flatten(2, 3)[:, :, :held].masked_fill(beyond.view(rows, 1, held, 1), 0)
            for pool in (kv.keys, kv.values)
        )
        grouped = q.reshape(rows, self.kv_heads, -1, self.head_dim).to(keys.dtype)
        mask = ~beyond.view(rows, 1, 1, held)
        y = functional.scaled_dot_product_attention(grouped, keys, values, attn_mask=mask)
        return y.reshape(rows, -1).to(q.dtype)

    @property
    def _own(self) -> slice:
        """This layer's key heads among all layers'."""
        return slice(self._first, self._first + self.kv_heads)

    def _run(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, run: PromptRun, kv: KVStore, y: torch.Tensor
    ) -> None:
        """Fills y [run tokens, heads * head_dim]."""
        if self._attends_natively(q, kv):
            self._run_natively(q, k, v, run, kv, y)
            return
        end = run.start + len(q)
        pages = kv.table[run.slot, : pages_for(end)].long()
        places = torch.arange(run.start, end, device=q.device)
        for pool, new in ((kv.keys, k), (kv.values, v)):
            pool[pages[places // PAGE], self._own, places % PAGE] = new.to(pool.dtype)
        keys, values = (
            pool[:, self._own][pages].transpose(0, 1).flatten(1, 2)[:, :end] for pool in (kv.keys, kv.values)
        )
        q = q.to(keys.dtype)
        if run.start:
            y.copy_(self._run_on(q, keys, values, run.start))
            return
        found = functional.scaled_dot_product_attention(
            q.transpose(0, 1).unsqueeze(0),
            keys.unsqueeze(0),
            values.unsqueeze(0),
            is_causal=True,
            enable_gqa=self.heads != self.kv_heads,
        )
        y.copy_(found.squeeze(0).transpose(0, 1).reshape(q.shape[0], -1))

    def _attends_natively(self, q: torch.Tensor, kv: KVStore) -> bool:
        """The plain kernels would be slower than PyTorch's."""
        keys = kv.keys
        if self.native is None or q.dtype != torch.float32 or keys.device.type != "cpu" or keys.dtype == torch.float16:
            return False
        return self.native[0].instruction_set != "plain" and self.heads <= PROMPT_QUERIES * self.kv_heads

    def _run_natively(
        self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, run: PromptRun, kv: KVStore, y: torch.Tensor
    ) -> None:
        assert self.native is not None
        sizes = self.heads, self.kv_heads, self.head_dim, run.start, q.shape[0]
        parts = (q, k, v)
        places = *(part.data_ptr() for part in parts), *(part.stride(0) for part in parts)
        keys, values = kv.keys[0, self._first], kv.values[0, self._first]
        pool = keys.data_ptr(), values.data_ptr(), kv.table[run.slot].data_ptr(), kv.keys.stride(0), keys.element_size()
        self.native[0].prompt_attention(PromptAttention(*sizes, *places, *pool, y.data_ptr()))

    def _run_on(self, q: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, start: int) -> torch.Tensor:
        """A run on a CPU that follows `start` tokens; keys and values [kv heads, end, head_dim].

        What it looks at is taken apart: all of what came before, and the run itself, each with the logarithms of its weights' sums.
        No mask as long as the sequence is made, and the earlier keys and values are not repeated for the queries that share them.
        """
        tokens = q.shape[0]
        by_head = q.transpose(0, 1)
        shared = by_head.reshape(self.kv_heads, -1, self.head_dim)
        past, past_sums = flash(shared, keys[:, :start], values[:, :start], causal=False)
        per_head = self.heads // self.kv_heads
        own_keys, own_values = (part[:, start:].repeat_interleave(per_head, 0) for part in (keys, values))
        own, own_sums = flash(by_head, own_keys, own_values, causal=True)
        share = torch.sigmoid(own_sums - past_sums.reshape(self.heads, tokens)).unsqueeze(2)
        y = torch.lerp(past.reshape(self.heads, tokens, -1).float(), own.float(), share)
        return y.to(q.dtype).transpose(0, 1).reshape(tokens, -1)


def flash(
    q: torch.Tensor, keys: torch.Tensor, values: torch.Tensor, *, causal: bool
) -> tuple[torch.Tensor, torch.Tensor]:
    """Attention of q [heads, tokens, head_dim] over [heads, others, head_dim], and log(sum(exp(scores))) [heads, tokens] float32."""
    operators: Any = torch.ops.aten
    given = q.unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0)
    if q.device.type == "cpu":
        found = operators._scaled_dot_product_flash_attention_for_cpu(*given, 0.0, causal)
    elif q.dtype != torch.float32 and q.shape[2] % 8 == 0:
        found = operators._scaled_dot_product_flash_attention(*given, 0.0, causal)
    else:  # what the other kernel does not take
        found = operators._scaled_dot_product_efficient_attention(*given, None, True, 0.0, causal)
    y, sums = cast("tuple[torch.Tensor, torch.Tensor]", found[:2])
    return y.squeeze(0), sums.squeeze(0)[:, : q.shape[1]]  # some kernels round the sums' length up


def keys_and_values(plan: StepPlan, kv: KVStore) -> KeysAndValues:
    """What the native library is told of them; `plan` and `kv` have to be kept until it has been used."""
    pools = kv.keys.data_ptr(), kv.values.data_ptr(), kv.keys.stride(0)
    rows = kv.table.data_ptr(), kv.table.stride(0), plan.slots.data_ptr(), plan.lengths.data_ptr()
    return KeysAndValues(*pools, *rows, kv.keys.element_size())
