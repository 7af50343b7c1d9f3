"""The endless training stream: tasks drawn by weight and by need, worded, rendered, tokenised and packed into rows of one length.

Seeded: the same seed and the same reports give the same rows. Knows text and ids, no tensors of the model and no gradients.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.chat import END_OF_TURN, Effort, cut_thinking, render_prompt, render_reply
from training.tasks import TASKS, Example, Task
from training.tasks.drills import DRILLS

PROMPT_WEIGHT = 0.1
CUT_SHARE = 0.1
"""Share of the thinking replies whose thinking is cut short, as a budget does it: the answer has to follow all the same."""
NEEDED = 0.2
"""Share of wrong replies from which on a task is drawn at its full weight; a task without mistakes keeps a quarter of it."""
SYSTEM_TEXTS = (
    "You are a helpful assistant.",
    "You are nemoserve mini, a small and honest assistant.",
    "You are a careful assistant. Answer briefly.",
    "Answer the user's question.",
    "Be brief.",
    "You are a friendly assistant that answers in English.",
    "You help with numbers, words and small tables.",
)
GREETINGS = (
    "Hi! ",
    "Hello, ",
    "Hey, ",
    "hi ",
    "Good morning. ",
    "OK, ",
    "Please help me. ",
    "Quick question: ",
    "Thanks! ",
    "Next one: ",
)


LOW_SHARE = 0.4
"""Share of the thinking replies that think with low effort."""

Mode = Literal["full", "low", "off", "cut"]
"""Thinking whole, with low effort, switched off, or whole and cut short as by a budget."""


@dataclass(frozen=True, slots=True)
class Document:
    """Token ids of one conversation and the loss weight of predicting each of them."""

    ids: list[int]
    weights: list[float]
    task: str
    mode: Mode


@dataclass(frozen=True, slots=True)
class Row:
    """Documents side by side: ids, the number of each token's document, and loss weights, all of one length."""

    ids: list[int]
    numbers: list[int]
    weights: list[float]
    documents: list[Document]


def noisy(text: str, rng: random.Random) -> str:
    """The ways people actually type: lower case, a lost question mark or full stop, a greeting first."""
    roll = rng.random()
    if roll < 0.12 and '"' not in text and "'" not in text:
        text = text.lower()
    if rng.random() < 0.12 and text.endswith((".", "?", "!")):
        text = text[:-1]
    if rng.random() < 0.06:
        text = rng.choice(GREETINGS) + text
    return text


def dressed(example: Example, rng: random.Random, earlier: Example | None) -> Example:
    """The example with wording noise, sometimes a system text, sometimes an earlier exchange before it."""
    messages = [dict(m) for m in example.messages]
    if not example.fixed_wording and len(messages) == 1 and isinstance(messages[0]["content"], str):
        messages[0]["content"] = noisy(messages[0]["content"], rng)
    if earlier is not None and example.tools is None and messages[0]["role"] == "user":
        messages = [*earlier.messages, {"role": "assistant", "content": earlier.answer}, *messages]
    if messages[0]["role"] == "user" and rng.random() < 0.3:
        messages = [{"role": "system", "content": rng.choice(SYSTEM_TEXTS)}, *messages]
    return replace(example, messages=messages)


