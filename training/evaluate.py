"""Scores a checkpoint on held-out problems, at each effort, through the engine that serves it. Greedy, exact match.

`python -m training.evaluate --model FOLDER` prints one table for held-out problems in seen phrasings and one for held-out
problems in held-out phrasings. A reply that never closes its thinking is wrong.
"""

from __future__ import annotations

import argparse
import json
import random
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tokenizers import Tokenizer
from tqdm import tqdm

from nemoserve.engine.constraint import Constraints
from nemoserve.engine.core import EngineCore
from nemoserve.engine.models import load_model
from nemoserve.engine.protocol import Finished, Rejected, Sampling, Submit, Tokens
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits
from training.chat import Effort, render_prompt
from training.tasks import TASKS, Example, Split, Task

EMBEDDED = Path(__file__).parents[1] / "src" / "nemoserve" / "mini"


@dataclass(slots=True)
class Reply:
    """One generated reply: its token ids, the stop token left out."""

    tokens: list[int]
    ended: bool = False
    """By itself, rather than at a limit."""
    least_logprob: float = 0.0
    """Of its least certain token; 0 unless `Sampling.logprobs` asks for log probabilities."""


class Greedy:
    """Generates greedily for many prompts at once, on the engine's own batching. `sampling` holds for what comes next."""

    def __init__(self, folder: Path, batch: int, max_tokens: int) -> None:
        self.tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        model = load_model(folder, dtype="float32", device="auto")
        cache = model.new_cache(batch, batch * 2048)
        limits = Limits(max_sequences=batch, kv_tokens=batch * 2048, max_waiting=1 << 30, prefill_tokens=1024)
        self.core = EngineCore(
            Runner(model, cache), cache, limits,
            context_length=model.config.context_length, vocab_size=model.config.vocab_size,
            constraints=Constraints(folder, model.config.vocab_size),
        )  # fmt: skip
        self.sampling = Sampling(max_tokens=max_tokens, temperature=0.0, stop_token_ids=model.config.eos_token_ids)

    def replies(self, prompts: list[str], progress: tqdm[Any] | None = None) -> list[Reply]:
        """A reply to each prompt, in order."""
        replies = {str(i): Reply([]) for i in range(len(prompts))}
        for i, prompt in enumerate(prompts):
            tokens = self.tokenizer.encode(prompt, add_special_tokens=False).ids
            for refusal in self.core.submit(Submit(str(i), tokens, self.sampling)):
                raise RuntimeError(f"prompt {i}: {refusal}")
        while self.core.has_work:
            for message in self.core.step():
                if isinstance(message, Tokens):
                    reply = replies[message.id]
                    reply.tokens += message.tokens
                    reply.least_logprob = min([reply.least_logprob, *(p.logprob for p in message.logprobs or ())])
                elif isinstance(message, Finished):
                    replies[message.id].ended = message.reason == "stop"
                    if progress is not None:
                        progress.update()
                elif isinstance(message, Rejected):
                    raise RuntimeError(message.message)
        return list(replies.values())

    def answered(self, example: Example, reply: Reply, *, thinking: bool) -> bool:
        """Whether the reply ended by itself, closed its thinking and has the right answer after it."""
        end = self.tokenizer.token_to_id("</think>")
        if not reply.ended or (thinking and end not in reply.tokens):
            return False
        answer = reply.tokens[thinking_tokens(reply.tokens, end) if thinking else 0 :]
        return example.accepts(self.tokenizer.decode([i for i in answer if i != 12], skip_special_tokens=False))


def thinking_tokens(ids: list[int], end: int) -> int:
    """Tokens up to and including the end of the thinking; all of them if it does not end."""
    return ids.index(end) + 1 if end in ids else len(ids)


@dataclass(frozen=True, slots=True)
class Cell:
    """One task in one mode on one split."""

    right: int
    asked: int
    thinking_tokens: float
    majority: float
    """The share that always giving the most frequent answer would get right."""
    parts: dict[str, tuple[int, int]]
    """Right and asked of each part of the task, where it has parts."""

    @property
    def score(self) -> float:
        return 100 * self.right / self.asked


def problems(task: Task, split: Split, count: int, seed: int) -> list[Example]:
    """`count` examples with distinct keys where the task has that many."""
    rng = random.Random(f"{seed} {task.name} {split}")
    found: dict[str, Example] = {}
    for _ in range(40 * count):
        example = task.sample(rng, split)
        # Talk has few problems and many wordings: there the wording is what must differ.
        key = example.key if task.multi_step else f"{example.key} {example.messages[-1]['content']}"
        found.setdefault(key, example)
        if len(found) == count:
            break
    return list(found.values())


