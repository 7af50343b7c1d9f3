"""Fear: a provider's content begins inside thinking that it never opened, and until that is learnt the thinking is the answer."""

import pytest

from nemoserve.parsing.thinking import DOUBT
from tests.providers import DONE, END, HEAD, USAGE, Seen, Step, backend, collect, delta, job, provider


def _stream(*texts: str, finish: str = "stop", field: str = "content") -> tuple[Step, ...]:
    return HEAD, *(delta(**{field: text}) for text in texts), delta(finish), USAGE, DONE, END


_UNOPENED = _stream("Hm, ", "so.</thi", "nk>\n\nYes", ".")


async def _replies(*scripts: tuple[Step, ...], thinking: bool | None = None) -> list[Seen]:
    """One after the other, from one endpoint."""
    async with provider(*scripts) as house:
        remote = backend(house.url)
        try:
            return [await collect(remote, job(remote, thinking=thinking)) for _ in scripts]
        finally:
            await remote.close()


def _pieces(seen: Seen) -> list[str]:
    """The answer as it came."""
    return [text for event in seen.events if (text := getattr(event, "text", ""))]


@pytest.mark.parametrize("thinking", [None, True])
async def test_the_first_stream_leaks_its_thinking(thinking: bool | None) -> None:
    first, second = await _replies(_UNOPENED, _UNOPENED, thinking=thinking)
    assert (first.reasoning, first.text) == (second.reasoning, second.text) == ("Hm, so.", "Yes.")
    assert _pieces(first)[-1] == ".", "what follows the thinking comes as it is made"


async def test_a_reply_that_was_cut_off_is_taken_for_proof() -> None:
    _, second = await _replies(_stream("Hm, ", "so", finish="length"), _UNOPENED)
    assert (second.reasoning, second.text) == ("Hm, so.", "Yes.")


async def test_streams_wait_where_nothing_is_in_doubt() -> None:
    plain = _stream("So", " it", " is.")
    _, again = await _replies(plain, plain)
    assert _pieces(again) == ["So", " it", " is."], "the first one has shown where answers begin"
    _, again = await _replies(_stream("Hm", field="reasoning_content"), plain)
    assert _pieces(again) == ["So", " it", " is."]
    (off,) = await _replies(plain, thinking=False)
    assert _pieces(off) == ["So", " it", " is."]


async def test_a_long_answer_waits_for_its_end() -> None:
    (seen,) = await _replies(_stream("x" * DOUBT, "y", "z"))
    assert _pieces(seen) == ["x" * DOUBT, "y", "z"]
