"""What thinking buys: accuracy against thinking tokens on the embedded model's held-out problems, for several budgets.

`python -m bench.reasoning` prints a table and draws a plot. Greedy, through the engine, budgets enforced in its decode loop as
the server has them enforced: a grace of a tenth while a newline is waited for, then the end of the thinking is forced.

Besides the fixed budgets there are `effort low`, as `"reasoning": {"effort": "low"}` has it: the template asks for a short working
(a fifth of `max_tokens` limits it too, which no working here reaches by the server's default); what `"reasoning": "auto"` decides
(`auto`: by the request alone, no model call); and two policies that look at the problem. `think if below`: answer directly first,
and think only if the least certain token of that answer had a probability below a threshold. `step up below`: the same, but first
with low effort, and in full only if that was unsure as well. With the API those are two and three calls, the first with
`reasoning: {"enabled": false}, "logprobs": true`. Thresholds are fitted on nothing: all that were tried are in the table.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import asdict, dataclass
from pathlib import Path

import msgspec
from tqdm import tqdm

from nemoserve.config.settings import EMBEDDED_MODEL
from nemoserve.engine.protocol import Thinking
from nemoserve.reasoning.budget import grace_of
from nemoserve.reasoning.complexity import decide
from training.chat import Effort, render_prompt
from training.complexity import as_request
from training.evaluate import EMBEDDED, Greedy, Reply, problems, thinking_tokens
from training.tasks import TASKS, Example, Split

BUDGETS = (16, 32, 64, 128)
THRESHOLDS = (0.2, 0.35, 0.5, 0.7, 0.9)
END = "\n</think>\n\n"
MAX_TOKENS = 400


@dataclass(frozen=True, slots=True)
class Point:
    """One policy: its accuracy in per cent, and the mean of its thinking tokens over all problems."""

    policy: str
    accuracy: float
    thinking_tokens: float


@dataclass(frozen=True, slots=True)
class Run:
    """One way of answering all problems: which were right, and the thinking tokens that each took."""

    right: list[bool]
    spent: list[int]
    replies: list[Reply]


class Problems:
    """Held-out problems of all tasks, the same number of each."""

    def __init__(self, model: Path, tasks: list[str], count: int, seed: int, split: Split) -> None:
        self.greedy = Greedy(model, 64, MAX_TOKENS)
        self.examples: list[Example] = [
            example for name in tasks for example in problems(TASKS[name], split, count, seed)
        ]
        self._sampling = self.greedy.sampling
        (self._closer,) = self.greedy.tokenizer.encode("</think>", add_special_tokens=False).ids

    def run(self, name: str, effort: Effort, budget: int | None = None) -> Run:
        """Answers all problems; `budget` None does not limit the thinking."""
        greedy, thinking = self.greedy, effort != "off"
        limits = None
        if budget is not None:
            end = tuple(greedy.tokenizer.encode(END, add_special_tokens=False).ids)
            limits = Thinking(budget=budget, grace=grace_of(budget), end=end)
        logprobs = None if effort == "full" else 0
        greedy.sampling = msgspec.structs.replace(self._sampling, thinking=limits, logprobs=logprobs)
        prompts = [render_prompt(e.messages, e.tools, effort) for e in self.examples]
        with tqdm(total=len(prompts), desc=name, leave=False) as bar:
            replies = greedy.replies(prompts, bar)
        right = [
            greedy.answered(example, reply, thinking=thinking)
            for example, reply in zip(self.examples, replies, strict=True)
        ]
        spent = [thinking_tokens(reply.tokens, self._closer) if thinking else 0 for reply in replies]
        return Run(right, spent, replies)


def mean(values: list[bool] | list[int] | list[float]) -> float:
    return sum(values) / len(values)


def point(policy: str, run: Run) -> Point:
    return Point(policy, 100 * mean(run.right), mean(run.spent))


def sure(run: Run, threshold: float) -> list[bool]:
    """Whether each reply's least certain token was at least that probable."""
    return [math.exp(reply.least_logprob) >= threshold for reply in run.replies]


def if_unsure(first: Run, second: Run, threshold: float) -> Run:
    """The first answer where it was sure, else the second, to which the cost of the first is added."""
    keep = sure(first, threshold)
    right = [a if k else b for k, a, b in zip(keep, first.right, second.right, strict=True)]
    spent = [a if k else a + b for k, a, b in zip(keep, first.spent, second.spent, strict=True)]
    return Run(right, spent, [])


