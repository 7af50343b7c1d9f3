"""Tokens per second through HTTP beside the engine's own, at several requests at once: what is lost between the two.

`python -m bench.serving` serves the embedded model and the random 0.44 B model (in int4 and bfloat16) with `nemoserve serve` and keeps 1, 4
and 16 chat requests under way, whole and streamed; in turns with that, the engine's core alone in this process does the same
work: as many requests under way, of as many tokens, without gateway, socket and text. Client, gateway and engine share the machine's
cores, the engine alone has them to itself. Shares are medians of the rounds' ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import torch
import uvloop
from rich.console import Console
from rich.progress import Progress

from bench.engine import checkpoints
from bench.engine.__main__ import processor
from bench.engine.process import as_served
from bench.load import load
from nemoserve.engine.constraint import Constraints
from nemoserve.engine.core import EngineCore
from nemoserve.engine.models import load_model
from nemoserve.engine.protocol import Finished, Sampling, Submit
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits
from tests import servers

QUESTION = (
    "How many apples are left of seven when two are eaten? Say how you know, and name some fruits that are not apples."
)


@dataclass(slots=True)
class Row:
    """Tokens per second of each round, of one model at one number of requests."""

    model: str
    at_once: int
    own: list[float] = field(default_factory=list[float])
    whole: list[float] = field(default_factory=list[float])
    streamed: list[float] = field(default_factory=list[float])

    def share(self, what: str) -> float:
        return statistics.median(a / b for a, b in zip(getattr(self, what), self.own, strict=True))


class Core:
    """The engine's core, as the worker makes it, without what it remembers of earlier prompts."""

    def __init__(self, folder: Path, dtype: str, sequences: int) -> None:
        model = load_model(folder, dtype=dtype, device="cpu")
        self.vocab = model.config.vocab_size
        cache = model.new_cache(sequences, sequences * 2048)
        self._core = EngineCore(
            Runner(model, cache), cache, Limits(sequences, sequences * 2048, sequences),
            context_length=model.config.context_length, vocab_size=self.vocab,
            constraints=Constraints(folder, self.vocab),
        )  # fmt: skip
        self._count = 0

    def rate(self, at_once: int, prompt: int, tokens: int, seconds: float) -> float:
        """Tokens per second with so many requests under way for so long; those that are then under way are finished and count."""
        sampling = Sampling(max_tokens=tokens, temperature=0.0, ignore_eos=True)

        def submit() -> None:
            self._count += 1
            ids = [(97 * self._count + 31 * at) % (self.vocab - 64) + 32 for at in range(prompt)]
            assert not self._core.submit(Submit(str(self._count), ids, sampling))

        finished = 0
        began = time.perf_counter()
        for _ in range(at_once):
            submit()
        while self._core.has_work:
            for message in self._core.step():
                if isinstance(message, Finished):
                    finished += 1
                    if time.perf_counter() - began < seconds:
                        submit()
        return finished * tokens / (time.perf_counter() - began)


@contextmanager
def serving(folder: Path, data: Path, dtype: str, sequences: int, threads: int) -> Iterator[servers.Server]:
    """A server of this checkpoint that reads every prompt whole."""
    options = ["--model", str(folder), "--dtype", dtype, "--max-sequences", str(sequences), "--prefix-cache-mib", "0"]
    server = servers.start(data, *options, "--threads", str(threads))
    try:
        yield server
    finally:
        server.stop()


def question(server: servers.Server, tokens: int, *, stream: bool) -> bytes:
    """The bytes of one chat request."""
    fields = {
        "stream": stream,
        "max_tokens": tokens,
        "temperature": 0,
        "ignore_eos": True,
        "reasoning": {"enabled": False},
    }
    body = json.dumps(server.question(QUESTION, fields)).encode()
    port = server.url.rsplit(":", 1)[1]
    head = f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def http_rate(server: servers.Server, at_once: int, tokens: int, seconds: float, *, stream: bool) -> float:
    """Tokens per second through HTTP, measured as the core's are."""
    port = int(server.url.rsplit(":", 1)[1])
    run = uvloop.run(load(port, question(server, tokens, stream=stream), at_once, seconds))
    return run.rate * tokens


