"""Checkpoints from the Hugging Face hub: what a repository has, its download, its check. Knows the hub's cache; no model.

`huggingface_hub` knows the hub and keeps the cache, which names a file by its checksum; `resume.py` brings the bytes.
"""

from __future__ import annotations

import fnmatch
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from nemoserve.backends.local.checkpoint import CheckpointError

WANTED = ("*.json", "*.safetensors", "*.jinja", "tokenizer*", "*.model", "LICENSE*", "README.md")
"""What is downloaded of a repository: no pickles, no second copies in other formats."""

_PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")

_REFUSALS = {
    401: "it asks for a token: set HF_TOKEN to one that is valid and may read this model.",
    403: "the token in HF_TOKEN may not read this: take one that may, and ask for access on the model's page.",
    429: "it has been asked too often: wait some minutes and run the command again; with HF_TOKEN set it answers more.",
}
"""By the status of the answer; what to do."""

Report = Callable[[str, int, int], None]
"""Called with a file's name, its bytes that are here, and its bytes in all."""


class Unreachable(CheckpointError):
    """The hub does not answer, or is not to be asked."""


@dataclass(frozen=True, slots=True)
class HubFile:
    name: str
    size: int
    """In bytes; 0 when the hub does not say."""


@dataclass(frozen=True, slots=True)
class Repository:
    """One revision of a model on the hub."""

    id: str
    revision: str | None
    """As it was asked for; None: the main one."""
    commit: str
    files: tuple[HubFile, ...]


def look(id_: str, revision: str | None) -> Repository:
    """Asks the hub what there is. Raises CheckpointError with one sentence."""
    from huggingface_hub import HfApi

    try:
        found: Any = HfApi().model_info(id_, revision=revision, files_metadata=True, timeout=30)
    except Exception as error:
        raise sentence(id_, error) from error
    files = tuple(HubFile(str(file.rfilename), int(file.size or 0)) for file in found.siblings or ())
    return Repository(id_, revision, str(found.sha), files)


def choose(repository: Repository, wanted: str | None) -> tuple[HubFile, ...]:
    """What to download: a file with all its parts, or a checkpoint's files. Raises CheckpointError."""
    ggufs = [file for file in repository.files if file.name.endswith(".gguf")]
    if wanted is not None:
        part = _PART.search(wanted)
        pattern = wanted if part is None else f"{wanted[: part.start()]}-[0-9][0-9][0-9][0-9][0-9]-of-{part[1]}.gguf"
        chosen = tuple(file for file in repository.files if file.name == wanted or fnmatch.fnmatch(file.name, pattern))
        if not chosen:
            named = ", ".join(file.name for file in ggufs or repository.files) or "no files"
            raise CheckpointError(f"{repository.id} has no file {wanted}; it has {named}.")
        return chosen
    if not any(file.name.endswith(".safetensors") for file in repository.files):
        if not ggufs:
            raise CheckpointError(f"{repository.id} has neither safetensors nor GGUF files; there is nothing to serve.")
        first = _ggufs(repository)
        if len(first) > 1:
            raise CheckpointError(f"{repository.id} has several GGUF files; choose one with --file: {_named(first)}.")
        return tuple(ggufs)
    return tuple(file for file in repository.files if any(fnmatch.fnmatch(file.name, name) for name in WANTED))


def _ggufs(repository: Repository) -> list[HubFile]:
    """Its GGUF files, of one that is cut into parts the first."""
    return [
        file
        for file in repository.files
        if file.name.endswith(".gguf") and ("-00001-of-" in file.name or not _PART.search(file.name))
    ]


def _named(files: Sequence[HubFile]) -> str:
    return ", ".join(f"{file.name} ({shown(file.size)})" for file in files)


def fetch(repository: Repository, files: Sequence[HubFile], report: Report) -> Path:
    """Downloads what the cache lacks or has damaged, goes on where it was cut off, and returns the snapshot's folder.

    Raises CheckpointError: the hub cannot be reached, the disk is full, the cache cannot be written, a checksum is wrong.
    """
    import huggingface_hub
    from huggingface_hub.constants import HF_HUB_CACHE

    cache = Path(HF_HUB_CACHE)
    try:
        cache.mkdir(parents=True, exist_ok=True)
        lacking = [file for file in files if not _is_whole(repository, file, report)]
    except OSError as error:
        why = error.strerror or error
        raise CheckpointError(
            f"The hub's cache {cache} cannot be used ({why}); set HF_HOME to a folder of yours."
        ) from error
    except ValueError as error:  # a name that leads out of the cache
        raise sentence(repository.id, error) from error
    missing = sum(file.size for file in lacking)
    free = shutil.disk_usage(cache).free
    if missing > free:
        raise CheckpointError(f"{repository.id} takes {shown(missing)} more, but {cache} has only {shown(free)} free.")
    # The library's annotations are incomplete.
    link = cast("Callable[..., str]", huggingface_hub.hf_hub_download)  # pyright: ignore[reportUnknownMemberType]
    folder = cache
    for file in files:
        try:
            if file in lacking:
                _bring(repository, file.name, cache, report)
            # What is in the cache by now, it only links into the snapshot, and notes the branch's commit.
            path = Path(link(repository.id, file.name, revision=repository.revision))
        except CheckpointError:
            raise
        except Exception as error:
            raise sentence(repository.id, error) from error
        folder = Path(*path.parts[: len(path.parts) - len(Path(file.name).parts)])
        if folder.name != repository.commit:
            raise CheckpointError(f"{repository.id} was changed on the hub in the meantime; run the command again.")
    return folder


