"""A provider for the tests: a real server that says what it is told to say, byte by byte. Knows sockets; no provider's format."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

from nemoserve.backends.base import HostedEvent, HostedJob, Told
from nemoserve.backends.remote.backend import RemoteBackend
from nemoserve.config.credentials import Secret
from nemoserve.config.providers import ProviderModel, ProviderSettings
from nemoserve.types.chat import ChatRequest, Message, Sampling
from nemoserve.types.events import ChoiceFinished, ReasoningDelta, TextDelta, ToolCallDelta, ToolCallStart
from nemoserve.types.reasoning import ReasoningIntent

Step = bytes | float | None
"""Bytes to send, seconds to wait, or None to hang up with a reset."""
MODEL = "nvidia/nemotron-nano-9b-v2"


@dataclass
class Heard:
    """A request that came."""

    path: str
    headers: dict[str, str]
    body: dict[str, Any]


@dataclass
class Provider:
    """Answers the n-th request with the n-th script, the last one again and again."""

    scripts: Sequence[Sequence[Step]]
    heard: list[Heard] = field(default_factory=list)
    hung_up: asyncio.Event = field(default_factory=asyncio.Event)
    """A client went away before its script was over."""
    connections: int = 0
    url: str = ""

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while head := await reader.readuntil(b"\r\n\r\n"):
                first, *lines = head.decode().split("\r\n")
                headers = {
                    name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines) if name
                }
                body = await reader.readexactly(int(headers.get("content-length", 0)))
                script = self.scripts[min(len(self.heard), len(self.scripts) - 1)]
                self.heard.append(Heard(first.split()[1], headers, json.loads(body)))
                for step in script:
                    if step is None:
                        writer.transport.abort()
                        return
                    if isinstance(step, float):
                        if await _gone(reader, step):
                            self.hung_up.set()
                            return
                        continue
                    writer.write(step)
                    await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            return
        finally:
            writer.close()


async def _gone(reader: asyncio.StreamReader, seconds: float) -> bool:
    with suppress(TimeoutError):
        return not await asyncio.wait_for(reader.read(1), seconds)
    return False


@asynccontextmanager
async def provider(*scripts: Sequence[Step]) -> AsyncGenerator[Provider]:
    """A running one."""
    house = Provider(scripts)
    server = await asyncio.start_server(house.serve, "127.0.0.1", 0)
    house.url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"
    try:
        yield house
    finally:
        server.close()


def whole(body: object, status: str = "200 OK", media: str = "application/json", **headers: str) -> bytes:
    """A reply in one piece."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    more = "".join(f"{name.replace('_', '-')}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status}\r\ncontent-type: {media}\r\ncontent-length: {len(data)}\r\n{more}\r\n".encode() + data


HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
END = b"0\r\n\r\n"


def piece(data: bytes) -> bytes:
    """Bytes of a chunked body."""
    return b"%x\r\n%s\r\n" % (len(data), data)


def event(body: object) -> bytes:
    """One event of a stream."""
    data = body if isinstance(body, bytes) else json.dumps(body).encode()
    return piece(b"data: " + data + b"\n\n")


def delta(finish: str | None = None, **part: object) -> bytes:
    """A chunk with one choice."""
    return event({"id": "up-1", "model": "up", "choices": [{"index": 0, "delta": part, "finish_reason": finish}]})


USAGE = event({"choices": [], "usage": {"prompt_tokens": 7, "completion_tokens": 5, "total_tokens": 12}})
DONE = event(b"[DONE]")


def settings(url: str, **fields: Any) -> ProviderSettings:
    """A generic provider at an address."""
    given: dict[str, Any] = {
        "name": "up", "type": "vllm", "base_url": url, "models": (ProviderModel(id=MODEL, upstream_id="up/nano"),), **fields
    }  # fmt: skip
    return ProviderSettings(**given)


def backend(url: str, *keys: str, first_byte_s: float = 5.0, clock: Callable[[], float] | None = None, **fields: Any):
    """A backend for it."""
    return RemoteBackend(settings(url, **fields), tuple(map(Secret, keys)), first_byte_s, clock)


def job(
    backend: RemoteBackend,
    text: str = "Hello",
    *,
    stream: bool = True,
    thinking: bool | None = None,
    budget: int | None = None,
    max_tokens: int | None = None,
    sampling: Sampling | None = None,
    messages: tuple[Message, ...] = (),
    **fields: Any,
) -> HostedJob:
    """A job for its first endpoint."""
    request = ChatRequest(
        models=(MODEL,),
        messages=messages or (Message("user", text),),
        sampling=sampling or Sampling(),
        reasoning=ReasoningIntent(enabled=thinking),
        stream=stream,
        **fields,
    )
    return HostedJob(
        id="j1",
        endpoint=backend.endpoints[0],
        request=request,
        thinking=thinking,
        budget=budget,
        max_tokens=max_tokens,
    )


@dataclass
class Seen:
    """A reply's events, put together."""

    text: str = ""
    reasoning: str = ""
    calls: list[tuple[str, str, str]] = field(default_factory=list)
    finish: ChoiceFinished | None = None
    told: Told | None = None
    events: list[HostedEvent] = field(default_factory=list)

    def add(self, event: HostedEvent) -> None:
        self.events.append(event)
        match event:
            case TextDelta():
                self.text += event.text
            case ReasoningDelta():
                self.reasoning += event.text
            case ToolCallStart():
                self.calls.append((event.id, event.name, ""))
            case ToolCallDelta():
                call_id, name, arguments = self.calls[event.position]
                self.calls[event.position] = (call_id, name, arguments + event.arguments)
            case ChoiceFinished():
                assert self.finish is None or event.index, "a choice ended twice"
                self.finish = event if not event.index else self.finish
            case Told():
                self.told = event


async def collect(backend: RemoteBackend, job: HostedJob, seen: Seen | None = None) -> Seen:
    """All of a reply; what came before a failure is in `seen`."""
    seen = seen if seen is not None else Seen()
    async for lot in backend.stream(job):
        for each in lot:
            seen.add(each)
    return seen
