"""The header of a GGUF file: its metadata and where its tensors lie. Knows the format; no architecture, no tensors' values.

The format (ggml's docs/gguf.md, versions 2 and 3): magic, version, two counts, then keys with typed values, then for each tensor
its name, extents with the innermost first, number format and offset; the tensors' data begins at the next aligned byte. Every
length is held against the size of the file before it is used.
"""

from __future__ import annotations

import mmap
import re
import struct
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import cast

from nemoserve.engine.checkpoint.config import CheckpointError

Value = bool | int | float | str | list["Value"]

FORMATS: dict[int, tuple[str, int, int]] = {
    0: ("F32", 1, 4),
    1: ("F16", 1, 2),
    2: ("Q4_0", 32, 18),
    3: ("Q4_1", 32, 20),
    6: ("Q5_0", 32, 22),
    7: ("Q5_1", 32, 24),
    8: ("Q8_0", 32, 34),
    12: ("Q4_K", 256, 144),
    13: ("Q5_K", 256, 176),
    14: ("Q6_K", 256, 210),
    30: ("BF16", 1, 2),
}
"""The number formats that are read, by their number in a file: name, elements in a block, bytes of a block.

Q5_0 and Q5_1 stand in files of Q4_K and Q5_K for rows that are no multiple of 256, as in most models of the family.
"""
BLOCKS = {name: (elements, size) for name, elements, size in FORMATS.values()}
"""The same by name."""

_OTHERS = {
    9: "Q8_1", 10: "Q2_K", 11: "Q3_K", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS",
    19: "IQ1_S", 20: "IQ4_NL", 21: "IQ3_S", 22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0",
    39: "MXFP4", 40: "NVFP4",
}  # fmt: skip
_SCALARS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
_STRING, _ARRAY = 8, 9
_MOST_EXTENTS = 4
_PART = re.compile(r"-(\d{5})-of-(\d{5})\.gguf$")


@dataclass(frozen=True, slots=True)
class Stored:
    """One tensor of a file: its shape with the outermost extent first, its number format, and its bytes in the file."""

    file: Path
    name: str
    shape: tuple[int, ...]
    format: str
    begin: int
    size: int


@dataclass(frozen=True, slots=True)
class Gguf:
    """A file, or all parts of one that was cut into several; the metadata is the first part's."""

    path: Path
    metadata: Mapping[str, Value]
    tensors: Mapping[str, Stored]

    @property
    def architecture(self) -> str:
        return str(self.metadata.get("general.architecture", ""))

    @property
    def files(self) -> tuple[Path, ...]:
        """All parts, in order."""
        return tuple(sorted({self.path, *(tensor.file for tensor in self.tensors.values())}))

    def error(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self.path}: {what}")


def read_gguf(path: Path) -> Gguf:
    """Reads the header; of a file that was cut into parts, any part stands for all of them.

    Raises CheckpointError with one sentence for a file that is no GGUF, is cut off, makes no sense, or lacks a part.
    """
    files = _parts(path)
    headers = [_read(file) for file in files]
    tensors: dict[str, Stored] = {}
    for file, (_, own) in zip(files, headers, strict=True):
        for name, tensor in own.items():
            if name in tensors:
                raise CheckpointError(f"{file}: the tensor {name} is also in {tensors[name].file.name}")
            tensors[name] = tensor
    metadata = headers[0][0]
    count = metadata.get("split.count", len(files))
    if count != len(files) and not (count == 0 and len(files) == 1):
        raise CheckpointError(
            f"{path} is one of {count} parts, but is not called NAME-00001-of-{count:0>5}.gguf with the others beside it"
        )
    return Gguf(files[0], metadata, tensors)


def read_metadata(path: Path) -> Mapping[str, Value]:
    """The metadata alone, whatever the tensors are stored as; of a file that was cut into parts, the first part's. Raises as read_gguf does."""
    return _read(_parts(path)[0], tensors=False)[0]


def _parts(path: Path) -> list[Path]:
    named = _PART.search(path.name)
    if named is None:
        return [path]
    stem, count = path.name[: named.start()], int(named[2])
    files = [path.with_name(f"{stem}-{number:05d}-of-{count:05d}.gguf") for number in range(1, count + 1)]
    missing = [file for file in files if not file.exists()]
    if missing:
        raise CheckpointError(f"{missing[0]} is missing; {path.name} is one of {count} parts")
    return files or [path]


def _read(file: Path, *, tensors: bool = True) -> tuple[dict[str, Value], dict[str, Stored]]:
    try:
        with file.open("rb") as stream:
            if stream.read(4) != b"GGUF":
                lfs = "; it is a Git LFS pointer, fetch the file itself" if _is_pointer(file) else ""
                raise CheckpointError(f"{file} is not a GGUF file{lfs}")
            with mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
                reader = _Reader(file, data)
                return reader.header() if tensors else (reader.metadata(), {})
    except (OSError, ValueError) as error:
        if isinstance(error, CheckpointError):
            raise
        raise CheckpointError(f"{file} cannot be read: {error}") from error


