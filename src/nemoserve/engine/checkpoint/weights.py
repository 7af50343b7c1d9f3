"""The tensors of a checkpoint folder, memory-mapped from safetensors files under one naming. Knows no model and no shapes.

Published nemotron_h checkpoints prefix their names with `backbone.`, newer ones with `model.`; very old ones say `embedding.`
for `embeddings.`. Published nemotron-nas checkpoints say `linear_attn` and `linear_mlp` for the linear map in a mixer's place. Here the
names are bare: `embeddings.weight`, `layers.3.mixer.in_proj.weight`, `layers.3.mlp.linear.weight`, `norm_f.weight`, `lm_head.weight`. Experts
that are stacked in one tensor, as transformers holds them, come apart. Tensors of the multi-token-prediction head (`mtp.*`) are left out. Pickle files are never opened.
"""

from __future__ import annotations

import json
import re
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import safe_open

from nemoserve.engine.checkpoint.config import CheckpointError, read_json
from nemoserve.engine.checkpoint.fp8 import block_size, dequantise

Progress = Callable[[int, int], None]
"""Called with bytes read so far and bytes in all."""

_INDEX = "model.safetensors.index.json"
_SINGLE = "model.safetensors"
_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt", "*.pkl")
_PREFIXES = ("backbone.", "model.")
_LINEARS = {".self_attn.linear_attn.": ".self_attn.linear.", ".mlp.linear_mlp.": ".mlp.linear."}
_STACKED = re.compile(r"(layers\.\d+\.mixer\.experts)\.(up|down)_proj")
_FP8 = "F8_E4M3"
_WHOLE = {"U8": torch.uint8, "I8": torch.int8}
"""Only as the values of quantised weights."""
_DTYPES = {
    "F64": torch.float64,
    "F32": torch.float32,
    "F16": torch.float16,
    "BF16": torch.bfloat16,
    _FP8: torch.float8_e4m3fn,
} | _WHOLE
_ASIDE = (
    "inv_freq", ".weight_scale", ".weight_scale_inv", ".input_scale", ".output_scale", ".q_scale", ".k_scale", ".v_scale", ".kv_scale",
)  # fmt: skip
"""Tensors that no model asks for: frequencies that are worked out anew, and scales of quantised weights, inputs and caches."""
_MAX_HEADER_BYTES = 100 << 20
_REMAP_BYTES = 1 << 30


@dataclass(frozen=True, slots=True)
class _Entry:
    """Where one tensor lies, from its file's header."""

    file: Path
    stored_name: str
    dtype: str
    shape: tuple[int, ...]
    bytes: int
    part: int | None = None
    """Of a stored tensor that stacks several."""


