"""A server of another maker may be slow, die, hang, or leave processes behind: its model comes back, and nothing is left over."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, cast

import msgspec
import psutil
import pytest

from nemoserve.backends.base import Health, HostedJob
from nemoserve.backends.managed.backend import ManagedBackend
from nemoserve.backends.managed.supervisor import Watch
from nemoserve.config.engines import EngineSettings
from nemoserve.observe.logs import open_log
from nemoserve.routing.health import outcome_of
from nemoserve.types.chat import ChatRequest
from nemoserve.types.errors import ApiError
from tests.servers import wait_until

FAKE = Path(__file__).parents[1] / "fake_server.py"
# Slow machines are forgiven much, save where that is what is tried.
QUICK = Watch(
    starting_every_s=0.05, every_s=0.1, answer_s=10.0, silent_s=60.0, restart_first_s=0.05, restart_longest_s=0.1
)


class Child:
    """A managed server, what it was told to do, and what was said of it."""

    def __init__(self, folder: Path, orders: dict[str, Any], watch: Watch = QUICK) -> None:
        self.journal = folder / "journal"
        program = folder / "vllm"
        program.write_text(f'#!/bin/sh\nexec {sys.executable} {FAKE} "$@"\n')
        program.chmod(0o755)
        env = {"FAKE_SERVER": json.dumps(orders), "FAKE_JOURNAL": str(self.journal)}
        self.said: list[Health] = []
        self.backend = ManagedBackend(
            EngineSettings(type="vllm", model="nemoserve/mini", program=str(program), env=env),
            folder,
            open_log(folder),
            30.0,
            on_change=lambda _name, health: self.said.append(health),
            watch=watch,
        )

    @property
    def lives(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.journal.read_text().splitlines()] if self.journal.exists() else []

    async def until(self, condition: Callable[[], Any], timeout_s: float = 120.0) -> None:
        async with asyncio.timeout(timeout_s):
            while not condition():  # noqa: ASYNC110 - what is awaited lies outside this process
                await asyncio.sleep(0.02)

    async def until_ready(self, lives: int = 1) -> None:
        await self.until(lambda: self.backend.health.state == "ready" and len(self.lives) >= lives)


Start = Callable[..., Awaitable[Child]]


@pytest.fixture
async def start(tmp_path: Path) -> AsyncIterator[Start]:
    children: list[Child] = []

    async def begin(watch: Watch = QUICK, **orders: Any) -> Child:
        children.append(Child(tmp_path, orders, watch))
        children[-1].backend.start()
        return children[-1]

    yield begin
    for child in children:
        await child.backend.close()
        for life in child.lives:
            for pid in (life["pid"], *life["children"]):
                assert not psutil.pid_exists(pid), "a process outlived the server that started it"


def job() -> HostedJob:
    return HostedJob(id="x", endpoint=cast("Any", None), request=cast("ChatRequest", None))


async def test_a_server_that_starts_slowly_says_how_far_it_is_and_refuses_meanwhile(start: Start) -> None:
    child = await start(load_s=0.7, says="Loading shards:  10%\rLoading shards:  50%", waiting=3)
    await child.until(lambda: any(health.message == "Loading shards:  50%" for health in child.said))
    assert child.backend.not_ready == "it is being loaded", "what a server prints is for the operator alone"
    with pytest.raises(ApiError, match=r"nemoserve/mini is being loaded by vllm") as refused:
        await anext(child.backend.stream(job()))
    assert refused.value.error_type == "provider_overloaded"
    assert refused.value.retry_after_s is not None
    assert outcome_of(refused.value) == "cancelled", (
        "requests while it loads must not keep others from it when it is ready"
    )
    await child.until_ready()
    (endpoint,) = child.backend.endpoints
    assert (endpoint.model, endpoint.provider, endpoint.local, endpoint.context_length) == (
        "nemoserve/mini",
        "vllm",
        True,
        4096,
    )
    await child.until(lambda: child.backend.waiting == 3)


async def test_a_server_that_dies_is_started_again_on_another_port(start: Start) -> None:
    child = await start()
    await child.until_ready()
    os.kill(child.lives[0]["pid"], signal.SIGKILL)
    await child.until_ready(lives=2)
    ports = [life["arguments"][life["arguments"].index("--port") + 1] for life in child.lives]
    assert ports[0] != ports[1]
    assert any("killed by signal 9" in health.message for health in child.said)


async def test_a_server_that_answers_no_more_is_taken_for_stuck(start: Start) -> None:
    child = await start(msgspec.structs.replace(QUICK, answer_s=0.3, strikes=2), hush_s=1.0)
    await child.until_ready()
    await child.until_ready(lives=2)
    assert not psutil.pid_exists(child.lives[0]["pid"])


async def test_a_server_that_never_comes_up_is_given_up_with_its_own_last_words(start: Start) -> None:
    child = await start(fail="ValueError: no GPU was found")
    await child.until(lambda: child.backend.health.state == "failed")
    message = child.backend.health.message
    assert len(child.lives) == 3
    assert "ended with status 3" in message and "  ValueError: no GPU was found" in message
    with pytest.raises(ApiError) as refused:
        await anext(child.backend.stream(job()))
    assert refused.value.error_type == "provider_unavailable"
    assert "GPU" not in refused.value.message, "what a server prints is for the operator alone"
    assert child.backend.not_ready == "vllm died 3 times while starting: it ended with status 3"
    assert child.backend.not_ready in refused.value.message and str(child.journal.parent) not in refused.value.message


async def test_a_server_that_says_nothing_while_it_starts_is_not_awaited_for_ever(start: Start) -> None:
    child = await start(msgspec.structs.replace(QUICK, silent_s=1.0), load_s=600)
    await child.until(lambda: len(child.lives) >= 2)
    assert not psutil.pid_exists(child.lives[0]["pid"])


async def test_what_a_server_started_ends_with_it_even_in_sessions_of_its_own(start: Start) -> None:
    child = await start(child=True)
    await child.until_ready()
    helper = child.lives[0]["children"][0]
    assert psutil.pid_exists(helper)
    await child.backend.close()
    assert not psutil.pid_exists(helper)
    assert child.backend.health.state == "stopped"


GATEWAY = """
    import asyncio, sys
    from pathlib import Path
    sys.path.insert(0, sys.argv[2])
    from tests.faults.test_managed import Child
    async def main():
        child = Child(Path(sys.argv[1]), {"child": True})
        child.backend.start()
        await child.until_ready()
        print("ready", flush=True)
        await asyncio.sleep(600)
    asyncio.run(main())
