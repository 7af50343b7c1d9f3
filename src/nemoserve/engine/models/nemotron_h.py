"""The dense nemotron_h family: Mamba-2, attention and MLP layers in any order. Knows its tensors' names and shapes."""

from __future__ import annotations

import torch

from nemoserve.engine.cache import Cache, CacheShape, StepPlan
from nemoserve.engine.checkpoint.config import NemotronHConfig
from nemoserve.engine.checkpoint.weights import Weights
from nemoserve.engine.layers.attention import Attention
from nemoserve.engine.layers.linear import Linear
from nemoserve.engine.layers.mamba2 import Mamba2, Mamba2Shape
from nemoserve.engine.layers.mlp import SquaredReluMLP
from nemoserve.engine.layers.norm import RMSNorm

Mixer = Mamba2 | Attention | SquaredReluMLP


class NemotronH:
    """One loaded model. Each layer is x + mixer(norm(x)); the head follows a last norm."""

    def __init__(self, config: NemotronHConfig, weights: Weights, dtype: torch.dtype, device: torch.device) -> None:
        """Takes every tensor from `weights`. Raises CheckpointError for a missing or misshapen one."""
        self.config = config
        self.dtype = dtype
        self.device = device
        self.parameters = 0
        self._weights = weights
        hidden, vocab = config.hidden_size, config.vocab_size
        self._embeddings = self._take("embeddings.weight", vocab, hidden)
        self._conv_start: list[torch.Tensor] = []
        self._layers: list[tuple[RMSNorm, Mixer]] = []
        counts = {"mamba": 0, "attention": 0, "mlp": 0}
        for index, kind in enumerate(config.layers):
            name = f"layers.{index}"
            norm = RMSNorm(self._take(f"{name}.norm.weight", hidden), config.norm_eps)
            build = {"mamba": self._mamba, "attention": self._attention, "mlp": self._mlp}[kind]
            self._layers.append((norm, build(f"{name}.mixer", counts[kind])))
            counts[kind] += 1
        self._norm = RMSNorm(self._take("norm_f.weight", hidden), config.norm_eps)
        if config.tie_word_embeddings:
            self._head = Linear(self._embeddings, None)
        else:
            self._head = self._linear("lm_head", hidden, vocab, False)
        weights.finish()
        del self._weights

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
        tokens = torch.tensor(plan.tokens, device=self.device)
        x = self._embeddings[tokens]
        for norm, mixer in self._layers:
            h = norm(x)
            if isinstance(mixer, Mamba2):
                x = x + mixer(h, plan, cache.conv, cache.ssm)
            elif isinstance(mixer, Attention):
                x = x + mixer(h, plan)
            else:
                x = x + mixer(h)
        return x

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """[rows, hidden] to float32 [rows, vocabulary]."""
        return self._head(self._norm(hidden)).float()

    def _take(self, name: str, *shape: int) -> torch.Tensor:
        self.parameters += torch.Size(shape).numel()
        return self._weights.take(name, *shape).to(device=self.device, dtype=self.dtype)

    def _linear(self, name: str, columns: int, rows: int, bias: bool) -> Linear:
        weight = self._take(f"{name}.weight", rows, columns)
        return Linear(weight, self._take(f"{name}.bias", rows) if bias else None)

    def _mlp(self, name: str, index: int) -> SquaredReluMLP:
        hidden, size, bias = self.config.hidden_size, self.config.intermediate_sizes[index], self.config.mlp_bias
        return SquaredReluMLP(
            self._linear(f"{name}.up_proj", hidden, size, bias), self._linear(f"{name}.down_proj", size, hidden, bias)
        )

    def _attention(self, name: str, index: int) -> Attention:
        config = self.config
        queries, keys = config.attention_heads * config.head_dim, config.kv_heads * config.head_dim
        parts = (("q", queries), ("k", keys), ("v", keys))
        weight = torch.cat([self._take(f"{name}.{p}_proj.weight", rows, config.hidden_size) for p, rows in parts])
        bias = None
        if config.attention_bias:
            bias = torch.cat([self._take(f"{name}.{p}_proj.bias", rows) for p, rows in parts])
        out = self._linear(f"{name}.o_proj", queries, config.hidden_size, config.attention_bias)
        return Attention(Linear(weight, bias), out, config.attention_heads, config.kv_heads, config.head_dim, index)

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
        bias = self._take(f"{name}.conv1d.bias", shape.conv) if config.conv_bias else torch.zeros(shape.conv)
        self._conv_start.append(bias.to(self.device, torch.float32))
        return Mamba2(
            shape,
            index,
            in_proj=self._linear(f"{name}.in_proj", config.hidden_size, width, config.mamba_bias),
            conv_weight=self._take(f"{name}.conv1d.weight", shape.conv, 1, shape.conv_kernel).squeeze(1),
            a_log=self._take(f"{name}.A_log", heads),
            d=self._take(f"{name}.D", heads),
            dt_bias=self._take(f"{name}.dt_bias", heads),
            norm=RMSNorm(self._take(f"{name}.norm.weight", shape.inner), config.norm_eps, shape.groups),
            out_proj=self._linear(f"{name}.out_proj", shape.inner, config.hidden_size, config.mamba_bias),
        )

