"""A checkpoint that cannot be served is refused with one sentence that names the file, key or tensor at fault."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.models import load_model
from nemoserve.engine.models.blocks import MambaMixer, MlpMixer
from nemoserve.engine.models.decoder import Decoder
from nemoserve.engine.models.load import read_config
from tests.checkpoints import tiny_checkpoint, tiny_config


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "model")


def load(folder: Path) -> Decoder:
    return load_model(folder, dtype="float32", device="cpu")


def change_config(folder: Path, **changes: Any) -> None:
    path = folder / "config.json"
    config = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({key: value for key, value in config.items() if value is not ...}))


def change_tensors(folder: Path, change: Callable[[dict[str, torch.Tensor]], dict[str, torch.Tensor]]) -> None:
    path = folder / "model.safetensors"
    save_file(change(load_file(path)), path)


def shard(folder: Path) -> dict[str, str]:
    """Split the single file in two and write the index; returns the index's map."""
    tensors = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(tensors)
    files = {name: f"model-0000{1 + (i >= len(names) // 2)}-of-00002.safetensors" for i, name in enumerate(names)}
    for file in set(files.values()):
        save_file({name: tensors[name] for name in names if files[name] == file}, folder / file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"metadata": {}, "weight_map": files}))
    return files


def refusal(folder: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        load(folder)
    message = str(caught.value)
    assert "\n" not in message
    return message


def test_older_key_names_are_read(folder: Path) -> None:
    plain = read_config(folder)
    renamed = {
        "n_groups": "mamba_n_groups",
        "conv_kernel": "mamba_d_conv",
        "expand": "mamba_expand",
        "time_step_min": "mamba_dt_min",
        "time_step_max": "mamba_dt_max",
        "time_step_limit": "mamba_dt_limit",
        "time_step_floor": "mamba_dt_init_floor",
        "use_conv_bias": "mamba_conv_bias",
        "chunk_size": "mamba_chunk_size",
        "ssm_state_size": "mamba_state_dim",
        "head_dim": "attention_head_dim",
        "layer_norm_epsilon": "rms_norm_eps",
        "torch_dtype": "dtype",
    }
    config = {renamed.get(key, key): value for key, value in tiny_config().items()}
    (folder / "config.json").write_text(json.dumps(config))
    assert read_config(folder) == plain


def test_the_layers_may_be_a_list_under_either_vocabulary(folder: Path) -> None:
    plain = read_config(folder)
    for mamba, attention in (("mamba", "attention"), ("linear_attention", "full_attention")):
        kinds = [mamba, "mlp", mamba, attention, "mlp"]
        change_config(folder, hybrid_override_pattern=..., layers_block_type=kinds)
        assert read_config(folder) == plain


def test_infinity_is_read_in_every_spelling(folder: Path) -> None:
    for value in ({"__float__": "Infinity"}, math.inf, "Infinity"):
        change_config(folder, time_step_limit=[0.0, value])
        (mamba, *_) = [b.mixer for b in read_config(folder).blocks if isinstance(b.mixer, MambaMixer)]
        assert mamba.shape.time_step_limit == (0.0, math.inf)


def mlp_sizes(folder: Path) -> list[int]:
    return [block.mixer.size for block in read_config(folder).blocks if isinstance(block.mixer, MlpMixer)]


def test_mlp_sizes_may_differ_by_layer(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path, intermediate_size=[96, 40])
    assert mlp_sizes(folder) == [96, 40]
    assert load(folder).parameters > 0
    change_config(folder, intermediate_size=[96])
    assert mlp_sizes(folder) == [96, 96]


def test_end_of_turn_comes_from_the_generation_config(folder: Path) -> None:
    assert read_config(folder).eos_token_ids == (2, 11, 12)
    (folder / "generation_config.json").unlink()
    assert read_config(folder).eos_token_ids == (2,)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"model_type": ["llama"]}, "model_type is ['llama']"),
        ({"model_type": "mamba2"}, "model_type is 'mamba2'; the families served are 'nemotron_h'"),
        ({"hybrid_override_pattern": "M-ME-"}, "n_routed_experts is missing"),
        ({"hybrid_override_pattern": "M-MX-"}, "'X' at layer 3"),
        ({"hybrid_override_pattern": ..., "layers_block_type": ["mamba", "ssm"]}, "'ssm' at layer 1"),
        ({"hybrid_override_pattern": ...}, "neither hybrid_override_pattern nor layers_block_type"),
        ({"num_hidden_layers": 7}, "num_hidden_layers is 7, but hybrid_override_pattern describes 5 layers"),
        ({"hidden_size": "64"}, "hidden_size is '64'"),
        ({"hidden_size": ...}, "hidden_size is missing"),
        ({"mamba_num_heads": 9}, "mamba_num_heads 9 is not a multiple of n_groups 2"),
        ({"num_key_value_heads": 3}, "num_attention_heads 4 is not a multiple of num_key_value_heads 3"),
        ({"intermediate_size": [96, 96, 96]}, "intermediate_size lists 3 sizes for 2 MLP layers"),
        ({"intermediate_size": [96, 0]}, "an entry of intermediate_size is 0"),
        ({"time_step_limit": [0.5, 0.1]}, "lower bound exceeds"),
        ({"mlp_hidden_act": "gelu"}, "mlp_hidden_act is 'gelu'"),
        ({"sliding_window": 512}, "sliding_window"),
        ({"use_conv_bias": 1}, "use_conv_bias is 1"),
        ({"quantization_config": {"quant_method": "modelopt"}}, "quantized (quant_method 'modelopt')"),
    ],
)
def test_a_config_that_cannot_be_served_names_its_key(folder: Path, changes: dict[str, Any], words: str) -> None:
    change_config(folder, **changes)
    message = refusal(folder)
    assert "config.json" in message
    assert words in message


