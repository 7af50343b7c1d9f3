"""What keys and the ledger cost: requests per second and latency of the gateway with them and without, in one run, as ratios.

Two servers run side by side: one without keys whose ledger is never written, and `nemoserve serve --require-key` with a key that has
limits. They stand before an engine that answers at once (`bench/instant_engine.py`), where every microsecond of theirs shows, or with
`--engine embedded` before the embedded model, which is what a user gets. Rounds alternate between them, because the speed of a
shared machine drifts; the ratio is the median of the rounds' ratios. The client is a bare asyncio protocol on uvloop that reads no
JSON, yet it shares the cores with the servers: rates are of this machine and its client, ratios are of the gateway. The gateway's
own CPU time per request, all of its threads together, hardly depends on what else the machine does.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import platform
import re
import socket
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil
import uvloop
from rich.console import Console
from rich.progress import Progress
from rich.table import Table

from bench.instant_engine import ENGINE_VARIABLE, LEDGER_VARIABLE, TOKENS_VARIABLE
from bench.load import Run, load

_KEY = re.compile(r"sk-nemo-[A-Za-z0-9]+-[A-Za-z0-9]+")
_LIMITS = ("--limit", "1000", "--limit-reset", "monthly", "--requests-per-minute", "1000000")
_START_S = 60.0
_WRITTEN_S = 0.4
"""For the last lines of a round."""


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement. Rates are requests per second, medians over the rounds; latencies are milliseconds."""

    what: str
    concurrency: int
    off_rate: float
    off_p50: float
    off_p99: float
    off_cpu: float
    """Microseconds of the gateway per request, the median of the rounds; so is `on_cpu`."""
    on_rate: float | None = None
    on_p50: float | None = None
    on_p99: float | None = None
    on_cpu: float | None = None
    ratio: float | None = None
    """Rate with keys and ledger over the rate without, the median of the rounds' ratios."""


