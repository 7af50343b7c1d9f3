"""Fear: what a stream leaves behind goes round in circles, so that the collector stops all others to find it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import weakref
from collections.abc import AsyncGenerator, AsyncIterator
from pathlib import Path

import pytest
from starlette.types import Message

from nemoserve.config.settings import Settings
from nemoserve.http.streams import ClientGone, StreamingReply
from nemoserve.observe.logs import open_log
from nemoserve.types.errors import ApiError
from nemoserve.types.events import Completed, Event, TextDelta
from nemoserve.types.usage import Timing, Usage


class Reply:
    """Two words, and then an end or, where it goes on, nothing."""

    def __init__(self, goes_on: bool) -> None:
        self._goes_on, self._events = goes_on, self._run()

    async def _run(self) -> AsyncGenerator[Event]:
        for word in ("one", "two"):
            await asyncio.sleep(0)
            yield TextDelta(0, word)
        if self._goes_on:
            await asyncio.Event().wait()
        yield Completed(Usage(1, 2), Timing())

    def __aiter__(self) -> AsyncIterator[Event]:
        return self._events

    async def aclose(self) -> None:
        await self._events.aclose()

    async def broken_off(self) -> ApiError:
        return ApiError("server", "It was broken off.")


class Words:
    """Events as they are."""

    def write(self, event: Event) -> bytes:
        return repr(event).encode()

    def failure(self, error: ApiError) -> dict[str, object]:
        return {"error": error.message}

    def refusal(self) -> dict[str, object]:
        return {}


@pytest.mark.parametrize("leaves", [False, True])
async def test_a_reply_that_is_over_is_kept_until_the_collector_comes(leaves: bool, tmp_path: Path) -> None:
    """The client reads to the end, or leaves."""
    sent, begun = list[Message](), asyncio.Event()

    async def send(message: Message) -> None:
        sent.append(message)
        begun.set()

    async def receive() -> Message:
        await (begun if leaves else asyncio.Event()).wait()
        return {"type": "http.disconnect"}

    reply, settings = Reply(leaves), Settings(data_dir=tmp_path)
    left = weakref.ref(reply)
    gc.collect()
    gc.disable()
    try:
        with contextlib.suppress(ClientGone):
            await StreamingReply(reply, Words(), dict, settings, open_log(tmp_path))({"type": "http"}, receive, send)
        del reply
        await asyncio.sleep(0)
        assert sent and left() is None
    finally:
        gc.enable()
