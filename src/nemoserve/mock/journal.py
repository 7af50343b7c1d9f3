"""What the mock has received and how each request ended, for tests to look at. Keeps no secret, only its fingerprint."""

from __future__ import annotations

import hashlib
import time
from collections import Counter, deque
from typing import Literal

import msgspec

from nemoserve.mock.styles import Body

_KEPT = 2000
"""Requests; older ones are forgotten, the counts are not."""
_SECRET = frozenset({b"authorization", b"x-api-key", b"api-key", b"cookie", b"proxy-authorization"})

Outcome = Literal["under way", "answered", "broken off", "client left"]
Headers = list[tuple[bytes, bytes]]


class Entry:
    """One request. `broken off` is a connection that the mock itself ended."""

    __slots__ = ("at", "body", "fault", "headers", "method", "model", "number", "outcome", "path", "prompt_tokens",
                 "status", "stream", "tokens", "tokens_sent")  # fmt: skip

    def __init__(self, number: int, method: str, path: str, headers: Headers, body: bytes) -> None:
        self.number, self.method, self.path, self.headers, self.body = number, method, path, headers, body
        self.at = time.time()
        self.model, self.stream, self.fault, self.status = "", False, "", 0
        self.tokens = self.prompt_tokens = self.tokens_sent = 0
        self.outcome: Outcome = "under way"


class Journal:
    """The last requests, and counts of all."""

    def __init__(self) -> None:
        self._entries: deque[Entry] = deque(maxlen=_KEPT)
        self.clear()

    def clear(self) -> None:
        """Forgets everything; what is under way ends uncounted."""
        self._entries.clear()
        self._open: set[Entry] = set()
        self._requests = self._peak = self._prompt_tokens = self._completion_tokens = self._tokens_sent = 0
        self._by: dict[str, Counter[str]] = {
            name: Counter() for name in ("path", "model", "fault", "status", "outcome")
        }

    def open(self, entry: Entry) -> None:
        """A request has come in."""
        self._entries.append(entry)
        self._open.add(entry)
        self._requests += 1
        self._peak = max(self._peak, len(self._open))

    def close(self, entry: Entry, outcome: Outcome) -> None:
        """It has ended; says so once."""
        if entry.outcome != "under way":
            return
        entry.outcome = outcome
        if entry not in self._open:
            return
        self._open.discard(entry)
        by = self._by
        by["path"][entry.path] += 1
        by["model"][entry.model] += 1
        by["status"][str(entry.status)] += 1
        by["outcome"][outcome] += 1
        if entry.fault:
            by["fault"][entry.fault] += 1
        self._tokens_sent += entry.tokens_sent
        if outcome == "answered":
            self._prompt_tokens += entry.prompt_tokens
            self._completion_tokens += entry.tokens

    def body(self, after: int = 0) -> Body:
        """What `GET /mock/log` answers: the requests with a number above `after`, and the counts."""
        counts: Body = {
            "requests": self._requests,
            "under_way": len(self._open),
            "most_at_once": self._peak,
            "prompt_tokens": self._prompt_tokens,
            "completion_tokens": self._completion_tokens,
            "tokens_sent": self._tokens_sent,
            **{f"by_{name}": dict(counter) for name, counter in self._by.items()},
        }
        return {"counts": counts, "requests": [_shown(entry) for entry in self._entries if entry.number > after]}


def fingerprint(secret: str) -> str:
    """Tells one key from another without showing it."""
    return "sha256:" + hashlib.sha256(secret.encode()).hexdigest()[:12]


def _shown(entry: Entry) -> Body:
    return {
        "number": entry.number,
        "at": entry.at,
        "method": entry.method,
        "path": entry.path,
        "headers": {_text(name).lower(): _value(name, value) for name, value in entry.headers},
        "body": _json(entry.body),
        "model": entry.model,
        "stream": entry.stream,
        "fault": entry.fault or None,
        "status": entry.status,
        "outcome": entry.outcome,
        "prompt_tokens": entry.prompt_tokens,
        "completion_tokens": entry.tokens,
        "tokens_sent": entry.tokens_sent,
    }


def _value(name: bytes, value: bytes) -> str:
    if name.lower() not in _SECRET:
        return _text(value)
    scheme, blank, secret = _text(value).partition(" ")
    return f"{scheme} {fingerprint(secret)}" if blank and scheme.lower() == "bearer" else fingerprint(_text(value))


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def _json(body: bytes) -> object:
    try:
        return msgspec.json.decode(body) if body else None
    except msgspec.MsgspecError:
        return _text(body)
