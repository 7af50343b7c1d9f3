"""docs/engines.md says what the code does, because the code writes it."""

from __future__ import annotations

from pathlib import Path

from nemoserve.backends.managed.document import document

PAGE = Path(__file__).parents[3] / "docs" / "engines.md"


def test_the_page_about_engines_is_the_one_that_the_code_writes() -> None:
    assert PAGE.read_text() == document(), "run: python -m nemoserve.backends.managed.document > docs/engines.md"
