"""One choice's tokens to events: the same answer however the tokens come, and exact counts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.parsing.fold import Fold, FoldedChoice, fold
from nemoserve.parsing.toolcalls import parse_calls
from nemoserve.types.errors import ApiError
from nemoserve.types.events import ChoiceFinished, Completed, Event, TextDelta, TokenAlternative, TokenLogprob
from nemoserve.types.prompt import Piece
from nemoserve.types.usage import Timing, Usage

CALL = '<TOOLCALL>[{"name": "f", "arguments": {"x": "</think>"}}, {"name": "g", "arguments": "{}"}]</TOOLCALL>'
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
     '{"name": "f"}', CALL, ""]
)  # fmt: skip


@settings(deadline=None, derandomize=True)
@given(st.lists(words, max_size=12), st.sampled_from(["thinking", "undecided", "answer"]), st.booleans(), st.booleans(),
       st.sampled_from([(), ("STOP",), ("OP", "ST\n")]))  # fmt: skip
def test_characters_or_words_or_all_at_once_give_the_same_answer(
    tokens: list[str], start: str, tools: bool, cut_off: bool, stops: tuple[str, ...]
) -> None:
    rules: dict[str, Any] = {"start": start, "tools": tools, "stops": stops}
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
    choice, parser = run(["a", "\n", "<TOOL", "CALL>", '[{"name": "f"}]', "</TOOLCALL>"], start="thinking", tools=True)
    assert (choice.reasoning, parser.reasoning_tokens) == ("a\n", 2)
    assert [call.name for call in choice.tool_calls] == ["f"] and choice.finish_reason == "tool_calls"


def test_several_calls_in_one_wrapper() -> None:
    choice, _ = run([f"Well.\n{CALL}\n"], start="undecided", tools=True)
    assert choice.text == "Well."
    assert [(call.name, call.arguments) for call in choice.tool_calls] == [("f", '{"x": "</think>"}'), ("g", "{}")]
    assert len({call.id for call in choice.tool_calls}) == 2
    first, _ = run([CALL], start="undecided", tools=True, parallel_tool_calls=False)
    assert [call.name for call in first.tool_calls] == ["f"]


def test_a_call_cut_off_is_text_and_ends_by_length() -> None:
    choice, _ = run(['<TOOLCALL>[{"name": "f", "argu'], start="undecided", tools=True, cut_off=True)
    assert choice.text.startswith("<TOOLCALL>") and choice.finish_reason == "length" and not choice.tool_calls


def test_a_complete_call_without_its_closing_marker_counts() -> None:
    choice, _ = run(['<TOOLCALL>[{"name": "f", "arguments": {}}]'], start="undecided", tools=True)
    assert [call.name for call in choice.tool_calls] == ["f"] and choice.text == ""


@pytest.mark.parametrize(
    "text", ["", "x", "[]", "[1]", '[{"name": 5}]', '[{"name": ""}]', '[{"arguments": {}}]', '[{"name": "f", "arguments": 5}]',
             '[{"name": "f", "arguments": {"x": NaN}}]', "[" * 100_000]
)  # fmt: skip
def test_what_is_no_call_is_none(text: str) -> None:
    assert parse_calls(text) is None


def test_log_probabilities_leave_out_the_stop_string() -> None:
    choice, parser = run(["a", "b", " ST", "OP", "c"], start="undecided", stops=(" STOP",))
    assert [entry.chosen.text for entry in choice.logprobs] == ["a", "b"]
    assert choice.text == "ab" and parser.tokens == 4 and parser.stopped


def test_excluded_thinking_takes_its_log_probabilities_along() -> None:
    choice, parser = run(["secret", "</think>", "a"], start="thinking", exclude_thinking=True)
    assert choice.reasoning == "" and [entry.chosen.text for entry in choice.logprobs] == ["a"]
    assert parser.reasoning_tokens == 2


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
