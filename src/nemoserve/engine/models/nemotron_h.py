"""The dense nemotron_h family: Mamba-2, attention and MLP layers in any order. Knows its tensors' names and shapes."""

from __future__ import annotations

import torch
from torch.nn import functional

from nemoserve.engine.cache import Cache, CacheShape, StepPlan
from nemoserve.engine.checkpoint.config import NemotronHConfig
from nemoserve.engine.checkpoint.weights import Weights
from nemoserve.engine.layers.attention import Attention
from nemoserve.engine.layers.linear import Forms, Linear, PlainLinear
from nemoserve.engine.layers.mamba2 import Mamba2, Mamba2Shape
from nemoserve.engine.layers.mlp import SquaredReluMLP
from nemoserve.engine.layers.norm import RMSNorm

Mixer = Mamba2 | Attention | SquaredReluMLP


class NemotronH:
    """One loaded model. Each layer is x + mixer(norm(x)); the head follows a last norm."""

    def __init__(self, config: NemotronHConfig, weights: Weights, forms: Forms) -> None:
        """Takes every tensor from `weights`, in the dtype and on the device of `forms`.

        Raises CheckpointError for a missing or misshapen tensor, or one that has no place.
        """
        self.config = config
        self.dtype = forms.dtype
        self.device = forms.device
        self.parameters = 0
        """Elements of all weights."""
        self._forms = forms
        self._weights = weights
        hidden, vocab = config.hidden_size, config.vocab_size
        self._wide_residual = config.residual_in_fp32 and forms.dtype != torch.float32
        self._embeddings = self._take("embeddings.weight", vocab, hidden).to(self.device, self.dtype)
        self._conv_start: list[torch.Tensor] = []
        self._layers: list[tuple[RMSNorm, Mixer]] = []
        counts = {"mamba": 0, "attention": 0, "mlp": 0}
        for index, kind in enumerate(config.layers):
            name = f"layers.{index}"
            norm = RMSNorm(self._take_wide(f"{name}.norm.weight", hidden), config.norm_eps)
            build = {"mamba": self._mamba, "attention": self._attention, "mlp": self._mlp}[kind]
            self._layers.append((norm, build(f"{name}.mixer", counts[kind])))
            counts[kind] += 1
        self._norm = RMSNorm(self._take_wide("norm_f.weight", hidden), config.norm_eps)
        if config.tie_word_embeddings:
            # The embeddings must stay as they are for lookups; another form of them would be a second copy.
            self._head: Linear = PlainLinear(self._embeddings)
        else:
            self._head = self._linear("lm_head", hidden, vocab, False)
        weights.finish()
        del self._weights, self._forms

    def new_cache(self, max_sequences: int) -> Cache:
        """An empty cache for so many sequences at once."""
        config = self.config
        shape = CacheShape(
            mamba_layers=config.layers.count("mamba"),
            groups=config.groups,
            state_size=config.state_size,
            group_width=config.inner_size // config.groups,
            conv_size=config.conv_size,
            conv_kernel=config.conv_kernel,
            attention_layers=config.layers.count("attention"),
            kv_heads=config.kv_heads,
            head_dim=config.head_dim,
            kv_dtype=self.dtype,
            device=self.device,
        )
        start = torch.stack(self._conv_start) if self._conv_start else torch.empty((0, config.conv_size))
        return Cache(shape, max_sequences, start)

    def hidden(self, plan: StepPlan, cache: Cache) -> torch.Tensor:
        """[tokens, hidden] after the last layer, before the last norm. Advances the cache's tensors, not its lengths."""
        x = functional.embedding(torch.tensor(plan.tokens, device=self.device), self._embeddings)
        if self._wide_residual:
            x = x.float()
        for norm, mixer in self._layers:
            h = norm(x)
            if self._wide_residual:
                x = x + self._mix(mixer, h.to(self.dtype), plan, cache, None)
            else:
                x = self._mix(mixer, h, plan, cache, x)
        return x

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """[rows, hidden] to float32 [rows, vocabulary]."""
        return self._head(self._norm(hidden).to(self.dtype)).float()

    @staticmethod
    def _mix(
        mixer: Mixer, h: torch.Tensor, plan: StepPlan, cache: Cache, residual: torch.Tensor | None
    ) -> torch.Tensor:
        if isinstance(mixer, Mamba2):
            return mixer(h, plan, cache, residual)
        if isinstance(mixer, Attention):
            return mixer(h, plan, residual)
        return mixer(h, residual)

    def _take(self, name: str, *shape: int) -> torch.Tensor:
        """As stored, a view of the mapped file."""
        self.parameters += torch.Size(shape).numel()
        return self._weights.take(name, *shape)

    def _take_wide(self, name: str, *shape: int) -> torch.Tensor:
        """For what is computed in float32 whatever the model's dtype."""
        return self._take(name, *shape).to(self.device, torch.float32)

    def _linear(self, name: str, columns: int, rows: int, bias: bool) -> Linear:
        return self._stacked([(name, rows)], columns, bias)

    def _stacked(self, parts: list[tuple[str, int]], columns: int, bias: bool) -> Linear:
        """One linear map for several of the same input, by (name, rows)."""
        weights = [self._take(f"{name}.weight", rows, columns).to(self.device, self.dtype) for name, rows in parts]
        biases = [self._take(f"{name}.bias", rows).to(self.device, self.dtype) for name, rows in parts if bias]
        weight = weights[0] if len(weights) == 1 else torch.cat(weights)
        return self._forms.linear(weight, torch.cat(biases) if biases else None)

    def _mlp(self, name: str, index: int) -> SquaredReluMLP:
        hidden, size, bias = self.config.hidden_size, self.config.intermediate_sizes[index], self.config.mlp_bias
        return SquaredReluMLP(
            self._linear(f"{name}.up_proj", hidden, size, bias), self._linear(f"{name}.down_proj", size, hidden, bias)
        )

    def _attention(self, name: str, index: int) -> Attention:
        config = self.config
        queries, keys = config.attention_heads * config.head_dim, config.kv_heads * config.head_dim
        parts = [(f"{name}.q_proj", queries), (f"{name}.k_proj", keys), (f"{name}.v_proj", keys)]
        qkv = self._stacked(parts, config.hidden_size, config.attention_bias)
        out = self._linear(f"{name}.o_proj", queries, config.hidden_size, config.attention_bias)
        return Attention(qkv, out, config.attention_heads, config.kv_heads, config.head_dim, index)

    def _mamba(self, name: str, index: int) -> Mamba2:
        config = self.config
        shape = Mamba2Shape(
            heads=config.mamba_heads,
            head_dim=config.mamba_head_dim,
            groups=config.groups,
            state_size=config.state_size,
            conv_kernel=config.conv_kernel,
            time_step_limit=config.time_step_limit,
        )
        width, heads = shape.inner + shape.conv + shape.heads, shape.heads
        if config.conv_bias:
            self._conv_start.append(self._take_wide(f"{name}.conv1d.bias", shape.conv))
        else:
            self._conv_start.append(torch.zeros(shape.conv, device=self.device))
        return Mamba2(
            shape,
            index,
            in_proj=self._linear(f"{name}.in_proj", config.hidden_size, width, config.mamba_bias),
            conv_weight=self._take_wide(f"{name}.conv1d.weight", shape.conv, 1, shape.conv_kernel).squeeze(1),
            a_log=self._take_wide(f"{name}.A_log", heads),
            d=self._take_wide(f"{name}.D", heads),
            dt_bias=self._take_wide(f"{name}.dt_bias", heads),
            norm=RMSNorm(self._take_wide(f"{name}.norm.weight", shape.inner), config.norm_eps, shape.groups),
            out_proj=self._linear(f"{name}.out_proj", shape.inner, config.hidden_size, config.mamba_bias),
        )
