"""Keeps an engine alive and hands its messages to the requests they are for. Knows lives and runs; no text, no prompts.

An engine that dies is started again, after a pause that grows while it keeps dying. Requests it was working on fail with a
message that says so; the next ones wait a little for the new life. A checkpoint that the engine cannot load is not tried
again, and neither is an engine that dies three times before it was ever ready.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Literal

from nemoserve.backends.base import Health
from nemoserve.backends.local.process import EngineProcess
from nemoserve.backends.printed import log_file
from nemoserve.backends.restarts import Restarts
from nemoserve.config.settings import Settings
from nemoserve.engine.protocol import (
    Cancel,
    EndThinking,
    Failed,
    Finished,
    FromEngine,
    Loading,
    Ready,
    Rejected,
    Status,
    Submit,
    Tokens,
)
from nemoserve.observe.logs import Log
from nemoserve.types.errors import ApiError

SequenceMessage = Tokens | Finished | Rejected


class Run:
    """The sequences of one request inside the engine, and what has been said about them and not yet been taken.

    The engine is never held up by a slow reader: what it says is kept here, bounded by the request's own max_tokens.
    """

    def __init__(
        self, ids: Sequence[str], tell: Callable[[Cancel | EndThinking], None], *, whole: bool = False
    ) -> None:
        """`whole`: only the whole is wanted, and tokens that wait are taken as one message."""
        self._whole = whole
        self.open = set(ids)
        """Sequences whose output is still wanted."""
        self.counts = dict.fromkeys(ids, 0)
        """Tokens sampled for each, as far as the engine has told."""
        self._uncounted = set(ids)
        self._counted = asyncio.Event()
        self._tell = tell
        self._messages: list[SequenceMessage] = []
        self._error: ApiError | None = None
        self._news = asyncio.Event()

    def put(self, message: SequenceMessage) -> None:
        wanted = message.id in self.open
        if isinstance(message, Tokens):
            self.counts[message.id] += len(message.tokens)
        else:
            if isinstance(message, Finished):
                self.counts[message.id] = max(self.counts[message.id], message.completion_tokens)
            self.open.discard(message.id)
            self._close(message.id)
        # What was on its way when a sequence was cancelled is counted, but nobody reads it.
        if wanted:
            if not (self._whole and isinstance(message, Tokens) and self._joined(message)):
                self._messages.append(message)
            self._news.set()

    def _joined(self, message: Tokens) -> bool:
        """Whether the message is nothing but more of what waits already, and waits as that."""
        last = self._messages[-1] if self._messages else None
        if not isinstance(last, Tokens) or last.id != message.id:
            return False
        if message.logprobs or last.logprobs or message.prompt_logprobs or message.cached_tokens:
            return False
        last.tokens.extend(message.tokens)
        return True

    def fail(self, error: ApiError) -> None:
        self.open.clear()
        self._error = error
        self._news.set()
        self._close(*self._uncounted)

    async def counted(self) -> dict[str, int]:
        """The tokens sampled for each sequence, once the engine has told of the last one or died."""
        if self._uncounted:
            await self._counted.wait()
        return self.counts

    def _close(self, *sequences: str) -> None:
        self._uncounted.difference_update(sequences)
        if not self._uncounted:
            self._counted.set()

    async def take(self) -> list[SequenceMessage]:
        """Everything said since the last call, waiting for something if need be. Raises ApiError when the engine died."""
        if self._error is None:
            await self._news.wait()
        self._news.clear()
        if self._error is not None and not self._messages:
            raise self._error
        return self.left()

    def left(self) -> list[SequenceMessage]:
        """Everything said since the last call, if anything was."""
        messages, self._messages = self._messages, []
        return messages

    def cancel(self, sequence: str | None = None) -> None:
        """Cancels one sequence, or all that still run."""
        for which in [sequence] if sequence is not None else list(self.open):
            if which in self.open:
                self.open.discard(which)
                self._tell(Cancel(which))

    def end_thinking(self) -> None:
        """Has all sequences that still think end it soon."""
        for which in self.open:
            self._tell(EndThinking(which))


class Supervisor:
    """One model's engine over all its lives."""

    def __init__(
        self,
        model: str,
        arguments: Sequence[str],
        settings: Settings,
        log: Log,
        *,
        on_change: Callable[[Health], None],
        on_status: Callable[[Status], None],
    ) -> None:
        self._model = model
        self._command = (*settings.engine_command, *arguments)
        self._settings = settings
        self._log = log
        self._on_change = on_change
        self._on_status = on_status
        self._engine_log = log_file(settings.data_dir, "engine", model)
        self._process: EngineProcess | None = None
        self._runs: dict[str, Run] = {}
        self._task: asyncio.Task[None] | None = None
        self._changed = asyncio.Event()
        self._ready_in_this_life = False
        self.health = Health("loading")
        self.ready: Ready | None = None
        """What the engine said of itself when it was last ready."""
        self.status = Status(0, 0, 0, 0.0)

    def start(self) -> None:
        self._task = asyncio.create_task(self._live_on(), name=f"engine {self._model}")

    async def stop(self) -> None:
        """Ends the engine, if need be by force."""
        if self._task is not None:
            self._task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._task
        self._become(Health("stopped", "The server is shutting down."))

    @property
    def pid(self) -> int | None:
        """The process id of the engine while it lives."""
        return self._process.pid if self._process is not None else None

    async def until_ready(self) -> Ready:
        """Returns at once when the engine is ready, waits a little for a restart. Raises ApiError (502 or 503)."""
        deadline = time.monotonic() + self._settings.restart_wait_s
        while self.health.state == "restarting" and time.monotonic() < deadline:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), deadline - time.monotonic())
        if self.health.state == "ready" and self.ready is not None:
            return self.ready
        raise self._not_ready()

    def submit(self, sequences: Sequence[Submit]) -> Run:
        """Hands sequences to the engine. Call it without awaiting anything after `until_ready`."""
        process = self._process
        if self.health.state != "ready" or process is None:
            raise self._not_ready()
        whole = all(sequence.wanted == "the whole" for sequence in sequences)
        run = Run([sequence.id for sequence in sequences], self._tell, whole=whole)
        for sequence in sequences:
            self._runs[sequence.id] = run
            process.send(sequence)
        return run

    def _tell(self, message: Cancel | EndThinking) -> None:
        if self._process is not None:
            self._process.send(message)

    def _not_ready(self) -> ApiError:
        health = self.health
        if health.state == "failed":
            return ApiError("provider_unavailable", f"The model {self._model} could not be loaded: {health.message}")
        what = {"loading": "is being loaded", "restarting": "is being restarted"}.get(health.state, "is not running")
        share = f" ({100 * health.done_bytes // health.total_bytes} % read)" if health.total_bytes else ""
        return ApiError(
            "provider_overloaded", f"The model {self._model} {what}{share}; try again in a moment.", retry_after_s=2.0
        )

    def _become(self, health: Health) -> None:
        self.health = health
        self._changed.set()
        self._on_change(health)

    async def _live_on(self) -> None:
        restarts = Restarts(self._settings.restart_first_s, self._settings.restart_longest_s)
        while True:
            born, self._ready_in_this_life = time.monotonic(), False
            words = await self._live_once()
            if self.health.state == "failed":
                return
            pause = restarts.died(was_ready=self._ready_in_this_life, lived_s=time.monotonic() - born)
            if pause is None:
                self._become(
                    Health("failed", f"the engine process died {restarts.deaths} times while loading: {words}")
                )
                return
            self._become(Health(self._waking, f"The engine process died: {words.rstrip('.')}."))
            await asyncio.sleep(pause)

    @property
    def _waking(self) -> Literal["loading", "restarting"]:
        """What an engine that is not ready yet does."""
        return "loading" if self.ready is None else "restarting"

    async def _live_once(self) -> str:
        """One life, from start to end; returns the last words."""
        words = "it could not be started"
        process = EngineProcess(self._command, self._engine_log, self._settings.engine_connect_s)
        try:
            async with process:
                self._process = process
                async for message in process.messages():
                    self._handle(message)
                    if self.health.state == "failed":
                        break
                if self.health.state != "failed":
                    if self.health.state == "ready":
                        self._become(Health("restarting"))  # why is known in a moment
                    words = await process.last_words()
                    self._log.error("engine died", model=self._model, how=words)
        except OSError as error:
            words = f"it could not be started: {error}"
        finally:
            self._process = None
            self._fail_runs(words)
        return words

    def _handle(self, message: FromEngine) -> None:
        match message:
            case Tokens() | Finished() | Rejected():
                run = self._runs.get(message.id)
                if run is not None:
                    run.put(message)
                    if not isinstance(message, Tokens):
                        del self._runs[message.id]
            case Loading():
                self._become(Health(self._waking, "", message.done_bytes, message.total_bytes))
            case Ready():
                self.ready, self._ready_in_this_life = message, True
                self._become(Health("ready", _room(message)))
                self._log.info(
                    "engine ready",
                    model=self._model,
                    dtype=message.dtype,
                    device=message.device,
                    kv_tokens=message.kv_tokens,
                    max_sequences=message.max_sequences,
                    prefix_bytes=message.prefix_bytes,
                )
            case Failed():
                self._become(Health("failed", message.message))
                self._log.error("engine failed", model=self._model, message=message.message)
            case Status():
                self.status = message
                self._on_status(message)

    def _fail_runs(self, words: str) -> None:
        runs, self._runs = set(self._runs.values()), {}
        for run in runs:
            run.fail(
                ApiError(
                    "provider_unavailable",
                    f"The engine process of {self._model} died while it worked on this request ({words}). "
                    "It is being restarted; please send the request again.",
                    metadata={"provider_name": "nemoserve"},
                )
            )


def _room(ready: Ready) -> str:
    """How the engine has planned its memory, for people."""
    replies = "1 reply" if ready.max_sequences == 1 else f"{ready.max_sequences} replies"
    prefixes = f", {ready.prefix_bytes >> 20:,} MiB for prompts read before" if ready.prefix_bytes else ""
    return f"room for {ready.kv_tokens:,} tokens of context in memory, {replies} at once{prefixes}"
