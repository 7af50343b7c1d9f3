"""Models of each family as a GPU computes them, here by Triton's interpreter, beside the same on a CPU."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
import transformers
from torch.utils._python_dispatch import TorchDispatchMode

from nemoserve.engine.checkpoint.tensors import open_tensors
from nemoserve.engine.layers.linear import Forms
from nemoserve.engine.models.decoder import Decoder
from nemoserve.engine.models.load import read_config
from tests.checkpoints import tiny_checkpoint, tiny_config
from tests.unit.engine.test_families import LLAMA3, scattered

FAMILIES = ("hybrid", "experts", "llama")


def made(family: str, folder: Path) -> Path:
    """A small random checkpoint."""
    if family == "hybrid":
        return tiny_checkpoint(folder, seed=3, hybrid_override_pattern="M-M*-M*")
    if family == "llama":
        sizes = {"hidden_size": 48, "intermediate_size": 40, "num_hidden_layers": 2, "vocab_size": 288, "head_dim": 16}
        heads = {"num_attention_heads": 6, "num_key_value_heads": 2, "max_position_embeddings": 512}
        rope = {**LLAMA3, "rope_theta": 500000.0, "original_max_position_embeddings": 32}
        model: Any = transformers.LlamaForCausalLM(transformers.LlamaConfig(**sizes, **heads, rope_parameters=rope))
    else:
        experts = {"n_routed_experts": 8, "num_experts_per_tok": 3, "n_group": 1, "topk_group": 1}
        widths = {"moe_intermediate_size": 24, "moe_shared_expert_intermediate_size": 40, "moe_latent_size": 16}
        known = tiny_config(hybrid_override_pattern="MEM*-E", **experts, **widths)
        for name in ("architectures", "torch_dtype", "time_step_limit"):
            del known[name]
        model = transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known))
    scattered(model, 5).save_pretrained(folder)
    config = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "time_step_limit": [0.0, 1e9]}))
    return folder


def on_gpu(folder: Path, dtype: torch.dtype = torch.float32) -> Decoder:
    with torch.inference_mode(), open_tensors(folder, None) as weights:
        weights.compute_in(dtype)
        return Decoder(read_config(folder), weights, Forms(dtype, torch.device("cpu"), triton=True))


class _NothingIsLookedAt(TorchDispatchMode):
    """What a CUDA graph cannot record: operations whose result's shape, or Python's next step, depends on a tensor's values."""

    def __torch_dispatch__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        name = function.overloadpacket.__name__
        assert name not in ("_local_scalar_dense", "nonzero", "masked_select", "item", "_unique2", "bincount"), name
        if name in ("index", "index_put", "index_put_"):
            assert not any(index is not None and index.dtype == torch.bool for index in args[1]), "a mask as an index"
        return function(*args, **(kwargs or {}))


def recorder(run: Callable[[], torch.Tensor]) -> tuple[Callable[[], None], torch.Tensor]:
    """What a CUDA graph does: it computes again from the same places into the same place."""
    with _NothingIsLookedAt():
        result = run().clone()

    def replay() -> None:
        result.copy_(run())

    return replay, result
