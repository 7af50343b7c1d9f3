"""The engine process: connects to the gateway, loads a model, serves. Knows processes and sockets; no model internals.

    python -m nemoserve.engine.worker --socket PATH --model FOLDER

It says `Loading` while it loads, then `Ready`, or `Failed` with one sentence and exits with 1. It exits with 0 when told to,
when the gateway closes the connection, or when its parent process is gone. Logs go to stderr.

Three threads: the main one alone touches the model; one reads the socket into the `Inbox`, one writes from the `Outbox`. A
fourth ends the process if the main one is still busy some seconds after the gateway has gone.
"""

from __future__ import annotations

import argparse
import gc
import logging
import os
import signal
import socket
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from nemoserve.engine.capacity import Costs, TooLittleMemory, available_bytes, fit
from nemoserve.engine.constraint import Constraints
from nemoserve.engine.core import EngineCore
from nemoserve.engine.failures import out_of_memory
from nemoserve.engine.gpu.graphs import cuda_recorder
from nemoserve.engine.inbox import Inbox
from nemoserve.engine.models import load_model
from nemoserve.engine.outbox import Outbox
from nemoserve.engine.prefixes import Prefixes
from nemoserve.engine.protocol import Cancel, EndThinking, Failed, Loading, Ready, Shutdown, Submit, ToEngine
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits

logger = logging.getLogger("nemoserve.engine")

_MOST_SEQUENCES = {"cpu": 16, "cuda": 64}
_PREFILL_CHUNK = {"cpu": 512, "cuda": 2048}
"""On a GPU products of fewer tokens leave processors idle."""
_PROGRESS_S = 0.1
_LOOK_S = 5.0
"""At most so often the books are looked at when the last sequence has ended."""
_STATUS_S = 1.0
_IDLE_S = 1.0
_GRACE_S = 3.0


@dataclass(frozen=True, slots=True)
class Options:
    socket: str
    model: Path
    dtype: str
    device: str
    max_sequences: int | None
    kv_tokens: int | None
    max_waiting: int
    prefill_chunk: int | None
    prefix_cache_mib: int | None
    threads: int | None
    memory_share: float
    """Of the free memory, for this engine: others start beside it."""


def parse_options(arguments: list[str]) -> Options:
    """Exits with 2 and a usage line on arguments that make no sense."""
    parser = argparse.ArgumentParser(prog="python -m nemoserve.engine.worker", description="The engine process.")
    parser.add_argument("--socket", required=True, help="Unix socket on which the gateway listens")
    parser.add_argument("--model", required=True, type=Path, help="checkpoint folder")
    parser.add_argument("--dtype", default="auto", choices=["auto", "float32", "bfloat16", "float16"])
    parser.add_argument("--device", default="auto", help="auto, cpu, cuda or cuda:N")
    parser.add_argument("--max-sequences", type=_positive, help="sequences in one batch (default: by memory)")
    parser.add_argument("--kv-tokens", type=_positive, help="tokens in the KV cache (default: by memory)")
    parser.add_argument("--max-waiting", type=_count, default=256, help="requests that may wait for a place")
    parser.add_argument("--prefill-chunk", type=_positive, help="prompt tokens per step (default: 512, on a GPU 2048)")
    parser.add_argument("--prefix-cache-mib", type=_count, help="memory for prompts read before (default: by memory)")
    parser.add_argument("--threads", type=_positive, help="CPU threads (default: torch's)")
    parser.add_argument("--memory-share", type=float, default=1.0, help="of the free memory, beside other engines")
    return Options(**vars(parser.parse_args(arguments)))


def main(arguments: list[str] | None = None) -> int:
    """The process's exit code."""
    options = parse_options(sys.argv[1:] if arguments is None else arguments)
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a terminal's Ctrl-C reaches the whole group; the gateway decides
    signal.signal(signal.SIGTERM, _leave)
    parent = os.getppid()
    connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        connection.connect(options.socket)
    except OSError as error:
        logger.error("cannot connect to the gateway at %s: %s", options.socket, error.strerror or error)
        return 1
    inbox, outbox = Inbox(connection), Outbox(connection)
    for target in (inbox.run, outbox.run):
        threading.Thread(target=target, daemon=True).start()
    threading.Thread(target=_end_with_gateway, args=(inbox, parent), daemon=True).start()
    code = 1
    try:
        core, ready = load(options, outbox)
    except Exception as error:
        logger.error("cannot start", exc_info=None if _expected(error) else error)
        outbox.put([Failed(_sentence(error))])
    else:
        gc.collect()
        gc.freeze()  # the model lives as long as the process: no need to look at it again
        outbox.put([ready])
        try:
            code = serve(core, inbox, outbox)
        except Exception:
            logger.exception("the engine cannot go on")
            outbox.put(core.abandon("the engine failed and is restarted"))
    outbox.close(_GRACE_S)
    return code


