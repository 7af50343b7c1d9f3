"""Fixtures that several suites share: checkpoints and running servers."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import nemoserve
from tests import (
    examples,  # noqa: F401  (how many of them property tests try)
    mocks,
    servers,
)
from tests.databases import database, database_place, own_postgres, postgres  # noqa: F401
from tests.servers import Server

MINI = Path(nemoserve.__file__).parent / "mini"

# The machines that run the tests have few cores, and a tiny model gains nothing from several threads.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")
# The GPU's kernels run in Triton's interpreter. It reads this when it is imported, which other libraries do, too.
os.environ["TRITON_INTERPRET"] = "1"


@pytest.fixture(scope="session")
def tiny_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A random checkpoint with a long context, so that a reply can go on for as long as a test needs."""
    from tests.checkpoints import tiny_checkpoint

    return tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "tiny", max_position_embeddings=65536)


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Server]:
    """One server with the embedded model for all tests that leave it as they found it."""
    options = [] if (MINI / "model.safetensors").exists() else ["--model", f"nemoserve/mini={tiny_folder}"]
    running = servers.start(tmp_path_factory.mktemp("server"), *options)
    yield running
    running.stop()


@pytest.fixture(scope="module")
def start_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., Server]]:
    """Starts servers of a module's own, by their command line options; they end with the module."""
    started: list[Server] = []

    def start(*options: str, wait: bool = True) -> Server:
        server = servers.start(tmp_path_factory.mktemp("server"), *options, wait=wait)
        started.append(server)
        return server

    yield start
    for server in started:
        server.stop()


@pytest.fixture(scope="module")
def start_mock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Callable[..., mocks.MockProvider]]:
    """Starts stand-ins for providers, by style and command line options; they end with the module."""
    started: list[mocks.MockProvider] = []

    def start(style: str = "openai", *options: str) -> mocks.MockProvider:
        mock = mocks.start_mock(tmp_path_factory.mktemp("mock") / "mock.log", style, *options)
        started.append(mock)
        return mock

    yield start
    for mock in started:
        mock.stop()
