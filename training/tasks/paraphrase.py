"""Says a phrasing in slightly other words: the swaps, additions and omissions that never change its meaning. Knows no task.

Every edit works on a template, outside its slots and never in one that quotes something, since a quoted word is meant literally.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable

_SWAPS: tuple[tuple[str, tuple[str, ...]], ...] = (
    (r"^What is the (?=[a-z{])", ("What's the ", "Tell me the ", "Give me the ", "Do you know the ", "Can you tell me the ", "I want to know the ", "What would be the ", "I'd like the ", "Please tell me the ", "the ")),
    (r"^What is my ", ("What's my ", "Tell me my ", "Can you tell me my ", "Do you still know my ", "And what is my ", "my ")),
    (r"^(?:What is|What's) (?=\{)", ("What's ", "Please say what is ", "Now what is ", "what is ")),
    (r"^(?:What|Which) (?=[a-z]+ (?:is|has|does|do|did|are|can|was|will)\b)", ("What ", "Which ", "Tell me what ", "Say which ", "And which ", "Now what ")),
    (r"^How many ", ("And how many ", "Tell me how many ", "Say how many ", "Can you say how many ", "So how many ", "Count how many ", "how many ")),
    (r"^How much ", ("And how much ", "Tell me how much ", "Say how much ", "So how much ", "how much ")),
    (r"^Who ", ("And who ", "Tell me who ", "Say who ", "So who ", "who ")),
    (r"^Where ", ("And where ", "Say where ", "So where ", "where ")),
    (r"^When ", ("And when ", "Say when ", "So when ", "when ")),
    (r"^(?:Calculate|Compute|Work out|Evaluate) ", ("Calculate ", "Compute ", "Work out ", "Evaluate ", "Find out ", "Please compute ", "Now work out ", "You should calculate ")),
    (r"^(?:Find|Look for|Get) (?=the |\{)", ("Find ", "Get ", "Look for ", "Please find ", "Try to find ", "Can you find ", "Help me find ")),
    (r"\b(dollars|euros)\b", ("dollars", "euros", "coins")),
    (r"\b(?:in total|altogether|in all|all together)\b", ("in total", "altogether", "in all", "all together", "overall")),
    (r"(?<!\{)\b(?:begin|start)\b", ("begin", "start")),
    (r"\b(?:begins|starts)\b", ("begins", "starts")),
    (r"\b(?:largest|biggest|greatest)\b", ("largest", "biggest", "greatest")),
    (r"\b(?:big|large)\b", ("big", "large")),
    (r"\b(?:little|small)\b", ("small", "little")),
    (r"\bgets\b", ("gets", "receives", "obtains")),
    (r"\b(?:buys|purchases)\b", ("buys", "purchases", "gets")),
    (r"\b(?:lives|resides)\b", ("lives", "resides")),
    (r"\bcosts\b", ("costs", "is sold for")),
    (r"\bright now\b", ("now", "at the moment")),
)  # fmt: skip
_LEADS = ("So ", "And ", "Well, ", "Please: ", "Now, ", "Say, ", "Okay ", "Then ", "Right, ", "Hmm, ", "Hey ", "ok ")
_TAILS = (" please", ", please", " then", " now", ", right", " for me", " again", " ok", " thanks")
_QUESTION = re.compile(r"^(?:What|Which|Who|Where|When|How|Whose)\b[^\n]*\?$")
_SMALL_WORDS = re.compile(r" (?:the|a|an|please|me|is|do|does|of|there|then) ")


def _swap(rng: random.Random, text: str) -> str:
    fitting = [(pattern, others) for pattern, others in _SWAPS if re.search(pattern, text)]
    if not fitting:
        return text
    pattern, others = rng.choice(fitting)
    return re.sub(pattern, lambda _: rng.choice(others), text, count=1)


def _lead(rng: random.Random, text: str) -> str:
    return rng.choice(_LEADS) + text[0].lower() + text[1:] if _QUESTION.match(text) else text


def _tail(rng: random.Random, text: str) -> str:
    return text[:-1] + rng.choice(_TAILS) + text[-1] if _QUESTION.match(text) else text


def _drop(rng: random.Random, text: str) -> str:
    """The question in the style of a search box: one small word is left out."""
    places = [m.span() for m in _SMALL_WORDS.finditer(text)] if _QUESTION.match(text) else []
    if not places:
        return text
    start, end = rng.choice(places)
    return f"{text[:start]} {text[end:]}"


def _unmarked(rng: random.Random, text: str) -> str:
    return text[:-1] if text.endswith(("?", ".")) and rng.random() < 0.5 else text


_EDITS: tuple[Callable[[random.Random, str], str], ...] = (_swap, _swap, _swap, _lead, _tail, _drop, _unmarked)


def paraphrased(rng: random.Random, template: str) -> str:
    """The template after one or two edits; often as it was, where none fits."""
    if '"' in template or "'" in template or "___" in template or ":" in template:
        return template
    for _ in range(rng.choice((1, 1, 2))):
        template = rng.choice(_EDITS)(rng, template)
    return template
