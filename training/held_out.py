"""Writes the evaluation that lies beside the embedded model: held-out problems to ask, and seen ones to quantise by.

    python -m training.held_out            # again whenever tasks or template have changed

`nemoserve convert` reads the file. Only answers that are right in one form alone are asked for, so that comparing texts is enough.
"""

from __future__ import annotations

import argparse
import json
import random
from pathlib import Path

from training.chat import Effort, render_prompt, render_reply
from training.evaluate import EMBEDDED, problems
from training.tasks import TASKS

SEED = 11
EFFORTS: tuple[Effort, ...] = ("full", "low", "off")


def main() -> None:
    p = argparse.ArgumentParser(prog="python -m training.held_out", description=__doc__)
    p.add_argument("--model", type=Path, default=EMBEDDED, help="the folder that the file is for")
    p.add_argument("--count", type=int, default=30, help="problems per task")
    p.add_argument("--calibration", type=int, default=5, help="seen problems per task to quantise by")
    args = p.parse_args()
    asked = [
        {"task": task.name, "prompt": render_prompt(e.messages, e.tools, "full"), "answer": e.answer.strip()}
        for task in TASKS.values()
        for e in problems(task, "problems", args.count, SEED)
        if e.check is None
    ]
    rng = random.Random(SEED)
    seen = [
        render_prompt(e.messages, e.tools, effort) + render_reply(e, effort)
        for task in TASKS.values()
        for e in problems(task, "train", args.calibration, SEED)
        for effort in EFFORTS
    ]
    rng.shuffle(seen)
    evaluation = {"end_of_thinking": "</think>", "max_tokens": 400, "problems": asked, "calibration": seen}
    file = args.model / "evaluation.json"
    file.write_text(json.dumps(evaluation, indent=0, ensure_ascii=False) + "\n")
    print(f"{len(asked)} problems and {len(seen)} texts to quantise by: {file}")


if __name__ == "__main__":
    main()
