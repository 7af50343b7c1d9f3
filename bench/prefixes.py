"""A chat that grows: the time to the first token of each turn, with earlier turns remembered and with every prompt read whole.

`python -m bench.prefixes` starts two servers of the same model side by side, one of them with `--prefix-cache-mib 0`, sends both the
same conversation over HTTP, streamed, turn by turn and in turns, and prints a table: tokens of the prompt, how many of them were
known, and the time to the first token of either, the median of some conversations. Both must give the same replies.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import requests

from tests import servers

WORDS = [
    "red",
    "blue",
    "cat",
    "dog",
    "sun",
    "moon",
    "tree",
    "book",
    "car",
    "green",
    "house",
    "water",
    "fire",
    "bird",
    "fish",
    "apple",
    "table",
    "happy",
    "big",
    "small",
    "day",
    "night",
]


@dataclass(frozen=True, slots=True)
class Turn:
    """One reply: seconds to the first token, tokens of the prompt, those known before, and the text."""

    first_s: float
    prompt: int
    cached: int
    text: str


@contextmanager
def server(folder: Path, model: str, *options: str) -> Iterator[str]:
    """A server's address, when it is ready."""
    running = servers.start(folder, "--model", model, *options)
    try:
        yield running.url
    finally:
        running.stop()


def ask(url: str, talk: list[dict[str, str]], tokens: int) -> Turn:
    """One streamed reply without thinking, of `tokens` tokens at most."""
    body: dict[str, Any] = {"messages": talk, "stream": True, "temperature": 0, "max_tokens": tokens}
    body |= {"reasoning": {"enabled": False}, "stream_options": {"include_usage": True}}
    began, first, text, usage = time.monotonic(), 0.0, "", {}
    with requests.post(f"{url}/v1/chat/completions", json=body, stream=True, timeout=600) as reply:
        reply.raise_for_status()
        for line in reply.iter_lines(chunk_size=1):
            if not line.startswith(b"data: {"):
                continue
            chunk = json.loads(line[6:])
            usage = chunk.get("usage") or usage
            said = "".join(choice["delta"].get("content") or "" for choice in chunk["choices"])
            first = first or (time.monotonic() - began if said else 0.0)
            text += said
    return Turn(first, usage["prompt_tokens"], usage["prompt_tokens_details"]["cached_tokens"], text)


def conversation(urls: list[str], turns: int, words: int, rng: random.Random) -> list[list[Turn]]:
    """Each server's turns; they take turns, so that both meet the same machine."""
    talk: list[dict[str, str]] = []
    said: list[list[Turn]] = [[] for _ in urls]
    for number in range(turns):
        text = f"Part {number}: {' '.join(rng.choices(WORDS, k=words))}. How many words is that?"
        talk.append({"role": "user", "content": text})
        for url, mine in zip(urls, said, strict=True):
            mine.append(ask(url, talk, 16))
        if said[0][-1].text != said[-1][-1].text:
            raise SystemExit(f"turn {number + 1}: {said[0][-1].text!r} is not {said[-1][-1].text!r}")
        talk.append({"role": "assistant", "content": said[0][-1].text})
    return said


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m bench.prefixes", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--model", default="nemoserve/mini", help="id or folder")
    p.add_argument("--turns", type=int, default=10)
    p.add_argument("--words", type=int, default=120, help="of each question")
    p.add_argument("--conversations", type=int, default=5)
    p.add_argument("--dtype", default="auto")
    args = p.parse_args()
    with tempfile.TemporaryDirectory() as folder, ExitStack() as running:
        options = ("--dtype", args.dtype)
        known = running.enter_context(server(Path(folder) / "known", args.model, *options))
        whole = running.enter_context(server(Path(folder) / "whole", args.model, *options, "--prefix-cache-mib", "0"))
        runs = [
            conversation([known, whole], args.turns, args.words, random.Random(n))
            for n in range(args.conversations + 1)
        ]
    print(
        "| turn | tokens of the prompt | known | first token, ms | read whole, ms | ratio |\n|---|---|---|---|---|---|"
    )
    for turn in range(args.turns):
        mine, theirs = ([run[side][turn] for run in runs[1:]] for side in (0, 1))  # the first one warms up
        fast, slow = (1000 * statistics.median(one.first_s for one in side) for side in (mine, theirs))
        print(f"| {turn + 1} | {mine[0].prompt} | {mine[0].cached} | {fast:.1f} | {slow:.1f} | {fast / slow:.2f} |")


if __name__ == "__main__":
    main()
