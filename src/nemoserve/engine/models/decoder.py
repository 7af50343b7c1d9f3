"""One loaded model of any family, built from its description. Knows how tensors become layers; no family's names."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch.nn import functional

from nemoserve.engine.cache import Cache, CacheShape, StepPlan
from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.checkpoint.quantised import VALUES, QuantisedWeight, joined, take_quantised
from nemoserve.engine.checkpoint.tensors import Tensors
from nemoserve.engine.layers.attention import Attention
from nemoserve.engine.layers.linear import Forms, Linear, PlainLinear
from nemoserve.engine.layers.mamba2 import Mamba2, Mamba2Shape
from nemoserve.engine.layers.mlp import SquaredReluMLP, SwiGLU
from nemoserve.engine.layers.moe import Experts, GroupedExperts, Router, grouped_unseen
from nemoserve.engine.layers.native import NativeLinear
from nemoserve.engine.layers.norm import RMSNorm
from nemoserve.engine.layers.program import compiled
from nemoserve.engine.layers.rope import Rope, Rotary
from nemoserve.engine.models.blocks import (
    AttentionMixer,
    ExpertsMixer,
    LinearMixer,
    MambaMixer,
    Mixer,
    MlpMixer,
    ModelConfig,
)

Layer = Mamba2 | Attention | SquaredReluMLP | SwiGLU | Experts | GroupedExperts | Linear

_NO_MAMBA = Mamba2Shape(1, 1, 1, 1, 1, (0.0, 0.0))
_HEAD = "lm_head.weight"


def with_stored_head(config: ModelConfig, weights: Tensors) -> ModelConfig:
    """The embeddings are the head only where no head is stored: transformers uses one that is, whatever config.json says."""
    stored = _HEAD in weights or _HEAD + VALUES in weights
    return replace(config, tie_word_embeddings=config.tie_word_embeddings and not stored)


class Decoder:
    """Each block is x + mixer(norm(x)); the head follows a last norm."""

    def __init__(self, config: ModelConfig, weights: Tensors, forms: Forms) -> None:
        """Takes every tensor from `weights`, in the dtype and on the device of `forms`.

        Raises CheckpointError for a missing or misshapen tensor, or one that has no place.
        """
        self.config = config = with_stored_head(config, weights)
        self.dtype = forms.dtype
        self.device = forms.device
        self.parameters = 0
        """Elements of all weights."""
        self._forms = forms
        self._weights = weights
        self._rotaries: dict[Rope, Rotary] = {}
        hidden, vocab = config.hidden_size, config.vocab_size
        self._activations, self._keys_and_values = forms.activations, forms.keys_and_values
        self._wide_residual = config.residual_in_fp32 and self._activations != torch.float32
        self._embeddings: torch.Tensor | QuantisedWeight | NativeLinear = self._taken_embeddings(
            config.embeddings, vocab, hidden
        )
        self._conv_start: list[torch.Tensor] = []
        self._kv_heads = 0
        """Of all attention layers so far."""
        self._blocks = [(self._normed(block.norm), self._built(block.name, block.mixer)) for block in config.blocks]
        self._norm = self._normed(config.norm)
        if config.tie_word_embeddings:
            self._head: Linear = self._tied_head(self._embeddings)
        else:
            self._head = self._linear("lm_head", hidden, vocab, False)
        weights.finish()
        plain = forms.device.type == "cpu" and self._activations == torch.float32
        self._program = compiled(self._blocks, hidden) if plain else None
        self.recordable = forms.triton and not any(isinstance(layer, Experts) for _, layer in self._blocks)
        """Whether a step without prompts never looks at a tensor's values, so that it can be recorded and replayed."""
        del self._weights, self._forms

    def new_cache(self, max_sequences: int, kv_tokens: int, kept_bytes: int = 0) -> Cache:
        """An empty cache for so many sequences at once, which have so many tokens together, and for snapshots of so many bytes."""
        mixers = [block.mixer for block in self.config.blocks]
        mamba = next((mixer.shape for mixer in mixers if isinstance(mixer, MambaMixer)), _NO_MAMBA)
        attention = [mixer for mixer in mixers if isinstance(mixer, AttentionMixer)]
        shape = CacheShape(
            mamba_layers=len(self._conv_start),
            groups=mamba.groups,
            state_size=mamba.state_size,
            group_width=mamba.inner // mamba.groups,
            conv_size=mamba.conv,
            conv_kernel=mamba.conv_kernel,
            kv_heads=self._kv_heads,
            head_dim=attention[0].head_dim if attention else 1,
            kv_dtype=self._keys_and_values,
            device=self.device,
            positions=bool(self._rotaries),
        )
        start = torch.stack(self._conv_start) if self._conv_start else torch.empty((0, mamba.conv))
        return Cache(shape, max_sequences, kv_tokens, self.config.context_length, start, kept_bytes)

    def hidden(self, plan: StepPlan, cache: Cache) -> torch.Tensor:
        """[tokens, hidden] after the last block, before the last norm. Advances the cache's tensors, not its lengths."""
        x = self._embedded(plan.ids)
        if self._program is not None and self._program.serves(plan):
            return self._program.run(x, plan, cache)
        if self._wide_residual:
            x = x.float()
        for norm, layer in self._blocks:
            h = norm(x)
            if self._wide_residual:
                x = x + self._run(layer, h.to(self._activations), plan, cache, None)
            else:
                x = self._run(layer, h, plan, cache, x)
        return x

    def logits(self, hidden: torch.Tensor) -> torch.Tensor:
        """[rows, hidden] to float32 [rows, vocabulary]."""
        return self._head(self._norm(hidden).to(self._activations)).float()

    def _embedded(self, ids: torch.Tensor) -> torch.Tensor:
        """int64 [tokens] to [tokens, hidden]."""
        match self._embeddings:
            case QuantisedWeight() as weight:
                return weight.looked_up(ids, self._activations)
            case NativeLinear() as head:
                return head.looked_up(ids)
            case torch.Tensor() as rows:
                return functional.embedding(ids, rows).to(self._activations)

    @staticmethod
    def _run(
        layer: Layer, h: torch.Tensor, plan: StepPlan, cache: Cache, residual: torch.Tensor | None
    ) -> torch.Tensor:
        if isinstance(layer, Mamba2):
            return layer(h, plan, cache, residual)
        if isinstance(layer, Attention):
            return layer(h, plan, cache.kv, residual)
        return layer(h, residual)

    def _take(self, name: str, *shape: int) -> torch.Tensor:
        """As stored, a view of the mapped file."""
        self.parameters += torch.Size(shape).numel()
        return self._weights.take(name, *shape)

    def _taken_embeddings(self, name: str, vocab: int, hidden: int) -> torch.Tensor | QuantisedWeight:
        quantised = self._take_quantised(name, vocab, hidden)
        if quantised is None or self.device.type != "cpu":
            plain = quantised.dequantised(self.dtype) if quantised is not None else self._take(name, vocab, hidden)
            return plain.to(self.device, self.dtype)
        return quantised

    def _tied_head(self, embeddings: torch.Tensor | QuantisedWeight | NativeLinear) -> Linear:
        """The embeddings as a product. Rows are looked up in it, too, where it has another form than they: there is no second copy."""
        if isinstance(embeddings, QuantisedWeight):
            return self._forms.quantised(embeddings)
        if isinstance(embeddings, torch.Tensor) and self._forms.library is not None:
            self._embeddings = NativeLinear(embeddings, None, self._forms.library)
            return self._embeddings
        assert isinstance(embeddings, torch.Tensor)
        return PlainLinear(embeddings)

    def _take_quantised(self, name: str, rows: int, columns: int) -> QuantisedWeight | None:
        found = take_quantised(self._weights, name, rows, columns, self.config.quantised_group)
        if found is not None:
            self.parameters += rows * columns
        return found

    def _take_wide(self, name: str, *shape: int) -> torch.Tensor:
        """For what is computed in float32 whatever the model's dtype."""
        return self._take(name, *shape).to(self.device, torch.float32)

    def _normed(self, name: str) -> RMSNorm:
        config = self.config
        return RMSNorm(
            self._take_wide(name, config.hidden_size),
            config.norm_eps,
            rounds_first=config.norm_rounds_first,
            triton=self._forms.triton,
        )

    def _linear(self, name: str, columns: int, rows: int, bias: bool | None) -> Linear:
        return self._stacked([(name, rows)], columns, bias)

    def _stacked(self, parts: list[tuple[str, int]], columns: int, bias: bool | None) -> Linear:
        """One linear map for several of the same input, by (name, rows)."""
        stacked_bias = self._stacked_bias(parts, bias)
        found = [self._take_quantised(f"{name}.weight", rows, columns) for name, rows in parts]
        quantised = [weight for weight in found if weight is not None]
        if quantised and len({weight.bits for weight in quantised}) == 1 and len(quantised) == len(parts):
            return self._forms.quantised(joined(quantised), stacked_bias)
        if quantised:
            names = ", ".join(name for name, _ in parts)
            raise CheckpointError(
                f"{names} are one product here, but their weights have not all the same number of bits"
            )
        weights = [self._take(f"{name}.weight", rows, columns).to(self.device, self.dtype) for name, rows in parts]
        weight = weights[0] if len(weights) == 1 else torch.cat(weights)
        return self._forms.linear(weight, stacked_bias)

    def _stacked_bias(self, parts: list[tuple[str, int]], bias: bool | None) -> torch.Tensor | None:
        """`bias` None: where one is stored."""
        if bias is None:
            bias = any(f"{name}.bias" in self._weights for name, _ in parts)
        biases = [self._take(f"{name}.bias", rows).to(self.device, self.dtype) for name, rows in parts if bias]
        return torch.cat(biases) if biases else None

    def _built(self, name: str, mixer: Mixer) -> Layer:
        match mixer:
            case MambaMixer():
                return self._mamba(name, mixer)
            case AttentionMixer():
                return self._attention(name, mixer)
            case MlpMixer():
                return self._mlp(name, mixer)
            case ExpertsMixer():
                return self._experts(name, mixer)
            case LinearMixer():
                return self._linear(f"{name}.{mixer.suffix}", self.config.hidden_size, self.config.hidden_size, False)

    def _mlp(self, name: str, mixer: MlpMixer) -> SquaredReluMLP | SwiGLU:
        hidden, size = self.config.hidden_size, mixer.size
        if mixer.activation == "relu2":
            return self._relu2(name, hidden, size, mixer.bias)
        gate_up = self._stacked([(f"{name}.gate_proj", size), (f"{name}.up_proj", size)], hidden, mixer.bias)
        down = self._linear(f"{name}.down_proj", size, hidden, mixer.bias)
        return SwiGLU(gate_up, down, triton=self._forms.triton)

    def _relu2(self, name: str, width: int, size: int, bias: bool | None) -> SquaredReluMLP:
        return SquaredReluMLP(
            self._linear(f"{name}.up_proj", width, size, bias),
            self._linear(f"{name}.down_proj", size, width, bias),
            triton=self._forms.triton,
        )

    def _experts(self, name: str, mixer: ExpertsMixer) -> Experts | GroupedExperts:
        hidden = self.config.hidden_size
        router = Router(
            self._forms.wide(self._take_wide(f"{name}.gate.weight", mixer.experts, hidden)),
            self._take_wide(f"{name}.gate.e_score_correction_bias", mixer.experts),
            per_token=mixer.per_token,
            groups=mixer.groups,
            groups_per_token=mixer.groups_per_token,
            normalise=mixer.normalise,
            scale=mixer.scale,
        )
        width = hidden if mixer.latent is None else mixer.latent
        names = [f"{name}.experts.{number}" for number in range(mixer.experts)]
        shared = self._relu2(f"{name}.shared_experts", hidden, mixer.shared_size, mixer.bias)
        latent: list[Linear] = []
        if mixer.latent is not None:
            latent.append(self._linear(f"{name}.fc1_latent_proj", hidden, mixer.latent, mixer.bias))
            latent.append(self._linear(f"{name}.fc2_latent_proj", mixer.latent, hidden, mixer.bias))
        if self._groups_experts(mixer, width):
            up = self._gathered([f"{name}.up_proj" for name in names], mixer.size, width)
            down = self._gathered([f"{name}.down_proj" for name in names], width, mixer.size)
            return GroupedExperts(router, up, down, shared, *latent)
        experts = [self._relu2(name, width, mixer.size, mixer.bias) for name in names]
        return Experts(router, experts, shared, *latent)

    def _groups_experts(self, mixer: ExpertsMixer, width: int) -> bool:
        """What PyTorch's grouped product takes on a GPU."""
        fits = mixer.bias is False and width % 8 == 0 and mixer.size % 8 == 0
        return self._forms.triton and fits and grouped_unseen(self.device, self.dtype)

    def _gathered(self, names: list[str], rows: int, columns: int) -> torch.Tensor:
        """[names, rows, columns]: the weights of maps of one shape."""
        found = torch.empty((len(names), rows, columns), dtype=self.dtype, device=self.device)
        for place, name in zip(found, names, strict=True):
            quantised = self._take_quantised(f"{name}.weight", rows, columns)
            weight = (
                self._take(f"{name}.weight", rows, columns) if quantised is None else quantised.dequantised(self.dtype)
            )
            place.copy_(weight)
        return found

    def _attention(self, name: str, mixer: AttentionMixer) -> Attention:
        hidden = self.config.hidden_size
        queries, keys = mixer.heads * mixer.head_dim, mixer.kv_heads * mixer.head_dim
        parts = [(f"{name}.q_proj", queries), (f"{name}.k_proj", keys), (f"{name}.v_proj", keys)]
        first, self._kv_heads = self._kv_heads, self._kv_heads + mixer.kv_heads
        # The weights first: they say whether the sizes are true, before a table of them is made.
        qkv = self._stacked(parts, hidden, mixer.bias)
        out = self._linear(f"{name}.o_proj", queries, hidden, mixer.bias)
        rotary = None
        if mixer.rope is not None:
            places = self.config.context_length if self._forms.triton else None
            if mixer.rope not in self._rotaries:
                self._rotaries[mixer.rope] = Rotary(mixer.rope, self.device, places=places)
            rotary = self._rotaries[mixer.rope]
        return Attention(
            qkv,
            out,
            mixer.heads,
            mixer.kv_heads,
            mixer.head_dim,
            first,
            rotary,
            triton=self._forms.triton,
        )

    def _mamba(self, name: str, mixer: MambaMixer) -> Mamba2:
        shape, hidden = mixer.shape, self.config.hidden_size
        width, heads = shape.inner + shape.conv + shape.heads, shape.heads
        index = len(self._conv_start)
        if mixer.conv_bias:
            self._conv_start.append(self._take_wide(f"{name}.conv1d.bias", shape.conv))
        else:
            self._conv_start.append(torch.zeros(shape.conv, device=self.device))
        return Mamba2(
            shape,
            index,
            in_proj=self._linear(f"{name}.in_proj", hidden, width, mixer.bias),
            conv_weight=self._take_wide(f"{name}.conv1d.weight", shape.conv, 1, shape.conv_kernel).squeeze(1),
            a_log=self._take_wide(f"{name}.A_log", heads),
            d=self._take_wide(f"{name}.D", heads),
            dt_bias=self._take_wide(f"{name}.dt_bias", heads),
            norm=RMSNorm(self._take_wide(f"{name}.norm.weight", shape.inner), self.config.norm_eps, shape.groups),
            out_proj=self._linear(f"{name}.out_proj", shape.inner, hidden, mixer.bias),
            triton=self._forms.triton,
        )
