"""A model read from a GGUF file gives the logits of its safetensors twin, whatever the architecture and the number format."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.checkpoint.gguf_weights import GgufWeights
from nemoserve.engine.models import load_model
from tests.checkpoints import tiny_checkpoint, tiny_config
from tests.ggufs import FORMATS, dequantised_twin, write_gguf
from tests.unit.engine.test_families import LLAMA3, nas_checkpoint, scattered
from tests.unit.engine.test_nemotron_h import assert_close, load, tokens, whole

TOLERANCE = 2e-5
"""Absolute; the decay goes through -exp and log, and the divisors of frequencies through float32."""


def hybrid(folder: Path, **changes: Any) -> Path:
    """Rows of 256, so that every format can store them."""
    widths = {"hidden_size": 256, "intermediate_size": 512, "vocab_size": 64, "mamba_num_heads": 16, **changes}
    return tiny_checkpoint(folder, seed=3, **widths)


def experts(folder: Path, latent: int | None) -> Path:
    transformers = pytest.importorskip("transformers")
    known = tiny_config(
        hybrid_override_pattern="ME*E", hidden_size=64, vocab_size=64, n_routed_experts=4, num_experts_per_tok=2,
        n_group=1, topk_group=1, moe_intermediate_size=32, moe_shared_expert_intermediate_size=64, moe_latent_size=latent,
        norm_topk_prob=True, routed_scaling_factor=2.5, n_shared_experts=1,
    )  # fmt: skip
    config = dict(known)
    for name in ("architectures", "torch_dtype", "time_step_limit"):
        del known[name]
    scattered(transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known)), 5).save_pretrained(folder)
    saved = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**config, "layers_block_type": saved["layers_block_type"]}))
    weights = load_file(folder / "model.safetensors")
    for name in [name for name in weights if name.endswith(("experts.up_proj", "experts.down_proj"))]:
        stacked = weights.pop(name)
        stem, kind = name.rsplit(".", 1)
        weights |= {f"{stem}.{i}.{kind}.weight": part.contiguous() for i, part in enumerate(stacked)}
    save_file(weights, folder / "model.safetensors")
    return folder


def llama(folder: Path, *, bias: bool = False, tied: bool = False, seed: int = 1) -> Path:
    transformers = pytest.importorskip("transformers")
    config = transformers.LlamaConfig(
        vocab_size=64, hidden_size=64, intermediate_size=96, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=24, attention_bias=bias, mlp_bias=bias, tie_word_embeddings=tied,
        rope_parameters={**LLAMA3, "original_max_position_embeddings": 32, "rope_theta": 500000.0}, rms_norm_eps=1e-5,
        max_position_embeddings=512,
    )  # fmt: skip
    scattered(transformers.LlamaForCausalLM(config), seed).save_pretrained(folder)
    return folder


def same_logits(folder: Path, twin: Path, file: Path) -> None:
    ids = tokens(70, 1)
    expected, ours = whole(load(twin), ids), whole(load(file), ids)
    assert expected.std() > 0.1
    assert_close(ours, expected, TOLERANCE)


@pytest.mark.parametrize("kind", FORMATS)
def test_every_number_format_gives_the_logits_of_its_dequantised_twin(kind: str, tmp_path: Path) -> None:
    folder = hybrid(tmp_path / "plain")
    twin = dequantised_twin(folder, tmp_path / "twin", kind)
    file = write_gguf(folder, tmp_path / f"{kind}.gguf", kind)
    same_logits(folder, twin, file)
    if kind != "F32":
        # And it was quantised: the logits are not those of the plain weights, though near them.
        ids = tokens(70, 1)
        off = (whole(load(file), ids) - whole(load(folder), ids)).abs().max().item()
        assert 1e-4 < off < 2.0


@pytest.mark.parametrize("latent", [None, 32])
@pytest.mark.parametrize("kind", ["F32", "Q8_0"])
def test_stacked_experts_come_apart(kind: str, latent: int | None, tmp_path: Path) -> None:
    folder = experts(tmp_path / "plain", latent)
    same_logits(
        folder, dequantised_twin(folder, tmp_path / "twin", kind), write_gguf(folder, tmp_path / "m.gguf", kind)
    )


def test_what_a_file_does_not_say_of_its_experts_is_as_llama_cpp_takes_it(tmp_path: Path) -> None:
    folder = experts(tmp_path / "plain", 32)
    unsaid: dict[str, Any] = {
        f"nemotron_h_moe.expert_{key}": None for key in ("feed_forward_length", "weights_norm", "weights_scale")
    }
    file = write_gguf(folder, tmp_path / "m.gguf", **unsaid)
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"norm_topk_prob": False, "routed_scaling_factor": 1.0}))
    assert_close(whole(load(file), tokens(70, 1)), whole(load(folder), tokens(70, 1)), TOLERANCE)


@pytest.mark.parametrize("kind", ["F32", "BF16", "Q8_0"])
@pytest.mark.parametrize("shape", ["plain", "bias", "tied"])
def test_rows_of_queries_and_keys_return_to_their_places(kind: str, shape: str, tmp_path: Path) -> None:
    folder = llama(tmp_path / "plain", bias=shape == "bias", tied=shape == "tied")
    same_logits(
        folder, dequantised_twin(folder, tmp_path / "twin", kind), write_gguf(folder, tmp_path / "m.gguf", kind)
    )


def nas(folder: Path, seed: int) -> Path:
    """Without linear maps in the places of MLPs, for which llama.cpp has no name."""
    config, weights = nas_checkpoint(folder, seed)
    for index, block in enumerate(config["block_configs"]):
        if block["ffn"]["replace_with_linear"]:
            block["ffn"] |= {"replace_with_linear": False, "no_op": True}
            del weights[f"model.layers.{index}.mlp.linear.weight"]
            del weights[f"model.layers.{index}.post_attention_layernorm.weight"]
    (folder / "config.json").write_text(json.dumps(config))
    save_file(weights, folder / "model.safetensors")
    return folder


@pytest.mark.parametrize("seed", range(4))
def test_layers_of_nas_keep_their_kinds_and_widths(seed: int, tmp_path: Path) -> None:
    folder = nas(tmp_path / "plain", seed)
    same_logits(folder, folder, write_gguf(folder, tmp_path / "m.gguf"))


def test_a_quantised_model_is_computed_in_the_dtype_asked_for(tmp_path: Path) -> None:
    file = write_gguf(hybrid(tmp_path / "plain"), tmp_path / "m.gguf", "Q8_0")
    assert load_model(file, dtype="bfloat16", device="cpu").dtype is torch.bfloat16
    assert load_model(file, dtype="auto", device="cpu").dtype is torch.float32  # it is small
    with GgufWeights(file) as weights:
        assert weights.stored_dtype("embeddings.weight") is torch.bfloat16
        weights.compute_in(torch.float16)
        assert weights.take("embeddings.weight", 64, 256).dtype is torch.float16
        assert weights.take("layers.0.norm.weight", 256).dtype is torch.float32


def test_a_piece_at_a_time_is_the_whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = llama(tmp_path / "plain")
    file = write_gguf(folder, tmp_path / "m.gguf", "Q8_0")
    at_once = whole(load(file), tokens(9))
    monkeypatch.setattr("nemoserve.engine.checkpoint.gguf_weights._PIECE", 7 * 64)
    monkeypatch.setattr("nemoserve.engine.checkpoint.gguf_weights._REMAP_BYTES", 1)
    assert torch.equal(whole(load(file), tokens(9)), at_once)


def test_the_head_that_guesses_ahead_is_left_out(tmp_path: Path) -> None:
    folder = experts(tmp_path / "plain", None)
    weights = load_file(folder / "model.safetensors")
    stem = next(name for name in weights if ".layers.3.norm" in name).split("layers.")[0]
    extra = {name.replace("layers.3.", "layers.4."): t.clone() for name, t in weights.items() if ".layers.3." in name}
    plain = whole(load(folder), tokens(9))
    longer = tmp_path / "longer"
    longer.mkdir()
    save_file(weights | extra, longer / "model.safetensors")
    config = json.loads((folder / "config.json").read_text())
    kinds = [*config.pop("layers_block_type"), "moe"]
    config |= {"layers_block_type": kinds, "hybrid_override_pattern": None, "num_hidden_layers": 5}
    (longer / "config.json").write_text(json.dumps(config))
    assert stem
    file = write_gguf(longer, tmp_path / "m.gguf", **{"nemotron_h_moe.nextn_predict_layers": 1})
    assert_close(whole(load(file), tokens(9)), plain, TOLERANCE)


def test_progress_ends_at_the_whole(tmp_path: Path) -> None:
    file = write_gguf(experts(tmp_path / "plain", None), tmp_path / "m.gguf", "Q8_0")
    seen: list[tuple[int, int]] = []
    load_model(file, dtype="float32", device="cpu", progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert seen[-1][0] == seen[-1][1] < file.stat().st_size


@pytest.mark.parametrize(
    ("keys", "words"),
    [
        ({"llama.attention.head_count": 0}, "llama.attention.head_count is 0"),
        ({"llama.attention.head_count": "4"}, "llama.attention.head_count is '4'"),
        (
            {"llama.embedding_length": 65},
            "token_embd.weight has the shape [64, 64], but the metadata makes it [64, 65]",
        ),
        ({"llama.block_count": 1}, "has no place in the llama model"),
        ({"llama.block_count": 1000000000}, "llama.block_count is 1000000000, which does not fit"),
        ({"llama.block_count": 3}, "the tensor blk.2.attn_norm.weight is missing"),
        ({"llama.expert_count": 8}, "llama.expert_count is 8"),
        ({"llama.rope.scaling.type": "yarn"}, "llama.rope.scaling.type is 'yarn'; only 'none' is served"),
        ({"llama.rope.scaling.factor": 4.0}, "llama.rope.scaling.factor is 4.0; only 1.0 is served"),
        ({"llama.rope.dimension_count": 12}, "llama.rope.dimension_count is 12; only 24 is served"),
        ({"llama.attention.key_length": 32}, "rope_freqs.weight is F32 [12], not F32 [16]"),
        ({"llama.feed_forward_length": [96, 80]}, "llama.feed_forward_length is [96, 80]"),
        ({"general.architecture": "qwen2"}, "general.architecture is 'qwen2'; the architectures served are"),
    ],
)
def test_metadata_that_makes_no_model_names_its_key(keys: dict[str, Any], words: str, tmp_path: Path) -> None:
    if "llama.attention.key_length" in keys:
        keys = {**keys, "llama.attention.value_length": 32, "llama.rope.dimension_count": 32}
    file = write_gguf(llama(tmp_path / "plain"), tmp_path / "m.gguf", **keys)
    with pytest.raises(CheckpointError) as caught:
        load(file)
    assert words in str(caught.value) and "\n" not in str(caught.value)
    assert "m.gguf" in str(caught.value)
