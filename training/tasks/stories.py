"""Word problems of one to three steps: draws the numbers of a scene and works its plan out; knows no column arithmetic."""

from __future__ import annotations

import random

from training.tasks import lexicon_scenes as lex
from training.tasks import workings
from training.tasks.base import Example, Task, Wording, worked
from training.tasks.chains import (
    CHAIN_ASK,
    CHAIN_ASK_I,
    CHAIN_ASK_LEFT,
    CHAIN_ASK_PLACE,
    CHAIN_START,
    CHAIN_START_I,
    CHAIN_START_PLACE,
    GAIN,
    GAIN_I,
    GAIN_PLACE,
    LOSE,
    LOSE_I,
    LOSE_PLACE,
)
from training.tasks.scenes import DISTRACTORS, LEADS, SCENES, TAILS, Scene
from training.tasks.whole_problems import WHOLE

Step = tuple[int, str, int]

_CHAINS = (
    (CHAIN_START, GAIN, LOSE, CHAIN_ASK),
    (CHAIN_START_I, GAIN_I, LOSE_I, CHAIN_ASK_I),
    (CHAIN_START_PLACE, GAIN_PLACE, LOSE_PLACE, CHAIN_ASK_PLACE),
)
_SCENES = (*SCENES, *WHOLE)
_WEIGHTS = [scene.weight for scene in _SCENES]
_LONGEST_WORKING = 170
_PLAIN_DISTRACTORS = tuple(text for text in DISTRACTORS if "shop" in text or "bus" in text or "o'clock" in text)
_CAPITAL = frozenset((*lex.PEOPLE, *lex.DAYS, "I", "I've", "My", "We"))


def _number(rng: random.Random, size: str) -> int:
    if size == "n":
        size = rng.choices("smml", (25, 30, 30, 15))[0]
    low, high = {"s": (2, 9), "t": (2, 12), "m": (10, 99), "l": (100, 999)}[size]
    return rng.randint(low, high)


def _apply(x: int, sign: str, y: int) -> int | None:
    """The step's result, or None where the step is not fit for a story."""
    match sign:
        case "+":
            return x + y
        case "-":
            return x - y if x > y else None
        case "*":
            return x * y
        case _:
            return x // y if x % y == 0 and 1 < x // y <= 10 else None


def _solve(plan: str, numbers: dict[str, int]) -> list[Step] | None:
    """The plan with its numbers filled in; None if a result is negative, no integer or too large."""
    results: list[int] = []
    steps: list[Step] = []

    def value(symbol: str) -> int:
        if symbol.isdigit():
            return int(symbol)
        return numbers[symbol] if symbol in numbers else results[-1 if symbol == "r" else -2]

    for part in plan.split():
        x, sign, y = value(part[0]), part[1], value(part[2])
        result = _apply(x, sign, y)
        if result is None or result > 9999:
            return None
        results.append(result)
        steps.append((x, sign, y))
    return steps


def work(steps: list[Step]) -> list[str]:
    """Each step's equation, worked in columns where it is more than a table fact."""
    lines: list[str] = []
    for x, sign, y in steps:
        match sign:
            case "+":
                lines += workings.add(x, y)
            case "-":
                lines += workings.subtract(x, y)
            case "*":
                lines += workings.multiply(x, y)
            case _:
                lines.append(f"{x}/{y}={x // y}")
    return lines


def result_of(steps: list[Step]) -> int:
    """What the last step gives."""
    result = _apply(*steps[-1])
    assert result is not None
    return result


def _draw(rng: random.Random, sizes: str, plan: str) -> tuple[dict[str, int], list[Step]]:
    wanted = [part.split(":") for part in sizes.split()]
    shares = "/" in plan
    while True:
        numbers = {letter: _number(rng, size) for letter, size in wanted}
        steps = _solve(plan, numbers)
        if steps is None and shares:
            # Exact shares are rare by chance: turn the dividend's first number until it fits.
            divisor = numbers[plan.split()[-1][2]]
            quotient = rng.randint(2, 10)
            match plan:
                case "a/b":
                    numbers["a"] = divisor * quotient
                case "a+b r/c":
                    numbers["a"] = divisor * quotient - numbers["b"]
                case _:
                    numbers["a"] = divisor * quotient + numbers["b"]
            steps = _solve(plan, numbers) if numbers["a"] > 1 else None
        if steps is not None and sum(map(len, work(steps))) <= _LONGEST_WORKING:
            return numbers, steps


def _slots(rng: random.Random) -> dict[str, str]:
    n, m, o = rng.sample(lex.PEOPLE, 3)
    girl = n in lex.GIRLS
    i, j = rng.sample(lex.THINGS, 2)
    x, y = rng.sample([animal for animal in lex.ANIMALS if animal != "dogs"], 2)
    g, k = rng.sample(lex.GOODS, 2)
    col, col2 = rng.sample(lex.COLORS, 2)
    day, day2 = rng.sample(lex.DAYS, 2)
    box = rng.choice(list(lex.CONTAINERS))
    return {
        "n": n, "m": m, "o": o, "i": i, "j": j, "i1": lex.one(i), "x": x, "y": y, "g": g, "k": k, "col": col, "col2": col2,
        "day": day, "day2": day2, "box": box, "boxes": lex.CONTAINERS[box], "shop": rng.choice(lex.SHOPS),
        "s": "she" if girl else "he", "S": "She" if girl else "He", "h": "her" if girl else "his",
        "h2": "Her" if girl else "His", "o2": "her" if girl else "him",
    }  # fmt: skip


