"""A GGUF file that is damaged, cut off or hostile gives one sentence, and never more memory than the file is long."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.engine.checkpoint.config import CheckpointError
from nemoserve.engine.checkpoint.gguf_config import config_of, generation_config_of
from nemoserve.engine.checkpoint.gguf_header import read_gguf


def text(value: str | bytes) -> bytes:
    data = value if isinstance(value, bytes) else value.encode()
    return struct.pack("<Q", len(data)) + data


def key(name: str, kind: int, body: bytes) -> bytes:
    return text(name) + struct.pack("<I", kind) + body


def tensor(name: str, shape: tuple[int, ...], kind: int = 0, offset: int = 0) -> bytes:
    """The shape with its innermost extent first, as the format has it."""
    return text(name) + struct.pack(f"<I{len(shape)}QIQ", len(shape), *shape, kind, offset)


def file_of(
    keys: list[bytes] | None = None, tensors: list[bytes] | None = None, data: bytes = bytes(64), **head: Any
) -> bytes:
    keys, tensors = keys or [], tensors or []
    counts = struct.pack("<IQQ", head.get("version", 3), head.get("tensors", len(tensors)), head.get("keys", len(keys)))
    header = b"GGUF" + counts + b"".join(keys) + b"".join(tensors)
    return header + bytes(-len(header) % 32) + data


KEYS = [
    key("general.architecture", 8, text("llama")),
    key("llama.block_count", 4, struct.pack("<I", 1)),
    key("a.flag", 7, b"\1"),
    key("a.float", 6, struct.pack("<f", 0.5)),
    key("a.list", 9, struct.pack("<IQ3i", 5, 3, -1, 0, 7)),
    key("a.texts", 9, struct.pack("<IQ", 8, 2) + text("ä") + text("")),
]
WHOLE = file_of(KEYS, [tensor("w", (4, 2)), tensor("v", (8,), 1, 32)], bytes(32 + 16))


def read(content: bytes, folder: Path) -> Any:
    file = folder / "m.gguf"
    file.write_bytes(content)
    return read_gguf(file)


def refusal(content: bytes, folder: Path) -> str:
    with pytest.raises(CheckpointError) as caught:
        read(content, folder)
    message = str(caught.value)
    assert "m.gguf" in message and "\n" not in message
    return message


def test_every_kind_of_value_is_read(tmp_path: Path) -> None:
    found = read(WHOLE, tmp_path)
    assert found.architecture == "llama"
    assert dict(found.metadata) == {
        "general.architecture": "llama", "llama.block_count": 1, "a.flag": True, "a.float": 0.5, "a.list": [-1, 0, 7],
        "a.texts": ["ä", ""],
    }  # fmt: skip
    w, v = found.tensors["w"], found.tensors["v"]
    assert (w.shape, w.format, w.size, v.begin - w.begin, v.size) == ((2, 4), "F32", 32, 32, 16)
    assert len(WHOLE) == v.begin + v.size


def test_a_file_cut_off_anywhere_is_said_to_be_cut_off(tmp_path: Path) -> None:
    for end in range(len(WHOLE)):
        message = refusal(WHOLE[:end], tmp_path)
        assert ("truncated" in message) if end >= 4 else ("not a GGUF file" in message)


@given(data=st.data())
def test_damage_is_refused_or_harmless(data: st.DataObject, tmp_path_factory: pytest.TempPathFactory) -> None:
    content = bytearray(WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    folder = tmp_path_factory.getbasetemp()
    try:
        found = read(bytes(content), folder)
        config_of(found), generation_config_of(found)
    except CheckpointError as error:
        assert "m.gguf" in str(error)


HUGE = (1 << 64) - 1


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"GGUF" + struct.pack("<IQQ", 3, HUGE, 0), "its 18446744073709551615 tensors"),
        (b"GGUF" + struct.pack("<IQQ", 3, 0, 1 << 60), "keys"),
        (file_of([struct.pack("<Q", HUGE)]), "at a key"),
        (file_of([key("a", 9, struct.pack("<IQ", 4, HUGE))]), "at a ("),
        (file_of([key("a", 9, struct.pack("<IQ", 8, HUGE))]), "at a ("),
        (file_of([key("a", 9, struct.pack("<IQ", 9, 1))]), "a list of values of the kind 9"),
        (file_of([key("a", 99, b"")]), "the kind 99"),
        (file_of([key("a", 8, text(b"\xff"))]), "no UTF-8"),
        (file_of([key("a", 4, bytes(4))] * 2), "the key a is there twice"),
        (file_of([key("general.alignment", 4, bytes(4))]), "general.alignment is 0"),
        (file_of(tensors=[tensor("w", (HUGE, HUGE))]), "truncated"),
        (file_of(tensors=[tensor("w", (4, 0))]), "the tensor w is empty"),
        (file_of(tensors=[tensor("w", (4,), 0, HUGE - 31)]), "truncated"),
        (file_of(tensors=[tensor("w", (4,), 0, 4)]), "not a multiple of 32"),
        (file_of(tensors=[tensor("w", (4,))] * 2), "the tensor w is there twice"),
        (file_of(tensors=[tensor("w", (1,) * 9)]), "the tensor w has 9 extents"),
        (file_of(tensors=[tensor("w", (33,), 8)]), "rows of 33 elements, which Q8_0 cannot store"),
        (
            file_of(tensors=[tensor("w", (256,), 16)]),
            "the number format IQ2_XXS; the formats served are F32, F16, Q4_0",
        ),
        (file_of(tensors=[tensor("w", (256,), 77)]), "the number format 77"),
        (file_of(version=1), "version 1"),
        (b"GGUF" + struct.pack(">I", 3) + bytes(16), "big-endian"),
        (b"version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        (b"PK\3\4 a zip file", "not a GGUF file"),
        (b"", "not a GGUF file"),
    ],
)
def test_what_makes_no_sense_is_named(content: bytes, words: str, tmp_path: Path) -> None:
    assert words in refusal(content, tmp_path)


def test_other_alignments_are_kept(tmp_path: Path) -> None:
    keys = [key("general.alignment", 4, struct.pack("<I", 64))]
    header = b"GGUF" + struct.pack("<IQQ", 3, 1, 1) + keys[0] + tensor("w", (4,))
    content = header + bytes(-len(header) % 64) + np.arange(4, dtype=np.float32).tobytes()
    assert read(content, tmp_path).tensors["w"].begin % 64 == 0


def test_parts_are_read_as_one_and_a_missing_one_is_named(tmp_path: Path) -> None:
    for number, name in enumerate(("w", "v")):
        keys = [
            key("split.count", 2, struct.pack("<H", 2)),
            *([key("general.architecture", 8, text("llama"))] if number == 0 else []),
        ]
        (tmp_path / f"big-0000{number + 1}-of-00002.gguf").write_bytes(file_of(keys, [tensor(name, (4,))]))
    for number in (1, 2):
        found = read_gguf(tmp_path / f"big-0000{number}-of-00002.gguf")
        assert set(found.tensors) == {"w", "v"} and found.architecture == "llama"
        assert [file.name for file in found.files] == ["big-00001-of-00002.gguf", "big-00002-of-00002.gguf"]
    (tmp_path / "alone.gguf").write_bytes((tmp_path / "big-00001-of-00002.gguf").read_bytes())
    with pytest.raises(CheckpointError, match=r"alone\.gguf is one of 2 parts"):
        read_gguf(tmp_path / "alone.gguf")
    (tmp_path / "big-00002-of-00002.gguf").unlink()
    with pytest.raises(CheckpointError, match=r"big-00002-of-00002\.gguf is missing"):
        read_gguf(tmp_path / "big-00001-of-00002.gguf")