def as_decided(examples: list[Example], runs: dict[str | None, Run]) -> Run:
    """Each problem with the effort that the server would give it of its own accord."""
    decisions = [decide(as_request(e.messages, e.tools), EMBEDDED_MODEL) for e in examples]
    of = [runs["none" if d.thinking == "none" else d.effort] for d in decisions]
    return Run([r.right[i] for i, r in enumerate(of)], [r.spent[i] for i, r in enumerate(of)], [])


def points(asked: Problems) -> list[Point]:
    direct = asked.run("off", "off")
    thought = asked.run("unlimited", "full")
    brief = asked.run("effort low", "low")
    found = [point("off", direct)]
    found += [point(f"budget {b}", asked.run(f"budget {b}", "full", b)) for b in BUDGETS]
    found.append(point("unlimited", thought))
    found.append(point("effort low", brief))
    found.append(point("auto", as_decided(asked.examples, {"none": direct, "low": brief, None: thought})))
    found += [point(f"think if below {t:g}", if_unsure(direct, thought, t)) for t in THRESHOLDS]
    found += [point(f"step up below {t:g}", if_unsure(direct, if_unsure(brief, thought, t), t)) for t in THRESHOLDS]
    return found


def table(found: list[Point]) -> str:
    """Markdown; savings and losses are against unlimited thinking."""
    whole = next(p for p in found if p.policy == "unlimited")
    rows = ["| policy | accuracy, % | thinking tokens | tokens saved, % | points lost |", "|---|---|---|---|---|"]
    for p in found:
        saved = 100 * (1 - p.thinking_tokens / whole.thinking_tokens)
        lost = whole.accuracy - p.accuracy
        rows.append(f"| {p.policy} | {p.accuracy:.1f} | {p.thinking_tokens:.1f} | {saved:.0f} | {lost:.1f} |")
    return "\n".join(rows)


def plot(found: list[Point], file: Path) -> None:
    import matplotlib

    matplotlib.use("svg")
    import matplotlib.pyplot as plt

    figure, axes = plt.subplots(figsize=(7, 4))
    fixed = [p for p in found if not p.policy.startswith(("think", "step", "auto", "effort"))]
    gated = [p for p in found if p.policy.startswith("think")]
    steps = [p for p in found if p.policy.startswith("step")]
    for group, label, mark in (
        (fixed, "fixed budget", "o-"), (gated, "think if unsure", "s--"), (steps, "step up if unsure", "^:"),
    ):  # fmt: skip
        axes.plot([p.thinking_tokens for p in group], [p.accuracy for p in group], mark, label=label)
        for p in group:
            short = p.policy.removeprefix("budget ").removeprefix("think if below ").removeprefix("step up below ")
            axes.annotate(short, (p.thinking_tokens, p.accuracy), textcoords="offset points", xytext=(4, -10), size=8)
    for p, mark in zip((p for p in found if p.policy in ("effort low", "auto")), "*D", strict=True):
        axes.plot([p.thinking_tokens], [p.accuracy], mark, markersize=9, label=p.policy)
    axes.set(xlabel="thinking tokens per problem", ylabel="held-out accuracy, %", title="What thinking buys")
    axes.grid(alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(file, metadata={"Date": None})
    plt.close(figure)


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m bench.reasoning", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--model", type=Path, default=EMBEDDED)
    p.add_argument("--tasks", nargs="*", choices=list(TASKS), default=list(TASKS), help="all by default")
    p.add_argument("--count", type=int, default=100, help="problems per task")
    p.add_argument("--seed", type=int, default=11)
    p.add_argument("--split", choices=["problems", "phrasings"], default="problems", help="seen or held-out phrasings")
    p.add_argument("--plot", type=Path, default=Path("docs/images/reasoning.svg"))
    p.add_argument("--json", type=Path, help="also write the points here")
    args = p.parse_args()
    asked = Problems(args.model, args.tasks, args.count, args.seed, args.split)
    found = points(asked)
    print(f"{len(asked.examples)} held-out problems of {len(args.tasks)} tasks\n\n{table(found)}")
    plot(found, args.plot)
    if args.json:
        args.json.write_text(json.dumps([asdict(x) for x in found], indent=1) + "\n")


if __name__ == "__main__":
    main()
