"""One choice's tokens to events: the same answer however the tokens come, and exact counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.parsing.fold import Fold, FoldedChoice, fold
from nemoserve.parsing.thinking import DOUBT
from nemoserve.parsing.tool_schemas import ToolSchemas
from nemoserve.types.chat import Notice
from nemoserve.types.errors import ApiError
from nemoserve.types.events import (
    ChoiceFinished,
    Completed,
    Event,
    TextDelta,
    TokenAlternative,
    TokenLogprob,
    ToolCallDelta,
    ToolCallStart,
)
from nemoserve.types.prompt import Piece
from nemoserve.types.usage import Timing, Usage

CALL = '<TOOLCALL>[{"name": "f", "arguments": {"x": "</think>"}}, {"name": "g", "arguments": "{}"}]</TOOLCALL>'
TOOLS = ToolSchemas(
    [{"type": "function", "function": {"name": "f", "parameters": {"properties": {"x": {"type": "integer"}}}}},
     {"type": "function", "function": {"name": "g"}}]
)  # fmt: skip
END = Completed(Usage(), Timing())


def piece(text: str) -> Piece:
    return Piece(text, TokenLogprob(TokenAlternative(0, text, text.encode(), -1.0), ()))


def run(tokens: list[str], *, cut_off: bool = False, batch: int = 1, **rules: Any) -> tuple[FoldedChoice, ChoiceParser]:
    parser = ChoiceParser(0, Rules(**rules))
    events: list[Event] = []
    for at in range(0, len(tokens), batch):
        events += parser.push([piece(token) for token in tokens[at : at + batch]])
        if parser.stopped:
            break
    events += parser.finish("length" if cut_off else "stop", ended_turn=not cut_off and not parser.stopped)
    return fold([*events, END]).choices[0], parser


words = st.sampled_from(
    ["a", "b c", "\n", "</think>", "<think>", "</th", "ink>", "STOP", "ST", "OP", "<TOOLCALL>", "[", "]", "</TOOLCALL>",
     '{"name": "f"}', CALL, "", "<tool_call>", "\n<function=f>", "<parameter=p>\n", "</parameter>", "</function>", "</tool_call>"]
)  # fmt: skip


@settings(deadline=None, derandomize=True)
@given(st.lists(words, max_size=12), st.sampled_from(["thinking", "undecided", "answer"]),
       st.sampled_from(["json", "xml", "none"]), st.booleans(), st.booleans(),
       st.sampled_from([(), ("STOP",), ("OP", "ST\n")]))  # fmt: skip
def test_characters_or_words_or_all_at_once_give_the_same_answer(
    tokens: list[str], start: str, tool_format: str, thinking: bool, cut_off: bool, stops: tuple[str, ...]
) -> None:
    rules: dict[str, Any] = {"start": start, "tool_format": tool_format, "stops": stops, "thinking": thinking}
    by_word, parser = run(tokens, cut_off=cut_off, **rules)
    at_once, other = run(tokens, cut_off=cut_off, batch=len(tokens) or 1, **rules)
    by_character, _ = run(list("".join(tokens)), cut_off=cut_off, **rules)
    for choice in (at_once, by_character):
        assert (choice.text, choice.reasoning, choice.tool_calls) == (
            by_word.text,
            by_word.reasoning,
            by_word.tool_calls,
        )
        assert choice.finish_reason == by_word.finish_reason
    assert (parser.tokens, parser.reasoning_tokens) == (other.tokens, other.reasoning_tokens)
    assert at_once.logprobs == by_word.logprobs
    assert parser.reasoning_tokens <= parser.tokens <= len(tokens)
    # No log probability twice, none out of order.
    offsets = [entry.offset for entry in by_word.logprobs]
    assert offsets == sorted(offsets) and len(offsets) <= parser.tokens


def test_thinking_tokens_are_counted_up_to_the_marker() -> None:
    assert run(["a", "b", "</think>", "c"], start="thinking")[1].reasoning_tokens == 3
    assert run(["a", "</", "think>", "c"], start="thinking")[1].reasoning_tokens == 3
    assert run(["a", "</", "think>c", "d"], start="thinking")[1].reasoning_tokens == 3
    assert run(["a", "b"], start="thinking")[1].reasoning_tokens == 2
    assert run(["a", "b"], start="undecided")[1].reasoning_tokens == 0
    assert run(["<think>", "b", "</think>", "c"], start="undecided")[1].reasoning_tokens == 3
    assert run(["<thi", "s>", "b"], start="undecided")[1].reasoning_tokens == 0


def test_a_call_that_cuts_thinking_short_is_no_thinking() -> None:
    choice, parser = run(
        ["a", "\n", "<TOOL", "CALL>", '[{"name": "f"}]', "</TOOLCALL>"], start="thinking", tool_format="json"
    )
    assert (choice.reasoning, parser.reasoning_tokens) == ("a\n", 2)
    assert [call.name for call in choice.tool_calls] == ["f"] and choice.finish_reason == "tool_calls"


def test_several_calls_in_one_wrapper() -> None:
    choice, _ = run([f"Well.\n{CALL}\n"], start="undecided", tool_format="json")
    assert choice.text == "Well."
    assert [(call.name, call.arguments) for call in choice.tool_calls] == [("f", '{"x": "</think>"}'), ("g", "{}")]
    assert len({call.id for call in choice.tool_calls}) == 2
    first, _ = run([CALL], start="undecided", tool_format="json", parallel_tool_calls=False)
    assert [call.name for call in first.tool_calls] == ["f"]


def test_a_call_without_a_name_yet_that_is_cut_off_is_text() -> None:
    choice, _ = run(['<TOOLCALL>[{"name": "f'], start="undecided", tool_format="json", cut_off=True)
    assert choice.text.startswith("<TOOLCALL>") and choice.finish_reason == "length" and not choice.tool_calls


def test_a_call_that_is_cut_off_stays_as_it_is_and_is_reported() -> None:
    tokens = ['<TOOLCALL>[{"name": "f", "arguments": {"x": 1']
    parser = ChoiceParser(0, Rules(start="undecided", tool_format="json", tools=TOOLS))
    events = [*parser.push([piece(token) for token in tokens]), *parser.finish("length", ended_turn=False), END]
    folded = fold(events)
    (choice,) = folded.choices
    assert [call.arguments for call in choice.tool_calls] == ['{"x": 1']
    assert (choice.text, choice.finish_reason) == ("", "length")
    assert [notice.code for notice in folded.warnings] == ["malformed_tool_call"]


def test_a_complete_call_without_its_closing_marker_counts() -> None:
    choice, _ = run(['<TOOLCALL>[{"name": "f", "arguments": {}}]'], start="undecided", tool_format="json")
    assert [call.name for call in choice.tool_calls] == ["f"] and choice.text == ""


def warnings(text: str, **rules: Any) -> list[str]:
    parser = ChoiceParser(0, Rules(**{"start": "undecided", "tool_format": "json", "tools": TOOLS, **rules}))
    finished = [*parser.push([piece(text)]), *parser.finish("stop", ended_turn=True)][-1]
    assert isinstance(finished, ChoiceFinished)
    return [notice.code for notice in finished.warnings]


def test_what_is_wrong_with_a_call_is_said() -> None:
    assert warnings('<TOOLCALL>[{"name": "f", "arguments": {"x": 1}}]</TOOLCALL>') == []
    assert warnings('<TOOLCALL>[{"name": "f", "arguments": {"x": "one"}}]</TOOLCALL>') == ["invalid_tool_arguments"]
    assert warnings('<TOOLCALL>[{"name": "h", "arguments": {}}]</TOOLCALL>') == ["unknown_tool"]
    assert warnings(CALL, parallel_tool_calls=False) == ["invalid_tool_arguments", "dropped_tool_calls"]


def test_calls_come_piece_by_piece() -> None:
    parser = ChoiceParser(1, Rules(start="undecided", tool_format="json", call_id_prefix="call_x_"))
    tokens = ("Hm ", "<TOOL", 'CALL>[{"name": "f"', ', "arguments": {"x', '": ', "[1, 2]}", "}]", "</TOOLCALL>")
    seen = [parser.push([piece(token)]) for token in tokens]
    shown = [[event for event in events if not isinstance(event, TextDelta) or event.text] for events in seen]
    assert [event.text for event in shown[0] if isinstance(event, TextDelta)] == ["Hm "]
    assert shown[1:] == [
        [],
        [ToolCallStart(1, 0, "call_x_1_0", "f")],
        [ToolCallDelta(1, 0, '{"x')],
        [ToolCallDelta(1, 0, '": ')],
        [ToolCallDelta(1, 0, "[1, 2]}")],
        [],
        [],
    ]


def test_xml_calls_end_thinking_that_was_not_closed() -> None:
    call = "<tool_call>\n<function=f>\n<parameter=x>\n{}\n</parameter>\n</function>\n</tool_call>"
    text = f"I call f.\n{call.format(1)}\n{call.format(2)}\n"
    choice, parser = run([*text], start="thinking", tool_format="xml", tools=TOOLS)
    assert (choice.reasoning, choice.text, choice.finish_reason) == ("I call f.\n", "", "tool_calls")
    assert [(call.name, call.arguments) for call in choice.tool_calls] == [("f", '{"x": 1}'), ("f", '{"x": 2}')]
    assert parser.reasoning_tokens == len("I call f.\n")


def test_a_stop_string_inside_a_call_breaks_it_off() -> None:
    tokens = ['<TOOLCALL>[{"name": "g", "arguments": {"y": "a', " STOP", ' b"}}]</TOOLCALL>']
    choice, parser = run(tokens, start="undecided", tool_format="json", tools=TOOLS, stops=(" STOP",))
    assert [call.arguments for call in choice.tool_calls] == ['{"y": "a'] and choice.text == ""
    assert parser.stopped and parser.tokens == 2


def test_unwanted_thinking_that_becomes_the_answer_counts_as_answer() -> None:
    rules: dict[str, Any] = {"start": "undecided", "thinking": False}
    for tokens in (["<think>", "4", "2"], ["<think>", "4", "2", "</think>", "\n"]):
        choice, parser = run(tokens, **rules)
        assert (choice.text, choice.reasoning, parser.reasoning_tokens) == ("42", "", 0)
        assert len(choice.logprobs) == len(tokens)
    choice, parser = run(["<think>", "a", "</think>", "\n", "4"], **rules)
    assert (choice.text, choice.reasoning, parser.reasoning_tokens) == ("4", "a", 3)
    choice, parser = run(["<think>", *"ab" * DOUBT, "</think>", "4"], **rules)
    assert (choice.text, parser.reasoning_tokens) == ("ab" * DOUBT + "4", 0)


def test_calls_in_a_closed_block_that_became_the_answer_are_text() -> None:
    block = 'I could say <TOOLCALL>[{"name": "f"}]</TOOLCALL>.'
    choice, _ = run([f"<think>{block}</think>"], start="undecided", thinking=False, tool_format="json")
    assert choice.text == block and not choice.tool_calls


def last_words(tokens: list[str]) -> tuple[Notice, ...]:
    parser = ChoiceParser(0, Rules(start="thinking"))
    parser.push([piece(token) for token in tokens])
    end = parser.finish("length", ended_turn=False)[-1]
    assert isinstance(end, ChoiceFinished)
    return end.warnings


def test_an_answer_that_the_end_of_the_thinking_left_no_room_for_is_explained() -> None:
    for tokens in (["</think>"], ["a", "</think>", "\n\n"]):
        assert [notice.code for notice in last_words(tokens)] == ["empty_answer"]
    assert last_words(["</think>", "a"]) == ()


def test_thinking_that_ends_with_the_turn_leaves_no_answer() -> None:
    for pieces in (["It is ", "85.\n"], list("It is 85.\n")):
        parser = ChoiceParser(0, Rules(start="thinking"))
        events = parser.push([piece(text) for text in pieces])
        events += parser.finish("stop", ended_turn=True)
        choice = fold([*events, END]).choices[0]
        assert (choice.text, choice.reasoning, choice.finish_reason) == ("It is 85.", "It is 85.\n", "stop")
        last = events[-1]
        assert isinstance(last, ChoiceFinished) and [notice.code for notice in last.warnings] == ["unclosed_thinking"]
        assert parser.reasoning_tokens == len(pieces)
    cut = ChoiceParser(0, Rules(start="thinking"))
    events = [*cut.push([piece("It is")]), *cut.finish("length", ended_turn=False), END]
    assert fold(events).choices[0].text == "", "what was cut off is no answer"


def test_log_probabilities_leave_out_the_stop_string() -> None:
    choice, parser = run(["a", "b", " ST", "OP", "c"], start="undecided", stops=(" STOP",))
    assert [entry.chosen.text for entry in choice.logprobs] == ["a", "b"]
    assert choice.text == "ab" and parser.tokens == 4 and parser.stopped


def test_raw_text_is_left_as_it_is() -> None:
    choice, parser = run(["\n\n", "<think>a</think>", "\n"], chat=False)
    assert choice.text == "\n\n<think>a</think>\n" and parser.reasoning_tokens == 0


def test_an_unfinished_stream_is_an_error_and_never_an_answer() -> None:
    for events in ([], [TextDelta(0, "a")], [TextDelta(0, "a"), END], [ChoiceFinished(0, "stop", "stop")],
                   [TextDelta(0, "a"), TextDelta(1, "b"), ChoiceFinished(0, "stop", "stop"), END]):  # fmt: skip
        folding = Fold()
        for event in events:
            folding.add(event)
        with pytest.raises(ApiError):
            folding.result()
