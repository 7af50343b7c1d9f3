"""Fears about kept thinking: it reaches another's conversation, grows without bound, outlives its time, beats the client's own."""

from __future__ import annotations

from nemoserve.reasoning.keep import ReasoningKeep
from nemoserve.types.chat import Message, ToolCall

CALL = ToolCall("call_1", "add", "{}")
ASKED = Message("user", "What is 2 + 3?")


def turn(text: str = "", reasoning: str = "", *, calls: tuple[ToolCall, ...] = ()) -> Message:
    return Message("assistant", text, reasoning=reasoning, tool_calls=calls)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_client_that_drops_the_thinking_of_a_tool_loop_gets_it_back() -> None:
    keep = ReasoningKeep(60)
    keep.remember("me", None, "", ["call_1"], "I need the tool.")
    asked, answered, result = keep.restore("me", None, (ASKED, turn(calls=(CALL,)), Message("tool", "5")))
    assert answered.reasoning == "I need the tool."
    assert (asked, result) == (ASKED, Message("tool", "5"))


def test_thinking_never_reaches_another_owner_or_session() -> None:
    keep = ReasoningKeep(60)
    keep.remember("me", "s1", "5", ["call_1"], "2 and 3 is 5")
    assert keep.restore("you", "s1", (turn("5"), turn(calls=(CALL,)))) == (turn("5"), turn(calls=(CALL,)))
    assert keep.restore("me", "s2", (turn("5"),)) == (turn("5"),)
    assert keep.restore("me", None, (turn("5"),)) == (turn("5"),)
    assert keep.restore("me", "s1", (turn(" 5\n"),))[0].reasoning == "2 and 3 is 5"


def test_what_the_client_sends_wins() -> None:
    keep = ReasoningKeep(60)
    keep.remember("me", "s1", "5", [], "ours")
    assert keep.restore("me", "s1", (turn("5", "theirs"),))[0].reasoning == "theirs"


def test_an_entry_expires_after_its_last_use() -> None:
    clock = Clock()
    keep = ReasoningKeep(10, clock=clock)
    keep.remember("me", "s1", "5", [], "thought")
    clock.now = 9
    assert keep.restore("me", "s1", (turn("5"),))[0].reasoning == "thought"
    clock.now = 18
    assert keep.restore("me", "s1", (turn("5"),))[0].reasoning == "thought"
    clock.now = 29
    assert keep.restore("me", "s1", (turn("5"),))[0].reasoning == ""


def test_memory_is_bounded_and_the_oldest_go_first() -> None:
    keep = ReasoningKeep(60, most_bytes=10 * (4 * 100 + 256))
    for at in range(100):
        keep.remember("me", None, "", [f"call_{at}"], "x" * 100)
    known = [
        at
        for at in range(100)
        if keep.restore("me", None, (turn(calls=(ToolCall(f"call_{at}", "f", "{}"),)),))[0].reasoning
    ]
    assert known == list(range(90, 100))


def test_zero_seconds_keep_nothing() -> None:
    keep = ReasoningKeep(0)
    keep.remember("me", None, "", ["call_1"], "thought")
    assert keep.restore("me", None, (turn(calls=(CALL,)),))[0].reasoning == ""
