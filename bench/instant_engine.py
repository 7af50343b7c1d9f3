"""`nemoserve serve` for the gateway's bench: over an engine that has no model and answers at once, or over the real one.

`python -m bench.instant_engine serve ...` takes the options of `nemoserve serve`; the engine process that it starts is this
module as well, and speaks the engine's protocol.
"""

from __future__ import annotations

import asyncio
import os
import sys
from typing import Any

import msgspec
import uvloop

from nemoserve.engine import protocol

TOKENS_VARIABLE = "NEMOSERVE_BENCH_TOKENS"
LEDGER_VARIABLE = "NEMOSERVE_BENCH_LEDGER"
"""0: nothing is written into the ledger."""
ENGINE_VARIABLE = "NEMOSERVE_BENCH_ENGINE"
"""`embedded`: the real engine and the embedded model; otherwise the one that answers at once."""
_CONTEXT, _VOCABULARY, _TOKEN, _END_OF_TURN = 4096, 2048, 400, 12


async def answer(socket: str, tokens: int) -> None:
    """Sends every sequence `tokens` tokens, one message each as the engine does, and its end."""
    reader, writer = await asyncio.open_unix_connection(socket)
    writer.write(
        protocol.frame(protocol.Ready(_CONTEXT, _VOCABULARY, 1000, "float32", "cpu", 1024, 1 << 24, max_waiting=1024))
    )
    frames = protocol.FrameReader()
    while data := await reader.read(1 << 16):
        for body in frames.feed(data):
            message = protocol.decode_to_engine(body)
            if isinstance(message, protocol.Submit):
                one = protocol.frame(protocol.Tokens(message.id, [_TOKEN]))
                end = protocol.Finished(message.id, "stop", len(message.prompt), tokens + 1, _END_OF_TURN)
                writer.write(one * tokens + protocol.frame(end))
            elif isinstance(message, protocol.Shutdown):
                return


def _write_nothing() -> None:
    """What is entered in the books goes nowhere, as if there were no ledger."""
    from nemoserve.ledger.writer import Writer

    def nothing(*_: object) -> None:
        pass

    Writer.opened = Writer.settled = Writer.released = Writer.content = nothing  # type: ignore[method-assign]


def serve() -> None:
    """The `nemoserve` command, with this module in place of the engine unless the real one is wanted."""
    from nemoserve.cli import main
    from nemoserve.cli import serve as command

    if os.environ.get(LEDGER_VARIABLE) == "0":
        _write_nothing()
    if os.environ.get(ENGINE_VARIABLE) == "embedded":
        main.main()
        return
    real = command.serve

    def serve_instantly(settings: Any, *more: Any) -> int:
        engine = (sys.executable, "-m", "bench.instant_engine")
        return real(msgspec.structs.replace(settings, engine_command=engine), *more)

    command.serve = serve_instantly
    main.main()


if __name__ == "__main__":
    if "--socket" in sys.argv:
        where = sys.argv[sys.argv.index("--socket") + 1]
        uvloop.run(answer(where, int(os.environ.get(TOKENS_VARIABLE, "16"))))
    else:
        serve()
