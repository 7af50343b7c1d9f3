"""Mixed load over HTTP for as long as wanted, and what must hold meanwhile: memory, no stuck request, books that agree when idle.

`python -m bench.soak --minutes 30` starts a server with the embedded model and asks it from several clients at once: short and long
prompts, whole answers and streams, streams that are cut anywhere, requests that are given up, several choices, strict JSON, thinking
budgets, chats that grow, thinking that is ended from outside. After each `--every` seconds all clients rest, and what must
then hold is looked at: nothing runs, waits or has KV tokens reserved (`/metrics`), the engine's own look at slots, cache rows and snapshots
(it writes "idle, but" to its log when something is left over), no engine has died, no line of the ledger is lost. Prints a line
for each rest; the exit status is 1 when something did not hold. After the first third of the time, neither gateway nor engine may
grow by more than `--may-grow` MiB.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import random
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psutil
import requests

from bench.prefixes import WORDS
from tests import servers
from tests.servers import Server

_PATIENCE_S = 120.0
"""A request that takes longer is stuck."""
_SETTLE_S = 15.0
_SAID = 30
"""So many wrong things are printed, and all are counted."""
_SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string", "maxLength": 12}, "count": {"type": "integer"}},
    "required": ["name", "count"],
    "additionalProperties": False,
}
_OFF = {"reasoning": {"enabled": False}}


class Wrong(Exception):
    """An answer is not what was asked for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One rest: seconds since the start, requests so far, and resident MiB."""

    at: float
    requests: int
    gateway: float
    engine: float


@dataclass(slots=True)
class Findings:
    """What happened; for several threads."""

    wrong: list[str] = field(default_factory=list[str])
    counts: Counter[str] = field(default_factory=Counter[str])
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, what: str) -> None:
        with self.lock:
            self.counts[what] += 1

    def report(self, text: str) -> None:
        with self.lock:
            self.wrong.append(text)
            if len(self.wrong) <= _SAID:
                print(f"WRONG: {text}", flush=True)


def growth(samples: list[Sample], may_grow: float) -> list[str]:
    """What is wrong with the memory: after the first third of the time, the median of the last third against the least seen."""
    if len(samples) < 3:
        return []
    began, ended = samples[0].at, samples[-1].at
    warm = [s for s in samples if s.at >= began + (ended - began) / 3]
    late = [s for s in warm if s.at >= began + (ended - began) * 2 / 3]
    found: list[str] = []
    for name in ("gateway", "engine"):
        least = min(getattr(s, name) for s in warm)
        last = sorted(getattr(s, name) for s in late)[len(late) // 2]
        if last - least > may_grow:
            found.append(
                f"the {name} grew by {last - least:.0f} MiB after its warm-up, from {least:.0f}; {may_grow:g} are allowed"
            )
    return found


class Client:
    """One thread's requests. Its chat grows and is begun anew."""

    def __init__(self, server: Server, findings: Findings, seed: int) -> None:
        self._server, self._findings, self._rng = server, findings, random.Random(seed)
        self._chat: list[dict[str, str]] = []
        self.since: float | None = None
        """When the request under way began."""

    def one(self) -> None:
        """One request of some kind. What is wrong is reported."""
        kinds: list[tuple[int, str, Callable[[], None]]] = [
            (4, "short", self._short), (2, "long", self._long), (3, "stream", self._stream), (3, "cut", self._cut),
            (2, "choices", self._choices), (2, "json", self._json), (3, "budget", self._budget),
            (3, "chat", self._grow), (2, "control", self._control), (2, "given up", self._give_up),
        ]  # fmt: skip
        weights = [kind[0] for kind in kinds]
        _, name, work = self._rng.choices(kinds, weights)[0]
        self.since = time.monotonic()
        try:
            work()
        except Wrong as error:
            self._findings.report(f"{name}: {error}")
        except requests.Timeout:
            self._findings.report(f"{name}: no answer within {_PATIENCE_S:.0f} s")
        except (requests.RequestException, ValueError, KeyError, IndexError, TypeError) as error:
            self._findings.report(f"{name}: {type(error).__name__}: {error}"[:300])
        finally:
            self.since = None
        self._findings.note(name)

    def _ask(self, text: str, **fields: Any) -> dict[str, Any]:
        reply = self._server.chat(text, timeout=_PATIENCE_S, **fields)
        if reply.status_code != 200:
            raise Wrong(f"{reply.status_code} {reply.text[:300]}")
        return reply.json()

    def _sum(self) -> str:
        return f"What is {self._rng.randrange(100)} + {self._rng.randrange(100)}?"

    def _words(self, count: int) -> str:
        return f"How many words are these: {' '.join(self._rng.choices(WORDS, k=count))}"

    def _short(self) -> None:
        answer = self._ask(self._sum(), max_tokens=96)
        usage = answer["usage"]
        if usage["total_tokens"] != usage["prompt_tokens"] + usage["completion_tokens"]:
            raise Wrong(f"the counts do not add up: {usage}")

    def _long(self) -> None:
        answer = self._ask(self._words(self._rng.randrange(300, 1500)), max_tokens=16, **_OFF)
        if answer["usage"]["prompt_tokens"] < 300:
            raise Wrong(f"a long prompt was short: {answer['usage']}")

    def _events(self, reply: requests.Response) -> Any:
        """The chunks of a stream."""
        if reply.status_code != 200:
            raise Wrong(f"{reply.status_code} {reply.text[:300]}")
        for line in reply.iter_lines(chunk_size=None):  # pyright: ignore[reportArgumentType]
            if line.startswith(b"data: {"):
                yield json.loads(line[6:])
            elif line == b"data: [DONE]":
                return
        raise Wrong("a stream ended without its end")

    def _stream(self) -> None:
        with self._server.stream(self._sum(), max_tokens=96, stream_options={"include_usage": True}) as reply:
            chunks = list(self._events(reply))
        if not any(chunk.get("usage") for chunk in chunks):
            raise Wrong("a stream told no usage")
        if not any(choice.get("finish_reason") for chunk in chunks for choice in chunk["choices"]):
            raise Wrong("a stream told no end")

    def _cut(self) -> None:
        left = self._rng.randrange(1, 40)
        with self._server.stream(self._sum(), max_tokens=200) as reply:
            for _ in self._events(reply):
                left -= 1
                if not left:
                    return

    def _choices(self) -> None:
        n = self._rng.randrange(2, 5)
        answer = self._ask(self._sum(), n=n, temperature=1.0, max_tokens=48)
        if sorted(choice["index"] for choice in answer["choices"]) != list(range(n)):
            raise Wrong(f"{n} choices were asked for: {str(answer['choices'])[:200]}")

    def _json(self) -> None:
        form = {"type": "json_schema", "json_schema": {"name": "thing", "strict": True, "schema": _SCHEMA}}
        answer = self._ask("Name a thing and count it.", response_format=form, max_tokens=120, **_OFF)
        choice = answer["choices"][0]
        if choice["finish_reason"] == "stop":
            said = json.loads(choice["message"]["content"])
            if set(said) != {"name", "count"} or not isinstance(said["count"], int):
                raise Wrong(f"the schema does not allow {said}")

    def _budget(self) -> None:
        budget = self._rng.randrange(1, 24)
        answer = self._ask(self._sum(), reasoning={"max_tokens": budget}, max_tokens=96)
        spent = answer["usage"]["completion_tokens_details"]["reasoning_tokens"]
        if spent > budget + max(1, budget // 10) + 8:  # the tokens that end it may count
            raise Wrong(f"{spent} tokens of thinking with a budget of {budget}")

    def _grow(self) -> None:
        if len(self._chat) > 12:
            self._chat = []
        known = bool(self._chat)
        self._chat.append({"role": "user", "content": self._words(40)})
        body = {"model": self._server.model, "messages": self._chat, "max_tokens": 24, "temperature": 0, **_OFF}
        reply = self._server.post("/v1/chat/completions", body, timeout=_PATIENCE_S)
        if reply.status_code != 200:
            self._chat = []
            raise Wrong(f"{reply.status_code} {reply.text[:300]}")
        answer = reply.json()
        if known and answer["usage"]["prompt_tokens_details"]["cached_tokens"]:
            self._findings.note("chat, known")
        self._chat.append({"role": "assistant", "content": answer["choices"][0]["message"]["content"] or "-"})

    def _control(self) -> None:
        with self._server.stream(self._sum(), max_tokens=200) as reply:
            events = self._events(reply)
            begun = next(events)
            path = f"/v1/chat/completions/{begun['id']}/control"
            told = self._server.post(path, {"action": "end_reasoning"}, timeout=_PATIENCE_S)
            if told.status_code not in (200, 404):  # it may be over
                raise Wrong(f"control: {told.status_code} {told.text[:200]}")
            for _ in events:
                pass

    def _give_up(self) -> None:
        with contextlib.suppress(requests.Timeout):
            self._server.chat(self._sum(), max_tokens=300, timeout=self._rng.uniform(0.01, 0.3))


class Load:
    """The clients' threads, which can be made to rest."""

    def __init__(self, clients: list[Client]) -> None:
        self._clients = clients
        self._go, self._end = threading.Event(), threading.Event()
        self._resting = [threading.Event() for _ in clients]
        for place in range(len(clients)):
            threading.Thread(target=self._work, args=(place,), daemon=True).start()

    def _work(self, place: int) -> None:
        while not self._end.is_set():
            if not self._go.is_set():
                self._resting[place].set()
                self._go.wait(0.2)
                continue
            self._resting[place].clear()
            self._clients[place].one()

    def run(self, seconds: float) -> None:
        """Load for so long, then rest."""
        for resting in self._resting:
            resting.clear()
        self._go.set()
        time.sleep(seconds)
        self._go.clear()

    def rested(self) -> list[float]:
        """Waits for all; the ages of requests that do not end."""
        deadline = time.monotonic() + _PATIENCE_S
        stuck = [
            place
            for place, resting in enumerate(self._resting)
            if not resting.wait(max(0.0, deadline - time.monotonic()))
        ]
        now = time.monotonic()
        return [now - (self._clients[place].since or now) for place in stuck]

    def end(self) -> None:
        self._end.set()


def numbers(server: Server) -> dict[str, float]:
    """What /metrics says, by the name with its labels."""
    lines = server.get("/metrics").text.splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if not line.startswith("#"))
    }


