"""Putting integers in order: comparing two, finding the largest or smallest, sorting a list; knows no other values."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal

from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, user
from training.tasks.phrasing import dress

Wanted = Literal["max", "min"]

BIGGER = ("bigger", "larger", "greater", "higher", "bigger", "larger")
SMALLER = ("smaller", "lower", "less", "smaller", "smaller")
BIGGEST = ("biggest", "largest", "greatest", "highest", "maximum", "largest")
SMALLEST = ("smallest", "lowest", "least", "minimum", "smallest")

WHICH_TEMPLATES: tuple[str, ...] = (
    "Which is {w}, {a} or {b}?", "Which is {w}: {a} or {b}?", "Which number is {w}, {a} or {b}?",
    "Which number is {w}: {a} or {b}?", "What is {w}, {a} or {b}?", "What's {w}: {a} or {b}?",
    "Which one is {w}, {a} or {b}?", "which is {w} {a} or {b}", "{a} or {b}, which is {w}?",
    "{a} or {b}: which is {w}?", "{a} or {b}? Which is {w}?", "Of {a} and {b}, which is {w}?",
    "Of {a} and {b}, which number is {w}?", "Between {a} and {b}, which is {w}?",
    "Between {a} and {b}, which number is {w}?", "Compare {a} and {b}. Which is {w}?",
    "Compare {a} and {b}: which one is {w}?", "Compare the numbers {a} and {b}. Which is {w}?",
    "Which is the {w} number: {a} or {b}?", "Which is the {w} of {a} and {b}?", "Which is the {w} one, {a} or {b}?",
    "Give the {w} of {a} and {b}.", "Give me the {w} number: {a}, {b}", "Give me the {w} of {a} and {b}.",
    "Find the {w} of {a} and {b}.", "Find the {w} number: {a} or {b}.", "Find the {w} of the two: {a} and {b}.",
    "Tell me which is {w}, {a} or {b}.", "Tell me the {w} of {a} and {b}.", "Tell me which number is {w}: {a} or {b}.",
    "Say which is {w}: {a} or {b}.", "Can you tell me which is {w}, {a} or {b}?",
    "Could you say which is {w}, {a} or {b}?", "Do you know which is {w}, {a} or {b}?",
    "I have {a} and {b}. Which is {w}?", "I have two numbers, {a} and {b}. Which is {w}?",
    "The numbers are {a} and {b}. Which is {w}?", "Here are two numbers: {a} and {b}. Which is {w}?",
    "Look at {a} and {b}. Which one is {w}?", "Given {a} and {b}, which is {w}?",
    "Given {a} and {b}, name the {w} one.", "Choose the {w} number: {a} or {b}.", "Choose the {w} one: {a} or {b}",
    "Pick the {w} of {a} and {b}.", "Pick the {w} number: {a}, {b}.", "Select the {w} number from {a} and {b}.",
    "Return the {w} of {a} and {b}.", "Print the {w} of {a} and {b}.", "Name the {w} number: {a} or {b}?",
    "Which value is {w}, {a} or {b}?", "Which of {a} and {b} is {w}?", "Which of these is {w}: {a}, {b}?",
    "Which of these two numbers is {w}: {a} or {b}?", "Which of the two is {w}, {a} or {b}?",
    "Out of {a} and {b}, which is {w}?", "Two numbers: {a}, {b}. Which one is {w}?",
    "What is the {w} number, {a} or {b}?", "What is the {w} of {a} and {b}?",
    "Write the {w} of the two numbers {a} and {b}.", "Let a = {a} and b = {b}. Which number is {w}?",
    "a is {a} and b is {b}. Which number is {w}?", "If you compare {a} with {b}, which is {w}?",
    "Decide which is {w}: {a} or {b}.", "I can't decide: is {a} or {b} {w}?", "Is {a} or {b} {w}?",
    "Is {a} or {b} the {w} number?", "My friend has {a} points and I have {b}. Which score is {w}?", "{w}: {a} or {b}?",
    "{a} vs {b}: which is {w}?", "{a} versus {b}, which one is {w}?",
    "The red team has {a} points and the blue team {b}. Which number is {w}?",
)  # fmt: skip

MORE_STORIES: tuple[str, ...] = (
    "{name} has {a} {items} and {other} has {b}. What is the {w} number?",
    "{name} has {a} {items}, {other} has {b}. Which number is {w}?",
    "One book has {a} pages, the other {b}. Which number is {w}?",
    "A hat costs {a} dollars and a bag {b}. Which price is {w}?",
    "One house has the number {a}, another {b}. Which is {w}?",
    "{name} is {a} years old, {other} is {b}. Which age is {w}?",
    "There are {a} {items} in one box and {b} in another. Which number is {w}?",
    "{name} scored {a} and {other} scored {b}. Which score is {w}?",
    "City one is {a} km away, city two {b} km. Which distance is {w}?", "Bus {a} or bus {b}: which number is {w}?",
    "Yesterday I counted {a} {items}, today {b}. Which count is {w}?",
    "Two rooms hold {a} and {b} people. Which number is {w}?",
)  # fmt: skip

YES_NO_TEMPLATES: tuple[str, ...] = (
    "Is {a} {w} than {b}?", "is {a} {w} than {b}", "Is the number {a} {w} than {b}?", "Is {a} {w} than {b}? Yes or no?",
    "Is {a} {w} than {b}? Answer yes or no.", "Is it true that {a} is {w} than {b}?",
    "Is it right that {a} is {w} than {b}?", "True or not: {a} is {w} than {b}. Answer yes or no.",
    "Yes or no: is {a} {w} than {b}?", "Yes or no: {a} is {w} than {b}.", "{a} is {w} than {b}. Is that right?",
    "{a} is {w} than {b}. Is that true?", "{a} is {w} than {b}, yes or no?", "{a} is {w} than {b}, right?",
    "Would you say that {a} is {w} than {b}?", "Can you tell me if {a} is {w} than {b}?",
    "Tell me if {a} is {w} than {b}.", "Check if {a} is {w} than {b}.", "Check whether {a} is {w} than {b}.",
    "Do you think {a} is {w} than {b}?", "I say {a} is {w} than {b}. Am I right?",
    "Does it hold that {a} is {w} than {b}?", "Please tell me whether {a} is {w} than {b}.",
    "Could {a} be {w} than {b}?", "Is {a} {s} {b}?", "Is {a}{s}{b}?", "{a} {s} {b}?", "{a} {s} {b}: yes or no?",
    "Is it true that {a} {s} {b}?", "Yes or no: {a} {s} {b}", "Does {a} {s} {b} hold?", "Check: {a} {s} {b}?",
    "Is {a} {s} {b}? Yes or no.", "Tell me if {a} {s} {b}.", "Is {a} {s} {b} true?", "Is {a} {s} {b} correct?",
    "Compare {a} and {b}. Is {a} {w}?", "Compare {a} with {b}: is the first one {w}?",
    "Of {a} and {b}, is the first {w}?", "Take {a} and {b}. Is {a} the {w} one?",
    "I have {a} {items} and you have {b}. Is my number {w}?",
    "{name} has {a} points, {other} has {b}. Is {a} {w} than {b}?", "My number is {a}, yours is {b}. Is mine {w}?",
    "Let a = {a} and b = {b}. Is a {w} than b?", "a is {a} and b is {b}. Is a {w} than b?",
    "If a = {a} and b = {b}, is a {s} b?", "Decide: is {a} {w} than {b}?", "Would {a} come out {w} than {b}?",
    "Question: is {a} {w} than {b}, yes or no?", "Say yes or no: {a} is {w} than {b}.",
)  # fmt: skip

EQUAL_TEMPLATES: tuple[str, ...] = (
    "Is {a} equal to {b}?", "Are {a} and {b} equal?", "Are {a} and {b} the same?", "Is {a} the same as {b}?",
    "Is {a} the same number as {b}?", "Are {a} and {b} the same number?", "Is {a} = {b}?", "{a} = {b}? Yes or no?",
    "Yes or no: are {a} and {b} equal?", "Does {a} equal {b}?", "Tell me if {a} and {b} are equal.",
    "Check if {a} equals {b}.", "Is it true that {a} = {b}?", "Do {a} and {b} have the same value?",
)  # fmt: skip

EXTREME_TEMPLATES: tuple[str, ...] = (
    "What is the {w} number in {l}?", "What is the {w} of {l}?", "What is the {w} number: {l}?",
    "What's the {w} of {l}?", "What is the {w} of these numbers: {l}?", "What is the {w} number in this list: {l}?",
    "What is the {w} value in {l}?", "What is the {w} value: {l}", "Which is the {w} of {l}?", "Which is the {w}: {l}?",
    "Which number is the {w}: {l}?", "Which number is the {w} in {l}?", "Which of these is the {w}: {l}?",
    "Which of these numbers is the {w}: {l}?", "Which one is the {w}: {l}?", "Which of {l} is the {w}?",
    "Find the {w} number: {l}", "Find the {w} number in {l}.", "Find the {w} of {l}.",
    "Find the {w} of these numbers: {l}.", "Find the {w} value in the list {l}.", "Find the {w} in {l}",
    "Give me the {w} of {l}.", "Give me the {w} number in this list: {l}", "Give the {w} number: {l}",
    "Tell me the {w} of {l}.", "Tell me the {w} number in {l}.", "Tell me which is the {w}: {l}",
    "Pick the {w} number from {l}.", "Pick the {w}: {l}", "Choose the {w} number: {l}.",
    "Choose the {w} of these: {l}.", "Select the {w} number from this list: {l}", "Return the {w} of {l}.",
    "Print the {w} of these: {l}", "Name the {w} number in {l}.", "Look for the {w} number: {l}.",
    "Look at {l}. Which is the {w}?", "Here are some numbers: {l}. Which is the {w}?",
    "Here is a list: {l}. What is the {w} number?", "I have these numbers: {l}. Which is the {w}?",
    "I have the numbers {l}. What is the {w} one?", "The numbers are {l}. Which one is the {w}?",
    "The list is {l}. Find the {w}.", "Given {l}, which is the {w}?", "Given the numbers {l}, find the {w}.",
    "Given the list {l}, return the {w} number.", "Among {l}, which is the {w}?",
    "Among the numbers {l}, which is the {w}?", "From {l}, take the {w}.", "Of {l}, which is the {w}?",
    "Of the numbers {l}, which one is the {w}?", "Out of {l}, which number is the {w}?", "Can you find the {w} of {l}?",
    "Can you find the {w} number in {l}?", "Could you tell me the {w} of {l}?", "Could you pick the {w} number: {l}?",
    "Do you see the {w} number in {l}?", "Please find the {w} of {l}.", "Please give me the {w} number: {l}.",
    "{w} of {l}?", "{w} number: {l}", "{w}: {l}", "The {w} of {l} is what?", "{l}: which is the {w}?",
    "{l}. What is the {w} number?", "The scores were {l}. What was the {w} score?",
    "The prices are {l} dollars. What is the {w} price?", "We measured {l}. What is the {w} value?",
    "{name} got these scores: {l}. Which is the {w}?", "The children are {l} years old. What is the {w} age?",
    "In the list {l}, what is the {w} number?", "Compare {l}. Which is the {w}?", "Search {l} for the {w} number.",
    "Show me the {w} of these numbers: {l}.", "I need the {w} of {l}.", "The temperatures were {l}. Which was the {w}?",
    "Write the {w} of the numbers {l}.", "From the list {l}, name the {w}.", "My numbers: {l}. Tell me the {w}.",
)  # fmt: skip

UP = (
    "in ascending order", "from smallest to largest", "from low to high", "in increasing order",
    "from lowest to highest", "smallest first", "from small to big", "in ascending order", "from smallest to biggest",
    "from least to greatest", "lowest first", "ascending",
)  # fmt: skip
DOWN = (
    "in descending order", "from largest to smallest", "from high to low", "in decreasing order",
    "from highest to lowest", "largest first", "from big to small", "in reverse order of size",
    "from biggest to smallest", "from greatest to least", "highest first", "descending",
)  # fmt: skip
SORT_TEMPLATES: tuple[str, ...] = (
    "Sort {l} {o}.", "Sort {l} {o}", "Sort the numbers {l} {o}.", "Sort these numbers {o}: {l}",
    "Sort these numbers {o}: {l}.", "Sort this list {o}: {l}", "Sort the list {l} {o}.",
    "Sort the following numbers {o}: {l}", "Sort {o}: {l}", "Please sort {l} {o}.",
    "Please sort these numbers {o}: {l}", "Can you sort {l} {o}?", "Can you sort these numbers {o}: {l}?",
    "Could you sort {l} {o} for me?", "Could you sort the list {l} {o}?", "Order {l} {o}.",
    "Order these numbers {o}: {l}", "Order the numbers {l} {o}.", "Order the list {o}: {l}.", "Put {l} {o}.",
    "Put these numbers {o}: {l}", "Put the numbers {l} {o}.", "Put this list {o}: {l}.", "Put these in order, {o}: {l}",
    "Arrange {l} {o}.", "Arrange these numbers {o}: {l}", "Arrange the numbers {o}: {l}.", "Arrange the list {l} {o}.",
    "Can you arrange {l} {o}?", "Rank these numbers {o}: {l}", "Rank {l} {o}.", "List {l} {o}.",
    "List these numbers {o}: {l}", "Write {l} {o}.", "Write these numbers {o}: {l}", "Write the numbers {l} {o}.",
    "Rewrite this list {o}: {l}", "Give me {l} {o}.", "Give me these numbers {o}: {l}", "Show {l} {o}.",
    "Show these numbers {o}: {l}", "Return {l} sorted {o}.", "Return the list {l} {o}.", "What is {l} sorted {o}?",
    "What are these numbers {o}: {l}?", "What is the list {l} {o}?", "How do you write {l} {o}?",
    "Here are some numbers: {l}. Sort them {o}.", "Here are numbers: {l}. Put them {o}.",
    "I have the numbers {l}. Sort them {o}.", "I have {l}. Put them {o}.", "The numbers are {l}. List them {o}.",
    "The list is {l}. Sort it {o}.", "My list: {l}. Sort it {o}, please.", "Given {l}, sort them {o}.",
    "Given the list {l}, put it {o}.", "Take {l} and sort them {o}.", "Take these numbers and sort them {o}: {l}",
    "I want {l} {o}.", "I need these numbers {o}: {l}", "Numbers: {l}. Order: {o}.", "Help me sort {l} {o}.",
    "Help me put {l} {o}.", "{l}: sort these {o}.", "{l} - sort {o}", "{l}. Sort these {o}.", "sort: {l} ({o})",
    "Order by size, {o}: {l}", "The scores are {l}. Sort them {o}.", "The prices are {l}. Order them {o}.",
    "{name} wrote {l}. Put these numbers {o}.", "Organize these numbers {o}: {l}",
)  # fmt: skip
SORT_PLAIN_TEMPLATES: tuple[str, ...] = (
    "Sort {l}.", "Sort {l}", "Sort: {l}", "Sort these numbers: {l}", "Sort these numbers: {l}.",
    "Sort the numbers {l}.", "Sort the list {l}.", "Sort this list: {l}", "Sort this list of numbers: {l}.",
    "Please sort {l}.", "Please sort these: {l}", "Can you sort {l}?", "Can you sort these numbers for me: {l}?",
    "Could you sort this list: {l}?", "Order these numbers: {l}", "Order {l} by size.",
    "Put these numbers in order: {l}", "Put {l} in order.", "Put the list in order: {l}.", "Arrange these numbers: {l}",
    "Arrange {l} in order.", "What is {l} sorted?", "What is the sorted list of {l}?", "Give me the sorted list: {l}",
    "Give me {l} in order.", "Return the sorted list: {l}", "Here is a list: {l}. Sort it.",
    "I have these numbers: {l}. Sort them.", "The numbers are {l}. Put them in the right order.",
    "Help me sort these: {l}", "Write these numbers in order: {l}", "List these in order: {l}", "sort {l}",
    "{l} sorted?",
)  # fmt: skip


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
        return Example(
            user(dress(wording, question)),
            "\n".join(workings.compare(wanted, a, b)),
            str(high if wanted == "max" else low),
            key,
        )
    lines, sign = workings.signed_relation(a, b)
    if rng.random() < (0.6 if a == b else 0.12):
        question, asked = wording.pick(EQUAL_TEMPLATES).format(**values), "="
    else:
        asked = ">" if wanted == "max" else "<"
        word = rng.choice(BIGGER if asked == ">" else SMALLER)
        question = wording.pick(YES_NO_TEMPLATES).format(w=word, s=asked, **values)
    return Example(
        user(dress(wording, question)), "\n".join([f"{a}{asked}{b}?", *lines]), "yes" if sign == asked else "no", key
    )


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
    return Example(
        user(dress(wording, question)), "\n".join(workings.extreme(wanted, numbers)), str(answer), _key(numbers)
    )


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
    return Example(user(dress(wording, question)), "\n".join(workings.sort(numbers, descending)), answer, _key(numbers))


TASKS: list[Task] = [
    Task("compare", compare_example, off_share=0.35, multi_step=False),
    Task("extreme", extreme_example, off_share=0.4, multi_step=False),
    Task("sort", sort_example, weight=1.3, off_share=0.35),
]
