"""From what the operator wrote to a folder and an id: a folder or GGUF file, `id=` one, the embedded model, a hub id. Downloads."""

from __future__ import annotations

import re
from pathlib import Path

from nemoserve.backends.local.checkpoint import CheckpointError, model_name
from nemoserve.backends.local.gguf import checkpoint_of, gguf_in, gguf_name
from nemoserve.backends.local.hub import download
from nemoserve.config.settings import EMBEDDED_MODEL

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(@[\w.-]+)?")


def embedded_folder() -> Path:
    """Where the package keeps the embedded model."""
    return Path(__file__).resolve().parents[2] / "mini"


def resolve(wanted: str, data_dir: Path) -> tuple[str, Path]:
    """The id to serve a model under, and its folder. Raises CheckpointError with one sentence.

    A hub id (`author/name`, optionally `@revision`) is downloaded, without pickles, to the hub's own cache. For a GGUF file a
    folder is made under `data_dir`.
    """
    name, found, path = wanted.partition("=")
    if found and path:
        return name.strip(), _folder(Path(path).expanduser(), path, data_dir)
    if wanted == EMBEDDED_MODEL:
        return wanted, embedded_folder()
    folder = Path(wanted).expanduser()
    if folder.is_dir():
        return model_name(folder), _folder(folder, wanted, data_dir)
    if folder.is_file():
        return gguf_name(folder), _folder(folder, wanted, data_dir)
    if _HUB_ID.fullmatch(wanted) and not folder.exists():
        return wanted.partition("@")[0], _folder(download(wanted), wanted, data_dir)
    raise CheckpointError(f"{wanted} is neither a folder, nor a GGUF file, nor a hub id (author/name).")


def _folder(path: Path, wanted: str, data_dir: Path) -> Path:
    """A checkpoint's folder as it is; for a GGUF file, or a folder with nothing but one, the one that is made of it."""
    if path.is_dir():
        file = gguf_in(path)
        return path if file is None else checkpoint_of(file, data_dir)
    if path.is_file() and path.suffix.lower() == ".gguf":
        return checkpoint_of(path, data_dir)
    what = "a file and no GGUF; give the checkpoint's folder" if path.is_file() else "neither a folder nor a GGUF file"
    raise CheckpointError(f"{wanted} is {what}.")
