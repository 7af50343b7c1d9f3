"""Fear: the budget for providers that have none costs more than it saves: answers torn, calls lost, tokens billed wrongly."""

from typing import Any

import msgspec
import pytest

from nemoserve.config.providers import ProviderModel
from nemoserve.types.errors import ApiError
from nemoserve.types.reasoning import ReasoningIntent
from nemoserve.types.usage import Usage
from tests.providers import DONE, END, HEAD, Seen, Step, backend, collect, delta, event, job, provider, whole


def _counts(prompt: int, completion: int) -> bytes:
    return event({"choices": [], "usage": {"prompt_tokens": prompt, "completion_tokens": completion}})


async def _run(
    *scripts: tuple[Step, ...], kind: str = "sglang", seen: Seen | None = None, **fields: Any
) -> tuple[Seen, list[dict[str, Any]]]:
    async with provider(*scripts) as house:
        remote = backend(house.url, type=kind)
        try:
            given = {"thinking": True, "budget": 5, "max_tokens": 60, **fields}
            seen = await collect(remote, job(remote, **given), seen)
        finally:
            await remote.close()
        return seen, [heard.body for heard in house.heard]


_CUT = (
    HEAD,
    delta(reasoning_content="one two"),
    delta("length", reasoning_content=" three"),
    _counts(10, 5),
    DONE,
    END,
)
_ANSWER = (HEAD, delta(content="\n\nSo."), delta("stop"), _counts(18, 3), DONE, END)


async def test_cut_thinking_is_closed_and_continued_with_what_is_left():
    seen, (first, second) = await _run(_CUT, _ANSWER)
    assert (first["max_tokens"], second["max_tokens"]) == (5, 55)
    assert second["messages"][-1] == {"role": "assistant", "content": "one two three\n</think>\n\n"}
    assert second["continue_final_message"] is True
    assert "thinking_token_budget" not in first and "stream" in first
    assert (seen.reasoning, seen.text) == ("one two three", "So.")
    assert seen.finish is not None and seen.told is not None
    assert seen.finish.reason == "stop"
    assert seen.told.usage == Usage(28, 8, 5)
    assert seen.told.reasoning_told


async def test_what_is_thought_on_in_the_second_call_is_billed_as_an_answer():
    usage = {"prompt_tokens": 18, "completion_tokens": 4, "completion_tokens_details": {"reasoning_tokens": 2}}
    on = (HEAD, delta(reasoning_content=" four"), delta("stop", content="So."), event({"usage": usage}), DONE, END)
    seen, _ = await _run(_CUT, on)
    assert (seen.reasoning, seen.text) == ("one two three four", "So.")
    assert seen.told is not None and seen.told.usage == Usage(28, 9, 7)


async def test_a_family_whose_prompt_does_not_open_the_thought_gets_it_opened():
    async with provider(_CUT, _ANSWER) as house:
        remote = backend(house.url, type="sglang", models=(ProviderModel(id="nvidia/nemotron-3-nano-30b-a3b"),))
        await collect(remote, job(remote, thinking=True, budget=5, max_tokens=60))
        await remote.close()
        content = house.heard[1].body["messages"][-1]["content"]
        assert content == "<think>\none two three\n</think>\n\n"


async def test_an_answer_within_the_budget_is_one_call():
    script = (HEAD, delta(reasoning_content="one"), delta(content="So."), delta("stop"), _counts(10, 3), DONE, END)
    seen, bodies = await _run(script)
    assert (seen.reasoning, seen.text, len(bodies)) == ("one", "So.", 1)
    assert seen.told is not None
    assert seen.told.usage == Usage(10, 3)


async def test_an_answer_that_was_cut_is_continued_where_it_was():
    script = (HEAD, delta(reasoning_content="one"), delta(content="It "), delta("length"), _counts(10, 5), DONE, END)
    seen, bodies = await _run(script, (HEAD, delta(content=" is."), delta("stop"), _counts(15, 2), DONE, END))
    assert bodies[1]["messages"][-1]["content"] == "one\n</think>\n\nIt "
    assert (seen.reasoning, seen.text) == ("one", "It  is.")


async def test_a_call_that_was_cut_is_made_anew_and_only_once():
    call = {"index": 0, "id": "c1", "type": "function", "function": {"name": "get", "arguments": '{"a'}}
    whole = {"index": 0, "id": "c2", "type": "function", "function": {"name": "get", "arguments": '{"a":1}'}}
    seen, _ = await _run(
        (HEAD, delta(reasoning_content="one"), delta(tool_calls=[call]), delta("length"), _counts(10, 5), DONE, END),
        (HEAD, delta(tool_calls=[whole]), delta("tool_calls"), _counts(15, 4), DONE, END),
        tools=({"type": "function", "function": {"name": "get"}},),
    )
    assert seen.calls == [("c2", "get", '{"a":1}')]