class Weights:
    """All tensors of a folder. Each is taken once; what was taken is counted for the progress report.

    Use as a context manager: leaving it drops the file mappings that no returned tensor still uses.
    """

    def __init__(self, folder: Path, progress: Progress | None = None) -> None:
        """Reads the headers only. Raises CheckpointError for missing, truncated, pickled or quantized weights."""
        self.folder = folder
        self._entries = _find_tensors(folder)
        self._left = set(self._entries)
        self._progress = progress
        self._done = 0
        self._total = sum(entry.bytes for entry in self._entries.values())
        self._open_file: Path | None = None
        self._handle: Any = None
        self._mapped = 0
        self._dtype = torch.float32
        for name, entry in self._entries.items():
            misplaced = entry.dtype in _WHOLE and not name.endswith("_q")
            if entry.dtype not in _DTYPES or misplaced:
                raise CheckpointError(
                    f"{entry.file}: tensor {name} has the dtype {entry.dtype}; a checkpoint that is quantized in this way "
                    "cannot be served, only FP8, float32, float16 and bfloat16"
                )
            if entry.dtype == _FP8 and self._scale_of(name) is None:
                raise CheckpointError(f"{entry.file}: tensor {name} is FP8, but {name}_scale is missing")

    def __enter__(self) -> Weights:
        return self

    def __exit__(self, *_: object) -> None:
        self._handle = None
        self._open_file = None

    @property
    def total_bytes(self) -> int:
        """Size of all tensors as stored."""
        return self._total

    @property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of all tensors, by their names."""
        return {name: entry.shape for name, entry in self._entries.items()}

    def __contains__(self, name: str) -> bool:
        return name in self._entries

    def stored_dtype(self, name: str) -> torch.dtype:
        """bfloat16 for what is quantised. Raises CheckpointError when there is no such tensor."""
        entry = self._entry(name)
        return torch.bfloat16 if entry.dtype == _FP8 else _DTYPES[entry.dtype]

    def compute_in(self, dtype: torch.dtype) -> None:
        """What is quantised is given in this dtype from now on."""
        self._dtype = dtype

    def take(self, name: str, *shape: int) -> torch.Tensor:
        """The tensor as stored, a view of the mapped file, which the caller converts; FP8 dequantised.

        Raises CheckpointError when it is missing or its shape is not `shape`.
        """
        entry = self._entry(name)
        if entry.shape != shape:
            raise CheckpointError(
                f"{entry.file}: tensor {entry.stored_name} has the shape {list(entry.shape)}, "
                f"but config.json makes it {list(shape)}"
            )
        tensor = self._read(entry)
        if entry.dtype == _FP8:
            tensor = self._dequantised(tensor, name)
        self._left.discard(name)
        self._done += entry.bytes
        if self._progress is not None:
            self._progress(self._done, self._total)
        return tensor

    def finish(self) -> None:
        """Report completion. Raises CheckpointError when a layer's tensor was never asked for: config and file disagree."""
        strays = sorted(name for name in self._left if name.startswith("layers.") and not name.endswith(_ASIDE))
        if strays:
            entry = self._entries[strays[0]]
            others = f" (nor {len(strays) - 1} others)" if len(strays) > 1 else ""
            raise CheckpointError(
                f"{entry.file}: tensor {entry.stored_name} has no place in the model that config.json describes{others}"
            )
        if self._progress is not None:
            self._progress(self._total, self._total)

    def _entry(self, name: str) -> _Entry:
        entry = self._entries.get(name)
        if entry is None:
            raise CheckpointError(f"{self.folder}: the tensor {name} is missing from the checkpoint")
        return entry

    def _read(self, entry: _Entry) -> torch.Tensor:
        try:
            file = self._file(entry)
            if entry.part is not None:
                return cast(torch.Tensor, file.get_slice(entry.stored_name)[entry.part])
            return cast(torch.Tensor, file.get_tensor(entry.stored_name))
        except Exception as error:  # safetensors raises its own type for damage, OSError for I/O
            raise CheckpointError(f"{entry.file}: tensor {entry.stored_name} cannot be read: {error}") from error

    def _scale_of(self, name: str) -> _Entry | None:
        return self._entries.get(f"{name}_scale") or self._entries.get(f"{name}_scale_inv")

    def _dequantised(self, tensor: torch.Tensor, name: str) -> torch.Tensor:
        scale = self._scale_of(name)
        assert scale is not None  # looked for when the headers were read
        try:
            return dequantise(tensor, self._read(scale), self._dtype, block_size(self.folder))
        except ValueError as error:
            raise CheckpointError(f"{scale.file}: tensor {scale.stored_name} {error}") from error

    def _file(self, entry: _Entry) -> Any:
        """The mapping to read from. It is renewed now and then, so that pages whose tensors were converted are let go."""
        if self._open_file != entry.file or self._mapped > _REMAP_BYTES:
            self._handle = None
            self._handle = cast(Any, safe_open)(entry.file, framework="pt", device="cpu")
            self._open_file = entry.file
            self._mapped = 0
        self._mapped += entry.bytes
        return self._handle


def bare_name(stored: str) -> str:
    """A tensor's name without the prefixes that differ between checkpoints."""
    for prefix in _PREFIXES:
        if stored.startswith(prefix):
            stored = stored.removeprefix(prefix)
            break
    for name, ours in _LINEARS.items():
        stored = stored.replace(name, ours)
    return "embeddings." + stored.removeprefix("embedding.") if stored.startswith("embedding.") else stored


