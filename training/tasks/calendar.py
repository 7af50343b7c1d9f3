"""Days of the week, months and dates; knows no years and no time zones."""

from __future__ import annotations

import random

from training.phrasings.calendar import (
    DATE_AFTER,
    DATE_BEFORE,
    DAYS_AFTER,
    DAYS_BEFORE,
    MONTH_LENGTH,
    MONTH_NUMBER,
    MONTH_OF_NUMBER,
    MONTHS_AFTER,
    MONTHS_BEFORE,
    NEXT_DAY,
    NEXT_MONTH,
    PREVIOUS_DAY,
    PREVIOUS_MONTH,
    SPAN,
    TWO_DAYS,
)
from training.tasks import workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.lexicon_scenes import DAYS, MONTH_LENGTHS, MONTHS, NUMBER_WORDS
from training.tasks.phrasing import dress


def _count_on(names: tuple[str, ...], start: int, n: int, step: int) -> list[str]:
    """`Tuesday 3`, `Wednesday 2`, ... until none remain; whole rounds are taken off first."""
    size = len(names)
    lines: list[str] = []
    while n >= size:
        lines.append(f"{n}-{size}={n - size}")
        n -= size
    return lines + [f"{names[(start + step * k) % size]} {n - k}" for k in range(n + 1)]


def _written_count(rng: random.Random, n: int) -> str:
    return NUMBER_WORDS[n] if n <= 12 and rng.random() < 0.15 else str(n)


def _weekday(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    start = rng.randrange(7)
    n = rng.choice((rng.randint(2, 7), rng.randint(2, 14), rng.randint(8, 30)))
    step, templates = rng.choice(((1, DAYS_AFTER), (1, DAYS_AFTER), (-1, DAYS_BEFORE)))
    question = wording.pick(templates).format(n=_written_count(rng, n), d=DAYS[start])
    return question, _count_on(DAYS, start, n, step), DAYS[(start + step * n) % 7], f"day {start} {step * n}"


def _neighbour(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    if rng.random() < 0.6:
        start = rng.randrange(7)
        step, templates = rng.choice(((1, NEXT_DAY), (-1, PREVIOUS_DAY), (2, TWO_DAYS)))
        sign = 1 if step > 0 else -1
        question = wording.pick(templates).format(d=DAYS[start])
        return (
            question,
            _count_on(DAYS, start, abs(step), sign),
            DAYS[(start + step) % 7],
            f"near {start} {step} {question}",
        )
    start = rng.randrange(12)
    step, templates = rng.choice(((1, NEXT_MONTH), (-1, PREVIOUS_MONTH)))
    question = wording.pick(templates).format(d=MONTHS[start])
    return (
        question,
        _count_on(MONTHS, start, 1, step),
        MONTHS[(start + step) % 12],
        f"near month {start} {step} {question}",
    )


def _months(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    start = rng.randrange(12)
    n = rng.randint(2, 15)
    step, templates = rng.choice(((1, MONTHS_AFTER), (-1, MONTHS_BEFORE)))
    question = wording.pick(templates).format(n=_written_count(rng, n), d=MONTHS[start])
    return question, _count_on(MONTHS, start, n, step), MONTHS[(start + step * n) % 12], f"month {start} {step * n}"


def _month_fact(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    month = rng.randrange(12)
    match rng.randrange(4):
        case 0:
            question = wording.pick(MONTH_NUMBER).format(d=MONTHS[month])
            return question, [f"{MONTHS[month]} is month {month + 1}"], str(month + 1), f"number {month} {question}"
        case 1:
            question = wording.pick(MONTH_OF_NUMBER).format(n=month + 1)
            return question, [f"{MONTHS[month]} is month {month + 1}"], MONTHS[month], f"name {month} {question}"
        case _:
            question = wording.pick(MONTH_LENGTH).format(d=MONTHS[month])
            days = MONTH_LENGTHS[month]
            return question, [f"{MONTHS[month]} has {days}"], f"{days} days", f"length {month} {question}"


def _date_text(rng: random.Random, day: int, month: int) -> str:
    name = MONTHS[month]
    ending = "th" if 10 < day < 20 else {1: "st", 2: "nd", 3: "rd"}.get(day % 10, "th")
    return rng.choice(
        (
            f"{day} {name}",
            f"{day} {name}",
            f"{name} {day}",
            f"{name} {day}",
            f"{name} {day}{ending}",
            f"the {day}{ending} of {name}",
        )
    )


def _days(n: int) -> str:
    return "1 day" if n == 1 else f"{n} days"


def _span(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    """Days from one date to a later one in the same month or the next."""
    month = rng.randrange(12)
    length = MONTH_LENGTHS[month]
    if rng.random() < 0.6:
        day = rng.randint(1, length - 1)
        other, other_month = rng.randint(day + 1, length), month
        lines = workings.subtract(other, day)
        total = other - day
    else:
        day, other, other_month = rng.randint(8, length), rng.randint(1, 25), (month + 1) % 12
        rest = length - day
        total = rest + other
        lines = [f"{MONTHS[month]} has {length}", *workings.subtract(length, day), *workings.add(rest, other)]
    first, second = _date_text(rng, day, month), _date_text(rng, other, other_month)
    question = wording.pick(SPAN).format(d=first, e=second)
    return question, lines, _days(total), f"span {day}.{month} {other}.{other_month}"


def _date(rng: random.Random, wording: Wording) -> tuple[str, list[str], str, str]:
    """The date some days after or before another."""
    month, n = rng.randrange(12), rng.randint(2, 28)
    length = MONTH_LENGTHS[month]
    day = rng.randint(1, length)
    if rng.random() < 0.65:
        question = wording.pick(DATE_AFTER).format(n=n, d=_date_text(rng, day, month))
        total = day + n
        lines = workings.add(day, n)
        sign = ">" if total > length else "=" if total == length else "<"
        lines.append(f"{MONTHS[month]} has {length}")
        lines.append(f"{total}{sign}{length}")
        if total > length:
            lines += [*workings.subtract(total, length), workings.Aside(f"next {MONTHS[(month + 1) % 12]}")]
            return question, lines, f"{total - length} {MONTHS[(month + 1) % 12]}", f"date {day}.{month} {n}"
        return question, lines, f"{total} {MONTHS[month]}", f"date {day}.{month} {n}"
    question = wording.pick(DATE_BEFORE).format(n=n, d=_date_text(rng, day, month))
    sign = ">" if day > n else "=" if day == n else "<"
    lines = [f"{day}{sign}{n}"]
    if day > n:
        lines += workings.subtract(day, n)
        return question, lines, f"{day - n} {MONTHS[month]}", f"date {day}.{month} -{n}"
    before = (month - 1) % 12
    length = MONTH_LENGTHS[before]
    lines += [f"{MONTHS[before]} has {length}", *workings.add(length, day), *workings.subtract(length + day, n)]
    return question, lines, f"{length + day - n} {MONTHS[before]}", f"date {day}.{month} -{n}"


def dates(rng: random.Random, wording: Wording) -> Example:
    """Weekdays, months and dates, counted on or back."""
    make = rng.choices((_weekday, _neighbour, _months, _month_fact, _span, _date), (30, 14, 12, 6, 20, 22))[0]
    question, lines, answer, key = make(rng, wording)
    return worked(dress(wording, question), lines, answer, key)


TASKS = [Task("dates", dates, weight=2.0, off_share=0.06)]
