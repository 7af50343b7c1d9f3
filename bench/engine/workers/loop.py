"""A measured process's conversation: one JSON object a line, orders in and times out. Standard library only: it runs in any environment.

An order is {"do": "prefill", "length": n} or {"do": "decode", "batch": n, "context": n, "steps": n}; the answer {"seconds": s}, or
{"error": text}. The first line says {"version": text} and what else the engine tells of itself.
"""

from __future__ import annotations

import json
import os
import random
import sys
from typing import Any, Protocol


class Engine(Protocol):
    def prefill(self, ids: list[int]) -> float:
        """Seconds to read a prompt up to its first token."""
        ...

    def decode(self, prompts: list[list[int]], steps: int) -> float:
        """Seconds of so many further tokens of each prompt, after the prompts and two tokens each, all of them together."""
        ...


def serve(engine: Engine, vocab: int, told: dict[str, Any]) -> None:
    """Answers orders until there are no more. What the engine prints goes to stderr (`quiet`)."""
    _answer(told)
    rng = random.Random(0)

    def prompt(length: int) -> list[int]:
        return [rng.randrange(16, vocab) for _ in range(length)]

    for line in sys.stdin:
        order = json.loads(line)
        try:
            if order["do"] == "prefill":
                seconds = engine.prefill(prompt(order["length"]))
            else:
                seconds = engine.decode([prompt(order["context"]) for _ in range(order["batch"])], order["steps"])
            _answer({"seconds": seconds})
        except Exception as error:
            _answer({"error": f"{type(error).__name__}: {error}"[:300]})


def _answer(message: dict[str, Any]) -> None:
    _out.write(json.dumps(message) + "\n")
    _out.flush()


# Before an engine is imported: whatever it prints must not come between the answers.
_out = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)
