"""Working on words letter by letter: counting, measuring, spelling, reversing, picking; knows no meaning of any word.

Every working walks through the word with the place written before each letter (`1c2a3t`), so that doubled letters
keep apart and going backwards is looking up one number after the other.
"""

from __future__ import annotations

import random

from training.phrasings.letters import (
    END_TEMPLATES,
    LENGTH_TEMPLATES,
    LETTER_TEMPLATES,
    NTH_TEMPLATES,
    NUMBER_TEMPLATES,
    REVERSE_TEMPLATES,
    SPELL_DASH_TEMPLATES,
    SPELL_TEMPLATES,
    START_TEMPLATES,
    WORDS_TEMPLATES,
)
from training.tasks import lexicon, workings
from training.tasks.base import Example, Task, Wording, user
from training.tasks.phrasing import dress

ORDINALS = ("first", "second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth")

_KNOWN_TRICKY = (
    "strawberry", "raspberry", "blueberry", "banana", "mississippi", "bookkeeper", "committee", "cinnamon", "address",
    "success", "balloon", "coffee", "letter", "pepper", "puppy", "hello", "apple", "cheese", "google", "tomorrow",
    "assassin", "possess", "giraffe", "bubble", "rabbit", "parallel", "occurrence", "millennium", "embarrass",
    "cappuccino", "mayonnaise", "tattoo", "raccoon", "bamboo", "igloo", "elephant", "lollipop", "programming",
    "computer", "python", "language", "model", "intelligence", "artificial", "robot", "alphabet", "chocolate",
    "butterfly", "university", "pineapple", "watermelon", "different", "beautiful",
)  # fmt: skip
_REPEATING = tuple(w for w in (*lexicon.COMMON_WORDS, *_KNOWN_TRICKY) if max(map(w.count, w)) >= 2)


def _word(rng: random.Random) -> str:
    return rng.choice(_KNOWN_TRICKY) if rng.random() < 0.06 else lexicon.random_word(rng)


def _cased(rng: random.Random, word: str) -> str:
    roll = rng.random()
    return word.capitalize() if roll < 0.06 else word.upper() if roll < 0.09 else word


def _quoted(rng: random.Random, word: str) -> str:
    roll = rng.random()
    if roll < 0.45:
        return f'"{word}"'
    if roll < 0.6:
        return f"'{word}'"
    return word


def _ask(wording: Wording, templates: tuple[str, ...], word: str, **values: str) -> str:
    return dress(wording, wording.pick(templates).format(w=_quoted(wording.rng, word), **values))


def _example(question: str, word: str, trace: str, answer: str, key: str, brief: str | None = None) -> Example:
    """Letters keep their case in the working, so that a word with capitals must not be lower-cased by wording noise."""
    return Example(user(question), trace, answer, key, fixed_wording=word != word.lower(), brief=brief)


def _plural(rng: random.Random, letter: str) -> str:
    roll = rng.random()
    if roll < 0.12:
        return f"'{letter}'s"
    if roll < 0.2:
        return f'"{letter}"s'
    if roll < 0.28 and letter not in "aiou":
        return f"{letter}s"
    if roll < 0.34:
        return f"letters {letter}"
    return f"{letter}'s"


def count_letter_example(rng: random.Random, wording: Wording) -> Example:
    lower = rng.choice(_REPEATING) if rng.random() < 0.4 else _word(rng)
    roll = rng.random()
    if roll < 0.45:
        most = max(map(lower.count, lower))
        letter = rng.choice([x for x in lower if lower.count(x) == most])
    elif roll < 0.75:
        letter = rng.choice(lower)
    else:
        letter = rng.choice("abcdefghiklmnoprstuvwy")
    word = _cased(rng, lower)
    shown = letter.upper() if word.isupper() or rng.random() < 0.04 else letter
    quoted = f'"{shown}"' if rng.random() < 0.3 else f"'{shown}'" if rng.random() < 0.2 else shown
    question = _ask(wording, LETTER_TEMPLATES, word, c=quoted, cs=_plural(rng, shown))
    return _example(
        question,
        word + shown,
        "\n".join(workings.count_letter(word, letter)),
        str(lower.count(letter)),
        f"{lower}|{letter}",
        workings.count_letter_briefly(word, letter),
    )


def length_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    return _example(_ask(wording, LENGTH_TEMPLATES, word), word, workings.numbered(word), str(len(word)), lower)


def spell_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    templates, joint = (SPELL_DASH_TEMPLATES, "-") if rng.random() < 0.06 else (SPELL_TEMPLATES, " ")
    return _example(_ask(wording, templates, word), word, workings.numbered(word), joint.join(word), lower, "")


def reverse_example(rng: random.Random, wording: Wording) -> Example:
    lower = _word(rng)
    word = _cased(rng, lower)
    trace = f"{workings.numbered(word)}\n{workings.numbered_backwards(word)}"
    return _example(_ask(wording, REVERSE_TEMPLATES, word), word, trace, word[::-1], lower)