@dataclass(frozen=True)
class Side:
    """A running server and the key that it wants."""

    port: int
    key: str | None
    pid: int

    def cpu_s(self) -> float:
        """What the gateway has used until now; not its engine."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def request(self, *, stream: bool, tokens: int) -> bytes:
        """The bytes of one chat call, for a reply of so many tokens, whatever the model would say."""
        question = {
            "messages": [{"role": "user", "content": "How many apples are left of seven when two are eaten?"}],
            "reasoning": {"enabled": False},
            "stream": stream,
            "max_tokens": tokens + 1,
            "ignore_eos": True,
        }
        body = json.dumps(question).encode()
        key = f"Authorization: Bearer {self.key}\r\n" if self.key else ""
        head = (
            f"POST /v1/chat/completions HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{key}"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body


@contextlib.contextmanager
def server(folder: Path, tokens: int, engine: str, *, keys: bool) -> Iterator[Side]:
    """A server with a data folder of its own, ready to answer. `engine`: instant or embedded."""
    folder.mkdir()
    key = _make_key(folder) if keys else None
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    options = ["--port", str(port), "--data-dir", str(folder), *(["--require-key"] if keys else [])]
    log = folder / "server.log"
    with log.open("wb") as sink:
        process = subprocess.Popen(
            [sys.executable, "-m", "bench.instant_engine", "serve", *options],
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            env={
                **os.environ,
                TOKENS_VARIABLE: str(tokens),
                LEDGER_VARIABLE: str(int(keys)),
                ENGINE_VARIABLE: engine,
            },
        )
    try:
        deadline = time.monotonic() + _START_S
        while not _ready(port):
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"The server did not start:\n{log.read_text()}")
            time.sleep(0.05)
        yield Side(port, key, process.pid)
    finally:
        process.terminate()
        process.wait(30)


def _make_key(folder: Path) -> str:
    command = [
        sys.executable,
        "-m",
        "nemoserve",
        "keys",
        "create",
        "bench",
        *_LIMITS,
        "--json",
        "--data-dir",
        str(folder),
    ]
    made = subprocess.run(command, capture_output=True, text=True, check=False)
    found = _KEY.search(made.stdout)
    if found is None:
        raise SystemExit(f"No key could be made:\n{made.stderr or made.stdout}")
    return found[0]


def _ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/v1/health/ready", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def measure(sides: dict[str, Side], stream: bool, concurrency: int, args: argparse.Namespace) -> Row:
    """All rounds of one cell of the table."""
    runs: dict[str, list[Run]] = {name: [] for name in sides}
    for turn in range(args.rounds + 1):
        order = list(sides) if turn % 2 else list(reversed(sides))
        for name in order:
            request = sides[name].request(stream=stream, tokens=args.tokens)
            # The first round warms up and is not counted.
            before = sides[name].cpu_s()
            run = uvloop.run(load(sides[name].port, request, concurrency, args.seconds if turn else 0.5))
            time.sleep(_WRITTEN_S)
            run.cpu_s = sides[name].cpu_s() - before
            if turn:
                runs[name].append(run)
    cells: dict[str, float] = {}
    for name, done in runs.items():
        latencies = sorted(1e3 * value for run in done for value in run.latencies)
        cells[f"{name}_rate"] = statistics.median(run.rate for run in done)
        cells[f"{name}_p50"] = latencies[len(latencies) // 2]
        cells[f"{name}_cpu"] = statistics.median(1e6 * run.cpu_s / len(run.latencies) for run in done)
        cells[f"{name}_p99"] = latencies[int(0.99 * (len(latencies) - 1))]
    if "on" in runs:
        cells["ratio"] = statistics.median(a.rate / b.rate for a, b in zip(runs["on"], runs["off"], strict=True))
    return Row("streamed" if stream else "whole", concurrency, **cells)


def main() -> None:
    p = argparse.ArgumentParser(
        prog="python -m bench.gateway", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--concurrency", nargs="*", type=int, default=[1, 16, 64])
    p.add_argument("--tokens", type=int, default=16, help="tokens of every reply")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=2.0, help="of each server in each round")
    p.add_argument("--engine", choices=["instant", "embedded"], default="instant", help="who answers")
    p.add_argument("--off-only", action="store_true", help="measure the server without keys alone")
    p.add_argument("--json", type=Path, help="also write the rows and the machine here")
    args = p.parse_args()
    console = Console()
    if not console.is_terminal:
        console = Console(width=110)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as running:
        sides = {"off": running.enter_context(server(Path(folder) / "off", args.tokens, args.engine, keys=False))}
        if not args.off_only:
            sides["on"] = running.enter_context(server(Path(folder) / "on", args.tokens, args.engine, keys=True))
        cells = [(stream, concurrency) for stream in (False, True) for concurrency in args.concurrency]
        with Progress(console=console, transient=True) as progress:
            for stream, concurrency in progress.track(cells, description="measuring"):
                rows.append(measure(sides, stream, concurrency, args))
    machine = (
        f"{platform.processor() or platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    )
    table = Table(
        title=f"The gateway with keys and ledger beside without; {args.tokens} tokens a reply; {machine}",
        caption=f"Client, gateway and engine ({args.engine}) share these cores. ms from request to last byte.",
    )
    measured = ("p50 ms", "p99 ms", "CPU µs")
    columns = ("answer", "at once", *("req/s off", *measured), *("req/s on", *measured), "on / off")

    for column in columns:
        table.add_column(column, justify="left" if column == "answer" else "right")
    for row in rows:
        off = (f"{row.off_rate:.0f}", f"{row.off_p50:.2f}", f"{row.off_p99:.2f}", f"{row.off_cpu:.0f}")
        on = [f"{value:.{digits}f}" if value is not None else "" for value, digits in (
            (row.on_rate, 0), (row.on_p50, 2), (row.on_p99, 2), (row.on_cpu, 0), (row.ratio, 3),
        )]  # fmt: skip
        table.add_row(row.what, str(row.concurrency), *off, *on)
    console.print(table)
    if args.json:
        found = {
            "machine": machine,
            "engine": args.engine,
            "tokens": args.tokens,
            "rows": [asdict(row) for row in rows],
        }
        args.json.write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
