"""The endless training stream: tasks drawn by weight, worded, rendered, tokenised and packed into rows of one length.

Seeded: the same seed gives the same rows. Knows text and ids, no tensors of the model and no gradients.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from tokenizers import Tokenizer
from torch import Tensor

from training.chat import render_prompt, render_reply
from training.tasks import TASKS, Example, Task

PROMPT_WEIGHT = 0.1
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


@dataclass(frozen=True, slots=True)
class Document:
    """Token ids of one conversation and the loss weight of predicting each of them."""

    ids: list[int]
    weights: list[float]
    task: str


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
    return Example(
        messages, example.trace, example.answer, example.key, example.tools, example.fixed_wording, example.check
    )


class Stream:
    """Documents drawn by `weights` (task name to share; None for each task's own weight); `rows` packs them."""

    def __init__(
        self, tokenizer: Tokenizer, seed: int, row_length: int, weights: dict[str, float] | None = None
    ) -> None:
        self.tokenizer = tokenizer
        self.rng = random.Random(seed)
        self.row_length = row_length
        self.tasks = [t for t in TASKS.values() if weights is None or weights.get(t.name, 0.0) > 0]
        self.weights = [t.weight if weights is None else weights[t.name] for t in self.tasks]
        self.dropped = 0

    def document(self, task: Task | None = None) -> Document:
        """One conversation that fits into a row; longer ones are drawn again and counted in `dropped`."""
        rng = self.rng
        while True:
            chosen = task or rng.choices(self.tasks, self.weights)[0]
            example = chosen.sample(rng, "train")
            earlier = None
            if rng.random() < 0.08:
                candidate = rng.choices(self.tasks, self.weights)[0].sample(rng, "train")
                if candidate.tools is None and len(candidate.messages) == 1:
                    earlier = candidate
            example = dressed(example, rng, earlier)
            thinking = rng.random() >= chosen.off_share
            prompt = self.tokenizer.encode(
                render_prompt(example.messages, example.tools, thinking), add_special_tokens=False
            ).ids
            reply = self.tokenizer.encode(render_reply(example, thinking), add_special_tokens=False).ids
            if len(prompt) + len(reply) <= self.row_length:
                return Document(prompt + reply, [PROMPT_WEIGHT] * len(prompt) + [1.0] * len(reply), chosen.name)
            self.dropped += 1

    def rows(self) -> Iterator[tuple[list[int], list[int], list[float]]]:
        """Rows of `row_length` ids with document numbers and loss weights, filled best-fit from a small pool."""
        pool = [self.document() for _ in range(64)]
        while True:
            ids: list[int] = []
            documents: list[int] = []
            weights: list[float] = []
            number = 0
            while True:
                room = self.row_length - len(ids)
                fitting = [i for i, d in enumerate(pool) if len(d.ids) <= room]
                if not fitting:
                    break
                # The oldest for the row's first document, so that none waits for ever; then the longest that fits.
                pick = 0 if not ids else max(fitting, key=lambda i: len(pool[i].ids))
                document = pool.pop(pick)
                pool.append(self.document())
                ids += document.ids
                documents += [number] * len(document.ids)
                weights += document.weights
                number += 1
            pad = self.row_length - len(ids)
            yield ids + [0] * pad, documents + [number] * pad, weights + [0.0] * pad


def batch(rows: Iterator[tuple[list[int], list[int], list[float]]], size: int) -> tuple[Tensor, Tensor, Tensor]:
    """`size` rows as ids int64, documents int64, weights float32, each [size, T]."""
    taken = [next(rows) for _ in range(size)]
    ids, documents, weights = zip(*taken, strict=True)
    return torch.tensor(ids), torch.tensor(documents), torch.tensor(weights)
