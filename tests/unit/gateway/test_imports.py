"""The gateway stays light: no torch, nothing that is only needed for downloads."""

from __future__ import annotations

import subprocess
import sys


def test_the_gateway_imports_neither_torch_nor_numpy_nor_the_hub() -> None:
    code = "import sys, nemoserve.http.server; print([m for m in sys.argv[1:] if m in sys.modules])"
    heavy = ["torch", "numpy", "transformers", "safetensors", "huggingface_hub", "pydantic"]
    found = subprocess.run([sys.executable, "-c", code, *heavy], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
