"""The models that are measured, random ones, and their copies in other formats. Knows sizes and files; runs nothing."""

from __future__ import annotations

import json
import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import gguf
import torch
from rich.progress import Progress
from safetensors.torch import load_file, save_file
from transformers import LlamaConfig, LlamaForCausalLM, NemotronHConfig, NemotronHForCausalLM

from nemoserve.convert.__main__ import write
from nemoserve.convert.policy import assign, policy_for
from nemoserve.engine.models.load import read_config
from tests import ggufs

MINI = Path(__file__).parents[2] / "src" / "nemoserve" / "mini"
_KINDS = {"M": "linear_attention", "-": "mlp", "*": "full_attention"}

NH_044B: dict[str, Any] = {
    "hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M-M*-M-M-",
    "hidden_size": 1280, "intermediate_size": 4608, "vocab_size": 49152,
    "num_attention_heads": 10, "num_key_value_heads": 2, "head_dim": 128,
    "mamba_num_heads": 40, "mamba_head_dim": 64, "ssm_state_size": 128, "n_groups": 4, "conv_kernel": 4,
    "chunk_size": 128, "max_position_embeddings": 1 << 18, "tie_word_embeddings": False,
}  # fmt: skip
"""The layer proportions of Nano 9B v2 in 0.44 B parameters."""

TINY: dict[str, Any] = NH_044B | {
    "hybrid_override_pattern": "M-M*-", "hidden_size": 64, "intermediate_size": 128, "vocab_size": 2560,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "mamba_num_heads": 4, "mamba_head_dim": 32,
    "ssm_state_size": 32, "n_groups": 2, "chunk_size": 32,
}  # fmt: skip
"""To try a benchmark out."""

_VOCABULARY = {
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "gpt-2",
    "tokenizer.ggml.merges": ["! !"],
    "tokenizer.ggml.bos_token_id": 0,
    "tokenizer.ggml.eos_token_id": 1,
    "tokenizer.ggml.add_bos_token": False,
}


@contextmanager
def _made(target: Path) -> Generator[Path]:
    """A name to write to that becomes the target's when all is written."""
    partial = target.with_name(f"{target.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    partial.unlink(missing_ok=True)
    yield partial
    partial.replace(target)


def hybrid(folder: Path, sizes: dict[str, Any]) -> Path:
    """A random nemotron_h in bfloat16, written by transformers. This and the others leave what is there as it is."""
    if folder.exists():
        return folder
    sizes = dict(sizes)
    pattern = str(sizes.pop("hybrid_override_pattern"))
    torch.manual_seed(0)
    config = NemotronHConfig(layers_block_type=[_KINDS[letter] for letter in pattern], **sizes)
    with _made(folder) as partial:
        NemotronHForCausalLM(config).bfloat16().save_pretrained(partial)
        _add_text(partial, config.vocab_size)
    return folder


def _add_text(folder: Path, vocab: int) -> None:
    """What serving needs besides: the embedded model's template and tokenizer, with words for all ids."""
    for name in ("chat_template.jinja", "tokenizer_config.json"):
        shutil.copyfile(MINI / name, folder / name)
    tokenizer = json.loads((MINI / "tokenizer.json").read_text())
    words = tokenizer["model"]["vocab"]
    words |= {f"w{number}": number for number in range(len(words), vocab)}
    (folder / "tokenizer.json").write_text(json.dumps(tokenizer))


def attention_only(folder: Path, sizes: dict[str, Any]) -> Path:
    """A random Llama in bfloat16 of about as many parameters as the hybrid, with its widths and heads: attention in every layer.

    As many layers as the hybrid has MLPs; what its mixers have more than attention goes into the width of the MLPs.
    """
    if folder.exists():
        return folder
    hidden, head_dim = sizes["hidden_size"], sizes["head_dim"]
    pattern, wide = str(sizes["hybrid_override_pattern"]), sizes["intermediate_size"]
    inner = sizes["mamba_num_heads"] * sizes["mamba_head_dim"]
    mamba = hidden * (3 * inner + 2 * sizes["n_groups"] * sizes["ssm_state_size"] + sizes["mamba_num_heads"])
    attention = 2 * hidden * head_dim * (sizes["num_attention_heads"] + sizes["num_key_value_heads"])
    total = pattern.count("M") * mamba + pattern.count("*") * attention + pattern.count("-") * 2 * hidden * wide
    layers = max(1, pattern.count("-"))
    width = max(32, round((total / layers - attention) / (3 * hidden) / 32) * 32)
    torch.manual_seed(0)
    config = LlamaConfig(
        hidden_size=hidden, intermediate_size=width, vocab_size=sizes["vocab_size"], num_hidden_layers=layers,
        num_attention_heads=sizes["num_attention_heads"], num_key_value_heads=sizes["num_key_value_heads"],
        head_dim=head_dim, max_position_embeddings=sizes["max_position_embeddings"], tie_word_embeddings=False,
    )  # fmt: skip
    with _made(folder) as partial:
        LlamaForCausalLM(config).bfloat16().save_pretrained(partial)
    return folder


def quantised(source: Path, folder: Path, to: str, progress: Progress) -> Path:
    """An int8 or int4 copy, not calibrated: the same bytes at the same speed. Head and embeddings have 8 bits, as by default."""
    if folder.exists():
        return folder
    with _made(folder) as partial:
        policy = policy_for("int8" if to == "int8" else "int4")
        write(source, partial, policy, assign(read_config(source), policy), 32, [], progress)
    return folder


def as_gguf(source: Path, file: Path, kind: str) -> Path:
    """A GGUF copy for llama.cpp. Beside Q4_0 blocks, head and embeddings are Q8_0, as in our int4: the same bits everywhere."""
    if file.exists():
        return file
    config = json.loads((source / "config.json").read_text())
    hybrid_one = config["model_type"] == "nemotron_h"
    arch = "nemotron_h" if hybrid_one else "llama"
    config.setdefault("layer_norm_epsilon", 1e-5)
    tensors = ggufs.load_tensors(source)
    names = [f"t{i}" for i in range(config["vocab_size"])]
    words = {"tokenizer.ggml.tokens": names, "tokenizer.ggml.token_type": [3, 3, *[1] * (len(names) - 2)]}
    with _made(file) as partial:
        writer = gguf.GGUFWriter(partial, arch)
        ggufs.write_keys(writer, arch, config, tensors, _VOCABULARY | words)
        for name, array in (ggufs.hybrid_tensors if hybrid_one else ggufs.llama_tensors)(config, tensors):
            wanted = "Q8_0" if kind == "Q4_0" and name in ("output.weight", "token_embd.weight") else kind
            own = wanted if array.ndim > 1 and ggufs.quantisable(name, array, wanted) else "F32"
            writer.add_tensor(name, ggufs.packed(array, own), raw_dtype=gguf.GGMLQuantizationType[own])
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
    return file


def in_one_dtype(source: Path, folder: Path) -> Path:
    """The embedded model as other engines read it: its folder with weights in bfloat16."""
    if folder.exists():
        return folder
    with _made(folder) as partial:
        partial.mkdir(parents=True)
        for name in ("config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json"):
            if (source / name).exists():
                (partial / name).write_bytes((source / name).read_bytes())
        tensors = load_file(source / "model.safetensors")
        narrow = {name: tensor.to(torch.bfloat16).contiguous() for name, tensor in tensors.items()}
        save_file(narrow, partial / "model.safetensors", {"format": "pt"})
    return folder
