"""Fear: where providers cost money, a key's limit is overrun, refuses too early, or tells of more than is needed."""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import AsyncGenerator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from nemoserve.backends.base import HostedEvent, HostedJob, Told
from nemoserve.config.routing import RoutingSettings
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, ReasoningDelta, TextDelta
from nemoserve.types.usage import Usage
from tests.hosted import Scripted, answers, fails, house

FIRST = {"provider": {"order": ["alpha", "beta"]}}


def test_a_limit_is_kept_over_attempts_that_fail(tmp_path: Path) -> None:
    """Ten thousandths of a dollar: the hold of the failed attempt comes back, and only what was answered is spent."""
    alpha = Scripted("alpha", fails(ApiError("provider_unavailable", "down")), price=("0", "10"))
    beta = Scripted("beta", price=("0", "10"))
    routing = RoutingSettings(retry_burst=1000, breaker_failures=10_000)
    with house(tmp_path, alpha, beta, require_key=True, routing=routing) as running:
        key = running.key(limit=1_000_000)  # five replies of 20 tokens at 10,000 nano-dollars
        statuses = [running.chat(**FIRST, key=key, max_tokens=20).status_code for _ in range(7)]
        assert statuses == [200] * 5 + [402] * 2
        rows = running.rows()
        assert sum(row["cost"] for row in rows) == 1_000_000
        assert {row["outcome"] for row in rows if row["provider"] == "alpha"} == {"failed"}
        assert running.services.rates.state is not None


