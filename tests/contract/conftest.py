"""Gateways over the fake engine that the contract tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.checkpoints import CHAT_TEMPLATE, tiny_checkpoint
from tests.contract.recorder import Recorder
from tests.gateway import Gateway, start_gateway

_REPLY = "{{- '<SPECIAL_11>Assistant\\n' + text -}}"
_REPLY_WITH_THINKING = "{{- '<SPECIAL_11>Assistant\\n' + (message.reasoning_content or '') + text -}}"


_FOREIGN = frozenset(
    f"test_{name}.py"
    for name in (
        "langchain", "litellm", "openai_javascript", "openapi_fuzzed", "openrouter_javascript", "pydantic_ai", "pydantic_ai_tools",
    )
)  # fmt: skip
"""Programs of others that take seconds to import or to start; all of these tests are slow."""


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Where slow tests are left out, foreign programs are not even imported."""
    return True if collection_path.name in _FOREIGN and config.getoption("markexpr") == "not slow" else None


@pytest.fixture(scope="session")
def gateway(tmp_path_factory: pytest.TempPathFactory, tiny_folder: Path) -> Iterator[Gateway]:
    running = start_gateway(
        tmp_path_factory.mktemp("gateway"), tiny_folder, max_body_bytes=1 << 20, keepalive_s=0.2, first_keepalive_s=0.2
    )
    yield running
    running.stop()


@pytest.fixture(scope="session")
def remembering(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gateway]:
    """A gateway whose template shows the model past thinking, so that the journal tells what a client sent back."""
    assert _REPLY in CHAT_TEMPLATE
    folder = tiny_checkpoint(tmp_path_factory.mktemp("checkpoint") / "remembering", max_position_embeddings=65536)
    (folder / "chat_template.jinja").write_text(CHAT_TEMPLATE.replace(_REPLY, _REPLY_WITH_THINKING))
    running = start_gateway(tmp_path_factory.mktemp("gateway"), folder)
    yield running
    running.stop()


@pytest.fixture
def recorder(remembering: Gateway) -> Iterator[Recorder]:
    """What passes between a client and the gateway that remembers."""
    running = Recorder(remembering.url)
    yield running
    running.close()
