"""Asks a checkpoint the same problems at each effort, and notes which were right and what the thinking took.

`python -m training.labels --model FOLDER --out FILE` writes one line of JSON a problem. Greedy, through the engine that serves it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from tqdm import tqdm

from training.chat import Effort, render_prompt
from training.evaluate import EMBEDDED, Greedy, Reply, problems, thinking_tokens
from training.tasks import TASKS, Example, Split

SPLITS: tuple[Split, ...] = ("train", "problems", "phrasings")


@dataclass(frozen=True, slots=True)
class Label:
    """One problem, and what became of it at each effort."""

    task: str
    split: str
    messages: list[dict[str, Any]]
    tools: list[dict[str, Any]] | None
    direct: bool
    """Right without thinking."""
    thought: bool
    """Right with thinking."""
    tokens: int
    """Of the thinking."""
    briefly: bool
    """Right with low effort."""
    brief_tokens: int
    """Of the thinking with low effort."""


def labels(model: Path, counts: dict[Split, int], seed: int) -> list[Label]:
    """`counts` problems of each split and task."""
    greedy = Greedy(model, 64, 400)
    asked: list[tuple[str, Split, Example]] = [
        (name, split, example)
        for split, count in counts.items()
        for name, task in TASKS.items()
        for example in problems(task, split, count, seed)
    ]
    closer = greedy.tokenizer.token_to_id("</think>")
    runs: dict[Effort, list[Reply]] = {}
    efforts: tuple[Effort, ...] = ("off", "low", "full")
    for effort in efforts:
        prompts = [render_prompt(e.messages, e.tools, effort) for _, _, e in asked]
        with tqdm(total=len(prompts), desc=f"effort {effort}", leave=False) as bar:
            runs[effort] = greedy.replies(prompts, bar)
    return [
        Label(
            name,
            split,
            example.messages,
            example.tools,
            greedy.answered(example, direct, thinking=False),
            greedy.answered(example, thought, thinking=True),
            thinking_tokens(thought.tokens, closer),
            greedy.answered(example, brief, thinking=True),
            thinking_tokens(brief.tokens, closer),
        )
        for (name, split, example), direct, brief, thought in zip(asked, *runs.values(), strict=True)
    ]


def write(found: list[Label], file: Path) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("".join(json.dumps(asdict(label), ensure_ascii=False) + "\n" for label in found))


def read(file: Path) -> list[Label]:
    return [Label(**json.loads(line)) for line in file.read_text().splitlines()]


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m training.labels", description=__doc__)
    p.add_argument("--model", type=Path, default=EMBEDDED)
    p.add_argument("--out", type=Path, default=Path("runs/labels.jsonl"))
    p.add_argument("--count", type=int, default=300, help="training problems per task")
    p.add_argument("--test-count", type=int, default=100, help="held-out problems per task, of each of two kinds")
    p.add_argument("--seed", type=int, default=11)
    args = p.parse_args()
    counts: dict[Split, int] = {split: args.count if split == "train" else args.test_count for split in SPLITS}
    found = labels(args.model, counts, args.seed)
    write(found, args.out)
    print(f"{len(found)} problems in {args.out}")


if __name__ == "__main__":
    main()