def test_an_unreadable_config_is_named(folder: Path) -> None:
    (folder / "config.json").write_text('{"model_type": ')
    assert "config.json is not valid JSON" in refusal(folder)
    (folder / "config.json").write_text("[]")
    assert "config.json holds a JSON list" in refusal(folder)
    (folder / "config.json").write_bytes(b"\xff\xfe")
    assert "config.json cannot be read" in refusal(folder)
    (folder / "config.json").unlink()
    assert "config.json does not exist" in refusal(folder)
    assert "is not a folder" in refusal(folder / "nowhere")


def test_a_quantized_checkpoint_is_refused(folder: Path) -> None:
    (folder / "hf_quant_config.json").write_text("{}")
    assert "quantized" in refusal(folder)
    (folder / "hf_quant_config.json").unlink()
    name = "backbone.layers.0.mixer.in_proj.weight"
    change_tensors(folder, lambda tensors: tensors | {name: tensors[name].to(torch.float8_e4m3fn)})
    message = refusal(folder)
    assert "layers.0.mixer.in_proj.weight" in message
    assert "is FP8, but" in message and "_scale is missing" in message


def test_a_missing_tensor_is_named(folder: Path) -> None:
    change_tensors(
        folder, lambda tensors: {n: t for n, t in tensors.items() if not n.endswith("3.mixer.k_proj.weight")}
    )
    assert "layers.3.mixer.k_proj.weight is missing" in refusal(folder)


def test_a_missing_head_is_named(folder: Path) -> None:
    change_tensors(folder, lambda tensors: {n: t for n, t in tensors.items() if n != "lm_head.weight"})
    assert "lm_head.weight is missing" in refusal(folder)


def test_a_tensor_of_the_wrong_shape_is_named_with_both_shapes(folder: Path) -> None:
    change_config(folder, intermediate_size=97)
    message = refusal(folder)
    assert "model.safetensors" in message
    assert "backbone.layers.1.mixer.up_proj.weight has the shape [96, 64]" in message
    assert "[97, 64]" in message


def test_a_tensor_without_a_place_is_named(folder: Path) -> None:
    change_config(folder, hybrid_override_pattern="M-M*", num_hidden_layers=4)
    message = refusal(folder)
    assert "backbone.layers.4." in message
    assert "no place" in message


def test_a_truncated_file_is_named(folder: Path) -> None:
    path = folder / "model.safetensors"
    content = path.read_bytes()
    path.write_bytes(content[:-1000])
    assert f"model.safetensors is truncated: {len(content) - 1000} bytes of {len(content)}" in refusal(folder)
    path.write_bytes(content[:300])
    assert "model.safetensors is not a safetensors file, or it was cut off" in refusal(folder)
    path.write_bytes(b"")
    assert "model.safetensors is not a safetensors file, or it was cut off" in refusal(folder)
    path.write_bytes(content + b"tail")
    assert "model.safetensors" in refusal(folder)
    path.write_text("version https://git-lfs.github.com/spec/v1\noid sha256:0\n")
    assert "Git LFS pointer" in refusal(folder)