def evaluate(
    greedy: Greedy, tasks: list[Task], split: Split, effort: Effort, count: int, seed: int, show: int
) -> dict[str, Cell]:
    end = greedy.tokenizer.token_to_id("</think>")
    asked = {task.name: problems(task, split, count, seed) for task in tasks}
    examples = [(name, example) for name, found in asked.items() for example in found]
    prompts = [render_prompt(e.messages, e.tools, effort) for _, e in examples]
    thinking = effort != "off"
    with tqdm(total=len(prompts), desc=f"{split}, {effort}", leave=False) as bar:
        replies = greedy.replies(prompts, bar)
    right: Counter[str] = Counter()
    spent: Counter[str] = Counter()
    shown: Counter[str] = Counter()
    parts: dict[str, dict[str, tuple[int, int]]] = {task.name: {} for task in tasks}
    for (name, example), prompt, reply in zip(examples, prompts, replies, strict=True):
        ids = reply.tokens
        spent[name] += thinking_tokens(ids, end) if thinking else 0
        good = greedy.answered(example, reply, thinking=thinking)
        right[name] += good
        if example.part:
            before = parts[name].get(example.part, (0, 0))
            parts[name][example.part] = before[0] + good, before[1] + 1
        if not good and shown[name] < show:
            shown[name] += 1
            tqdm.write(
                f"--- {name}\n{prompt[-300:]}\n{greedy.tokenizer.decode(ids, skip_special_tokens=False)}\nwanted: {example.answer}"
            )
    cells: dict[str, Cell] = {}
    for name, found in asked.items():
        most = Counter(e.answer for e in found).most_common(1)[0][1]
        cells[name] = Cell(right[name], len(found), spent[name] / len(found), 100 * most / len(found), parts[name])
    return cells


def table(on: dict[str, Cell], low: dict[str, Cell], off: dict[str, Cell]) -> str:
    """Markdown: a row per task, then the means."""
    rows = [
        "| task | n | thinking on, % | low effort, % | off, % | thinking tokens | with low effort | majority guess, % |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for name, cell in on.items():
        rows.append(
            f"| {name} | {cell.asked} | {cell.score:.1f} | {low[name].score:.1f} | {off[name].score:.1f} | "
            f"{cell.thinking_tokens:.0f} | {low[name].thinking_tokens:.0f} | {cell.majority:.0f} |"
        )
        for part, (_, asked) in sorted(cell.parts.items()):
            scores = " | ".join(f"{100 * c[name].parts[part][0] / asked:.1f}" for c in (on, low, off))
            rows.append(f"| *of these, {part}* | {asked} | {scores} | | | |")
    steps = [n for n in on if TASKS[n].multi_step]
    for label, names in (("mean of all", list(on)), ("mean of multi-step", steps)):
        if names:
            scores = " | ".join(f"**{sum(c[n].score for n in names) / len(names):.1f}**" for c in (on, low, off))
            spent = " | ".join(f"{sum(c[n].thinking_tokens for n in names) / len(names):.0f}" for c in (on, low))
            rows.append(f"| **{label}** | | {scores} | {spent} | |")
    return "\n".join(rows)


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m training.evaluate", description=__doc__)
    p.add_argument("--model", type=Path, default=EMBEDDED)
    p.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS), help="all by default")
    p.add_argument("--count", type=int, default=200, help="problems per task, mode and split")
    p.add_argument("--splits", nargs="*", choices=["problems", "phrasings"], default=["problems", "phrasings"])
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--max-tokens", type=int, default=400)
    p.add_argument("--seed", type=int, default=7)
    p.add_argument("--show-wrong", type=int, default=0, metavar="N", help="print N wrong replies per task")
    p.add_argument("--json", type=Path, help="also write the cells here")
    args = p.parse_args()
    greedy = Greedy(args.model, args.batch, args.max_tokens)
    chosen = [TASKS[name] for name in args.tasks]
    cells: dict[str, dict[str, dict[str, object]]] = {}
    for split in args.splits:
        efforts: tuple[Effort, ...] = ("full", "low", "off")
        on, low, off = (
            evaluate(greedy, chosen, split, effort, args.count, args.seed, args.show_wrong) for effort in efforts
        )
        heading = (
            "Held-out problems, seen phrasings" if split == "problems" else "Held-out problems, held-out phrasings"
        )
        print(f"\n### {heading}\n\n{table(on, low, off)}", flush=True)
        cells[split] = {
            name: {"on": asdict(on[name]), "low": asdict(low[name]), "off": asdict(off[name])} for name in on
        }
    if args.json:
        args.json.write_text(json.dumps(cells, indent=1) + "\n")


if __name__ == "__main__":
    main()
