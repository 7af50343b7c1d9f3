"""Fears about `nemoserve convert`: the copy does not load, computes something else, or a broken one is left behind."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nemoserve.backends.local.gguf import checkpoint_of
from nemoserve.convert.__main__ import main
from nemoserve.convert.output import CheckpointWriter
from nemoserve.convert.policy import assign, policy_for
from nemoserve.engine.batch import Chunk
from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.checkpoint.quantised import take_quantised
from nemoserve.engine.checkpoint.weights import Weights
from nemoserve.engine.models import load as load_module
from nemoserve.engine.models import load_model
from nemoserve.engine.models.load import read_config
from nemoserve.engine.runner import Runner
from nemoserve.native.library import native
from tests.checkpoints import FIRST_BYTE, VOCAB_SIZE, byte_tokenizer, tiny_checkpoint, tiny_config
from tests.ggufs import GGUF_TEXT, write_gguf
from tests.servers import wait_until
from tests.unit.engine.test_families import scattered
from tests.unit.engine.test_fp8 import quantised as fp8_weights
from tests.unit.engine.test_gguf import hybrid, llama
from tests.unit.engine.test_nemotron_h import load, tokens, whole

WIDE: dict[str, Any] = {"hybrid_override_pattern": "M-M*"}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tiny_checkpoint(tmp_path / "model", **WIDE)


def logits(
    folder: Path, text: str = "A text of some words, 1234 of them, that nobody has calibrated by."
) -> torch.Tensor:
    model = load_model(folder, dtype="float32", device="cpu")
    ids = [FIRST_BYTE + byte for byte in text.encode()]
    return Runner(model, model.new_cache(1, 4096)).step([Chunk(0, 0, ids, sample=True, all_logits=True)])


def dequantised_copy(folder: Path, out: Path) -> Path:
    """A plain checkpoint of what a quantised one stands for."""
    config = read_config(folder)
    out.mkdir()
    tensors: dict[str, torch.Tensor] = {}
    with Weights(folder) as weights:
        for name, shape in weights.shapes.items():
            if name.endswith("_scale"):
                continue
            plain = name.removesuffix("_q")
            if plain == name:
                tensors[name] = weights.take(name, *shape).clone()
                continue
            scales = weights.shapes[f"{plain}_scale"]
            columns = shape[1] if weights.stored_dtype(name) == torch.int8 else 2 * shape[1]
            assert scales == (shape[0], -(-columns // config.quantised_group))
            found = take_quantised(weights, plain, shape[0], columns, config.quantised_group)
            assert found is not None
            tensors[plain] = found.dequantised(torch.float32)
    save_file(tensors, out / "model.safetensors")
    raw = json.loads((folder / "config.json").read_text())
    del raw["quantization_config"]
    (out / "config.json").write_text(json.dumps(raw))
    return out


@pytest.mark.parametrize("arguments", [["--to=int8"], ["--to=int4"], ["--to=int4", "--no-calibration", "--group=64"]])
def test_the_copy_computes_what_its_weights_say(folder: Path, tmp_path: Path, arguments: list[str]) -> None:
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--no-evaluation", *arguments]) == 0
    wanted, got = logits(dequantised_copy(out, tmp_path / "plain")), logits(out)
    assert (got - wanted).norm() < 0.05 * wanted.norm()  # activations of 8 bits
    original = logits(folder)
    assert (wanted - original).norm() < (0.06 if "int8" in arguments[0] else 0.8) * original.norm()


def test_calibration_brings_the_logits_nearer(folder: Path, tmp_path: Path) -> None:
    original = logits(folder)
    errors: list[float] = []
    for name, more in (("plain", ["--no-calibration"]), ("calibrated", [])):
        out = tmp_path / name
        assert main([str(folder), str(out), "--to=int4", "--no-evaluation", *more]) == 0
        errors.append(float((logits(out) - original).norm() / original.norm()))
    assert errors[1] < errors[0]


def test_the_report_has_logits_and_perplexity(folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([str(folder), str(tmp_path / "out"), "--to=int8", "--no-calibration"]) == 0
    said = capsys.readouterr().out
    assert "0 of 4 bits, 12 of 8 bits" in said
    assert "relative error 0.0" in said
    assert "perplexity" in said


def test_texts_that_are_longer_than_the_models_context_are_cut(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_checkpoint(tmp_path / "model", max_position_embeddings=40, **WIDE)
    assert main([str(folder), str(tmp_path / "out"), "--to=int8"]) == 0
    assert "perplexity" in capsys.readouterr().out


def test_the_report_has_the_answers_where_there_is_an_evaluation(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    problem = {"task": "any", "prompt": "<SPECIAL_11>User\nHello\n<SPECIAL_11>Assistant\n<think>\n", "answer": "x"}
    evaluation = {
        "end_of_thinking": "</think>",
        "max_tokens": 4,
        "problems": [problem] * 3,
        "calibration": ["Hello there"],
    }
    (folder / "evaluation.json").write_text(json.dumps(evaluation))
    assert main([str(folder), str(tmp_path / "out"), "--to=int4"]) == 0
    assert "0.0 % right before, 0.0 % after (+0.0 points), 3 held-out problems" in capsys.readouterr().out


def test_a_tied_head_and_kept_parts(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "model", tie_word_embeddings=True, **WIDE)
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--to=int4", "--no-evaluation", "--attention=keep", "--mlp=int8"]) == 0
    names = set(load_file(out / "model.safetensors"))
    assert {"layers.3.mixer.q_proj.weight", "layers.1.mixer.up_proj.weight_q", "embeddings.weight_q"} <= names
    wanted, got = logits(dequantised_copy(out, tmp_path / "plain")), logits(out)
    assert (got - wanted).norm() < 0.05 * wanted.norm()


@pytest.mark.parametrize(
    ("chosen", "kind"),
    [
        (["--embeddings=keep"], torch.float32),
        (["--head=keep", "--embeddings=int4"], torch.float32),
        (["--head=int4"], torch.uint8),
        (["--head=int4", "--embeddings=int8"], torch.int8),
        ([], torch.int8),
    ],
)
def test_what_is_chosen_for_a_tied_matrix_is_not_obeyed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], chosen: list[str], kind: torch.dtype
) -> None:
    folder, out = tiny_checkpoint(tmp_path / "model", tie_word_embeddings=True, **WIDE), tmp_path / "out"
    assert main([str(folder), str(out), "--to=int4", "--no-evaluation", "--no-calibration", *chosen]) == 0
    tensors = load_file(out / "model.safetensors")
    assert next(tensors[name].dtype for name in ("embeddings.weight", "embeddings.weight_q") if name in tensors) == kind
    assert ("holds for both" in capsys.readouterr().out) == (len(chosen) == 2)


def test_a_head_beside_tied_embeddings_is_not_lost(folder: Path, tmp_path: Path) -> None:
    path, out = folder / "config.json", tmp_path / "out"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"tie_word_embeddings": True}))
    assert main([str(folder), str(out), "--to=int8", "--no-evaluation"]) == 0
    assert {"lm_head.weight_q", "embeddings.weight_q"} <= set(load_file(out / "model.safetensors"))
    original = logits(folder)
    assert (logits(out) - original).norm() < 0.06 * original.norm()


@pytest.mark.slow
def test_llama_and_experts_are_converted_too(tmp_path: Path) -> None:
    transformers = pytest.importorskip("transformers")
    torch.manual_seed(
        0
    )  # by chance a token goes to another expert after rounding, which no bound on the error would hold for
    llama = transformers.LlamaConfig(
        vocab_size=VOCAB_SIZE, hidden_size=48, intermediate_size=80, num_hidden_layers=2, num_attention_heads=4,
        num_key_value_heads=2, head_dim=16, attention_bias=True, max_position_embeddings=256,
    )  # fmt: skip
    known = tiny_config(
        hybrid_override_pattern="ME", n_routed_experts=4, num_experts_per_tok=2, moe_intermediate_size=40,
        moe_shared_expert_intermediate_size=24, moe_latent_size=16,
    )  # fmt: skip
    for name in ("architectures", "torch_dtype", "time_step_limit"):
        del known[name]
    experts = transformers.NemotronHConfig(**known)
    made = (transformers.LlamaForCausalLM(llama), transformers.NemotronHForCausalLM(experts))
    for number, model in enumerate(made):
        folder, out = tmp_path / f"model{number}", tmp_path / f"out{number}"
        scattered(model, number).save_pretrained(folder)
        byte_tokenizer().save(str(folder / "tokenizer.json"))
        assert main([str(folder), str(out), "--to=int8", "--no-evaluation"]) == 0
        original, got = logits(folder), logits(out)
        assert (got - original).norm() < 0.1 * original.norm()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--group=48"], "--group is 48"),
        (["--mlp=int4", "--group=0"], "--group is 0"),
        (["--loss=-1"], "--loss is -1"),
        (["--loss=nan"], "--loss is nan"),
    ],
)
def test_what_makes_no_sense_is_refused(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert main([str(folder), str(tmp_path / "out"), "--to=int4", *arguments]) == 1
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_nothing_is_overwritten_and_nothing_quantised_twice(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([str(folder), str(folder), "--to=int4"]) == 1
    assert "already there" in capsys.readouterr().err
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--to=int8", "--no-evaluation", "--no-calibration"]) == 0
    assert main([str(out), str(tmp_path / "again"), "--to=int4"]) == 1
    assert "quantised already" in capsys.readouterr().err


def test_a_copy_of_fp8_weights_is_marked_as_fp8(tmp_path: Path) -> None:
    ours, _ = fp8_weights(tmp_path)
    (ours / "hf_quant_config.json").write_text('{"quantization": {"quant_algo": "FP8"}}')
    assert main([str(ours), str(tmp_path / "out"), "--to=int8", "--no-calibration", "--no-evaluation"]) == 0
    assert not (tmp_path / "out" / "hf_quant_config.json").exists()
    load(tmp_path / "out")


def test_a_conversion_that_fails_leaves_no_folder(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    tensors = load_file(folder / "model.safetensors")
    name = next(name for name in tensors if name.endswith("layers.1.mixer.up_proj.weight"))
    del tensors[name]
    save_file(tensors, folder / "model.safetensors")
    for more in ([], ["--no-evaluation"], ["--no-evaluation", "--no-calibration"]):
        assert main([str(folder), str(tmp_path / "out"), "--to=int4", *more]) == 1
        assert "layers.1.mixer.up_proj.weight" in capsys.readouterr().err.replace("\n", "")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


@pytest.mark.slow
def test_a_full_disk_gives_a_traceback_and_leaves_a_folder(folder: Path, tmp_path: Path) -> None:
    """The largest size of a file stands in for a full disk."""
    limited = "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (40_000, 40_000)); "
    code = limited + "from nemoserve.convert.__main__ import main; sys.exit(main())"
    arguments = [str(folder), str(tmp_path / "out"), "--to=int8", "--no-evaluation", "--no-calibration"]
    found = subprocess.run([sys.executable, "-c", code, *arguments], capture_output=True, text=True, check=False)
    assert found.returncode == 1 and "Traceback" not in found.stderr, found.stderr
    assert re.search(r"the copy needs 0\.\d MB in .* and cannot be written", found.stderr), found.stderr
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


@pytest.mark.slow
def test_a_conversion_that_is_told_to_end_goes_on_or_leaves_a_folder(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-m", "nemoserve", "convert", str(folder), str(out), "--to=int4"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    wait_until(out.with_name("out.partial").exists, "the conversion has begun")
    process.terminate()
    _, said = process.communicate(timeout=60)  # until nobody is left who could say anything
    assert process.returncode == 130 and "nothing was written" in said, said
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_a_folder_that_cannot_be_made_is_named_by_an_errno(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "file").touch()
    for out in ("/proc/x", str(tmp_path / "file" / "out")):
        assert main([str(folder), out, "--to=int8"]) == 1
        said = capsys.readouterr().err
        assert f"{out} cannot be written: " in said and "Errno" not in said


@pytest.mark.parametrize("number", [float("nan"), float("inf")])
def test_weights_that_are_no_numbers_are_rounded(
    folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], number: float
) -> None:
    tensors = load_file(folder / "model.safetensors")
    tensors["backbone.layers.1.mixer.up_proj.weight"][3, 5] = number
    save_file(tensors, folder / "model.safetensors")
    assert main([str(folder), str(tmp_path / "out"), "--to=int4"]) == 1
    assert "the tensor layers.1.mixer.up_proj.weight holds NaN or infinity" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["model"]


def test_tokens_that_the_model_does_not_have_end_in_an_index_error(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_checkpoint(tmp_path / "model", vocab_size=64, **WIDE)
    for more in ([], ["--no-evaluation"], ["--no-calibration"]):
        assert main([str(folder), str(tmp_path / "out"), "--to=int4", *more]) == 1
        assert "the model's vocab_size is 64" in capsys.readouterr().err


def test_a_tokenizer_is_wanted_where_nothing_is_measured(folder: Path, tmp_path: Path) -> None:
    (folder / "tokenizer.json").unlink()
    for number, more in enumerate((["--no-evaluation"], ["--no-calibration"], ["--no-calibration", "--no-evaluation"])):
        assert main([str(folder), str(tmp_path / "out"), "--to=int8", *more]) == (number < 2)


def test_a_large_checkpoint_is_written_in_pieces(folder: Path, tmp_path: Path) -> None:
    writer = CheckpointWriter(tmp_path / "out", shard_bytes=20_000)
    with Weights(folder) as weights:
        for name, shape in weights.shapes.items():
            writer.add(name, weights.take(name, *shape).clone())
    writer.finish(folder, {"quant_method": "nemoserve", "group_size": 32})
    assert len(list((tmp_path / "out").glob("*.safetensors"))) > 2
    assert torch.equal(logits(tmp_path / "out"), logits(folder))
    mode = (folder / "config.json").stat().st_mode
    assert all(file.stat().st_mode == mode for file in (tmp_path / "out").glob("*.safetensors"))


def test_a_group_size_that_makes_no_sense_is_named(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--to=int8", "--no-evaluation", "--no-calibration"]) == 0
    path = out / "config.json"
    config = json.loads(path.read_text())
    for size in (0, 33, "32", None):
        config["quantization_config"]["group_size"] = size
        path.write_text(json.dumps(config))
        with pytest.raises(CheckpointError, match="group_size"):
            load_model(out)


def test_parts_of_one_product_must_agree_in_bits(folder: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    assert main([str(folder), str(out), "--to=int8", "--no-evaluation", "--no-calibration"]) == 0
    tensors = load_file(out / "model.safetensors")
    name = "layers.3.mixer.k_proj.weight_q"
    tensors[name] = tensors[name][:, ::2].contiguous().view(torch.uint8)
    save_file(tensors, out / "model.safetensors")
    with pytest.raises(CheckpointError, match=r"layers\.3\.mixer\.q_proj, .* same number of bits"):
        load_model(out)


def test_the_policy_names_only_weights_that_are_there(folder: Path) -> None:
    with Weights(folder) as weights:
        names = set(weights.shapes)
    bits = assign(read_config(folder), policy_for("int4", attention="int8", head="keep"))
    assert set(bits) <= names
    assert bits["layers.3.mixer.q_proj.weight"] == 8
    assert bits["layers.0.mixer.in_proj.weight"] == 4
    assert "lm_head.weight" not in bits
    assert bits["embeddings.weight"] == 8


@pytest.mark.slow
@pytest.mark.parametrize(("make", "kind"), [(hybrid, "F32"), (llama, "Q8_0")], ids=["nemotron_h F32", "llama Q8_0"])
def test_a_gguf_file_cannot_be_converted(
    make: Callable[[Path], Path], kind: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = write_gguf(make(tmp_path / "plain"), tmp_path / "model.gguf", kind, **GGUF_TEXT)
    folder, out = checkpoint_of(file, tmp_path / "data"), tmp_path / "out"
    assert main([str(folder), str(out), "--to=int8"]) == 0
    said = capsys.readouterr().out
    assert "perplexity" in said and ("Q8_0 already" in said) == (kind == "Q8_0")
    assert {"config.json", "model.safetensors", "tokenizer.json"} <= {path.name for path in out.iterdir()}
    assert not {"source.json", "model.gguf"} & {path.name for path in out.iterdir()}, (
        "it leans on the file that it was made of"
    )
    ids = tokens(40)
    original, got = (whole(load(one), ids) for one in (file, out))
    assert (got - original).norm() < 0.05 * original.norm()


def test_a_large_quantised_checkpoint_keeps_twice_the_bytes_for_keys_and_values(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """bfloat16, where the native library attends to that; what is small is exact."""
    out = tmp_path / "quantised"
    assert main([str(folder), str(out), "--to", "int8"]) == 0
    small = load_model(out, device="cpu")
    monkeypatch.setattr(load_module, "SMALL_BYTES", 0)
    large = load_model(out, device="cpu")
    narrow = native() is not None and native().instruction_set != "plain"
    assert small.dtype is torch.float32 and large.dtype is (torch.bfloat16 if narrow else torch.float32)
    per_token = [model.new_cache(1, 64).kv_bytes_per_token for model in (large, small)]
    assert per_token[0] * (2 if narrow else 1) == per_token[1]
    text = [FIRST_BYTE + byte for byte in b"Some words and 1234 of them."]
    found = [
        Runner(model, model.new_cache(1, 4096)).step([Chunk(0, 0, text, sample=True, all_logits=True)])
        for model in (large, small)
    ]
    assert (found[0].float() - found[1]).norm() < 0.02 * found[1].norm()
