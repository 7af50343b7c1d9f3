"""The checkpoints that are on this machine, what they take and whether they fit. Reads headers and small files; loads nothing.

Looked through are the hub's cache, the GGUF files that were served from this data folder, and the package itself.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from nemoserve.backends.local.checkpoint import CheckpointError as TextError
from nemoserve.backends.local.gguf import gguf_name, source_of
from nemoserve.backends.local.gguf_tokenizer import way_to_cut
from nemoserve.backends.local.hub import shown
from nemoserve.backends.local.resolve import embedded_folder
from nemoserve.config.settings import EMBEDDED_MODEL
from nemoserve.engine.checkpoint.config import CheckpointError, Keys, read_json
from nemoserve.engine.checkpoint.gguf_config import config_of
from nemoserve.engine.checkpoint.gguf_header import BLOCKS, read_gguf

FAMILIES = frozenset({"nemotron_h", "llama", "nemotron-nas"})
"""The families that the engine has, by model_type; the engine itself cannot be asked without loading PyTorch."""
SMALL_BYTES = 1 << 28
"""Weights that are stored in less are computed in float32."""
OVERHEAD_BYTES = 1 << 29
"""The process, its libraries and a first cache."""

_PART = re.compile(r"-\d{5}-of-\d{5}\.gguf$")
_DTYPE_BYTES = {"F32": 4}
_DTYPE_NAMES = {
    "F64": "float64",
    "F32": "float32",
    "F16": "float16",
    "BF16": "bfloat16",
    "F8_E4M3": "FP8",
    "I8": "int8",
    "U8": "int4",
}
_WHOLE = ("I8", "U8")
"""What stays in memory as it is stored; U8 has two weights of 4 bits each."""
_MOST_HEADER_BYTES = 100 << 20


@dataclass(frozen=True, slots=True)
class Weighed:
    """What weights take: as they are stored, and in the memory of an engine on a CPU."""

    format: str
    """The number format of most of them."""
    stored_bytes: int
    needed_bytes: int


@dataclass(frozen=True, slots=True)
class Held:
    """A checkpoint on this machine."""

    model: str
    where: str
    """What `nemoserve serve --model` takes."""
    weights: Weighed | None
    """None: they cannot be read, and `problem` says why."""
    problem: str
    """Why the engine cannot serve it on this machine; empty: it can."""


def held(data_dir: Path, hub_cache: Path, memory: int | None) -> list[Held]:
    """All that is here; `memory` is the machine's, in bytes, None where it is not known."""
    found = [_folder(EMBEDDED_MODEL, EMBEDDED_MODEL, embedded_folder(), memory)]
    for name, commit, folder in _snapshots(hub_cache):
        files = [file for file in sorted(folder.rglob("*.gguf")) if _first(file)]
        found += [_gguf(gguf_name(file), file, memory) for file in files]
        if (folder / "config.json").exists() and not files:
            found.append(_folder(name, f"{name}@{commit}", folder, memory))
    sources = sorted({source for folder in (data_dir / "gguf").glob("*") if (source := source_of(folder)) is not None})
    known = {Path(one.where).resolve() for one in found if one.where.endswith(".gguf")}
    return found + [
        _gguf(gguf_name(file), file, memory) for file in sources if file.exists() and file.resolve() not in known
    ]


def cached(hub_cache: Path, model: str, revision: str | None) -> list[Held]:
    """What the hub's cache has of a revision of a model, whether or not it fits here; None: the main one as it last was."""
    repository = hub_cache / f"models--{model.replace('/', '--')}"
    ref = repository / "refs" / (revision or "main")
    commit = ref.read_text().strip() if ref.is_file() else revision or "main"
    return [
        one
        for one in held(hub_cache, hub_cache, None)
        if f"{repository.name}/snapshots/{commit}/" in one.where or one.where == f"{model}@{commit}"
    ]


def machine_memory() -> int | None:
    """Bytes of main memory that this process may use at most; None where the system does not say."""
    sizes: list[int] = []
    try:
        total = re.search(r"^MemTotal:\s+(\d+) kB", Path("/proc/meminfo").read_text(), re.MULTILINE)
        sizes += [int(total[1]) << 10] if total else []
        sizes.append(int(Path("/sys/fs/cgroup/memory.max").read_text()))
    except (OSError, ValueError):
        pass
    return min(sizes, default=None)


def why_not(needed: int, memory: int | None) -> str:
    """Empty when so many bytes fit, or nobody knows."""
    return (
        ""
        if memory is None or needed <= memory
        else f"needs {shown(needed)} of memory, and this machine has {shown(memory)}"
    )


