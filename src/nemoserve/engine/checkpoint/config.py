"""config.json of the nemotron_h family as one frozen value, under every key name in use. Knows no tensors and no torch.

The same quantity has several names in published checkpoints: the Hugging Face names, the older `mamba_*` names, and those of
Megatron-flavoured exports. `_ALIASES` maps them; the layer pattern may be a string (`hybrid_override_pattern`) or a list.
"""

from __future__ import annotations

import json
import math
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

LayerKind = Literal["mamba", "mlp", "attention"]


class CheckpointError(ValueError):
    """A checkpoint that cannot be served; the message is one sentence that names the file, key or tensor at fault."""


@dataclass(frozen=True, slots=True)
class NemotronHConfig:
    """Shapes and constants of one dense nemotron_h model. Widths are counted in elements."""

    layers: tuple[LayerKind, ...]
    vocab_size: int
    hidden_size: int
    intermediate_sizes: tuple[int, ...]
    """One per MLP layer, in the order of the layers."""
    attention_heads: int
    kv_heads: int
    head_dim: int
    attention_bias: bool
    mlp_bias: bool
    mamba_heads: int
    mamba_head_dim: int
    state_size: int
    groups: int
    conv_kernel: int
    conv_bias: bool
    mamba_bias: bool
    time_step_limit: tuple[float, float]
    """Bounds of the step size after the softplus; (0, inf) bounds nothing."""
    norm_eps: float
    residual_in_fp32: bool
    tie_word_embeddings: bool
    context_length: int
    """Tokens of prompt and reply together. The maths has no positions, so this is what the model was trained for."""
    eos_token_ids: tuple[int, ...]
    bos_token_id: int | None
    dtype: str
    """The dtype that config.json names for the weights, e.g. "bfloat16"."""

    @property
    def inner_size(self) -> int:
        """Width of a Mamba layer: heads x head_dim (`expand` plays no part)."""
        return self.mamba_heads * self.mamba_head_dim

    @property
    def conv_size(self) -> int:
        """Channels that pass the causal convolution: x, B and C."""
        return self.inner_size + 2 * self.groups * self.state_size


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

