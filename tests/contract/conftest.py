"""A gateway over the fake engine that the contract tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.gateway import Gateway, start_gateway


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Gateway]:
    running = start_gateway(
        tmp_path_factory.mktemp("gateway"), tiny_folder, max_body_bytes=1 << 20, keepalive_s=0.2, first_keepalive_s=0.2
    )
    yield running
    running.stop()
