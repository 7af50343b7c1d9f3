"""Integer arithmetic: sums, differences, products, expressions of several terms; knows no decimals and no division.

Phrasings come in two kinds: frames around a written-out expression (`What is {e}?`), shared by all four tasks, and
sentences of one task only, small stories among them.
"""

from __future__ import annotations

import random
from typing import Literal

from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, user
from training.tasks.phrasing import NUMBER_WORDS, dress

FRAMES: tuple[str, ...] = (
    "{e}", "{e} =", "{e}=", "{e} = ?", "{e}=?", "{e}?", "What is {e}?", "what's {e}", "What's {e}?",
    "What does {e} equal?", "Calculate {e}.", "Compute {e}.", "Work out {e}.", "Evaluate {e}.", "Solve {e}.",
    "Solve: {e}", "Calculate: {e}", "Find {e}.", "How much is {e}?", "How much does {e} make?",
    "What do you get for {e}?", "What is the result of {e}?", "What is the value of {e}?", "What is the answer to {e}?",
    "Give me the result of {e}.", "Tell me {e}.", "Tell me what {e} is.", "Can you calculate {e}?",
    "Can you work out {e} for me?", "Could you compute {e}?", "Could you tell me what {e} is?", "Please calculate {e}.",
    "Please solve {e}", "Please work out {e}.", "Do you know what {e} is?", "I need to know {e}.",
    "I want to know what {e} is.", "Help me calculate {e}.", "Help me with {e}.", "Let me know what {e} is.",
    "{e} is what?", "{e} equals what?", "{e} gives what number?", "If I calculate {e}, what do I get?",
    "When you compute {e}, what is the result?", "Result of {e}?", "Answer of {e}?", "Work out the value of {e}",
    "Find the value of {e}.", "Find the result: {e}", "Math question: {e}", "Math problem: what is {e}?",
    "Here is a sum for you: {e}", "Do the math: {e}", "Use arithmetic to solve {e}.",
    "Compute the value of {e}, please.", "Which number is {e}?", "What number do you get from {e}?",
    "What will {e} be?", "Show me the answer to {e}.", "My calculator is broken. What is {e}?",
    "Without a calculator, what is {e}?", "I have to solve {e}. What is the answer?",
    "In my head I can't do {e}. Can you?", "Fill in the blank: {e} = ___", "{e} = __", "x = {e}. What is x?",
    "Let x = {e}. Find x.", "What is x if x = {e}?", "Simplify {e}.", "Determine {e}.", "Get the result of {e}",
    "Say what {e} is.", "Print {e}.", "Return the value of {e}.", "What would {e} be?", "What is {e} equal to?",
    "Write the answer to {e}.", "Please give me the answer: {e}", "Answer this: {e}",
    "Answer the question: what is {e}?", "Can you do {e}?", "Could you solve {e} for me, please?",
    "Would you calculate {e}?", "I think {e} is hard. What is it?", "The teacher asks: what is {e}?",
    "What is the outcome of {e}?", "Check this for me: {e}", "Output of {e}?",
)  # fmt: skip

