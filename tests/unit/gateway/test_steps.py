"""The steps of a thinking: where a reader would put them, every token in exactly one, and nothing guessed about time."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.parsing.steps import StepBoundaries
from nemoserve.types.events import Event, ReasoningDelta, Step
from nemoserve.types.prompt import Piece, ReplyStart


def steps_of(text: str) -> list[str]:
    boundaries = StepBoundaries()
    at = [0, *boundaries.push(text), *boundaries.finish(), len(text)]
    return [text[a:b] for a, b in itertools.pairwise(at)]


LONG = "This is a sentence that is long enough that nobody would call a text made of such lines terse. "


@pytest.mark.parametrize(
    ("text", "steps"),
    [
        ("One thought.", ["One thought."]),
        (f"{LONG}\n{LONG}\n\n{LONG}", [f"{LONG}\n{LONG}\n\n", LONG]),
        (f"\n\n{LONG}\n \n  b\n", [f"\n\n{LONG}\n \n  ", "b\n"]),
        (f"{LONG}\n1. a\n2) b\n   {LONG}\nStep 3: c", [f"{LONG}\n", "1. a\n", f"2) b\n   {LONG}\n", "Step 3: c"]),
        (f"{LONG}\n- a\n* b\n-5 is less\n3.14 is more\n", [f"{LONG}\n", "- a\n", "* b\n-5 is less\n3.14 is more\n"]),
        ("12*3\n=36\n36+1\n=37", ["12*3\n", "=36\n", "36+1\n", "=37"]),
        ("1. a\nb\n2. c\nd", ["1. a\nb\n", "2. c\nd"]),
        ("Well\n\na\nb", ["Well\n\n", "a\nb"]),
    ],
)
def test_steps_are_where_a_reader_would_put_them(text: str, steps: list[str]) -> None:
    assert steps_of(text) == steps


def run(tokens: list[str], *, start: ReplyStart = "thinking", batch: int = 1) -> tuple[str, list[Step], ChoiceParser]:
    """The reasoning, its steps and the parser; a token takes a second."""
    seconds = iter(range(1, 10_000))
    parser = ChoiceParser(0, Rules(start=start, steps=True), lambda: float(next(seconds)))
    events: list[Event] = []
    for at in range(0, len(tokens), batch):
        events += parser.push([Piece(token) for token in tokens[at : at + batch]])
    events += parser.finish("stop", ended_turn=True)
    deltas = [event for event in events if isinstance(event, ReasoningDelta)]
    return "".join(d.text for d in deltas), [step for d in deltas for step in d.steps], parser


def test_tokens_and_times_go_to_the_step_they_made() -> None:
    reasoning, steps, parser = run(["1.", " a\n", "2", ". b", "\n", "</think>", "ok"])
    assert reasoning == "1. a\n2. b\n" and parser.reasoning_tokens == 6
    assert steps == [Step(0, 0, 5, 2, 1000.0), Step(1, 5, 10, 3, 3000.0)]


def test_a_step_is_told_while_the_thinking_goes_on() -> None:
    parser = ChoiceParser(0, Rules(start="thinking", steps=True), lambda: 0.0)
    parser.push([Piece("a\n\n")])
    (event,) = parser.push([Piece("b")])
    assert isinstance(event, ReasoningDelta) and event.text == "b"
    assert [(step.text_start, step.text_end) for step in event.steps] == [(0, 3)]


def test_markers_are_in_no_step() -> None:
    _, steps, parser = run(["<th", "ink>", "\n", "a", "</", "think>", "\n", "b"], start="undecided")
    assert [step.tokens for step in steps] == [2] and parser.reasoning_tokens == 6
    assert run(["</think>", "a"])[1] == run(["a"], start="undecided")[1] == []


def test_thinking_that_never_ends_has_all_its_tokens_in_steps() -> None:
    _, steps, parser = run(["a\n\n", "b", "", ""])
    assert [step.tokens for step in steps] == [1, 3] and parser.reasoning_tokens == 4


def test_steps_are_told_only_where_they_are_wanted() -> None:
    parser = ChoiceParser(0, Rules(start="thinking"))
    events = [*parser.push([Piece("a\n\nb</think>c")]), *parser.finish("stop", ended_turn=True)]
    assert not any(event.steps for event in events if isinstance(event, ReasoningDelta))


words = st.sampled_from(["a", "b c", "\n", "\n\n", " ", "1", ".", "2. ", "- ", "Step 4:", "(5) ", LONG, "</th", ""])


@given(st.lists(words, max_size=20), st.booleans())
def test_steps_cover_the_thinking_and_its_tokens_however_they_come(tokens: list[str], closed: bool) -> None:
    tokens = [*tokens, "</think>", "x"] if closed else tokens
    reasoning, steps, parser = run(tokens)
    at_once, again, _ = run(tokens, batch=len(tokens) or 1)
    assert at_once == reasoning
    assert [(s.text_start, s.text_end, s.tokens) for s in again] == [
        (s.text_start, s.text_end, s.tokens) for s in steps
    ]
    assert [step.index for step in steps] == list(range(len(steps)))
    if reasoning:
        ends = [0, *(step.text_end for step in steps)]
        assert [step.text_start for step in steps] == ends[:-1] and ends[-1] == len(reasoning)
        starts = [len("".join(tokens[:at])) for at in range(len(tokens))]
        counted = sum(start < len(reasoning) for start in starts) if closed else parser.reasoning_tokens
        assert sum(step.tokens for step in steps) == counted
        assert all(step.text_start < step.text_end and step.duration_ms >= 0 for step in steps)
    boundaries = StepBoundaries()
    assert [at for c in reasoning for at in boundaries.push(c)] + boundaries.finish() == [
        s.text_start for s in steps[1:]
    ]
