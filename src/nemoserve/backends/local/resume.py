"""One file of the hub into its cache, from where an earlier download stopped, and held against its checksum. Knows HTTP; no models.

`huggingface_hub` itself begins a file anew when it is run again, which for files of many GB is what people complain of.
"""

from __future__ import annotations

import fcntl
import hashlib
import re
import time
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

import httpx2

Advance = Callable[[int, int], None]
"""Called with bytes that are here and bytes in all."""

_CHECKSUM = re.compile(r"[0-9a-f]{64}|[0-9a-f]{40}")
_PIECE = 1 << 20
_PARTIAL = 206
"""The server gave what the range asked for; otherwise it gave everything."""
_TIMEOUT_S = 30.0
_TRIES = 5
"""In a row without a byte."""
_PAUSE_S = 1.0


class Damaged(Exception):
    """The content is not what its checksum says; it was thrown away."""


class Busy(Exception):
    """Another process is downloading the same file."""


def is_checksum(name: str) -> bool:
    """Whether the cache's name of a file is one: SHA-256 of large files, git's SHA-1 of small ones."""
    return _CHECKSUM.fullmatch(name) is not None


def bring(url: str, headers: dict[str, str], blob: Path, size: int, advance: Advance) -> None:
    """Downloads to `blob`, whose name is its checksum. What is cut off stays beside it for the next time.

    Raises Damaged, Busy, httpx2.HTTPError, and OSError when the disk is full.
    """
    blob.parent.mkdir(parents=True, exist_ok=True)
    part = blob.with_name(f"{blob.name}.part")
    with part.open("ab") as sink:
        try:
            fcntl.flock(sink, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise Busy from error
        if blob.exists():
            part.unlink(missing_ok=True)
            return
        failures = 0
        while sink.tell() != size:
            before = sink.tell()
            if before > size:
                sink.truncate(before := 0)
                sink.seek(0)
            try:
                _stream(url, headers, sink, size, advance)
                if not before and sink.tell() > size:
                    break  # there is no use in asking again
                if sink.tell() != size:
                    raise httpx2.RemoteProtocolError(f"{sink.tell()} bytes came of {size}")
            except httpx2.TransportError:
                failures = 0 if sink.tell() > before else failures + 1
                if failures >= _TRIES:
                    raise
                time.sleep(_PAUSE_S)
        sink.flush()
        if checksum(part, len(blob.name), size) != blob.name:
            part.unlink()
            raise Damaged
        part.rename(blob)


def _stream(url: str, headers: dict[str, str], sink: BinaryIO, size: int, advance: Advance) -> None:
    """Adds what is missing, as far as the connection lasts."""
    begin = sink.tell()
    asked = {**headers, "Accept-Encoding": "identity", **({"Range": f"bytes={begin}-"} if begin else {})}
    with httpx2.stream("GET", url, headers=asked, follow_redirects=True, timeout=_TIMEOUT_S) as response:
        response.raise_for_status()
        if begin and response.status_code != _PARTIAL:
            sink.truncate(0)
            sink.seek(0)
        for piece in response.iter_bytes():
            sink.write(piece)
            advance(min(sink.tell(), size), size)
            if sink.tell() > size:
                return


def checksum(file: Path, digits: int, size: int, advance: Advance = lambda _done, _total: None) -> str:
    """In hexadecimal, with so many digits."""
    digest = hashlib.sha256() if digits == 64 else hashlib.sha1(usedforsecurity=False)
    if digits == 40:
        digest.update(f"blob {size}\0".encode())  # git's header
    with file.open("rb") as stream:
        while piece := stream.read(_PIECE):
            digest.update(piece)
            advance(stream.tell(), size)
    return digest.hexdigest()
