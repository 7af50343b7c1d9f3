"""FP8 checkpoints give the logits of the weights they stand for, whatever form their scales have; other formats stay refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.checkpoint.fp8 import dequantise
from nemoserve.engine.models import load_model
from tests.checkpoints import tiny_checkpoint
from tests.unit.engine.test_nemotron_h import load, tokens, whole

BLOCK = (24, 40)
"""Neither divides the rows and columns."""
MODELOPT = {"quant_method": "modelopt", "quant_algo": "FP8"}


def scales(weight: torch.Tensor, form: str) -> torch.Tensor:
    most = weight.abs().clamp(min=1e-6)
    if form == "tensor":
        return most.max().reshape(()) / 448
    if form == "row":
        return most.amax(1) / 448
    if form == "column of rows":
        return most.amax(1, keepdim=True) / 448
    rows, columns = -(-weight.shape[0] // BLOCK[0]), -(-weight.shape[1] // BLOCK[1])
    found = torch.empty((rows, columns))
    for i in range(rows):
        for j in range(columns):
            part = most[i * BLOCK[0] : (i + 1) * BLOCK[0], j * BLOCK[1] : (j + 1) * BLOCK[1]]
            found[i, j] = part.max() / 448
    return found


def spread(scale: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
    """Each element's own scale, by plain loops."""
    found = torch.empty(weight.shape)
    for i in range(weight.shape[0]):
        for j in range(weight.shape[1]):
            if scale.numel() == 1:
                found[i, j] = scale.reshape(())
            elif scale.dim() == 1 or scale.shape[1] == 1:
                found[i, j] = scale.reshape(-1)[i]
            else:
                found[i, j] = scale[i // BLOCK[0], j // BLOCK[1]]
    return found


def quantised(folder: Path, form: str = "tensor", name: str = "weight_scale") -> tuple[Path, Path]:
    """A random checkpoint with FP8 projections as modelopt writes it, and its twin in float32."""
    twin = tiny_checkpoint(folder / "twin", hybrid_override_pattern="M-*")
    ours = tiny_checkpoint(folder / "fp8", hybrid_override_pattern="M-*", quantization_config=MODELOPT)
    plain, stored = load_file(twin / "model.safetensors"), dict[str, torch.Tensor]()
    for key, weight in plain.items():
        if "_proj.weight" not in key:
            stored[key] = weight
            continue
        scale = scales(weight, form)
        own = spread(scale, weight)
        stored[key] = (weight / own).to(torch.float8_e4m3fn)
        stored[key.replace("weight", name)] = scale
        stored[key.replace("weight", "input_scale")] = torch.tensor(0.5)
        plain[key] = stored[key].float() * own
    for place in (
        "k_proj.k_scale",
        "k_proj.output_scale",
        "q_scale",
        "kv_scale",
    ):  # of the cache, by one maker or another
        stored[f"backbone.layers.2.mixer.{place}"] = torch.tensor(1.0)
    save_file(plain, twin / "model.safetensors")
    save_file(stored, ours / "model.safetensors")
    return ours, twin


def change(folder: Path, **keys: Any) -> None:
    config = json.loads((folder / "config.json").read_text()) | keys
    (folder / "config.json").write_text(json.dumps(config))


@pytest.mark.parametrize("form", ["tensor", "row", "column of rows", "block"])
def test_the_logits_are_those_of_the_weights_meant(form: str, tmp_path: Path) -> None:
    ours, twin = quantised(tmp_path, form, "weight_scale_inv" if form == "block" else "weight_scale")
    if form == "block":
        change(ours, quantization_config={"quant_method": "fp8", "weight_block_size": list(BLOCK)})
    assert torch.equal(whole(load(ours), tokens(20)), whole(load(twin), tokens(20)))


def test_a_piece_at_a_time_is_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    weight = torch.randn((50, 90)).to(torch.float8_e4m3fn)
    scale = torch.rand((3, 3))
    at_once = dequantise(weight, scale, torch.float32, BLOCK)
    monkeypatch.setattr("nemoserve.engine.checkpoint.fp8._PIECE", 7 * 90)
    assert torch.equal(dequantise(weight, scale, torch.float32, BLOCK), at_once)


def test_it_is_computed_in_bfloat16_or_as_asked(tmp_path: Path) -> None:
    ours, _ = quantised(tmp_path)
    assert load_model(ours, dtype="bfloat16", device="cpu").dtype is torch.bfloat16
    assert load_model(ours, dtype="auto", device="cpu").dtype is torch.float32  # it is small


@pytest.mark.parametrize(
    "quantization",
    [
        {"quant_method": "modelopt", "quantization": {"quant_algo": "FP8"}},
        {"quant_method": "compressed-tensors", "format": "float-quantized"},
        {"quant_method": "fp8"},
    ],
)
def test_every_maker_of_fp8_is_known(quantization: dict[str, Any], tmp_path: Path) -> None:
    ours, _ = quantised(tmp_path)
    change(ours, quantization_config=quantization)
    (ours / "hf_quant_config.json").write_text(json.dumps({"quantization": {"quant_algo": "FP8"}}))
    load(ours)


@pytest.mark.parametrize(
    ("quantization", "words"),
    [
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "quant_method 'modelopt'"),
        ({"quant_method": "modelopt"}, "quant_method 'modelopt'"),
        ({"quant_method": "awq"}, "quant_method 'awq'"),
        ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "quant_method 'compressed-tensors'"),
        ("fp8", "quant_method 'unnamed'"),
    ],
)
def test_other_formats_are_refused_by_name(quantization: Any, words: str, tmp_path: Path) -> None:
    ours, _ = quantised(tmp_path)
    change(ours, quantization_config=quantization)
    with pytest.raises(CheckpointError, match=words):
        load(ours)


def test_modelopts_own_file_is_read(tmp_path: Path) -> None:
    ours, _ = quantised(tmp_path)
    (ours / "hf_quant_config.json").write_text(json.dumps({"quantization": {"quant_algo": "NVFP4"}}))
    with pytest.raises(CheckpointError, match="quant_algo 'NVFP4'"):
        load(ours)


@pytest.mark.parametrize(
    ("damage", "words"),
    [
        (lambda stored, key: stored.pop(f"{key}_scale"), "up_proj.weight is FP8, but"),
        (
            lambda stored, key: stored.update({f"{key}_scale": torch.ones(3)}),
            r"has the shape \[3\], which fits no weight",
        ),
        (lambda stored, key: stored.update({key: stored[key].float().to(torch.float8_e5m2)}), "dtype F8_E5M2"),
        (lambda stored, key: stored.update({key: stored[key].view(torch.uint8)}), "dtype U8"),
    ],
)
def test_weights_without_a_scale_that_fits_are_named(damage: Any, words: str, tmp_path: Path) -> None:
    ours, _ = quantised(tmp_path)
    stored = load_file(ours / "model.safetensors")
    damage(stored, "backbone.layers.1.mixer.up_proj.weight")
    save_file(stored, ours / "model.safetensors")
    with pytest.raises(CheckpointError, match=words):
        load(ours)


def test_a_tensor_that_is_no_matrix_is_not_named(tmp_path: Path) -> None:
    folder, _ = quantised(tmp_path)
    path = folder / "model.safetensors"
    name = "backbone.layers.0.mixer.conv1d.weight"
    tensors = load_file(path)
    tensors[name] = tensors[name].to(torch.float8_e4m3fn)
    save_file(tensors | {f"{name}_scale": torch.tensor(1.0)}, path)
    with pytest.raises(CheckpointError, match=r"conv1d\.weight_scale .* only matrices are served in FP8"):
        load(folder)