def needed(elements: float, bytes_each: float) -> int:
    """Memory of an engine whose weights have so many elements."""
    return int(elements * bytes_each) + OVERHEAD_BYTES


def _snapshots(cache: Path) -> Iterator[tuple[str, str, Path]]:
    """Model, commit and folder of each revision in the hub's cache."""
    for repository in sorted(cache.glob("models--*--*")):
        name = repository.name.removeprefix("models--").replace("--", "/", 1)
        for folder in sorted((repository / "snapshots").glob("*")):
            yield name, folder.name, folder


def _first(file: Path) -> bool:
    return _PART.search(file.name) is None or "-00001-of-" in file.name


def _gguf(name: str, file: Path, memory: int | None) -> Held:
    try:
        gguf = read_gguf(file)
        if not gguf.tensors:
            raise CheckpointError(f"{file.name} holds a vocabulary and no weights")
        sizes: dict[str, int] = {}
        for tensor in gguf.tensors.values():
            sizes[tensor.format] = sizes.get(tensor.format, 0) + tensor.size
        total = sum(sizes.values())
        elements = sum(size // BLOCKS[kind][1] * BLOCKS[kind][0] for kind, size in sizes.items())
        most = max(sizes, key=lambda kind: sizes[kind])
        each = 4 if total < SMALL_BYTES else _DTYPE_BYTES.get(most, 2)
        weights = Weighed(most, total, needed(elements, each))
        config_of(gguf)
        way_to_cut(gguf)
    except (CheckpointError, TextError, OSError) as error:
        return Held(name, str(file), None, str(error))
    return Held(name, str(file), weights, why_not(weights.needed_bytes, memory))


def _folder(name: str, where: str, folder: Path, memory: int | None) -> Held:
    try:
        keys = Keys.read(folder)
        if str(keys.raw.get("model_type")) not in FAMILIES:
            return Held(
                name, where, None, f"model_type is {keys.raw.get('model_type')!r}, which our engine does not have"
            )
        keys.refuse_quantized()
        weights = _weighed(where, folder)
        if not (folder / "tokenizer.json").exists():
            return Held(name, where, weights, "tokenizer.json is missing")
    except (CheckpointError, OSError) as error:
        return Held(name, where, None, str(error))
    return Held(name, where, weights, why_not(weights.needed_bytes, memory))


def _weighed(where: str, folder: Path) -> Weighed:
    index = folder / "model.safetensors.index.json"
    names: Any = read_json(index).get("weight_map") if index.exists() else None
    files = (
        sorted({folder / str(name) for name in cast("dict[str, Any]", names).values()})
        if isinstance(names, dict)
        else []
    )
    files = files or sorted(folder.glob("*.safetensors"))
    missing = next((file for file in files if not file.exists()), None)
    if not files or missing is not None:
        raise CheckpointError(f"{folder if missing is None else missing} is not whole; run nemoserve pull {where}")
    sizes: dict[str, int] = {}
    elements = 0
    for file in files:
        for dtype, shape, size in _stored(where, file):
            sizes[dtype] = sizes.get(dtype, 0) + size
            elements += 0 if dtype in _WHOLE else math.prod(shape)
    total = sum(sizes.values())
    most = max(sizes, key=lambda kind: sizes[kind], default="BF16")
    each = 4 if total < SMALL_BYTES or most == "F64" else _DTYPE_BYTES.get(most, 2)
    whole = sum(sizes.get(dtype, 0) for dtype in _WHOLE)
    return Weighed(_DTYPE_NAMES.get(most, most), total, whole + needed(elements, each))


def _stored(where: str, file: Path) -> list[tuple[str, list[int], int]]:
    """Dtype, shape and bytes of each tensor. Raises CheckpointError."""
    found: list[tuple[str, list[int], int]] = []
    whole = 0
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header: dict[str, Any] = json.loads(stream.read(min(length, _MOST_HEADER_BYTES)))
        for name, value in header.items():
            if name != "__metadata__":
                begin, end = (int(offset) for offset in value["data_offsets"])
                found.append((str(value["dtype"]), [int(extent) for extent in value["shape"]], end - begin))
                whole = max(whole, 8 + length + end)
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(f"{file} has a header that cannot be read") from error
    if file.stat().st_size < whole:
        raise CheckpointError(f"{file.name} is cut off, run nemoserve pull {where}")
    return found
