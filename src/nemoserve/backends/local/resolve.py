"""From what the operator wrote to a folder and an id: a folder, `id=folder`, the embedded model, a hub id. Downloads."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import cast

from nemoserve.backends.local.checkpoint import CheckpointError, model_name
from nemoserve.config.settings import EMBEDDED_MODEL

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*/[\w.-]+(@[\w.-]+)?")
_WANTED = ["*.json", "*.safetensors", "*.jinja", "tokenizer*", "*.model", "LICENSE*", "README.md"]


def embedded_folder() -> Path:
    """Where the package keeps the embedded model."""
    return Path(__file__).resolve().parents[2] / "mini"


def resolve(wanted: str) -> tuple[str, Path]:
    """The id to serve a model under, and its folder. Raises CheckpointError with one sentence.

    A hub id (`author/name`, optionally `@revision`) is downloaded, without pickles, to the hub's own cache.
    """
    name, found, path = wanted.partition("=")
    if found and path:
        return name.strip(), _folder(path)
    if wanted == EMBEDDED_MODEL:
        return wanted, _folder(str(embedded_folder()))
    folder = Path(wanted).expanduser()
    if folder.is_dir():
        return model_name(folder), folder
    if _HUB_ID.fullmatch(wanted) and not folder.exists():
        return wanted.partition("@")[0], _download(wanted)
    if folder.is_file():
        raise CheckpointError(f"{wanted} is a file; give the checkpoint's folder.")
    raise CheckpointError(f"{wanted} is neither a folder nor a hub id (author/name).")


def _folder(path: str) -> Path:
    folder = Path(path).expanduser()
    if not folder.is_dir():
        raise CheckpointError(f"{path} is not a folder.")
    return folder


def _download(wanted: str) -> Path:
    import huggingface_hub
    from huggingface_hub.errors import GatedRepoError, LocalEntryNotFoundError, RepositoryNotFoundError

    name, _, revision = wanted.partition("@")
    try:
        # The library's annotations are incomplete.
        download = cast("Callable[..., str]", huggingface_hub.snapshot_download)  # pyright: ignore[reportUnknownMemberType]
        return Path(download(name, revision=revision or None, allow_patterns=_WANTED))
    except GatedRepoError as error:
        raise CheckpointError(f"{name} must be unlocked on the hub first: log in there and set HF_TOKEN.") from error
    except RepositoryNotFoundError as error:
        raise CheckpointError(f"{name} is not a folder here, and the hub has no model of that name.") from error
    except LocalEntryNotFoundError as error:
        raise CheckpointError(
            f"{name} is not a folder here, not in the hub's cache, and the hub cannot be reached: "
            "connect to the network once, or give a folder."
        ) from error
    except Exception as error:  # any transport may fail in its own way
        raise CheckpointError(f"{name} could not be downloaded from the hub: {error}") from error
