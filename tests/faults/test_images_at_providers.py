"""Fear: with a real provider on a real socket an image arrives otherwise than it was sent, or its price goes astray."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.gateways import Fleet, fleet

pytestmark = pytest.mark.slow
VL = "nvidia/nemotron-nano-12b-v2-vl"
CONTENT: list[dict[str, Any]] = [
    {"type": "text", "text": "Left: "},
    {"type": "image_url", "image_url": {"url": "data:image/png;base64,iVBORw0KGgo=", "detail": "high"}},
    {"type": "text", "text": "Right:"},
    {"type": "image_url", "image_url": {"url": "https://example.org/right.webp"}},
]


@pytest.fixture(scope="module")
def eyes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("eyes"), ("vllm", "openrouter"), model=VL, price=', image = "0.001"') as it:
        yield it


def test_an_image_changes_on_its_way(eyes: Fleet) -> None:
    eyes.mocks["vllm"].faults("503")
    messages = [{"role": "user", "content": [{**CONTENT[0], "text": "Left: /think"}, *CONTENT[1:]]}]
    order = {"order": ["vllm", "openrouter"]}
    answer = eyes.server.post(
        "/v1/chat/completions", {"model": VL, "messages": messages, "provider": order, "max_tokens": 20}
    )
    assert answer.status_code == 200, answer.text
    assert answer.json()["provider"] == "openrouter"
    for mock in eyes.mocks.values():
        assert mock.received()[-1]["body"]["messages"][-1]["content"] == CONTENT
    usage = answer.json()["usage"]
    assert usage["prompt_tokens"] == eyes.mocks["openrouter"].received()[-1]["prompt_tokens"] > 2 * 256
    assert usage["cost"] == pytest.approx((usage["prompt_tokens"] * 10 + usage["completion_tokens"] * 100) / 1e6 + 2e-3)
    eyes.stop()
    assert sorted((row["outcome"], row["images"]) for row in eyes.rows()) == [("failed", 0), ("finished", 2)]
