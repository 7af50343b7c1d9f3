"""The nemotron-nas family: Llama with blocks of different widths, some a single linear map, some absent. Knows its config.json.

`block_configs` says for each layer what stands in the places of attention and MLP. A place that is `no_op` has neither module nor
norm.
"""

from __future__ import annotations

from typing import Any, cast

from nemoserve.engine.checkpoint.config import Keys
from nemoserve.engine.models.blocks import AttentionMixer, Block, LinearMixer, MlpMixer, ModelConfig
from nemoserve.engine.models.llama import attention_block, described, mlp_block, rope

_MULTIPLE = 256
"""MLP widths that are given as a factor are rounded up to a multiple of this."""
_SPARSE = ("window_length", "num_sink_tokens", "sparsify")


def describe(keys: Keys) -> ModelConfig:
    """The model that config.json describes. Raises CheckpointError with one sentence that names the key at fault."""
    keys.refuse_quantized()
    keys.only("hidden_act", "silu")
    entries: Any = keys.raw.get("block_configs")
    count = keys.size("num_hidden_layers")
    if not isinstance(entries, list) or len(cast("list[object]", entries)) != count:
        raise keys.error(f"block_configs does not list {count} layers, as num_hidden_layers says")
    heads, hidden = keys.size("num_attention_heads"), keys.size("hidden_size")
    head_dim = keys.size("head_dim", max(1, hidden // heads))
    turning = rope(keys, head_dim)
    blocks: list[Block] = []
    for index, entry in enumerate(cast("list[object]", entries)):
        attention, mlp = (_part(keys, index, entry, name) for name in ("attention", "ffn"))
        if attention.flag("replace_with_linear", False):
            blocks.append(attention_block(index, LinearMixer("linear")))
        elif not attention.flag("no_op", False):
            for key in _SPARSE:
                if attention.raw.get(key):
                    raise attention.error(
                        f"{key} is {attention.raw[key]!r} at layer {index}; only full attention is served"
                    )
            shared = attention.size("n_heads_in_group")
            if heads % shared:
                raise attention.error(
                    f"n_heads_in_group is {shared} at layer {index}; it does not divide {heads} heads"
                )
            bias = keys.flag("attention_bias", False)
            mixer = AttentionMixer(heads, heads // shared, head_dim, bias, turning)
            blocks.append(attention_block(index, mixer))
        if mlp.flag("replace_with_linear", False):
            blocks.append(mlp_block(index, LinearMixer("linear")))
        elif not mlp.flag("no_op", False):
            mlp.only("hidden_act", "silu")
            blocks.append(mlp_block(index, MlpMixer(_width(mlp, hidden), "swiglu", keys.flag("mlp_bias", False))))
    return described(keys, blocks)


def _part(keys: Keys, index: int, entry: object, name: str) -> Keys:
    part = cast("dict[str, Any]", entry).get(name) if isinstance(entry, dict) else None
    if not isinstance(part, dict):
        raise keys.error(f"block_configs[{index}].{name} is {part!r}, not an object")
    return Keys(keys.path, cast("dict[str, Any]", part), {})


def _width(mlp: Keys, hidden: int) -> int:
    """`intermediate_size`, or by `ffn_mult`: two thirds of so many hidden widths, doubled, rounded up."""
    if "intermediate_size" in mlp.raw:
        return mlp.size("intermediate_size")
    if "ffn_mult" not in mlp.raw:
        raise mlp.error("a block of block_configs has neither intermediate_size nor ffn_mult for its ffn")
    width = int(2 * mlp.number("ffn_mult", 0.0) * hidden / 3)
    return -(-width // _MULTIPLE) * _MULTIPLE
