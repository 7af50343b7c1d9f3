"""Fits what decides whether to think, how long, and how large a model to ask: `src/nemoserve/reasoning/complexity.json`.

`python -m training.complexity` asks the embedded model training problems without thinking, with little and with much, fits, writes the file and prints
what it saves on held-out problems. `--labels FILE` takes the answers of an earlier run (`training.labels`) instead.

Two kinds of data. Prompts labelled by hand (`prompts.txt`) make the scorers for models of ordinary abilities. The embedded model,
which needs to think about far simpler things, has a scorer of its own, fitted on what it gets right: thinking with low effort is
worth its while where it gains more than it costs, at the price per token that loses the points that may be lost. What thinking in full
gains over low effort is too little, and too rare, for a fit to find where.
"""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import numpy as np

from nemoserve.config.settings import EMBEDDED_MODEL
from nemoserve.http.wire_chat import ChatBody, read_chat
from nemoserve.reasoning.complexity import Weights
from nemoserve.reasoning.complexity_features import features
from nemoserve.reasoning.scores import Linear, Trees
from nemoserve.types.chat import ChatRequest
from training.boosting import Bins, Shape, boosted, flattened, total
from training.chat import Effort
from training.evaluate import EMBEDDED
from training.labels import SPLITS, Label, labels, read, write

PROMPTS = Path(__file__).with_name("prompts.txt")
OUT = Path(__file__).parents[1] / "src" / "nemoserve" / "reasoning" / "complexity.json"
FOLDS = 5
WORDS = 200
PRICES = tuple(0.0002 * 1.05**step for step in range(100))
"""Of a token of thinking, in right answers: those that are tried."""
_LINE = re.compile(r"(none|some|much) (small|large) (?:\{(.*?)\} )?\| (.*)")
_HISTORY = [
    {"role": "user", "content": "What about the first one?"},
    {"role": "assistant", "content": "Here is what I think of it."},
]
_TOOLS = [
    {"type": "function", "function": {"name": name, "parameters": {"type": "object"}}} for name in ("a", "b", "c")
]
_JSON = {"type": "json_object"}

Found = dict[str, float]


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt labelled by hand."""

    thinking: str
    size: str
    request: ChatRequest
    text: str


def as_request(messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None, **fields: Any) -> ChatRequest:
    """The request as the server reads it."""
    body = {"messages": messages, **({"tools": tools} if tools else {}), **fields}
    return read_chat(msgspec.convert(body, ChatBody), most_choices=1)


def prompts() -> list[Prompt]:
    found: list[Prompt] = []
    for line in PROMPTS.read_text().splitlines():
        if match := _LINE.fullmatch(line):
            thinking, size, besides, text = match.groups()
            text = text.replace("\\n", "\n")
            messages = [*(_HISTORY * 2 if besides == "history" else []), {"role": "user", "content": text}]
            fields = {"response_format": _JSON} if besides == "json" else {}
            tools = _TOOLS if besides == "tools" else None
            found.append(Prompt(thinking, size, as_request(messages, tools, **fields), text))
    return found


class Columns:
    """Features as a matrix with a column each, centred and scaled; turned back into weights for features as they are."""

    def __init__(self, rows: Sequence[Found], names: Sequence[str]) -> None:
        self.names = list(names)
        raw = self._raw(rows)
        self._mean, self._scale = raw.mean(axis=0), raw.std(axis=0)
        # What is nearly never there must not weigh a hundred times as much for it.
        self._scale = np.maximum(self._scale, 0.1)

    def _raw(self, rows: Sequence[Found]) -> np.ndarray:
        return np.array([[row.get(name, 0.0) for name in self.names] for row in rows])

    def matrix(self, rows: Sequence[Found]) -> np.ndarray:
        scaled = (self._raw(rows) - self._mean) / self._scale
        return np.concatenate([scaled, np.ones((len(rows), 1))], axis=1)

    def scorer(self, weights: np.ndarray) -> Linear:
        slopes = weights[:-1] / self._scale
        kept = {
            name: (float(f"{slope:.4g}"), float(f"{mean:.4g}"))
            for name, slope, mean, scaled in zip(self.names, slopes, self._mean, weights[:-1], strict=True)
            if abs(scaled) > 0.004
        }
        return Linear(float(f"{weights[-1]:.4g}"), kept)


def logistic(x: np.ndarray, y: np.ndarray, weight: np.ndarray, ridge: float) -> np.ndarray:
    """Weights of the columns by Newton's method; the last column, the constant, is not held back by the ridge."""
    held = np.full(x.shape[1], ridge)
    held[-1] = 1e-6
    b = np.zeros(x.shape[1])
    for _ in range(25):
        p = 1 / (1 + np.exp(-np.clip(x @ b, -30, 30)))
        gradient = x.T @ (weight * (p - y)) + held * b
        curvature = (x * (weight * np.maximum(p * (1 - p), 1e-4))[:, None]).T @ x + np.diag(held)
        step = np.linalg.solve(curvature, gradient)
        b -= step
        if np.abs(step).max() < 1e-5:
            break
    return b


