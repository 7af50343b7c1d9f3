"""The nemotron_h family: Mamba-2, attention, MLP and mixture-of-experts layers in any order. Knows its config.json and tensor names.

The same quantity has several names in published checkpoints: the Hugging Face names, the older `mamba_*` names, and those of
Megatron-flavoured exports. `_ALIASES` maps them; the layer pattern may be a string (`hybrid_override_pattern`) or a list.
"""

from __future__ import annotations

import math
from typing import Any, Literal, cast

from nemoserve.engine.checkpoint.config import Keys
from nemoserve.engine.layers.mamba2 import Mamba2Shape
from nemoserve.engine.models.blocks import AttentionMixer, Block, ExpertsMixer, MambaMixer, Mixer, MlpMixer, ModelConfig

LayerKind = Literal["mamba", "mlp", "attention", "moe"]

_ALIASES = {
    "mamba_n_groups": "n_groups",
    "mamba_num_groups": "n_groups",
    "mamba_d_conv": "conv_kernel",
    "mamba_expand": "expand",
    "mamba_dt_min": "time_step_min",
    "mamba_dt_max": "time_step_max",
    "mamba_dt_limit": "time_step_limit",
    "mamba_dt_init_floor": "time_step_floor",
    "mamba_conv_bias": "use_conv_bias",
    "mamba_chunk_size": "chunk_size",
    "mamba_state_dim": "ssm_state_size",
    "attention_head_dim": "head_dim",
    "rms_norm_eps": "layer_norm_epsilon",
    "norm_eps": "layer_norm_epsilon",
    "layer_types": "layers_block_type",
}
_PATTERN_KINDS: dict[str, LayerKind] = {"M": "mamba", "-": "mlp", "*": "attention", "E": "moe"}
_NAMED_KINDS: dict[str, LayerKind] = {
    "mamba": "mamba",
    "mamba2": "mamba",
    "linear_attention": "mamba",
    "mlp": "mlp",
    "attention": "attention",
    "full_attention": "attention",
    "moe": "moe",
}


def describe(keys: Keys) -> ModelConfig:
    """The model that config.json describes. Raises CheckpointError with one sentence that names the key at fault."""
    keys = keys.renamed(_ALIASES)
    keys.refuse_quantized()
    keys.only("mlp_hidden_act", "relu2")
    keys.only("mamba_hidden_act", "silu")
    if keys.raw.get("sliding_window"):
        raise keys.error("sliding_window is set; only full attention is served")
    layers = _layers(keys)
    mixers: dict[LayerKind, Mixer] = {}
    if "mamba" in layers:
        mixers["mamba"] = _mamba(keys)
    if "attention" in layers:
        mixers["attention"] = _attention(keys)
    if "moe" in layers:
        mixers["moe"] = _experts(keys)
    sizes = iter(_intermediate_sizes(keys, layers.count("mlp")))
    bias = keys.flag("mlp_bias", False)
    return ModelConfig(
        blocks=tuple(
            Block(
                f"layers.{index}.mixer",
                f"layers.{index}.norm.weight",
                MlpMixer(next(sizes), "relu2", bias) if kind == "mlp" else mixers[kind],
            )
            for index, kind in enumerate(layers)
        ),
        vocab_size=keys.size("vocab_size"),
        hidden_size=keys.size("hidden_size"),
        norm_eps=keys.epsilon("layer_norm_epsilon", 1e-5),
        residual_in_fp32=keys.flag("residual_in_fp32", False),
        tie_word_embeddings=keys.flag("tie_word_embeddings", False),
        context_length=keys.size("max_position_embeddings", 4096),
        eos_token_ids=keys.eos_token_ids,
        bos_token_id=keys.bos_token_id,
        dtype=keys.dtype,
        embeddings="embeddings.weight",
        norm="norm_f.weight",
    )


def _mamba(keys: Keys) -> MambaMixer:
    heads, groups = keys.size("mamba_num_heads"), keys.size("n_groups")
    if heads % groups:
        raise keys.error(f"mamba_num_heads {heads} is not a multiple of n_groups {groups}")
    shape = Mamba2Shape(
        heads=heads,
        head_dim=keys.size("mamba_head_dim"),
        groups=groups,
        state_size=keys.size("ssm_state_size"),
        conv_kernel=keys.size("conv_kernel", 4),
        time_step_limit=_time_step_limit(keys),
    )
    return MambaMixer(shape, conv_bias=keys.flag("use_conv_bias", True), bias=keys.flag("use_bias", False))


