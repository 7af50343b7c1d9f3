"""Fear: the stand-in takes images that its provider would refuse, so that a test of what is sent proves nothing."""

from __future__ import annotations

import json
from typing import Any

import pytest

from nemoserve.mock.ask import Unacceptable, read
from nemoserve.mock.draft import prompt_tokens
from nemoserve.mock.listing import model
from nemoserve.mock.styles import STYLES

NANO, VL = "nvidia/nemotron-nano-9b-v2", "nvidia/nemotron-nano-12b-v2-vl"


def asked(part: dict[str, Any], name: str = VL) -> int:
    content = [{"type": "text", "text": "What is it?"}, part]
    body = {"model": name, "messages": [{"role": "user", "content": content}]}
    return prompt_tokens(read(STYLES["openrouter"], json.dumps(body).encode(), chat=True))


def picture(url: Any) -> dict[str, Any]:
    return {"type": "image_url", "image_url": {"url": url}}


def test_a_model_that_cannot_see_takes_an_image() -> None:
    assert asked(picture("data:image/png;base64,AAAA")) == asked(picture("https://h/a.png"), "a/b") == 4 + 3 + 256
    for name in (NANO, "nemoserve/mini"):
        with pytest.raises(Unacceptable, match="image input"):
            asked(picture("https://h/a.png"), name)


@pytest.mark.parametrize(
    "part", [picture("file:///a"), picture(5), {"type": "image_url", "image_url": "https://h/a"}, {"type": "video_url"}]
)
def test_what_no_provider_reads_is_taken(part: dict[str, Any]) -> None:
    with pytest.raises(Unacceptable, match=r"messages\[0\]"):
        asked(part)


def test_a_list_says_that_all_models_see_or_none() -> None:
    listed = [model(STYLES["openrouter"], name, 0)["architecture"] for name in (NANO, VL)]
    assert [one["modality"] for one in listed] == ["text->text", "text+image->text"]  # type: ignore[index]
