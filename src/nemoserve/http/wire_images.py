"""Images as they come over the wire: an address, or the bytes as a data: URL. Knows how both are written; opens neither."""

from __future__ import annotations

import re
from urllib.parse import urlsplit

import msgspec

from nemoserve.types.chat import Image
from nemoserve.types.errors import invalid

IMAGE_PARTS = ("image_url", "input_image")
"""Types of content parts: that of OpenAI's chat completions, and that of its responses."""
_DETAILS = ("auto", "low", "high", "original")
_DATA = re.compile(r"data:image/[\w.+-]+(?:;[\w.+-]+=[^;,]*)*;base64,[\w+/]", re.ASCII | re.IGNORECASE)
_LONGEST_HEAD = 200
"""Characters of a data: URL before its bytes: no more of it is looked at."""
_LONGEST_ADDRESS = 8192
_MEND = "send an address such as https://host/picture.png, or the picture itself as data:image/png;base64,…"


class WireImage(msgspec.Struct):
    """The address of an image, and how closely it is to be looked at."""

    url: str | None = None
    detail: str | None = None


def read_image(where: str, given: str | WireImage | None, detail: str | None = None) -> Image:
    """The image of the part at `where`; `detail` is the part's own. Raises ApiError (400) naming the field, with a mend."""
    field, of_detail = f"{where}.image_url", f"{where}.detail"
    if given is None:
        raise invalid(field, f"required; {_MEND}")
    if isinstance(given, WireImage):
        url = given.url
        if given.detail is not None:
            detail, of_detail = given.detail, f"{field}.detail"
        field = f"{field}.url"
    else:
        url = given
    if url is None:
        raise invalid(field, f"required; {_MEND}")
    _check(field, url)
    if detail is not None and detail not in _DETAILS:
        raise invalid(of_detail, f"expected {', '.join(_DETAILS)}, got {detail[:40]!r}")
    return Image(url, detail or "")


def _check(field: str, url: str) -> None:
    if url[:5].lower() == "data:":
        if not _DATA.match(url[:_LONGEST_HEAD]):
            head = url[:_LONGEST_HEAD].partition(",")[0]
            raise invalid(field, f"{head[:60]!r} does not begin a picture in base64; send data:image/png;base64,…")
        return
    try:
        parts = urlsplit(url) if len(url) <= _LONGEST_ADDRESS else None
        fine = parts is not None and parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        fine = False
    if not fine:
        raise invalid(field, f"{url[:60]!r} is no address of a picture; {_MEND}")
