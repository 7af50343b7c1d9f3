"""Fear: a provider's content begins inside thinking that it never opened, and until that is learnt the thinking is the answer."""

import pytest

from nemoserve.config.providers import ProviderType
from nemoserve.parsing.thinking import DOUBT
from tests.providers import DONE, END, HEAD, USAGE, Seen, Step, backend, collect, delta, job, provider


def _stream(*texts: str, finish: str = "stop", field: str = "content") -> tuple[Step, ...]:
    return HEAD, *(delta(**{field: text}) for text in texts), delta(finish), USAGE, DONE, END


_UNOPENED = _stream("Hm, ", "so.</thi", "nk>\n\nYes", ".")


async def _replies(*scripts: tuple[Step, ...], thinking: bool | None = None, kind: ProviderType = "vllm") -> list[Seen]:
    """One after the other, from one endpoint."""
    async with provider(*scripts) as house:
        remote = backend(house.url, type=kind)
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


@pytest.mark.parametrize("kind", ["vllm", "openai"])
async def test_one_answer_about_the_marker_makes_thinking_of_all_later_ones(kind: ProviderType) -> None:
    odd, plain = _stream("It is </think>, as a rule."), _stream("So", " it", " is.")
    _, once, twice, third = await _replies(odd, plain, plain, plain, kind=kind)
    assert once.text == "So it is.", "it is at least repeated"
    assert (twice.reasoning, twice.text) == ("", "So it is.")
    assert _pieces(third) == ["So", " it", " is."]
    _, _, last = await _replies(odd, _stream("Hm", field="reasoning_content"), plain, kind=kind)
    assert (last.reasoning, _pieces(last)) == ("", ["So", " it", " is."]), "thinking told apart is proof enough"


async def test_a_model_that_ends_its_turn_while_it_thinks_makes_the_next_stream_leak() -> None:
    _, _, last = await _replies(_UNOPENED, _stream("Hm, so"), _UNOPENED)
    assert (last.reasoning, last.text) == ("Hm, so.", "Yes.")


async def test_a_long_answer_waits_for_its_end() -> None:
    (seen,) = await _replies(_stream("x" * DOUBT, "y", "z"))
    assert _pieces(seen) == ["x" * DOUBT, "y", "z"]