def _spelt(rng: random.Random, number: int, words: bool) -> str:
    return lex.NUMBER_WORDS[number] if words and number <= 12 and rng.random() < 0.7 else str(number)


def _lowered(text: str) -> str:
    """The text as it stands inside a sentence."""
    return text if text.split(maxsplit=1)[0].removesuffix("'s") in _CAPITAL else text[0].lower() + text[1:]


def _chain(
    rng: random.Random, wording: Wording, slots: dict[str, str], words: bool
) -> tuple[list[str], str, list[Step]]:
    """A start, one to three gains and losses, and the question."""
    while True:
        total = _number(rng, "n")
        steps: list[Step] = []
        for _ in range(rng.choices((1, 2, 3), (25, 55, 20))[0]):
            sign = rng.choice("+-") if total > 3 else "+"
            change = min(_number(rng, "n"), total - 1) if sign == "-" else _number(rng, "n")
            steps.append((total, sign, change))
            total += change if sign == "+" else -change
        if sum(map(len, work(steps))) <= _LONGEST_WORKING:
            break
    starts, gains, losses, asks = _CHAINS[rng.choices((0, 1, 2), (55, 20, 25))[0]]
    sentences = [wording.pick(starts).format(a=_spelt(rng, steps[0][0], words), **slots)]
    for _, sign, change in steps:
        text = wording.pick(gains if sign == "+" else losses)
        sentence = text.format(b=_spelt(rng, change, words), **slots)
        sentences.append(sentence[0].upper() + sentence[1:])
    if rng.random() < 0.15:
        # Two events in one sentence, as people tell them.
        last = sentences.pop()
        sentences[-1] = f"{sentences[-1].removesuffix('.')} and {_lowered(last)}"
    if steps[-1][1] == "-" and asks is CHAIN_ASK and rng.random() < 0.4:
        asks = CHAIN_ASK_LEFT
    return sentences, wording.pick(asks).format(**slots), steps


def _scene(
    rng: random.Random, wording: Wording, slots: dict[str, str], words: bool, scene: Scene
) -> tuple[list[str], str, list[Step]]:
    numbers, steps = _draw(rng, scene.sizes, scene.plan)
    values = slots | {letter: _spelt(rng, number, words) for letter, number in numbers.items()}
    story = wording.pick(scene.stories).format(**values)
    return [story[0].upper() + story[1:]], wording.pick(scene.questions).format(**values), steps


def word_problem(rng: random.Random, wording: Wording) -> Example:
    """A story with a question; the trace is the plan's equations, each worked."""
    slots = _slots(rng)
    words = rng.random() < 0.15
    if rng.random() < 0.35:
        sentences, question, steps = _chain(rng, wording, slots, words)
    else:
        scene = rng.choices(_SCENES, _WEIGHTS)[0]
        sentences, question, steps = _scene(rng, wording, slots, words, scene)
    question = question[:1].upper() + question[1:]
    if not question:
        *parts, question = sentences[0].rsplit(". ", 1)
        sentences = [f"{parts[0]}."] if parts else []
    if sentences and question.endswith("?") and rng.random() < 0.14 and not question.startswith("If"):
        parts = [_lowered(part.rstrip(".")) for sentence in sentences for part in sentence.split(". ")]
        joined = rng.choice((" and ", ", ")).join(parts)
        asked = _lowered(question)
        question = f"If {joined}, {asked}" if rng.random() < 0.6 else f"{question[:-1]} if {joined}?"
        sentences = []
    if rng.random() < 0.15:
        extra = wording.pick(DISTRACTORS)
        told = " ".join([*sentences, question])
        while any(word in extra and word in told for word in ("year", "degrees", "people")) or (
            "{x}" in extra and all(sign == "+" for _, sign, _ in steps)
        ):
            extra = rng.choice(_PLAIN_DISTRACTORS)
        clock = "o'clock" in extra or "opens" in extra
        extra = extra.format(z=rng.randint(1, 12) if clock else rng.randint(2, 60), **slots)
        sentences.insert(rng.randint(0, len(sentences)), extra)
    text = " ".join([*sentences, question])
    if rng.random() < 0.12:
        text = wording.pick(LEADS) + text
    if rng.random() < 0.12:
        text += wording.pick(TAILS)
    if rng.random() < 0.05:
        text = text.replace(". ", ".\n")
    text = lex.articled(text)
    key = ";".join(f"{x}{sign}{y}" for x, sign, y in steps)
    return worked(text, work(steps), str(result_of(steps)), key)


TASKS = [Task("word_problem", word_problem, weight=2.2, off_share=0.06)]
