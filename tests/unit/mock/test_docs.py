"""A fault or a style that the page does not name will be looked for in vain, and one that is gone will be tried."""

from __future__ import annotations

import re
from pathlib import Path

from nemoserve.cli.mock import ProviderStyle
from nemoserve.mock.faults import FAULTS
from nemoserve.mock.styles import STYLES

PAGE = (Path(__file__).parents[3] / "docs/mock.md").read_text(encoding="utf-8")


def rows(heading: str) -> dict[str, str]:
    """The first column's names of a section's table, and the rest of each row."""
    section = PAGE.partition(f"## {heading}")[2].partition("\n## ")[0]
    return {name: rest.strip(" |") for name, rest in re.findall(r"^\| `([^`]+)` (.*)$", section, re.MULTILINE)}


def test_every_fault_is_on_the_page_in_the_programs_own_words() -> None:
    assert rows("Faults") == {name: what.replace("|", "/") for name, what in FAULTS.items()}


def test_every_style_is_on_the_page_and_on_the_command_line_with_its_address() -> None:
    named = rows("Whose format")
    assert set(named) == set(STYLES) == {each.value for each in ProviderStyle}
    for name, style in STYLES.items():
        assert f"`{style.prefixes[0]}`" in named[name].partition("|")[0], name