def measure(name: str, folder: Path, dtype: str, data: Path, args: argparse.Namespace, advance: Progress) -> list[Row]:
    rows = [Row(name, at_once) for at_once in args.concurrency]
    bar = advance.add_task(name, total=len(rows) * (args.rounds + 1))
    most = max(args.concurrency)
    core = Core(folder, dtype, most)
    with serving(folder, data, dtype, most, args.threads) as server:
        fields = {"max_tokens": args.tokens, "temperature": 0, "ignore_eos": True, "reasoning": {"enabled": False}}
        usage = server.chat(QUESTION, **fields).json()["usage"]
        if usage["completion_tokens"] != args.tokens:
            raise SystemExit(f"{name}: a reply has {usage['completion_tokens']} tokens in place of {args.tokens}")
        for row in rows:
            for number in range(args.rounds + 1):
                seconds = args.seconds if number else 0.5
                own = core.rate(row.at_once, usage["prompt_tokens"], args.tokens, seconds)
                whole = http_rate(server, row.at_once, args.tokens, seconds, stream=False)
                streamed = http_rate(server, row.at_once, args.tokens, seconds, stream=True)
                if number:
                    row.own.append(own)
                    row.whole.append(whole)
                    row.streamed.append(streamed)
                advance.advance(bar)
    return rows


def table(rows: list[Row]) -> str:
    """As Markdown."""
    lines = ["| model | at once | engine, tokens/s | whole | share | streamed | share |", "|" + "---|" * 7]
    for row in rows:
        own, whole, streamed = (statistics.median(rates) for rates in (row.own, row.whole, row.streamed))
        cells = [row.model, str(row.at_once), f"{own:.0f}"]
        cells += [f"{whole:.0f}", f"{row.share('whole'):.2f}", f"{streamed:.0f}", f"{row.share('streamed'):.2f}"]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m bench.serving", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--models", nargs="*", choices=["mini", "0.44B", "tiny"], default=["mini", "0.44B"])
    p.add_argument(
        "--dtypes",
        nargs="*",
        choices=["float32", "bfloat16", "int8", "int4"],
        default=["int4", "bfloat16"],
        help="of the random model",
    )
    p.add_argument("--concurrency", nargs="*", type=int, default=[1, 4, 16])
    p.add_argument("--tokens", type=int, default=64, help="of each reply")
    p.add_argument("--seconds", type=float, default=5.0, help="of each round, and side")
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--threads", type=int, default=os.cpu_count() or 1, help="of the engine")
    p.add_argument("--room", type=Path, help="keep the models in this folder, and take those that are there")
    args = p.parse_args()
    as_served()
    torch.set_num_threads(args.threads)
    rows: list[Row] = []
    with ExitStack() as kept, Progress(console=Console(stderr=True)) as progress:
        data = Path(kept.enter_context(tempfile.TemporaryDirectory()))
        room = args.room or data / "models"
        room.mkdir(parents=True, exist_ok=True)
        for name in args.models:
            if name == "mini":
                rows += measure("embedded, float32", checkpoints.MINI, "auto", data / "mini", args, progress)
                continue
            source = checkpoints.hybrid(room / name, checkpoints.TINY if name == "tiny" else checkpoints.NH_044B)
            for dtype in args.dtypes:
                quantised = dtype.startswith("int")
                folder = (
                    checkpoints.quantised(source, room / f"{name}-{dtype}", dtype, progress) if quantised else source
                )
                own = "auto" if quantised else dtype
                rows += measure(f"{name}, {dtype}", folder, own, data / f"{name}-{dtype}", args, progress)
    print(f"{processor()}, {args.threads} threads; torch {torch.__version__}\n\n{table(rows)}")


if __name__ == "__main__":
    main()
