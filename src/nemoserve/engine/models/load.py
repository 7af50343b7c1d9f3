"""Chooses dtype and device and loads a checkpoint folder. Knows the rules of "auto"; the family's module does the rest."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import torch

from nemoserve.engine.checkpoint.config import CheckpointError, Keys
from nemoserve.engine.checkpoint.gguf_config import config_of, generation_config_of
from nemoserve.engine.checkpoint.gguf_header import read_gguf
from nemoserve.engine.checkpoint.quantised import group_size
from nemoserve.engine.checkpoint.tensors import Tensors, open_tensors
from nemoserve.engine.checkpoint.weights import Progress
from nemoserve.engine.layers.linear import Forms
from nemoserve.engine.models import llama, nemotron_h, nemotron_nas
from nemoserve.engine.models.blocks import ModelConfig
from nemoserve.engine.models.decoder import Decoder

Model = Decoder

FAMILIES = {"nemotron_h": nemotron_h.describe, "llama": llama.describe, "nemotron-nas": nemotron_nas.describe}
"""By config.json's model_type. A further family is a module that describes its blocks, and a line here."""

SMALL_BYTES = 1 << 28
"""A stored checkpoint below this size is computed in float32 on a CPU under dtype "auto"."""

_LEAST_CAPABILITY = (8, 0)
"""Of a GPU: the first that multiplies bfloat16s, and that PyTorch's attention for prompts runs on."""

_DTYPES = {"float32": torch.float32, "bfloat16": torch.bfloat16, "float16": torch.float16}


def load_model(folder: Path, *, dtype: str = "auto", device: str = "auto", progress: Progress | None = None) -> Model:
    """Load a checkpoint folder (config.json, safetensors files or a GGUF, optionally generation_config.json), or a GGUF file.

    `dtype` is float32, bfloat16, float16 or auto: on a CPU float32 for one under 256 MiB, whose speed is not bound
    by memory, and otherwise the dtype that the weights are stored in. What is not quantised of quantised weights, and keys and values,
    are bfloat16, or float32 on a CPU without the native library. `device` is cpu, cuda, cuda:N or auto (the first GPU
    if there is one of compute capability 8.0 or more). `progress` gets bytes read and bytes in all.

    Raises CheckpointError (a ValueError) with one sentence that names the file, key or tensor at fault, and ValueError for
    a dtype or device that is not one of these.
    """
    config = read_config(folder)
    target = _device(device)
    # Before the first parallel operation, whose helper threads inherit it. States decay into denormals, which are slow.
    torch.set_flush_denormal(True)
    if dtype != "auto" and dtype not in _DTYPES:
        raise ValueError(f"dtype is {dtype!r}; choose auto, float32, bfloat16 or float16")
    with torch.inference_mode(), open_tensors(folder, progress) as weights:
        chosen = _DTYPES[dtype] if dtype != "auto" else _auto_dtype(weights, config, target)
        weights.compute_in(chosen)
        return Decoder(config, weights, Forms(chosen, target, triton=target.type == "cuda"))


def read_config(folder: Path) -> ModelConfig:
    """What config.json describes, and generation_config.json for the end-of-turn tokens where there is one; or a GGUF file.

    Raises CheckpointError with one sentence that names the key at fault.
    """
    keys = _keys_of_gguf(folder) if folder.is_file() else Keys.read(folder)
    kind = keys.raw.get("model_type")
    if not isinstance(kind, str) or kind not in FAMILIES:
        raise keys.error(f"model_type is {kind!r}; the families served are {', '.join(map(repr, FAMILIES))}")
    return replace(FAMILIES[kind](keys), quantised_group=group_size(keys) or 0)


def _keys_of_gguf(file: Path) -> Keys:
    gguf = read_gguf(file)
    return Keys(file, config_of(gguf), generation_config_of(gguf))


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() and _capability(0) >= _LEAST_CAPABILITY else "cpu"
    try:
        device = torch.device(name)
    except RuntimeError:
        raise ValueError(f"device is {name!r}; choose auto, cpu or cuda") from None
    if device.type not in ("cpu", "cuda"):
        raise ValueError(f"device is {name!r}; choose auto, cpu or cuda")
    if device.type == "cpu":
        return device
    if not torch.cuda.is_available():
        raise ValueError("device is cuda, but this PyTorch sees no GPU")
    number, count = device.index or 0, torch.cuda.device_count()
    if number >= count:
        raise ValueError(f"device is {name}, but the last GPU that this PyTorch sees is cuda:{count - 1}")
    if _capability(number) < _LEAST_CAPABILITY:
        has, needs = (".".join(map(str, found)) for found in (_capability(number), _LEAST_CAPABILITY))
        raise ValueError(
            f"device is {name}, a GPU of compute capability {has}; {needs} or more is served, others by --device cpu"
        )
    torch.cuda.set_device(number)  # where Triton launches its kernels
    return torch.device("cuda", number)


def _capability(number: int) -> tuple[int, int]:
    """Of a GPU: its generation."""
    return cast("tuple[int, int]", cast(Any, torch.cuda).get_device_capability(number))


def _auto_dtype(weights: Tensors, config: ModelConfig, device: torch.device) -> torch.dtype:
    if device.type == "cpu" and weights.total_bytes < SMALL_BYTES:
        return torch.float32
    if config.quantised_group:
        # Without the library, weights are dequantised into this, and few CPUs multiply bfloat16s themselves.
        widened = device.type == "cpu" and Forms(torch.bfloat16, device).library is None
        return torch.float32 if widened else torch.bfloat16
    stored = weights.stored_dtype(config.embeddings)
    return torch.float32 if stored == torch.float64 else stored


__all__ = ["CheckpointError", "Model", "load_model"]
