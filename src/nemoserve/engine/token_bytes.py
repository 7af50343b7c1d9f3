"""Which bytes each token id stands for, read from a checkpoint's tokenizer.json. Knows the file's form; tokenises nothing.

Two kinds of vocabulary are read: byte-level ones, whose names write every byte as one printable character (GPT-2's alphabet),
and SentencePiece's, whose names are text with U+2581 for a space and `<0xNN>` for bytes that are no character.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any

import msgspec

MARKUP = {
    "<think>", "</think>", "<TOOLCALL>", "</TOOLCALL>", "<tool_call>", "</tool_call>",
    "<TOOL_RESPONSE>", "</TOOL_RESPONSE>", "<AVAILABLE_TOOLS>", "</AVAILABLE_TOOLS>",
}  # fmt: skip
"""Part of the text, although some checkpoints call it special."""

_MOST_SEARCHES = 256
_BYTE_NAME = re.compile(r"<0x([0-9A-Fa-f]{2})>")


class TokenBytes:
    """The bytes of every token, and the tokens that a marker can begin or end with."""

    def __init__(self, table: Sequence[bytes]) -> None:
        """`table[id]` are the bytes of token `id`; none for tokens that are no part of the text."""
        self._table = table
        self._closing: dict[tuple[bytes, bytes], list[tuple[int, bytes]]] = {}
        self._opening: dict[bytes, list[int]] = {}
        self._ending_in: dict[bytes, list[int]] = {}
        self.newlines = {i for i, text in enumerate(table) if text and not text.strip(b"\n")}
        """Tokens that are nothing but newlines."""

    def __len__(self) -> int:
        return len(self._table)

    def __getitem__(self, token: int) -> bytes:
        """Nothing for an id outside the table: a model's head may be wider than its vocabulary."""
        return self._table[token] if token < len(self._table) else b""

    def join(self, tokens: Sequence[int]) -> bytes:
        return b"".join([self[token] for token in tokens])

    def closing(self, marker: bytes, begun: bytes) -> list[tuple[int, bytes]]:
        """Tokens that complete `marker` after a text whose end, `begun`, is the marker's beginning or empty.

        Each comes with the bytes that it carries beyond the marker.
        """
        found = self._closing.get((marker, begun))
        if found is None:
            found = [
                (i, rest) for i in self._with(marker[-1:]) if (rest := _after(marker, begun + self[i])) is not None
            ]
            _remember(self._closing, (marker, begun), found)
        return found

    def opening(self, rest: bytes) -> list[int]:
        """Tokens that complete a marker of which `rest` is missing, with whitespace at most beyond it.

        Where there is none, those that bring the text closer to it: a marker that is a token is not spelt letter by letter.
        """
        found = self._opening.get(rest)
        if found is None:
            whole = [i for i, text in enumerate(self._table) if text.startswith(rest) and not text[len(rest) :].strip()]
            found = whole or [i for i, text in enumerate(self._table) if text and rest.startswith(text)]
            _remember(self._opening, rest, found)
        return found

    def _with(self, byte: bytes) -> list[int]:
        """Tokens that contain a byte; few do, so that the search for a marker need not look at all of them each time."""
        found = self._ending_in.get(byte)
        if found is None:
            found = self._ending_in[byte] = [i for i, text in enumerate(self._table) if byte in text]
        return found


def _after(marker: bytes, text: bytes) -> bytes | None:
    _, found, rest = text.partition(marker)
    return rest if found else None


def _remember(cache: dict[Any, Any], key: object, value: object) -> None:
    if len(cache) >= _MOST_SEARCHES:
        cache.clear()
    cache[key] = value


class _Added(msgspec.Struct):
    id: int
    content: str
    special: bool = False


class _Model(msgspec.Struct):
    vocab: dict[str, int] | list[tuple[str, float]]
    """Names to ids, or, where tokens are chosen by probability, names in order of id."""


class _Decoder(msgspec.Struct):
    type: str = ""
    decoders: list[_Decoder] = []


class _File(msgspec.Struct):
    model: _Model
    added_tokens: list[_Added] = []
    decoder: _Decoder | None = None


def read_token_bytes(file: Path, vocab_size: int = 0) -> TokenBytes:
    """Reads a `tokenizer.json`; the table has at least `vocab_size` entries.

    Raises ValueError with one sentence when there is no such file or its tokens cannot be spelt.
    """
    try:
        content = msgspec.json.decode(file.read_bytes(), type=_File)
    except FileNotFoundError as error:
        raise ValueError(f"the checkpoint has no {file.name}") from error
    except (OSError, msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise ValueError(f"{file.name} cannot be read: {error}") from error
    kinds = set(_kinds(content.decoder or _Decoder()))
    if "ByteLevel" in kinds:
        spell = _spell_byte_level
    elif kinds & {"ByteFallback", "Metaspace"}:
        spell = _spell_sentencepiece
    else:
        raise ValueError(f"{file.name} has a decoder of a kind that is not known: {', '.join(filter(None, kinds))}")
    vocab = content.model.vocab
    named = vocab.items() if isinstance(vocab, dict) else ((name, i) for i, (name, _) in enumerate(vocab))
    spelt = {i: spell(name) for name, i in named}
    for token in content.added_tokens:
        hidden = token.special and token.content not in MARKUP
        spelt[token.id] = b"" if hidden else token.content.encode()
    size = max(vocab_size, max(spelt, default=-1) + 1)
    return TokenBytes([spelt.get(i, b"") for i in range(size)])


def _kinds(decoder: _Decoder) -> Iterator[str]:
    yield decoder.type
    for inner in decoder.decoders:
        yield from _kinds(inner)


@lru_cache(maxsize=1)
def byte_of_character() -> dict[str, int]:
    """GPT-2's alphabet: printable bytes stand for themselves, the others for characters from U+0100 on."""
    printable = [*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    others = (byte for byte in range(256) if byte not in set(printable))
    return {chr(byte): byte for byte in printable} | {chr(0x100 + n): byte for n, byte in enumerate(others)}


def _spell_byte_level(name: str) -> bytes:
    try:
        return bytes(map(byte_of_character().__getitem__, name))
    except KeyError:
        return name.encode()


def _spell_sentencepiece(name: str) -> bytes:
    byte = _BYTE_NAME.fullmatch(name)
    return bytes.fromhex(byte[1]) if byte else name.replace("\u2581", " ").encode()
