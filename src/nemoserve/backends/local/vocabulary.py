"""A checkpoint's vocabulary: text to ids, ids to bytes. Knows the tokenizer's file; no templates, no engine."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tokenizers import Tokenizer
from tokenizers.decoders import ByteLevel

from nemoserve.engine.token_bytes import MARKUP, byte_of_character
from nemoserve.parsing.detokenise import ByteDetokeniser, Detokeniser, WindowDetokeniser


class Vocabulary:
    """The tokenizer of one checkpoint. Encoding releases the interpreter lock; decoding is by table."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self._tokenizer = tokenizer
        # Truncation or padding stored in the file would silently change prompts.
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self.size: int = tokenizer.get_vocab_size(with_added_tokens=True)
        self._byte_level = isinstance(tokenizer.decoder, ByteLevel)
        added = tokenizer.get_added_tokens_decoder()
        self._hidden = {id_ for id_, token in added.items() if token.special and token.content not in MARKUP}
        self._bytes: dict[int, bytes] = {}
        self._longest = max((len(token) for token in tokenizer.get_vocab(with_added_tokens=True)), default=1)

    @classmethod
    def load(cls, file: Path) -> Vocabulary:
        """Reads a `tokenizer.json`. Raises ValueError with one sentence if it is none."""
        try:
            return cls(Tokenizer.from_file(str(file)))
        except Exception as error:  # the library raises bare Exceptions
            raise ValueError(f"{file} is no tokenizer that can be read: {error}") from error

    def encode(self, text: str, *, add_special_tokens: bool) -> list[int]:
        """Token ids of a text; with `add_special_tokens` also those that the tokenizer puts around it."""
        return self._tokenizer.encode(text, add_special_tokens=add_special_tokens).ids

    def least_tokens(self, text: str) -> int:
        """A lower bound of the text's length in tokens, without tokenising it."""
        # A byte-level token's name has one character per byte, and a text has at least one byte per character.
        return len(text) // self._longest if self._byte_level and self._tokenizer.normalizer is None else 0

    def decode(self, tokens: Sequence[int]) -> str:
        """The text of the tokens, special ones included."""
        return self._tokenizer.decode(list(tokens), skip_special_tokens=False)

    def id_of(self, token: str) -> int | None:
        """The id of a token given by name."""
        return self._tokenizer.token_to_id(token)

    def name_of(self, token: int) -> str:
        """The token's name in the vocabulary; empty for an id outside it."""
        return self._tokenizer.id_to_token(token) or ""

    def bytes_of(self, token: int) -> bytes:
        """The bytes that a token stands for; none for an id outside the vocabulary."""
        known = self._bytes.get(token)
        if known is None:
            known = self._bytes[token] = self._spell(token)
        return known

    def _spell(self, token: int) -> bytes:
        name = self.name_of(token)
        if self._byte_level:
            table = byte_of_character()
            if all(character in table for character in name):
                return bytes(table[character] for character in name)
            return name.encode()
        if len(name) == 6 and name.startswith("<0x") and name.endswith(">"):
            return bytes.fromhex(name[3:5])
        return self._tokenizer.decode([token], skip_special_tokens=False).encode()

    def detokeniser(self, *, show_special: bool = False) -> Detokeniser:
        """A fresh detokeniser. Special tokens are left out, but for markup that the parsers need."""
        hidden: set[int] = set() if show_special else self._hidden
        if self._byte_level:
            return ByteDetokeniser(lambda token: b"" if token in hidden else self.bytes_of(token))
        return WindowDetokeniser(lambda tokens: self.decode([token for token in tokens if token not in hidden]))
