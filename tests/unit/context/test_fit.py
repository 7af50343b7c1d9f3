"""Fears about when something is left out: unasked, unsaid, or for the sake of a reply that nobody needs so long."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from nemoserve.context.compress import compress
from nemoserve.context.cuts import Messages
from nemoserve.context.fit import fit
from nemoserve.http.body import decode
from nemoserve.http.wire_chat import CHAT_DECODER, read_chat
from nemoserve.types.chat import ChatRequest, Message, Notice, ToolCall
from nemoserve.types.errors import ApiError


async def count(messages: Messages) -> int:
    return sum(5 + len(m.text) + len(m.reasoning) + 10 * len(m.tool_calls) for m in messages)


def read(messages: list[dict[str, Any]] | None = None, **fields: Any) -> ChatRequest:
    body = {"messages": messages or [{"role": "user", "content": "Hello"}], **fields}
    return read_chat(decode(json.dumps(body).encode(), CHAT_DECODER), most_choices=8)


def talk(turns: int, size: int = 100) -> list[dict[str, Any]]:
    said = [
        message
        for turn in range(turns)
        for message in (
            {"role": "user", "content": f"question {turn} " + "q" * size},
            {"role": "assistant", "content": f"answer {turn} " + "a" * size},
        )
    ]
    return [{"role": "system", "content": "Be kind."}, *said, {"role": "user", "content": "And now?"}]


def fitted(request: ChatRequest, context: int, reply: int = 50) -> tuple[ChatRequest, tuple[Notice, ...]]:
    return asyncio.run(fit(request, context, reply, count))


def test_a_large_context_loses_messages_unasked() -> None:
    request = read(talk(200))
    assert fitted(request, 8193) == (request, ())
    small, notices = fitted(request, 8192)
    assert len(small.messages) < len(request.messages) and notices
    asked, _ = fitted(read(talk(200), plugins=[{"id": "context-compression"}]), 8193)
    assert len(asked.messages) < len(request.messages)


def test_a_small_context_loses_messages_although_it_was_switched_off() -> None:
    request = read(talk(200), transforms=[])
    assert fitted(request, 4096) == (request, ())


def test_nobody_is_told_what_was_left_out() -> None:
    request = read(talk(20))
    small, (notice,) = fitted(request, 1000)
    kept = {message.at for message in small.messages}
    gone = sorted(set(range(len(request.messages))) - kept)
    assert notice.code == "context_compressed"
    before, after = asyncio.run(count(request.messages)), asyncio.run(count(small.messages))
    assert f"had at least {before} tokens" in notice.message and f"it has {after} now" in notice.message
    assert f"{len(gone)} messages (messages[{gone[0]}-{gone[-1]}])" in notice.message
    # From the middle: the first exchange and the last ones are there.
    assert {1, 2, 39, 40, 41} <= kept and gone == list(range(gone[0], gone[-1] + 1))


def test_a_wish_for_a_long_reply_costs_the_conversation() -> None:
    request = read(talk(5))
    tokens = asyncio.run(count(request.messages))
    assert fitted(request, tokens * 4 // 3 + 2, reply=1_000_000) == (request, ())


def test_a_conversation_that_fits_is_refused_for_the_reply() -> None:
    request = read([{"role": "user", "content": "x" * 900}])
    assert fitted(request, 1000, reply=500) == (request, ())


def test_an_error_names_no_numbers() -> None:
    request = read([{"role": "user", "content": "x" * 5000}])
    with pytest.raises(ApiError) as caught:
        fitted(request, 1000)
    assert caught.value.error_type == "context_length_exceeded" and caught.value.status == 400
    assert "5005" in caught.value.message and "1000" in caught.value.message
    assert caught.value.metadata["context_length"] == 1000


def test_the_question_is_cut_in_two_unasked() -> None:
    """A model that guesses what a mutilated question meant is worse than an error; who asks for middle-out gets it."""
    long = [{"role": "user", "content": "start " + "x" * 5000 + " end"}]
    with pytest.raises(ApiError):
        fitted(read(long), 1000)
    small, (notice,) = fitted(read(long, transforms=["middle-out"]), 1000)
    text = small.messages[0].text
    assert text.startswith("start x") and text.endswith("x end") and "characters were left out here" in text
    assert asyncio.run(count(small.messages)) <= 950
    assert len(text) > 700, "no more of it than necessary"
    assert "1 text's middle" in notice.message


def test_an_agent_loses_the_task_rather_than_old_results() -> None:
    """A long tool loop after one question: old results go first, the newest result and the question stay."""
    messages: list[Message] = [Message("user", "Find the bug.")]
    for step in range(10):
        messages.append(Message("assistant", "", f"thought {step} " * 20, (ToolCall(f"c{step}", "read", "{}"),)))
        messages.append(Message("tool", f"file {step} " * 100, tool_call_id=f"c{step}"))
    all_ = tuple(messages)
    tokens = asyncio.run(count(all_))
    without_thoughts = asyncio.run(compress(all_, tokens - 400, count))
    assert {cut.kind for cut in without_thoughts.cuts} == {"reasoning"}
    pruned = asyncio.run(compress(all_, tokens - 5000, count))
    assert {cut.kind for cut in pruned.cuts} == {"reasoning", "result"} and len(pruned.messages) == len(all_)
    assert pruned.messages[-1] == all_[-1] and pruned.messages[-2] == all_[-2]
    least = asyncio.run(compress(all_, 1100, count))
    assert least.fits and least.messages[0] == all_[0] and least.messages[-2:] == all_[-2:]


def test_a_signature_vouches_for_thinking_that_is_gone() -> None:
    messages = (
        Message("user", "a"),
        Message("assistant", "b", "long " * 50, reasoning_signature="signed"),
        Message("user", "c"),
        Message("assistant", "d", "short"),
        Message("user", "e"),
    )
    got = asyncio.run(compress(messages, 100, count))
    assert got.fits and got.messages[1].reasoning == "" and got.messages[1].reasoning_signature == ""


@pytest.mark.parametrize(
    ("fields", "wanted"),
    [
        ({}, None),
        ({"transforms": ["middle-out"]}, True),
        ({"transforms": []}, False),
        ({"plugins": [{"id": "context-compression"}]}, True),
        ({"plugins": [{"id": "context-compression", "engine": "middle-out", "enabled": True}]}, True),
        ({"plugins": [{"id": "context-compression", "enabled": False}]}, False),
        ({"plugins": []}, None),
        ({"plugins": [{"id": "web", "enabled": False}]}, None),
        ({"transforms": ["middle-out"], "plugins": [{"id": "context-compression"}]}, True),
    ],
)
def test_a_spelling_of_compression_means_something_else(fields: dict[str, Any], wanted: bool | None) -> None:
    request = read(**fields)
    assert request.compression is wanted and request.warnings == ()


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"transforms": "middle-out"}, "transforms"),
        ({"transforms": [1]}, "transforms[0]"),
        ({"plugins": {"id": "context-compression"}}, "plugins"),
        ({"plugins": ["context-compression"]}, "plugins[0]"),
        ({"plugins": [{"enabled": True}]}, "plugins[0].id"),
        ({"plugins": [{"id": "context-compression", "enabled": 1}]}, "plugins[0].enabled"),
        ({"plugins": [{"id": "context-compression", "engine": "summary"}]}, "plugins[0].engine"),
        ({"transforms": [], "plugins": [{"id": "context-compression"}]}, "transforms and plugins"),
    ],
)
def test_nonsense_about_compression_is_taken(fields: dict[str, Any], named: str) -> None:
    with pytest.raises(ApiError, match=named.replace("[", r"\[").replace("]", r"\]")) as caught:
        read(**fields)
    assert caught.value.status == 400


def test_an_unknown_plugin_is_dropped_in_silence() -> None:
    request = read(plugins=[{"id": "web", "max_results": 3}], transforms=["rot13"])
    assert request.compression is None
    assert [notice.parameter for notice in request.warnings] == ["transforms[0]", "plugins[0]"]
    assert "web" in request.warnings[1].message
