"""Text completions by providers: what a provider is sent, what comes back of it, and who is never asked."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
import requests

from tests.gateways import MODEL, Fleet, fleet
from tests.servers import Server, chunks, start

MINI = "nemoserve/mini"
PROMPT = "Question: What is 3 plus 4?\nAnswer:"


@pytest.fixture(scope="module")
def front(server: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A gateway whose only provider is another nemoserve, which has the embedded model."""
    folder = tmp_path_factory.mktemp("front")
    (folder / "config.toml").write_text(
        f'[server]\nembedded = false\n[[providers]]\nname = "behind"\ntype = "nemoserve"\nbase_url = "{server.url}/v1"\n'
        f'[[providers.models]]\nid = "{MINI}"\nprice = {{ prompt = "1", completion = "10" }}\n'
    )
    running = start(folder / "data", "--config", str(folder / "config.toml"))
    yield running
    running.stop()


@pytest.fixture(scope="module")
def providers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    # In the order of their prices; build.nvidia.com is the cheapest, and continues no texts.
    with fleet(tmp_path_factory.mktemp("fleet"), ("nvidia", "vllm", "openrouter"), routing="retry_burst = 1000") as it:
        yield it


def complete(at: Server, prompt: Any = PROMPT, **fields: Any) -> dict[str, Any]:
    reply = at.post("/v1/completions", {"model": MINI, "prompt": prompt, "max_tokens": 12, "temperature": 0, **fields})
    assert reply.status_code == 200, reply.text
    return reply.json()


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"echo": True},
        {"logprobs": 3},
        {"echo": True, "logprobs": 2, "max_tokens": 3},
        {"n": 2, "temperature": 1.0, "seed": 7},
        {"stop": ["\n"], "max_tokens": 40},
        {"prompt": [PROMPT, "One, two,"]},
        {"prompt": [PROMPT, "One, two,"], "n": 2, "temperature": 0.8, "seed": 3},
        {"add_special_tokens": False},
        {"ignore_eos": True, "max_tokens": 30},
        {"response_format": {"type": "json_object"}, "max_tokens": 30},
    ],
)
def test_another_nemoserve_continues_a_text_in_other_words_than_it_would_itself(
    front: Server, server: Server, fields: dict[str, Any]
) -> None:
    ours, theirs = complete(front, **fields), complete(server, **fields)
    assert ours["provider"] == "behind" and ours["model"] == MINI and ours["object"] == "text_completion"
    assert ours["choices"] == theirs["choices"]
    for name in ("prompt_tokens", "completion_tokens"):
        assert ours["usage"][name] == theirs["usage"][name]
    assert ours["usage"]["cost"] > 0


def test_token_ids_are_not_what_the_model_reads(front: Server, server: Server) -> None:
    ids = server.post("/tokenize", {"prompt": PROMPT}).json()["tokens"]
    by_ids, by_text = complete(front, ids), complete(front)
    assert by_ids["choices"] == by_text["choices"] and by_ids["usage"]["prompt_tokens"] == len(ids)
    assert len(complete(front, [ids, ids])["choices"]) == 2


def test_a_stream_says_something_else_than_the_whole(front: Server) -> None:
    fields: dict[str, Any] = {"n": 2, "logprobs": 1}
    whole = complete(front, **fields)
    body = {"model": MINI, "prompt": PROMPT, "max_tokens": 12, "temperature": 0, "stream": True, **fields}
    found = chunks(front.post("/v1/completions", body))
    for choice in whole["choices"]:
        pieces = [piece for event in found for piece in event["choices"] if piece["index"] == choice["index"]]
        assert "".join(piece["text"] for piece in pieces) == choice["text"]
        logprobs = [piece["logprobs"] for piece in pieces if piece["logprobs"]]
        assert [token for each in logprobs for token in each["tokens"]] == choice["logprobs"]["tokens"]
        assert pieces[-1]["finish_reason"] == choice["finish_reason"]
    assert found[-1]["usage"]["completion_tokens"] == whole["usage"]["completion_tokens"]


def test_the_openai_client_cannot_continue_a_text_at_a_provider(front: Server) -> None:
    client = openai.OpenAI(base_url=f"{front.url}/v1", api_key="none", max_retries=0)
    whole = client.completions.create(model=MINI, prompt=PROMPT, max_tokens=12, temperature=0)
    stream = client.completions.create(model=MINI, prompt=PROMPT, max_tokens=12, temperature=0, stream=True)
    assert "".join(choice.text for chunk in stream for choice in chunk.choices) == whole.choices[0].text
    assert whole.usage is not None and whole.usage.completion_tokens > 0


def test_a_text_is_settled_as_a_conversation_or_at_no_price(front: Server, tmp_path: Path) -> None:
    reply = front.post("/v1/completions", {"model": MINI, "prompt": PROMPT, "temperature": 0})
    body = reply.json()
    assert body["usage"]["completion_tokens"] <= 16, "as at OpenAI's, where nothing was asked for"
    told = front.get("/v1/generation", params={"id": body["id"]}).json()["data"]
    usage = body["usage"]
    assert told["api_type"] == "completions" and told["provider_name"] == "behind"
    assert (told["tokens_prompt"], told["tokens_completion"]) == (usage["prompt_tokens"], usage["completion_tokens"])
    assert usage["cost"] == pytest.approx((usage["prompt_tokens"] + 10 * usage["completion_tokens"]) / 1e6)


