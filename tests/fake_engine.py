"""An engine process without a model: it speaks the protocol and says what the prompt tells it to. Faults included.

The prompt's last `@@{...}@@` is a JSON object of orders:
  say       the text of the reply; `<think>` and its like become the test tokenizer's markers
  spell     true: markers are sent as the bytes of their names, as checkpoints do that have no such tokens
  end       "stop" (default: an end-of-turn token), "length", "error", "die", "hang" (until cancelled)
  repeat    how often `say` is said
  pause_s   before each token; burst: tokens per message
  reject    "overloaded", "too_long" or "invalid" instead of a reply
Every message that arrives, and every token sent, is written to the journal, one JSON object a line.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import re
from pathlib import Path
from typing import Any

import msgspec

from nemoserve.engine import protocol

MARKERS = ("<think>", "</think>", "<TOOLCALL>", "</TOOLCALL>")
FIRST_MARKER, FIRST_BYTE, END_OF_TURN = 13, 32, 12


def to_tokens(text: str, *, spell: bool) -> list[int]:
    """Ids of the byte-level test tokenizer."""
    tokens: list[int] = []
    for part in re.split("(" + "|".join(MARKERS) + ")", text):
        if part in MARKERS and not spell:
            tokens.append(FIRST_MARKER + MARKERS.index(part))
        else:
            tokens += [FIRST_BYTE + byte for byte in part.encode()]
    return tokens


def to_text(tokens: list[int]) -> str:
    """The text of the tokens, markers included."""
    spelt = {FIRST_MARKER + n: marker.encode() for n, marker in enumerate(MARKERS)}
    return b"".join(
        bytes([token - FIRST_BYTE]) if token >= FIRST_BYTE else spelt.get(token, b"") for token in tokens
    ).decode("utf-8", "replace")


class FakeEngine:
    def __init__(self, options: argparse.Namespace) -> None:
        self.options = options
        self.tasks: dict[str, asyncio.Task[None]] = {}
        self.sent: dict[str, int] = {}

    def note(self, **entry: Any) -> None:
        with Path(self.options.journal).open("a") as journal:
            journal.write(json.dumps(entry) + "\n")

    async def run(self) -> int:
        reader, self.writer = await asyncio.open_unix_connection(self.options.socket)
        self.note(event="born", pid=os.getpid())
        for done in range(3):
            self.send(protocol.Loading(done, 2))
        if self.options.fail:
            self.send(protocol.Failed(self.options.fail))
            await self.writer.drain()
            return 1
        if self.options.load_s:
            await asyncio.sleep(self.options.load_s)
        context, most, waiting = self.options.context, self.options.max_sequences or 16, self.options.max_waiting
        kv = self.options.kv_tokens or context
        self.send(
            protocol.Ready(
                context, 288, 1000, "float32", "cpu", most, kv, 512 << 20, 256 if waiting is None else waiting
            )
        )
        frames = protocol.FrameReader()
        while data := await reader.read(1 << 16):
            for body in frames.feed(data):
                message = protocol.decode_to_engine(body)
                self.note(event=type(message).__name__, **msgspec.to_builtins(message))
                if isinstance(message, protocol.Submit):
                    self.tasks[message.id] = asyncio.create_task(self.answer(message))
                elif isinstance(message, protocol.Cancel):
                    if task := self.tasks.pop(message.id, None):
                        task.cancel()
                        self.send(protocol.Finished(message.id, "cancelled", 0, self.sent.get(message.id, 0)))
                elif isinstance(message, protocol.Shutdown):
                    return 0
        return 0

    def send(self, message: protocol.FromEngine) -> None:
        self.writer.write(protocol.frame(message))

    async def answer(self, submit: protocol.Submit) -> None:
        orders: dict[str, Any] = {"say": "Hi."}
        found = re.findall(r"@@(\{.*?\})@@", to_text(submit.prompt))
        if found:
            orders = json.loads(found[-1])
        if code := orders.get("reject"):
            self.send(protocol.Rejected(submit.id, code, "as ordered", 7.2 if code == "overloaded" else None))
            return
        tokens = to_tokens(orders.get("say", "") * orders.get("repeat", 1), spell=orders.get("spell", False))
        cut = tokens[: submit.sampling.max_tokens]
        burst = orders.get("burst", 1)
        prompt_logprobs = None
        if submit.sampling.prompt_logprobs is not None:
            prompt_logprobs = [
                None,
                *(self.logprob(token, submit.sampling.prompt_logprobs) for token in submit.prompt[1:]),
            ]
        if not cut:
            self.send(protocol.Tokens(submit.id, [], None, prompt_logprobs))
        for at in range(0, len(cut), burst):
            if pause := orders.get("pause_s"):
                await asyncio.sleep(pause)
            new = cut[at : at + burst]
            logprobs = None
            if submit.sampling.logprobs is not None:
                logprobs = [self.logprob(token, submit.sampling.logprobs) for token in new]
            self.send(protocol.Tokens(submit.id, new, logprobs, prompt_logprobs))
            self.sent[submit.id] = self.sent.get(submit.id, 0) + len(new)
            prompt_logprobs = None
            self.note(event="sent", id=submit.id, tokens=len(new))
            await self.writer.drain()
        await self.end(submit, orders.get("end", "stop"), len(cut), cut_short=len(cut) < len(tokens))

    async def end(self, submit: protocol.Submit, how: str, count: int, *, cut_short: bool) -> None:
        if how == "die":
            # Everything that was noted as sent leaves this process before it ends.
            self.writer.transport.set_write_buffer_limits(0)
            await self.writer.drain()
            print("RuntimeError: ordered to die", flush=True)
            os._exit(9)
        if how == "hang":
            await asyncio.Event().wait()
        prompt, times = len(submit.prompt), {"queue_s": 0.1, "prefill_s": 0.2, "decode_s": 0.3}
        if how == "error":
            self.send(protocol.Finished(submit.id, "error", prompt, count, message="as ordered"))
        elif how == "length" or cut_short or count >= submit.sampling.max_tokens:
            self.send(protocol.Finished(submit.id, "length", prompt, count, **times))
        else:
            self.send(protocol.Finished(submit.id, "stop", prompt, count + 1, END_OF_TURN, **times))
            self.note(event="sent", id=submit.id, tokens=1)  # the end-of-turn token
        self.tasks.pop(submit.id, None)

    def logprob(self, token: int, top: int) -> protocol.TokenLogprob:
        return protocol.TokenLogprob(token, -0.5, [(token, -0.5), *((32 + n, -1.0 - n) for n in range(top))][:top])


def main() -> int:
    parser = argparse.ArgumentParser()
    for name in ("--socket", "--model", "--dtype", "--device", "--journal", "--fail", "--die-at-start"):
        parser.add_argument(name)
    for name in (
        "--max-sequences",
        "--kv-tokens",
        "--max-waiting",
        "--prefill-chunk",
        "--prefix-cache-mib",
        "--threads",
    ):
        parser.add_argument(name, type=int)
    parser.add_argument("--load-s", type=float, default=0.0)
    parser.add_argument("--memory-share", type=float, default=1.0)
    parser.add_argument("--context", type=int, default=4096)
    options = parser.parse_args()
    if options.die_at_start:
        print(f"ImportError: {options.die_at_start}", flush=True)
        return 3
    return asyncio.run(FakeEngine(options).run())


if __name__ == "__main__":
    raise SystemExit(main())
