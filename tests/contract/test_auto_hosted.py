"""Auto and long conversations where a provider answers: what reaches it is switched and cut as the client is told."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from nemoserve.backends.base import HostedEvent, HostedJob
from tests.contract.test_auto_http import EASY, HARD
from tests.gateways import MODEL, Fleet, fleet
from tests.hosted import Scripted, answers, house


@pytest.fixture(scope="module")
def hosted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    with fleet(tmp_path_factory.mktemp("fleet"), ("openrouter",)) as it:
        yield it


def ask(hosted: Fleet, messages: list[dict[str, Any]], **fields: Any) -> tuple[dict[str, Any], list[str]]:
    """What the provider got, and the codes of what the client was told."""
    mock = hosted.mocks["openrouter"]
    mock.forget()
    reply = hosted.server.post("/v1/chat/completions", {"messages": messages, "max_tokens": 20, **fields})
    assert reply.status_code == 200, reply.text
    (received,) = mock.received()
    assert reply.json()["model"] == MODEL
    return received["body"], [notice["code"] for notice in reply.json().get("warnings", [])]


def user(text: str) -> list[dict[str, Any]]:
    return [{"role": "user", "content": text}]


def test_a_provider_thinks_about_a_greeting_or_not_about_a_proof(hosted: Fleet) -> None:
    body, told = ask(hosted, user(EASY), model="nemoserve/auto")
    assert body["reasoning"]["enabled"] is False or body["reasoning"].get("effort") == "none"
    assert {"auto_model", "auto_reasoning"} <= set(told)
    body, told = ask(hosted, user(HARD), model=MODEL, reasoning="auto")
    assert body["reasoning"]["enabled"] is True and "auto_reasoning" in told and "auto_model" not in told
    body, _ = ask(hosted, user(HARD + " /no_think"), model=MODEL, reasoning="auto")
    assert body["reasoning"]["enabled"] is False, "what the text says goes first"
    body, told = ask(hosted, user(EASY), model=MODEL)
    assert "auto_reasoning" not in told


def test_what_is_decided_for_a_measured_model_cuts_its_thinking_short(tmp_path: Path) -> None:
    alpha = Scripted("alpha", model="nemoserve/mini")
    with house(tmp_path, alpha) as gateway:
        for reasoning in ("auto", {"effort": "low"}):
            gateway.chat(
                "Tom has 17 apples and buys 25 more. How many?",
                model="nemoserve/mini",
                max_tokens=1000,
                reasoning=reasoning,
            )
        rows = gateway.rows()
    assert [job.request.reasoning.effort for job in alpha.jobs] == ["low", "low"]
    decided, asked = (job.budget for job in alpha.jobs)
    assert asked == 200 and decided is not None and decided > 600, "all but what is kept for the answer"
    assert [row["reasoning_budget"] for row in rows] == [decided, asked]


def test_a_long_conversation_reaches_the_provider_whole_or_is_cut_unasked(hosted: Fleet) -> None:
    said = [
        {"role": role, "content": f"{role} {at} " + "x" * 2000} for at in range(300) for role in ("user", "assistant")
    ]
    messages = [{"role": "system", "content": "Stay calm."}, *said, *user("The last question")]
    reply = hosted.server.post("/v1/chat/completions", {"messages": messages, "model": MODEL})
    assert reply.status_code == 400 and reply.json()["error"]["metadata"]["error_type"] == "context_length_exceeded"
    body, told = ask(hosted, messages, model=MODEL, plugins=[{"id": "context-compression"}])
    assert "context_compressed" in told
    kept = [message["content"][:9] for message in body["messages"]]
    assert 100 < len(kept) < len(messages)
    assert (kept[0], kept[1], kept[-1]) == ("Stay calm", "user 0 xx", "The last ")


def test_thinking_that_the_provider_is_never_sent_costs_the_conversation(tmp_path: Path) -> None:
    thought = {"role": "assistant", "content": "Four.", "reasoning": "Two and two. " * 2000}
    messages = [*user("What is 2 + 2?"), thought, *user("And 3 + 3?"), thought, *user("And 4 + 4?")]
    alpha = Scripted("alpha", context_length=4000, past_thinking=False)
    with house(tmp_path, alpha) as gateway:
        reply = gateway.chat(messages=messages, max_tokens=100).json()
    assert not reply.get("warnings"), "it fits as it is sent"
    (job,) = alpha.jobs
    assert [message.text for message in job.request.messages] == [message["content"] for message in messages]


def test_a_prompt_that_fits_by_the_estimate_is_refused_for_what_that_may_be_wrong_by(tmp_path: Path) -> None:
    alpha = Scripted("alpha", context_length=4000)
    with house(tmp_path, alpha) as gateway:
        reply = gateway.chat("word " * 3000)
        assert reply.status_code == 200 and not reply.json().get("warnings"), "nothing of it may be left out"
        assert gateway.chat("word " * 3600).json()["error"]["metadata"]["error_type"] == "context_length_exceeded"
    assert [job.request.messages[-1].text for job in alpha.jobs] == ["word " * 3000]


@pytest.mark.parametrize("cached", [True, False])
def test_a_conversation_without_a_name_leaves_who_has_its_prompt_cached(tmp_path: Path, cached: bool) -> None:
    def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        return answers(job, usage=cached)

    with house(tmp_path, Scripted("alpha", behave, ("1", "1")), Scripted("beta", behave, ("1", "1"))) as gateway:
        messages, seen = [{"role": "system", "content": "Be brief."}, *user("Hello")], list[str]()
        for turn in range(16):
            reply = gateway.chat(messages=messages, stream=False).json()
            seen.append(reply["provider"])
            messages += [{"role": "assistant", "content": "Hi."}, *user(f"And {turn}?")]
        assert len(set(seen)) == (1 if cached else 2)
        others = {gateway.chat(f"Hello {number}").json()["provider"] for number in range(16)}
        assert others == {"alpha", "beta"}, "each conversation by itself"
