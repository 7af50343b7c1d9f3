"""What a model is made of, as data: a list of residual blocks, each x + mixer(norm(x)), between embeddings and a head.

Every family is described in these words by a short module of its own, which reads config.json; `models/decoder.py` builds them all.
Knows shapes and tensor names; no tensors.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from nemoserve.engine.layers.mamba2 import Mamba2Shape
from nemoserve.engine.layers.rope import Rope


@dataclass(frozen=True, slots=True)
class MambaMixer:
    """Mamba-2. All of a model have one shape."""

    shape: Mamba2Shape
    conv_bias: bool
    bias: bool


@dataclass(frozen=True, slots=True)
class AttentionMixer:
    """Causal grouped-query attention; `rope` None: no positions."""

    heads: int
    kv_heads: int
    head_dim: int
    bias: bool | None = False
    """None: in those projections that have one stored."""
    rope: Rope | None = None


@dataclass(frozen=True, slots=True)
class MlpMixer:
    """relu2: down(relu(up x)^2); swiglu: down(silu(gate x) * up x)."""

    size: int
    activation: Literal["relu2", "swiglu"]
    bias: bool = False


@dataclass(frozen=True, slots=True)
class ExpertsMixer:
    """A mixture of `relu2` experts with a sigmoid router, and a shared expert beside them."""

    experts: int
    per_token: int
    size: int
    shared_size: int
    latent: int | None
    """The experts work at this width, between two projections; None: at the hidden width."""
    groups: int
    groups_per_token: int
    normalise: bool
    scale: float
    bias: bool | None = False
    """None: in those projections that have one stored."""


@dataclass(frozen=True, slots=True)
class LinearMixer:
    """One linear map in the place of a mixer; `suffix` is its tensor's name under the block's."""

    suffix: str


Mixer = MambaMixer | AttentionMixer | MlpMixer | ExpertsMixer | LinearMixer


@dataclass(frozen=True, slots=True)
class Block:
    """`name` is the stem of the mixer's tensors, `norm` the name of the norm's weight."""

    name: str
    norm: str
    mixer: Mixer


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelConfig:
    """One model. Widths are counted in elements."""

    blocks: tuple[Block, ...]
    vocab_size: int
    hidden_size: int
    norm_eps: float
    norm_rounds_first: bool = False
    """The normed value is rounded to the model's dtype before the product with the weight, as Llama does."""
    residual_in_fp32: bool = False
    tie_word_embeddings: bool
    """The embeddings are the head too, unless the checkpoint holds a head."""
    context_length: int
    """Tokens of prompt and reply together."""
    eos_token_ids: tuple[int, ...]
    bos_token_id: int | None
    dtype: str
    """The dtype that config.json names for the weights, e.g. "bfloat16"."""
    quantised_group: int = 0
    """Columns that share a scale, in a checkpoint whose weights are quantised; 0: there are none."""
    embeddings: str
    norm: str
    """Names of the tensors outside the blocks; the head is `lm_head.weight`."""
