"""Fear: a provider fails and the client sees it though another one would have answered; or sees half of two replies."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from nemoserve.backends.base import HostedEvent, HostedJob, Texts, Told
from nemoserve.config.routing import RoutingSettings
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, ReasoningDelta, TextDelta
from nemoserve.types.usage import Usage
from tests.hosted import MODEL, House, Scripted, answers, chunks, fails, hangs, house, now
from tests.servers import wait_until

FIRST = {"provider": {"order": ["alpha", "beta"]}}


@pytest.fixture
def two(tmp_path: Path) -> Iterator[House]:
    routing = RoutingSettings(retry_burst=100, breaker_failures=3)
    alpha, beta = Scripted("alpha", price=("1", "10")), Scripted("beta", price=("2", "20"))
    with house(tmp_path, alpha, beta, routing=routing) as running:
        yield running


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (ApiError("provider_unavailable", "connection refused"), 502),
        (ApiError("provider_overloaded", "busy"), 503),
        (ApiError("rate_limit_exceeded", "too fast", retry_after_s=7), 429),
        (ApiError("timeout", "too slow"), 504),
        (ApiError("not_found", "no such model there"), 404),
        (ApiError("context_length_exceeded", "too long for it"), 400),
        (ApiError("invalid_request", "no tools", metadata={"unsupported_parameters": ["tools"]}), 400),
        (ApiError("invalid_request", "stop: too many of them for it"), 400),
        (ApiError("invalid_prompt", "refused by its moderation"), 400),
        (ApiError("payload_too_large", "too large for it"), 413),
    ],
)
@pytest.mark.parametrize("stream", [True, False])
def test_a_failure_before_the_first_word_is_never_seen(two: House, error: ApiError, status: int, stream: bool) -> None:
    two.providers["alpha"].behave = fails(error)
    answer = two.chat(**FIRST, stream=stream, headers={"x-openrouter-metadata": "enabled"})
    assert answer.status_code == 200
    if stream:
        found = list(chunks(answer))
        assert {chunk["provider"] for chunk in found} == {"beta"} and not any("error" in chunk for chunk in found)
        text, last = "".join(chunk["choices"][0]["delta"]["content"] for chunk in found), found[-1]
    else:
        last = answer.json()
        text = last["choices"][0]["message"]["content"]
    assert text == "Hello there. " and last["provider"] == "beta"
    assert [one["status"] for one in last["openrouter_metadata"]["attempts"]] == [status, 200]
    first, second = two.rows(answer.headers["x-generation-id"])
    assert (first["id"], second["id"]) == tuple(f"{last['id']}-{n}" for n in (1, 2))
    assert (first["provider"], first["outcome"], first["cost"]) == ("alpha", "failed", 0)
    assert first["error_type"] == error.error_type
    assert (second["provider"], second["outcome"]) == ("beta", "finished")
    assert second["cost"] == 10 * 2_000 + 20 * 20_000
    assert last["usage"]["cost"] == second["cost"] / 1e9
    details = last["usage"]["cost_details"]
    assert details["upstream_inference_prompt_cost"] == 20_000 / 1e9
    assert details["upstream_inference_cost"] == last["usage"]["cost"]


@pytest.mark.parametrize(("error", "seconds"), [("rate_limit_exceeded", "2"), ("provider_overloaded", "1")])
def test_a_client_is_not_told_when_to_come_again(tmp_path: Path, error: Any, seconds: str) -> None:
    busy = Scripted("alpha", fails(ApiError(error, "busy")))
    with house(tmp_path, busy, routing=RoutingSettings(rate_limit_rest=2.0)) as running:
        answer = running.chat()
        assert answer.status_code in (429, 503) and answer.headers["retry-after"] == seconds


def test_after_the_first_word_a_failure_ends_the_stream_in_the_open(two: House) -> None:
    two.providers["alpha"].behave = fails(ApiError("provider_unavailable", "it broke"), after=3)
    answer = two.chat(**FIRST, stream=True)
    found = list(chunks(answer))
    assert answer.status_code == 200 and not two.providers["beta"].jobs
    last = found[-1]
    assert last["error"]["code"] == 502 and last["error"]["metadata"]["provider_name"] == "alpha"
    assert last["choices"][0]["finish_reason"] == "error"
    (row,) = two.rows(answer.headers["x-generation-id"])
    assert (row["outcome"], row["finish_reason"], row["cost"]) == ("failed", "error", 0)
    assert row["completion_tokens"] > 0 and row["tokens_estimated"]
    assert last["usage"]["completion_tokens"] == row["completion_tokens"] and last["usage"]["estimated"] is True


def test_what_a_provider_says_it_used_before_it_broke_is_not_guessed_again(two: House) -> None:
    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield TextDelta(0, "word")
        error = ApiError("provider_unavailable", "it broke")
        error.usage = Usage(10, 20, 5, 4)
        raise error

    two.providers["alpha"].behave = behave
    answer = two.chat(**FIRST, stream=True)
    usage = list(chunks(answer))[-1]["usage"]
    (row,) = two.rows(answer.headers["x-generation-id"])
    assert (usage["prompt_tokens"], usage["completion_tokens"], "estimated" in usage) == (10, 20, False)
    assert (row["prompt_tokens"], row["completion_tokens"], row["tokens_estimated"]) == (10, 20, 0)


def test_a_reply_that_is_not_streamed_has_not_begun_before_it_is_whole(two: House) -> None:
    two.providers["alpha"].behave = fails(ApiError("provider_unavailable", "it broke"), after=3)
    answer = two.chat(**FIRST)
    assert answer.json()["choices"][0]["message"]["content"] == "Hello there. "
    first, _ = two.rows(answer.headers["x-generation-id"])
    assert first["completion_tokens"] > 0 and first["cost"] == 0


@pytest.mark.parametrize("kind", ["invalid_request", "invalid_prompt", "payload_too_large"])
def test_what_the_client_could_mend_is_not_hidden_behind_an_outage_elsewhere(two: House, kind: str) -> None:
    two.providers["alpha"].behave = fails(ApiError(kind, "this makes no sense"))  # type: ignore[arg-type]
    two.providers["beta"].behave = fails(ApiError("provider_unavailable", "down"))
    answer = two.chat(**FIRST)
    error = answer.json()["error"]
    assert 400 <= answer.status_code < 500 and "this makes no sense" in error["message"]
    assert error["metadata"]["provider_name"] == "alpha"
    assert error["metadata"]["previous_errors"] == [{"provider": "beta", "code": 502, "status": 502}]


def test_when_all_fail_the_client_hears_of_each(two: House) -> None:
    two.providers["alpha"].behave = fails(ApiError("provider_overloaded", "busy"))
    two.providers["beta"].behave = fails(ApiError("rate_limit_exceeded", "slow down", retry_after_s=3))
    answer = two.chat(**FIRST)
    error = answer.json()["error"]
    assert answer.status_code == 429 and answer.headers["retry-after"] == "3"
    assert error["metadata"]["previous_errors"] == [{"provider": "alpha", "code": 503, "status": 503}]
    assert answer.headers["x-cost"] == "0"
    assert [row["outcome"] for row in two.rows(answer.headers["x-generation-id"])] == ["failed", "failed"]


def test_while_all_are_down_nobody_is_asked_and_the_answer_comes_at_once(two: House) -> None:
    for provider in two.providers.values():
        provider.behave = fails(ApiError("provider_unavailable", "down"))
    for _ in range(4):
        two.chat(**FIRST)
    asked = sum(len(provider.jobs) for provider in two.providers.values())
    began = now()
    answer = two.chat(**FIRST)
    assert answer.status_code == 503 and now() - began < 1 and int(answer.headers["retry-after"]) >= 1
    assert answer.json()["error"]["availability"]["excluded_by"] == {"breaker": 2}
    assert sum(len(provider.jobs) for provider in two.providers.values()) == asked


def test_a_client_that_goes_away_ends_the_providers_stream(two: House) -> None:
    async def endless(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        while True:
            yield TextDelta(0, "more ")
            await asyncio.sleep(0.01)

    alpha = two.providers["alpha"]
    alpha.behave = endless
    answer = two.chat(**FIRST, stream=True)
    lines = answer.iter_lines()  # one that is not kept closes the connection
    next(lines)
    assert alpha.open == 1
    answer.close()
    wait_until(lambda: alpha.open == 0, "the stream is closed")
    (row,) = two.rows(answer.headers["x-generation-id"])
    assert row["outcome"] == "cancelled" and row["completion_tokens"] > 0 and row["tokens_estimated"]
    assert row["cost"] == row["prompt_tokens"] * 1_000 + row["completion_tokens"] * 10_000


def test_a_client_that_goes_away_before_the_first_word_ends_it_too(two: House) -> None:
    alpha = two.providers["alpha"]
    two.providers["beta"].behave = alpha.behave = hangs
    with pytest.raises(requests.Timeout):
        requests.post(
            f"{two.url}/v1/chat/completions",
            json={"model": MODEL, "messages": [{"role": "user", "content": "x"}], **FIRST},
            timeout=0.2,
        )
    wait_until(lambda: alpha.open == 0, "the stream is closed")
    (row,) = two.rows()
    assert (row["outcome"], row["cost"]) == ("cancelled", 0) and not two.providers["beta"].jobs


def test_a_slow_first_provider_is_raced_and_the_loser_is_stopped(tmp_path: Path) -> None:
    routing = RoutingSettings(hedge_after=0.1, retry_burst=100)
    alpha, beta = Scripted("alpha", hangs, price=("1", "10")), Scripted("beta", price=("1", "10"))
    with house(tmp_path, alpha, beta, routing=routing) as running:
        for stream in (True, False):
            answer = running.chat(**FIRST, stream=stream)
            assert b"Hello" in answer.content and b'"beta"' in answer.content
            first, second = running.rows(answer.headers["x-generation-id"])
            assert (first["provider"], first["outcome"], first["cost"]) == ("alpha", "cancelled", 0)
            assert (second["provider"], second["outcome"]) == ("beta", "finished") and alpha.open == 0


def test_a_hedged_request_whose_two_endpoints_fail_says_so(tmp_path: Path) -> None:
    down = fails(ApiError("provider_unavailable", "down"), wait_s=0.2)
    with house(
        tmp_path, Scripted("alpha", down), Scripted("beta", down), routing=RoutingSettings(hedge_after=0.05)
    ) as running:
        answer = running.chat(**FIRST)
        assert answer.status_code == 502
        assert [row["outcome"] for row in running.rows()] == ["failed", "failed"]


def test_a_second_endpoint_that_cannot_begin_ends_the_first_one(tmp_path: Path, monkeypatch: Any) -> None:
    async def slow(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        await asyncio.sleep(0.3)
        async for event in answers(job):
            yield event

    alpha, beta = Scripted("alpha", slow), Scripted("beta")
    with house(tmp_path, alpha, beta, routing=RoutingSettings(hedge_after=0.05)) as running:
        hold, held = running.services.books.hold, list[object]()

        async def behind(*given: Any, **named: Any) -> Any:
            held.append(given)
            if len(held) == 2:
                raise ApiError("provider_overloaded", "the ledger is behind")
            return await hold(*given, **named)

        monkeypatch.setattr(running.services.books, "hold", behind)
        answer = running.chat(**FIRST)
        assert (answer.status_code, answer.json()["provider"], len(held)) == (200, "alpha", 2) and not beta.jobs


def test_retries_are_bounded_over_all_requests(tmp_path: Path) -> None:
    down = fails(ApiError("provider_unavailable", "down"))
    routing = RoutingSettings(retry_budget=0.1, retry_burst=2, breaker_failures=1000)
    with house(tmp_path, Scripted("alpha", down), Scripted("beta", down), routing=routing) as running:
        for _ in range(20):
            assert running.chat(**FIRST).status_code == 502
        assert len(running.providers["alpha"].jobs) == 20 and len(running.providers["beta"].jobs) <= 4


def test_what_the_provider_does_not_do_is_done_here(tmp_path: Path) -> None:
    async def thinks(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield ReasoningDelta(0, "1. first\n2. second\n")
        async for event in answers(job, "one two STOP three", usage=False):
            yield event

    alpha = Scripted("alpha", thinks, parameters=frozenset({"temperature", "reasoning"}))
    with house(tmp_path, alpha) as running:
        body = running.chat(stop=["STOP"], top_k=5, reasoning={"steps": True}, n=2, seed=7).json()
        texts = [choice["message"]["content"] for choice in body["choices"]]
        assert texts == ["one two ", "one two "] and len(alpha.jobs) == 2
        details = body["choices"][0]["message"]["reasoning_details"][0]
        assert [step["index"] for step in details["steps"]] == [0, 1] and details["signature"]
        dropped = {warning["parameter"] for warning in body["warnings"]}
        assert dropped == {"top_k", "seed"} and alpha.jobs[0].request.sampling.top_k is None
        assert body["usage"]["completion_tokens"] > 0 and running.rows()[0]["tokens_estimated"]
        told = requests.get(f"{running.url}/v1/generation?id={body['id']}", timeout=10).json()["data"]
        assert told["tokens_estimated"] is True, "whoever asks afterwards takes a guess for a count"
        hidden = running.chat(reasoning={"exclude": True}).json()["choices"][0]["message"]
        assert hidden["reasoning"] is None and hidden["content"]
        refused = running.chat(top_k=5, provider={"require_parameters": True})
        assert refused.status_code == 404 and refused.json()["error"]["availability"]["excluded_by"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize(("behind", "told"), [("", True), ("STOP", True), ("STOP and on", False)])
def test_a_stop_string_that_a_provider_passes_over_is_given_to_the_client(
    tmp_path: Path, stream: bool, behind: str, told: bool
) -> None:
    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        for word in f"one two {behind}".split(" "):
            yield TextDelta(0, word)
        yield ChoiceFinished(0, "stop", "stop")
        yield Told(usage=Usage(10, 20))

    with house(tmp_path, Scripted("alpha", behave, parameters=frozenset({"stop"}))) as running:
        answer = running.chat(stop=["STOP"], stream=stream)
        last = (found := list(chunks(answer)))[-1] if stream else answer.json()
        if stream:
            text = "".join(chunk["choices"][0]["delta"]["content"] for chunk in found)
        else:
            text = last["choices"][0]["message"]["content"]
        assert (text, last["choices"][0]["finish_reason"]) == ("onetwo", "stop")
        assert last["usage"].get("estimated", False) is not told, "one that stopped there tells what it used"


@pytest.mark.parametrize(
    ("fields", "thinking", "budget"),
    [
        ({}, None, None),
        ({"reasoning": {"enabled": False}}, False, None),
        ({"reasoning": {"max_tokens": 50}, "max_tokens": 1000}, True, 50),
        ({"reasoning": {"effort": "low"}, "max_tokens": 1000}, True, 200),
        (
            {"messages": [{"role": "system", "content": "Be kind. /no_think"}, {"role": "user", "content": "x"}]},
            False,
            None,
        ),
    ],
)
def test_one_meaning_reaches_the_provider_whatever_the_spelling(
    two: House, fields: dict[str, object], thinking: bool | None, budget: int | None
) -> None:
    two.chat(**FIRST, **fields)
    (job,) = two.providers["alpha"].jobs
    assert (job.thinking if budget is None else job.thinking is not False) in (thinking, True) and job.budget == budget
    assert not any("no_think" in message.text for message in job.request.messages)


def test_a_hosted_reply_cannot_be_steered_and_says_so(two: House) -> None:
    async def slow(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield ReasoningDelta(0, "hm")
        await asyncio.sleep(60)  # until the client goes away

    two.providers["alpha"].behave = slow
    answer = two.chat(**FIRST, stream=True)
    coming = chunks(answer)
    chunk = next(coming)
    told = requests.post(
        f"{two.url}/v1/chat/completions/{chunk['id']}/control", json={"action": "end_reasoning"}, timeout=10
    )
    assert told.status_code == 400 and "alpha" in told.json()["error"]["message"]
    answer.close()


@pytest.mark.parametrize("stream", [True, False])
def test_a_refusal_is_where_clients_look_for_it(two: House, stream: bool) -> None:
    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield TextDelta(0, "I will", refusal=True)
        yield TextDelta(0, " not", refusal=True)
        yield ChoiceFinished(0, "stop", "stop")
        yield Told()

    two.providers["alpha"].behave = behave
    answer = two.chat(**FIRST, stream=stream, response_format={"type": "json_object"})
    if stream:
        found = list(chunks(answer))
        deltas = [chunk["choices"][0]["delta"] for chunk in found]
        message = {name: "".join(delta.get(name) or "" for delta in deltas) for name in ("content", "refusal")}
        last = found[-1]
    else:
        last = answer.json()
        message = last["choices"][0]["message"]
    assert (message["content"], message["refusal"]) == ("", "I will not")
    assert "warnings" not in last and last["usage"]["completion_tokens"] > 0


@pytest.mark.parametrize("stream", [True, False])
def test_choices_that_never_came_are_not_missed_in_silence(two: House, stream: bool) -> None:
    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield TextDelta(0, "Hello")
        yield ChoiceFinished(0, "stop", "stop")
        yield Told(usage=Usage(10, 2))

    def last() -> Any:
        answer = two.chat(**FIRST, stream=stream, n=3)
        return list(chunks(answer))[-1] if stream else answer.json()

    assert "warnings" not in last()
    two.providers["alpha"].behave = behave
    (warning,) = last()["warnings"]
    assert (warning["code"], warning["parameter"]) == ("not_applied", "n") and "1 of 3" in warning["message"]


def test_a_plain_text_is_lost_with_the_first_provider_or_entered_as_a_conversation(two: House) -> None:
    first, second = two.providers.values()
    first.behave = fails(ApiError("provider_unavailable", "down"))
    answer = requests.post(
        f"{two.url}/v1/completions", json={"model": MODEL, "prompt": "Once", **FIRST}, timeout=10
    ).json()
    assert answer["choices"][0]["text"] == "Hello there. " and answer["provider"] == second.name
    assert second.jobs[-1].texts == Texts(prompts=("Once",)) and not second.jobs[-1].request.messages
    rows = two.rows(answer["id"])
    assert [(row["api"], row["outcome"], row["provider"]) for row in rows] == [
        ("text", "failed", first.name),
        ("text", "finished", second.name),
    ]


def test_a_request_counts_once_in_its_keys_rates_however_many_endpoints_it_tries(tmp_path: Path) -> None:
    alpha = Scripted("alpha", fails(ApiError("provider_unavailable", "down")))
    routing = RoutingSettings(retry_burst=1000, breaker_failures=10_000)
    with house(tmp_path, alpha, Scripted("beta"), require_key=True, routing=routing) as running:
        key = running.key(requests_per_minute=3, concurrency=1)
        answers_ = [running.chat(**FIRST, key=key) for _ in range(4)]
        assert [answer.status_code for answer in answers_] == [200, 200, 200, 429]


def test_what_a_key_may_not_use_is_not_used(two: House) -> None:
    key = two.key(providers=("beta",))
    answer = two.chat(**FIRST, key=key)
    assert answer.json()["provider"] == "beta" and not two.providers["alpha"].jobs
    other = two.chat(**FIRST, key=two.key(models=("other/model",)))
    assert other.status_code == 403 and MODEL in other.json()["error"]["message"]


@pytest.mark.parametrize("stream", [True, False])
@pytest.mark.parametrize("after", [0, 2])
def test_a_silent_provider_does_not_outlast_the_requests_deadline(tmp_path: Path, stream: bool, after: int) -> None:
    alpha, beta = Scripted("alpha", price=("1", "10")), Scripted("beta", price=("2", "20"))
    alpha.behave = fails(ApiError("provider_unavailable", "too late"), after=after, wait_s=20)
    with house(tmp_path, alpha, beta, routing=RoutingSettings(deadline=0.4)) as running:
        answer = running.chat(**FIRST, stream=stream)
        if stream and after:
            last = list(chunks(answer))[-1]
            assert last["choices"][0]["finish_reason"] == "error"
        else:
            assert answer.status_code == 504
            last = answer.json()
        assert last["error"]["metadata"]["error_type"] == "timeout" and "0.4 s" in last["error"]["message"]
        assert not beta.jobs
        (row,) = running.rows(answer.headers["x-generation-id"])
        assert (row["outcome"], row["cost"]) == ("failed", 0)


@pytest.mark.parametrize("stream", [True, False])
def test_a_request_that_takes_too_long_is_blamed_on_who_was_answering(tmp_path: Path, stream: bool) -> None:
    alpha = Scripted("alpha", fails(ApiError("provider_unavailable", "too late"), after=2, wait_s=20))
    with house(tmp_path, alpha, routing=RoutingSettings(deadline=0.6, breaker_failures=1)) as running:
        for _ in range(2):
            answer = running.chat(stream=stream)
            assert '"timeout"' in answer.text and "0.6 s" in answer.text
        assert len(alpha.jobs) == 2