async def test_a_call_within_the_budget_arrives():
    whole = {"index": 0, "id": "c2", "type": "function", "function": {"name": "get", "arguments": '{"a":1}'}}
    seen, bodies = await _run(
        (HEAD, delta(reasoning_content="one"), delta(tool_calls=[whole]), delta("tool_calls"), DONE, END),
        tools=({"type": "function", "function": {"name": "get"}},),
    )
    assert (seen.calls, len(bodies)) == ([("c2", "get", '{"a":1}')], 1)


async def test_no_thinking_at_all_is_one_call_without_thought():
    seen, (body,) = await _run(_ANSWER, budget=0)
    assert body["messages"][-1]["content"] == "\n</think>\n\n"
    assert (seen.text, body["max_tokens"]) == ("So.", 60)


async def test_a_budget_above_max_tokens_is_no_budget():
    seen, bodies = await _run(_CUT, max_tokens=5, budget=5)
    assert seen.finish is not None
    assert (seen.finish.reason, len(bodies)) == ("length", 1)


async def test_a_parser_that_calls_the_continued_answer_thinking_is_seen_through():
    seen, _ = await _run(_CUT, (HEAD, delta(reasoning_content="So."), delta("stop"), DONE, END))
    assert (seen.reasoning, seen.text) == ("one two three", "So.")


async def test_what_the_first_call_cost_is_known_when_the_second_fails():
    seen = Seen()
    with pytest.raises(ApiError):
        await _run(_CUT, (HEAD, delta(content="So it is."), None), seen=seen)
    assert seen.told is not None
    assert seen.told.usage == Usage(10 + 15, 5 + 3, 5), "the second one has read the first, and made what came of it"
    assert (seen.told.estimated, seen.told.calls) == (True, 2)


async def test_a_second_call_that_never_began_is_billed():
    seen = Seen()
    with pytest.raises(ApiError):
        await _run(_CUT, (whole({"error": {"message": "down"}}, status="500 Down"),), seen=seen)
    assert seen.told is not None
    assert (seen.told.usage, seen.told.estimated, seen.told.calls) == (Usage(10, 5, 5), False, 1)


@pytest.mark.parametrize(
    ("first", "second", "used"),
    [
        (True, False, Usage(10 + 15, 5 + 1, 5)),
        (False, True, Usage(14 + 18, 4 + 3, 4)),
        (False, False, None),
    ],
)
async def test_what_one_of_two_calls_told_is_guessed_with_the_other(first: bool, second: bool, used: Usage | None):
    def silent(script: tuple[Step, ...], tells: bool) -> tuple[Step, ...]:
        return script if tells else tuple(step for step in script if step is None or b"usage" not in bytes(step))

    seen, _ = await _run(silent(_CUT, first), silent(_ANSWER, second))
    assert seen.told is not None
    assert (seen.told.usage, seen.told.calls) == (used, 2)
    assert seen.told.estimated or used is None


async def test_a_provider_that_can_do_neither_says_so():
    seen, bodies = await _run(_ANSWER, kind="openai")
    assert seen.finish is not None
    assert (len(bodies), [notice.parameter for notice in seen.finish.warnings]) == (1, ["reasoning.max_tokens"])


@pytest.mark.parametrize(
    ("model", "told", "said"),
    [
        ("some/model", {"reasoning_effort": "low"}, []),
        ("nvidia/nemotron-nano-9b-v2", {}, ["reasoning.effort"]),
    ],
)
async def test_an_effort_that_was_told_is_said_to_be_dropped(model: str, told: dict[str, str], said: list[str]):
    async with provider(_ANSWER) as house:
        remote = backend(house.url, type="openai", models=(ProviderModel(id=model),))
        asked = job(remote, thinking=True, budget=12, max_tokens=60)
        request = msgspec.structs.replace(asked.request, reasoning=ReasoningIntent(True, effort="low"))
        seen = await collect(remote, msgspec.structs.replace(asked, request=request, by_level=True))
        await remote.close()
    assert seen.finish is not None and [notice.parameter for notice in seen.finish.warnings] == said
    assert {name: value for name, value in house.heard[0].body.items() if "effort" in name} == told