"""


def test_nothing_outlives_a_gateway_that_is_killed(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    command = [sys.executable, "-c", textwrap.dedent(GATEWAY), str(tmp_path), str(root)]
    gateway = subprocess.Popen(command, stdout=subprocess.PIPE, cwd=root)
    assert gateway.stdout is not None and gateway.stdout.readline() == b"ready\n"
    life = json.loads((tmp_path / "journal").read_text())
    gateway.kill()
    gateway.wait(10)
    for pid in (life["pid"], *life["children"]):
        wait_until(lambda pid=pid: not psutil.pid_exists(pid), "what the gateway started ends", 20)


def test_nothing_outlives_a_keeper_that_is_killed(tmp_path: Path) -> None:
    from nemoserve.backends.managed import keeper

    command = [sys.executable, "-I", str(keeper.__file__), "1", sys.executable, "-c", "import time; time.sleep(600)"]
    process = subprocess.Popen(command, stdin=subprocess.PIPE)
    program = wait_until(lambda: psutil.Process(process.pid).children(), "the program runs")[0]
    process.kill()
    process.wait()
    wait_until(lambda: not program.is_running(), "the program ends", 10)


def test_where_a_server_that_printed_nothing_keeps_its_log_is_told_to_clients(tmp_path: Path) -> None:
    child = Child(tmp_path, {})
    said = "vllm died 3 times while starting: it ended with status 0"
    child.backend._supervisor.health = Health("failed", f"{said}\nAll that it said is in {tmp_path}/server.log")
    assert child.backend.not_ready == said
