"""The text side of a GGUF file: its tokenizer cuts as the model's own does, its template and ends are its own, its folder is found again."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, trainers

from nemoserve.backends.local.checkpoint import CheckpointError, load_text_side
from nemoserve.backends.local.gguf import checkpoint_of
from nemoserve.backends.local.gguf_tokenizer import make_tokenizer
from nemoserve.backends.local.resolve import resolve
from nemoserve.engine.checkpoint.gguf_header import Gguf
from tests.checkpoints import CHAT_TEMPLATE, tiny_checkpoint
from tests.ggufs import write_gguf

TEXTS = (
    "The capital of France is Paris.",
    "I'M here, you'll see 12345 things; it's  3.14!\n\n  Indented\tline \r\n",
    "naïve Äpfel CamelCaseHTTP 日本語 🙂 a/b//c  \n",
    "   ",
)
LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def trained(pre: Any) -> Tokenizer:
    """A small byte-level tokenizer with merges of its own."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre  # pyright: ignore
    trainer = trainers.BpeTrainer(
        vocab_size=330,
        special_tokens=["<s>", "</s>", "<|user|>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator([*TEXTS, "the there then this thing capital is is is"] * 3, trainer)
    return tokenizer


def keys_of(tokenizer: Tokenizer, pre: str, **more: Any) -> dict[str, Any]:
    """The keys that llama.cpp's converter writes for it."""
    saved = json.loads(tokenizer.to_str())
    tokens = [tokenizer.id_to_token(i) for i in range(tokenizer.get_vocab_size())]
    specials = {token["content"] for token in saved["added_tokens"]}
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [3 if token in specials else 1 for token in tokens],
        "tokenizer.ggml.merges": [" ".join(merge) for merge in saved["model"]["merges"]],
        "tokenizer.ggml.bos_token_id": 0,
        "tokenizer.ggml.eos_token_id": 1,
        **more,
    }


def gguf(keys: dict[str, Any]) -> Gguf:
    return Gguf(Path("m.gguf"), keys, {})


def split(pattern: str) -> Any:
    from tokenizers import Regex

    return pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(pattern), "isolated"), pre_tokenizers.ByteLevel(False, use_regex=False)]
    )


@pytest.mark.parametrize(
    ("name", "own"),
    [
        ("gpt-2", lambda: pre_tokenizers.ByteLevel(add_prefix_space=False)),
        ("smollm", lambda: pre_tokenizers.Sequence([pre_tokenizers.Digits(True), pre_tokenizers.ByteLevel(False)])),
        ("smaug-bpe", lambda: split(LLAMA3)),
        ("llama-bpe", lambda: split(LLAMA3)),
    ],
)
def test_texts_are_cut_as_by_the_models_own_tokenizer(name: str, own: Any) -> None:
    theirs = trained(own())
    ours = make_tokenizer(gguf(keys_of(theirs, name)))
    for text in (*TEXTS, "<|user|>the thing</s>"):
        expected = theirs.encode(text, add_special_tokens=False).ids
        assert ours.encode(text, add_special_tokens=False).ids == expected, text
        assert ours.decode(expected, skip_special_tokens=False) == text
    assert any(len(token) > 1 for token in ours.encode(TEXTS[0], add_special_tokens=False).tokens), "nothing was merged"


def test_capitals_end_a_piece_in_tekken() -> None:
    keys = keys_of(trained(pre_tokenizers.ByteLevel(add_prefix_space=False)), "tekken")
    pre = make_tokenizer(gguf(keys)).pre_tokenizer
    assert pre is not None
    assert [piece for piece, _ in pre.pre_tokenize_str("CamelCase 12 a//b\n")] == [
        "Camel", "Case", "Ġ", "1", "2", "Ġa", "//", "b", "Ċ",
    ]  # fmt: skip


def test_a_file_that_names_no_way_to_cut_is_refused() -> None:
    keys = keys_of(trained(pre_tokenizers.ByteLevel(add_prefix_space=False)), "default")
    for change in ("default", None):
        said = {key: value for key, value in (keys | {"tokenizer.ggml.pre": change}).items() if value is not None}
        pre = make_tokenizer(gguf(said)).pre_tokenizer
        assert pre is not None
        # As llama.cpp does: signs together, but for some, and numbers by three digits, a blank before them apart.
        assert [piece for piece, _ in pre.pre_tokenize_str("it's $+. 12345 a_b  `x`")] == [
            "it", "'", "s", "Ġ", "$+.", "Ġ", "123", "45", "Ġa", "_", "b", "Ġ", "Ġ`", "x", "`",
        ]  # fmt: skip


def test_a_text_begins_with_the_token_that_the_file_wants() -> None:
    plain = trained(pre_tokenizers.ByteLevel(add_prefix_space=False))
    for pre, more, begins in (
        ("gpt-2", {}, False),
        ("llama-bpe", {}, True),
        ("llama-bpe", {"tokenizer.ggml.add_bos_token": False}, False),
        ("gpt-2", {"tokenizer.ggml.add_bos_token": True}, True),
    ):
        tokenizer = make_tokenizer(gguf(keys_of(plain, pre, **more)))
        assert (tokenizer.encode("the").ids[0] == 0) is begins
        assert tokenizer.encode("the", add_special_tokens=False).ids[0] != 0


