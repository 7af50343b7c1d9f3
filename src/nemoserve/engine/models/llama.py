"""The Llama architecture: attention with rotary positions and SwiGLU in turn. Knows its config.json and tensor names."""

from __future__ import annotations

from typing import Any, cast

from nemoserve.engine.checkpoint.config import Keys
from nemoserve.engine.layers.rope import Rope
from nemoserve.engine.models.blocks import AttentionMixer, Block, Mixer, MlpMixer, ModelConfig


def describe(keys: Keys) -> ModelConfig:
    """The model that config.json describes. Raises CheckpointError with one sentence that names the key at fault."""
    keys.refuse_quantized()
    keys.only("hidden_act", "silu")
    heads = keys.size("num_attention_heads")
    kv_heads = keys.size("num_key_value_heads", heads)
    if heads % kv_heads:
        raise keys.error(f"num_attention_heads {heads} is not a multiple of num_key_value_heads {kv_heads}")
    head_dim = keys.size("head_dim", max(1, keys.size("hidden_size") // heads))
    bias = keys.flag("attention_bias", False)
    attention = AttentionMixer(heads, kv_heads, head_dim, bias, rope(keys, head_dim))
    mlp = MlpMixer(keys.size("intermediate_size"), "swiglu", keys.flag("mlp_bias", False))
    blocks: list[Block] = []
    for index in range(keys.size("num_hidden_layers")):
        blocks += [attention_block(index, attention), mlp_block(index, mlp)]
    return described(keys, blocks)


def described(keys: Keys, blocks: list[Block]) -> ModelConfig:
    """What the architecture's members have in common around their blocks."""
    return ModelConfig(
        blocks=tuple(blocks),
        vocab_size=keys.size("vocab_size"),
        hidden_size=keys.size("hidden_size"),
        norm_eps=keys.epsilon("rms_norm_eps", 1e-6),
        norm_rounds_first=True,
        tie_word_embeddings=keys.flag("tie_word_embeddings", False),
        context_length=keys.size("max_position_embeddings", 2048),
        eos_token_ids=keys.eos_token_ids,
        bos_token_id=keys.bos_token_id,
        dtype=keys.dtype,
        embeddings="embed_tokens.weight",
        norm="norm.weight",
    )


def attention_block(index: int, mixer: Mixer) -> Block:
    return Block(f"layers.{index}.self_attn", f"layers.{index}.input_layernorm.weight", mixer)


def mlp_block(index: int, mixer: Mixer) -> Block:
    return Block(f"layers.{index}.mlp", f"layers.{index}.post_attention_layernorm.weight", mixer)


def rope(keys: Keys, head_dim: int) -> Rope:
    """Rotary positions, under the older key `rope_scaling` or the newer `rope_parameters`."""
    if head_dim % 2:
        raise keys.error(f"head_dim is {head_dim}; rotary positions need an even one")
    found: Any = keys.raw.get("rope_parameters") or keys.raw.get("rope_scaling") or {}
    if not isinstance(found, dict):
        raise keys.error(f"rope_scaling is {found!r}, not an object")
    inner = Keys(keys.path, cast("dict[str, Any]", found), {})
    theta = inner.number("rope_theta", keys.number("rope_theta", 10000.0))
    kind = inner.raw.get("rope_type", inner.raw.get("type", "default"))
    if kind == "default":
        return Rope(head_dim, theta)
    if kind == "divisors":
        return Rope(head_dim, theta, divisors=_divisors(inner, head_dim // 2))
    if kind != "llama3":
        raise keys.error(f"rope_scaling has the type {kind!r}; 'default' and 'llama3' are served")
    low, high = inner.number("low_freq_factor", 1.0), inner.number("high_freq_factor", 4.0)
    if high <= low:
        raise keys.error(f"rope_scaling has high_freq_factor {high}, which is not above low_freq_factor {low}")
    return Rope(
        head_dim, theta, inner.number("factor", 8.0), low, high, inner.size("original_max_position_embeddings", 8192)
    )


def _divisors(keys: Keys, count: int) -> tuple[float, ...]:
    """What each frequency is divided by, in a configuration that was made from a GGUF file."""
    found: Any = keys.raw.get("divisors")
    if not isinstance(found, list) or len(cast("list[object]", found)) != count:
        raise keys.error(f"rope_scaling.divisors does not list {count} numbers")
    return tuple(keys.as_float("rope_scaling.divisors", value) for value in cast("list[object]", found))