class Stream:
    """Documents drawn by `weights` (task name to share; None for each task's own weight); `rows` packs them.

    `report` tells it which replies the model got wrong: what goes well is drawn less often, each task at each effort on its
    own. A task that is hopeless without thinking has a small `off_share`, so that it wastes little.
    """

    def __init__(
        self, tokenizer: Tokenizer, seed: int, row_length: int, weights: dict[str, float] | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.rng = random.Random(seed)
        self.row_length = row_length
        self.tasks = [t for t in (*TASKS.values(), *DRILLS) if weights is None or weights.get(t.name, 0.0) > 0]
        self.weights = [t.weight if weights is None else weights[t.name] for t in self.tasks]
        self.draws: list[tuple[Task, Effort]] = [(t, mode) for t in self.tasks for mode in ("full", "low", "off")]
        self.shares = [
            w * share
            for t, w in zip(self.tasks, self.weights, strict=True)
            for share in ((1 - t.off_share) * (1 - LOW_SHARE), (1 - t.off_share) * LOW_SHARE, t.off_share)
        ]
        self.wrong: dict[tuple[str, Mode], float] = {(t.name, mode): 1.0 for t, mode in self.draws}
        self.dropped = 0

    def report(self, document: Document, wrong: bool) -> None:
        """Takes note of one reply; the share of wrong ones is a running mean over about the last hundred."""
        if document.mode != "cut":
            place = document.task, document.mode
            self.wrong[place] += 0.01 * (wrong - self.wrong[place])

    def drawn(self) -> tuple[Task, Effort]:
        """A task and an effort, by their share and by their share of wrong replies."""
        need = [
            share * (0.25 + 0.75 * min(1.0, self.wrong[t.name, mode] / NEEDED))
            for (t, mode), share in zip(self.draws, self.shares, strict=True)
        ]
        return self.rng.choices(self.draws, need)[0]

    def document(self) -> Document:
        """One conversation that fits into a row; longer ones are drawn again and counted in `dropped`."""
        rng = self.rng
        while True:
            chosen, effort = self.drawn()
            example = chosen.sample(rng, "train")
            earlier = None
            if rng.random() < 0.08:
                candidate = rng.choices(self.tasks, self.weights)[0].sample(rng, "train")
                if candidate.tools is None and len(candidate.messages) == 1:
                    earlier = candidate
            example = dressed(example, rng, earlier)
            prompt = self.tokenizer.encode(
                render_prompt(example.messages, example.tools, effort), add_special_tokens=False
            ).ids
            mode: Mode = "cut" if effort == "full" and rng.random() < CUT_SHARE else effort
            reply, learnt = self.cut_reply(example) if mode == "cut" else self.whole_reply(example, effort)
            if len(prompt) + len(reply) <= self.row_length:
                weights = [PROMPT_WEIGHT] * len(prompt) + learnt
                return Document(prompt + reply, weights, chosen.name, mode)
            self.dropped += 1

    def whole_reply(self, example: Example, effort: Effort) -> tuple[list[int], list[float]]:
        reply = self.tokenizer.encode(render_reply(example, effort), add_special_tokens=False).ids
        return reply, [1.0] * len(reply)

    def cut_reply(self, example: Example) -> tuple[list[int], list[float]]:
        """A reply whose thinking a budget ends at a line's end. That end is not the model's to learn; the answer is."""
        kept, end = cut_thinking(example, self.rng.randrange(example.trace.count("\n") + 1))
        ids: list[int] = []
        weights: list[float] = []
        for text, weight in ((kept, 1.0), (end, 0.0), (example.answer + END_OF_TURN, 1.0)):
            part = self.tokenizer.encode(text, add_special_tokens=False).ids
            ids += part
            weights += [weight] * len(part)
        return ids, weights

    def rows(self) -> Iterator[Row]:
        """Rows of `row_length` ids, filled best-fit from a small pool; the rest is padding, a document of its own."""
        pool = [self.document() for _ in range(64)]
        while True:
            row = Row([], [], [], [])
            while True:
                room = self.row_length - len(row.ids)
                fitting = [i for i, d in enumerate(pool) if len(d.ids) <= room]
                if not fitting:
                    break
                # The oldest for the row's first document, so that none waits for ever; then the longest that fits.
                pick = 0 if not row.ids else max(fitting, key=lambda i: len(pool[i].ids))
                document = pool.pop(pick)
                pool.append(self.document())
                row.ids.extend(document.ids)
                row.numbers.extend([len(row.documents)] * len(document.ids))
                row.weights.extend(document.weights)
                row.documents.append(document)
            pad = self.row_length - len(row.ids)
            row.ids.extend([0] * pad)
            row.numbers.extend([len(row.documents)] * pad)
            row.weights.extend([0.0] * pad)
            yield row


def tensors(rows: list[Row]) -> tuple[Tensor, Tensor, Tensor]:
    """ids int64, document numbers int64 and loss weights float32, each [rows, T]."""
    return (
        torch.tensor([r.ids for r in rows]),
        torch.tensor([r.numbers for r in rows]),
        torch.tensor([r.weights for r in rows]),
    )
