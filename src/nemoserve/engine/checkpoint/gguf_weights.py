"""The tensors of a GGUF file under the names that the models ask for, dequantised piece by piece. Knows number formats; no model.

What is not quantised is a view of the mapped file. The rest is turned into the compute dtype a few rows at a time by `gguf`, so
that beside a tensor itself only a piece of it is ever in memory as float32.
"""

from __future__ import annotations

import math
import re
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import numpy as np
import torch

from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.checkpoint.gguf_config import ahead_of, head_dim_of, layers_of
from nemoserve.engine.checkpoint.gguf_header import BLOCKS, Gguf, Stored, read_gguf
from nemoserve.engine.checkpoint.gguf_names import Place, place_of
from nemoserve.engine.checkpoint.weights import Progress

_PLAIN = {"F32": torch.float32, "F16": torch.float16, "BF16": torch.bfloat16}
_PIECE = 1 << 21
"""Elements that are dequantised at a time: 8 MiB as float32."""
_REMAP_BYTES = 1 << 30
_from_numpy = cast("Callable[[Any], torch.Tensor]", cast(Any, torch).from_numpy)
_BLOCK = re.compile(r"blk\.(\d+)\.")


class GgufWeights:
    """All tensors of a file. Each is taken once; what was taken is counted for the progress report."""

    def __init__(self, path: Path, progress: Progress | None = None) -> None:
        """Reads the header only. Raises CheckpointError."""
        self._gguf: Gguf = read_gguf(path)
        self._head_dim = head_dim_of(self._gguf)
        own, ahead = layers_of(self._gguf), ahead_of(self._gguf)
        self._left = {
            name for name in self._gguf.tensors if (at := _BLOCK.match(name)) and not own <= int(at[1]) < own + ahead
        }
        self._parts: dict[str, int] = {}
        """Experts taken of each tensor that stacks them."""
        self._dtype = torch.float32
        self._progress, self._done = progress, 0
        self._total = sum(tensor.size for tensor in self._gguf.tensors.values())
        self._mapped: tuple[Path, Any] | None = None
        self._since = 0

    def __enter__(self) -> GgufWeights:
        return self

    def __exit__(self, *_: object) -> None:
        self._mapped = None

    @property
    def total_bytes(self) -> int:
        """Size of all tensors as stored."""
        return self._total

    def __contains__(self, name: str) -> bool:
        place = place_of(self._gguf.architecture, name)
        return place is not None and place.name in self._gguf.tensors

    def stored_dtype(self, name: str) -> torch.dtype:
        """bfloat16 for what is quantised. Raises CheckpointError when there is no such tensor."""
        return _PLAIN.get(self._find(name)[1].format, torch.bfloat16)

    def compute_in(self, dtype: torch.dtype) -> None:
        """What is quantised is given in this dtype from now on."""
        self._dtype = dtype

    def take(self, name: str, *shape: int) -> torch.Tensor:
        """The tensor as the model knows it: names, order and form of the Hugging Face checkpoint.

        Raises CheckpointError when it is missing or its shape is not `shape`.
        """
        place, stored = self._find(name)
        wanted = _stored_shape(place, stored, shape)
        if stored.shape != wanted:
            raise CheckpointError(
                f"{stored.file}: the tensor {stored.name} has the shape {list(stored.shape)}, "
                f"but the metadata makes it {list(wanted)}"
            )
        if place.change == "pairs" and (shape[0] % self._head_dim or self._head_dim % 2):
            raise CheckpointError(
                f"{stored.file}: the tensor {stored.name} has {shape[0]} rows, not heads of {self._head_dim}"
            )
        tensor = _changed(self._read(stored, place), place, shape)
        self._count(stored, place)
        return tensor

    def finish(self) -> None:
        """Report completion. Raises CheckpointError when a layer's tensor was never asked for: metadata and file disagree."""
        if self._left:
            first, others = min(self._left), len(self._left) - 1
            rest = f" (nor {others} others)" if others else ""
            raise self._gguf.error(
                f"the tensor {first} has no place in the {self._gguf.architecture} model that its metadata describes{rest}"
            )
        if self._progress is not None:
            self._progress(self._total, self._total)

    def _find(self, name: str) -> tuple[Place, Stored]:
        place = place_of(self._gguf.architecture, name)
        stored = None if place is None else self._gguf.tensors.get(place.name)
        if place is None or stored is None:
            raise self._gguf.error(f"the tensor {name if place is None else place.name} is missing")
        return place, stored

    def _count(self, stored: Stored, place: Place) -> None:
        size = stored.size
        if place.expert is None:
            self._left.discard(stored.name)
        else:
            size //= stored.shape[0]
            self._parts[stored.name] = self._parts.get(stored.name, 0) + 1
            if self._parts[stored.name] == stored.shape[0]:
                self._left.discard(stored.name)
        self._done += size
        if self._progress is not None:
            self._progress(self._done, self._total)

    def _read(self, stored: Stored, place: Place) -> torch.Tensor:
        """[rows, columns], or one extent: one expert's of a stack, dequantised, rows in the order of the model."""
        shape = stored.shape if place.expert is None else stored.shape[1:]
        elements, size = BLOCKS[stored.format]
        rows, columns = math.prod(shape[:-1]), shape[-1]
        if len(shape) == 1 and elements == 1:
            rows, columns = columns, 1
        row_bytes = columns // elements * size
        begin = stored.begin + (place.expert or 0) * rows * row_bytes
        raw = self._bytes(stored, begin, rows * row_bytes).reshape(rows, row_bytes)
        order = _pair_order(rows, self._head_dim) if place.change == "pairs" else None
        plain = _PLAIN.get(stored.format)
        if plain is not None:
            tensor = _viewed(raw).view(plain)
            return (tensor if order is None else tensor[order]).reshape(shape)
        return self._dequantised(raw, stored.format, columns, order).reshape(shape)

    def _dequantised(self, raw: Any, kind: str, columns: int, order: torch.Tensor | None) -> torch.Tensor:
        from gguf import GGMLQuantizationType
        from gguf.quants import dequantize

        found = torch.empty((len(raw), columns), dtype=self._dtype)
        step = max(1, _PIECE // columns)
        # Inverse: where each row of the file belongs.
        home = None if order is None else torch.argsort(order)
        for begin in range(0, len(raw), step):
            piece = _from_numpy(dequantize(raw[begin : begin + step], GGMLQuantizationType[kind]))
            if home is None:
                found[begin : begin + step] = piece
            else:
                found[home[begin : begin + step]] = piece.to(self._dtype)
        return found

    def _bytes(self, stored: Stored, begin: int, size: int) -> Any:
        """So many bytes of the mapped file. The mapping is renewed now and then, so that pages that were read are let go."""
        if self._mapped is None or self._mapped[0] != stored.file or self._since > _REMAP_BYTES:
            self._mapped, self._since = None, 0
            try:
                self._mapped = stored.file, np.memmap(stored.file, dtype=np.uint8, mode="r")
            except OSError as error:
                raise CheckpointError(f"{stored.file} cannot be read: {error}") from error
        self._since += size
        return np.asarray(self._mapped[1][begin : begin + size])


def _viewed(raw: Any) -> torch.Tensor:
    """The mapped bytes as a tensor. torch warns that they cannot be written; nothing writes to them."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)
        return _from_numpy(raw)


def _stored_shape(place: Place, stored: Stored, shape: tuple[int, ...]) -> tuple[int, ...]:
    """The shape in the file of a tensor whose shape in the model is `shape`."""
    if place.expert is not None:
        return (max(stored.shape[0], place.expert + 1), *shape)
    if place.change == "conv":
        return (shape[0], shape[2]) if len(stored.shape) == 2 else shape
    if place.change in ("flatten", "decay") and math.prod(stored.shape) == math.prod(shape):
        return stored.shape
    return shape


def _changed(tensor: torch.Tensor, place: Place, shape: tuple[int, ...]) -> torch.Tensor:
    if place.change == "decay":
        decay = tensor.float().neg()
        if not bool((decay > 0).all()):
            raise CheckpointError(f"the tensor {place.name} holds a decay that is not negative")
        tensor = decay.log()
    return tensor.reshape(shape)


def _pair_order(rows: int, head_dim: int) -> torch.Tensor:
    """Rows of the file in the order of the model: a head's even rows, then its odd ones. int64 [rows]."""
    return torch.arange(rows).view(-1, head_dim // 2, 2).transpose(1, 2).reshape(-1)
