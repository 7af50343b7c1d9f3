"""Thinking and answer: split at the marker wherever tokens are cut, nothing lost, nothing misfiled."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from nemoserve.parsing.thinking import CLOSER, DOUBT, OPENER, ThinkingSplitter
from nemoserve.types.prompt import ReplyStart

TOOL = "<TOOLCALL>"
words = st.sampled_from(
    ["a", "b", " ", "\n", "<", "</", "think>", OPENER, CLOSER, TOOL, "<TOOL", "/think", "é", "\n<function="]
)
tool_markers = st.sampled_from([(), (TOOL,), ("<tool_call>", "<function=")])
starts: st.SearchStrategy[ReplyStart] = st.sampled_from(["thinking", "undecided", "answer"])


@st.composite
def cut_texts(draw: st.DrawFn) -> list[str]:
    text = "".join(draw(st.lists(words, max_size=12)))
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=10)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def split(pieces: list[str], start: ReplyStart, *tools: str, wanted: bool = True) -> tuple[str, str]:
    """Thinking and answer."""
    splitter = ThinkingSplitter(start, tools, wanted=wanted)
    segments = [segment for piece in pieces for segment in splitter.push(piece)] + splitter.finish()
    order = [segment.thinking for segment in segments]
    assert order == sorted(order, reverse=True), "thinking never follows the answer"
    assert all(segment.text for segment in segments)
    thinking = "".join(segment.text for segment in segments if segment.thinking)
    return thinking, "".join(segment.text for segment in segments if not segment.thinking)


@given(cut_texts(), starts, tool_markers, st.booleans())
@example(["<thi", "nk>a</th", "ink>b"], "undecided", (), True)
@example(["\n", "</think>", "\n", "b"], "undecided", (), True)
@example(["x\n<TOOL", "CALL>[]"], "thinking", (TOOL,), True)
@example(["<think>a\n<func", "tion=f>"], "undecided", ("<tool_call>", "<function="), False)
@example(["<think>a</think> ", "\n", "b"], "undecided", (), False)
def test_the_outcome_does_not_depend_on_how_the_text_is_cut(
    pieces: list[str], start: ReplyStart, tools: tuple[str, ...], wanted: bool
) -> None:
    assert split(pieces, start, *tools, wanted=wanted) == split(["".join(pieces)], start, *tools, wanted=wanted)


@given(cut_texts())
def test_in_a_think_block_the_first_marker_divides(pieces: list[str]) -> None:
    thinking, _, answer = "".join(pieces).partition(CLOSER)
    assert split(pieces, "thinking") == (thinking, answer.lstrip("\n"))


@given(cut_texts())
def test_a_continued_answer_is_left_alone(pieces: list[str]) -> None:
    assert split(pieces, "answer") == ("", "".join(pieces))


@given(cut_texts(), starts, st.booleans())
def test_what_is_held_back_is_a_suffix_of_what_came(pieces: list[str], start: ReplyStart, tools: bool) -> None:
    splitter = ThinkingSplitter(start, (TOOL,) if tools else ())
    text = ""
    for piece in pieces:
        text += piece
        splitter.push(piece)
        assert 0 <= splitter.held <= len(text)
        if splitter.state != "undecided":
            assert splitter.held < len(TOOL)


def test_a_closing_marker_in_pieces_is_found() -> None:
    assert split(["2+2", "</", "thi", "nk", ">", "\n", "\nfour"], "thinking") == ("2+2", "four")


def test_without_a_closing_marker_all_is_thinking() -> None:
    assert split(["hmm", "</thin"], "thinking") == ("hmm</thin", "")


def test_a_second_closing_marker_is_text() -> None:
    assert split(["a</think>the tag </think> ends it"], "thinking") == ("a", "the tag </think> ends it")


def test_with_thinking_off_all_is_answer() -> None:
    assert split(["\n", "4 < 5\n"], "undecided") == ("", "4 < 5\n")


def test_with_thinking_off_an_orphan_marker_is_dropped_once() -> None:
    assert split(["</think>", "\n4"], "undecided") == ("", "4")
    assert split(["well </thi", "nk>4 </think>"], "undecided") == ("", "well 4 </think>")


def test_a_model_that_opens_the_block_itself_thinks() -> None:
    assert split([" <thi", "nk>", "\nwell", "</think>", "\n\n4"], "undecided") == ("well", "4")


def test_a_tool_call_at_a_line_start_ends_thinking_that_was_not_closed() -> None:
    call = '<TOOLCALL>[{"name": "f", "arguments": {}}]</TOOLCALL>'
    assert split(["I call f.\n", call], "thinking", TOOL) == ("I call f.\n", call)


def test_prose_about_tool_markup_stays_thinking() -> None:
    text = "I must write <TOOLCALL> first.</think>ok"
    assert split([text], "thinking", TOOL) == ("I must write <TOOLCALL> first.", "ok")
    assert split(["\n<TOOLCALL>x</think>ok"], "thinking") == ("\n<TOOLCALL>x", "ok")


def test_markers_are_the_familys_own() -> None:
    splitter = ThinkingSplitter("undecided", opener="[[", closer="]]")
    segments = [segment for piece in ("[", "[a</think>", "]", "]b") for segment in splitter.push(piece)]
    assert [(segment.thinking, segment.text) for segment in segments] == [(True, "a</think>"), (False, "b")]


@pytest.mark.parametrize(
    "reply", ["<think>4", "<think>\n4</think>", "<think>4</think>\n \n", "<think>4</think>", "</think>4"]
)
def test_with_thinking_off_an_answer_in_a_think_block_is_the_answer(reply: str) -> None:
    assert split(list(reply), "undecided", wanted=False) == ("", "4")


def test_with_thinking_off_a_block_before_an_answer_is_still_thinking() -> None:
    assert split(["<think>", "hm", "</think>", "\n", "4"], "undecided", wanted=False) == ("hm", "4")
    call = '<TOOLCALL>[{"name": "f"}]</TOOLCALL>'
    assert split(["<think>hm\n", call], "undecided", TOOL, wanted=False) == ("hm\n", call)


def test_an_unwanted_block_does_not_stall_the_stream() -> None:
    splitter = ThinkingSplitter("undecided", wanted=False)
    splitter.push(OPENER)
    assert splitter.push("x" * DOUBT) == [] and splitter.held == len(OPENER) + DOUBT
    (segment,) = splitter.push("y")
    assert (segment.thinking, len(segment.text), splitter.thinking_end) == (False, DOUBT + 1, None)
    assert [segment.text for segment in splitter.push("z")] == ["z"]


@pytest.mark.parametrize("length", range(DOUBT - len(CLOSER) - 2, DOUBT + 3))
def test_the_bound_of_an_unwanted_block_does_not_depend_on_the_cut(length: int) -> None:
    text = f"{OPENER}{'x' * length}{CLOSER}4"
    whole = split([text], "undecided", wanted=False)
    fits = length + len(CLOSER) <= DOUBT
    assert whole == (("x" * length, "4") if fits else ("", "x" * length + "4"))
    near = len(text) - 30
    assert split([text[:near], *text[near:]], "undecided", wanted=False) == whole


def test_a_closed_block_that_became_the_answer_is_not_searched_for_calls() -> None:
    splitter = ThinkingSplitter("undecided", (TOOL,), wanted=False)
    splitter.push("<think>I write <TOOLCALL> here</think>")
    (segment,) = splitter.finish()
    assert segment.literal and splitter.thinking_end is None


@given(cut_texts())
def test_where_the_thinking_stood_is_known(pieces: list[str]) -> None:
    splitter = ThinkingSplitter("undecided")
    text = "".join(pieces)
    segments = [segment for piece in pieces for segment in splitter.push(piece)] + splitter.finish()
    thinking = "".join(segment.text for segment in segments if segment.thinking)
    if thinking:
        assert text[splitter.thinking_start :].startswith(thinking)
