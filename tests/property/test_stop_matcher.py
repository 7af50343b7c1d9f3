"""Stop strings: never leaked, found wherever tokens are cut, never inventing or losing text."""

from __future__ import annotations

import time

from hypothesis import given
from hypothesis import strategies as st

from nemoserve.parsing.stops import StopMatcher

# A small alphabet makes overlaps and near misses common.
texts = st.text(alphabet="ab\n", max_size=40)
stop_lists = st.lists(st.text(alphabet="ab\n", min_size=1, max_size=5), max_size=4)


@st.composite
def cut_texts(draw: st.DrawFn) -> list[str]:
    text = draw(texts)
    cuts = sorted(draw(st.lists(st.integers(0, len(text)), max_size=8)))
    return [text[a:b] for a, b in zip([0, *cuts], [*cuts, len(text)], strict=True)]


def released(pieces: list[str], stops: list[str]) -> tuple[str, str | None]:
    matcher = StopMatcher(stops)
    text = "".join(matcher.push(piece) for piece in pieces)
    return text + matcher.finish(), matcher.hit


def first_to_complete(text: str, stops: list[str]) -> tuple[str, str | None]:
    """The definition, said slowly: the stop string that is complete first, the longer of two that end together."""
    ends = [(at + len(stop), -len(stop), stop) for stop in stops if (at := text.find(stop)) >= 0]
    if not ends:
        return text, None
    end, _, stop = min(ends)
    return text[: end - len(stop)], stop


@given(cut_texts(), stop_lists)
def test_the_outcome_is_the_definition_however_the_text_is_cut(pieces: list[str], stops: list[str]) -> None:
    assert released(pieces, stops) == first_to_complete("".join(pieces), stops)


@given(cut_texts(), stop_lists)
def test_nothing_released_early_is_ever_taken_back(pieces: list[str], stops: list[str]) -> None:
    matcher = StopMatcher(stops)
    whole, _ = first_to_complete("".join(pieces), stops)
    shown, fed = "", 0
    for piece in pieces:
        shown += matcher.push(piece)
        fed += len(piece)
        assert whole.startswith(shown)
        if matcher.hit is None:
            assert len(shown) + matcher.held == fed


def test_text_that_cannot_be_a_stop_string_is_not_held_back() -> None:
    matcher = StopMatcher(["\nUser:"])
    assert matcher.push("Hello\nUs") == "Hello"
    assert matcher.push("A") == "\nUsA"


def test_nothing_after_a_hit_is_released() -> None:
    matcher = StopMatcher(["END"])
    assert matcher.push("one EN") == "one "
    assert matcher.push("D two") == ""
    assert (matcher.push("three"), matcher.finish(), matcher.hit) == ("", "", "END")


def test_a_repetitive_stop_string_does_not_make_matching_quadratic() -> None:
    matcher = StopMatcher(["a" * 999 + "b"])
    started = time.perf_counter()
    for _ in range(20_000):
        matcher.push("aaaa")
    # Restarting the comparison at every character would take some 10^8 steps.
    assert time.perf_counter() - started < 10
