"""Fears: a token stands for other bytes than the gateway shows, or a marker's tokens are missed."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer

from nemoserve.engine.token_bytes import TokenBytes, read_token_bytes
from tests.checkpoints import END_THINK, FIRST_BYTE, THINK, VOCAB_SIZE, byte_tokenizer
from tests.conftest import MINI


def written(folder: Path, content: dict[str, Any]) -> Path:
    file = folder / "tokenizer.json"
    file.write_text(json.dumps(content))
    return file


def sentencepiece(**model: Any) -> dict[str, Any]:
    decoders = [
        {"type": "Replace", "pattern": {"String": "▁"}, "content": " "},
        {"type": "ByteFallback"},
        {"type": "Fuse"},
    ]
    vocab = {"<unk>": 0, "<s>": 1, "<0x0A>": 2, "▁Hello": 3, "é": 4, "<0xE2>": 5, "<x>": 6, "▁▁": 7}
    return {
        "added_tokens": [
            {"id": 1, "content": "<s>", "special": True},
            {"id": 8, "content": "</think>", "special": True},
        ],
        "decoder": {"type": "Sequence", "decoders": decoders},
        "model": {"type": "BPE", "byte_fallback": True, "vocab": vocab, "merges": []} | model,
    }


def test_the_embedded_vocabulary_spells_as_its_tokenizer_decodes() -> None:
    tokenizer = Tokenizer.from_file(str(MINI / "tokenizer.json"))
    size = tokenizer.get_vocab_size() + 8  # a model's embedding may have more rows than there are tokens
    spelling = read_token_bytes(MINI / "tokenizer.json", size)
    text = 'Largest first:\n\n  <think>ünïcödé 漢字 🚀</think>\t{"a": [1, 2.5]}'
    assert spelling.join(tokenizer.encode(text, add_special_tokens=False).ids) == text.encode()
    assert len(spelling) == size
    assert {spelling[i] for i in spelling.newlines} == {b"\n"}


def test_special_tokens_are_silent_unless_they_are_markup(tmp_path: Path) -> None:
    file = tmp_path / "tokenizer.json"
    byte_tokenizer().save(str(file))
    spelling = read_token_bytes(file, VOCAB_SIZE)
    assert [spelling[i] for i in (0, 2, 12, THINK, END_THINK)] == [b"", b"", b"", b"<think>", b"</think>"]
    assert [spelling[FIRST_BYTE + byte] for byte in range(256)] == [bytes([byte]) for byte in range(256)]


def test_byte_fallback_is_read(tmp_path: Path) -> None:
    spelling = read_token_bytes(written(tmp_path, sentencepiece()), 12)
    assert [spelling[i] for i in range(12)] == [
        b"<unk>", b"", b"\n", b" Hello", "é".encode(), b"\xe2", b"<x>", b"  ", b"</think>", b"", b"", b"",
    ]  # fmt: skip
    assert spelling[10_000] == b""


def test_a_vocabulary_by_probability_is_read(tmp_path: Path) -> None:
    vocab = [["<unk>", 0.0], ["<s>", 0.0], ["▁a", -1.5], ["<0x0A>", -2.0]]
    spelling = read_token_bytes(written(tmp_path, sentencepiece(type="Unigram", vocab=vocab)))
    assert [spelling[i] for i in range(4)] == [b"<unk>", b"", b" a", b"\n"]


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"no tokenizer\.json"):
        read_token_bytes(tmp_path / "tokenizer.json")
    (tmp_path / "tokenizer.json").write_text("{")
    with pytest.raises(ValueError, match=r"tokenizer\.json cannot be read"):
        read_token_bytes(tmp_path / "tokenizer.json")
    with pytest.raises(ValueError, match="WordPiece"):
        read_token_bytes(written(tmp_path, sentencepiece() | {"decoder": {"type": "WordPiece"}}))


def test_a_markers_last_token_is_found_however_it_is_cut() -> None:
    spelling = TokenBytes([b"</think>", b"think>", b">\n", b">", b"x</think>y", b"</", b"hink>"])
    assert spelling.closing(b"</think>", b"") == [(0, b""), (4, b"y")]
    assert spelling.closing(b"</think>", b"</") == [(0, b""), (1, b""), (4, b"y")]
    assert spelling.closing(b"</think>", b"</think") == [(0, b""), (2, b"\n"), (3, b""), (4, b"y")]


def test_a_markers_first_tokens_carry_whitespace_at_most() -> None:
    spelling = TokenBytes([b"<think>", b"<", b"<think>\n", b"<think>a", b"think", b"", b">", b"\n"])
    assert spelling.opening(b"<think>") == [0, 2], "a marker that is a token was spelt in pieces"
    assert spelling.opening(b"think>") == [4]
    assert TokenBytes([b"<", b"<th", b"think>", b"", b"a"]).opening(b"<think>") == [0, 1]
