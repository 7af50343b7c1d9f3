"""Writes checkpoint folders as GGUF files, as llama.cpp's converter does: names, transformations, metadata. Knows nothing of the engine.

Quantised by `gguf`; for the K formats, which it only reads, a simple quantiser here fills the blocks. `dequantised_twin` is the folder's
copy in safetensors whose weights have been through the same formats, so that both must give the very same logits.
"""

from __future__ import annotations

import json
import math
import shutil
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import torch
from gguf import GGMLQuantizationType as Kind
from gguf import quants
from safetensors.torch import load_file, save_file

GGUF_TEXT: dict[str, Any] = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.tokens": ["<s>", "</s>", "Ċ", "Ġ", *(chr(33 + i) for i in range(59)), "!!"],
    "tokenizer.ggml.token_type": [3, 3, *[1] * 62],
    "tokenizer.ggml.merges": ["! !"],
    "tokenizer.ggml.bos_token_id": 0,
    "tokenizer.ggml.eos_token_id": 1,
    "tokenizer.ggml.add_bos_token": False,
}
"""llama.cpp loads no model without a vocabulary."""
FORMATS = ("F32", "F16", "BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K")
_HYBRID = {
    "in_proj": "ssm_in", "out_proj": "ssm_out", "conv1d": "ssm_conv1d", "A_log": "ssm_a", "D": "ssm_d",
    "dt_bias": "ssm_dt.bias", "q_proj": "attn_q", "k_proj": "attn_k", "v_proj": "attn_v", "o_proj": "attn_output",
    "up_proj": "ffn_up", "down_proj": "ffn_down", "norm": "ssm_norm", "gate": "ffn_gate_inp",
    "gate.e_score_correction_bias": "exp_probs_b.bias", "shared_experts.up_proj": "ffn_up_shexp",
    "shared_experts.down_proj": "ffn_down_shexp", "fc1_latent_proj": "ffn_latent_down", "fc2_latent_proj": "ffn_latent_up",
}  # fmt: skip
_LLAMA = {
    "self_attn.q_proj": "attn_q", "self_attn.k_proj": "attn_k", "self_attn.v_proj": "attn_v", "self_attn.o_proj": "attn_output",
    "self_attn.linear": "attn_output", "mlp.gate_proj": "ffn_gate", "mlp.up_proj": "ffn_up", "mlp.down_proj": "ffn_down",
    "input_layernorm": "attn_norm", "post_attention_layernorm": "ffn_norm",
}  # fmt: skip


def write_gguf(folder: Path, file: Path, kind: str = "F32", **metadata: Any) -> Path:
    """The folder's model as a GGUF file whose matrices have this format; `metadata` are further or other keys; None: it has none of this name."""
    config = json.loads((folder / "config.json").read_text())
    tensors = load_tensors(folder)
    hybrid = config["model_type"] == "nemotron_h"
    arch = {"llama": "llama", "nemotron-nas": "deci"}.get(config["model_type"]) or (
        "nemotron_h_moe" if "n_routed_experts" in config else "nemotron_h"
    )
    writer = gguf.GGUFWriter(file, arch)
    write_keys(writer, arch, config, tensors, metadata)
    for name, array in (hybrid_tensors if hybrid else llama_tensors)(config, tensors):
        own = kind if array.ndim > 1 and quantisable(name, array, kind) else "F32"
        writer.add_tensor(name, packed(array, own), raw_dtype=Kind[own])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return file


def text_of(folder: Path) -> dict[str, Any]:
    """The folder's template and its tokenizer, which knows words and bytes alone, as llama.cpp reads them."""
    tokenizer = json.loads((folder / "tokenizer.json").read_text())
    added = {entry["id"]: entry for entry in tokenizer["added_tokens"]}
    names = {number: word for word, number in tokenizer["model"]["vocab"].items()}
    names |= {number: entry["content"] for number, entry in added.items()}
    words = [names[number] for number in range(len(names))]
    plain = [word for number, word in enumerate(words) if number not in added]
    begun = sorted(
        {word[:size] for word in plain for size in range(2, len(word) + 1)}, key=lambda text: (len(text), text)
    )
    return GGUF_TEXT | {
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.tokens": words,
        "tokenizer.ggml.token_type": [
            1 if number not in added else 3 if added[number]["special"] else 4 for number in range(len(words))
        ],
        # Words that stand beside signs are found from left to right.
        "tokenizer.ggml.merges": [f"{text[:-1]} {text[-1]}" for text in begun],
        "tokenizer.ggml.bos_token_id": 1,
        "tokenizer.ggml.eos_token_id": 12,
        "tokenizer.chat_template": (folder / "chat_template.jinja").read_text(),
    }


