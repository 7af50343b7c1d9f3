"""Models with random weights that are made where they are used. Knows shapes; no files but config.json."""

from __future__ import annotations

import json
import zlib
from pathlib import Path
from typing import Any, Self

import torch

from nemoserve.engine.layers.linear import Forms
from nemoserve.engine.models import Model
from nemoserve.engine.models.decoder import Decoder
from nemoserve.engine.models.load import read_config

NANO_9B_V2: dict[str, Any] = {
    "model_type": "nemotron_h",
    "hybrid_override_pattern": "M-M-M-MM-M-M-M*-M-M-M*-M-M-M-M*-M-M-M-M*-M-MM-M-M-M-M-M-",
    "hidden_size": 4480, "intermediate_size": 15680, "vocab_size": 131072,
    "num_attention_heads": 40, "num_key_value_heads": 8, "head_dim": 128,
    "mamba_num_heads": 128, "mamba_head_dim": 80, "ssm_state_size": 128, "n_groups": 8, "conv_kernel": 4,
    "chunk_size": 128, "max_position_embeddings": 131072, "tie_word_embeddings": False, "residual_in_fp32": False,
}  # fmt: skip

TINY: dict[str, Any] = NANO_9B_V2 | {
    "hybrid_override_pattern": "M-M*-", "hidden_size": 64, "intermediate_size": 128, "vocab_size": 512,
    "num_attention_heads": 4, "num_key_value_heads": 2, "head_dim": 32, "mamba_num_heads": 4, "mamba_head_dim": 32,
    "ssm_state_size": 32, "n_groups": 2, "chunk_size": 32, "max_position_embeddings": 4096,
}  # fmt: skip
"""To try the script out."""

SHAPES = {"9b": NANO_9B_V2, "tiny": TINY}


class RandomTensors:
    """Every tensor that is asked for, the same whenever it is; of a spread that keeps activations near 1."""

    total_bytes = 0

    def __init__(self, dtype: torch.dtype, device: torch.device) -> None:
        self._dtype, self._device = dtype, device

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        return

    def __contains__(self, name: str) -> bool:
        return name == "lm_head.weight"

    def stored_dtype(self, name: str) -> torch.dtype:
        return self._dtype

    def compute_in(self, dtype: torch.dtype) -> None:
        self._dtype = dtype

    def take(self, name: str, *shape: int) -> torch.Tensor:
        draw = torch.Generator(self._device).manual_seed(zlib.crc32(name.encode()))
        # A piece at a time: a whole weight in float32 would be twice its size.
        made = torch.empty(shape, dtype=self._dtype, device=self._device)
        scale = shape[-1] ** -0.5 if len(shape) == 2 else 0.5
        for piece in made.split(4096):
            piece.copy_(torch.randn(piece.shape, generator=draw, device=self._device) * scale)
        if name.endswith(("A_log", ".D", "norm.weight", "norm_f.weight")):
            return made.abs_().add_(0.5)
        return made.sub_(3) if name.endswith("dt_bias") else made

    def finish(self) -> None:
        return


def made(
    config: dict[str, Any],
    folder: Path,
    weights: RandomTensors,
    dtype: torch.dtype,
    device: torch.device,
    *,
    triton: bool,
) -> Model:
    """A decoder of these sizes; `folder` gets the config.json that says so."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "config.json").write_text(json.dumps(config))
    with torch.inference_mode():
        return Decoder(read_config(folder), weights, Forms(dtype, device, triton=triton))
