"""Fears about what is left out of long conversations: too much, too little, a call without its result, the question itself."""

from __future__ import annotations

import asyncio

from hypothesis import given, settings
from hypothesis import strategies as st

from nemoserve.context.compress import Compressed, compress
from nemoserve.context.cuts import Messages, apply
from nemoserve.types.chat import Message, ToolCall

_TEXTS = st.builds(
    lambda word, times: word * times, st.sampled_from(("ab ", "é", "long words ", "1")), st.integers(0, 400)
)


def tokens(messages: Messages) -> int:
    """A stand-in for a tokenizer: about four characters a token, digits one each, and some markup."""
    count = 3
    for message in messages:
        whole = message.text + message.reasoning + "".join(call.name + call.arguments for call in message.tool_calls)
        digits = whole.count("1")
        count += 4 + digits + (len(whole) - digits) // 4 + 5 * len(message.tool_calls)
    return count


class Counter:
    def __init__(self) -> None:
        self.calls = 0

    async def __call__(self, messages: Messages) -> int:
        self.calls += 1
        return tokens(messages)


@st.composite
def conversations(draw: st.DrawFn) -> Messages:
    messages: list[Message] = []
    if draw(st.booleans()):
        messages.append(Message("system", draw(_TEXTS)))
    if draw(st.booleans()):
        messages.append(Message("assistant", draw(_TEXTS)))
    for _ in range(draw(st.integers(1, 6))):
        messages.append(Message("user", draw(_TEXTS)))
        for _ in range(draw(st.integers(0, 3))):
            ids = [f"c{len(messages)}-{n}" for n in range(draw(st.integers(1, 2)))]
            calls = tuple(ToolCall(i, "look", "{}") for i in ids)
            messages.append(Message("assistant", "", draw(_TEXTS), calls))
            messages += [Message("tool", draw(_TEXTS), tool_call_id=i) for i in ids]
        if draw(st.booleans()):
            messages.append(Message("assistant", draw(_TEXTS), draw(_TEXTS)))
    return tuple(
        Message(m.role, m.text, m.reasoning, m.tool_calls, m.tool_call_id, at=at) for at, m in enumerate(messages)
    )


def made(messages: Messages, room: int, *, cut_question: bool = False) -> Compressed:
    return asyncio.run(compress(messages, room, Counter(), cut_question=cut_question))


@settings(max_examples=60)
@given(conversations(), st.integers(1, 2000), st.booleans())
def test_what_is_left_does_not_fit_or_is_not_what_was_said(messages: Messages, room: int, cut_question: bool) -> None:
    got = made(messages, room, cut_question=cut_question)
    assert got.tokens == tokens(got.messages)
    assert got.before == tokens(messages)
    assert got.fits == (got.tokens <= room)
    if got.before <= room:
        assert got.messages == messages


@settings(max_examples=60)
@given(conversations(), st.integers(1, 2000), st.booleans())
def test_a_call_loses_its_result_or_the_order_changes(messages: Messages, room: int, cut_question: bool) -> None:
    got = made(messages, room, cut_question=cut_question).messages
    places = [message.at for message in got]
    assert places == sorted(set(places))
    for message in got:
        given_ = messages[message.at]
        assert (message.role, message.tool_calls, message.tool_call_id) == (
            given_.role,
            given_.tool_calls,
            given_.tool_call_id,
        )
    called = [call.id for message in got for call in message.tool_calls]
    answered = [message.tool_call_id for message in got if message.role == "tool"]
    assert called == answered


@settings(max_examples=60)
@given(conversations(), st.integers(1, 2000))
def test_the_instructions_or_the_question_are_lost(messages: Messages, room: int) -> None:
    got = made(messages, room).messages
    assert [m for m in got if m.role == "system"] == [m for m in messages if m.role == "system"]
    question = [m for m in messages if m.role == "user"][-1]
    assert question in got
    assert got[-1].at == messages[-1].at, "what the model is to go on from is the same"
    shortest = made(messages, 1, cut_question=True).messages
    assert question.at in [message.at for message in shortest]


@settings(max_examples=60)
@given(conversations(), st.integers(1, 2000), st.booleans())
def test_leaving_out_twice_leaves_out_more(messages: Messages, room: int, cut_question: bool) -> None:
    once = made(messages, room, cut_question=cut_question)
    if once.fits:
        assert made(once.messages, room, cut_question=cut_question).messages == once.messages


@settings(max_examples=60)
@given(conversations(), st.integers(50, 2000))
def test_more_is_left_out_than_necessary(messages: Messages, room: int) -> None:
    got = made(messages, room)
    if got.fits and got.cuts and not got.shortened:
        assert tokens(apply(messages, got.cuts[:-1])) > room


def test_a_long_conversation_is_counted_a_hundred_times() -> None:
    messages = tuple(
        Message("user" if at % 2 == 0 else "assistant", "word " * (5 + at * 37 % 200), at=at) for at in range(1001)
    )
    for room in (200, 2_000, 20_000, 50_000):
        counter = Counter()
        got = asyncio.run(compress(messages, room, counter))
        assert got.fits and counter.calls <= 12, f"{counter.calls} counts for {room}"
