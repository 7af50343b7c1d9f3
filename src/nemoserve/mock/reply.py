"""A reply before it is bytes: a body, or the chunks of a stream, each with the tokens that it carries."""

from __future__ import annotations

from typing import Literal

import msgspec

from nemoserve.mock.styles import Body

JSON = "application/json"
SSE = "text/event-stream"

MARK = "~mock-reply-number~~"
"""Stands in every body where the reply's own number goes, which is as long."""


class Chunk(msgspec.Struct, frozen=True):
    """An event of a stream. What is bytes goes out as it is."""

    kind: Literal["open", "token", "finish", "usage", "done", "comment", "error"]
    body: Body | bytes
    tokens: int = 0


class Reply(msgspec.Struct, frozen=True, kw_only=True):
    """What one request is answered. `chunks` is None where the answer is not streamed."""

    status: int = 200
    media: str = JSON
    headers: tuple[tuple[str, str], ...] = ()
    body: Body | bytes = b""
    chunks: tuple[Chunk, ...] | None = None
    tokens: int = 0
    """Completion tokens in it."""
    prompt_tokens: int = 0


def number(count: int) -> bytes:
    """What stands for MARK in the reply to the `count`th request."""
    return b"%020x" % count
