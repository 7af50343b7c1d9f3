"""Wording that several tasks share: greetings before and wishes after a question, number words; knows no problem."""

from __future__ import annotations

from training.tasks.base import Wording
from training.tasks.lexicon import FIRST_NAMES

_KEEP_CAPITAL = frozenset((*FIRST_NAMES, "I"))

OPENERS: tuple[str, ...] = (
    "Hi! ", "Hello! ", "Hey, ", "Hi there. ", "Good morning. ", "Hello, ", "Quick question: ", "Question: ",
    "Please help me. ", "I need help. ", "Can you help me? ", "Here is a question. ", "One more: ", "Next one. ",
    "Okay, ", "OK. ", "Now this: ", "Help me with this: ", "I have a question. ", "Could you help? ", "Let's see. ",
    "Easy one: ", "Try this: ", "Please answer: ", "Task: ", "Q: ", "A short one: ", "I was wondering: ", "Tell me: ",
    "My homework says: ", "For my homework: ", "So, ",
)  # fmt: skip

CLOSERS: tuple[str, ...] = (
    " Thanks!", " Thank you.", " Please.", " Think step by step.", " Show only the result.", " Just give the answer.",
    " Answer only.", " Please be quick.", " Take your time.", " Work it out step by step.", " Be careful.",
    " Only the answer, please.", " I need it now.", " Please check your work.", " Reply with the answer only.",
    " Give a short answer.", " Think about it first.", " No explanation, please.", " Keep it short.",
    " Thanks in advance!", " Let's think step by step.",
)  # fmt: skip

NUMBER_WORDS: tuple[str, ...] = (
    "zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
)  # fmt: skip


def dress(wording: Wording, text: str, share: float = 0.25) -> str:
    """The question with, now and then, something polite or urging before or after it."""
    rng = wording.rng
    if rng.random() < share:
        opener = wording.pick(OPENERS)
        if opener.endswith(", ") and text.split(maxsplit=1)[0] not in _KEEP_CAPITAL:
            text = text[0].lower() + text[1:]
        text = opener + text
    if rng.random() < share * 0.8:
        text += ("" if text[-1] in ".?!" else ".") + wording.pick(CLOSERS)
    return text