def test_forty_requests_racing_for_the_last_cent_spend_no_more_than_it(tmp_path: Path) -> None:
    async def slow(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        await asyncio.sleep(0.05)
        async for event in answers(job):
            yield event

    with house(tmp_path, Scripted("alpha", slow, price=("0", "10")), require_key=True) as running:
        key = running.key(limit=1_000_000)  # five replies of 20 tokens

        def one(_: int) -> int:
            return running.chat(key=key, max_tokens=20).status_code

        with ThreadPoolExecutor(16) as pool:
            statuses = Counter(pool.map(one, range(40)))
        assert statuses == {200: 5, 402: 35}
        assert sum(row["cost"] for row in running.rows()) == 1_000_000


def test_a_limit_is_overrun_by_a_reply_that_nobody_counted(tmp_path: Path) -> None:
    """Long words are taken for several tokens each; more than it was allowed the provider has not made."""

    async def uncounted(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        async for event in answers(job, "extraordinarily " * 10, "incomprehensibilities " * 10, usage=False):
            yield event

    with house(tmp_path, Scripted("alpha", uncounted, price=("0", "10")), require_key=True) as running:
        key = running.key(limit=400_000)  # two choices of 20 tokens
        usage = running.chat(key=key, max_tokens=20, n=2).json()["usage"]
        assert usage["completion_tokens"] == 40 and usage["estimated"] is True
        assert 20 < usage["completion_tokens_details"]["reasoning_tokens"] < 30
        assert sum(row["cost"] for row in running.rows()) == 400_000


TOOLS = [{"type": "function", "function": {"name": "f", "parameters": {"type": "object", "properties": {}}}}]


@pytest.mark.parametrize(
    ("text", "turns", "tools", "paid"),
    [
        ("Hi", 0, [], 60),  # the template's date, an empty system message, the markers, the opening of the reply
        ("Hi", 0, TOOLS, 400),  # which a template explains
        ("3.14159 27,18; " * 40, 0, [], 600 + 40),  # every figure is a token
        (json.dumps([{"a": n, "b": [n, 2 * n]} for n in range(50)]), 0, [], 975 + 40),
        ("7", 10, [], 20 * 12 + 60),
    ],
)
def test_a_prompt_is_paid_with_more_than_was_held_for_it(
    tmp_path: Path, text: str, turns: int, tools: list[Any], paid: int
) -> None:
    """As tokenizers that have no token of several figures count it, with what templates write around it."""

    async def counted(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        yield TextDelta(0, "Hello.")
        yield ChoiceFinished(0, "stop", "stop")
        yield Told(usage=Usage(paid, 20))

    earlier = [{"role": role, "content": "7"} for role in ("user", "assistant")] * turns
    messages = [*earlier, {"role": "user", "content": text}]
    with house(tmp_path, Scripted("alpha", counted, price=("10", "10")), require_key=True) as running:
        assert (
            running.chat(key=running.key(limit=10**9), max_tokens=20, messages=messages, tools=tools).status_code == 200
        )
        (row,) = running.rows()
        assert row["cost"] == (paid + 20) * 10_000 <= row["reserved"]


def test_so_much_is_held_for_prose_that_a_key_with_money_is_refused(tmp_path: Path) -> None:
    prose = "The quick brown fox jumps over the lazy dog, and then it goes home. " * 1000  # 17,000 tokens at four bytes
    with house(tmp_path, Scripted("alpha", price=("0.1", "0.4")), require_key=True) as running:
        answer = running.chat(prose, key=running.key(limit=4_200_000), max_tokens=20)
        assert answer.status_code == 200, answer.text


@pytest.mark.parametrize(
    ("thoughts", "told", "able", "cut"),
    [
        ([29], 29, True, True),
        ([28], 28, True, False),
        ([12, 12, 12], 36, True, False),
        ([29, 4, 3], 36, True, True),
        ([0], 29, True, True),
        ([90], 90, False, False),
    ],
)
def test_a_thought_that_ends_at_the_keys_cap_ends_without_a_word(
    tmp_path: Path, thoughts: list[int], told: int, able: bool, cut: bool
) -> None:
    """Of its 40 tokens about eight end it, and some are grace. `able`: the provider ends a thought where it is told."""

    async def thinks(job: HostedJob) -> AsyncGenerator[HostedEvent]:
        assert job.budget == 29
        for index, length in enumerate(thoughts):
            yield ReasoningDelta(index, "hm, " * length)
            yield TextDelta(index, "Hello.")
            yield ChoiceFinished(index, "stop", "stop")
        yield Told(usage=Usage(10, told + 9, told))

    with house(tmp_path, Scripted("alpha", thinks, reasoning_budget=able), require_key=True) as running:
        key = running.key(reasoning_tokens=40 * len(thoughts))
        answer = running.chat(key=key, n=len(thoughts), max_tokens=200).json()
        said = [warning["message"] for warning in answer.get("warnings", []) if warning["code"] == "reasoning_cap"]
        assert [row["thinking_cut"] for row in running.rows()] == [cut]
        assert len(said) == cut and all("this key may have 40 for a reply" in message for message in said)


def test_a_limit_that_pays_for_no_endpoint_tells_what_the_dearest_needs(tmp_path: Path) -> None:
    alpha, beta = Scripted("alpha", price=("0", "10")), Scripted("beta", price=("0", "20"))
    with house(tmp_path, alpha, beta, require_key=True) as running:
        answer = running.chat(**FIRST, key=running.key(limit=9_999))
        assert answer.status_code == 402
        error = answer.json()["error"]
        assert "needs USD 0.00001 at the least" in error["message"]
        assert error["metadata"]["needed"] == 0.00001 and len(error["metadata"]["previous_errors"]) == 1


def test_a_limit_in_dollars_costs_a_key_tokens_per_minute(tmp_path: Path) -> None:
    """Money is held for twice the prompt that is expected; of the rates it takes what was read."""
    with house(tmp_path, Scripted("alpha", price=("1", "10")), require_key=True) as running:
        key = running.key(limit=10**9, tokens_per_minute=200)
        answer = running.chat("word " * 100, key=key, max_tokens=20)
        assert answer.status_code == 200, answer.text
        assert int(answer.headers["x-ratelimit-remaining"]) == 200 - 129  # of which 16 bytes are the message's own