def out_of_fold(count: int, seed: int, fit: Callable[[np.ndarray], Callable[[np.ndarray], np.ndarray]]) -> np.ndarray:
    """Scores of all rows, each by a fit on the folds that it is not in."""
    order = np.random.default_rng(seed).permutation(count)
    scores = np.zeros(count)
    for fold in range(FOLDS):
        tested = order[fold::FOLDS]
        scores[tested] = fit(np.setdiff1d(order, tested))(tested)
    return scores


def general(seed: int, ridge: float = 10.0) -> tuple[dict[str, Linear], str]:
    """The scorers of ordinary models, and a table of how well they do on prompts that they were not fitted on."""
    asked = prompts()
    rows = [features(prompt.request) for prompt in asked]
    names = sorted({name for row in rows for name in row if not name.startswith("“")})
    wanted = {
        "think": np.array([p.thinking != "none" for p in asked], float),
        "much": np.array([p.thinking == "much" for p in asked], float),
        "large": np.array([p.size == "large" for p in asked], float),
    }
    scorers: dict[str, Linear] = {}
    lines = ["| question | prompts | yes, % | right, % | without a look, % |", "|---|---|---|---|---|"]
    for what, y in wanted.items():
        columns = Columns(rows, names)
        x, ones = columns.matrix(rows), np.ones(len(rows))
        scorers[what] = columns.scorer(logistic(x, y, ones, ridge))

        def fitted(train: np.ndarray, x: np.ndarray = x, y: np.ndarray = y) -> Callable[[np.ndarray], np.ndarray]:
            b = logistic(x[train], y[train], np.ones(len(train)), ridge)
            return lambda tested: x[tested] @ b

        right = (out_of_fold(len(rows), seed, fitted) > 0) == y
        yes = 100 * y.mean()
        lines.append(f"| {what} | {len(rows)} | {yes:.0f} | {100 * right.mean():.1f} | {max(yes, 100 - yes):.0f} |")
    return scorers, "\n".join(lines)


@dataclass(frozen=True, slots=True)
class Policy:
    """What a way to decide comes to."""

    accuracy: float
    tokens: float


def policy(asked: Sequence[Label], efforts: Sequence[Effort]) -> Policy:
    """In per cent, and the mean thinking tokens of a problem."""
    ways = [
        {"off": (a.direct, 0), "low": (a.briefly, a.brief_tokens), "full": (a.thought, a.tokens)}[effort]
        for a, effort in zip(asked, efforts, strict=True)
    ]
    return Policy(100 * sum(right for right, _ in ways) / len(ways), sum(tokens for _, tokens in ways) / len(ways))


def chosen(worth: Sequence[float]) -> list[Effort]:
    """What the server makes of what thinking is worth."""
    return ["low" if score > 0 else "off" for score in worth]


def own_scorer(asked: Sequence[Label], seed: int, may_lose: float) -> tuple[Trees, str]:
    """The measured model's scorer, and how its price of a token was found.

    What thinking gains and what it takes are estimated apart, each problem by trees that have not seen it. Of the prices the one is
    taken that saves most there while it loses no more than `may_lose` points; the scorer estimates what is left of the gain.
    """
    rows = [features(as_request(a.messages, a.tools)) for a in asked]
    names = column_names(rows)
    raw = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    bins = Bins(raw)
    x = bins.of(raw)
    rng = np.random.default_rng(seed)
    gain = np.array([float(a.briefly) - float(a.direct) for a in asked])
    cost = np.array([float(a.brief_tokens) for a in asked])

    def estimated(y: np.ndarray) -> np.ndarray:
        def fitted(train: np.ndarray) -> Callable[[np.ndarray], np.ndarray]:
            trees = boosted(x[train], y[train], Shape(), rng)
            return lambda tested: total(trees, x[tested])

        return out_of_fold(len(rows), seed, fitted)

    likely, tokens = estimated(gain), estimated(cost)
    always = policy(asked, ["full"] * len(asked))
    best, price = (0.0, 0.0), 0.0
    for tried in PRICES:
        now = policy(asked, chosen((likely - tried * tokens).tolist()))
        saved, lost = 1 - now.tokens / always.tokens, always.accuracy - now.accuracy
        if lost <= may_lose and saved > best[0]:
            best, price = (saved, lost), tried
    worth = likely - price * tokens
    scale = logistic(worth[:, None], (gain > price * cost).astype(float), np.ones(len(rows)), 1e-3)[0]
    told = f"A token costs {price:.5f} right answers; outside the fit that saves {100 * best[0]:.0f} % for {best[1]:.1f} points."
    return flattened(boosted(x, gain - price * cost, Shape(), rng), names, bins, scale), told


