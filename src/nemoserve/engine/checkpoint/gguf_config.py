"""A GGUF file's metadata as the config.json and generation_config.json that the families' modules read. Knows llama.cpp's keys.

llama.cpp names a layer's kind nowhere; it follows from the counts of the layer: no feed-forward width and no key heads is Mamba-2,
no feed-forward width is attention, anything else is an MLP or, with a router, a mixture of experts (`llama-model.cpp`).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable
from typing import Any, cast

from nemoserve.engine.checkpoint.gguf_header import Gguf

_END_TOKENS = ("eos", "eot", "eom")
_SAMPLING = {
    "general.sampling.temp": "temperature",
    "general.sampling.top_p": "top_p",
    "general.sampling.top_k": "top_k",
    "general.sampling.penalty_repeat": "repetition_penalty",
}


def config_of(gguf: Gguf) -> dict[str, Any]:
    """What config.json would say of the model. Raises CheckpointError naming the key at fault."""
    read = _READERS.get(gguf.architecture)
    if read is None:
        raise gguf.error(
            f"general.architecture is {gguf.architecture!r}; the architectures served are {', '.join(map(repr, _READERS))}"
        )
    table = _Table(gguf)
    embeddings = gguf.tensors.get("token_embd.weight")
    if embeddings is None or len(embeddings.shape) != 2:
        raise gguf.error("the tensor token_embd.weight is missing, or is no matrix; is it a language model?")
    return {
        "vocab_size": embeddings.shape[0],
        "hidden_size": table.size("embedding_length"),
        "max_position_embeddings": table.size("context_length"),
        "tie_word_embeddings": "output.weight" not in gguf.tensors,
        "torch_dtype": {"F32": "float32", "F16": "float16"}.get(embeddings.format, "bfloat16"),
        "bos_token_id": _token(gguf, "bos"),
        "eos_token_id": _token(gguf, "eos"),
        **read(table),
    }


def generation_config_of(gguf: Gguf) -> dict[str, Any]:
    """The tokens that end a text or a turn, and the sampling that the file recommends."""
    found: dict[str, Any] = {}
    bos = _token(gguf, "bos")
    if bos is not None:
        found["bos_token_id"] = bos
    ends = [token for name in _END_TOKENS if (token := _token(gguf, name)) is not None]
    if ends:
        found["eos_token_id"] = list(dict.fromkeys(ends))
    for key, name in _SAMPLING.items():
        value = gguf.metadata.get(key)
        if isinstance(value, int | float) and not isinstance(value, bool):
            found[name] = value
    return found


def layers_of(gguf: Gguf) -> int:
    """Blocks of the model itself. Raises CheckpointError."""
    blocks = _Table(gguf).size("block_count")
    layers = blocks - ahead_of(gguf)
    if not 0 < layers <= blocks <= len(gguf.tensors):
        raise gguf.error(
            f"{gguf.architecture}.block_count is {blocks}, which does not fit its {len(gguf.tensors)} tensors"
        )
    return layers


def ahead_of(gguf: Gguf) -> int:
    """Blocks after those, for predicting several tokens at once."""
    value = gguf.metadata.get(f"{gguf.architecture}.nextn_predict_layers", 0)
    return value if isinstance(value, int) else 0


def head_dim_of(gguf: Gguf) -> int:
    """Width of an attention head."""
    table = _Table(gguf)
    heads = max(table.counts("attention.head_count")) or 1
    return table.size("attention.key_length", table.size("embedding_length") // heads)


class _Table:
    """Checked access to the keys of the file's architecture."""

    def __init__(self, gguf: Gguf) -> None:
        self.gguf = gguf

    def _named(self, key: str) -> str:
        return f"{self.gguf.architecture}.{key}"

    def size(self, key: str, default: int | None = None) -> int:
        value = self.gguf.metadata.get(self._named(key), default)
        if isinstance(value, list) and len(set(map(repr, value))) == 1:
            value = value[0]
        if value is None:
            raise self.gguf.error(f"the key {self._named(key)} is missing")
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self.gguf.error(f"{self._named(key)} is {_shown(value)}, not a positive whole number")
        return value

    def counts(self, key: str, default: int | None = None) -> list[int]:
        """One for each block: a list, or one number for all."""
        blocks = self.size("block_count")
        value = self.gguf.metadata.get(self._named(key), default)
        if value is None:
            raise self.gguf.error(f"the key {self._named(key)} is missing")
        entries = value if isinstance(value, list) else [value] * min(blocks, 1 << 16)
        if any(isinstance(entry, bool) or not isinstance(entry, int) or entry < 0 for entry in entries):
            raise self.gguf.error(f"{self._named(key)} is {_shown(value)}, not whole numbers")
        if len(entries) != blocks:
            raise self.gguf.error(f"{self._named(key)} lists {len(entries)} numbers for {blocks} blocks")
        return cast("list[int]", entries)

    def number(self, key: str, default: float | None = None) -> float:
        value = self.gguf.metadata.get(self._named(key), default)
        if value is None:
            raise self.gguf.error(f"the key {self._named(key)} is missing")
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise self.gguf.error(f"{self._named(key)} is {_shown(value)}, not a number")
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        value = self.gguf.metadata.get(self._named(key), default)
        if not isinstance(value, bool):
            raise self.gguf.error(f"{self._named(key)} is {_shown(value)}, neither true nor false")
        return value

    def refuse_others(self, key: str, allowed: tuple[object, ...]) -> None:
        """Refuses a value that would change what the model computes; the key may be missing."""
        value = self.gguf.metadata.get(self._named(key), allowed[0])
        if value not in allowed:
            raise self.gguf.error(f"{self._named(key)} is {_shown(value)}; only {allowed[0]!r} is served")

    def head_dim(self) -> int:
        width = head_dim_of(self.gguf)
        self.refuse_others("attention.value_length", (width,))
        return width

    def has(self, suffix: str) -> bool:
        """Whether any block has a tensor of this name."""
        return any(name.endswith(suffix) for name in self.gguf.tensors if name.startswith("blk."))


