"""Names of requests and of replies, which nobody can guess. Knows their forms; not what they name."""

from __future__ import annotations

import os
import time
from collections import deque

_SIZE, _PIECES = 20, 128
_LETTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_LETTER_OF_BYTE = bytes(_LETTERS[byte % len(_LETTERS)] for byte in range(256))
_pieces: deque[bytes] = deque()
"""Of the system's random bytes, which take longer to ask for than to use. Each is taken out once, also by threads."""
os.register_at_fork(after_in_child=_pieces.clear)


def generation_id() -> str:
    """In OpenRouter's form."""
    return f"gen-{int(time.time())}-{_random().translate(_LETTER_OF_BYTE).decode()}"


def request_id() -> str:
    """160 bits in hexadecimal digits."""
    return _random().hex()


def _random() -> bytes:
    try:
        return _pieces.pop()
    except IndexError:
        data = os.urandom(_SIZE * _PIECES)
        _pieces.extend(data[at : at + _SIZE] for at in range(_SIZE, len(data), _SIZE))
        return data[:_SIZE]