ADD_SURFACES = (
    "{a} + {b}", "{a} + {b}", "{a}+{b}", "{a}+{b}", "{a} plus {b}", "{a} plus {b}", "{a} added to {b}",
)  # fmt: skip
ADD_TEMPLATES: tuple[str, ...] = (
    "Add {a} and {b}.", "Add {a} to {b}.", "Add {a} and {b}", "add {a} + {b}", "Add the numbers {a} and {b}.",
    "Please add {a} and {b}.", "Can you add {a} and {b} for me?", "Could you add {a} to {b}?", "Add up {a} and {b}.",
    "Add together {a} and {b}.", "What is the sum of {a} and {b}?", "Find the sum of {a} and {b}.",
    "Compute the sum of {a} and {b}.", "Calculate the sum of {a} and {b}.", "Give me the sum of {a} and {b}.",
    "Sum of {a} and {b}?", "Sum {a} and {b}.", "sum: {a}, {b}", "What is the total of {a} and {b}?",
    "Find the total of {a} and {b}.", "Total of {a} and {b}?", "What do {a} and {b} make?",
    "What do {a} and {b} add up to?", "How much are {a} and {b} together?", "How much is {a} and {b} in total?",
    "What do I get if I add {a} and {b}?", "If you add {b} to {a}, what do you get?", "What is {a} increased by {b}?",
    "Increase {a} by {b}.", "What number is {b} more than {a}?", "What is {b} more than {a}?",
    "Which number is {b} greater than {a}?", "Put {a} and {b} together. What is the total?", "Combine {a} and {b}.",
    "Start with {a} and add {b}.", "Take {a} and add {b}.", "I have {a} and get {b} more. What is the total?",
    "Count {b} on from {a}.", "What is the sum: {a} + {b}?", "Two numbers are {a} and {b}. What is their sum?",
    "The numbers are {a} and {b}. Add them.", "Given {a} and {b}, find their sum.",
    "Let a = {a} and b = {b}. What is a + b?", "a is {a}, b is {b}. What is a plus b?", "Sum up {a} and {b}, please.",
    "I have {a} {items} and buy {b} more. How many {items} do I have?",
    "{name} has {a} {items} and gets {b} more. How many in total?",
    "There are {a} {items} here and {b} there. How many {items} are there?",
    "{name} had {a} {items} and found {b} more. How many now?",
    "We sold {a} {items} today and {b} yesterday. How many altogether?",
    "{name} read {a} pages, then {b} pages. How many pages is that?",
    "A box has {a} {items}. I add {b}. How many {items} are in it now?",
    "A shirt costs {a} dollars and a hat {b}. What do both cost?",
    "If a car costs {a} dollars and a bike {b} dollars, how much do they cost together?",
    "{a} {items} and {b} {items} make how many?",
    "{name} has {a} {items}. {other} has {b}. How many do they have together?",
    "My bill is {a} dollars plus a {b} dollar tip. What do I pay?",
    "How many {items} are {a} {items} plus {b} {items}?", "What is the result when {a} is added to {b}?",
    "What is the result of adding {a} and {b}?", "Adding {a} to {b} gives what?",
    "Find a number that is {b} larger than {a}.",
)  # fmt: skip

