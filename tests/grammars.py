"""Drives a grammar as a model would that understands nothing: by random tokens of those that it allows."""

from __future__ import annotations

import random
from functools import lru_cache
from pathlib import Path

from llguidance import LLMatcher, LLTokenizer
from tokenizers import Tokenizer, decoders, models, pre_tokenizers

import nemoserve

MINI_TOKENIZER = Path(nemoserve.__file__).parent / "mini" / "tokenizer.json"
MINI_MARKERS = {"<TOOLCALL>": 22, "</TOOLCALL>": 23}
_END = 12
_CLOSERS = {b'"', b"}", b"]", b'"}', b'"]', b"}}", b"<", b"</", b"\n"}


def mini() -> LLTokenizer:
    """The embedded model's tokenizer, in which the JSON calls' markers are tokens."""
    return LLTokenizer(str(MINI_TOKENIZER), eos_token=[_END])


def bytewise(*added: str) -> LLTokenizer:
    """A tokenizer of single bytes, in which markers have to be spelt; but for the added ones."""
    names = sorted(pre_tokenizers.ByteLevel.alphabet())
    tokenizer = Tokenizer(models.BPE(vocab={name: at for at, name in enumerate(names)}, merges=[]))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens(["<eos>"])
    tokenizer.add_special_tokens(list(added))
    return LLTokenizer(tokenizer.to_str(), eos_token=[256])


def drive(grammar: str, tokenizer: LLTokenizer, seed: int, most: int = 300) -> str | None:
    """A text that the grammar calls finished; None if `most` tokens did not get there. Raises if the grammar is stuck."""
    matcher, draw, end = LLMatcher(tokenizer, grammar, log_level=0), random.Random(seed), tokenizer.eos_token
    tokens: list[int] = []
    closing = _closing(tokenizer)
    for step in range(most):
        mask = matcher.compute_bitmask()
        assert not matcher.is_error(), matcher.get_error()[:500]
        allowed = [at * 8 + bit for at, byte in enumerate(mask) if byte for bit in range(8) if byte >> bit & 1]
        assert allowed, "no token is allowed"
        hurry = 0.3 + step / most
        closers = [token for token in allowed if token in closing]
        if end in allowed and (len(allowed) == 1 or draw.random() < hurry):
            return tokenizer.decode_bytes(tokens).decode()
        if end in allowed:
            allowed.remove(end)
        token = draw.choice(closers if closers and draw.random() < hurry else allowed)
        assert matcher.consume_token(token), matcher.get_error()[:500]
        tokens.append(token)
    return None


@lru_cache
def _closing(tokenizer: LLTokenizer) -> frozenset[int]:
    size = range(tokenizer.vocab_size)
    return frozenset(token for token in size if tokenizer.decode_bytes([token]) in _CLOSERS)


def accepts(grammar: str, text: str, tokenizer: LLTokenizer | None = None) -> bool:
    """Whether a text, as the tokenizer writes it, is a complete answer."""
    tokenizer = tokenizer or mini()
    matcher = LLMatcher(tokenizer, grammar, log_level=0)
    assert not matcher.is_error(), matcher.get_error()[:500]
    tokens = tokenizer.tokenize_str(text, parse_special=True)
    return matcher.try_consume_tokens(tokens) == len(tokens) and matcher.is_accepting()
