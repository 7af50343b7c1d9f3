"""Key texts: what is not exactly a key never gets as far as a lookup, and no changed key has the digest of another."""

from __future__ import annotations

import string

from hypothesis import given
from hypothesis import strategies as st

from nemoserve.access import keytext

PEPPER = b"p" * 32
_PUBLIC, KEY = keytext.make()
_, OTHER = keytext.make()
ALPHABET = string.printable + "äß…０１"


def parse(text: str) -> str | None:
    """The public part of a whole key."""
    public = keytext.public_part(text)
    return public if public is not None and keytext.whole(text) else None


@given(st.integers(0, len(KEY) - 1), st.sampled_from(ALPHABET))
def test_a_changed_character_passes_the_checksum(at: int, character: str) -> None:
    changed = KEY[:at] + character + KEY[at + 1 :]
    if changed != KEY:
        assert parse(changed) is None


def test_any_letter_at_any_place_passes_the_checksum() -> None:
    for at in range(len(KEY)):
        for character in string.ascii_letters + string.digits + "-":
            changed = KEY[:at] + character + KEY[at + 1 :]
            assert (parse(changed) is not None) == (changed == KEY)


@given(st.integers(0, len(KEY) - 2))
def test_two_characters_swapped_pass_the_checksum(at: int) -> None:
    swapped = KEY[:at] + KEY[at + 1] + KEY[at] + KEY[at + 2 :]
    assert swapped == KEY or parse(swapped) is None


@given(st.text(max_size=120))
def test_anything_else_is_taken_for_a_key(text: str) -> None:
    for attempt in (text, "sk-nemo-" + text, KEY + text, text + KEY):
        assert attempt == KEY or parse(attempt) is None


@given(
    st.sampled_from(["'", '"', ";", "--", " OR 1=1", "\x00", "%", "\n", "' UNION SELECT 1--"]), st.integers(0, len(KEY))
)
def test_sql_in_a_key_reaches_a_lookup(piece: str, at: int) -> None:
    assert parse(KEY[:at] + piece + KEY[at:]) is None


def test_the_digest_depends_on_less_than_the_key_and_the_pepper() -> None:
    assert keytext.Digester(PEPPER)(KEY) != keytext.Digester(b"q" * 32)(KEY)
    assert keytext.Digester(PEPPER)(KEY) != keytext.Digester(PEPPER)(OTHER)
    assert len({keytext.Digester(PEPPER)(KEY[:at] + "~" + KEY[at + 1 :]) for at in range(len(KEY))}) == len(KEY)


def test_keys_repeat_or_are_not_of_their_form() -> None:
    made = [keytext.make() for _ in range(2000)]
    assert len({public for public, _ in made}) == len({text for _, text in made}) == 2000
    assert all(parse(text) == public for public, text in made)


@given(st.text(max_size=30), st.text(max_size=30))
def test_a_key_survives_in_a_text_that_is_cleaned(before: str, after: str) -> None:
    cleaned = keytext.redacted(before + KEY + after)
    assert KEY[24:-4] not in cleaned
    assert keytext.label(KEY) in cleaned or not after.isascii() or after[:1].isalnum()