def _llama(table: _Table) -> dict[str, Any]:
    table.refuse_others("expert_count", (0,))
    heads = table.size("attention.head_count")
    return {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "num_hidden_layers": layers_of(table.gguf),
        "intermediate_size": table.size("feed_forward_length"),
        "num_attention_heads": heads,
        "num_key_value_heads": table.size("attention.head_count_kv", heads),
        **_turning(table),
    }


def _deci(table: _Table) -> dict[str, Any]:
    heads, keys = table.counts("attention.head_count"), table.counts("attention.head_count_kv")
    widths = table.counts("feed_forward_length")
    most = max(heads)
    if most == 0 or any(count not in (0, most) for count in heads) or any(kept and most % kept for kept in keys):
        raise table.gguf.error("deci.attention.head_count and head_count_kv do not fit together")
    blocks = [
        {
            "attention": {
                "no_op": count == 0,
                "replace_with_linear": count > 0 and kept == 0,
                "n_heads_in_group": most // kept if count and kept else None,
            },
            "ffn": {"no_op": width == 0, "intermediate_size": width or None},
        }
        for count, kept, width in zip(heads, keys, widths, strict=True)
    ]
    return {
        "model_type": "nemotron-nas",
        "architectures": ["DeciLMForCausalLM"],
        "num_hidden_layers": layers_of(table.gguf),
        "num_attention_heads": most,
        "block_configs": blocks,
        **_turning(table),
    }


def _turning(table: _Table) -> dict[str, Any]:
    """What the two Llama architectures share: head width, rotary positions, norm, biases."""
    width = table.head_dim()
    table.refuse_others("rope.dimension_count", (width,))
    table.refuse_others("rope.scaling.type", ("none",))
    for key in ("rope.scaling.factor", "rope.scale_linear"):  # without a type they mean a linear one
        table.refuse_others(key, (1.0, 0.0))
    return {
        "head_dim": width,
        "hidden_act": "silu",
        "rms_norm_eps": table.number("attention.layer_norm_rms_epsilon"),
        "rope_theta": table.number("rope.freq_base", 10000.0),
        "rope_scaling": _divisors(table.gguf, width),
        "attention_bias": table.has(".attn_q.bias"),
        "mlp_bias": table.has(".ffn_down.bias"),
    }


