"""Putting integers in order: comparing two, finding the largest or smallest, sorting a list; knows no other values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from training.phrasings.ordering import (
    DOWN,
    EQUAL_TEMPLATES,
    EXTREME_TEMPLATES,
    MORE_STORIES,
    SORT_PLAIN_TEMPLATES,
    SORT_TEMPLATES,
    UP,
    WHICH_TEMPLATES,
    YES_NO_TEMPLATES,
)
from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.phrasing import dress

Wanted = Literal["max", "min"]

BIGGER = ("bigger", "larger", "greater", "higher", "bigger", "larger")
SMALLER = ("smaller", "lower", "less", "smaller", "smaller")
BIGGEST = ("biggest", "largest", "greatest", "highest", "maximum", "largest")
SMALLEST = ("smallest", "lowest", "least", "minimum", "smallest")


def _relative(rng: random.Random, a: int) -> int:
    """A number that is hard to tell from a: same length, mostly the same beginning."""
    text = list(str(a))
    place = rng.randrange(len(text))
    text[place] = rng.choice("123456789")
    for later in range(place + 1, len(text)):
        if rng.random() < 0.5:
            text[later] = rng.choice("0123456789")
    return int("".join(text))


def _pair(rng: random.Random) -> tuple[int, int]:
    digits = rng.choices((1, 2, 3, 4, 5), (12, 34, 28, 18, 8))[0]
    a = rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)
    roll = rng.random()
    if roll < 0.4:
        b = _relative(rng, a)
    elif roll < 0.75:
        b = rng.randint(10 ** (digits - 1) if digits > 1 else 0, 10**digits - 1)
    else:
        b = rng.randrange(10 ** rng.randint(1, digits))
    if a != b and rng.random() < 0.06:
        a, b = rng.choice(((-a, -b), (-a, b), (a, -b)))
    return (a, b) if rng.random() < 0.5 else (b, a)


def compare_example(rng: random.Random, wording: Wording) -> Example:
    a, b = _pair(rng)
    yes_no = a == b or rng.random() < 0.4
    if yes_no and rng.random() < 0.08:
        b = a
    low, high = sorted((a, b))
    key = f"{low},{high}"
    name, other = rng.sample(lexicon.FIRST_NAMES, 2)
    wanted: Wanted = "max" if rng.random() < 0.6 else "min"
    values = {"a": str(a), "b": str(b), "items": rng.choice(lexicon.GOODS)[1], "name": name, "other": other}
    if not yes_no:
        word = rng.choice(BIGGER if wanted == "max" else SMALLER)
        templates = WHICH_TEMPLATES if rng.random() < 0.88 or low < 0 else MORE_STORIES
        question = wording.pick(templates).format(w=word, **values)
        lines = workings.compare(wanted, a, b)
        return worked(dress(wording, question), lines, str(high if wanted == "max" else low), key)
    lines, sign = workings.signed_relation(a, b)
    if rng.random() < (0.6 if a == b else 0.12):
        question, asked = wording.pick(EQUAL_TEMPLATES).format(**values), "="
    else:
        asked = ">" if wanted == "max" else "<"
        word = rng.choice(BIGGER if asked == ">" else SMALLER)
        question = wording.pick(YES_NO_TEMPLATES).format(w=word, s=asked, **values)
    lines.insert(0, workings.Aside(f"{a}{asked}{b}?"))
    return worked(dress(wording, question), lines, "yes" if sign == asked else "no", key)


def _numbers(rng: random.Random) -> list[int]:
    count = rng.choices((3, 4, 5, 6, 7), (22, 26, 26, 16, 10))[0]
    roll = rng.random()
    if roll < 0.12:
        pool = range(10)
    elif roll < 0.3:
        pool = range(1, 21)
    elif roll < 0.75:
        pool = range(1, 100)
    elif roll < 0.9:
        pool = range(100, 1000)
    else:
        pool = range(1, 1000)
    if rng.random() < 0.05:
        return [rng.choice(pool) for _ in range(count)]
    return rng.sample(pool, count)


def _list_text(rng: random.Random, numbers: Sequence[int]) -> str:
    roll = rng.random()
    if roll < 0.6:
        return ", ".join(map(str, numbers))
    if roll < 0.75:
        return ", ".join(map(str, numbers[:-1])) + f" and {numbers[-1]}"
    if roll < 0.85:
        return " ".join(map(str, numbers))
    if roll < 0.95:
        return "[" + ", ".join(map(str, numbers)) + "]"
    return ",".join(map(str, numbers))


def _key(numbers: Sequence[int]) -> str:
    return ",".join(map(str, sorted(numbers)))


def extreme_example(rng: random.Random, wording: Wording) -> Example:
    numbers = _numbers(rng)
    wanted: Wanted = "max" if rng.random() < 0.55 else "min"
    word = rng.choice(BIGGEST if wanted == "max" else SMALLEST)
    name = rng.choice(lexicon.FIRST_NAMES)
    text = _list_text(rng, numbers)
    if len(numbers) == 3 and rng.random() < 0.5:
        text = f"{numbers[0]}, {numbers[1]} or {numbers[2]}"
    question = wording.pick(EXTREME_TEMPLATES).format(w=word, l=text, name=name)
    answer = max(numbers) if wanted == "max" else min(numbers)
    return worked(dress(wording, question), workings.extreme(wanted, numbers), str(answer), _key(numbers))


def sort_example(rng: random.Random, wording: Wording) -> Example:
    numbers = _numbers(rng)
    text = _list_text(rng, numbers)
    descending = rng.random() < 0.4
    if not descending and rng.random() < 0.4:
        question = wording.pick(SORT_PLAIN_TEMPLATES).format(l=text)
    else:
        name = rng.choice(lexicon.FIRST_NAMES)
        question = wording.pick(SORT_TEMPLATES).format(l=text, o=rng.choice(DOWN if descending else UP), name=name)
    answer = ", ".join(map(str, sorted(numbers, reverse=descending)))
    return worked(dress(wording, question), workings.sort(numbers, descending), answer, _key(numbers))


TASKS: list[Task] = [
    Task("compare", compare_example, off_share=0.5, multi_step=False),
    Task("extreme", extreme_example, off_share=0.5, multi_step=False),
    Task("sort", sort_example, weight=1.3, off_share=0.55),
]
