"""What every task shares: the example, the split between seen and held-out problems and phrasings, and wording noise.

Knows nothing of tokens or tensors. A task module holds a `Task` per skill; `training.tasks.TASKS` lists them all.
"""

from __future__ import annotations

import functools
import hashlib
import random
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from training.tasks.paraphrase import paraphrased
from training.tasks.workings import brief

Split = Literal["train", "problems", "phrasings"]
"""train: seen problems in seen phrasings; problems: held-out problems in seen phrasings; phrasings: both held out."""

Messages = list[dict[str, Any]]


def _bucket(text: str, buckets: int) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode(), digest_size=8).digest(), "big") % buckets


def problem_is_held_out(task: str, key: str) -> bool:
    """True for about 4 % of problems, decided by the operands alone, so no phrasing of a test problem is ever trained on."""
    return _bucket(f"{task}|{key}", 25) == 0


@functools.cache
def template_is_held_out(template: str) -> bool:
    """True for about a fifth of the phrasing templates."""
    return _bucket(template, 5) == 0


PARAPHRASED = 0.3
"""Share of the trained phrasings that are said in slightly other words; the test splits keep to the lists."""


class Wording:
    """Chooses among phrasings so that a split sees only its own share of them."""

    def __init__(self, rng: random.Random, split: Split) -> None:
        self.rng = rng
        self.split: Split = split

    def pick(self, templates: Sequence[str]) -> str:
        """One template of this split's share. A list too short to have both shares gives every split the whole list."""
        held_out = self.split == "phrasings"
        share = [t for t in templates if template_is_held_out(t) == held_out]
        chosen = self.rng.choice(share or list(templates))
        if self.split == "train" and self.rng.random() < PARAPHRASED:
            other = paraphrased(self.rng, chosen)
            return chosen if template_is_held_out(other) else other
        return chosen


@dataclass(slots=True)
class Example:
    """One conversation to learn from or to be tested on.

    `messages` are OpenAI chat messages up to the reply (the last one is `user` or `tool`); `trace` is what goes between
    the think marks, worked step by step; `answer` is what follows them; `key` is the problem itself, without its wording
    (operands in a canonical order). `fixed_wording` forbids the noise (lower-casing, lost punctuation) that would damage it.
    """

    messages: Messages
    trace: str
    answer: str
    key: str
    tools: list[dict[str, Any]] | None = None
    fixed_wording: bool = False
    brief: str | None = None
    """The trace with low effort; None where it is the same. Empty: straight to the answer."""
    part: str = ""
    """Which part of the task it belongs to, where the evaluation is to tell them apart."""
    check: Callable[[str], bool] | None = None
    """Accepts a stripped answer where more than one is right; None means exact match with `answer`."""

    def accepts(self, answer: str) -> bool:
        answer = answer.strip()
        return self.check(answer) if self.check is not None else answer == self.answer.strip()


Generate = Callable[[random.Random, Wording], Example]


@dataclass(frozen=True, slots=True)
class Task:
    """A skill: its generator, its share of the training mix, and how much of it is trained with thinking off."""

    name: str
    generate: Generate
    weight: float = 1.0
    off_share: float = 0.15
    multi_step: bool = True
    """Whether the score with thinking on should beat the score with thinking off clearly."""
    tags: tuple[str, ...] = field(default=())

    def sample(self, rng: random.Random, split: Split) -> Example:
        """A problem of the split: drawn until it falls on the right side of the held-out line."""
        want_held_out = split != "train"
        for _ in range(2000):
            example = self.generate(rng, Wording(rng, split))
            if problem_is_held_out(self.name, example.key) == want_held_out:
                return example
        raise RuntimeError(f"task {self.name!r} has too few distinct problems for split {split!r}")


def user(text: str) -> Messages:
    return [{"role": "user", "content": text}]


def worked(question: str, lines: Sequence[str], answer: str, key: str, *, fixed_wording: bool = False) -> Example:
    """A question from the user whose trace is a working; with low effort it goes without the lines that only restate."""
    short = brief(lines)
    return Example(user(question), "\n".join(lines), answer, key, fixed_wording=fixed_wording, brief=short)
