"""A GGUF file as a checkpoint folder: tokenizer, template and configuration taken out of it, the weights linked. Reads headers only.

The folder is made once for each state of a file (path, size, time of change) under the data folder, and found again by its name.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from pathlib import Path

from nemoserve.backends.local.checkpoint import CheckpointError
from nemoserve.backends.local.gguf_tokenizer import make_tokenizer
from nemoserve.engine.checkpoint import config as engine_config
from nemoserve.engine.checkpoint.gguf_config import config_of, generation_config_of
from nemoserve.engine.checkpoint.gguf_header import Gguf, read_gguf

_FORM = 2
"""Counted up when what is written into the folders changes."""
_PART = re.compile(r"-\d{5}-of-\d{5}$")
_SOURCE = "source.json"


def gguf_name(file: Path) -> str:
    """A model id for a file that was given by path: the file's own name, without the number of its part."""
    return re.sub(r"[^A-Za-z0-9._-]+", "-", _PART.sub("", file.stem)) or "model"


def gguf_in(folder: Path) -> Path | None:
    """The GGUF file that a folder without a configuration of its own stands for. Raises CheckpointError if there are several."""
    files = sorted(folder.glob("*.gguf"))
    if not files or (folder / "config.json").exists():
        return None
    if len(files) > 1 and "-00001-of-" not in files[0].name:
        raise CheckpointError(f"{folder} has several GGUF files; name one of them, such as {files[0]}.")
    return files[0]


def checkpoint_of(file: Path, data_dir: Path) -> Path:
    """The folder for the file, made if it is not there yet. Raises CheckpointError with one sentence."""
    file = file.absolute()
    try:
        about = file.stat()
        key = f"{_FORM} {file} {about.st_size} {about.st_mtime_ns}"
        folder = data_dir / "gguf" / f"{gguf_name(file)}-{hashlib.sha256(key.encode()).hexdigest()[:12]}"
        if not (folder / _SOURCE).is_file():
            _make(read_gguf(file), folder)
        return folder
    except engine_config.CheckpointError as error:
        raise CheckpointError(f"{error}.") from error
    except OSError as error:
        raise CheckpointError(f"{file} cannot be prepared under {data_dir}: {error}.") from error


def _make(gguf: Gguf, folder: Path) -> None:
    """Writes the folder beside its place and moves it there whole, so that another server never sees half of it."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(prefix=".making-", dir=folder.parent))
    try:
        _write(gguf, work)
        shutil.rmtree(folder, ignore_errors=True)
        try:
            work.rename(folder)
        except OSError:
            if not (folder / _SOURCE).is_file():  # another server was faster
                raise
    finally:
        shutil.rmtree(work, ignore_errors=True)
    for old in folder.parent.glob("*"):
        if old != folder and source_of(old) == gguf.path:
            shutil.rmtree(old, ignore_errors=True)


def source_of(folder: Path) -> Path | None:
    """The file that a folder was made of; None: it was made of none."""
    try:
        return Path(json.loads((folder / _SOURCE).read_text(encoding="utf-8"))["file"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _write(gguf: Gguf, folder: Path) -> None:
    parts: dict[str, object] = {
        "config.json": config_of(gguf),
        "generation_config.json": generation_config_of(gguf),
        "tokenizer_config.json": _special_tokens(gguf),
    }
    make_tokenizer(gguf).save(str(folder / "tokenizer.json"))
    for name, content in parts.items():
        (folder / name).write_text(json.dumps(content, indent=2, ensure_ascii=False), encoding="utf-8")
    template = gguf.metadata.get("tokenizer.chat_template")
    if isinstance(template, str) and template:
        (folder / "chat_template.jinja").write_text(template, encoding="utf-8")
    for file in gguf.files:
        (folder / file.name).symlink_to(file)
    (folder / _SOURCE).write_text(json.dumps({"file": str(gguf.path)}), encoding="utf-8")


def _special_tokens(gguf: Gguf) -> dict[str, str]:
    """The special tokens by the names that templates know them by."""
    tokens = gguf.metadata.get("tokenizer.ggml.tokens")
    found: dict[str, str] = {}
    for key, name in (("bos", "bos"), ("eos", "eos"), ("unknown", "unk"), ("padding", "pad")):
        number = gguf.metadata.get(f"tokenizer.ggml.{key}_token_id")
        if isinstance(tokens, list) and isinstance(number, int) and 0 <= number < len(tokens):
            found[f"{name}_token"] = str(tokens[number])
    return found