def _is_pointer(file: Path) -> bool:
    with file.open("rb") as stream:
        return stream.read(8) == b"version "


class _Reader:
    """Walks a header from its start. `data` is the whole file."""

    def __init__(self, file: Path, data: mmap.mmap) -> None:
        self._file, self._data, self._size = file, data, len(data)
        self._at, self._tensors = 4, 0

    def metadata(self) -> dict[str, Value]:
        version = self._number("I")
        if version not in (2, 3):
            swapped = int.from_bytes(version.to_bytes(4, "little"), "big") in (2, 3)
            kind = "big-endian, which is not read" if swapped else f"of version {version}; versions 2 and 3 are read"
            raise CheckpointError(f"{self._file} is a GGUF file {kind}")
        self._tensors, keys = self._count("tensors", 25), self._count("keys", 13)
        metadata: dict[str, Value] = {}
        for _ in range(keys):
            key = self._text("a key")
            if key in metadata:
                raise self._error(f"the key {key} is there twice")
            metadata[key] = self._value(key, self._number("I"))
        return metadata

    def header(self) -> tuple[dict[str, Value], dict[str, Stored]]:
        metadata = self.metadata()
        entries = [self._tensor() for _ in range(self._tensors)]
        align = metadata.get("general.alignment", 32)
        if isinstance(align, bool) or not isinstance(align, int) or align < 8 or align & (align - 1):
            raise self._error(f"general.alignment is {align!r}, not a power of two from 8 on")
        start = -(-self._at // align) * align
        placed: dict[str, Stored] = {}
        for name, shape, kind, offset, size in entries:
            if name in placed:
                raise self._error(f"the tensor {name} is there twice")
            if offset % align:
                raise self._error(f"the tensor {name} is at {offset}, which is not a multiple of {align}")
            if start + offset + size > self._size:
                raise CheckpointError(
                    f"{self._file} is truncated: {self._size} bytes, but the tensor {name} ends at {start + offset + size}"
                )
            placed[name] = Stored(self._file, name, shape, kind, start + offset, size)
        return metadata, placed

    def _tensor(self) -> tuple[str, tuple[int, ...], str, int, int]:
        """Name, shape, format, offset within the data, bytes."""
        name = self._text("a tensor's name")
        extents = self._number("I")
        if not 1 <= extents <= _MOST_EXTENTS:
            raise self._error(f"the tensor {name} has {extents} extents; 1 to {_MOST_EXTENTS} make sense")
        shape = tuple(self._number("Q") for _ in range(extents))[::-1]
        kind, offset = self._number("I"), self._number("Q")
        if kind not in FORMATS:
            known = ", ".join(served for served, _, _ in FORMATS.values())
            raise self._error(
                f"the tensor {name} has the number format {_OTHERS.get(kind, kind)}; the formats served are {known}"
            )
        title, elements, size = FORMATS[kind]
        if shape[-1] % elements:
            raise self._error(
                f"the tensor {name} has rows of {shape[-1]} elements, which {title} cannot store ({elements} to a block)"
            )
        total = size * shape[-1] // elements
        for extent in shape[:-1]:
            total *= extent
        if total == 0:
            raise self._error(f"the tensor {name} is empty")
        return name, shape, title, offset, total

    def _value(self, key: str, kind: int) -> Value:
        if kind == _STRING:
            return self._text(key)
        if kind == _ARRAY:
            return self._list(key)
        if kind not in _SCALARS:
            raise self._error(f"the key {key} has a value of the kind {kind}, which is not known")
        return self._scalars(_SCALARS[kind], 1, key)[0]

    def _list(self, key: str) -> list[Value]:
        kind, count = self._number("I"), self._number("Q")
        if kind == _STRING:
            self._need(8 * count, key)
            return [self._text(key) for _ in range(count)]
        if kind not in _SCALARS:
            raise self._error(f"the key {key} has a list of values of the kind {kind}, which is not read")
        return list(self._scalars(_SCALARS[kind], count, key))

    def _scalars(self, code: str, count: int, what: str) -> Sequence[bool | int | float]:
        size = struct.calcsize(f"<{code}") * count
        self._need(size, what)
        values = struct.unpack_from(f"<{count}{code}", self._data, self._at)
        self._at += size
        return values

    def _number(self, code: str) -> int:
        return cast(int, self._scalars(code, 1, "a number")[0])

    def _count(self, what: str, least: int) -> int:
        """So many things of at least so many bytes each."""
        count = self._number("Q")
        self._need(count * least, f"its {count} {what}")
        return count

    def _text(self, what: str) -> str:
        length = self._number("Q")
        self._need(length, what)
        begin, self._at = self._at, self._at + length
        try:
            return self._data[begin : self._at].decode()
        except UnicodeDecodeError as error:
            raise self._error(f"{what} is no UTF-8 text") from error

    def _need(self, size: int, what: str) -> None:
        if size > self._size - self._at:
            raise CheckpointError(
                f"{self._file} is truncated: it ends within its header, at {what} ({self._size} bytes)"
            )

    def _error(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self._file}: {what}")
