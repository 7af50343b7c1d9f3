"""Fears about what an engine says of one request on its way to whoever reads it: lost, doubled, mixed up, miscounted, or late."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemoserve.backends.local.supervisor import Run
from nemoserve.engine.protocol import Cancel, EndThinking, Finished, TokenLogprob, Tokens
from nemoserve.types.errors import ApiError

IDS = ("r/0", "r/1")


def nobody(_: Cancel | EndThinking) -> None:
    pass


def tokens_of(messages: list[Any]) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {id: [] for id in IDS}
    for message in messages:
        found[message.id] += message.tokens if isinstance(message, Tokens) else []
    return found


said = st.lists(
    st.tuples(st.sampled_from(IDS), st.lists(st.integers(0, 99), max_size=3), st.sampled_from(["put", "put", "take"])),
    max_size=30,
)


@settings(max_examples=60, deadline=None, derandomize=True)
@given(said, st.booleans(), st.sampled_from([None, "r/0"]))
def test_tokens_are_lost_or_out_of_order(
    steps: list[tuple[str, list[int], str]], whole: bool, told: str | None
) -> None:
    async def main() -> None:
        run = Run(IDS, nobody, whole=whole)
        expected: dict[str, list[int]] = {id: [] for id in IDS}
        logprobs: dict[str, int] = {}
        got: list[Any] = []
        for id, tokens, what in steps:
            if what == "take":
                got += run.left()
                continue
            with_logprobs = [TokenLogprob(7, -1.0, []) for _ in tokens] if id == told else None
            run.put(Tokens(id, list(tokens), with_logprobs))
            expected[id] += tokens
            logprobs[id] = logprobs.get(id, 0) + len(with_logprobs or ())
        for id in IDS:
            run.put(Finished(id, "stop", 1, len(expected[id])))
        got += await run.take()
        assert tokens_of(got) == expected
        assert [message.id for message in got if isinstance(message, Finished)] == list(IDS)
        for id in IDS:
            assert sum(len(m.logprobs or ()) for m in got if isinstance(m, Tokens) and m.id == id) == logprobs.get(
                id, 0
            )
        assert await run.counted() == {id: len(tokens) for id, tokens in expected.items()}

    asyncio.run(main())


async def test_a_reply_that_nobody_watches_is_handed_on_token_by_token() -> None:
    run = Run(("r/0",), nobody, whole=True)
    run.put(Tokens("r/0", [1], cached_tokens=5))
    for token in range(2, 8):
        run.put(Tokens("r/0", [token]))
    run.put(Finished("r/0", "stop", 1, 7))
    lot = await asyncio.wait_for(run.take(), 1)
    assert lot == [Tokens("r/0", [1, 2, 3, 4, 5, 6, 7], cached_tokens=5), Finished("r/0", "stop", 1, 7)]


async def test_a_reply_that_is_watched_has_to_wait() -> None:
    run = Run(("r/0",), nobody)
    for token in range(3):
        run.put(Tokens("r/0", [token]))
        assert tokens_of(await asyncio.wait_for(run.take(), 1))["r/0"] == [token]


@pytest.mark.parametrize("whole", [False, True])
async def test_what_came_before_an_engine_died_is_not_counted(whole: bool) -> None:
    run = Run(("r/0",), nobody, whole=whole)
    run.put(Tokens("r/0", [1]))
    await run.take()
    run.put(Tokens("r/0", [2, 3]))
    run.fail(ApiError("provider_unavailable", "it died"))
    assert tokens_of(await run.take())["r/0"] == [2, 3]
    with pytest.raises(ApiError, match="it died"):
        await run.take()
    assert await run.counted() == {"r/0": 3}
