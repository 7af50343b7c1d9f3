"""What a model asks of a checkpoint's tensors, whatever the files. Knows names and shapes; no file format."""

from __future__ import annotations

from pathlib import Path
from typing import Protocol, Self

import torch

from nemoserve.engine.checkpoint.gguf_weights import GgufWeights
from nemoserve.engine.checkpoint.weights import Progress, Weights


class Tensors(Protocol):
    """All tensors of a checkpoint under one naming, that of `weights.py`. Each is taken once. A context manager."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...

    @property
    def total_bytes(self) -> int:
        """Size of all tensors as stored."""
        ...

    def __contains__(self, name: str) -> bool: ...

    def stored_dtype(self, name: str) -> torch.dtype:
        """bfloat16 for what is quantised. Raises CheckpointError when there is no such tensor."""
        ...

    def compute_in(self, dtype: torch.dtype) -> None:
        """What is quantised is given in this dtype from now on."""
        ...

    def take(self, name: str, *shape: int) -> torch.Tensor:
        """The tensor, a view of the file where it can be one; the caller converts it.

        Raises CheckpointError when it is missing or its shape is not `shape`.
        """
        ...

    def finish(self) -> None:
        """Report completion. Raises CheckpointError when a layer's tensor was never asked for."""
        ...


def open_tensors(path: Path, progress: Progress | None = None) -> Tensors:
    """Of a folder with safetensors files, a folder with one GGUF, or a GGUF file. Reads the headers only.

    Raises CheckpointError for missing, truncated, pickled or oddly quantised weights.
    """
    file = gguf_file(path)
    return Weights(path, progress) if file is None else GgufWeights(file, progress)


def gguf_file(path: Path) -> Path | None:
    """The GGUF file that a path stands for: itself, or the only one (or the first part) in a folder without safetensors."""
    if path.is_file():
        return path
    files = sorted(path.glob("*.gguf"))
    if not files or any(path.glob("*.safetensors")):
        return None
    return files[0] if len(files) == 1 or "-00001-of-" in files[0].name else None
