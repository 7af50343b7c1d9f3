"""Fear: an image is lost on its way, lands at a model that cannot see, makes this server fetch something, or is billed wrongly."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from nemoserve.backends.base import HostedEvent, HostedJob, Told
from nemoserve.types.chat import IMAGE_TOKENS, Image
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, TextDelta
from nemoserve.types.usage import Usage
from tests.hosted import Behave, House, Scripted, answers, fails, house
from tests.servers import wait_until

BLIND, SEEING = "nvidia/nemotron-test", "nvidia/nemotron-test-vl"
PICTURE = "data:image/png;base64,iVBORw0KGgo="
FIRST = {"provider": {"order": ["alpha", "beta"]}}
_PER_IMAGE = 2_500_000
"""Nano-dollars: alpha's price."""


@pytest.fixture(scope="module")
def three(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    alpha = Scripted("alpha", model=SEEING, images=True, price=("1", "10"), image_price="0.0025")
    beta = Scripted("beta", model=SEEING, images=True, price=("2", "20"))
    blind = Scripted("blind", model=BLIND)
    one = frozenset({"max_tokens"})
    single = Scripted("single", model=SEEING, images=True, image_price="0.0025", parameters=one)
    with house(tmp_path_factory.mktemp("images"), alpha, beta, blind, single, max_body_bytes=32 << 20) as running:
        yield running


@pytest.fixture(autouse=True)
def good(three: House) -> None:
    for provider in three.providers.values():
        provider.behave = answers
        provider.jobs.clear()


def look(three: House, *urls: str, **fields: Any) -> requests.Response:
    parts = [{"type": "image_url", "image_url": {"url": url}} for url in urls or (PICTURE,)]
    messages = [{"role": "user", "content": [{"type": "text", "text": "What is it?"}, *parts]}]
    return three.chat(**{"messages": messages, "model": SEEING, **FIRST, **fields})


def row(three: House, answer: requests.Response) -> dict[str, Any]:
    (found,) = three.rows(answer.headers["x-generation-id"])
    return found


def test_an_image_is_billed_to_nobody_or_twice(three: House) -> None:
    answer = look(three, PICTURE, PICTURE)
    assert answer.status_code == 200, answer.text
    (asked,) = three.providers["alpha"].jobs
    assert asked.request.messages[0].parts == ("What is it?", Image(PICTURE), Image(PICTURE))
    line = row(three, answer)
    tokens = 10 * 1000 + 20 * 10_000
    assert (line["images"], line["cost"]) == (2, tokens + 2 * _PER_IMAGE)
    assert answer.json()["usage"]["cost"] == pytest.approx(line["cost"] / 1e9)
    told = requests.get(f"{three.url}/v1/generation", params={"id": answer.json()["id"]}, timeout=20).json()["data"]
    assert told["num_media_prompt"] == 2 and told["total_cost"] == pytest.approx(line["cost"] / 1e9)
    plain = three.chat(model=SEEING, **FIRST)
    assert (row(three, plain)["images"], row(three, plain)["cost"]) == (0, tokens)


def uses(usage: Usage | None) -> Behave:
    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield TextDelta(0, "A cat.")
        yield ChoiceFinished(0, "stop", "stop")
        yield Told(usage=usage)

    return behave


def test_nobody_can_say_how_much_of_a_prompt_its_images_were(three: House) -> None:
    alpha = three.providers["alpha"]
    alpha.behave = uses(Usage(1500, 3, image_tokens=1400))
    told = look(three, PICTURE, PICTURE)
    assert (row(three, told)["image_tokens"], row(three, told)["tokens_estimated"]) == (1400, False)
    assert told.json()["usage"]["prompt_tokens_details"]["image_tokens"] == 1400
    alpha.behave = uses(Usage(1500, 3))  # the text is a few tokens of it
    assert 1480 <= row(three, look(three, PICTURE, PICTURE))["image_tokens"] < 1500
    alpha.behave = uses(None)
    line = row(three, look(three, PICTURE, PICTURE))
    assert line["image_tokens"] == 2 * IMAGE_TOKENS < line["prompt_tokens"]
    plain = three.chat(model=SEEING, **FIRST)
    assert (
        row(three, plain)["image_tokens"] == 0 and "image_tokens" not in plain.json()["usage"]["prompt_tokens_details"]
    )


def test_choices_that_are_calls_of_their_own_read_the_image_unpaid(three: House) -> None:
    line = row(three, look(three, n=3, provider={"only": ["single"]}))
    assert (line["images"], line["cost"]) == (3, 3 * _PER_IMAGE)
    assert row(three, look(three, n=3, provider={"only": ["alpha"]}))["images"] == 1


def test_a_failover_loses_the_image_or_bills_both(three: House) -> None:
    three.providers["alpha"].behave = fails(ApiError("provider_unavailable", "gone"))
    answer = look(three)
    assert answer.status_code == 200 and answer.json()["provider"] == "beta"
    (asked,) = three.providers["beta"].jobs
    assert asked.request.images == (Image(PICTURE),)
    lines = three.rows(answer.headers["x-generation-id"])
    assert [(line["images"], line["cost"] > 0) for line in lines] == [(0, False), (1, True)]


def test_a_model_that_cannot_see_is_shown_an_image(three: House) -> None:
    answer = look(three, model=BLIND, provider={})
    assert answer.status_code == 404 and not three.providers["blind"].jobs
    error = answer.json()["error"]
    assert error["metadata"]["models_with_images"] == [SEEING] and SEEING in error["message"]
    assert error["availability"]["excluded_by"] == {"input_modality": 1}
    assert look(three, models=[BLIND, SEEING], model=None, provider={}).json()["model"] == SEEING


def test_a_list_hides_which_models_see(three: House) -> None:
    listed = requests.get(f"{three.url}/v1/models?input_modalities=image", timeout=20).json()["data"]
    assert [(one["id"], one["architecture"]["modality"]) for one in listed] == [(SEEING, "text+image->text")]


def test_an_address_makes_the_server_fetch_it(three: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as trap:
        trap.settimeout(0.3)
        inside = f"http://127.0.0.1:{trap.getsockname()[1]}/latest/meta-data"
        for address in (inside, "http://169.254.169.254/latest/meta-data"):
            assert look(three, address).status_code == 200
            assert three.providers["alpha"].jobs[-1].request.images == (Image(address),), "it is handed on as it is"
        for address in ("file:///etc/passwd", "gopher://127.0.0.1/", "//127.0.0.1/a"):
            refused = look(three, address)
            assert refused.status_code == 400
            assert refused.json()["error"]["metadata"]["parameter"] == "messages[0].content[1].image_url.url"
        with pytest.raises(TimeoutError):
            trap.accept()


def test_twenty_megabytes_of_image_are_in_the_log_or_the_ledger(three: House) -> None:
    key = three.services.keyring.create("k", store_content=True, actor="test")[1]
    large = "data:image/png;base64," + "ABCD" * (5 << 20)
    before = folder_size(three.data_dir)
    answer = look(three, large, key=key)
    assert answer.status_code == 200, answer.text[:500]
    assert three.providers["alpha"].jobs[-1].request.images == (Image(large),)
    assert row(three, answer)["prompt_tokens"] == 10
    kept = requests.get(
        f"{three.url}/v1/generation/content",
        params={"id": answer.json()["id"]},
        headers={"authorization": f"Bearer {key}"},
        timeout=20,
    )
    assert '"sha256"' in kept.text and len(kept.text) < 5000
    three.providers["alpha"].behave = fails(ApiError("invalid_request", "image_too_large"))
    assert len(look(three, large, provider={"only": ["alpha"]}).text) < 5000
    assert folder_size(three.data_dir) - before < 1 << 20


def folder_size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def test_the_hold_leaves_the_price_of_images_out(three: House) -> None:
    # Of the 7 000 000, the estimate of an image's tokens holds some 3 300 000, its price 2 500 000; 2 710 000 are spent in the end.
    key = three.key(limit=7_000_000)
    assert look(three, PICTURE, key=key, provider={"only": ["alpha"]}, max_tokens=5).status_code == 200
    broke = look(three, PICTURE, key=key, provider={"only": ["alpha"]}, max_tokens=5)
    assert broke.status_code == 402, broke.text
    assert three.chat(model=SEEING, key=key, provider={"only": ["alpha"]}, max_tokens=5).status_code == 200


def test_a_client_that_leaves_is_not_billed_for_what_was_read(three: House) -> None:
    async def slow(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield TextDelta(0, "It is ")
        await asyncio.Event().wait()

    three.providers["alpha"].behave = slow
    answer = look(three, stream=True)
    next(answer.iter_content(16))
    wait_until(lambda: bool(three.providers["alpha"].jobs), "the provider is asked")
    answer.close()
    line = row(three, answer)
    assert (line["outcome"], line["images"]) == ("cancelled", 1) and line["cost"] >= _PER_IMAGE
    assert line["tokens_estimated"] and line["prompt_tokens"] > 1600
