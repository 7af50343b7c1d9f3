"""Integer arithmetic: sums, differences, products, expressions of several terms; knows no decimals and no division.

Phrasings come in two kinds: frames around a written-out expression (`What is {e}?`), shared by all four tasks, and
sentences of one task only, small stories among them.
"""

from __future__ import annotations

import random
from typing import Literal

from training.phrasings.arithmetic import (
    ADD_TEMPLATES,
    EXPRESSION_TEMPLATES,
    FRAMES,
    MULTIPLY_TEMPLATES,
    SUBTRACT_STORIES,
    SUBTRACT_TEMPLATES,
    SUM_TEMPLATES,
)
from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.phrasing import NUMBER_WORDS, dress

ADD_SURFACES = (
    "{a} + {b}", "{a} + {b}", "{a}+{b}", "{a}+{b}", "{a} plus {b}", "{a} plus {b}", "{a} added to {b}",
)  # fmt: skip

SUBTRACT_SURFACES = (
    "{a} - {b}", "{a} - {b}", "{a}-{b}", "{a}-{b}", "{a} minus {b}", "{a} minus {b}", "{a} take away {b}",
    "{a} less {b}", "{a} − {b}", "{a} – {b}",
)  # fmt: skip

MULTIPLY_SURFACES = (
    "{a} * {b}", "{a} * {b}", "{a}*{b}", "{a}*{b}", "{a} × {b}", "{a}×{b}", "{a} x {b}", "{a} times {b}",
    "{a} times {b}", "{a} multiplied by {b}", "{a} · {b}",
)  # fmt: skip


LONGEST_WORKING = 220
"""In characters, nearly all of which are a token each."""


def _number(rng: random.Random, digits: int) -> int:
    """A number of that many digits; among single digits zero is allowed but rare."""
    if digits == 1:
        return rng.randint(1, 9) if rng.random() < 0.96 else 0
    return rng.randint(10 ** (digits - 1), 10**digits - 1)


def _operands(rng: random.Random, weights: tuple[int, ...] = (18, 36, 26, 14, 6)) -> tuple[int, int]:
    """Two numbers: one of the drawn length, the other mostly as long, else shorter."""
    longest = rng.choices(range(1, len(weights) + 1), weights)[0]
    other = longest if rng.random() < 0.6 else rng.randint(1, longest)
    pair = [_number(rng, longest), _number(rng, other)]
    rng.shuffle(pair)
    return pair[0], pair[1]


def _written(rng: random.Random, *numbers: int) -> list[str]:
    """The numbers as a person may write them: now and then with thousands separators or, when small, in words."""
    roll = rng.random()
    if roll < 0.05:
        return [f"{x:,}" for x in numbers]
    if roll < 0.09 and max(numbers) < len(NUMBER_WORDS):
        return [NUMBER_WORDS[x] for x in numbers]
    return [str(x) for x in numbers]


def _fill(
    wording: Wording, templates: tuple[str, ...], surfaces: tuple[str, ...], own: float, a: int, b: int
) -> tuple[str, bool]:
    """A question about a and b: with probability `own` in the task's own words, else a frame around an expression.

    Also tells whether the question names b first, so that a working may restate the numbers in the order they are read.
    """
    rng = wording.rng
    if rng.random() < own:
        template = wording.pick(templates)
    else:
        template = wording.pick(FRAMES).replace("{e}", rng.choice(surfaces))
    name, other = rng.sample(lexicon.FIRST_NAMES, 2)
    first, second = _written(rng, a, b)
    text = template.format(a=first, b=second, items=rng.choice(lexicon.GOODS)[1], name=name, other=other)
    return dress(wording, text), template.find("{b}") < template.find("{a}")


def add_example(rng: random.Random, wording: Wording) -> Example:
    a, b = _operands(rng)
    text, swapped = _fill(wording, ADD_TEMPLATES, ADD_SURFACES, 0.5, a, b)
    lines = workings.add(b, a) if swapped else workings.add(a, b)
    low, high = sorted((a, b))
    return worked(text, lines, str(a + b), f"{low}+{high}")


def subtract_example(rng: random.Random, wording: Wording) -> Example:
    a, b = _operands(rng)
    if a < b and rng.random() < 0.55:
        a, b = b, a
    templates = SUBTRACT_TEMPLATES if a < b else SUBTRACT_TEMPLATES + SUBTRACT_STORIES
    text, _ = _fill(wording, templates, SUBTRACT_SURFACES, 0.55, a, b)
    return worked(text, workings.subtract(a, b), str(a - b), f"{a}-{b}")