def _bring(repository: Repository, name: str, cache: Path, report: Report) -> None:
    """One file into the cache, under its checksum. A hub that has none for it leaves it to its own library."""
    import huggingface_hub
    from huggingface_hub import utils

    from nemoserve.backends.local.resume import Busy, Damaged, bring, is_checksum

    url = huggingface_hub.hf_hub_url(repository.id, name, revision=repository.commit)
    about = huggingface_hub.get_hf_file_metadata(url)  # pyright: ignore[reportUnknownMemberType]
    headers = utils.build_hf_headers()  # pyright: ignore[reportUnknownMemberType]
    if about.etag is None or about.size is None or not is_checksum(about.etag):
        return
    blob = cache / f"models--{repository.id.replace('/', '--')}" / "blobs" / about.etag
    try:
        bring(url, headers, blob, about.size, lambda done, total: report(name, done, total))
    except Damaged as error:
        raise CheckpointError(
            f"{repository.id}/{name} was damaged on its way: its checksum is wrong; run the command again."
        ) from error
    except Busy as error:
        raise CheckpointError(f"{repository.id}/{name} is being downloaded by another process.") from error


def download(wanted: str) -> Path:
    """The folder of a hub id, optionally with `@revision`: from the cache, or downloaded. Raises CheckpointError."""
    import huggingface_hub

    name, _, revision = wanted.partition("@")
    try:
        whole = cast("Callable[..., str]", huggingface_hub.snapshot_download)  # pyright: ignore[reportUnknownMemberType]
        folder = Path(whole(name, revision=revision or None, allow_patterns=list(WANTED)))
    except Exception as error:
        raise sentence(name, error) from error
    if not any(any(folder.glob(pattern)) for pattern in ("*.safetensors", "*.gguf")):
        ggufs = _ggufs(look(name, revision or None))
        if ggufs:
            raise CheckpointError(
                f"{name} has no safetensors, but GGUF files: {_named(ggufs)}; "
                f"nemoserve pull {wanted} --file NAME brings one and says how to serve it."
            )
    return folder


def sentence(name: str, error: Exception) -> CheckpointError:
    """What went wrong with the hub, for people."""
    import httpx2
    from huggingface_hub import errors

    if isinstance(error, errors.GatedRepoError):
        words = "must be unlocked on the hub first: log in there and set HF_TOKEN."
    elif isinstance(error, errors.RepositoryNotFoundError):
        words = "is not a folder here, and the hub has no model of that name; if it is private or gated, set HF_TOKEN."
    elif isinstance(error, errors.RevisionNotFoundError):
        words = "has no such revision on the hub; leave it out, or take a branch, a tag or a commit that is there."
    elif isinstance(error, errors.IncompleteSnapshotError):
        words = f"is only in part in the hub's cache, and the hub cannot be reached: run nemoserve pull {name} with a network."
    elif isinstance(error, (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled, httpx2.TransportError)):
        return Unreachable(
            f"{name} is not a folder here, not in the hub's cache, and the hub cannot be reached: "
            "connect to the network once (and unset HF_HUB_OFFLINE), or give a folder."
        )
    else:  # any transport may fail in its own way
        status = getattr(getattr(error, "response", None), "status_code", 0)
        why = _REFUSALS.get(status) or " ".join(str(error).split())
        if status >= 500:
            why = f"it is out of order for now (status {status}): run the command again in some minutes; what is here stays."
        words = f"could not be downloaded from the hub: {why}"
    return CheckpointError(f"{name} {words}")


def shown(size: int) -> str:
    """A size as people read it."""
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if size >= 10**power:
            return f"{size / 10**power:.1f} {unit}"
    return f"{size} bytes"


def _is_whole(repository: Repository, file: HubFile, report: Report) -> bool:
    """Whether the cache has the file as the hub has it. One that is cut off or damaged is deleted."""
    from huggingface_hub import try_to_load_from_cache

    from nemoserve.backends.local.resume import checksum, is_checksum

    found = try_to_load_from_cache(repository.id, file.name, revision=repository.commit)
    if not isinstance(found, str):
        return False
    blob = Path(found).resolve()
    size = blob.stat().st_size
    if size == (file.size or size):

        def advance(done: int, total: int) -> None:
            report(file.name, done, total)

        # Where the system has no links, the file has its own name, and nothing here tells its checksum.
        if not is_checksum(blob.name) or checksum(blob, len(blob.name), size, advance) == blob.name:
            return True
    Path(found).unlink()
    blob.unlink(missing_ok=True)
    return False