_PATTERN_KINDS: dict[str, LayerKind] = {"M": "mamba", "-": "mlp", "*": "attention"}
_NAMED_KINDS: dict[str, LayerKind] = {
    "mamba": "mamba",
    "mamba2": "mamba",
    "linear_attention": "mamba",
    "mlp": "mlp",
    "attention": "attention",
    "full_attention": "attention",
}


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Python's reader takes the literal `Infinity`, which some configs hold.

    Raises CheckpointError when the file is missing, unreadable or not an object.
    """
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} holds a JSON {type(value).__name__}, not an object")
    return cast(dict[str, Any], value)


def read_config(folder: Path) -> NemotronHConfig:
    """Parse `folder/config.json`, and `generation_config.json` for the end-of-turn tokens when there is one.

    Raises CheckpointError with one sentence that names the key at fault.
    """
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder")
    path = folder / "config.json"
    raw = read_json(path)
    generation_path = folder / "generation_config.json"
    generation = read_json(generation_path) if generation_path.exists() else {}
    if (folder / "hf_quant_config.json").exists():
        raise CheckpointError(
            f"{folder / 'hf_quant_config.json'} marks a quantized checkpoint; only float32, float16 and bfloat16 are served"
        )
    return _Keys(path, raw).config(generation)


class _Keys:
    """The keys of one config.json under their current names, with checked access."""

    def __init__(self, path: Path, raw: dict[str, Any]) -> None:
        self.path = path
        self.raw = {_ALIASES.get(key, key): value for key, value in raw.items() if value is not None}
        # A key under its own name wins over an alias of it.
        self.raw.update({key: value for key, value in raw.items() if key not in _ALIASES and value is not None})

    def config(self, generation: dict[str, Any]) -> NemotronHConfig:
        model_type = self.raw.get("model_type")
        if model_type != "nemotron_h":
            raise self.error(f"model_type is {model_type!r}; the only family served is 'nemotron_h'")
        self._refuse_what_is_not_served()
        layers = self._layers()
        hidden = self.size("hidden_size")
        heads = self.size("num_attention_heads", 1)
        kv_heads = self.size("num_key_value_heads", heads)
        mamba_heads = self.size("mamba_num_heads", 1)
        groups = self.size("n_groups", 1)
        if "attention" in layers:
            self.size("num_attention_heads")
            if heads % kv_heads:
                raise self.error(f"num_attention_heads {heads} is not a multiple of num_key_value_heads {kv_heads}")
        if "mamba" in layers:
            for key in ("mamba_num_heads", "mamba_head_dim", "ssm_state_size", "n_groups"):
                self.size(key)
            if mamba_heads % groups:
                raise self.error(f"mamba_num_heads {mamba_heads} is not a multiple of n_groups {groups}")
        return NemotronHConfig(
            layers=layers,
            vocab_size=self.size("vocab_size"),
            hidden_size=hidden,
            intermediate_sizes=self._intermediate_sizes(layers.count("mlp")),
            attention_heads=heads,
            kv_heads=kv_heads,
            head_dim=self.size("head_dim", max(1, hidden // heads)),
            attention_bias=self.flag("attention_bias", False),
            mlp_bias=self.flag("mlp_bias", False),
            mamba_heads=mamba_heads,
            mamba_head_dim=self.size("mamba_head_dim", 1),
            state_size=self.size("ssm_state_size", 1),
            groups=groups,
            conv_kernel=self.size("conv_kernel", 4),
            conv_bias=self.flag("use_conv_bias", True),
            mamba_bias=self.flag("use_bias", False),
            time_step_limit=self._time_step_limit(),
            norm_eps=self.number("layer_norm_epsilon", 1e-5),
            residual_in_fp32=self.flag("residual_in_fp32", False),
            tie_word_embeddings=self.flag("tie_word_embeddings", False),
            context_length=self.size("max_position_embeddings", 4096),
            eos_token_ids=self._eos(generation),
            bos_token_id=self._optional_id(generation.get("bos_token_id", self.raw.get("bos_token_id"))),
            dtype=str(self.raw.get("torch_dtype", self.raw.get("dtype", "float32"))).removeprefix("torch."),
        )

    def error(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self.path}: {what}")

    def size(self, key: str, default: int | None = None) -> int:
        value = self.raw.get(key, default)
        if value is None:
            raise self.error(f"the key {key} is missing")
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self.error(f"{key} is {value!r}, not a positive whole number")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.raw.get(key, default)
        if not isinstance(value, bool):
            raise self.error(f"{key} is {value!r}, neither true nor false")
        return value

    def number(self, key: str, default: float) -> float:
        return self._as_float(key, self.raw.get(key, default))

    def _as_float(self, key: str, value: Any) -> float:
        """A JSON number, or `{"__float__": "Infinity"}`, which is how transformers writes what JSON cannot."""
        if isinstance(value, dict):
            value = cast(dict[str, Any], value).get("__float__")
        if isinstance(value, str) and value.lower().lstrip("+-") in ("infinity", "inf"):
            return -math.inf if value.startswith("-") else math.inf
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{key} is {value!r}, not a number")
        return float(value)

    def _refuse_what_is_not_served(self) -> None:
        if "quantization_config" in self.raw:
            quantization: Any = self.raw["quantization_config"]
            method: object = "unnamed"
            if isinstance(quantization, dict):
                method = cast(dict[str, object], quantization).get("quant_method", method)
            raise self.error(
                f"the checkpoint is quantized (quant_method {method!r}); only float32, float16 and bfloat16 are served"
            )
        for key, only in (("mlp_hidden_act", "relu2"), ("mamba_hidden_act", "silu")):
            if self.raw.get(key, only) != only:
                raise self.error(f"{key} is {self.raw[key]!r}; only {only!r} is served")
        if self.raw.get("sliding_window"):
            raise self.error("sliding_window is set; only full attention is served")

    def _layers(self) -> tuple[LayerKind, ...]:
        key = "layers_block_type"
        entries: Any = self.raw.get(key)
        names = _NAMED_KINDS
        if entries is None:
            key = "hybrid_override_pattern"
            entries = self.raw.get(key)
            names = _PATTERN_KINDS
        if entries is None:
            raise self.error("neither hybrid_override_pattern nor layers_block_type is there")
        if not isinstance(entries, str if names is _PATTERN_KINDS else list) or not entries:
            raise self.error(f"{key} is {entries!r}, not a layer pattern")
        layers: list[LayerKind] = []
        for index, entry in enumerate(cast(list[object], list(cast(Any, entries)))):
            kind = names.get(entry) if isinstance(entry, str) else None
            if kind is None:
                what = "a mixture-of-experts layer" if entry in ("E", "moe") else "a layer kind"
                raise self.error(
                    f"{key} has {entry!r} at layer {index}, {what} that is not served (served: Mamba-2, MLP, attention)"
                )
            layers.append(kind)
        count = self.size("num_hidden_layers", len(layers))
        if count != len(layers):
            raise self.error(f"num_hidden_layers is {count}, but {key} describes {len(layers)} layers")
        return tuple(layers)

    def _intermediate_sizes(self, mlp_count: int) -> tuple[int, ...]:
        value: Any = self.raw.get("intermediate_size")
        if not isinstance(value, list):
            return (self.size("intermediate_size"),) * mlp_count if mlp_count else ()
        sizes = cast(list[object], value)
        for size in sizes:
            if isinstance(size, bool) or not isinstance(size, int) or size <= 0:
                raise self.error(f"intermediate_size has the entry {size!r}, not a positive whole number")
        if len(sizes) == 1:
            return (cast(int, sizes[0]),) * mlp_count
        if len(sizes) != mlp_count:
            raise self.error(f"intermediate_size lists {len(sizes)} sizes for {mlp_count} MLP layers")
        return tuple(cast(list[int], sizes))

    def _time_step_limit(self) -> tuple[float, float]:
        value: Any = self.raw.get("time_step_limit", [0.0, math.inf])
        pair = cast(list[Any], value) if isinstance(value, list) else []
        if len(pair) != 2:
            raise self.error(f"time_step_limit is {value!r}, not a pair of numbers")
        low, high = (self._as_float("time_step_limit", entry) for entry in pair)
        if not low <= high:
            raise self.error(f"time_step_limit is ({low}, {high}), whose lower bound exceeds its upper bound")
        return low, high

    def _eos(self, generation: dict[str, Any]) -> tuple[int, ...]:
        """generation_config.json decides: there the chat's end of turn is listed; config.json knows the base model's."""
        value: Any = generation.get("eos_token_id")
        if value is None:
            value = self.raw.get("eos_token_id")
        ids = cast(list[Any], value) if isinstance(value, list) else [value]
        return tuple(token for token in map(self._optional_id, ids) if token is not None)

    def _optional_id(self, value: object) -> int | None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self.error(f"the token id {value!r} is not a whole number")
