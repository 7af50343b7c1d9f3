"""What thinking budgets, grammars and the reasoning splitter add to a decode step, as shares of the step without them.

Budget and grammar run inside the engine: the same batch decodes with and without them, rounds alternating. The splitter
runs in the gateway, in a process of its own; its time for a step's tokens is set against the step as if it came on top.
"""

from __future__ import annotations

import json
import shutil
import statistics
import time
from dataclasses import dataclass
from pathlib import Path

from nemoserve.engine.constraint import Constraints
from nemoserve.engine.core import EngineCore
from nemoserve.engine.models import load_model
from nemoserve.engine.protocol import Rejected, Sampling, Submit, Thinking
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits
from nemoserve.parsing.choice import ChoiceParser, Rules
from nemoserve.types.prompt import Piece
from training.evaluate import EMBEDDED

PROMPT = 48
UNREACHED = 1 << 20
TEXT = " word"
ANYTHING = json.dumps({"grammars": [{"lark_grammar": "start: /(.|\\n)*/"}]})
"""A grammar that allows every text, so that all variants may decode the same."""


@dataclass(frozen=True, slots=True)
class Overhead:
    """Per cent of the plain step's time; medians over the rounds."""

    model: str
    batch: int
    step_ms: float
    budget: float
    grammar: float
    splitter: float


def overhead(name: str, folder: Path, *, dtype: str, batch: int, steps: int, rounds: int) -> Overhead:
    """Measures one checkpoint. One without a tokenizer borrows the embedded model's, for the bytes of its tokens."""
    if not (folder / "tokenizer.json").exists():
        shutil.copy(EMBEDDED / "tokenizer.json", folder)
    model = load_model(folder, dtype=dtype, device="cpu")
    cache = model.new_cache(batch, batch * 1024)
    core = EngineCore(
        Runner(model, cache), cache, Limits(max_sequences=batch, kv_tokens=batch * 1024, max_waiting=batch),
        context_length=model.config.context_length, vocab_size=model.config.vocab_size,
        constraints=Constraints(folder, model.config.vocab_size),
    )  # fmt: skip
    variants = {
        "plain": Sampling(max_tokens=steps + 1, temperature=0.0, ignore_eos=True),
        "budget": Sampling(
            max_tokens=steps + 1, temperature=0.0, ignore_eos=True, thinking=Thinking(budget=UNREACHED, end=(21,))
        ),
        "grammar": Sampling(max_tokens=steps + 1, temperature=0.0, ignore_eos=True, grammar=ANYTHING),
    }
    taken: dict[str, list[float]] = {variant: [] for variant in variants}
    for _ in range(rounds + 1):  # the first round warms up
        for variant, sampling in variants.items():
            taken[variant].append(_step(core, sampling, batch, steps))
    plain = taken["plain"][1:]
    share = {
        variant: 100 * (statistics.median(t / p for t, p in zip(times[1:], plain, strict=True)) - 1)
        for variant, times in taken.items()
    }
    step = statistics.median(plain)
    return Overhead(name, batch, 1000 * step, share["budget"], share["grammar"], 100 * _splitting(steps) * batch / step)


def _step(core: EngineCore, sampling: Sampling, batch: int, steps: int) -> float:
    """Seconds of a decode step of the whole batch."""
    for index in range(batch):
        for refusal in core.submit(Submit(str(index), [300 + index] * PROMPT, sampling)):
            assert isinstance(refusal, Rejected)
            raise RuntimeError(refusal.message)
    core.step()  # reads the prompts
    started = time.perf_counter()
    for _ in range(steps):
        core.step()
    seconds = (time.perf_counter() - started) / steps
    while core.has_work:
        core.step()
    return seconds


def _splitting(steps: int) -> float:
    """Seconds of the gateway's parser for one token, in thinking and in the answer by halves."""
    best = float("inf")
    for _ in range(5):
        parser = ChoiceParser(0, Rules(start="thinking", tool_format="json"))
        tokens = [TEXT] * (steps * 4) + ["</think>"] + [TEXT] * (steps * 4)
        started = time.perf_counter()
        for token in tokens:
            parser.push((Piece(token),))
        best = min(best, (time.perf_counter() - started) / len(tokens))
    return best
