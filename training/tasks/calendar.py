"""Days of the week, months, dates and units of measure; knows no years, no time zones and no fractions."""

from __future__ import annotations

import random
from dataclasses import dataclass

from training.tasks import workings
from training.tasks.base import Example, Task, Wording, user
from training.tasks.lexicon_scenes import DAYS, MONTH_LENGTHS, MONTHS, NUMBER_WORDS
from training.tasks.phrasing import dress

DAYS_AFTER = (
    "What day is it {n} days after {d}?", "What day is {n} days after {d}?", "Which day comes {n} days after {d}?", "{n} days after {d}?",
    "Today is {d}. What day will it be in {n} days?", "If today is {d}, what day is it in {n} days?", "It is {d}. What day is it in {n} days?",
    "What weekday is {n} days from {d}?", "What day of the week is it {n} days after {d}?", "Today is {d}. Which day is {n} days later?",
    "Starting on {d}, what day is it after {n} days?", "{d} plus {n} days is which day?", "Count {n} days on from {d}.", "Add {n} days to {d}.",
    "Which weekday will it be {n} days after {d}?", "On {d} I say: see you in {n} days. What day is that?", "A trip starts on {d} and ends {n} days later. On what day does it end?",
    "My birthday is {n} days after {d}. What day is it?", "Tell me the day {n} days after {d}.", "If it is {d} now, which day will it be {n} days from now?",
    "What is the day {n} days after {d}?", "Today is {d}. The party is in {n} days. What day is the party?", "I ordered a book on {d}. It comes {n} days later. Which day?",
    "Go forward {n} days from {d}.", "{d} + {n} days = ?", "Name the day that is {n} days after {d}.", "What day follows {d} after {n} days?", "Give me the day {n} days past {d}.",
    "Suppose it is {d}. What day will it be after {n} days?", "My test is {n} days from today. Today is {d}. What day is the test?",
)  # fmt: skip
DAYS_BEFORE = (
    "What day is it {n} days before {d}?", "What day was {n} days before {d}?", "Which day comes {n} days before {d}?", "{n} days before {d}?",
    "Today is {d}. What day was it {n} days ago?", "If today is {d}, what day was it {n} days ago?", "It is {d}. What day was it {n} days ago?",
    "What weekday is {n} days before {d}?", "What day of the week was it {n} days before {d}?", "Today is {d}. Which day was {n} days earlier?",
    "{d} minus {n} days is which day?", "Count {n} days back from {d}.", "Go back {n} days from {d}.", "{d} - {n} days = ?", "Take {n} days from {d}.",
    "Name the day that is {n} days before {d}.", "The party was {n} days before {d}. What day was it?", "Today is {d}. I saw Tom {n} days ago. On which day?",
    "Tell me the day {n} days before {d}.", "I must pay {n} days before {d}. Which day is that?", "Suppose it is {d}. What day was it {n} days ago?", "What is the day {n} days earlier than {d}?",
    "If it is {d} now, which day was it {n} days back?", "A trip ended on {d} after {n} days. On what day did it start?",
)  # fmt: skip
NEXT_DAY = (
    "What day comes after {d}?", "Which day follows {d}?", "What is the day after {d}?", "Today is {d}. What day is tomorrow?", "If today is {d}, what is tomorrow?", "What comes after {d}?",
    "Which weekday is after {d}?", "Name the day after {d}.", "After {d} comes which day?", "It is {d} today. What is it tomorrow?", "Next day after {d}?", "Tell me the day that follows {d}.",
    "Yesterday was {d}. What day is it today?", "What's the next day after {d}?", "{d} is today, so tomorrow is what day?",
)  # fmt: skip
PREVIOUS_DAY = (
    "What day comes before {d}?", "Which day is before {d}?", "What is the day before {d}?", "Today is {d}. What day was yesterday?", "If today is {d}, what was yesterday?", "What comes before {d}?",
    "Which weekday is right before {d}?", "Name the day before {d}.", "Before {d} comes which day?", "It is {d} today. What was it yesterday?", "Tell me the day just before {d}.",
    "Tomorrow is {d}. What day is it today?", "{d} is today, so yesterday was what day?", "Which day does {d} follow?",
)  # fmt: skip
TWO_DAYS = (
    "Today is {d}. What day is the day after tomorrow?", "If today is {d}, what is the day after tomorrow?", "What is the day after tomorrow if today is {d}?", "It is {d}. Name the day after tomorrow.",
    "Tomorrow is the day after {d}. What comes after tomorrow?", "What day comes two days after {d}?", "Which day is the day after tomorrow, when today is {d}?", "The day before yesterday was {d}. What day is it today?",
)  # fmt: skip
NEXT_MONTH = (
    "Which month comes after {d}?", "What month follows {d}?", "What is the month after {d}?", "What comes after {d}?", "Name the month after {d}.", "After {d} comes which month?",
    "It is {d}. What is the next month?", "If it is {d} now, what is next month?", "Next month after {d}?", "Tell me the month that follows {d}.", "What's the month after {d}?", "Last month was {d}. What month is it now?",
)  # fmt: skip
PREVIOUS_MONTH = (
    "Which month comes before {d}?", "What month is before {d}?", "What is the month before {d}?", "What comes before {d}?", "Name the month before {d}.", "Before {d} comes which month?",
    "It is {d}. What was the last month?", "If it is {d} now, what was last month?", "Tell me the month just before {d}.", "What's the month before {d}?", "Next month is {d}. What month is it now?",
)  # fmt: skip
MONTHS_AFTER = (
    "What month is {n} months after {d}?", "Which month comes {n} months after {d}?", "{n} months after {d}?", "It is {d}. What month is it in {n} months?", "If it is {d} now, what month will it be in {n} months?",
    "{d} plus {n} months is which month?", "Count {n} months on from {d}.", "Add {n} months to {d}.", "Go forward {n} months from {d}.", "A course starts in {d} and takes {n} months. In which month does it end?",
    "Tell me the month {n} months after {d}.", "{d} + {n} months = ?", "My baby is due {n} months after {d}. Which month is that?", "Name the month {n} months later than {d}.", "Which month will it be {n} months from {d}?",
)  # fmt: skip
MONTHS_BEFORE = (
    "What month is {n} months before {d}?", "Which month comes {n} months before {d}?", "{n} months before {d}?", "It is {d}. What month was it {n} months ago?", "If it is {d} now, what month was it {n} months ago?",
    "{d} minus {n} months is which month?", "Count {n} months back from {d}.", "Go back {n} months from {d}.", "Tell me the month {n} months before {d}.", "{d} - {n} months = ?", "Name the month {n} months earlier than {d}.",
)  # fmt: skip
MONTH_LENGTH = (
    "How many days does {d} have?", "How many days are in {d}?", "How many days are there in {d}?", "What is the number of days in {d}?", "{d} has how many days?", "How long is {d} in days?", "Days in {d}?",
    "Tell me how many days {d} has.", "How many days has {d} got?", "Number of days in {d}?", "What is the last day of {d}? Tell me how many days it has.",
)  # fmt: skip
MONTH_NUMBER = (
    "Which number is the month {d}?", "What is the number of the month {d}?", "{d} is which month of the year, as a number?", "Give the month number of {d}.", "As a number, which month is {d}?",
    "If January is 1, what number is {d}?", "What number does {d} have in the year?", "Write {d} as a month number.",
)  # fmt: skip
MONTH_OF_NUMBER = (
    "What is month number {n}?", "Which month has the number {n}?", "Name month {n} of the year.", "Which month is number {n}?", "If January is 1, which month is {n}?", "Which month is month {n}?",
    "Tell me the name of month {n}.", "What is month {n} called?", "Month {n} is which month?",
)  # fmt: skip
SPAN = (
    "How many days are there from {d} to {e}?", "How many days from {d} to {e}?", "How many days lie between {d} and {e}?", "How many days is it from {d} until {e}?", "How many days after {d} is {e}?",
    "How many days before {e} is {d}?", "Count the days from {d} to {e}.", "Today is {d}. How many days until {e}?", "It is {d}. How many days is it until {e}?", "From {d} to {e}, how many days is that?",
    "How long is it from {d} to {e}, in days?", "What is the number of days from {d} to {e}?", "A trip goes from {d} to {e}. How many days later is the end?", "Days between {d} and {e}?", "days from {d} to {e}",
    "If today is {d}, how many days must I wait for {e}?", "My birthday is on {e}. Today is {d}. How many days are left?", "The party is on {e} and today is {d}. How many days until then?",
    "Tell me how many days pass from {d} to {e}.", "Compute the days from {d} to {e}.", "How far is {e} from {d} in days?", "I left on {d} and came back on {e}. How many days was I away?", "How many days pass between {d} and {e}?",
    "What is the difference in days between {d} and {e}?",
)  # fmt: skip
DATE_AFTER = (
    "What date is {n} days after {d}?", "What is the date {n} days after {d}?", "Which date comes {n} days after {d}?", "Today is {d}. What is the date in {n} days?", "Today is {d}. What date is it {n} days from now?",
    "{n} days after {d}?", "Add {n} days to {d}.", "{d} plus {n} days?", "It is {d}. What will the date be in {n} days?", "If today is {d}, what date is it in {n} days?", "A trip starts on {d} and ends {n} days later. On what date?",
    "Starting on {d}, which date is {n} days later?", "My test is {n} days after {d}. Give the date.", "Count {n} days on from {d}.", "Tell me the date {n} days after {d}.", "I pay {n} days after {d}. When is that?",
    "The show is on {d}. It was moved by {n} days to later. What is the new date?", "Which day of the year is {n} days past {d}?", "What is {d} + {n} days?", "Go forward {n} days from {d}. What is the date?",
)  # fmt: skip
DATE_BEFORE = (
    "What date is {n} days before {d}?", "What is the date {n} days before {d}?", "Which date comes {n} days before {d}?", "Today is {d}. What was the date {n} days ago?", "{n} days before {d}?", "Take {n} days from {d}.", "{d} minus {n} days?",
    "It is {d}. What date was it {n} days ago?", "If today is {d}, what date was it {n} days ago?", "Count {n} days back from {d}.", "Tell me the date {n} days before {d}.", "I must call {n} days before {d}. When is that?", "What is {d} - {n} days?",
    "Go back {n} days from {d}. What is the date?",
)  # fmt: skip


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
            lines += [*workings.subtract(total, length), f"next {MONTHS[(month + 1) % 12]}"]
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
    return Example(user(dress(wording, question)), "\n".join(lines), answer, key)


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