def multiply_example(rng: random.Random, wording: Wording) -> Example:
    long, short = rng.choices(((1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (4, 1)), (14, 24, 14, 38, 6, 4))[0]
    a, b = _number(rng, long), _number(rng, short)
    if long != short and rng.random() < 0.3:
        a, b = b, a
    text, swapped = _fill(wording, MULTIPLY_TEMPLATES, MULTIPLY_SURFACES, 0.45, a, b)
    lines = workings.multiply(b, a) if swapped else workings.multiply(a, b)
    low, high = sorted((a, b))
    return worked(text, lines, str(a * b), f"{low}*{high}")


def _sum_terms(rng: random.Random) -> str:
    count = rng.choices((3, 4, 5), (62, 33, 5))[0]
    widths = rng.choices(((70, 30, 0), (30, 62, 8), (0, 65, 35)), (30, 50, 20))[0]
    plus_only = rng.random() < 0.45
    total = _number(rng, rng.choices((1, 2, 3), widths)[0])
    if rng.random() < 0.04:
        total = -total
    text = str(total)
    for place in range(1, count):
        x = _number(rng, rng.choices((1, 2, 3), widths)[0])
        minus = not plus_only and rng.random() < 0.5
        may_go_below = rng.random() < (0.25 if place == count - 1 else 0.04)
        if minus and 0 <= total < x and not may_go_below:
            minus = False
        total += -x if minus else x
        text += f"{'-' if minus else '+'}{x}"
    return text


def _with_product(rng: random.Random) -> str:
    def factor_pair() -> str:
        a, b = _number(rng, rng.choices((1, 2), (75, 25))[0]), rng.randint(2, 9)
        return f"{a}*{b}" if rng.random() < 0.7 else f"{b}*{a}"

    product = factor_pair()
    value = _product(product)
    shape = rng.random()
    if shape < 0.4:
        c = _number(rng, rng.choice((1, 1, 2, 2, 3)))
        return f"{product}{_sign_for(rng, value, c)}{c}"
    if shape < 0.75:
        c = _number(rng, rng.choice((1, 2, 2, 3)))
        return f"{c}{_sign_for(rng, c, value)}{product}"
    if shape < 0.9:
        second = factor_pair()
        return f"{product}{_sign_for(rng, value, _product(second))}{second}"
    c, d = _number(rng, 2), _number(rng, 1)
    return f"{c}+{product}{_sign_for(rng, c + value, d)}{d}"


def _product(text: str) -> int:
    a, b = text.split("*")
    return int(a) * int(b)


def _sign_for(rng: random.Random, left: int, right: int) -> Literal["+", "-"]:
    """Mostly a sign that keeps the result at zero or above."""
    return "-" if rng.random() < (0.5 if left >= right else 0.1) else "+"


def _with_brackets(rng: random.Random) -> str:
    a, b = _number(rng, rng.choice((1, 1, 2))), _number(rng, rng.choice((1, 1, 2)))
    minus = rng.random() < 0.4
    if minus and a < b:
        a, b = b, a
    inner, value = (f"({a}-{b})", a - b) if minus else (f"({a}+{b})", a + b)
    shape = rng.random()
    if shape < 0.6:
        c = rng.randint(2, 9)
        return f"{inner}*{c}" if rng.random() < 0.5 else f"{c}*{inner}"
    c = _number(rng, rng.choice((1, 2, 2)))
    if shape < 0.8:
        return f"{c}{_sign_for(rng, c, value)}{inner}"
    return f"{inner}{_sign_for(rng, value, c)}{c}"


_SPELT = (("+", (" plus ",)), ("-", (" minus ",)), ("*", (" times ",)))


def _surface(rng: random.Random, text: str) -> str:
    """The expression as a person may type it: spaced or not, with other signs, or in words."""
    roll = rng.random()
    if roll < 0.3:
        return text
    if roll < 0.42 and "(" not in text:
        for sign, (word,) in _SPELT:
            text = text.replace(sign, word)
        return text.lstrip()
    times, minus = rng.choice(("*", "*", "×", "x")), rng.choice(("-", "-", "-", "−"))
    signs = {"+": " + ", "-": f" {minus} ", "*": f" {times} "}
    return text[0] + "".join(signs.get(x, x) for x in text[1:])


def _listed(numbers: list[str]) -> str:
    return ", ".join(numbers[:-1]) + " and " + numbers[-1]


def expression_example(rng: random.Random, wording: Wording) -> Example:
    while True:
        text = rng.choices((_sum_terms, _with_product, _with_brackets), (60, 25, 15))[0](rng)
        lines, value = workings.expression(text)
        if sum(map(len, lines)) + len(lines) <= LONGEST_WORKING:
            break
    if set(text) <= set("0123456789+") and rng.random() < 0.45:
        numbers = text.split("+")
        listed = rng.choice((_listed(numbers), ", ".join(numbers))) if rng.random() < 0.9 else " ".join(numbers)
        name = rng.choice(lexicon.FIRST_NAMES)
        question = wording.pick(SUM_TEMPLATES).format(l=listed, name=name, items=rng.choice(lexicon.GOODS)[1])
    else:
        templates = EXPRESSION_TEMPLATES if rng.random() < 0.25 else FRAMES
        question = wording.pick(templates).format(e=_surface(rng, text))
    return worked(dress(wording, question), lines, str(value), text)


TASKS: list[Task] = [
    Task("add", add_example, off_share=0.06),
    Task("subtract", subtract_example, off_share=0.06),
    Task("multiply", multiply_example, off_share=0.06),
    Task("expression", expression_example, off_share=0.06),
]
