"""Compiles the native library. Knows compilers and flags; nothing of the package, so that the build of a wheel can load it alone."""

from __future__ import annotations

import hashlib
import importlib.util
import os
import platform
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parent / "csrc"

_FLAGS = ("-O3", "-std=c++17", "-fPIC", "-fvisibility=hidden", "-fno-math-errno", "-fopenmp-simd", "-Wall", "-Wextra")
_EXACT = ("-ffp-contract=off",)
"""So that every instruction set rounds activations alike."""
_QUIET = ("-Wno-unknown-warning-option", "-Wno-maybe-uninitialized", "-Wno-uninitialized", "-Wno-unknown-pragmas")
"""GCC warns of its own vector headers."""
_AVX2 = ("-mavx2", "-mfma", "-mf16c")
_AVX512 = (*_AVX2, "-mavx512f", "-mavx512bw", "-mavx512vl", "-mavx512dq", "-mavx512vnni", "-mprefer-vector-width=512")
_BY_SOURCE = {"avx2.cpp": _AVX2, "avx512.cpp": _AVX512, "avx512bf16.cpp": (*_AVX512, "-mavx512bf16")}
"""These are compiled for x86 only; which one runs is chosen at run time."""
_TIMEOUT_S = 300.0


class BuildError(RuntimeError):
    """The library could not be compiled; the message is one sentence."""


def compiler(glibc: str | None = None) -> list[str] | None:
    """The command of a C++ compiler: $CXX, the system's, or the one that the Python package ziglang brings; None without any.

    `glibc`: the library is to run with that version of it and every newer one, which ziglang's alone can promise.
    """
    target = [] if glibc is None else ["-target", f"{platform.machine()}-linux-gnu.{glibc}"]
    wanted = os.environ.get("CXX")
    for name in (wanted,) if wanted else ("c++", "g++", "clang++"):
        found = shutil.which(name)
        if found and not target:
            return [found]
    if importlib.util.find_spec("ziglang") is not None:
        # It would compile for the very processor that it runs on, and the library may be used on another one; and with symbols.
        return [sys.executable, "-m", "ziglang", "c++", *target, "-mcpu=baseline", "-g0"]
    return None


def file_name() -> str:
    """Of the library that the sources and flags make on this kind of machine: a library of other sources has another name."""
    digest = hashlib.blake2b(digest_size=8)
    for part in (*_FLAGS, *_EXACT, *_AVX512, platform.machine(), sys.platform):
        digest.update(part.encode())
    for source in sorted(SOURCES.iterdir()):
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    return f"nemo-{digest.hexdigest()}.so"


def build(folder: Path, *extra_flags: str, glibc: str | None = None) -> Path:
    """Compile into `folder` (made if missing) and return the library's path. Processes that do so at once do not disturb each other.

    Takes some seconds. `glibc` is as for `compiler`. Raises BuildError.
    """
    command = compiler(glibc)
    if command is None:
        others = "" if glibc else "g++ or clang++, or "
        raise BuildError(f"there is no C++ compiler; install {others}the Python package ziglang")
    target = folder / file_name()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(prefix="nemoserve-build-", dir=folder) as scratch:
            objects = compile_objects(command, Path(scratch), *extra_flags)
            made = Path(scratch) / target.name
            run([*command, "-shared", "-pthread", *extra_flags, *map(str, objects), "-o", str(made)])
            made.replace(target)
    except OSError as error:
        raise BuildError(f"the native library cannot be written to {folder}: {error}") from error
    return target


def compile_objects(command: list[str], folder: Path, *extra_flags: str) -> list[Path]:
    """One object file per source in `folder`, a few at a time. Raises BuildError."""
    intel = platform.machine().lower() in ("x86_64", "amd64")
    objects: list[Path] = []
    running: list[tuple[list[str], subprocess.Popen[bytes]]] = []
    for source in sorted(SOURCES.glob("*.cpp")):
        if source.name in _BY_SOURCE and not intel:
            continue
        made = folder / f"{source.stem}.o"
        flags = (*_FLAGS, *_EXACT, *_QUIET, *_BY_SOURCE.get(source.name, ()), *extra_flags)
        line = [*command, *flags, "-c", str(source), "-o", str(made)]
        running.append((line, subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)))
        objects.append(made)
        if len(running) >= (os.cpu_count() or 1):
            _finish(*running.pop(0))
    for line, process in running:
        _finish(line, process)
    return objects


def run(line: list[str]) -> None:
    """Raises BuildError when the command fails."""
    _finish(line, subprocess.Popen(line, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))


def _finish(line: list[str], process: subprocess.Popen[bytes]) -> None:
    try:
        output, _ = process.communicate(timeout=_TIMEOUT_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        raise BuildError(f"{line[0]} did not finish within {_TIMEOUT_S:.0f} seconds") from None
    if process.returncode:
        said = output.decode(errors="replace").strip().splitlines()
        raise BuildError(f"{line[0]} failed: {next((row for row in said if 'error' in row), ' '.join(said[-1:]))}")
