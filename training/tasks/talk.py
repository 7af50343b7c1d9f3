"""Small talk: greets, says honestly what the model is and can do, and declines what it cannot. Knows no other task."""

from __future__ import annotations

import random
from collections.abc import Callable

from training.tasks import lexicon_scenes as lex
from training.tasks.base import Example, Task, Wording, user
from training.tasks.intents import INTENTS

_WEIGHTS = [intent.weight for intent in INTENTS]
LANGUAGES = lex.words(
    "French German Spanish Italian Polish Greek Turkish Dutch Korean Hindi Arabic Chinese Japanese Russian"
)
TOPICS = lex.words(
    "the sea,the moon,love,spring,winter,summer,the night,music,the rain,flowers,trees,war,peace,friends,time,the stars,the sun,snow,"
    "a river,history,money,water,fire,school,the forest,space,trains,football,art,science,nature,the wind,dreams,home,freedom",
    ",",
)
OPENERS = (
    "Hi! ", "Hello! ", "Hey, ", "Hi there. ", "Good morning. ", "Hello, ", "Please tell me: ", "One question: ", "Hmm. ", "OK. ", "So, ", "Excuse me. ", "Hey mini, ", "I wonder. ", "By the way, ", "A question. ", "Tell me, ", "Sorry, ", "And ", "Now, ", "Well, ", "Good day. ", "Good evening! ", "Hey there! ", "Hello there. ", "Hello mini, ", "Hi mini! ", "Quick question: ", "A quick question. ", "My question: ", "Next question: ", "Please, ", "Also, ", "OK, ", "Let me ask: ", "Thanks. ", "Listen, ",
)  # fmt: skip
CLOSERS = (
    " Please tell me.", " I want to know.", " Thanks.", " Please answer.", " Be honest.", " Tell me.", " Answer briefly.", " I am curious.", " Please.", " Just asking.", " Thank you!", " Can you?", " What do you say?", " Quick please.", " :)", " Thanks!", " Be quick.", " Answer please.", " Please be honest.", " I am just curious.", " I would like to know.", " Just a question.", " Tell me please.", " Thank you.",
)  # fmt: skip


def _slots(rng: random.Random) -> dict[str, str]:
    return {
        "country": rng.choice(lex.COUNTRIES), "city": rng.choice(lex.CITIES), "thing": lex.one(rng.choice(lex.THINGS)), "animal": rng.choice(lex.ANIMALS),
        "food": rng.choice(lex.FOODS), "color": rng.choice(lex.COLORS), "person": lex.person(rng), "place": rng.choice(lex.PLACES),
        "topic": rng.choice(TOPICS), "language": rng.choice(LANGUAGES),
    }  # fmt: skip


def _accepting(answers: tuple[str, ...]) -> Callable[[str], bool] | None:
    return (lambda reply: reply in answers) if len(answers) > 1 else None


def small_exchange(
    rng: random.Random, wording: Wording, names: frozenset[str] | None = None
) -> tuple[str, str, str, Callable[[str], bool] | None]:
    """What the user says, the trace, the answer, and what else is accepted; of the intents in `names` where given."""
    intent = rng.choices(INTENTS, _WEIGHTS)[0]
    while names is not None and intent.name not in names:
        intent = rng.choices(INTENTS, _WEIGHTS)[0]
    text = wording.pick(intent.phrasings).format(**_slots(rng))
    if intent.opener and rng.random() < 0.25:
        opener = wording.pick(OPENERS)
        if opener.rstrip()[-1] not in "!.:" and not text.startswith(("I ", "I'm")):
            text = text[0].lower() + text[1:]
        text = opener + text
    if intent.opener and rng.random() < 0.12:
        text += ("" if text[-1] in ".?!" else ".") + wording.pick(CLOSERS)
    roll = rng.random()
    if roll < 0.15:
        text = text.lower()
    elif roll < 0.3:
        text = text.rstrip("?.!") or text
    return text, intent.name, intent.answers[0], _accepting(intent.answers)


def small_talk(rng: random.Random, wording: Wording) -> Example:
    """One remark and its answer; held-out problems are held-out sentences."""
    text, trace, answer, check = small_exchange(rng, wording)
    return Example(user(text), trace, answer, f"{trace}|{text}", fixed_wording=True, check=check, brief="")


TASKS = [Task("small_talk", small_talk, weight=2.0, off_share=0.5, multi_step=False)]
