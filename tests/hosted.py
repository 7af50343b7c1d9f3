"""Providers that do as a test says, and a gateway before them in a thread of the test's own process."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import threading
import time
from collections.abc import AsyncGenerator, Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import requests
import uvicorn

from nemoserve.backends.base import HostedEvent, HostedJob, Told
from nemoserve.config.settings import Settings
from nemoserve.http.app import create_app
from nemoserve.types.endpoint import Endpoint
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, ReasoningDelta, TextDelta
from nemoserve.types.usage import Usage
from tests.servers import free_port, wait_until

MODEL = "nvidia/nemotron-test"
Behave = Callable[[HostedJob], AsyncGenerator[HostedEvent]]


async def answers(
    job: HostedJob, text: str = "Hello there.", thought: str = "", usage: bool = True
) -> AsyncGenerator[HostedEvent]:
    """A good reply, a word at a time."""
    for index in range(job.request.sampling.n):
        if thought:
            yield ReasoningDelta(index, thought)
        for word in text.split(" "):
            yield TextDelta(index, word + " ")
        yield ChoiceFinished(index, "stop", "stop")
    yield Told(usage=Usage(10, 20, 5 if thought else 0, 4)) if usage else Told()


def fails(error: ApiError, after: int = 0, wait_s: float = 0.0) -> Behave:
    """Fails after so many words."""

    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        for at in range(after):
            yield TextDelta(0, f"word{at} ")
        await asyncio.sleep(wait_s)
        raise ApiError(
            error.error_type, error.message, metadata=dict(error.metadata), retry_after_s=error.retry_after_s
        )

    return behave


async def hangs(job: HostedJob) -> AsyncGenerator[HostedEvent]:
    """Says nothing, for ever."""
    await asyncio.Event().wait()
    yield TextDelta(0, "never")


@dataclass
class Scripted:
    """A provider; `behave` may be changed at any time."""

    name: str
    behave: Behave = answers
    price: tuple[str, str] = ("0", "0")
    parameters: frozenset[str] | None = None
    context_length: int = 100_000
    model: str = MODEL
    images: bool = False
    image_price: str = "0"
    local: bool = False
    past_thinking: bool = True
    reasoning_budget: bool = True
    jobs: list[HostedJob] = field(default_factory=list)
    open: int = 0

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        return (
            Endpoint(
                model=self.model,
                provider=self.name,
                upstream_id=f"{self.name}-id",
                context_length=self.context_length,
                parameters=self.parameters,
                images=self.images,
                local=self.local,
                past_thinking=self.past_thinking,
                reasoning_budget=self.reasoning_budget,
            ),
        )

    async def stream(self, job: HostedJob) -> AsyncGenerator[list[HostedEvent]]:
        self.jobs.append(job)
        self.open += 1
        try:
            async with contextlib.aclosing(self.behave(job)) as events:
                async for event in events:
                    yield [event]
        finally:
            self.open -= 1

    async def close(self) -> None:
        pass


@dataclass
class House:
    """A running gateway."""

    url: str
    data_dir: Path
    providers: dict[str, Scripted]
    services: Any

    def chat(
        self, text: str = "Hi", *, key: str | None = None, headers: dict[str, str] | None = None, **fields: Any
    ) -> requests.Response:
        body = {"model": MODEL, "messages": [{"role": "user", "content": text}], **fields}
        sent = {**({"authorization": f"Bearer {key}"} if key else {}), **(headers or {})}
        return requests.post(
            f"{self.url}/v1/chat/completions", json=body, headers=sent, timeout=30, stream=bool(fields.get("stream"))
        )

    def rows(self, generation: str | None = None) -> list[dict[str, Any]]:
        """The ledger's lines, in the order in which the attempts were made; waits until nothing is under way."""
        wait_until(lambda: not self.services.books._claims and not self.services.books._writer.behind, "all is settled")
        with contextlib.closing(sqlite3.connect(self.data_dir / "nemoserve.db")) as database:
            database.row_factory = sqlite3.Row
            found = [dict(row) for row in database.execute("SELECT * FROM attempts ORDER BY created_at, id")]
        return [row for row in found if generation is None or row["generation_id"] == generation]

    def key(self, **limits: Any) -> str:
        """A new key."""
        from nemoserve.types.caller import KeyLimits

        return self.services.keyring.create("k", limits=KeyLimits(**limits), actor="test")[1]


@contextlib.contextmanager
def house(data_dir: Path, *providers: Scripted, **settings: Any) -> Iterator[House]:
    """A gateway before these providers, without any model of its own."""
    port = free_port()
    prices = data_dir / "prices.toml"
    prices.write_text(
        "".join(
            f'[[prices]]\nmodel = "{provider.model}"\nprovider = "{provider.name}"\nfrom = 2020-01-01\n'
            f'prompt = "{provider.price[0]}"\ncompletion = "{provider.price[1]}"\n'
            f'image = "{provider.image_price}"\n'
            for provider in providers
        )
    )
    wanted = Settings(**{"data_dir": data_dir, "models": (), "prices": prices, "port": port, **settings})
    app = create_app(wanted, None, providers)
    server = uvicorn.Server(
        uvicorn.Config(app, host="127.0.0.1", port=port, log_config=None, access_log=False, http="httptools")
    )
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    wait_until(lambda: server.started, "the gateway")
    try:
        yield House(f"http://127.0.0.1:{port}", data_dir, {one.name: one for one in providers}, app.state.services)
    finally:
        server.should_exit = True
        thread.join(20)


def chunks(response: requests.Response) -> Iterator[dict[str, Any]]:
    """The chunks of a stream."""
    import json

    for line in response.iter_lines():
        if line.startswith(b"data: ") and line != b"data: [DONE]":
            yield json.loads(line[6:])


def now() -> float:
    return time.monotonic()
