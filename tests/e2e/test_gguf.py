"""GGUF files beside llama.cpp: the same logits on files of every architecture, and sense from real trained weights."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.ggufs import GGUF_TEXT, write_gguf
from tests.peers import gguf_oracle
from tests.peers.install import llama_cpp
from tests.peers.smollm2 import smollm2
from tests.servers import Server
from tests.unit.engine.test_gguf import experts, hybrid, llama, nas
from tests.unit.engine.test_nemotron_h import load, tokens, whole

pytestmark = pytest.mark.slow

PROMPTS = [tokens(count, count) for count in (1, 5, 40)]
MODELS: dict[str, Callable[[Path], Path]] = {
    "nemotron_h": hybrid,
    "nemotron_h_moe": lambda folder: experts(folder, None),
    "nemotron_h_moe latent": lambda folder: experts(folder, 32),
    "llama": llama,
    "llama bias": lambda folder: llama(folder, bias=True),
    "llama tied": lambda folder: llama(folder, tied=True),
    "deci": lambda folder: nas(folder, 5),
}


def theirs(file: Path) -> list[list[float]]:
    python = llama_cpp()
    if python is None:
        pytest.skip("llama.cpp is not installed: python -m tests.peers.install llama-cpp (or xllamacpp)")
    command = [str(python), str(gguf_oracle.__file__), str(file), json.dumps(PROMPTS)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("model", "kind"),
    [
        *((model, "F32") for model in MODELS),
        *(("nemotron_h", kind) for kind in ("BF16", "Q8_0", "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q4_K", "Q5_K", "Q6_K")),
    ],
)
def test_the_logits_are_llama_cpps(model: str, kind: str, tmp_path: Path) -> None:
    file = write_gguf(MODELS[model](tmp_path / "plain"), tmp_path / "m.gguf", kind, **GGUF_TEXT)
    expected = theirs(file)
    ours = load(file)
    # Of quantised weights llama.cpp quantises the other factor too, of those in bfloat16 it rounds it.
    tolerance = {"F32": 1e-4, "BF16": 0.1}.get(kind, 0.25)
    for prompt, one in zip(PROMPTS, expected, strict=True):
        found = whole(ours, prompt)[-1].log_softmax(-1).tolist()
        worst = max(abs(a - b) for a, b in zip(found, one, strict=True))
        assert worst < tolerance, f"differs by {worst} after {len(prompt)} tokens"


@pytest.fixture(scope="module")
def real(start_server: Callable[..., Server]) -> Server:
    file = smollm2()
    if file is None:
        pytest.skip("the weights are not there: python -m tests.peers.smollm2")
    return start_server("--model", str(file))


def test_real_weights_answer_by_their_own_template(real: Server) -> None:
    assert real.model == "SmolLM2-135M-Instruct.Q4_1"
    body: dict[str, Any] = real.chat("What is the capital of France?", temperature=0, max_tokens=30).json()
    (choice,) = body["choices"]
    assert choice["message"]["content"] == "The capital of France is Paris." and choice["finish_reason"] == "stop"
    assert body["usage"]["prompt_tokens"] == 37, "the template puts a system message before it"


def test_real_weights_go_on_with_a_text(real: Server) -> None:
    fields = {"model": real.model, "prompt": "The capital of France is", "temperature": 0, "max_tokens": 1}
    body = real.post("/v1/completions", fields).json()
    assert body["choices"][0]["text"] == " Paris" and body["usage"]["prompt_tokens"] == 5


@pytest.mark.timeout(1200)
def test_real_weights_lose_their_sense_when_they_are_converted(
    start_server: Callable[..., Server], tmp_path: Path
) -> None:
    file = smollm2()
    if file is None:
        pytest.skip("the weights are not there: python -m tests.peers.smollm2")
    out = tmp_path / "smollm2-int4"
    command = [sys.executable, "-m", "nemoserve", "convert", str(file), str(out), "--to", "int4"]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=900, env={**os.environ, "XDG_DATA_HOME": str(tmp_path)}
    )
    assert done.returncode == 0, done.stderr[-2000:]
    found = re.search(r"perplexity +([\d.]+) before, ([\d.]+) after", done.stdout)
    assert found is not None and float(found[2]) <= float(found[1]) + 1, done.stdout
    server = start_server("--model", str(out))
    body: dict[str, Any] = server.chat("What is the capital of France?", temperature=0, max_tokens=30).json()
    assert "Paris" in body["choices"][0]["message"]["content"]
