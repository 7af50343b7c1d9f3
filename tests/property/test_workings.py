"""The thinking that the embedded model learns from: a working with a false line teaches it to be wrong."""

from __future__ import annotations

import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from training.tasks import TASKS, workings
from training.tasks.units import UNITS, Unit

NUMBERS = st.integers(0, 99_999)
SIGNED = {"<": lambda x, y: x < y, "=": lambda x, y: x == y, ">": lambda x, y: x > y}


def check(lines: list[str]) -> None:
    """Columns of sums and differences, borrowed tens included, and comparisons: whatever of a working is an equation by itself."""
    for line in lines:
        if borrowed := re.fullmatch(r"(\d)-(\d)-([01])=(\d)(b?)", line):
            x, y, before, digit = map(int, borrowed.groups()[:4])
            assert x - y - before == digit - 10 * bool(borrowed[5]), line
        elif added := re.fullmatch(r"(\d+(?:\+\d+)+)=(\d+)", line):
            assert sum(map(int, added[1].split("+"))) == int(added[2]), line
        elif product := re.match(r"(\d+)\*(\d+)=(\d+)", line):
            assert int(product[1]) * int(product[2]) == int(product[3]), line
        for part in line.rpartition(" ")[2].split(","):
            if compared := re.fullmatch(r"(\d+)([<>=])(\d+)", part):
                assert SIGNED[compared[2]](int(compared[1]), int(compared[3])), line


def result(lines: list[str]) -> int:
    """What the last line comes to."""
    return int(lines[-1].rpartition("=")[2])


@given(NUMBERS, NUMBERS)
def test_a_sum_or_a_difference_is_worked_out_wrongly(a: int, b: int) -> None:
    for lines, wanted in ((workings.add(a, b), a + b), (workings.subtract(a, b), a - b)):
        check([line for line in lines if "/" not in line])
        assert result(lines) == wanted, lines


@given(NUMBERS, st.integers(0, 999))
def test_a_product_is_worked_out_wrongly(a: int, b: int) -> None:
    assert result(workings.multiply(a, b)) == a * b


@given(NUMBERS, NUMBERS)
def test_a_comparison_says_the_wrong_sign(a: int, b: int) -> None:
    lines, sign = workings.relation(a, b)
    assert SIGNED[sign](a, b) and re.sub(r"\d", "", lines[-1]) == sign
    check(lines)


@given(st.lists(st.integers(0, 9999), min_size=2, max_size=8), st.booleans())
def test_a_list_is_sorted_wrongly(numbers: list[int], descending: bool) -> None:
    lines = workings.sort(numbers, descending)
    stem = len(str(max(numbers))) - 1
    last = (
        [line.partition(":") for line in lines if re.fullmatch(rf"\d{{{stem}}}:\d+", line)]
        if stem
        else [("", "", lines[-1])]
    )
    assert [int(begin + leaf) for begin, _, leaves in last for leaf in leaves] == sorted(numbers, reverse=descending)


@pytest.mark.parametrize("name", ["units", "add", "subtract", "multiply"])
def test_the_answer_is_not_what_the_working_comes_to(name: str) -> None:
    rng = random.Random(4)
    for _ in range(400):
        example = TASKS[name].sample(rng, "train")
        lines = example.trace.split("\n")
        if name == "units":
            check([line for line in lines if "/" not in line and ":" not in line and " = " not in line])
        wanted = re.findall(r"-?\d+", example.answer)[-1]
        # A quotient is the factor of its last multiple: `4*24=96`.
        ends = re.findall(r"-?\d+", lines[-1] if name == "units" else lines[-1].rpartition("=")[2])
        assert int(wanted) in map(int, ends), example


def test_a_measure_becomes_more_or_less_by_being_converted() -> None:
    def smallest(amounts: list[tuple[str, str]], unit: Unit) -> int:
        return sum(int(n) * (unit.factor if name in unit.big else 1) for n, name in amounts)

    rng = random.Random(6)
    for _ in range(600):
        example = TASKS["units"].sample(rng, "train")
        asked, answered = (
            re.findall(r"(\d+) ([a-z]+)", text) for text in (example.key.partition(">")[0], example.answer)
        )
        names = {name for _, name in (*asked, *answered)}
        assert any(
            names <= {*unit.big, *unit.small} and smallest(asked, unit) == smallest(answered, unit) for unit in UNITS
        ), example