SUBTRACT_SURFACES = (
    "{a} - {b}", "{a} - {b}", "{a}-{b}", "{a}-{b}", "{a} minus {b}", "{a} minus {b}", "{a} take away {b}",
    "{a} less {b}", "{a} − {b}", "{a} – {b}",
)  # fmt: skip
SUBTRACT_TEMPLATES: tuple[str, ...] = (
    "Subtract {b} from {a}.", "Subtract {b} from {a}", "Please subtract {b} from {a}.",
    "Can you subtract {b} from {a}?", "Could you subtract {b} from {a} for me?", "Take {b} away from {a}.",
    "Take {b} from {a}.", "What is {b} taken from {a}?", "What do you get if you take {b} from {a}?",
    "What is left when you take {b} from {a}?", "What is the difference {a} - {b}?", "Find the difference: {a} - {b}",
    "Compute the difference {a} minus {b}.", "What is {a} decreased by {b}?", "Decrease {a} by {b}.",
    "Reduce {a} by {b}.", "What is {a} reduced by {b}?", "What is {b} less than {a}?",
    "Which number is {b} less than {a}?", "What number is {b} smaller than {a}?", "Start with {a} and subtract {b}.",
    "Start at {a} and go down by {b}.", "Take {a} and subtract {b}.", "If I subtract {b} from {a}, what do I get?",
    "What remains of {a} after taking away {b}?", "How much is {a} without {b}?", "Remove {b} from {a}.",
    "Deduct {b} from {a}.", "What is the result of subtracting {b} from {a}?", "Subtracting {b} from {a} gives what?",
    "What is the result when {b} is subtracted from {a}?", "Let a = {a} and b = {b}. What is a - b?",
    "a is {a}, b is {b}. What is a minus b?", "Subtraction: {a}, {b}", "What must I add to {b} to get {a}?",
    "{b} plus what is {a}?", "What plus {b} equals {a}?", "What number added to {b} gives {a}?",
)  # fmt: skip
SUBTRACT_STORIES: tuple[str, ...] = (
    "How much more is {a} than {b}?", "How much bigger is {a} than {b}?", "How much less is {b} than {a}?",
    "How far is it from {b} to {a}?", "What is the difference between {a} and {b}?",
    "Find the difference between {a} and {b}.", "Difference of {a} and {b}?", "By how much is {a} greater than {b}?",
    "By how much does {a} exceed {b}?", "How much smaller is {b} than {a}?",
    "I have {a} {items} and give away {b}. How many are left?",
    "{name} has {a} {items} and loses {b}. How many are left?",
    "{name} had {a} {items} and sold {b}. How many {items} does {name} have now?",
    "There are {a} {items}. I take {b}. How many remain?",
    "Out of {a} {items}, {b} are gone. How many are still there?", "I had {a} dollars and spent {b}. How much is left?",
    "A book has {a} pages. I have read {b}. How many pages are left?",
    "{name} needs {a} {items} and has {b}. How many are missing?",
    "{name} has {a} {items} and {other} has {b}. How many more does {name} have?",
    "A shop has {a} {items} and sells {b}. How many are left?",
    "If I have {a} {items} and eat {b}, how many do I have?",
    "The price was {a} dollars and fell by {b}. What is it now?",
    "{a} people are on a train and {b} get off. How many stay?",
    "How many more {items} are {a} {items} than {b} {items}?",
    "We need {a} {items} but only have {b}. How many more do we need?",
    "From {a} {items} we remove {b}. How many stay?",
)  # fmt: skip

