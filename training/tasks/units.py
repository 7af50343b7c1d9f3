"""Measures in another unit: by the factor, divided by it, or split into two units. Knows whole numbers only."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.phrasings.units import CONVERT, SPLIT_UP, STORY_SIZE, STORY_TIME
from training.tasks import workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.phrasing import dress


@dataclass(frozen=True, slots=True)
class Unit:
    """Two units, the first `factor` times the second; each by its singular, plural and short form (or none)."""

    big: tuple[str, str, str]
    small: tuple[str, str, str]
    factor: int
    most: int
    """The largest count of the big unit that is asked for."""


UNITS = (
    Unit(("hour", "hours", "h"), ("minute", "minutes", "min"), 60, 30),
    Unit(("minute", "minutes", "min"), ("second", "seconds", "s"), 60, 30),
    Unit(("day", "days", ""), ("hour", "hours", ""), 24, 20),
    Unit(("week", "weeks", ""), ("day", "days", ""), 7, 60),
    Unit(("year", "years", ""), ("month", "months", ""), 12, 40),
    Unit(("year", "years", ""), ("week", "weeks", ""), 52, 9),
    Unit(("meter", "meters", "m"), ("centimeter", "centimeters", "cm"), 100, 99),
    Unit(("metre", "metres", "m"), ("centimetre", "centimetres", "cm"), 100, 99),
    Unit(("kilometer", "kilometers", "km"), ("meter", "meters", "m"), 1000, 99),
    Unit(("centimeter", "centimeters", "cm"), ("millimeter", "millimeters", "mm"), 10, 300),
    Unit(("meter", "meters", "m"), ("millimeter", "millimeters", "mm"), 1000, 50),
    Unit(("kilogram", "kilograms", "kg"), ("gram", "grams", "g"), 1000, 99),
    Unit(("ton", "tons", "t"), ("kilogram", "kilograms", "kg"), 1000, 60),
    Unit(("liter", "liters", "l"), ("milliliter", "milliliters", "ml"), 1000, 50),
    Unit(("dollar", "dollars", ""), ("cent", "cents", ""), 100, 200),
    Unit(("euro", "euros", ""), ("cent", "cents", ""), 100, 200),
    Unit(("dozen", "dozen", ""), ("egg", "eggs", ""), 12, 40),
    Unit(("foot", "feet", ""), ("inch", "inches", ""), 12, 40),
    Unit(("decade", "decades", ""), ("year", "years", ""), 10, 60),
    Unit(("century", "centuries", ""), ("year", "years", ""), 100, 40),
)


def _amount(n: int, forms: tuple[str, str, str], short: bool) -> str:
    if short and forms[2]:
        return f"{n} {forms[2]}"
    return f"{n} {forms[0] if n == 1 else forms[1]}"


def _times(n: int, factor: int) -> list[str]:
    """n * factor, a round factor by its leading digit and zeros."""
    bare = str(factor).rstrip("0")
    zeros = len(str(factor)) - len(bare)
    if n == 1:
        return [f"1*{factor}={factor}"]
    if not zeros:
        return workings.multiply(n, factor)
    if bare == "1":
        return [f"{n}*{factor}={n * factor}"]
    return [workings.Aside(f"{n}*{factor}"), *workings.multiply(n, int(bare)), workings.Aside(str(n * factor))]


def _divided(total: int, factor: int) -> list[str]:
    bare = str(factor).rstrip("0")
    zeros = len(str(factor)) - len(bare)
    if bare == "1":
        return [f"{total}/{factor}={total // factor}"]
    lines: list[str] = [workings.Aside(f"{total}/{factor}")]
    if zeros:
        lines.append(f"{total // 10**zeros}/{bare}={total // factor}")
        return lines
    if factor <= 12:
        return [f"{total}/{factor}={total // factor}"]
    lines += workings.asides(*(f"{k}*{factor}={k * factor}" for k in range(1, total // factor)))
    return [*lines, f"{total // factor}*{factor}={total}"]


def _split(total: int, factor: int) -> list[str]:
    """total as a multiple of factor and a rest: the multiples in order until one is too large, then what is left."""
    n, rest = divmod(total, factor)
    if factor in (10, 100):
        return [f"{total}/{factor}={n},{rest}"]
    width = len(str((n + 1) * factor))
    whole = str(total).zfill(width)
    lines: list[str] = []
    for k in range(1, n + 2):
        multiple = str(k * factor).zfill(width)
        lines.append(f"{k}*{factor}={multiple} {','.join(workings.digit_signs(whole, multiple))}")
    # The last two multiples decide, so low effort keeps them alone.
    return [*workings.asides(*lines[:-2]), *lines[-2:], *workings.subtract(total, n * factor)]


def units(rng: random.Random, wording: Wording) -> Example:
    """A measure in another unit; always exact."""
    unit = rng.choice(UNITS)
    short = rng.random() < 0.3 and bool(unit.big[2])
    names = (unit.big[2], unit.small[2]) if short else (unit.big[1], unit.small[1])
    fact = workings.Aside(f"{_amount(1, unit.big, short)} = {_amount(unit.factor, unit.small, short)}")
    factor = unit.factor
    templates = CONVERT
    if not short and rng.random() < 0.15:
        templates = STORY_TIME if unit.small[0] in ("minute", "second", "hour") else STORY_SIZE
    kind = rng.choices(("down", "up", "mixed", "split"), (42, 28, 18, 12))[0]
    if kind in ("mixed", "split") and (factor > 100 or unit.big[0] in ("dozen", "decade", "century")):
        kind = "down"
    if kind == "up" and factor == 52:
        kind = "down"
    match kind:
        case "down":
            n = rng.randint(1, min(12, unit.most)) if rng.random() < 0.5 else rng.randint(2, unit.most)
            asked, wanted = _amount(n, unit.big, short), names[1]
            way = workings.Aside(f"{names[0]}: *{factor}")
            lines, answer = [fact, way, *_times(n, factor)], _amount(n * factor, unit.small, short)
        case "up":
            most = 6 if factor == 24 else 10 if factor in (7, 12, 60) else unit.most
            n = rng.randint(1, most)
            asked, wanted = _amount(n * factor, unit.small, short), names[0]
            way = workings.Aside(f"{names[1]}: /{factor}")
            lines, answer = [fact, way, *_divided(n * factor, factor)], _amount(n, unit.big, short)
        case "mixed":
            n, rest = rng.randint(1, min(9, unit.most)), rng.randint(1, factor - 1)
            join = rng.choice((" and ", " ", " and "))
            asked = f"{_amount(n, unit.big, short)}{join}{_amount(rest, unit.small, short)}"
            wanted = names[1]
            lines = [fact, *_times(n, factor), *workings.add(n * factor, rest)]
            answer = _amount(n * factor + rest, unit.small, short)
        case _:
            n, rest = rng.randint(1, 4 if factor > 12 else 8), rng.randint(1, factor - 1)
            total = n * factor + rest
            asked, wanted = _amount(total, unit.small, short), names[1]
            lines = [fact, *_split(total, factor)]
            answer = f"{_amount(n, unit.big, short)} {_amount(rest, unit.small, short)}"
            templates = SPLIT_UP
    question = wording.pick(templates).format(
        a=asked, b=wanted, g=names[0], n=rng.choice(("Tom", "Anna", "Ben", "Mia"))
    )
    return worked(dress(wording, question), lines, answer, f"{asked}>{wanted}{kind == 'split'}")


TASKS = [Task("units", units, weight=1.3, off_share=0.5)]
