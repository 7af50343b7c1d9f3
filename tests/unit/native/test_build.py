"""Fears about compiling the library: memory errors that no result shows, stale libraries, failures that say nothing."""

from __future__ import annotations

import importlib.util
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from nemoserve.native import build as building
from nemoserve.native.build import SOURCES, BuildError, build, compile_objects, compiler, file_name, run
from nemoserve.native.library import Native

DRIVER = Path(__file__).parent / "driver.cpp"


@pytest.mark.slow
@pytest.mark.parametrize("sanitizers", ["address,undefined", "thread"])
def test_sanitizers_have_nothing_to_say(tmp_path: Path, sanitizers: str) -> None:
    command = compiler()
    assert command is not None
    if "ziglang" in command:
        pytest.skip("ziglang brings no sanitizers")
    flags = (f"-fsanitize={sanitizers}", "-fno-sanitize-recover=all", "-g", "-O0", "-pthread", "-std=c++17")
    objects = compile_objects(command, tmp_path, *flags)
    program = tmp_path / "driver"
    run([*command, *flags, f"-I{SOURCES}", str(DRIVER), *map(str, objects), "-o", str(program)])
    done = subprocess.run([program], capture_output=True, text=True, timeout=240, check=False)
    if "unexpected memory mapping" in done.stderr:
        pytest.skip("this kernel lays memory out in a way that the thread sanitizer does not know")
    assert (done.returncode, done.stdout) == (0, "all sets agree\n"), done.stdout + done.stderr


@pytest.mark.slow
def test_a_library_made_here_stops_other_machines(tmp_path: Path) -> None:
    """Only the sources of an instruction set may use it: the rest runs before anybody has asked what the processor has."""
    command, objdump = compiler(), shutil.which("objdump")
    if command is None or objdump is None or platform.machine() != "x86_64":
        pytest.skip("x86, and binutils to look at what was made")
    wide: dict[str, bool] = {}
    for made in compile_objects(command, tmp_path):
        listed = subprocess.run(
            [objdump, "--disassemble", str(made)], capture_output=True, text=True, check=True
        ).stdout
        wide[made.stem] = "%ymm" in listed or "%zmm" in listed
    assert {stem for stem, uses in wide.items() if uses} == {"avx2", "avx512", "avx512bf16"}


def test_the_compiler_in_a_package_builds_for_the_processor_that_it_runs_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(shutil, "which", lambda _: None)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: name == "ziglang" or None)
    assert compiler() == [sys.executable, "-m", "ziglang", "c++", "-mcpu=baseline", "-g0"]


@pytest.mark.slow
def test_a_wheel_needs_a_newer_system_than_it_says(tmp_path: Path) -> None:
    objdump = shutil.which("objdump")
    if objdump is None or platform.system() != "Linux":
        pytest.skip("Linux, and binutils to look at what was made")
    made = build(tmp_path, glibc="2.28")
    listed = subprocess.run([objdump, "-p", str(made)], capture_output=True, text=True, check=True).stdout
    needed = set(re.findall(r"NEEDED +(\S+)", listed))
    assert needed <= {"libc.so.6", "libm.so.6", "libpthread.so.0", "libdl.so.2", "ld-linux-x86-64.so.2"}, needed
    versions = {tuple(map(int, found.split("."))) for found in re.findall(r"GLIBC_([\d.]+)", listed)}
    assert versions and max(versions) <= (2, 28)
    # It is a library that works here, too.
    assert Native(made).instruction_set == Native(build(tmp_path / "here")).instruction_set


def test_a_changed_source_never_meets_an_old_library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = file_name()
    for source in SOURCES.iterdir():
        (tmp_path / source.name).write_bytes(source.read_bytes())
    monkeypatch.setattr(building, "SOURCES", tmp_path)
    assert file_name() == before
    with (tmp_path / "pool.cpp").open("a") as stream:
        stream.write("\n")
    assert file_name() != before


def test_a_failing_compiler_is_named_with_its_error(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "csrc").mkdir()
    (tmp_path / "csrc" / "broken.cpp").write_text("int main( {\n")
    monkeypatch.setattr(building, "SOURCES", tmp_path / "csrc")
    with pytest.raises(BuildError, match=r"failed: .*broken\.cpp.*error"):
        build(tmp_path / "out")
    assert not list((tmp_path / "out").iterdir())


def test_a_machine_without_a_compiler_is_told_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(building, "compiler", lambda glibc: None)
    with pytest.raises(BuildError, match=r"install g\+\+ or clang\+\+, or the Python package ziglang"):
        build(tmp_path)


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    with pytest.raises(BuildError, match=r"cannot be written to .*file"):
        build(blocked)


def test_switched_off_nothing_is_compiled(tmp_path: Path) -> None:
    environment = os.environ | {"NEMOSERVE_NATIVE": "0", "XDG_CACHE_HOME": str(tmp_path)}
    code = "from nemoserve.native.library import native; print(native())"
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout == "None\n"
    assert not list(tmp_path.iterdir())