def left_over(server: Server) -> list[str]:
    """What is not as it must be when nothing is under way."""
    deadline = time.monotonic() + _SETTLE_S
    while True:
        known = numbers(server)
        busy = {
            name: value
            for name, value in known.items()
            if value
            and (
                (
                    name.startswith("nemoserve_engine{")
                    and any(w in name for w in ('"running"', '"waiting"', '"kv_tokens_reserved"'))
                )
                or name in ('nemoserve_ledger{what="lines_behind"}', 'nemoserve_ledger{what="database_down_seconds"}')
            )
        }
        if not busy or time.monotonic() > deadline:
            break
        time.sleep(0.1)
    found = [f"when idle, {name} is {value:g}" for name, value in busy.items()]
    found += [
        f"{name} is {value:g}"
        for name, value in known.items()
        if name.startswith("nemoserve_engine_deaths_total") and value
    ]
    for log in server.log.parent.rglob("*.log"):
        text = log.read_text(errors="replace")
        found += [f"{log.name}: {line}" for line in text.splitlines() if "idle, but" in line or "Traceback" in line]
    return found


def resident(process: psutil.Process) -> float:
    return process.memory_info().rss / (1 << 20)


def soak(server: Server, args: argparse.Namespace) -> Findings:
    """Runs it; the findings."""
    findings = Findings()
    clients = [Client(server, findings, seed) for seed in range(args.clients)]
    load = Load(clients)
    gateway, engine = psutil.Process(server.process.pid), server.engine()
    samples: list[Sample] = []
    said: set[str] = set()
    began = time.monotonic()
    until = began + 60 * args.minutes
    print("| minute | requests | gateway, MiB | engine, MiB | wrong |\n|---|---|---|---|---|", flush=True)
    while time.monotonic() < until:
        if server.process.poll() is not None:
            findings.report(f"the server has ended: {server.log.read_text()[-500:]}")
            break
        load.run(min(args.every, max(1.0, until - time.monotonic())))
        for age in load.rested():
            findings.report(f"a request has not ended within {age:.0f} s")
        for text in left_over(server):
            if text not in said:
                said.add(text)
                findings.report(text)
        count = sum(n for name, n in findings.counts.items() if "," not in name)
        samples.append(Sample(time.monotonic() - began, count, resident(gateway), resident(engine)))
        s = samples[-1]
        print(
            f"| {s.at / 60:.1f} | {s.requests} | {s.gateway:.1f} | {s.engine:.1f} | {len(findings.wrong)} |", flush=True
        )
    load.end()
    for text in growth(samples, args.may_grow):
        findings.report(text)
    return findings


def main(arguments: list[str] | None = None) -> int:
    """0 when all held, else 1."""
    p = argparse.ArgumentParser(
        prog="python -m bench.soak", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    p.add_argument("--minutes", type=float, default=30.0)
    p.add_argument("--every", type=float, default=60.0, help="seconds of load between two rests")
    p.add_argument("--clients", type=int, default=12)
    p.add_argument("--model", default="nemoserve/mini")
    p.add_argument("--prefix-cache-mib", type=int, default=32, help="small, so that it is full after the warm-up")
    p.add_argument(
        "--may-grow", type=float, default=24.0, help="MiB that either process may grow after the first third"
    )
    args = p.parse_args(arguments)
    with tempfile.TemporaryDirectory() as folder:
        options = ("--model", args.model, "--prefix-cache-mib", str(args.prefix_cache_mib))
        server = servers.start(Path(folder), *options)
        try:
            findings = soak(server, args)
        except KeyboardInterrupt:
            print("stopped")
            return 130
        finally:
            server.stop()
    print("\n" + ", ".join(f"{name} {count}" for name, count in sorted(findings.counts.items())))
    print("all held" if not findings.wrong else f"{len(findings.wrong)} things were wrong")
    return 1 if findings.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