def _find_tensors(folder: Path) -> dict[str, _Entry]:
    index = folder / _INDEX
    wanted: dict[str, str] | None = None
    if index.exists():
        mapping = read_json(index).get("weight_map")
        if not isinstance(mapping, dict) or not mapping:
            raise CheckpointError(f"{index} has no weight_map")
        wanted = {str(name): str(file) for name, file in cast(dict[Any, Any], mapping).items()}
        files = sorted({folder / file for file in wanted.values()})
        for file in files:
            if file.parent != folder:
                raise CheckpointError(f"{index} names {file}, which lies outside the folder")
            if not file.exists():
                raise CheckpointError(f"{file} is missing, though {_INDEX} names it")
    elif (folder / _SINGLE).exists():
        files = [folder / _SINGLE]
    else:
        files = sorted(folder.glob("*.safetensors"))
    if not files:
        pickles = [file.name for pattern in _PICKLES for file in sorted(folder.glob(pattern))]
        if pickles:
            raise CheckpointError(
                f"{folder} has its weights as pickle ({pickles[0]}), which can run code when opened; "
                "only safetensors files are read"
            )
        raise CheckpointError(f"{folder} holds no safetensors file")
    entries: dict[str, _Entry] = {}
    for file in files:
        header = _read_header(file)
        for stored, entry in header.items():
            if wanted is not None and wanted.get(stored) != file.name:
                continue
            name = bare_name(stored)
            if name.startswith("mtp."):
                continue
            for own, part in _apart(name, entry).items():
                if own in entries:
                    raise CheckpointError(f"{file}: tensor {stored} is also in {entries[own].file.name}")
                entries[own] = part
        for stored, name in (wanted or {}).items():
            if name == file.name and stored not in header:
                raise CheckpointError(f"{file}: tensor {stored} is missing, though {_INDEX} says that it is there")
    return entries


def _apart(name: str, entry: _Entry) -> dict[str, _Entry]:
    """One tensor by its name, or several that are stacked in it by theirs."""
    stacked = _STACKED.fullmatch(name)
    if stacked is None or len(entry.shape) != 3 or not 0 < entry.shape[0] <= entry.bytes:
        return {name: entry}
    count, *shape = entry.shape
    one = replace(entry, shape=tuple(shape), bytes=entry.bytes // count)
    return {f"{stacked[1]}.{number}.{stacked[2]}_proj.weight": replace(one, part=number) for number in range(count)}


def _read_header(file: Path) -> dict[str, _Entry]:
    """Parse and check a safetensors header here: the library's own message names neither the file nor what to do."""
    try:
        size = file.stat().st_size
        with file.open("rb") as stream:
            start = stream.read(8)
            (length,) = struct.unpack("<Q", start) if len(start) == 8 else (0,)
            body = stream.read(length) if 2 <= length <= min(_MAX_HEADER_BYTES, size) else b""
    except OSError as error:
        raise CheckpointError(f"{file} cannot be read: {error}") from error
    try:
        header: object = json.loads(body) if len(body) == length else None
    except (ValueError, RecursionError):
        header = None
    if start.startswith(b"version "):
        raise CheckpointError(f"{file} is a Git LFS pointer, not the weights; fetch the file itself")
    if not isinstance(header, dict):
        raise CheckpointError(f"{file} is not a safetensors file, or it was cut off in its header ({size} bytes)")
    entries: dict[str, _Entry] = {}
    end = 0
    try:
        for name, value in cast(dict[str, Any], header).items():
            if name == "__metadata__":
                continue
            first, last = value["data_offsets"]
            shape = tuple(int(extent) for extent in value["shape"])
            entries[name] = _Entry(file, name, str(value["dtype"]), shape, int(last) - int(first))
            end = max(end, int(last))
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointError(f"{file} has a malformed safetensors header: {error}") from error
    expected = 8 + length + end
    if size < expected:
        raise CheckpointError(f"{file} is truncated: {size} bytes of {expected}")
    return entries
