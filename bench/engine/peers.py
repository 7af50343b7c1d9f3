"""Where llama.cpp and vLLM are, in folders of their own under the user's cache; installs what is not there. Measures nothing."""

from __future__ import annotations

import platform
import shutil
import subprocess
from pathlib import Path

from bench.engine.process import Missing
from tests.peers import install

LLAMA_CPP = "@node-llama-cpp/linux-x64@3.22.1"
"""llama.cpp v0.5.0 as shared libraries, with a backend for each generation of CPUs: a package for Node.js, of which only those are used.
The wheels for Python are built for AVX2 alone, which would flatter us."""


def llama_cpp() -> Path:
    """The folder of llama.cpp's libraries. Raises Missing."""
    home = install.peers_folder() / "llama-libraries"
    found = home / "node_modules" / "@node-llama-cpp" / "linux-x64" / "bins" / "linux-x64"
    if found.is_dir():
        return found
    npm = shutil.which("npm")
    if npm is None or platform.machine() != "x86_64":
        raise Missing("llama.cpp is installed by npm, on x86-64 (Debian: apt-get install npm)")
    home.mkdir(parents=True, exist_ok=True)
    command = [
        npm,
        "install",
        "--silent",
        "--no-audit",
        "--no-fund",
        "--ignore-scripts",
        "--prefix",
        str(home),
        LLAMA_CPP,
    ]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode or not found.is_dir():
        raise Missing(f"npm did not install {LLAMA_CPP}: {(done.stderr or done.stdout).strip()[-300:]}")
    return found


def vllm() -> Path:
    """The Python that has vLLM. Raises Missing."""
    program = install.vllm()
    if program is None:
        try:
            install.main([])
        except subprocess.CalledProcessError as error:
            raise Missing(f"vLLM could not be installed: {error}") from error
        program = install.vllm()
    if program is None:
        raise Missing("vLLM could not be installed")
    return program.with_name("python")
