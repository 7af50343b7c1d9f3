"""Detokenising as tokens come: the same text as decoding at once, and never half a character."""

from __future__ import annotations

from functools import cache

from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from nemoserve.backends.local.vocabulary import Vocabulary
from nemoserve.parsing.detokenise import REPLACEMENT, ByteDetokeniser, WindowDetokeniser

TRAINING = ["hello world, the naïve café", "日本語のテキスト", "привет мир", "emoji 😀😃🎉 and flags 🇩🇪"] * 3
texts = st.text(max_size=60) | st.sampled_from(TRAINING) | st.text(alphabet="😀é日a\u0301\u200d \n", max_size=30)


@cache
def byte_level() -> Vocabulary:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=["<s>", "<think>", "</think>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(TRAINING, trainer)
    return Vocabulary(tokenizer)


@cache
def byte_fallback() -> Tokenizer:
    """A sentencepiece-like tokenizer: spaces as ▁, unknown characters as bytes."""
    pieces = [("<unk>", 0.0), *((f"<0x{byte:02X}>", -10.0) for byte in range(256))]
    pieces += [(piece, -1.0) for piece in ["▁", "a", "b", "▁a", "h", "▁hello", "é"]]
    tokenizer = Tokenizer(models.Unigram(pieces, unk_id=0, byte_fallback=True))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Sequence([decoders.ByteFallback(), decoders.Metaspace(), decoders.Fuse()])
    return tokenizer


@given(texts)
def test_byte_level_text_comes_back_character_by_character(text: str) -> None:
    vocabulary = byte_level()
    detokeniser = ByteDetokeniser(vocabulary.bytes_of)
    shown = ""
    for token in vocabulary.encode(text, add_special_tokens=False):
        shown += detokeniser.push(token)
        assert text.startswith(shown)
    assert shown == text


@given(st.lists(st.integers(0, 450), max_size=40))
def test_any_tokens_give_what_the_tokenizer_decodes(tokens: list[int]) -> None:
    vocabulary = byte_level()
    detokeniser = ByteDetokeniser(vocabulary.bytes_of)
    shown = "".join(detokeniser.push(token) for token in tokens)
    known = [token for token in tokens if token < vocabulary.size]
    whole = vocabulary.decode(known)
    # Only a character that is still unfinished may be missing.
    assert whole.startswith(shown) and set(whole[len(shown) :]) <= {REPLACEMENT} and len(whole) - len(shown) <= 1


@given(st.text(alphabet="abhello é日😀", max_size=30))
def test_other_tokenizers_give_the_same_text_in_pieces(text: str) -> None:
    tokenizer = byte_fallback()
    tokens = tokenizer.encode(text).ids
    detokeniser = WindowDetokeniser(lambda ids: tokenizer.decode(list(ids), skip_special_tokens=False))
    shown = ""
    for token in tokens:
        piece = detokeniser.push(token)
        assert REPLACEMENT not in piece
        shown += piece
    assert shown == tokenizer.decode(tokens, skip_special_tokens=False)


@given(texts)
def test_the_lower_bound_of_a_texts_tokens_is_one(text: str) -> None:
    vocabulary = byte_level()
    assert vocabulary.least_tokens(text) <= len(vocabulary.encode(text, add_special_tokens=False))


def test_special_tokens_are_hidden_but_markup_is_not() -> None:
    vocabulary = byte_level()
    tokens = [vocabulary.id_of(name) for name in ("<s>", "<think>", "</think>")]
    detokeniser = vocabulary.detokeniser()
    assert "".join(detokeniser.push(token) for token in tokens if token is not None) == "<think></think>"
