"""Fear: how the network cuts a stream changes what is read from it, or a line without end eats the memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.parsing.sse import EventTooLong, SseParser

_VALUE = st.text(st.characters(blacklist_characters="\r\n", blacklist_categories=["Cs"]), max_size=12)
_EVENT = st.lists(_VALUE, min_size=1, max_size=3)
_NOISE = st.sampled_from([": comment", ":", "id: 7", "retry: 10", "unknown", ": OPENROUTER PROCESSING"])


@st.composite
def _streams(draw: st.DrawFn) -> tuple[bytes, list[bytes]]:
    """A stream and its events' data."""
    end = draw(st.sampled_from(["\n", "\r", "\r\n"]))
    text, expected = draw(st.sampled_from(["", "\ufeff"])), list[bytes]()
    for values in draw(st.lists(_EVENT, max_size=5)):
        for value in values:
            for noise in draw(st.lists(_NOISE, max_size=2)):
                text += noise + end
            text += f"data: {value}{end}"
        text += end
        expected.append("\n".join(values).encode())
    return text.encode(), expected


@given(_streams(), st.lists(st.integers(1, 9), min_size=1, max_size=9))
def test_any_cutting_gives_the_same_events(stream: tuple[bytes, list[bytes]], sizes: list[int]):
    data, expected = stream
    parser, found, at, turn = SseParser(), list[bytes](), 0, 0
    while at < len(data):
        size = sizes[turn % len(sizes)]
        found += [value for _, value in parser.push(data[at : at + size])]
        at, turn = at + size, turn + 1
    assert found == expected
    assert parser.finish() == []


@given(st.binary(max_size=200), st.integers(1, 200))
def test_garbage_is_never_more_than_garbage(data: bytes, cut: int):
    whole, parts = SseParser(), SseParser()
    one = whole.push(data) + whole.finish()
    assert parts.push(data[:cut]) + parts.push(data[cut:]) + parts.finish() == one


def test_names_are_told_and_do_not_stick():
    parser = SseParser()
    assert parser.push(b"event: error\ndata: 1\n\ndata: 2\n\n") == [(b"error", b"1"), (b"", b"2")]


def test_an_event_arrives_with_its_last_byte_and_not_later():
    parser = SseParser()
    assert parser.push(b"data: 1\r\n\r") == [(b"", b"1")]
    assert parser.push(b"\ndata: 2\n\n") == [(b"", b"2")]


def test_what_a_cut_left_is_given_at_the_end():
    parser = SseParser()
    assert parser.push(b'data: {"a": ') == []
    assert parser.finish() == [(b"", b'{"a": ')]


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 64, b"x" * 64, b"data: x\n" * 8, b": " + b"x" * 64])
def test_an_event_without_end_is_given_up(piece: bytes):
    parser = SseParser(most_bytes=256)
    with pytest.raises(EventTooLong):
        for _ in range(100):
            parser.push(piece)


def test_comments_without_end_are_no_event():
    parser = SseParser(most_bytes=256)
    for _ in range(1000):
        assert parser.push(b": PROCESSING\n\n: PROCESSING\n") == []
    assert parser.comments == 2000