def quantisable(name: str, array: np.ndarray, kind: str) -> bool:
    """What llama.cpp's converter leaves in float32 is left so here."""
    block, _ = gguf.GGML_QUANT_SIZES[Kind[kind]]
    kept = ("conv1d", "ssm_norm", "ssm_a", "ssm_d", "gate_inp", "exp_probs")
    return not any(part in name for part in kept) and array.shape[-1] % block == 0


def load_tensors(folder: Path) -> dict[str, torch.Tensor]:
    """In float32, by the names without prefixes."""
    found = load_file(folder / "model.safetensors")
    return {n.removeprefix("backbone.").removeprefix("model."): t.float() for n, t in found.items()}


def dequantised_twin(folder: Path, target: Path, kind: str) -> Path:
    """A copy of the folder whose weights are what a GGUF of this format holds."""
    shutil.copytree(folder, target)
    tensors = load_file(folder / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    hybrid = config["model_type"] == "nemotron_h"
    names = gguf_names(config, {n.removeprefix("backbone.").removeprefix("model.") for n in tensors}, hybrid)
    for full, tensor in tensors.items():
        name = names[full.removeprefix("backbone.").removeprefix("model.")]
        array = tensor.float().numpy()
        if array.ndim == 2 and quantisable(name, array, kind):
            back = quants.dequantize(packed(array, kind), Kind[kind])
            tensors[full] = torch.from_numpy(np.array(back)).reshape(tensor.shape)
    save_file({n: t.float().contiguous() for n, t in tensors.items()}, target / "model.safetensors")
    return target


def gguf_names(config: dict[str, Any], bare: set[str], hybrid: bool) -> dict[str, str]:
    return {name: _name(name, hybrid) for name in bare}


def _name(name: str, hybrid: bool) -> str:
    outside = {"embeddings": "token_embd", "embed_tokens": "token_embd", "norm_f": "output_norm", "norm": "output_norm",
               "lm_head": "output"}  # fmt: skip
    if not name.startswith("layers."):
        return outside[name.removesuffix(".weight")] + ".weight"
    _, layer, rest = name.split(".", 2)
    if not hybrid:
        stem, end = rest.rsplit(".", 1)
        return f"blk.{layer}.{_LLAMA[stem]}.{end}"
    if rest == "norm.weight":
        return f"blk.{layer}.attn_norm.weight"
    rest = rest.removeprefix("mixer.")
    if rest.startswith("experts."):
        return f"blk.{layer}.ffn_{'up' if 'up_proj' in rest else 'down'}_exps.weight"
    if rest in _HYBRID:
        return f"blk.{layer}.{_HYBRID[rest]}"
    stem, end = rest.rsplit(".", 1)
    return f"blk.{layer}.{_HYBRID[stem]}.{end}"


def hybrid_tensors(config: dict[str, Any], tensors: dict[str, torch.Tensor]) -> list[tuple[str, np.ndarray]]:
    found: list[tuple[str, np.ndarray]] = []
    experts: dict[str, dict[int, torch.Tensor]] = {}
    for name, tensor in tensors.items():
        own = _name(name, True)
        if ".mixer.experts." in name:
            experts.setdefault(own, {})[int(name.split(".")[4])] = tensor
            continue
        if name.endswith("A_log"):
            tensor = -tensor.exp().reshape(-1, 1)
        elif name.endswith("mixer.D"):
            tensor = tensor.reshape(-1, 1)
        elif name.endswith("conv1d.weight"):
            tensor = tensor.squeeze(1)
        elif name.endswith("mixer.norm.weight"):
            tensor = tensor.reshape(config["n_groups"], -1)
        found.append((own, tensor.numpy()))
    for own, parts in experts.items():
        found.append((own, torch.stack([parts[i] for i in range(len(parts))]).numpy()))
    return found


def llama_tensors(config: dict[str, Any], tensors: dict[str, torch.Tensor]) -> list[tuple[str, np.ndarray]]:
    width = config["head_dim"]
    found: list[tuple[str, np.ndarray]] = []
    for name, tensor in tensors.items():
        if "q_proj" in name or "k_proj" in name:
            rows = tensor.reshape(-1, 2, width // 2, *tensor.shape[1:])
            tensor = rows.swapaxes(1, 2).reshape(tensor.shape)
        found.append((_name(name, False), tensor.contiguous().numpy()))
    scaling = config.get("rope_parameters") or config.get("rope_scaling") or {}
    if scaling.get("rope_type") == "llama3":
        found.append(("rope_freqs.weight", np.array(divisors(config, scaling), dtype=np.float32)))
    return found


def divisors(config: dict[str, Any], scaling: dict[str, Any]) -> list[float]:
    """Llama 3's stretching, as llama.cpp's converter works it out."""
    theta, width = scaling.get("rope_theta", config.get("rope_theta")), config["head_dim"]
    old, low, high = (scaling[n] for n in ("original_max_position_embeddings", "low_freq_factor", "high_freq_factor"))
    found = []
    for i in range(0, width, 2):
        wave = 2 * math.pi * theta ** (i / width)
        smooth = min(1.0, max(0.0, (old / wave - low) / (high - low)))
        found.append(1 / ((1 - smooth) / scaling["factor"] + smooth))
    return found


def write_keys(
    writer: gguf.GGUFWriter, arch: str, config: dict[str, Any], tensors: dict[str, torch.Tensor], more: dict[str, Any]
) -> None:
    keys: dict[str, Any] = {
        "context_length": config["max_position_embeddings"],
        "embedding_length": config["hidden_size"],
        "attention.layer_norm_rms_epsilon": config.get("layer_norm_epsilon", config.get("rms_norm_eps")),
        "vocab_size": config["vocab_size"],
    }
    if arch.startswith("nemotron_h"):
        pattern = config.get("hybrid_override_pattern") or "".join(
            {"linear_attention": "M", "mamba": "M", "full_attention": "*", "attention": "*", "mlp": "-", "moe": "E"}[
                kind
            ]
            for kind in config["layers_block_type"]
        )
        width = config["intermediate_size"]
        keys |= {
            "block_count": len(pattern),
            "attention.head_count": config["num_attention_heads"],
            "attention.head_count_kv": [config["num_key_value_heads"] if kind == "*" else 0 for kind in pattern],
            "attention.key_length": config["head_dim"],
            "attention.value_length": config["head_dim"],
            "feed_forward_length": [
                width if kind == "-" else config["moe_intermediate_size"] if kind == "E" else 0 for kind in pattern
            ],
            "attention.layer_norm_epsilon": config["layer_norm_epsilon"],
            "ssm.conv_kernel": config["conv_kernel"],
            "ssm.state_size": config["ssm_state_size"],
            "ssm.group_count": config["n_groups"],
            "ssm.inner_size": config["mamba_num_heads"] * config["mamba_head_dim"],
            "ssm.time_step_rank": config["mamba_num_heads"],
            "rope.dimension_count": config["head_dim"],
        }
        if "E" in pattern:
            keys |= {
                "expert_count": config["n_routed_experts"],
                "expert_used_count": config["num_experts_per_tok"],
                "expert_feed_forward_length": config["moe_intermediate_size"],
                "expert_shared_feed_forward_length": config["moe_shared_expert_intermediate_size"],
                "expert_shared_count": 1,
                "expert_weights_norm": config["norm_topk_prob"],
                "expert_weights_scale": float(config["routed_scaling_factor"]),
                "expert_group_count": config["n_group"],
                **({"moe_latent_size": config["moe_latent_size"]} if config.get("moe_latent_size") else {}),
            }
    else:
        heads, rope = config["num_attention_heads"], config.get("rope_parameters") or config
        keys |= {
            "block_count": config["num_hidden_layers"],
            "attention.head_count": heads,
            "attention.key_length": config["head_dim"],
            "attention.value_length": config["head_dim"],
            "rope.dimension_count": config["head_dim"],
            "rope.freq_base": float(rope["rope_theta"]),
        }
        if arch == "llama":
            keys |= {
                "attention.head_count_kv": config["num_key_value_heads"],
                "feed_forward_length": config["intermediate_size"],
            }
        else:
            keys |= nas_keys(config)
    for key, value in ({f"{arch}.{key}": value for key, value in keys.items()} | more).items():
        if value is not None:
            add(writer, key, value)


def nas_keys(config: dict[str, Any]) -> dict[str, Any]:
    heads: list[int] = []
    kept: list[int] = []
    widths: list[int] = []
    for block in config["block_configs"]:
        attention, ffn = block["attention"], block["ffn"]
        shared = attention["n_heads_in_group"]
        heads.append(0 if attention["no_op"] else config["num_attention_heads"])
        kept.append(config["num_attention_heads"] // shared if shared else 0)
        width = ffn.get("intermediate_size")
        if not ffn["no_op"] and width is None:
            width = math.ceil(int(2 * ffn["ffn_mult"] * config["hidden_size"] / 3) / 256) * 256
        widths.append(0 if ffn["no_op"] else width)
    return {"attention.head_count": heads, "attention.head_count_kv": kept, "feed_forward_length": widths}


def add(writer: gguf.GGUFWriter, key: str, value: Any) -> None:
    if isinstance(value, bool):
        writer.add_bool(key, value)
    elif isinstance(value, int):
        writer.add_uint32(key, value)
    elif isinstance(value, float):
        writer.add_float32(key, value)
    elif isinstance(value, str):
        writer.add_string(key, value)
    else:
        writer.add_array(key, value)


def packed(array: np.ndarray, kind: str) -> np.ndarray:
    """The array in a format, its last axis as bytes where it is quantised."""
    array = np.ascontiguousarray(array, dtype=np.float32)
    if kind in ("Q4_K", "Q5_K", "Q6_K"):
        rows = array.reshape(-1, 256)
        blocks = _q6_k(rows) if kind == "Q6_K" else _q45_k(rows, 5 if kind == "Q5_K" else 4)
        return blocks.reshape(*array.shape[:-1], -1)
    return quants.quantize(array, Kind[kind])


def _q45_k(blocks: np.ndarray, bits: int) -> np.ndarray:
    """[n, 256] to [n, bytes]: eight parts, each q * scale - least, scales and leasts in six bits."""
    n = len(blocks)
    parts = blocks.reshape(n, 8, 32)
    least = np.maximum(0, -parts.min(-1))
    scale = (parts.max(-1) + least) / (2**bits - 1)
    d, m = (np.maximum(x.max(-1, keepdims=True) / 63, 1e-8).astype(np.float16) for x in (scale, least))
    s6 = np.clip(np.rint(scale / d.astype(np.float32)), 1, 63).astype(np.uint8)
    m6 = np.clip(np.rint(least / m.astype(np.float32)), 0, 63).astype(np.uint8)
    step = d.astype(np.float32) * s6
    offset = m.astype(np.float32) * m6
    q = np.clip(np.rint((parts + offset[..., None]) / step[..., None]), 0, 2**bits - 1).astype(np.uint8)
    packed6 = np.concatenate(
        [
            (s6[:, :4] & 63) | ((s6[:, 4:] >> 4) << 6),
            (m6[:, :4] & 63) | ((m6[:, 4:] >> 4) << 6),
            (s6[:, 4:] & 15) | ((m6[:, 4:] & 15) << 4),
        ],
        axis=-1,
    )
    low = (q & 15).reshape(n, 4, 2, 32)
    nibbles = (low[:, :, 0] | (low[:, :, 1] << 4)).reshape(n, 128)
    head = [d.view(np.uint8).reshape(n, 2), m.view(np.uint8).reshape(n, 2), packed6]
    if bits == 5:
        high = np.zeros((n, 32), np.uint8)
        for part in range(8):
            high |= ((q[:, part] >> 4) & 1) << part
        head.append(high)
    return np.concatenate([*head, nibbles], axis=-1)


def _q6_k(blocks: np.ndarray) -> np.ndarray:
    """[n, 256] to [n, 210]: sixteen parts with scales in eight bits."""
    n = len(blocks)
    parts = blocks.reshape(n, 16, 16)
    scale = np.abs(parts).max(-1) / 31
    d = np.maximum(scale.max(-1, keepdims=True) / 127, 1e-8).astype(np.float16)
    s8 = np.clip(np.rint(scale / d.astype(np.float32)), 1, 127).astype(np.int8)
    step = (d.astype(np.float32) * s8)[..., None]
    q = (np.clip(np.rint(parts / step), -32, 31) + 32).astype(np.uint8).reshape(n, 2, 4, 32)
    low = np.stack([(q[:, :, 0] & 15) | ((q[:, :, 2] & 15) << 4), (q[:, :, 1] & 15) | ((q[:, :, 3] & 15) << 4)], axis=2)
    high = (q[:, :, 0] >> 4) | ((q[:, :, 1] >> 4) << 2) | ((q[:, :, 2] >> 4) << 4) | ((q[:, :, 3] >> 4) << 6)
    return np.concatenate(
        [low.reshape(n, 128), high.reshape(n, 64), s8.view(np.uint8), d.view(np.uint8).reshape(n, 2)], axis=-1
    )