def load(options: Options, outbox: Outbox) -> tuple[EngineCore, Ready]:
    """Load the model and make the core; progress goes to the outbox. Raises what loading raises."""
    if options.threads is not None:
        torch.set_num_threads(options.threads)
    torch.set_flush_denormal(True)
    said = 0.0

    def progress(done: int, total: int) -> None:
        nonlocal said
        now = time.monotonic()
        if now - said >= _PROGRESS_S or done >= total:
            said = now
            outbox.put([Loading(done, total)])

    model = load_model(options.model, dtype=options.dtype, device=options.device, progress=progress)
    config = model.config
    constraints = Constraints(options.model, config.vocab_size)
    try:
        constraints.prepare()  # before the memory that is left is measured, and before a request would have to wait for it
    except ValueError as error:
        logger.warning("requests with thinking limits or a grammar may be refused: %s", error)
    probe = model.new_cache(1, 1)
    costs = Costs(probe.state_bytes_per_sequence, probe.kv_bytes_per_token)
    del probe
    capacity = fit(
        int(available_bytes(model.device) * options.memory_share),
        costs,
        config.context_length,
        max_sequences=options.max_sequences,
        kv_tokens=options.kv_tokens,
        prefix_bytes=None if options.prefix_cache_mib is None else options.prefix_cache_mib << 20,
        most_sequences=_MOST_SEQUENCES.get(model.device.type, 16),
    )
    cache = model.new_cache(capacity.max_sequences, capacity.kv_tokens, capacity.prefix_bytes)
    prefixes = Prefixes(cache, capacity.prefix_bytes) if capacity.prefix_bytes else None
    prefill = options.prefill_chunk or _PREFILL_CHUNK.get(model.device.type, 512)
    limits = Limits(capacity.max_sequences, capacity.kv_tokens, options.max_waiting, prefill)
    runner = Runner(model, cache)
    if model.device.type == "cuda":
        runner.record(cuda_recorder())
    core = EngineCore(
        runner,
        cache,
        limits,
        context_length=config.context_length,
        vocab_size=config.vocab_size,
        constraints=constraints,
        beginnings=prefixes,
    )
    ready = Ready(
        context_length=config.context_length,
        vocab_size=config.vocab_size,
        parameters=model.parameters,
        dtype=str(model.dtype).removeprefix("torch."),
        device=str(model.device),
        max_sequences=capacity.max_sequences,
        kv_tokens=capacity.kv_tokens,
        prefix_bytes=capacity.prefix_bytes,
        max_waiting=options.max_waiting,
    )
    return core, ready


def serve(core: EngineCore, inbox: Inbox, outbox: Outbox) -> int:
    """Take messages and step until told to stop or the gateway has gone; the process's exit code."""
    status_due = 0.0
    was_busy = False
    looked_at = 0.0
    while not (inbox.closed.is_set() or outbox.broken):
        if not outbox.wait_for_room(_IDLE_S):
            continue  # neither step nor take more in while the gateway does not read
        for message in inbox.take(0.0 if core.has_work else _IDLE_S):
            if isinstance(message, Shutdown):
                outbox.put(core.cancel_all())
                return 0
            handle(message, core, outbox)
        if core.has_work:
            outbox.put(core.step())
            if core.broken is not None:
                logger.error("%s", core.broken)
                outbox.put(core.abandon(core.broken))
                return 1
        now = time.monotonic()
        if (core.has_work and now >= status_due) or (was_busy and not core.has_work):
            status_due = now + _STATUS_S
            outbox.put([core.status()])
        if was_busy and not core.has_work and now >= looked_at:
            looked_at = now + _LOOK_S
            for fault in core.idle_faults():
                logger.error("idle, but %s", fault)
        was_busy = core.has_work
    return 0


def handle(message: ToEngine, core: EngineCore, outbox: Outbox) -> None:
    """Pass one message on and its answers back."""
    if isinstance(message, Submit):
        outbox.expect(message.id, message.wanted)
        outbox.put(core.submit(message))
    elif isinstance(message, Cancel):
        outbox.put(core.cancel(message))
    elif isinstance(message, EndThinking):
        outbox.put(core.end_thinking(message))


def _leave(*_: object) -> None:
    sys.exit(0)


def _end_with_gateway(inbox: Inbox, parent: int) -> None:
    """End the process when its parent or the connection has gone, even while the model is loading or computing."""
    while os.getppid() == parent and not inbox.closed.wait(1.0):
        pass
    if inbox.closed.is_set():
        time.sleep(_GRACE_S)  # the main thread leaves by itself between two steps
    os._exit(0)


def _expected(error: Exception) -> bool:
    """Failures with a cause outside this program, so that a traceback would say nothing; a bad checkpoint is a ValueError."""
    return isinstance(error, ValueError | OSError | TooLittleMemory) or out_of_memory(error)


def _sentence(error: Exception) -> str:
    text = " ".join(str(error).split())
    if out_of_memory(error):
        return f"the model does not fit into memory ({text[:200]})"
    if _expected(error):
        return text
    return f"the engine could not start: {type(error).__name__}: {text}"


def _positive(text: str) -> int:
    value = int(text)
    if value < 1:
        raise argparse.ArgumentTypeError(f"{text} is not a positive number")
    return value


def _count(text: str) -> int:
    value = int(text)
    if value < 0:
        raise argparse.ArgumentTypeError(f"{text} is negative")
    return value


if __name__ == "__main__":
    sys.exit(main())
