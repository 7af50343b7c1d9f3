"""docs/reasoning.md says what the code does, because the code writes it."""

from __future__ import annotations

from pathlib import Path

from nemoserve.reasoning.document import document
from nemoserve.reasoning.spellings import SPELLINGS
from nemoserve.types.families import FAMILIES

PAGE = Path(__file__).parents[3] / "docs" / "reasoning.md"


def test_the_page_is_as_the_code_writes_it() -> None:
    assert PAGE.read_text() == document(), "run: python -m nemoserve.reasoning.document > docs/reasoning.md"


def test_every_spelling_and_family_is_on_it_and_no_table_is_broken() -> None:
    text = document()
    assert all(f"`{spelling.path}`" in text for spelling in SPELLINGS)
    assert all(family.title in text for family in FAMILIES)
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert {row.count("|") for row in rows} == {7, 11}
