"""The script for machines with a GPU, tried out on a CPU: does it compare, measure and report all that it says?"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch


@pytest.mark.slow
def test_the_script_reports_every_job_beside_its_floor_and_transformers(tmp_path: Path) -> None:
    report = tmp_path / "gpu.json"
    jobs = ["--batches", "1", "3", "--prompt", "100", "--steps", "2", "--rounds", "1", "--piece", "64"]
    command = [sys.executable, "-m", "bench.gpu", "--device", "cpu", "--shape", "tiny", *jobs, "--json", str(report)]
    done = subprocess.run(
        command, capture_output=True, text=True, env={**os.environ, "TRITON_INTERPRET": "1"}, timeout=240
    )
    assert "WRONG" not in done.stdout and done.stdout.count("holds") == 11, done.stdout + done.stderr
    found = json.loads(report.read_text())
    assert found["copied"] > 0 and found["multiplied"] > 0 and len(found["commit"]) in (0, 40)
    assert [job["job"] for job in found["jobs"]] == ["prefill 100", "decode 1", "decode 3"]
    for job in found["jobs"]:
        assert job["nemoserve"] > 0 and job["transformers"] > 0 and 0 < job["of_floor"] < 1, job
    assert done.returncode == bool(found["missed"])


@pytest.mark.slow
@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU")
def test_without_a_gpu_it_says_so() -> None:
    done = subprocess.run([sys.executable, "-m", "bench.gpu"], capture_output=True, text=True, timeout=120)
    assert done.returncode == 1 and "sees no GPU" in done.stdout
