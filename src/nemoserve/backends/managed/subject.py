"""The model that an engine is to serve: its id, where it is, what can be told of it beforehand. Reads small files; loads nothing.

A hub id is left to the engine, which downloads it; what the hub's cache has of it already is read.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import cast

import msgspec

from nemoserve.backends.local.checkpoint import CheckpointError, model_name
from nemoserve.backends.local.gguf import gguf_name
from nemoserve.backends.local.resolve import embedded_folder
from nemoserve.backends.remote.endpoints import DEFAULT_CONTEXT
from nemoserve.backends.remote.family import family_of_id
from nemoserve.config.engines import EngineSettings
from nemoserve.config.settings import EMBEDDED_MODEL
from nemoserve.engine.checkpoint import config as engine_config
from nemoserve.engine.checkpoint.gguf_header import read_metadata
from nemoserve.types.families import family_of
from nemoserve.types.model import Family

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+([@:][\w.-]+)?")
_OWN_CODE = frozenset({"DeciLMForCausalLM", "NemotronH_Nano_VL_V2", "Llama_Nemotron_Nano_VL"})
"""Architectures whose configuration is a program within the checkpoint; engines have no other way to read it."""
_OWN_CODE_FAMILIES = frozenset({"nano-v2-vl", "llama-v1", "llama-v1.5"})
"""Those of them."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a model before its engine runs."""

    id: str
    where: str
    """A folder, a GGUF file, or a hub id, as engines take it."""
    family: Family
    context_length: int
    own_code: bool = False
    """The checkpoint can be read only with the code that comes with it."""
    marks_thinking: bool = False
    """The markers of its thinking are tokens, which engines' parsers look for."""

    @property
    def is_gguf(self) -> bool:
        return self.where.lower().endswith(".gguf")

    @property
    def is_local(self) -> bool:
        return Path(self.where).exists()


def subject_of(engine: EngineSettings) -> Subject:
    """What `engine.model` names. Raises CheckpointError with one sentence."""
    name, found, rest = engine.model.partition("=")
    wanted = rest if found else engine.model
    given = engine.id or (name.strip() if found else "")
    if wanted == EMBEDDED_MODEL:
        subject = _folder(embedded_folder(), given or EMBEDDED_MODEL)
    elif (path := Path(wanted).expanduser()).is_dir():
        subject = _of_folder(path, given)
    elif path.is_file():
        if path.suffix.lower() != ".gguf":
            raise CheckpointError(f"{wanted} is a file and no GGUF; give the checkpoint's folder.")
        subject = _file(path, given or gguf_name(path))
    elif _HUB_ID.fullmatch(wanted):
        subject = _hub(wanted, given)
    else:
        raise CheckpointError(f"{wanted} is neither a folder, nor a GGUF file, nor a hub id (author/name).")
    if engine.context_length is not None:
        subject = msgspec.structs.replace(subject, context_length=engine.context_length)
    return subject


def _of_folder(folder: Path, given: str) -> Subject:
    files = sorted(folder.glob("*.gguf"))
    if not files or (folder / "config.json").exists():
        return _folder(folder, given or model_name(folder))
    if len(files) > 1 and "-00001-of-" not in files[0].name:
        raise CheckpointError(f"{folder} has several GGUF files; name one of them, such as {files[0]}.")
    return _file(files[0], given or model_name(folder))


def _file(file: Path, id_: str) -> Subject:
    """By what the GGUF file says of its model; one that cannot be read here is left to the engine, which says why it cannot."""
    subject = by_name(id_, str(file.absolute()))
    try:
        known = read_metadata(file)
    except engine_config.CheckpointError:
        return subject
    architecture = str(known.get("general.architecture"))
    source, context = known.get("tokenizer.chat_template"), known.get(f"{architecture}.context_length")
    if isinstance(source, str) and source:
        model_type = "nemotron-nas" if architecture == "deci" else architecture
        subject = msgspec.structs.replace(subject, family=family_of(source, model_type, file.name))
    if isinstance(context, int) and context > 0:
        subject = msgspec.structs.replace(subject, context_length=context)
    return subject


def _folder(folder: Path, id_: str) -> Subject:
    config, source = _json(folder / "config.json"), _template(folder)
    if not config:
        raise CheckpointError(f"{folder} has no config.json that can be read: it is no checkpoint.")
    family = family_of(source, str(config.get("model_type", "")), id_) if source else family_of_id(id_)
    return Subject(
        id=id_,
        where=str(folder.absolute()),
        family=family,
        context_length=_context(config),
        own_code=bool(_OWN_CODE & set(_strings(config.get("architectures")))),
        marks_thinking={family.opener, family.closer} <= _tokens(folder),
    )


def _hub(wanted: str, given: str) -> Subject:
    repository = re.split("[@:]", wanted)[0]
    known = _cached(repository)
    if known is None:
        return by_name(given or repository, wanted)
    return msgspec.structs.replace(_folder(known, given or repository), where=wanted)


def _cached(repository: str) -> Path | None:
    """The folder of the hub's cache that has the repository's newest configuration."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repository, "config.json")
    return Path(found).parent if isinstance(found, str) else None


def by_name(id_: str, where: str) -> Subject:
    """What a model's name alone tells of it."""
    family = family_of_id(where, id_)
    return Subject(
        id=id_,
        where=where,
        family=family,
        context_length=DEFAULT_CONTEXT,
        own_code=family.name in _OWN_CODE_FAMILIES,
        marks_thinking=family.name.startswith("nemotron-3"),
    )


def _tokens(folder: Path) -> set[str]:
    """The tokens that stand outside the tokenizer's ordinary vocabulary."""
    added = _json(folder / "tokenizer.json").get("added_tokens")
    entries = cast("list[object]", added) if isinstance(added, list) else []
    return {str(cast("dict[str, object]", entry).get("content")) for entry in entries if isinstance(entry, dict)}


def _context(config: dict[str, object]) -> int:
    inner = config
    for name in ("text_config", "llm_config"):
        value = config.get(name)
        if isinstance(value, dict):
            inner = {**inner, **cast("dict[str, object]", value)}
    value = inner.get("max_position_embeddings")
    return value if isinstance(value, int) and value > 0 else DEFAULT_CONTEXT


def _template(folder: Path) -> str:
    file = folder / "chat_template.jinja"
    try:
        if file.is_file():
            return file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
    source = _json(folder / "tokenizer_config.json").get("chat_template")
    return source if isinstance(source, str) else ""


def _json(file: Path) -> dict[str, object]:
    try:
        value: object = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}


def _strings(value: object) -> list[str]:
    return [item for item in cast("list[object]", value) if isinstance(item, str)] if isinstance(value, list) else []