def ask(providers: Fleet, **fields: Any) -> requests.Response:
    for mock in providers.mocks.values():
        mock.forget()
    return providers.server.post("/v1/completions", {"model": MODEL, "prompt": "Once", "max_tokens": 8, **fields})


def test_a_provider_that_knows_conversations_only_is_sent_a_text(providers: Fleet) -> None:
    body = ask(providers, logprobs=2, n=2, stop="zzz").json()
    assert body["provider"] == "vllm" and len(body["choices"]) == 2
    assert not providers.mocks["nvidia"].received()
    (received,) = providers.mocks["vllm"].received()
    assert received["path"].endswith("/v1/completions")
    sent = received["body"]
    assert (sent["prompt"], sent["max_tokens"], sent["n"], sent["logprobs"]) == ("Once", 8, 2, 2)
    assert not {"messages", "top_logprobs", "chat_template_kwargs", "reasoning"} & sent.keys()
    refused = ask(providers, provider={"only": ["nvidia"]})
    assert refused.status_code == 404
    error = refused.json()["error"]
    assert error["availability"]["excluded_by"]["text_completion"] == 1
    assert "conversations" in error["message"]


def test_several_prompts_are_sent_where_one_is_taken_and_come_back_mixed_up(providers: Fleet) -> None:
    body = ask(providers, prompt=["Once", "Twice"], provider={"only": ["openrouter"]}).json()
    assert [choice["index"] for choice in body["choices"]] == [0, 1]
    sent = [received["body"]["prompt"] for received in providers.mocks["openrouter"].received()]
    assert sorted(sent) == ["Once", "Twice"]
    alone = [
        ask(providers, prompt=prompt, provider={"only": ["openrouter"]}).json()["choices"][0]["text"]
        for prompt in ("Once", "Twice")
    ]
    assert [choice["text"] for choice in body["choices"]] == alone


@pytest.mark.parametrize("stream", [False, True])
def test_a_provider_that_fails_before_the_first_word_is_not_replaced(providers: Fleet, stream: bool) -> None:
    providers.mocks["vllm"].faults("500")
    try:
        reply = ask(providers, stream=stream)
    finally:
        providers.mocks["vllm"].faults()
    assert reply.status_code == 200
    found = chunks(reply)[0] if stream else reply.json()
    assert found["provider"] == "openrouter"


def test_a_text_that_breaks_off_ends_as_if_it_were_whole(providers: Fleet) -> None:
    providers.mocks["vllm"].faults("cut")
    try:
        reply = ask(providers, stream=True, max_tokens=50, provider={"only": ["vllm"]})
    finally:
        providers.mocks["vllm"].faults()
    last = [json.loads(line[6:]) for line in reply.text.splitlines() if line.startswith("data: {")][-1]
    assert last["error"]["metadata"]["error_type"] and last["choices"][0]["finish_reason"] == "error"


def test_counts_that_nobody_told_are_taken_for_the_providers_own(providers: Fleet) -> None:
    providers.mocks["vllm"].faults("no-usage")
    try:
        usage = ask(providers, echo=True, prompt="Once " * 40, provider={"only": ["vllm"]}).json()["usage"]
    finally:
        providers.mocks["vllm"].faults()
    assert usage["estimated"] is True and 1 <= usage["prompt_tokens"] <= 60


@pytest.mark.parametrize("path", ["completions", "chat/completions"])
def test_a_request_that_nothing_fits_is_not_told_of_each_endpoint(providers: Fleet, path: str) -> None:
    said = {"prompt": PROMPT} if path == "completions" else {"messages": [{"role": "user", "content": PROMPT}]}
    body = {"model": MODEL, **said, "provider": {"only": ["vllm"], "ignore": ["vllm"]}}
    answer = providers.server.post(f"/v1/{path}", body, headers={"X-OpenRouter-Metadata": "enabled"})
    assert answer.status_code == 404
    routed = answer.json()["openrouter_metadata"]["endpoints"]
    rules = {one["provider"]: one["excluded_by"] for one in routed["excluded"]}
    assert (routed["available"], rules) == ([], {"nvidia": "only", "openrouter": "only", "vllm": "ignore"})
    assert "openrouter_metadata" not in providers.server.post(f"/v1/{path}", body).json()


@pytest.mark.parametrize("stream", [True, False])
def test_a_text_does_not_say_how_it_was_routed(providers: Fleet, stream: bool) -> None:
    body = {"model": MODEL, "prompt": PROMPT, "stream": stream, "provider": {"order": ["openrouter"]}}
    answer = providers.server.post("/v1/completions", body, headers={"X-OpenRouter-Metadata": "enabled"})
    last = json.loads(answer.text.split("data: ")[-2]) if stream else answer.json()
    routed = last["openrouter_metadata"]
    assert routed["attempts"] == [{"provider": "openrouter", "model": MODEL, "status": 200}]
    assert [one["provider"] for one in routed["endpoints"]["excluded"]] == ["nvidia"]
