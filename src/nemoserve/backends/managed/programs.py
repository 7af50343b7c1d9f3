"""Where an engine's program is on this machine, and how to get it. Knows names of programs; starts none."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path
from typing import Final

from nemoserve.config.engines import EngineSettings, EngineType

_INSTALL: Final[dict[EngineType, str]] = {
    "vllm": "pip install vllm",
    "sglang": "pip install sglang",
    "llama-server": "brew install llama.cpp, or build it: https://github.com/ggml-org/llama.cpp",
    "transformers": "pip install 'transformers[serving]'",
}
_PROGRAM: Final[dict[EngineType, str]] = {
    "vllm": "vllm",
    "sglang": "sglang",
    "llama-server": "llama-server",
    "transformers": "transformers",
}


class EngineMissing(Exception):
    """The program is not there; the message is one sentence with the line that installs it."""


def find_program(engine: EngineSettings) -> str:
    """The program's path: the one that was named, else beside this Python, else on the PATH. Raises EngineMissing."""
    name = engine.program or _PROGRAM[engine.type]
    found = shutil.which(str(Path(name).expanduser()))
    if found is None and not engine.program:
        found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None and engine.program:
        raise EngineMissing(
            f"{engine.program} is no program that can be run; `program` names the one of {engine.type}."
        )
    if found is None:
        raise EngineMissing(
            f"{name} is not installed here: {_INSTALL[engine.type]}. If it is in an environment of its own, "
            "say where: --engine-program PATH, or program = in the [[engines]] table."
        )
    return str(Path(found).absolute())


def python_beside(program: str) -> str:
    """The Python of the environment that a program was installed into."""
    for name in ("python", "python3"):
        beside = Path(program).with_name(name)
        if beside.exists():
            return str(beside)
    return sys.executable
