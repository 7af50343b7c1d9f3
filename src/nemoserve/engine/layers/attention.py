"""Causal grouped-query attention over a mix of decode tokens and prompt runs, with rotary positions or none."""

from __future__ import annotations

import ctypes
from collections.abc import Callable
from typing import Any, cast

import torch
from torch.nn import functional

from nemoserve.engine.cache import StepPlan
from nemoserve.engine.kv import DecodeAttention, PromptAttention
from nemoserve.engine.layers.linear import Linear
from nemoserve.engine.layers.native import library_for_layers
from nemoserve.engine.layers.rope import Rotary
from nemoserve.native.library import PROMPT_QUERIES, Apart, KeysAndValues
from nemoserve.native.library import PromptAttention as PromptRun


class Attention:
    """softmax(q k^T / sqrt(head_dim)) v, then the output projection."""

    def __init__(
        self, qkv: Linear, out: Linear, heads: int, kv_heads: int, head_dim: int, first: int, rotary: Rotary | None
    ) -> None:
        """`qkv` stacks the three projections' rows; `first` is the number of key heads that the layers before this one have."""
        self.qkv = qkv
        self.out = out
        self.heads = heads
        self.kv_heads = kv_heads
        self.head_dim = head_dim
        self._own = slice(first, first + kv_heads)
        """This layer's key heads among all layers'."""
        library = library_for_layers()
        self.native = None if library is None else (library, library.attention_layer(heads, kv_heads, head_dim, first))
        self.rotary = rotary

    def __call__(self, x: torch.Tensor, plan: StepPlan, residual: torch.Tensor | None = None) -> torch.Tensor:
        """[tokens, hidden], laid out as `plan` says, to the same shape and dtype, plus `residual` when given.

        Writes keys and values where `plan` says.
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
            y = self._decode(q, k, v, plan)
        else:
            y = torch.empty((tokens, self.heads * self.head_dim), dtype=x.dtype, device=x.device)
            n = plan.decode
            if n:
                y[:n] = self._decode(q[:n], k[:n], v[:n], plan)
            for run in plan.runs:
                span = slice(run.begin, run.end)
                self._run(q[span], k[span], v[span], run.attention, y[span])
        return self.out(y, residual)

    def _decode(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, plan: StepPlan) -> torch.Tensor:
        """[decode tokens, heads * head_dim]. The queries that share a key head are treated as its query positions, so keys
        and values are never repeated."""
        lay = plan.decode_attention
        n = lay.shared
        if self.native is not None and lay.keys.device.type == "cpu" and q.dtype in (torch.float32, torch.bfloat16):
            library, layer = self.native
            dtype = q.dtype
            q, k, v = q.float(), k.float(), v.float()
            y = torch.empty((q.shape[0], self.heads * self.head_dim))
            kv, held = keys_and_values(lay)
            queries, new_keys, new_values = ((part.data_ptr(), part.stride(0)) for part in (q, k, v))
            library.attention(layer, kv, q.shape[0], queries, new_keys, new_values, y.data_ptr())
            del held
            return y.to(dtype)
        grouped = q.reshape(q.shape[0], self.kv_heads, -1, self.head_dim)
        parts: list[torch.Tensor] = []
        if n:
            keys, values = lay.keys[:, self._own], lay.values[:, self._own]
            if lay.mask is None:
                keys[:, :, -1] = k[:n]
                values[:, :, -1] = v[:n]
            else:
                keys[lay.rows, :, lay.positions] = k[:n]
                values[lay.rows, :, lay.positions] = v[:n]
            parts.append(functional.scaled_dot_product_attention(grouped[:n], keys, values, attn_mask=lay.mask))
        for row, (all_keys, all_values) in enumerate(lay.apart, start=n):
            keys, values = all_keys[self._own], all_values[self._own]
            keys[:, -1] = k[row]
            values[:, -1] = v[row]
            own = functional.scaled_dot_product_attention(
                grouped[row : row + 1], keys.unsqueeze(0), values.unsqueeze(0)
            )
            parts.append(own)
        y = parts[0] if len(parts) == 1 else torch.cat(parts)
        return y.reshape(q.shape[0], -1)

    def _run(self, q: torch.Tensor, k: torch.Tensor, v: torch.Tensor, lay: PromptAttention, y: torch.Tensor) -> None:
        """Fills y [run tokens, heads * head_dim]."""
        keys, values = lay.keys[self._own], lay.values[self._own]
        if self._attends_natively(q, keys):
            self._run_natively(q, k, v, lay, keys, values, y)
            return
        keys[:, lay.start : lay.end] = k.transpose(0, 1)
        values[:, lay.start : lay.end] = v.transpose(0, 1)
        q = q.to(keys.dtype)
        if lay.start and lay.mask is None:
            y.copy_(self._run_on(q, keys[:, : lay.end], values[:, : lay.end], lay.start))
            return
        found = functional.scaled_dot_product_attention(
            q.transpose(0, 1).unsqueeze(0),
            keys[:, : lay.end].unsqueeze(0),
            values[:, : lay.end].unsqueeze(0),
            attn_mask=lay.mask,
            is_causal=lay.mask is None,
            enable_gqa=self.heads != self.kv_heads,
        )
        y.copy_(found.squeeze(0).transpose(0, 1).reshape(q.shape[0], -1))

    def _attends_natively(self, q: torch.Tensor, keys: torch.Tensor) -> bool:
        """The plain kernels would be slower than PyTorch's."""
        if self.native is None or q.dtype != torch.float32 or keys.device.type != "cpu" or keys.dtype == torch.float16:
            return False
        return self.native[0].instruction_set != "plain" and self.heads <= PROMPT_QUERIES * self.kv_heads

    def _run_natively(
        self,
        q: torch.Tensor,
        k: torch.Tensor,
        v: torch.Tensor,
        lay: PromptAttention,
        keys: torch.Tensor,
        values: torch.Tensor,
        y: torch.Tensor,
    ) -> None:
        assert self.native is not None
        sizes = self.heads, self.kv_heads, self.head_dim, lay.start, q.shape[0]
        parts = (q, k, v)
        places = *(part.data_ptr() for part in parts), *(part.stride(0) for part in parts)
        buffers = keys.data_ptr(), values.data_ptr(), keys.stride(0), keys.element_size()
        self.native[0].prompt_attention(PromptRun(*sizes, *places, *buffers, y.data_ptr()))

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
    """Attention on a CPU of q [heads, tokens, head_dim] over [heads, others, head_dim], and log(sum(exp(scores))) [heads, tokens] float32."""
    operators: Any = torch.ops.aten
    apply = cast(
        "Callable[..., tuple[torch.Tensor, torch.Tensor]]", operators._scaled_dot_product_flash_attention_for_cpu
    )
    y, sums = apply(q.unsqueeze(0), keys.unsqueeze(0), values.unsqueeze(0), 0.0, causal)
    return y.squeeze(0), sums.squeeze(0)


def keys_and_values(lay: DecodeAttention) -> tuple[KeysAndValues, tuple[object, ...]]:
    """What the native library is told of them, and what has to be kept until it has been used."""
    keys, values, held = lay.keys, lay.values, lay.positions
    apart = (Apart * len(lay.apart))(
        *(Apart(k.data_ptr(), v.data_ptr(), k.stride(0), k.shape[1] - 1) for k, v in lay.apart)
    )
    lengths = None if held is None else held.data_ptr()
    length = keys.shape[2] - 1
    strides = keys.stride(0), keys.stride(1)
    places = keys.data_ptr(), values.data_ptr(), *strides, lengths, length, lay.shared, ctypes.addressof(apart)
    return KeysAndValues(*places, keys.element_size()), (held, apart)
