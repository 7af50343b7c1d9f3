"""Builds the embedded model's tokenizer: frequent whole words are single tokens, every other word is spelt in bytes.

There are no partial-word merges. A word of the vocabulary is one token; any other is a sequence of letters, so that
spelling, counting and copying of unseen words never meets an odd split. Every digit and every newline stands alone.
The result is an ordinary byte-level BPE tokenizer.json (no merges, `ignore_merges`), as `tokenizers` and transformers read it.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import regex
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

SPLIT = r"[0-9]|\n| ?[A-Za-z]+(?:'[a-z]+)?| ?[^\sA-Za-z0-9]+|\s"
MARKERS = {
    20: "<think>",
    21: "</think>",
    22: "<TOOLCALL>",
    23: "</TOOLCALL>",
    24: "<AVAILABLE_TOOLS>",
    25: "</AVAILABLE_TOOLS>",
    26: "<TOOL_RESPONSE>",
    27: "</TOOL_RESPONSE>",
}
FIRST_BYTE = 32
FIRST_WORD = FIRST_BYTE + 256

_split = regex.compile(SPLIT)


def reserved_tokens() -> dict[int, tuple[str, bool]]:
    """Ids 0 to 31: the token and whether it is special (skipped when text is wanted)."""
    names = {0: "<unk>", 1: "<s>", 2: "</s>"}
    return {
        i: (MARKERS[i], False) if i in MARKERS else (names.get(i, f"<SPECIAL_{i}>"), True) for i in range(FIRST_BYTE)
    }


def frequent_words(texts: Iterable[str], size: int) -> list[str]:
    """The `size` pieces of more than one byte that save the most tokens over `texts`."""
    counts: Counter[str] = Counter()
    markers = regex.compile("|".join(regex.escape(token) for token, _ in reserved_tokens().values()))
    for text in texts:
        for plain in markers.split(text):
            counts.update(_split.findall(plain))
    saved = {w: n * (len(w.encode()) - 1) for w, n in counts.items() if len(w.encode()) > 1}
    return sorted(saved, key=lambda w: (-saved[w], w))[:size]


def byte_alphabet() -> list[str]:
    """The 256 printable stand-ins of byte-level BPE, in byte order."""
    printable = [*range(ord("!"), ord("~") + 1), *range(0xA1, 0xAD), *range(0xAE, 0x100)]
    shifted = iter(range(256, 512))
    return [chr(b) if b in printable else chr(next(shifted)) for b in range(256)]


def build(words: list[str], folder: Path, template: str, context: int) -> Tokenizer:
    """Writes tokenizer.json, tokenizer_config.json and chat_template.jinja into `folder`."""
    alphabet = byte_alphabet()
    vocabulary = {token: i for i, (token, _) in reserved_tokens().items()}
    vocabulary |= {letter: FIRST_BYTE + i for i, letter in enumerate(alphabet)}
    for word in words:
        vocabulary.setdefault("".join(alphabet[b] for b in word.encode()), len(vocabulary))
    tokenizer = Tokenizer(models.BPE(vocab=vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    for token, special in reserved_tokens().values():
        added = AddedToken(token, special=special, normalized=False)
        (tokenizer.add_special_tokens if special else tokenizer.add_tokens)([added])
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer.save(str(folder / "tokenizer.json"))
    config = {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": "<s>",
        "eos_token": "<SPECIAL_12>",
        "unk_token": "<unk>",
        "pad_token": "<unk>",
        "add_bos_token": False,
        "clean_up_tokenization_spaces": False,
        "model_max_length": context,
    }
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2) + "\n")
    (folder / "chat_template.jinja").write_text(template)
    return tokenizer


def words_of(file: Path) -> list[str]:
    """The whole words of a tokenizer.json written by `build`, in order of their ids."""
    value = {letter: b for b, letter in enumerate(byte_alphabet())}
    vocabulary: dict[str, int] = json.loads(file.read_text())["model"]["vocab"]
    ordered = sorted(vocabulary, key=lambda token: vocabulary[token])[FIRST_WORD:]
    return [bytes(value[letter] for letter in token).decode() for token in ordered]
