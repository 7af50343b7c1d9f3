"""The tokenizer that a GGUF file describes: byte-level BPE with the pre-tokenizers that llama.cpp has names for. Knows no weights.

Patterns, and which of them go with `ignore_merges` and a text's beginning token, are those of llama.cpp's `llama-vocab.cpp`, in the
spelling of the tokenizer.json files that they come from.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import cast

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors

from nemoserve.backends.local.checkpoint import CheckpointError
from nemoserve.engine.checkpoint.gguf_header import Gguf

_GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"
_LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
_TEKKEN = (
    r"[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+"
    r"|[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*"
    r"|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_DEFAULT = (
    r"[\p{P}\$\+<=>\^~\|]+",
    r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)",
    r"\p{N}+",
    r"[0-9][0-9][0-9]",
)


@dataclass(frozen=True, slots=True)
class _Pre:
    """How a text is cut before merging: by one pattern after the other."""

    patterns: tuple[str, ...]
    whole_first: bool = False
    """A piece that is a token is taken whole, whatever the merges say."""
    begins: bool = False
    """Texts begin with the beginning token, if the file does not say."""


_PRE = {
    **dict.fromkeys(("llama-bpe", "llama3", "llama-v3", "pixtral"), _Pre((_LLAMA3,), whole_first=True, begins=True)),
    **dict.fromkeys(("smaug-bpe", "dbrx"), _Pre((_LLAMA3,))),
    "default": _Pre(_DEFAULT),
    "tekken": _Pre((_TEKKEN,), whole_first=True, begins=True),
    "gpt-2": _Pre((_GPT2,)),
    **dict.fromkeys(("smollm", "starcoder", "refact", "command-r"), _Pre((r"\p{N}", _GPT2))),
}
"""By `tokenizer.ggml.pre`; a file without it means the default."""

_CONTROL, _USER_DEFINED = 3, 4


def make_tokenizer(gguf: Gguf) -> Tokenizer:
    """Raises CheckpointError for a kind of tokenizer that is not known, named by its key."""
    pre = way_to_cut(gguf)
    tokens, merges = _texts(gguf, "tokens"), _texts(gguf, "merges")
    # A name that comes twice means its first id.
    vocabulary = {name: number for number, name in reversed(list(enumerate(tokens)))}
    try:
        tokenizer = Tokenizer(models.BPE(vocabulary, [_pair(merge) for merge in merges], ignore_merges=pre.whole_first))
    except Exception as error:  # the library raises bare Exceptions
        raise CheckpointError(f"{gguf.path}: tokenizer.ggml.merges do not fit the tokens: {error}.") from error
    cuts = [pre_tokenizers.Split(Regex(pattern), "isolated") for pattern in pre.patterns]
    bytewise = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([*cuts, bytewise])  # pyright: ignore[reportAttributeAccessIssue]
    tokenizer.decoder = decoders.ByteLevel()  # pyright: ignore[reportAttributeAccessIssue]
    _add_named(tokenizer, gguf, tokens)
    _add_beginning(tokenizer, gguf, tokens, pre.begins)
    return tokenizer


def way_to_cut(gguf: Gguf) -> _Pre:
    """Looks at the keys alone. Raises CheckpointError for a way that is not known."""
    kind, pre_name = (gguf.metadata.get(f"tokenizer.ggml.{key}") for key in ("model", "pre"))
    if kind != "gpt2":
        raise CheckpointError(
            f"{gguf.path}: tokenizer.ggml.model is {kind!r}; served is byte-level BPE, which is called 'gpt2'."
        )
    pre_name = "default" if pre_name is None else pre_name
    pre = _PRE.get(pre_name) if isinstance(pre_name, str) else None
    if pre is None:
        raise CheckpointError(
            f"{gguf.path}: tokenizer.ggml.pre is {pre_name!r}, a way to cut texts that is not known; known are "
            f"{', '.join(_PRE)}. A folder with the model's own tokenizer.json serves it."
        )
    return pre


def _add_named(tokenizer: Tokenizer, gguf: Gguf, tokens: Sequence[str]) -> None:
    """Control tokens and those that users added stand in texts as they are called, outside the merges."""
    kinds = gguf.metadata.get("tokenizer.ggml.token_type", [])
    if not isinstance(kinds, list) or len(kinds) not in (0, len(tokens)):
        raise CheckpointError(f"{gguf.path}: tokenizer.ggml.token_type does not list {len(tokens)} kinds.")
    named = [(token, kind) for token, kind in zip(tokens, kinds, strict=False) if kind in (_CONTROL, _USER_DEFINED)]
    add = cast("Callable[[list[AddedToken]], int]", tokenizer.add_tokens)  # pyright: ignore[reportUnknownMemberType]
    add([AddedToken(token, special=kind == _CONTROL, normalized=False) for token, kind in named if token])


def _add_beginning(tokenizer: Tokenizer, gguf: Gguf, tokens: Sequence[str], usual: bool) -> None:
    number = gguf.metadata.get("tokenizer.ggml.bos_token_id")
    wanted = gguf.metadata.get("tokenizer.ggml.add_bos_token", usual)
    if not wanted or isinstance(number, bool) or not isinstance(number, int):
        return
    if not 0 <= number < len(tokens):
        raise CheckpointError(f"{gguf.path}: tokenizer.ggml.bos_token_id is {number}; there are {len(tokens)} tokens.")
    name = tokens[number]
    tokenizer.post_processor = processors.TemplateProcessing(  # pyright: ignore[reportAttributeAccessIssue]
        single=[name, "$A"], pair=[name, "$A", name, "$B"], special_tokens=[(name, number)]
    )


def _pair(merge: str) -> tuple[str, str]:
    """A merge's two halves; a half may begin with a blank, but no half is empty."""
    at = merge.find(" ", 1)
    return merge[:at], merge[at + 1 :]


def _texts(gguf: Gguf, key: str) -> list[str]:
    found = gguf.metadata.get(f"tokenizer.ggml.{key}")
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise CheckpointError(f"{gguf.path}: tokenizer.ggml.{key} is missing, or is no list of texts.")
    return cast("list[str]", found)
