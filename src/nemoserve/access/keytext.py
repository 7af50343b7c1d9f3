"""The text of a key: how it is made, checked and named. Knows its form and its digest; not whose it is or what it may do.

    sk-nemo-<public, 16>-<secret, 43><checksum, 6>

The secret holds 256 bits. The checksum is the CRC-32 of all before it, which differs for every change of a single character,
so that a mistyped or shortened key is told from a wrong one without a look at the database.
"""

from __future__ import annotations

import hmac
import re
import secrets
import zlib

PREFIX = "sk-nemo-"
"""What every key begins with."""
_LOWER = "0123456789abcdefghijklmnopqrstuvwxyz"
_LETTERS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PUBLIC, _SECRET, _CHECKSUM = 16, 43, 6
_FORM = re.compile(rf"{PREFIX}([0-9a-z]{{{_PUBLIC}}})-[0-9A-Za-z]{{{_SECRET + _CHECKSUM}}}")
_INSIDE = re.compile(rf"{PREFIX}[0-9a-z]{{{_PUBLIC}}}-[0-9A-Za-z]+")
"""A key, or the beginning of one that was cut short."""


def make() -> tuple[str, str]:
    """A new key: its public part and its whole text."""
    public = "".join(secrets.choice(_LOWER) for _ in range(_PUBLIC))
    body = f"{PREFIX}{public}-{''.join(secrets.choice(_LETTERS) for _ in range(_SECRET))}"
    return public, body + _checksum(body)


def public_part(text: str) -> str | None:
    """What a key is looked up by; None for what does not look like a key. Whether it is mistyped, `whole` tells."""
    match = _FORM.fullmatch(text)
    return None if match is None else match[1]


def whole(text: str) -> bool:
    """Whether the checksum of what looks like a key is its own."""
    return text[-_CHECKSUM:] == _checksum(text[:-_CHECKSUM])


def label(text: str) -> str:
    """A key with its middle left out, for lists: enough to recognise it by, of no use to anybody else."""
    start = len(PREFIX) + 4
    return f"{text[:start]}…{text[-4:]}"


class Digester:
    """HMAC-SHA-256 of whole keys under the server's pepper: what is stored instead of them."""

    def __init__(self, pepper: bytes) -> None:
        self._empty = hmac.new(pepper, digestmod="sha256")

    def __call__(self, text: str) -> bytes:
        mac = self._empty.copy()  # takes two thirds of the time of setting it up for each key
        mac.update(text.encode())
        return mac.digest()


def redacted(text: str) -> str:
    """`text` with every key in it, whole or cut short, shortened to its label."""
    return _INSIDE.sub(lambda match: label(match[0]), text)


def _checksum(body: str) -> str:
    """The CRC-32 in base 62."""
    number, digits = zlib.crc32(body.encode()), ""
    for _ in range(_CHECKSUM):
        number, digit = divmod(number, len(_LETTERS))
        digits = _LETTERS[digit] + digits
    return digits
