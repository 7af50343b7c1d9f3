"""A mock in the test's own event loop, behind a real socket, and a bare client of it."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import httpx2
import pytest

from nemoserve.mock.options import Options
from nemoserve.mock.server import Mock, start
from nemoserve.mock.styles import STYLES

Body = dict[str, Any]


class Caller:
    """Asks one mock. Keeps nothing back: bodies come as they were sent."""

    def __init__(self, mock: Mock, client: httpx2.AsyncClient) -> None:
        self.mock, self.client = mock, client
        self.style = mock.service.style

    def body(self, text: str = "Hello there", **fields: Any) -> Body:
        return {"model": self.mock.service.models[0], "messages": [{"role": "user", "content": text}], **fields}

    async def post(self, body: Body, *, path: str = "/chat/completions", fault: str = "") -> httpx2.Response:
        headers = {"x-mock-fault": fault} if fault else {}
        return await self.client.post(self.mock.url + path, json=body, headers=headers)

    async def whole(self, text: str = "Hello there", *, fault: str = "", **fields: Any) -> Body:
        reply = await self.post(self.body(text, **fields), fault=fault)
        assert reply.status_code == 200, reply.text
        return reply.json()

    async def events(self, text: str = "Hello there", *, fault: str = "", **fields: Any) -> list[Body | str]:
        """A stream's events; what is not JSON comes as text."""
        reply = await self.post(self.body(text, stream=True, **fields), fault=fault)
        assert reply.status_code == 200, reply.text
        return parsed(reply.text)

    async def log(self) -> Body:
        return (await self.client.get(self.mock.origin + "/mock/log")).json()

    async def control(self, path: str, body: Any) -> httpx2.Response:
        return await self.client.post(self.mock.origin + path, json=body)


def parsed(text: str) -> list[Body | str]:
    found: list[Body | str] = []
    for line in text.replace("\r\n", "\n").split("\n"):
        if line.startswith("data: "):
            data = line.removeprefix("data: ")
            try:
                found.append(json.loads(data))
            except ValueError:
                found.append(data)
    return found


def chunks(events: list[Body | str]) -> list[Body]:
    return [event for event in events if isinstance(event, dict)]


def fold(events: list[Body | str]) -> tuple[str, str, str | None]:
    """Thinking, text and finish reason of a stream."""
    choices = [choice for event in chunks(events) for choice in event["choices"]]
    deltas = [choice["delta"] for choice in choices]
    thinking = "".join(delta.get("reasoning") or delta.get("reasoning_content") or "" for delta in deltas)
    content = "".join(delta.get("content") or "" for delta in deltas)
    return thinking, content, next((c["finish_reason"] for c in choices if c["finish_reason"]), None)


@pytest.fixture
async def call() -> AsyncIterator[Any]:
    """Starts mocks: `caller = await call("vllm", tokens=8)`."""
    opened: list[Caller] = []

    async def begin(style: str = "openai", **options: Any) -> Caller:
        mock = await start(Options(style=style, **options))
        caller = Caller(
            mock, httpx2.AsyncClient(headers={"Authorization": "Bearer sk-mock-secret"}, timeout=20, verify=False)
        )
        opened.append(caller)
        return caller

    yield begin
    for caller in opened:
        await caller.client.aclose()
        await caller.mock.close()


@pytest.fixture(params=list(STYLES))
def style(request: pytest.FixtureRequest) -> str:
    return request.param