def _attention(keys: Keys) -> AttentionMixer:
    heads = keys.size("num_attention_heads")
    kv_heads = keys.size("num_key_value_heads", heads)
    if heads % kv_heads:
        raise keys.error(f"num_attention_heads {heads} is not a multiple of num_key_value_heads {kv_heads}")
    head_dim = keys.size("head_dim", max(1, keys.size("hidden_size") // heads))
    return AttentionMixer(heads, kv_heads, head_dim, _stored(keys.flag("attention_bias", False)))


def _experts(keys: Keys) -> ExpertsMixer:
    count, chosen = keys.size("n_routed_experts"), keys.size("num_experts_per_tok")
    groups = keys.size("n_group", 1)
    kept = keys.size("topk_group", 1)
    if count % groups or kept > groups or chosen > count // groups * kept:
        raise keys.error(
            f"{chosen} experts of the best {kept} of {groups} groups cannot be chosen among {count} "
            "(num_experts_per_tok, topk_group, n_group, n_routed_experts)"
        )
    latent = keys.raw.get("moe_latent_size")
    return ExpertsMixer(
        experts=count,
        per_token=chosen,
        size=keys.size("moe_intermediate_size"),
        shared_size=keys.size("moe_shared_expert_intermediate_size"),
        latent=None if latent is None else keys.as_size("moe_latent_size", latent),
        groups=groups,
        groups_per_token=kept,
        normalise=keys.flag("norm_topk_prob", True),
        scale=keys.number("routed_scaling_factor", 1.0),
        bias=_stored(keys.flag("mlp_bias", False)),
    )


def _stored(bias: bool) -> bool | None:
    """transformers has no biases in attention and experts, whatever config.json says; NVIDIA's own code has them."""
    return None if bias else False


def _layers(keys: Keys) -> tuple[LayerKind, ...]:
    key = "layers_block_type"
    entries: Any = keys.raw.get(key)
    names = _NAMED_KINDS
    if entries is None:
        key = "hybrid_override_pattern"
        entries = keys.raw.get(key)
        names = _PATTERN_KINDS
    if entries is None:
        raise keys.error("neither hybrid_override_pattern nor layers_block_type is there")
    if not isinstance(entries, str if names is _PATTERN_KINDS else list) or not entries:
        raise keys.error(f"{key} is {entries!r}, not a layer pattern")
    layers: list[LayerKind] = []
    for index, entry in enumerate(cast(list[object], list(cast(Any, entries)))):
        kind = names.get(entry) if isinstance(entry, str) else None
        if kind is None:
            raise keys.error(
                f"{key} has {entry!r} at layer {index}, a layer kind that is not served "
                "(served: Mamba-2, MLP, attention, mixture of experts)"
            )
        layers.append(kind)
    count = keys.size("num_hidden_layers", len(layers))
    if count != len(layers):
        raise keys.error(f"num_hidden_layers is {count}, but {key} describes {len(layers)} layers")
    return tuple(layers)


def _intermediate_sizes(keys: Keys, mlp_count: int) -> tuple[int, ...]:
    value: Any = keys.raw.get("intermediate_size")
    if not isinstance(value, list):
        return (keys.size("intermediate_size"),) * mlp_count if mlp_count else ()
    sizes = cast(list[object], value)
    widths = tuple(keys.as_size("an entry of intermediate_size", size) for size in sizes)
    if len(widths) == 1:
        return widths * mlp_count
    if len(sizes) != mlp_count:
        raise keys.error(f"intermediate_size lists {len(sizes)} sizes for {mlp_count} MLP layers")
    return widths


def _time_step_limit(keys: Keys) -> tuple[float, float]:
    value: Any = keys.raw.get("time_step_limit", [0.0, math.inf])
    pair = cast(list[Any], value) if isinstance(value, list) else []
    if len(pair) != 2:
        raise keys.error(f"time_step_limit is {value!r}, not a pair of numbers")
    low, high = (keys.as_float("time_step_limit", entry) for entry in pair)
    if not low <= high:
        raise keys.error(f"time_step_limit is ({low}, {high}), whose lower bound exceeds its upper bound")
    return low, high
