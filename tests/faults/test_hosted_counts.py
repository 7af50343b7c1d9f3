"""Fear: what a provider tells of its counts is taken at its word, or what it does not tell costs nothing."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Iterator
from pathlib import Path
from typing import Any

import pytest

from nemoserve.backends.base import HostedEvent, HostedJob, Told
from nemoserve.types.events import ChoiceFinished, ReasoningDelta, TextDelta
from nemoserve.types.usage import Usage
from tests.hosted import House, Scripted, answers, chunks, house


@pytest.fixture
def one(tmp_path: Path) -> Iterator[House]:
    with house(tmp_path, Scripted("alpha", price=("1", "10"))) as running:
        yield running


@pytest.mark.parametrize("stream", [True, False])
def test_counts_that_nobody_told_are_not_passed_off_as_told(one: House, stream: bool) -> None:
    def usage() -> dict[str, Any]:
        answer = one.chat(stream=stream)
        return (list(chunks(answer))[-1] if stream else answer.json())["usage"]

    assert "estimated" not in usage()
    one.providers["alpha"].behave = lambda job: answers(job, usage=False)
    found = usage()
    assert found["estimated"] is True and found["completion_tokens"] > 0 and found["cost"] > 0


@pytest.mark.parametrize(
    ("told", "counts"),
    [
        (Usage(0, 3), (5, 3, 0)),
        (Usage(10, 0), (10, 4, 0)),
        (Usage(10, 10**12), (10, 4, 0)),
        (Usage(10**12, 4, 0, 10**12), (5, 4, 0)),
        (Usage(10, 10**12, 10**12), (10, 4, 0)),
        (Usage(10, 0, 7), (10, 11, 7)),
    ],
)
def test_a_count_that_cannot_be_is_neither_free_nor_a_fortune(
    one: House, told: Usage, counts: tuple[int, int, int]
) -> None:
    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield TextDelta(0, "Hello there you.")
        yield ChoiceFinished(0, "stop", "stop")
        yield Told(usage=told)

    one.providers["alpha"].behave = behave
    usage = one.chat(max_tokens=50).json()["usage"]
    thought = usage["completion_tokens_details"]["reasoning_tokens"]
    assert (usage["prompt_tokens"], usage["completion_tokens"], thought) == counts
    assert usage["estimated"] is True and usage["cost"] == pytest.approx((counts[0] * 1_000 + counts[1] * 10_000) / 1e9)


@pytest.mark.parametrize(("answer", "thought"), [("", 20), ("Hello there you.", 10)])
def test_thinking_whose_share_nobody_told_is_a_share_of_what_was_told(one: House, answer: str, thought: int) -> None:
    async def behave(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield ReasoningDelta(0, "17 + 5 = 22, so.")
        yield TextDelta(0, answer)
        yield ChoiceFinished(0, "length", "length")
        yield Told(usage=Usage(10, 20), reasoning_told=False)

    one.providers["alpha"].behave = behave
    usage = one.chat().json()["usage"]
    assert (usage["completion_tokens"], usage["completion_tokens_details"]["reasoning_tokens"]) == (20, thought)
