"""The text side of a checkpoint folder: tokenizer, template, defaults for sampling, context length. Reads files; no weights."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

import msgspec

from nemoserve.backends.local.template import Template
from nemoserve.backends.local.vocabulary import Vocabulary

_CONTEXT_NAMES = ("max_position_embeddings", "max_sequence_length", "seq_length", "n_positions")
_UNKNOWN_CONTEXT = 4096
_MOST = 1e9
"""Of a recommendation for sampling that is to be taken seriously."""


class CheckpointError(Exception):
    """A checkpoint cannot be served; the message is one sentence that names the file at fault."""


class SamplingDefaults(msgspec.Struct, frozen=True):
    """What generation_config.json recommends; None where it says nothing."""

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    repetition_penalty: float | None = None


class TextSide(msgspec.Struct, frozen=True):
    """Everything the gateway needs of a checkpoint."""

    folder: Path
    vocabulary: Vocabulary
    template: Template | None
    """None for a base model without a chat template."""
    end_tokens: tuple[int, ...]
    """Tokens that end a text, by generation_config, config and tokenizer."""
    turn_end_tokens: tuple[int, ...]
    """Those, and the tokens with which the chat format ends a turn or begins the next."""
    context_length: int
    defaults: SamplingDefaults
    model_type: str


def load_text_side(folder: Path, name: str = "") -> TextSide:
    """Reads the text side of a Hugging Face style folder; `name` is the model's. Raises CheckpointError."""
    if not folder.is_dir():
        raise CheckpointError(f"{folder} is not a folder.")
    config = _read_json(folder / "config.json", required=True)
    generation = _read_json(folder / "generation_config.json")
    tokenizer = _read_json(folder / "tokenizer_config.json")
    file = folder / "tokenizer.json"
    if not file.is_file():
        raise CheckpointError(f"{folder} has no tokenizer.json; without it no text can be read.")
    special = {
        name: token
        for name in ("bos_token", "eos_token", "unk_token", "pad_token")
        if (token := _token(tokenizer, name))
    }
    try:
        vocabulary = Vocabulary.load(file)
        source = _template_source(folder, tokenizer)
        model_type = str(config.get("model_type", ""))
    except ValueError as error:
        raise CheckpointError(f"{error}.".replace("..", ".")) from error
    try:
        template = Template(source, special, model_type=model_type, name=name) if source else None
    except ValueError as error:
        raise CheckpointError(f"{folder}: {error}.".replace("..", ".")) from error
    end = _ids(generation.get("eos_token_id")) | _ids(config.get("eos_token_id"))
    eos = vocabulary.id_of(special.get("eos_token", ""))
    end |= {eos} if eos is not None else set()
    return TextSide(
        folder=folder,
        vocabulary=vocabulary,
        template=template,
        end_tokens=tuple(sorted(end)),
        turn_end_tokens=tuple(sorted(end | _turn_tokens(source, vocabulary))),
        context_length=_context_length(config, tokenizer),
        defaults=_defaults(folder / "generation_config.json"),
        model_type=model_type,
    )


def _read_json(file: Path, *, required: bool = False) -> dict[str, object]:
    try:
        # The standard library's reader, because published configurations contain Infinity.
        value: object = json.loads(file.read_bytes())
    except FileNotFoundError:
        if required:
            raise CheckpointError(f"{file.parent} has no {file.name}; is it a checkpoint folder?") from None
        return {}
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointError(f"{file} cannot be read: {error}.") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{file} does not hold a JSON object.")
    return cast("dict[str, object]", value)


def _token(config: dict[str, object], name: str) -> str:
    value = config.get(name)
    if isinstance(value, dict):
        value = cast("dict[str, object]", value).get("content")
    return value if isinstance(value, str) else ""


def _template_source(folder: Path, tokenizer: dict[str, object]) -> str:
    """The template's text: chat_template.jinja, or the tokenizer config's, whose list form has one called default."""
    file = folder / "chat_template.jinja"
    if file.is_file():
        try:
            return file.read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise CheckpointError(f"{file} cannot be read: {error}.") from error
    value = tokenizer.get("chat_template")
    if isinstance(value, list):
        named = {
            str(item.get("name")): item.get("template")
            for item in cast("list[dict[str, object]]", value)
            if isinstance(item, dict)  # pyright: ignore[reportUnnecessaryIsInstance] - the file may hold anything
        }
        value = named.get("default") or next(iter(named.values()), None)
    return value if isinstance(value, str) else ""


def _ids(value: object) -> set[int]:
    values = cast("list[object]", value if isinstance(value, list) else [value])
    return {item for item in values if isinstance(item, int) and item >= 0}


def _turn_tokens(source: str, vocabulary: Vocabulary) -> set[int]:
    """End-of-turn tokens of the known chat formats. A model that begins another speaker's turn has ended its own."""
    names: set[str] = set()
    if "<SPECIAL_11>" in source:
        names |= {"</s>", "<SPECIAL_11>", "<SPECIAL_12>"}
    names |= {name for name in ("<|im_end|>", "<|eot_id|>", "<|end_of_text|>") if name in source}
    return {id_ for name in names if (id_ := vocabulary.id_of(name)) is not None}


def _context_length(config: dict[str, object], tokenizer: dict[str, object]) -> int:
    inner = config
    for name in ("text_config", "llm_config"):
        value = config.get(name)
        if isinstance(value, dict):
            inner = {**inner, **cast("dict[str, object]", value)}
    for name in _CONTEXT_NAMES:
        value = inner.get(name)
        if isinstance(value, int) and value > 0:
            return value
    value = tokenizer.get("model_max_length")
    return value if isinstance(value, int) and 0 < value < 1 << 24 else _UNKNOWN_CONTEXT


def _defaults(file: Path) -> SamplingDefaults:
    """Raises CheckpointError for a recommendation that no sampling could follow: every request would fail by it."""
    generation = _read_json(file)

    def number(name: str, what: str, sensible: Callable[[float], bool]) -> float | None:
        value = generation.get(name)
        if value is None:
            return None
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not sensible(value):
            raise CheckpointError(f"{file} has {name} {value!r}, not {what}.")
        return float(value)

    temperature = number("temperature", "a number of 0 or more", lambda value: 0 <= value <= _MOST)
    top_p = number("top_p", "a share above 0 and up to 1", lambda value: 0 < value <= 1)
    top_k = number("top_k", "a number of tokens", lambda value: -1 <= value <= _MOST)
    penalty = number("repetition_penalty", "a number above 0", lambda value: 0 < value <= _MOST)
    if generation.get("do_sample") is False:
        return SamplingDefaults(temperature=0.0)
    return SamplingDefaults(temperature, top_p, None if top_k is None else int(top_k), penalty)


def model_name(folder: Path) -> str:
    """A model id for a folder that was given by path: the folder's own name."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", folder.resolve().name) or "model"
