"""Drills that are trained and never scored: recalling, copying and spelling any words, many answers to a conversation.

Looking things up, remembering and calling tools all stand on one skill, which is to find an earlier word again and to say what
stood beside it. Here it is asked for many times over, with any words at all, so that it does not depend on which ones.
"""

from __future__ import annotations

import random
from collections.abc import Callable

from training.tasks import lexicon, lexicon_scenes
from training.tasks.base import Example, Task, Wording, problem_is_held_out, user
from training.tasks.reading import fields, lookups
from training.tasks.tools import calls
from training.tasks.workings import numbered

_WORDS: tuple[str, ...] = tuple(
    sorted(
        {
            *lexicon.FIRST_NAMES, *lexicon.CITIES, *lexicon.COUNTRIES, *lexicon.COLOURS, *lexicon.DAYS, *lexicon.MONTHS,
            *lexicon.JOBS, *lexicon.HOBBIES, *lexicon.PLACES, *(word for pair in lexicon.NOUNS for word in pair),
            *lexicon_scenes.PEOPLE, *lexicon_scenes.THINGS, *lexicon_scenes.SINGULAR.values(), *lexicon_scenes.ANIMALS,
            *lexicon_scenes.GOODS, *lexicon_scenes.CITIES, *lexicon_scenes.COUNTRIES, *lexicon_scenes.JOBS,
            *lexicon_scenes.PETS, *lexicon_scenes.PET_NAMES, *lexicon_scenes.FOODS, *lexicon_scenes.DRINKS,
            *lexicon_scenes.SPORTS, *lexicon_scenes.HOBBIES, *lexicon_scenes.SUBJECTS, *lexicon_scenes.INSTRUMENTS,
            *lexicon_scenes.DEPARTMENTS, *lexicon_scenes.EVENTS, *lexicon_scenes.PLACES, *lexicon_scenes.STATES,
            *lexicon_scenes.BOOK_WORDS,
        }
    )
)  # fmt: skip
_PAIRS = (
    ("{a}: {b}", "\n"), ("{a} = {b}", "\n"), ("{a}, {b}", "\n"), ("{a} - {b}", "\n"), ("- {a}: {b}", "\n"), ("{a} | {b}", "\n"),
    ("* {a} -> {b}", "\n"), ("{a}\t{b}", "\n"), ('"{a}": "{b}"', "\n"), ("{a} has {b}.", " "), ("The {a} is {b}.", " "),
    ("{a} is {b}.", " "), ("{a} likes {b}.", "\n"), ("{a} and {b}.", " "), ("{a} ({b})", ", "), ("{a} {b}", ", "), ("{b} of {a}.", " "),
    ("{b} belongs to {a}.", " "), ("{b} for {a}", "\n"),
)  # fmt: skip
_ASKED = (
    "{a}?",
    "What is with {a}?",
    "And {a}?",
    "What about {a}?",
    "Tell me {a}.",
    "{a}",
    "For {a}?",
    "Who or what: {a}?",
    "Say what {a} has.",
)
_COPIED = ("Repeat: {t}", "Repeat this: {t}", "Say again: {t}", "Copy the text: {t}", 'Write "{t}"', "{t}\nRepeat it.", "Copy: {t}")  # fmt: skip


def _thing(rng: random.Random) -> str:
    roll = rng.random()
    if roll < 0.70:
        return rng.choice(_WORDS)
    if roll < 0.85:
        return str(rng.randint(1, 10 ** rng.randint(1, 5)))
    if roll < 0.93:
        return lexicon_scenes.pseudo_word(rng)
    return f"{rng.choice(_WORDS)} {rng.choice(_WORDS)}"


def recall(rng: random.Random, wording: Wording) -> Example:
    """A list of pairs of any words; then some of them are asked for, by the first word or by the second."""
    things = lexicon_scenes.distinct(rng, _thing, 2 * rng.randint(3, 10))
    pairs = list(zip(things[::2], things[1::2], strict=True))
    shape, between = rng.choice(_PAIRS)
    listed = between.join(shape.format(a=a, b=b) for a, b in pairs)
    asked = rng.sample(pairs, min(len(pairs), rng.randint(1, 6)))
    if rng.random() < 0.4:
        asked = [(b, a) for a, b in asked]
    question = "\n".join(rng.choice(_ASKED).format(a=a) for a, _ in asked)
    text = f"{listed}\n{question}" if rng.random() < 0.75 else f"{question}\n\n{listed}"
    trace = "\n".join(f"{a}: {b}" for a, b in asked)
    return Example(user(text), trace, "\n".join(b for _, b in asked), text, fixed_wording=True, brief="")


def copy(rng: random.Random, wording: Wording) -> Example:
    """Any words, to be said again."""
    text = rng.choice((" ", " ", ", ", "\n")).join(_thing(rng) for _ in range(rng.randint(4, 24)))
    return Example(user(rng.choice(_COPIED).format(t=text)), "copy", text, text, fixed_wording=True, brief="")


_SPELT = tuple(
    word
    for word in sorted({w.lower() for w in (*_WORDS, *lexicon.COMMON_WORDS) if w.isalpha()})
    if not problem_is_held_out("spell", word) and not problem_is_held_out("count_length", word)
)
_SHAPES: tuple[tuple[str, Callable[[str], str]], ...] = (
    ("Spell these words", " ".join),
    ("Spell with dashes", "-".join),
    ("Number the letters", numbered),
    ("Write in capitals", str.upper),
)


def letters(rng: random.Random, wording: Wording) -> Example:
    """A few words, each to be written in letters."""
    words = rng.sample(_SPELT, rng.randint(2, 6))
    asked, shape = rng.choice(_SHAPES)
    text = rng.choice(("{a}: {w}", "{a}: {w}.", "{w}\n{a}.", "{a}.\n{w}")).format(a=asked, w=", ".join(words))
    return Example(user(text), "letters", "\n".join(map(shape, words)), text, fixed_wording=True, brief="")


DRILLS: tuple[Task, ...] = (
    Task("lookups", lookups, weight=2.0, off_share=0.5),
    Task("fields", fields, weight=1.5, off_share=0.5),
    Task("calls", calls, weight=1.0, off_share=0.4),
    Task("recall", recall, weight=2.0, off_share=0.7),
    Task("copy", copy, weight=0.6, off_share=0.9),
    Task("letters", letters, weight=1.5, off_share=0.8),
)
