"""Writes a checkpoint folder piece by piece. Knows safetensors files and their index; nothing of how tensors are made."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import safetensors.torch
import torch

from nemoserve.engine.checkpoint.config import read_json

# The library's annotations are incomplete.
_save_file = cast("Callable[[dict[str, torch.Tensor], Path, dict[str, str]], None]", safetensors.torch.save_file)  # pyright: ignore[reportUnknownMemberType]
_SHARD_BYTES = 1 << 30
_LEFT_BEHIND = (".safetensors", ".bin", ".pt", ".pth", ".ckpt", ".pkl", ".gguf", ".svg", ".png")
_NOT_COPIED = ("config.json", "model.safetensors.index.json", "hf_quant_config.json", "source.json")
"""Written anew, or true of the source alone: its FP8, and where a folder that was made of a GGUF file has it from."""
_LARGEST_COPY = 64 << 20


class CheckpointWriter:
    """A folder in the making. Call `finish` last; before that the folder holds no config.json and nobody takes it for a model."""

    def __init__(self, folder: Path, shard_bytes: int = _SHARD_BYTES) -> None:
        """Makes the folder, which must not hold anything yet."""
        folder.mkdir(parents=True, exist_ok=True)
        self._folder = folder
        self._shard_bytes = shard_bytes
        self._waiting: dict[str, torch.Tensor] = {}
        self._index: dict[str, str] = {}
        self._files = 0
        self.bytes = 0
        """Of all tensors so far."""

    def add(self, name: str, tensor: torch.Tensor) -> None:
        self._waiting[name] = tensor.contiguous()
        self.bytes += tensor.nbytes
        if sum(held.nbytes for held in self._waiting.values()) >= self._shard_bytes:
            self._write(f"model-{self._files + 1:05d}.safetensors")

    def finish(self, source: Path, quantisation: dict[str, Any]) -> None:
        """Write what waits, the index, config.json with `quantisation` in it, and copies of the source's small other files."""
        if self._files == 0:
            self._write("model.safetensors")
        else:
            if self._waiting:
                self._write(f"model-{self._files + 1:05d}.safetensors")
            index = {"metadata": {"total_size": self.bytes}, "weight_map": self._index}
            (self._folder / "model.safetensors.index.json").write_text(json.dumps(index, indent=1) + "\n")
        for file in sorted(source.iterdir()):
            wanted = file.suffix not in _LEFT_BEHIND and file.name not in _NOT_COPIED
            if wanted and file.is_file() and file.stat().st_size <= _LARGEST_COPY:
                shutil.copyfile(file, self._folder / file.name)
        config = read_json(source / "config.json") | {"quantization_config": quantisation}
        written = self._folder / "config.json"
        written.write_text(json.dumps(config, indent=2) + "\n")
        for file in self._folder.glob("*.safetensors"):
            file.chmod(written.stat().st_mode)  # safetensors lets nobody but the owner read what it writes

    def _write(self, name: str) -> None:
        _save_file(self._waiting, self._folder / name, {"format": "pt"})
        self._index |= dict.fromkeys(self._waiting, name)
        self._waiting = {}
        self._files += 1