CONVERT = (
    "How many {b} are in {a}?", "How many {b} are there in {a}?", "How many {b} is {a}?", "Convert {a} to {b}.", "Convert {a} into {b}.", "What is {a} in {b}?", "{a} in {b}?", "{a} in {b}", "{a} = ? {b}", "{a} to {b}",
    "Change {a} to {b}.", "Express {a} in {b}.", "Write {a} in {b}.", "How many {b} make {a}?", "How many {b} do {a} have?", "{a} is how many {b}?", "How much is {a} in {b}?", "Please convert {a} to {b}.",
    "Can you convert {a} to {b}?", "Can you tell me how many {b} {a} are?", "Tell me how many {b} are in {a}.", "Give {a} in {b}.", "Turn {a} into {b}.", "I have {a}. How many {b} is that?", "How many {b} does {a} equal?",
    "{a} equals how many {b}?", "What do you get when you convert {a} to {b}?", "If I have {a}, how many {b} do I have?", "Could you change {a} into {b} for me?", "I need {a} in {b}.", "Compute {a} in {b}.", "Calculate how many {b} are in {a}.",
    "convert {a} -> {b}", "How many {b} go into {a}?", "{a}: how many {b}?", "Find the number of {b} in {a}.", "Do you know how many {b} {a} is?", "What does {a} come to in {b}?", "{a} as {b}?", "In {b}, what is {a}?",
)  # fmt: skip
SPLIT_UP = (
    "How many {g} and {b} are {a}?", "Convert {a} to {g} and {b}.", "Write {a} in {g} and {b}.", "Express {a} in {g} and {b}.", "{a} in {g} and {b}?", "What is {a} in {g} and {b}?", "Change {a} to {g} and {b}.",
    "{a} is how many {g} and {b}?", "Split {a} into {g} and {b}.", "Turn {a} into {g} and {b}.", "Give {a} as {g} and {b}.", "Can you convert {a} to {g} and {b}?", "Tell me {a} in {g} and {b}.", "Please write {a} as {g} and {b}.",
    "How many {g} and {b} is {a}?", "I waited {a}. How much is that in {g} and {b}?",
)  # fmt: skip
STORY_TIME = (
    "A film lasts {a}. How many {b} is that?", "A trip takes {a}. How long is it in {b}?", "I slept {a}. How many {b} did I sleep?", "The lesson takes {a}. How many {b} is it?", "{n} worked for {a}. How many {b} is that?",
    "A game goes on for {a}. Give it in {b}.", "We waited {a}. How many {b} did we wait?", "The train needs {a}. How much is it in {b}?",
)  # fmt: skip
STORY_SIZE = (
    "A rope is {a} long. How many {b} is that?", "A bag weighs {a}. How many {b} is that?", "The way is {a} long. How long is it in {b}?", "A box has {a}. How many {b} is it?", "{n} has {a}. How many {b} is that?", "I bought {a}. How many {b} are that?",
    "We need {a}. How much is it in {b}?", "A ship carries {a}. How many {b} is that?", "We bought {a}. What is that in {b}?", "The bag holds {a}. Tell me the {b}.", "There are {a}. How many {b} is this?", "{n} needs {a}. How many {b} is that?",
)  # fmt: skip


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
    return [f"{n}*{factor}", *workings.multiply(n, int(bare)), str(n * factor)]