def _divisors(gguf: Gguf, width: int) -> dict[str, Any] | None:
    """The file has Llama 3's stretching of slow frequencies worked out, one divisor for each."""
    stored = gguf.tensors.get("rope_freqs.weight")
    if stored is None:
        return None
    if stored.format != "F32" or stored.shape != (width // 2,):
        raise gguf.error(
            f"the tensor rope_freqs.weight is {stored.format} {list(stored.shape)}, not F32 [{width // 2}]"
        )
    with stored.file.open("rb") as stream:
        stream.seek(stored.begin)
        divisors = struct.unpack(f"<{width // 2}f", stream.read(stored.size))
    if not all(math.isfinite(divisor) and divisor > 0 for divisor in divisors):
        raise gguf.error("the tensor rope_freqs.weight holds a divisor that is not positive")
    return {"rope_type": "divisors", "divisors": list(divisors)}


def _nemotron_h(table: _Table) -> dict[str, Any]:
    tensors, layers = table.gguf.tensors, layers_of(table.gguf)
    keys, widths = table.counts("attention.head_count_kv"), table.counts("feed_forward_length")
    pattern, mlps, groups = "", list[int](), {0}
    for index in range(layers):
        if f"blk.{index}.ffn_gate_inp.weight" in tensors:
            pattern += "E"
        elif widths[index]:
            pattern += "-"
            mlps.append(widths[index])
        else:
            pattern += "*" if keys[index] else "M"
            groups.add(keys[index])
    found: dict[str, Any] = {
        "model_type": "nemotron_h",
        "architectures": ["NemotronHForCausalLM"],
        "hybrid_override_pattern": pattern,
        "num_hidden_layers": layers,
        # Converters have written it under either name, or both.
        "layer_norm_epsilon": table.number(
            "attention.layer_norm_rms_epsilon", table.number("attention.layer_norm_epsilon", 1e-5)
        ),
        "intermediate_size": mlps or None,
        "attention_bias": table.has(".attn_q.bias"),
        "mlp_bias": table.has(".ffn_down.bias"),
        "use_bias": table.has(".ssm_in.bias"),
        "use_conv_bias": table.has(".ssm_conv1d.bias"),
    }
    if "M" in pattern:
        found |= _mamba(table)
    if "*" in pattern:
        if len(groups) != 2:
            raise table.gguf.error("nemotron_h.attention.head_count_kv differs between attention layers")
        found |= {
            "num_attention_heads": max(table.counts("attention.head_count")),
            "num_key_value_heads": max(groups),
            "head_dim": table.head_dim(),
        }
    if "E" in pattern:
        found |= _experts(table)
    return found


def _mamba(table: _Table) -> dict[str, Any]:
    inner, heads = table.size("ssm.inner_size"), table.size("ssm.time_step_rank")
    if inner % heads:
        raise table.gguf.error(f"ssm.inner_size {inner} is not a multiple of ssm.time_step_rank {heads}")
    return {
        "mamba_num_heads": heads,
        "mamba_head_dim": inner // heads,
        "n_groups": table.size("ssm.group_count"),
        "ssm_state_size": table.size("ssm.state_size"),
        "conv_kernel": table.size("ssm.conv_kernel"),
    }


def _experts(table: _Table) -> dict[str, Any]:
    table.refuse_others("expert_gating_func", (2, 0))  # 2 is the sigmoid; 0 leaves it to the architecture, whose it is
    latent = table.gguf.metadata.get("nemotron_h_moe.moe_latent_size")
    # [experts, size, width]; older files do not say the size otherwise.
    size = next((tensor.shape[-2] for name, tensor in table.gguf.tensors.items() if "ffn_up_exps" in name), None)
    return {
        "n_routed_experts": table.size("expert_count"),
        "num_experts_per_tok": table.size("expert_used_count"),
        "moe_intermediate_size": table.size("expert_feed_forward_length", size),
        "moe_shared_expert_intermediate_size": table.size("expert_shared_feed_forward_length"),
        "moe_latent_size": latent or None,
        "n_group": table.size("expert_group_count", 1),
        "topk_group": table.size("expert_group_used_count", 1),
        "norm_topk_prob": table.flag("expert_weights_norm", False),
        "routed_scaling_factor": table.number("expert_weights_scale", 1.0) or 1.0,
    }


def _token(gguf: Gguf, name: str) -> int | None:
    value = gguf.metadata.get(f"tokenizer.ggml.{name}_token_id")
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:60]}…"


_READERS: dict[str, Callable[[_Table], dict[str, Any]]] = {
    "nemotron_h": _nemotron_h,
    "nemotron_h_moe": _nemotron_h,
    "deci": _deci,
    "llama": _llama,
}
