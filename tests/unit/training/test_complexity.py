"""Fears about the fit: the package reads other trees than were grown, or decides otherwise than what was measured."""

from __future__ import annotations

import msgspec
import numpy as np

from nemoserve.config.settings import EMBEDDED_MODEL
from nemoserve.reasoning.complexity import Weights, decide
from training.boosting import Bins, Shape, boosted, flattened, total
from training.complexity import OUT, as_request, prompts, scored
from training.evaluate import problems
from training.labels import Label
from training.tasks import TASKS


def test_the_package_reads_other_trees_than_were_grown() -> None:
    rng = np.random.default_rng(3)
    raw = np.round(rng.normal(size=(400, 6)), 2)
    y = np.where(raw[:, 0] > 0.3, raw[:, 1], -1.0) + (raw[:, 2] > 0)
    bins = Bins(raw)
    x = bins.of(raw)
    trees = boosted(x, y, Shape(trees=40, depth=3, columns=1.0), rng)
    fitted = total(trees, x)
    assert 1 - ((fitted - y) ** 2).mean() / y.var() > 0.8, "it has learnt something"
    names = [f"f{column}" for column in range(6)]
    read = flattened(trees, names, bins, scale=2.0)
    for row, wanted in zip(raw, fitted, strict=True):
        verdict = read.judge(dict(zip(names, row.tolist(), strict=True)))
        assert abs(verdict.score - 2.0 * wanted) < 0.05
        assert verdict.yes == (verdict.probability > 0.5)


def test_hand_labelled_prompts_are_judged_otherwise_than_labelled() -> None:
    """On what it was fitted on it has to be right nearly always; how it does on others is in docs/benchmarks.md."""
    found = prompts()
    assert len(found) > 400
    thinks = [(decide(p.request).thinking != "none") == (p.thinking != "none") for p in found]
    sizes = [decide(p.request).size == p.size for p in found]
    assert sum(thinks) > 0.93 * len(found) and sum(sizes) > 0.91 * len(found)


def test_the_embedded_model_adds_in_its_head_or_thinks_about_what_it_only_has_to_recall() -> None:
    def share(task: str) -> float:
        found = problems(TASKS[task], "problems", 40, 5)
        thinks = [decide(as_request(e.messages, e.tools), EMBEDDED_MODEL).thinking != "none" for e in found]
        return sum(thinks) / len(thinks)

    assert share("add") > 0.95 and share("word_problem") > 0.95
    assert share("remember") < 0.8 and share("extract") < 0.8


def test_the_server_decides_otherwise_than_what_was_measured() -> None:
    found = [(name, e) for name, task in TASKS.items() for e in problems(task, "problems", 20, 5)]
    asked = [Label(name, "problems", e.messages, e.tools, False, False, 0, False, 0) for name, e in found]
    efforts = scored(asked, msgspec.json.decode(OUT.read_bytes(), type=Weights).own[EMBEDDED_MODEL])
    meant = {"none": "off", "some": "low", "much": "full"}
    assert [meant[decide(as_request(a.messages, a.tools), EMBEDDED_MODEL).thinking] for a in asked] == efforts
    assert set(efforts) == {"off", "low"}, "each is worth its while somewhere"