def _divided(total: int, factor: int) -> list[str]:
    bare = str(factor).rstrip("0")
    zeros = len(str(factor)) - len(bare)
    if bare == "1":
        return [f"{total}/{factor}={total // factor}"]
    lines = [f"{total}/{factor}"]
    if zeros:
        lines.append(f"{total // 10**zeros}/{bare}={total // factor}")
        return lines
    if factor <= 12:
        return [f"{total}/{factor}={total // factor}"]
    return lines + [f"{k}*{factor}={k * factor}" for k in range(1, total // factor + 1)]


def units(rng: random.Random, wording: Wording) -> Example:
    """A measure in another unit; always exact."""
    unit = rng.choice(UNITS)
    short = rng.random() < 0.3 and bool(unit.big[2])
    names = (unit.big[2], unit.small[2]) if short else (unit.big[1], unit.small[1])
    fact = f"{_amount(1, unit.big, short)} = {_amount(unit.factor, unit.small, short)}"
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
            lines, answer = [fact, *_times(n, factor)], _amount(n * factor, unit.small, short)
        case "up":
            most = 6 if factor == 24 else 10 if factor in (7, 12, 60) else unit.most
            n = rng.randint(1, most)
            asked, wanted = _amount(n * factor, unit.small, short), names[0]
            lines, answer = [fact, *_divided(n * factor, factor)], _amount(n, unit.big, short)
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
            lines = [fact]
            for k in range(1, n + 2):
                sign = ">" if k * factor > total else "<"
                lines.append(f"{k}*{factor}={k * factor}{sign}{total}")
            lines += workings.subtract(total, n * factor)
            answer = f"{_amount(n, unit.big, short)} {_amount(rest, unit.small, short)}"
            templates = SPLIT_UP
    question = wording.pick(templates).format(
        a=asked, b=wanted, g=names[0], n=rng.choice(("Tom", "Anna", "Ben", "Mia"))
    )
    return Example(user(dress(wording, question)), "\n".join(lines), answer, f"{asked}>{wanted}{kind == 'split'}")


TASKS = [Task("dates", dates, weight=2.0, off_share=0.06), Task("units", units, weight=1.3, off_share=0.3)]
