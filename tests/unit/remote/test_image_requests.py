"""Fear: an image reaches a provider in other places than it was sent in, or is paid for once though it was read twice."""

from __future__ import annotations

from nemoserve.backends.remote.endpoints import endpoint_of
from nemoserve.config.providers import ProviderModel, ProviderSettings, ProviderType
from nemoserve.types.chat import Image, Message
from tests.providers import backend, collect, job, provider
from tests.unit.remote.test_two_calls import _ANSWER, _CUT

VL = "nvidia/nemotron-nano-12b-v2-vl"
LOOK = Message("user", "").shown(
    ("Left: /think", Image("data:image/png;base64,AAAA", "high"), "Right:", Image("https://h/a"))
)


def takes(kind: ProviderType, model: str = VL, **fields: object) -> bool:
    wanted = ProviderModel(id=model, **fields)  # type: ignore[arg-type]
    return endpoint_of(ProviderSettings(name="up", type=kind, base_url="http://up/v1", models=(wanted,)), wanted).images


def test_a_model_that_sees_is_taken_for_blind_or_the_other_way_round() -> None:
    assert takes("openrouter") and takes("neuralhub") and takes("vllm", f"{VL}:free")
    assert takes("openai", "a/b", upstream_id=VL) and not takes("openai", "a/b")
    assert takes("openai", "a/b", modalities=("text", "image")) and not takes("openai", modalities=("text",))
    assert not takes("openrouter", "nvidia/nemotron-nano-9b-v2")
    assert not takes("llama-server") and takes("llama-server", modalities=("text", "image"))


async def test_both_calls_of_a_budget_read_the_image_and_one_is_counted() -> None:
    async with provider(_CUT, _ANSWER) as house:
        remote = backend(house.url, type="sglang", models=(ProviderModel(id=VL),))
        seen = await collect(remote, job(remote, thinking=True, budget=5, max_tokens=60, messages=(LOOK,)))
        await remote.close()
    first, second = (heard.body["messages"] for heard in house.heard)
    assert first[-1] == second[-2] == {
        "role": "user",
        "content": [
            {"type": "text", "text": "Left: "},
            {"type": "image_url", "image_url": {"url": "data:image/png;base64,AAAA", "detail": "high"}},
            {"type": "text", "text": "Right:"},
            {"type": "image_url", "image_url": {"url": "https://h/a"}},
        ],
    }  # fmt: skip
    assert seen.told is not None and seen.told.calls == 2


async def test_an_image_costs_twice_where_one_call_was_enough() -> None:
    async with provider(_ANSWER) as house:
        remote = backend(house.url, type="sglang", models=(ProviderModel(id=VL),))
        seen = await collect(remote, job(remote, thinking=True, budget=5, max_tokens=60, messages=(LOOK,)))
        await remote.close()
    assert seen.told is not None and seen.told.calls == 1