def column_names(rows: Sequence[Found]) -> list[str]:
    """The features of shape, and the most frequent words and pairs of words."""
    seen = Counter(name for row in rows for name in row)
    shape = sorted(name for name in seen if not name.startswith("“"))
    words = sorted((name for name in seen if name.startswith("“")), key=lambda name: (-seen[name], name))
    return [*shape, *words[:WORDS]]


def scored(asked: Sequence[Label], scorer: Trees) -> list[Effort]:
    return chosen([scorer.judge(features(as_request(a.messages, a.tools))).score for a in asked])


def known(a: Label) -> Effort:
    """The cheapest effort that answers rightly; none where none does."""
    return "low" if a.briefly and not a.direct else "full" if a.thought and not a.direct else "off"


def table(asked: Sequence[Label], scorer: Trees) -> str:
    """Markdown; savings and losses are against always thinking."""
    ways: dict[str, Sequence[Effort]] = {
        "always on": ["full"] * len(asked),
        "always low": ["low"] * len(asked),
        "always off": ["off"] * len(asked),
        "auto": scored(asked, scorer),
        "if one knew the answers": [known(a) for a in asked],
    }
    whole = policy(asked, ways["always on"])
    lines = ["| policy | accuracy, % | thinking tokens | tokens saved, % | points lost |", "|---|---|---|---|---|"]
    for name, efforts in ways.items():
        p = policy(asked, efforts)
        saved, lost = 100 * (1 - p.tokens / whole.tokens), whole.accuracy - p.accuracy
        lines.append(f"| {name} | {p.accuracy:.1f} | {p.tokens:.1f} | {saved:.0f} | {lost:.1f} |")
    return "\n".join(lines)


def by_task(asked: Sequence[Label], scorer: Trees) -> str:
    lines = ["| task | off, % | low, % | on, % | auto, % | thinks, % |", "|---|---|---|---|---|---|"]
    for task in dict.fromkeys(a.task for a in asked):
        of = [a for a in asked if a.task == task]
        efforts = scored(of, scorer)
        fixed: tuple[Effort, ...] = ("off", "low", "full")
        ways = [policy(of, way).accuracy for way in (*([effort] * len(of) for effort in fixed), efforts)]
        thinks = 100 * sum(effort != "off" for effort in efforts) / len(of)
        lines.append(f"| {task} | {' | '.join(f'{figure:.0f}' for figure in (*ways, thinks))} |")
    return "\n".join(lines)


def written(weights: Weights) -> str:
    """The file, a line for each scorer."""
    fields = msgspec.to_builtins(weights)
    lines = (f"{json.dumps(name)}: {json.dumps(value, ensure_ascii=False)}" for name, value in fields.items())
    return "{\n" + ",\n".join(lines) + "\n}\n"


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m training.complexity", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--model", type=Path, default=EMBEDDED, help="the checkpoint that is asked")
    p.add_argument("--id", default=EMBEDDED_MODEL, help="the id under which it is served")
    p.add_argument("--labels", type=Path, help="answers of an earlier run; none are asked for then")
    p.add_argument("--count", type=int, default=1200, help="training problems per task")
    p.add_argument("--test-count", type=int, default=100, help="held-out problems per task, of each of two kinds")
    p.add_argument("--may-lose", type=float, default=1.1, help="points on training problems, outside the fit")
    p.add_argument("--seed", type=int, default=11)
    p.add_argument("--out", type=Path, default=OUT)
    args = p.parse_args()
    general_scorers, told = general(args.seed)
    print(f"Prompts labelled by hand, each judged by a fit on the others\n\n{told}\n", flush=True)
    if args.labels:
        asked = read(args.labels)
    else:
        asked = labels(args.model, {s: args.count if s == "train" else args.test_count for s in SPLITS}, args.seed)
        write(asked, Path("runs/labels.jsonl"))
    scorer, told = own_scorer([a for a in asked if a.split == "train"], args.seed, args.may_lose)
    print(f"\n{told}")
    weights = Weights(own={args.id: scorer}, **general_scorers)
    args.out.write_text(written(weights))
    for split, heading in (("problems", "seen phrasings"), ("phrasings", "held-out phrasings")):
        of = [a for a in asked if a.split == split]
        print(f"\n### Held-out problems, {heading} ({len(of)})\n\n{table(of, scorer)}\n\n{by_task(of, scorer)}")


if __name__ == "__main__":
    main()