def test_a_missing_shard_is_named(folder: Path) -> None:
    shard(folder)
    load(folder)
    (folder / "model-00002-of-00002.safetensors").unlink()
    assert "model-00002-of-00002.safetensors is missing" in refusal(folder)


def test_an_index_that_disagrees_with_its_shards_is_named(folder: Path) -> None:
    files = shard(folder)
    name = next(iter(files))
    other = next(file for file in files.values() if file != files[name])
    index = folder / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": files | {name: other}}))
    message = refusal(folder)
    assert other in message
    assert name in message
    index.write_text(json.dumps({"weight_map": files | {name: "../elsewhere.safetensors"}}))
    assert "outside the folder" in refusal(folder)


def test_pickled_weights_are_not_opened(folder: Path) -> None:
    (folder / "model.safetensors").unlink()
    assert "holds no safetensors file" in refusal(folder)
    (folder / "pytorch_model.bin").write_bytes(b"\x80\x04not to be read")
    message = refusal(folder)
    assert "pickle (pytorch_model.bin)" in message


def test_every_naming_of_the_tensors_gives_the_same_model(folder: Path) -> None:
    plain = load(folder)
    variants: list[Callable[[str], str]] = [
        lambda name: name.replace("backbone.", "model."),
        lambda name: name.replace("backbone.embeddings.", "backbone.embedding."),
        lambda name: name.removeprefix("backbone."),
    ]
    original = load_file(folder / "model.safetensors")
    for rename in variants:
        save_file({rename(name): tensor for name, tensor in original.items()}, folder / "model.safetensors")
        assert load(folder).parameters == plain.parameters


def test_the_prediction_head_for_several_tokens_is_left_out(folder: Path) -> None:
    plain = load(folder)
    change_tensors(folder, lambda tensors: tensors | {"mtp.layers.0.norm.weight": torch.ones(64)})
    assert load(folder).parameters == plain.parameters


def test_tied_embeddings_need_no_head(tmp_path: Path) -> None:
    untied = load(tiny_checkpoint(tmp_path / "untied"))
    tied = load(tiny_checkpoint(tmp_path / "tied", tie_word_embeddings=True))
    assert untied.parameters - tied.parameters == 288 * 64


def test_progress_ends_at_the_whole(folder: Path) -> None:
    shard(folder)
    seen: list[tuple[int, int]] = []
    load_model(folder, dtype="float32", device="cpu", progress=lambda done, total: seen.append((done, total)))
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    assert (
        seen[-1][0]
        == seen[-1][1]
        == sum(file.stat().st_size for file in folder.glob("*.safetensors")) - _headers(folder)
    )


def _headers(folder: Path) -> int:
    return sum(8 + int.from_bytes(file.read_bytes()[:8], "little") for file in folder.glob("*.safetensors"))


def test_auto_takes_float32_for_a_small_checkpoint_on_a_cpu(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path, torch_dtype="bfloat16")
    assert load_model(folder, dtype="auto", device="cpu").dtype is torch.float32
    assert load_model(folder, dtype="bfloat16", device="cpu").dtype is torch.bfloat16
    with pytest.raises(ValueError, match="dtype is 'int4'"):
        load_model(folder, dtype="int4", device="cpu")
    with pytest.raises(ValueError, match="device is 'tpu'"):
        load_model(folder, dtype="auto", device="tpu")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("max_position_embeddings", 10**30),
        ("mamba_num_heads", 2**62),
        ("intermediate_size", [2**62]),
        ("layer_norm_epsilon", -1e-5),
        ("layer_norm_epsilon", float("nan")),
        ("layer_norm_epsilon", 10**400),
    ],
    ids=["context", "heads", "widths", "negative", "nan", "endless"],
)
def test_a_number_that_no_model_has_gives_another_error_than_its_name(tmp_path: Path, key: str, value: Any) -> None:
    folder = tiny_checkpoint(tmp_path / "model")
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(CheckpointError, match=key):
        load_model(folder, device="cpu")


@pytest.mark.parametrize("capability", [(6, 1), (7, 5)])
def test_a_gpu_that_is_too_old_is_taken(
    capability: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would fail at its first kernel, or at the second piece of a prompt."""
    folder = tiny_checkpoint(tmp_path)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    assert load_model(folder).device.type == "cpu"
    with pytest.raises(ValueError, match=r"compute capability \d\.\d; 8\.0 or more is served, others by --device cpu"):
        load_model(folder, device="cuda:0")
