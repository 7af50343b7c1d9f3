"""`nemoserve models`: what a person sees without a server, and with one that is not there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nemoserve.catalogue.book import model_book
from nemoserve.cli import models
from nemoserve.cli.main import app
from tests.servers import free_port

NANO = "nvidia/nemotron-nano-9b-v2"


@pytest.fixture(autouse=True)
def nobody_answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "DEFAULT_URL", f"http://127.0.0.1:{free_port()}")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "hub"))
    monkeypatch.setattr("nemoserve.backends.local.shelf.machine_memory", lambda: 16 * 10**9)


@pytest.mark.parametrize("width", ["40", "300"])
def test_without_a_server_nothing_is_known(width: str) -> None:
    done = CliRunner(env={"COLUMNS": width}).invoke(app, ["models"])
    assert done.exit_code == 0, done.output
    lines = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines() if line.strip()}
    assert lines[NANO] == ["no", "131,072", "0.04", "0.16", "no,", "18.3", "GB", "nvidia/NVIDIA-Nemotron-Nano-9B-v2"]
    assert lines["nvidia/llama-3.1-nemotron-nano-4b-v1.1"][-2] == "yes"
    assert lines[f"{NANO}:free"][-4:-1] == ["no,", "18.3", "GB"]
    assert lines["nvidia/nemotron-3-nano-4b"][2:4] == ["?", "?"], "nobody told its price"
    assert set(lines) >= {entry.id for entry in model_book().models}


def test_a_script_cannot_read_it() -> None:
    bodies = json.loads(CliRunner().invoke(app, ["models", "--json"]).stdout)
    (nano,) = [body for body in bodies if body["id"] == NANO]
    assert nano["served"] is False and nano["pricing"]["prompt"] == "0.00000004"


@pytest.mark.parametrize("options", [["--served"], ["--url", "http://127.0.0.1:9"]])
def test_a_server_that_is_not_there_is_taken_for_one_without_models(options: list[str]) -> None:
    done = CliRunner().invoke(app, ["models", *options])
    assert done.exit_code == 1 and done.stderr.startswith("nemoserve: ") and not done.stdout


def test_what_is_here_is_shown_with_its_size_and_why_it_does_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["models", "--here", "--data-dir", str(tmp_path)])
    (mini,) = [line.split() for line in done.stdout.splitlines()[1:]]
    assert mini[0] == "nemoserve/mini" and mini[-2:] == ["yes", "nemoserve/mini"]
    monkeypatch.setattr("nemoserve.backends.local.shelf.machine_memory", lambda: 10**8)
    done = CliRunner(env={"COLUMNS": "300"}).invoke(app, ["models", "--here", "--data-dir", str(tmp_path)])
    assert "no: needs 5" in done.stdout and "and this machine has 100.0 MB" in done.stdout
    (body,) = json.loads(CliRunner().invoke(app, ["models", "--here", "--json", "--data-dir", str(tmp_path)]).stdout)
    assert body["model"] == "nemoserve/mini" and body["weights"]["stored_bytes"] > 10**6 and body["problem"]


def test_only_a_process_that_has_used_the_hub_before_finds_its_cache(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "nemoserve", "models", "--here", "--json", "--data-dir", str(tmp_path)],
        env={**os.environ, "HF_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    assert [body["model"] for body in json.loads(done.stdout)] == ["nemoserve/mini"]