MULTIPLY_SURFACES = (
    "{a} * {b}", "{a} * {b}", "{a}*{b}", "{a}*{b}", "{a} × {b}", "{a}×{b}", "{a} x {b}", "{a} times {b}",
    "{a} times {b}", "{a} multiplied by {b}", "{a} · {b}",
)  # fmt: skip
MULTIPLY_TEMPLATES: tuple[str, ...] = (
    "Multiply {a} by {b}.", "Multiply {a} and {b}.", "Multiply {a} by {b}", "Multiply {a} with {b}.",
    "Please multiply {a} by {b}.", "Can you multiply {a} by {b}?", "Could you multiply {a} and {b} for me?",
    "Multiply the numbers {a} and {b}.", "What is the product of {a} and {b}?", "Find the product of {a} and {b}.",
    "Compute the product of {a} and {b}.", "Calculate the product of {a} and {b}.",
    "Give me the product of {a} and {b}.", "Product of {a} and {b}?", "product: {a}, {b}",
    "What do you get if you multiply {a} by {b}?", "If I multiply {a} and {b}, what do I get?",
    "Multiplying {a} by {b} gives what?", "What is the result of multiplying {a} by {b}?",
    "What is the result when {a} is multiplied by {b}?", "Take {a} times {b}.", "Take {a} and multiply it by {b}.",
    "How much is {b} lots of {a}?", "How much are {a} groups of {b}?", "What are {a} sets of {b}?",
    "What is {a} taken {b} times?", "Add {b} copies of {a}. What is the total?",
    "Let a = {a} and b = {b}. What is a * b?", "a is {a}, b is {b}. What is a times b?",
    "The numbers are {a} and {b}. Multiply them.", "Given {a} and {b}, find their product.",
    "Two numbers are {a} and {b}. What is their product?", "Times table: {a} times {b}", "Multiplication: {a}, {b}",
    "There are {a} boxes with {b} {items} each. How many {items} are there?",
    "{a} bags hold {b} {items} each. How many {items} in all?",
    "{name} buys {a} packs of {b} {items}. How many {items} is that?",
    "Each of {a} children has {b} {items}. How many {items} in total?",
    "One ticket costs {a} dollars. What do {b} tickets cost?",
    "If one of the {items} costs {a} dollars, how much do {b} cost?",
    "{name} saves {a} dollars a week. How much is that in {b} weeks?",
    "There are {a} rows of {b} chairs. How many chairs are there?",
    "A hall has {a} rows with {b} seats each. How many seats?", "{name} runs {a} km a day. How many km in {b} days?",
    "A page has {a} lines. How many lines are on {b} pages?", "{name} eats {a} {items} a day. How many in {b} days?",
    "A rectangle is {a} by {b}. What is its area?", "What is the area of a {a} by {b} room?",
    "A machine makes {a} {items} an hour. How many in {b} hours?",
    "We have {a} tables with {b} {items} on each. How many {items}?",
    "How many {items} are in {a} baskets of {b} {items}?",
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
    return Example(user(text), "\n".join(lines), str(a + b), f"{low}+{high}")


def subtract_example(rng: random.Random, wording: Wording) -> Example:
    a, b = _operands(rng)
    if a < b and rng.random() < 0.55:
        a, b = b, a
    templates = SUBTRACT_TEMPLATES if a < b else SUBTRACT_TEMPLATES + SUBTRACT_STORIES
    text, _ = _fill(wording, templates, SUBTRACT_SURFACES, 0.55, a, b)
    return Example(user(text), "\n".join(workings.subtract(a, b)), str(a - b), f"{a}-{b}")


def multiply_example(rng: random.Random, wording: Wording) -> Example:
    long, short = rng.choices(((1, 1), (2, 1), (3, 1), (2, 2), (3, 2), (4, 1)), (14, 24, 14, 38, 6, 4))[0]
    a, b = _number(rng, long), _number(rng, short)
    if long != short and rng.random() < 0.3:
        a, b = b, a
    text, swapped = _fill(wording, MULTIPLY_TEMPLATES, MULTIPLY_SURFACES, 0.45, a, b)
    lines = workings.multiply(b, a) if swapped else workings.multiply(a, b)
    low, high = sorted((a, b))
    return Example(user(text), "\n".join(lines), str(a * b), f"{low}*{high}")


EXPRESSION_TEMPLATES: tuple[str, ...] = (
    "Evaluate the expression {e}.", "What is the value of the expression {e}?", "Solve this expression: {e}",
    "Simplify: {e}", "Work out {e} step by step.", "Calculate {e} step by step.", "Mind the order of operations: {e}",
    "Using the order of operations, what is {e}?", "Compute this: {e}", "Calculate this for me: {e}",
    "What's the total of {e}?", "Find the value: {e}", "The expression is {e}. What is its value?",
    "Please evaluate {e}.", "Can you evaluate {e}?",
)  # fmt: skip
SUM_TEMPLATES: tuple[str, ...] = (
    "Add {l}.", "Add up {l}.", "Add the numbers {l}.", "What is the sum of {l}?", "Find the sum of {l}.", "Sum up {l}.",
    "Sum of {l}?", "What is the total of {l}?", "Calculate the sum of {l}.", "Add these numbers: {l}",
    "Add all of these: {l}", "Sum these numbers: {l}", "Can you add {l}?", "Please add up these numbers: {l}.",
    "What do {l} add up to?", "How much are {l} together?", "Total these: {l}", "Give me the total of {l}.",
    "I bought things for {l} dollars. How much did I pay in all?", "My scores were {l}. What is my total?",
    "{name} counted {l} {items}. How many is that in total?", "What is the sum of these numbers: {l}?",
    "The numbers are {l}. Add them all.",
)  # fmt: skip


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
    return Example(user(dress(wording, question)), "\n".join(lines), str(value), text)


TASKS: list[Task] = [
    Task("add", add_example, off_share=0.06),
    Task("subtract", subtract_example, off_share=0.06),
    Task("multiply", multiply_example, off_share=0.06),
    Task("expression", expression_example, off_share=0.06),
]
