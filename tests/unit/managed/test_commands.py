"""A command line that is wrong for the model is a server that does not start, or that shows its thinking as the answer."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import numpy as np
import pytest

import nemoserve
from nemoserve.backends.local.checkpoint import CheckpointError
from nemoserve.backends.managed.commands import command
from nemoserve.backends.managed.programs import EngineMissing, find_program
from nemoserve.backends.managed.subject import subject_of
from nemoserve.backends.managed.waiting import waiting_in
from nemoserve.config.engines import EngineSettings, with_names


def words(engine: EngineSettings) -> str:
    return " ".join(command(engine, subject_of(engine), "/bin/engine", 4711, "secret").words)


def folder(at: Path, **config: object) -> Path:
    at.mkdir()
    (at / "config.json").write_text(json.dumps({"model_type": "nemotron_h", "max_position_embeddings": 777, **config}))
    return at


def test_vllm_keeps_the_states_of_a_hybrid_in_float32_and_needs_no_foreign_code() -> None:
    said = words(EngineSettings(type="vllm", model="nvidia/NVIDIA-Nemotron-Nano-9B-v2"))
    assert said.startswith("/bin/engine serve nvidia/NVIDIA-Nemotron-Nano-9B-v2 --host 127.0.0.1 --port 4711")
    assert "--mamba-ssm-cache-dtype float32" in said
    assert "--trust-remote-code" not in said
    assert "--reasoning-parser" not in said, "nobody knows yet whether the markers are tokens, which its parsers need"
    marked = words(EngineSettings(type="vllm", model="nemoserve/mini"))
    assert '--reasoning-parser nemotron_v3 --reasoning-config {"reasoning_end_str": "\\n</think>"}' in marked


@pytest.mark.parametrize(
    "model", ["nvidia/NVIDIA-Nemotron-3-Nano-4B-BF16", "nvidia/NVIDIA-Nemotron-3-Super-120B-A12B-FP8"]
)
def test_nemotron_3_is_given_the_parsers_of_its_format(model: str) -> None:
    vllm, sglang = (words(EngineSettings(type=kind, model=model)) for kind in ("vllm", "sglang"))
    assert "--reasoning-parser nemotron_v3 " in vllm
    assert "--enable-auto-tool-choice --tool-call-parser qwen3_coder" in vllm
    assert "--reasoning-parser nemotron_3 --tool-call-parser qwen3_coder" in sglang


@pytest.mark.parametrize(
    "model", ["nvidia/NVIDIA-Nemotron-Nano-12B-v2-VL-BF16", "nvidia/Llama-3_3-Nemotron-Super-49B-v1_5"]
)
def test_foreign_code_is_trusted_only_where_the_checkpoint_cannot_be_read_without(model: str, tmp_path: Path) -> None:
    assert "--trust-remote-code" in words(EngineSettings(type="vllm", model=model))
    plain = folder(tmp_path / "llama", architectures=["LlamaForCausalLM"])
    nas = folder(tmp_path / "nas", architectures=["DeciLMForCausalLM"])
    assert "--trust-remote-code" not in words(EngineSettings(type="vllm", model=str(plain)))
    assert "--trust-remote-code" in words(EngineSettings(type="vllm", model=str(nas)))


def test_vllm_takes_tools_for_a_format_that_it_cannot_parse() -> None:
    said = words(EngineSettings(type="vllm", model="nemoserve/mini"))
    assert "--enable-auto-tool-choice --tool-parser-plugin " in said
    assert "vllm_raw_calls.py --tool-call-parser nemoserve_raw" in said


def test_a_queue_is_the_sum_over_a_servers_engines() -> None:
    text = '# TYPE q gauge\nq_total 9\nq{engine="0"} 2.0\nq{engine="1"} 1.0\nq bad\n'
    assert waiting_in(text, "q") == 3
    assert waiting_in(text, "none") == 0


def test_no_key_stands_on_a_command_line_where_every_user_of_the_machine_can_read_it(tmp_path: Path) -> None:
    gguf = tmp_path / "nano.gguf"
    gguf.touch()
    for kind, model in (("vllm", "a/b"), ("sglang", "a/b"), ("llama-server", str(gguf)), ("transformers", "a/b")):
        assert "secret" not in words(EngineSettings(type=kind, model=model))


def test_ones_own_arguments_come_last_so_that_they_win() -> None:
    engine = EngineSettings(
        type="vllm", model="a/b@main", context_length=4096, args=("--max-model-len", "8"), env={"A": "1"}
    )
    made = command(engine, subject_of(engine), "/bin/vllm", 1, "k")
    assert made.words[-4:] == ("--max-model-len", "4096", "--max-model-len", "8")
    assert made.words[2] == "a/b"
    assert "--revision main" in " ".join(made.words)
    assert made.env["A"] == "1"


@pytest.mark.parametrize(
    ("kind", "model", "why"),
    [
        ("llama-server", "nemoserve/mini", "llama-server reads a GGUF file"),
        ("vllm", "{gguf}", "vllm reads a checkpoint folder"),
    ],
)
def test_a_model_that_the_engine_cannot_read_is_refused_before_it_is_started(
    kind: str, model: str, why: str, tmp_path: Path
) -> None:
    (tmp_path / "x.gguf").touch()
    with pytest.raises(ValueError, match=why):
        words(EngineSettings(type=kind, model=model.format(gguf=tmp_path / "x.gguf")))  # type: ignore[arg-type]


@pytest.mark.parametrize("model", ["no such folder", "/etc/hostname", "/tmp"])
def test_a_model_that_is_none_is_told_in_one_sentence(model: str) -> None:
    with pytest.raises(CheckpointError, match=r"\.$"):
        subject_of(EngineSettings(type="vllm", model=model))


def test_a_model_has_the_name_that_it_was_given(tmp_path: Path) -> None:
    place = folder(tmp_path / "my model")
    assert subject_of(EngineSettings(type="vllm", model=str(place))).id == "my-model"
    assert subject_of(EngineSettings(type="vllm", model=f"team/x={place}")).id == "team/x"
    assert subject_of(EngineSettings(type="vllm", model=str(place), id="y")).id == "y"
    assert subject_of(EngineSettings(type="vllm", model=str(place))).context_length == 777
    assert subject_of(EngineSettings(type="transformers", model="nemoserve/mini")).family.name == "nano-v2"


def test_a_gguf_file_is_taken_for_another_model_than_it_says_it_is(tmp_path: Path) -> None:
    writer = gguf.GGUFWriter(tmp_path / "my model.gguf", "nemotron_h")
    writer.add_context_length(4096)
    writer.add_chat_template((Path(nemoserve.__file__).parent / "mini" / "chat_template.jinja").read_text())
    # No format that is read here: the engine may read it all the same.
    writer.add_tensor("token_embd.weight", np.zeros((1, 18), np.uint8), raw_dtype=gguf.GGMLQuantizationType.IQ4_NL)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    subject = subject_of(EngineSettings(type="llama-server", model=str(tmp_path / "my model.gguf")))
    assert (subject.id, subject.family.name, subject.context_length) == ("my-model", "nano-v2", 4096)
    assert subject_of(EngineSettings(type="llama-server", model=str(tmp_path))).family.name == "nano-v2"


def test_an_engine_that_is_not_installed_is_told_with_the_line_that_installs_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("sys.executable", str(tmp_path / "python"))
    with pytest.raises(EngineMissing, match=r"llama-server is not installed here: .*--engine-program"):
        find_program(EngineSettings(type="llama-server", model="a/b", program=""))
    with pytest.raises(EngineMissing, match="/no/such is no program"):
        find_program(EngineSettings(type="vllm", model="a/b", program="/no/such"))


def test_two_engines_of_one_type_are_two_providers() -> None:
    engines = with_names(tuple(EngineSettings(type="vllm", model=model) for model in ("a/b", "a/c")))
    assert [engine.name for engine in engines] == ["vllm", "vllm/2"]
    with pytest.raises(ValueError, match="same name"):
        with_names(
            (EngineSettings(type="vllm", model="a/b", name="x"), EngineSettings(type="vllm", model="a/c", name="x"))
        )