def nth_letter_example(rng: random.Random, wording: Wording) -> Example:
    """The place first, so that the spelling knows where to end; for the word's end, all of it."""
    lower = _word(rng)
    word = _cased(rng, lower)
    roll = rng.random()
    if roll < 0.25:
        place, name = len(word), "last"
        goal = "last"
        question = _ask(wording, END_TEMPLATES, word) if roll < 0.06 else _ask(wording, NTH_TEMPLATES, word, n=name)
    elif roll < 0.32:
        place, goal = 1, "1"
        question = _ask(wording, START_TEMPLATES, word)
    else:
        place = rng.randint(1, min(len(word), 10))
        goal = str(place)
        suffix = {1: "st", 2: "nd", 3: "rd"}.get(place, "th")
        if roll < 0.42:
            question = _ask(wording, NUMBER_TEMPLATES, word, i=str(place))
        else:
            question = _ask(wording, NTH_TEMPLATES, word, n=f"{place}{suffix}" if roll < 0.55 else ORDINALS[place - 1])
    trace = f"{goal}: {workings.numbered(word[:place])}"
    return _example(question, word, trace, word[place - 1], f"{lower}|{place}", "")


_SUBJECTS = (
    "the dog", "the cat", "a bird", "my friend", "the teacher", "our house", "the boy", "the girl", "a man",
    "the old woman", "my little sister", "his brother", "the big red car", "the children", "we", "they", "I", "you",
    "the king", "the small black horse", "a good book", "the new student", "her mother",
)  # fmt: skip
_VERBS = (
    "saw", "found", "likes", "has", "made", "took", "wants", "lost", "bought", "needs", "helped", "left", "knows",
    "can see", "did not find", "will never forget", "is looking for", "sold",
)  # fmt: skip
_THINGS = (
    "the ball", "a cake", "the key", "two apples", "some water", "the door", "a new book", "the old clock", "a letter",
    "nothing", "the blue coat", "three green boxes", "a very long story", "it", "them", "the red house",
    "some good food",
)  # fmt: skip
_WHERE = (
    "", "in the garden", "at home", "near the river", "in the park", "on the table", "at school", "under the tree",
    "in the city", "here", "by the sea", "behind the house",
)  # fmt: skip
_WHEN = (
    "", "today", "yesterday", "in the morning", "last night", "every day", "again", "on Monday", "last week",
    "after dinner", "when it rained",
)  # fmt: skip
_BARE = (
    "red", "blue", "cat", "dog", "sun", "moon", "tree", "book", "car", "green", "house", "water", "fire", "bird",
    "fish", "apple", "table", "happy", "big", "small", "one", "two", "three", "day", "night", "go", "stop", "yes", "no",
    "hello",
)  # fmt: skip


def sentence(rng: random.Random) -> str:
    """Words of a small vocabulary, in the order of an English sentence or, at times, in none."""
    if rng.random() < 0.2:
        return " ".join(rng.choice(_BARE) for _ in range(rng.randint(2, 9)))
    words = [rng.choice(_SUBJECTS)]
    if rng.random() < 0.2:
        words.insert(0, rng.choice(lexicon.FIRST_NAMES) + " and")
    elif rng.random() < 0.2:
        words[0] = rng.choice(lexicon.FIRST_NAMES)
    words.append(rng.choice(_VERBS))
    if rng.random() < 0.9:
        words.append(rng.choice(_THINGS))
    words += [rng.choice(_WHERE), rng.choice(_WHEN)]
    text = " ".join(" ".join(words).split())
    if rng.random() < 0.1:
        text += " and " + rng.choice(_VERBS) + " " + rng.choice(_THINGS)
    return text[0].upper() + text[1:] if rng.random() < 0.8 else text


def count_words_example(rng: random.Random, wording: Wording) -> Example:
    """The sentence is copied with a number before each word, in quotes where the question quotes it."""
    text = sentence(rng)
    words = text.split()
    end = rng.choice((".", ".", "", "", "!"))
    quoted = rng.random() < 0.4
    template = wording.pick(WORDS_TEMPLATES)
    if not quoted and not end and not template.endswith("{s}"):
        end = "."
    shown = f'"{text}{end}"' if quoted else text + end
    if quoted and template.endswith("{s}") and rng.random() < 0.4:
        template = template.replace(": {s}", " {s}")
        shown += "?" if template.startswith(("How", "Can", "Could", "What", "Do ")) else ""
    question = template.format(s=shown)
    if not question.endswith(shown):
        question = dress(wording, question)
    trace = "".join(f"{place} {word}" for place, word in enumerate(words, 1))
    return Example(user(question), f'"{trace}"' if quoted else trace, str(len(words)), text.lower(), fixed_wording=True)


TASKS: list[Task] = [
    Task("count_letter", count_letter_example, weight=1.2, off_share=0.45),
    Task("count_length", length_example, off_share=0.35, multi_step=False),
    Task("count_words", count_words_example, off_share=0.5),
    Task("spell", spell_example, weight=0.8, off_share=0.35, multi_step=False),
    Task("reverse", reverse_example, weight=1.2, off_share=0.5),
    Task("nth_letter", nth_letter_example, weight=1.0, off_share=0.4, multi_step=False),
]
