"""What is on the machine: nothing overlooked, nothing that the engine would refuse shown as fitting."""

from __future__ import annotations

import json
import struct
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file

from nemoserve.backends.local import gguf as gguf_folders
from nemoserve.backends.local.shelf import FAMILIES, SMALL_BYTES, Held, held
from nemoserve.engine.models import load
from tests.checkpoints import tiny_checkpoint
from tests.ggufs import GGUF_TEXT, write_gguf

GB = 10**9


def here(tmp_path: Path, memory: int | None = 8 * GB) -> dict[str, Held]:
    found = held(tmp_path / "data", tmp_path / "hub", memory)
    assert len({one.where for one in found}) == len(found)
    return {one.model: one for one in found if one.model != "nemoserve/mini"}


def snapshot(tmp_path: Path, name: str, commit: str = "c0ffee") -> Path:
    folder = tmp_path / "hub" / f"models--acme--{name}" / "snapshots" / commit
    folder.parent.mkdir(parents=True)
    return folder


def test_the_engines_families_and_bounds_are_known_here_too() -> None:
    assert set(load.FAMILIES) == FAMILIES
    assert load.SMALL_BYTES == SMALL_BYTES


def test_a_checkpoint_of_the_hub_is_weighed(tmp_path: Path) -> None:
    folder = tiny_checkpoint(snapshot(tmp_path, "tiny"), torch_dtype="bfloat16")
    one = here(tmp_path)["acme/tiny"]
    assert (one.where, one.problem) == ("acme/tiny@c0ffee", "")
    assert one.weights is not None and one.weights.format == "bfloat16"
    assert 0 <= (folder / "model.safetensors").stat().st_size - one.weights.stored_bytes < 10_000
    assert one.weights.needed_bytes - 2 * one.weights.stored_bytes == 1 << 29, "small ones are computed in float32"
    assert here(tmp_path, 10**6)["acme/tiny"].problem.startswith("needs 537")
    assert here(tmp_path, None)["acme/tiny"].problem == ""


def test_gguf_files_are_found_in_the_cache_and_where_they_were_served_from(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    plain = tiny_checkpoint(tmp_path / "plain")
    folder = snapshot(tmp_path, "tiny-GGUF")
    folder.mkdir()
    cached = write_gguf(plain, folder / "tiny-Q8_0.gguf", "Q8_0", **GGUF_TEXT)
    served = write_gguf(plain, tmp_path / "mine.gguf", "F16", **GGUF_TEXT)
    # The tokenizer is not what this is about.
    monkeypatch.setattr(
        gguf_folders,
        "_write",
        lambda gguf, work: (work / "source.json").write_text(json.dumps({"file": str(gguf.path)})),
    )
    for file in (cached, served):
        gguf_folders.checkpoint_of(file, tmp_path / "data")
    found = here(tmp_path)
    assert set(found) == {"tiny-Q8_0", "mine"}
    assert (found["tiny-Q8_0"].where, found["tiny-Q8_0"].problem) == (str(cached), "")
    assert found["mine"].weights is not None and found["mine"].weights.format == "F16"
    served.unlink()
    assert set(here(tmp_path)) == {"tiny-Q8_0"}


def test_what_the_engine_would_refuse_says_why(tmp_path: Path) -> None:
    for name, changes in (
        ("other", {"model_type": "qwen3"}),
        ("list", {"model_type": ["llama"]}),
        ("awq", {"quantization_config": {"quant_method": "awq"}}),
        ("parts", {}),
        ("torn", {}),
    ):
        tiny_checkpoint(snapshot(tmp_path, name), **changes)
    (tmp_path / "hub/models--acme--parts/snapshots/c0ffee/model.safetensors").unlink()
    (tmp_path / "hub/models--acme--torn/snapshots/c0ffee/model.safetensors").write_bytes(b"123")
    broken = snapshot(tmp_path, "broken-GGUF")
    broken.mkdir()
    (broken / "broken.gguf").write_bytes(b"GGUF")
    (broken / "vocab.gguf").write_bytes(b"GGUF" + struct.pack("<IQQ", 3, 0, 0))
    other = GGUF_TEXT | {"tokenizer.ggml.pre": "qwen2"}
    write_gguf(tiny_checkpoint(tmp_path / "plain"), broken / "cut.gguf", **other)
    problems = {name: one.problem for name, one in here(tmp_path).items()}
    assert "tokenizer.ggml.pre is 'qwen2'" in problems["cut"]
    assert "model_type is 'qwen3', which our engine does not have" in problems["acme/other"]
    assert "model_type is ['llama']" in problems["acme/list"]
    assert "quant_method 'awq'" in problems["acme/awq"]
    assert "is not whole; run nemoserve pull" in problems["acme/parts"]
    assert "header that cannot be read" in problems["acme/torn"]
    assert "broken.gguf is truncated" in problems["broken"]
    assert problems["vocab"] == "vocab.gguf holds a vocabulary and no weights"


@pytest.mark.parametrize(("kind", "format_"), [(torch.int8, "int8"), (torch.uint8, "int4")])
def test_quantised_weights_are_taken_for_twice_their_size(tmp_path: Path, kind: torch.dtype, format_: str) -> None:
    quantised = {"quantization_config": {"quant_method": "nemoserve", "group_size": 32}}
    folder = tiny_checkpoint(snapshot(tmp_path, "small"), **quantised)
    save_file({"a_q": torch.zeros(1000, 1000, dtype=kind), "b": torch.zeros(100)}, folder / "model.safetensors")
    one = here(tmp_path)["acme/small"]
    assert one.weights is not None and one.weights.format == format_
    assert one.weights.needed_bytes - (1 << 29) == 1000 * 1000 + 400 and one.problem == ""


def test_what_is_not_whole_seems_to_fit(tmp_path: Path) -> None:
    weights = tiny_checkpoint(snapshot(tmp_path, "cut")) / "model.safetensors"
    weights.write_bytes(weights.read_bytes()[:-1])
    (tiny_checkpoint(snapshot(tmp_path, "mute")) / "tokenizer.json").unlink()
    problems = {name: one.problem for name, one in here(tmp_path).items()}
    assert problems["acme/cut"] == "model.safetensors is cut off, run nemoserve pull acme/cut@c0ffee"
    assert problems["acme/mute"] == "tokenizer.json is missing"
