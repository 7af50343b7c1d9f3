"""A benchmark that nobody can run is a claim that nobody can check."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
def test_every_format_is_made_measured_and_drawn(tmp_path: Path) -> None:
    report, plot = tmp_path / "engine.json", tmp_path / "engine.svg"
    jobs = ["--models", "tiny", "--peers", "--quick", "--prompts", "64", "--batches", "1", "2", "--context", "8"]
    command = [sys.executable, "-m", "bench.engine", *jobs, "--json", str(report), "--plot", str(plot)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240)
    assert done.returncode == 0, done.stdout + done.stderr
    rates = json.loads(report.read_text())["models"]["tiny"]["rates"]
    for job in ("prefill 64", "decode, batch 1", "decode, batch 2"):
        for dtype in ("float32", "bfloat16", "int8", "int4"):
            assert rates[f"nemoserve {dtype}: {job}"][0] > 0
    assert "<svg" in plot.read_text()
