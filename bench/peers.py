"""nemoserve beside other gateways, in one run: the same mock, the same pins, alternating rounds, losing rows included.

Every gateway has one core to itself, the mock and the load generator share another, and whoever is not being measured is
frozen. nemoserve asks for a key and writes its ledger; LiteLLM checks its master key; Portkey, smg and nginx check nothing.
Peers are installed into the user's cache at the first run: LiteLLM and smg from Python packages, Portkey from npm, nginx from
Debian's package. Run it on an idle machine: a busy one shows in the rows of `direct`, which is the mock asked without a gateway.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import os
import platform
import tempfile
from collections.abc import Iterator
from pathlib import Path

from rich.console import Console

from bench import peer_report, peer_servers
from bench.peer_measures import Bench, Row, workers
from bench.peer_servers import PEERS, Missing, Peer

_CORES = os.sched_getaffinity(0)


def main() -> None:
    args = _arguments()
    console = Console(width=None if Console().is_terminal else 160)
    gateway_core, load_core = args.cores
    os.sched_setaffinity(0, {load_core})
    # The generator's own collector would be taken for a gateway's stall.
    gc.disable()
    rows: dict[str, Row] = {"direct": Row("direct")}
    scaling: dict[str, float] | str = {}
    with tempfile.TemporaryDirectory(prefix="nemoserve-peers-") as name, contextlib.ExitStack() as running:
        folder = Path(name)
        direct = running.enter_context(peer_servers.mock(folder, load_core, args.tokens))
        peers: list[Peer] = []
        for wanted in args.peers:
            row = rows[wanted] = Row(wanted)
            console.print(f"starting {wanted}", style="bright_black")
            try:
                peer = running.enter_context(_started(wanted, folder, gateway_core, direct.port))
                peer_servers.ask_until_right(peer)
            except Missing as missing:
                row.trouble = f"not measured: {missing}"
                continue
            row.version = peer.version
            peer.freeze()
            peers.append(peer)
        bench = Bench(direct, peers, rows, lambda what: console.print(what, style="bright_black"))
        bench.rates(args.concurrency, args.rounds, args.seconds)
        bench.first_tokens(args.rounds, args.seconds)
        if args.streams:
            bench.paced(args.streams, args.stream_tokens, args.pace_ms, args.paced_seconds)
        if args.memory_minutes:
            bench.memory(args.tokens, args.memory_minutes)
        bench.settings(args.tokens, 0.0)
        if args.workers and "nemoserve" in args.peers:
            console.print("two workers", style="bright_black")
            scaling = _two_workers(folder, direct, args)
    machine = f"{_processor()}, {os.cpu_count()} cores, Python {platform.python_version()}"
    options = (
        f"gateway on core {gateway_core}, mock and load on core {load_core}; {args.tokens} tokens an answer, "
        f"{args.rounds} rounds of {args.seconds:g} s"
    )
    found = list(rows.values())
    peer_report.show(console, found, machine, scaling, options)
    if args.json:
        peer_report.save(args.json, found, machine, scaling, vars(args))
    if args.plot:
        peer_report.plot(args.plot, found)


@contextlib.contextmanager
def _started(name: str, folder: Path, core: int, upstream: int) -> Iterator[Peer]:
    own = folder / name
    if name == "nemoserve":
        with peer_servers.nemoserve(own, core, upstream) as peer:
            yield peer
    else:
        own.mkdir()
        with PEERS[name](own, core, upstream) as peer:
            yield peer


def _two_workers(folder: Path, direct: Peer, args: argparse.Namespace) -> dict[str, float] | str:
    """Two servers on one database, the second on a third core where there is one, else on the load's."""
    gateway_core, load_core = args.cores
    second_core = min(_CORES - {gateway_core, load_core}, default=load_core)
    try:
        from tests.databases import Postgres
    except ImportError as error:
        return f"not measured: {error}"
    import pytest

    try:
        postgres = Postgres()
    except pytest.skip.Exception as missing:
        return f"not measured: {missing}"
    try:
        url = postgres.new()
        with contextlib.ExitStack() as running:
            one, two = (
                running.enter_context(
                    peer_servers.nemoserve(folder / f"worker-{core}-{at}", core, direct.port, database_url=url)
                )
                for at, core in enumerate((gateway_core, second_core))
            )
            # A key of the one is a key of the other: they share the database.
            two.headers = one.headers
            for peer in (one, two):
                peer_servers.ask_until_right(peer)
            return workers(one, [one, two], args.seconds, args.rounds)
    except Missing as missing:
        return f"not measured: {missing}"
    finally:
        postgres.stop()


def _arguments() -> argparse.Namespace:
    p = argparse.ArgumentParser(
        prog="python -m bench.peers", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    names = ["nemoserve", *PEERS]
    p.add_argument("--peers", nargs="*", choices=names, default=names)
    p.add_argument("--cores", nargs=2, type=int, default=[0, 1], help="of the gateway, and of the mock and the load")
    p.add_argument("--concurrency", nargs="*", type=int, default=[1, 16])
    p.add_argument("--tokens", type=int, default=32, help="tokens of every answer")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=3.0, help="of each gateway in each round")
    p.add_argument("--streams", type=int, default=200, help="paced streams at once; 0 leaves them out")
    p.add_argument("--stream-tokens", type=int, default=64)
    p.add_argument("--pace-ms", type=float, default=20.0)
    p.add_argument("--paced-seconds", type=float, default=20.0)
    p.add_argument("--memory-minutes", type=float, default=10.0, help="for each gateway; 0 leaves it out")
    p.add_argument("--no-workers", dest="workers", action="store_false", help="leave out the second worker")
    p.add_argument("--json", type=Path, help="also write everything here")
    p.add_argument("--plot", type=Path, help="also draw it here, as SVG or PNG")
    return p.parse_args()


def _processor() -> str:
    with contextlib.suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.machine()


if __name__ == "__main__":
    main()