def test_a_token_goes_before_its_merges_only_where_the_file_says_so() -> None:
    keys = keys_of(trained(split(LLAMA3)), "llama-bpe")
    keys["tokenizer.ggml.merges"] = []
    whole = next(
        token for token in keys["tokenizer.ggml.tokens"] if token.isalpha() and token.isascii() and len(token) > 2
    )
    assert make_tokenizer(gguf(keys)).encode(whole, add_special_tokens=False).tokens == [whole]
    keys["tokenizer.ggml.pre"] = "smaug-bpe"
    assert make_tokenizer(gguf(keys)).encode(whole, add_special_tokens=False).tokens == list(whole)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tokenizer.ggml.pre": "poro-chat"}, "tokenizer.ggml.pre is 'poro-chat'"),
        ({"tokenizer.ggml.pre": 3}, "tokenizer.ggml.pre is 3"),
        ({"tokenizer.ggml.model": "llama"}, "tokenizer.ggml.model is 'llama'"),
        ({"tokenizer.ggml.tokens": None}, "tokenizer.ggml.tokens is missing"),
        ({"tokenizer.ggml.merges": ["x yz"]}, "tokenizer.ggml.merges do not fit the tokens"),
        ({"tokenizer.ggml.token_type": [1]}, "tokenizer.ggml.token_type does not list"),
        ({"tokenizer.ggml.bos_token_id": 10**6, "tokenizer.ggml.add_bos_token": True}, "bos_token_id is 1000000"),
    ],
)
def test_a_tokenizer_that_is_not_known_is_refused_by_its_key(change: dict[str, Any], words: str) -> None:
    keys = keys_of(trained(pre_tokenizers.ByteLevel(add_prefix_space=False)), "gpt-2") | change
    with pytest.raises(CheckpointError, match=words):
        make_tokenizer(gguf({key: value for key, value in keys.items() if value is not None}))


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tiny_checkpoint(tmp_path / "plain", vocab_size=330)
    keys = keys_of(trained(pre_tokenizers.ByteLevel(add_prefix_space=False)), "gpt-2")
    sampling = {"general.sampling.temp": 0.5, "general.sampling.top_k": 7, "tokenizer.chat_template": CHAT_TEMPLATE}
    return write_gguf(
        folder, tmp_path / "My Model.Q8_0.gguf", "Q8_0", **keys, **sampling, **{"tokenizer.ggml.eot_token_id": 2}
    )


def test_template_ends_and_sampling_are_the_files_own(file: Path, tmp_path: Path) -> None:
    name, folder = resolve(str(file), tmp_path / "data")
    assert name == "My-Model.Q8_0"
    side = load_text_side(folder, name)
    assert side.end_tokens == (1, 2) and side.context_length == 2048
    assert (side.defaults.temperature, side.defaults.top_k) == (0.5, 7)
    assert side.template is not None and side.template.family.name.startswith("nano-v2")
    assert resolve(f"acme/one={file}", tmp_path / "data") == ("acme/one", folder)
    assert resolve(str(file.parent), tmp_path / "data")[1] == folder, "a folder with one GGUF and no configuration"


def test_the_folder_is_made_once_and_anew_when_the_file_changes(file: Path, tmp_path: Path) -> None:
    first = checkpoint_of(file, tmp_path / "data")
    made = (first / "tokenizer.json").stat().st_mtime_ns
    assert checkpoint_of(file, tmp_path / "data") == first
    assert (first / "tokenizer.json").stat().st_mtime_ns == made
    os.utime(file, ns=(1, 1))
    second = checkpoint_of(file, tmp_path / "data")
    assert second != first and second.is_dir() and not first.exists()
    assert [path.name for path in (tmp_path / "data" / "gguf").iterdir()] == [second.name]


def test_a_broken_file_leaves_no_folder_behind(file: Path, tmp_path: Path) -> None:
    file.write_bytes(file.read_bytes()[:-100])
    with pytest.raises(CheckpointError, match="is truncated"):
        checkpoint_of(file, tmp_path / "data")
    assert not list((tmp_path / "data").rglob("*.json"))


def test_several_files_in_a_folder_have_to_be_told_apart(file: Path, tmp_path: Path) -> None:
    file.with_name("other.gguf").write_bytes(file.read_bytes())
    with pytest.raises(CheckpointError, match="several GGUF files"):
        resolve(str(file.parent), tmp_path / "data")


def test_the_engine_reads_the_folder(file: Path, tmp_path: Path) -> None:
    from tests.unit.engine.test_nemotron_h import load

    assert load(checkpoint_of(file, tmp_path / "data")).parameters == load(file).parameters
