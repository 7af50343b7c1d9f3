"""The engine's loop body: takes submissions, schedules, runs the model, samples, reports. Knows no sockets and no model.

One thread owns an `EngineCore`. Everything it has to say is returned as protocol messages, in order, each about one id; the
caller delivers them. A step that fails ends the sequences that were in it, since their states may be half updated, and
leaves all others as they were.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from collections.abc import Sequence as Run
from dataclasses import dataclass, field
from typing import Literal, Protocol

import torch

from nemoserve.engine.batch import Chunk
from nemoserve.engine.constraint import Constraint
from nemoserve.engine.failures import explain, first_line
from nemoserve.engine.logprobs import token_logprobs
from nemoserve.engine.protocol import (
    MAX_FRAME_BYTES,
    Cancel,
    EndThinking,
    Finished,
    FromEngine,
    Rejected,
    Sampling,
    Status,
    Submit,
    TokenLogprob,
    Tokens,
)
from nemoserve.engine.sampling import Choice, Row, sample
from nemoserve.engine.scheduler import Limits, Planned, QueueFull, Scheduler, Sequence, TooLarge

_LOGPROB_BYTES = 16
"""At most, one pair of token id and log probability as MessagePack."""

_MAX_RETRY_S = 60.0
_LEAST_REPLY = 16
"""Tokens of a reply for which a snapshot is worth its memory."""


class StepRunner(Protocol):
    def step(self, chunks: list[Chunk]) -> torch.Tensor:
        """float32 logits: a row per token of a chunk with `all_logits`, one per other chunk with `sample`, in order."""
        ...


class Slots(Protocol):
    """The cache as the core sees it."""

    def begin(self, slot: int) -> None: ...
    def release(self, slot: int) -> None: ...
    def idle_faults(self) -> list[str]: ...


class Beginnings(Protocol):
    """The prompts that were read before, as the core sees them (`prefixes.Prefixes`)."""

    def resume(self, slot: int, prompt: Run[int]) -> int: ...
    def keep(self, slot: int, tokens: Run[int]) -> None: ...
    def idle_faults(self) -> list[str]: ...


class ConstraintMaker(Protocol):
    """What the core needs for thinking limits and grammars, which are about bytes."""

    def constrain(self, sampling: Sampling, prompt: list[int]) -> Constraint | None:
        """None for a sequence that needs none. Raises ValueError with what is wrong with the settings."""
        ...


@dataclass(slots=True, eq=False)
class _Live:
    """A sequence with what sampling and reporting need."""

    sequence: Sequence
    row: Row
    submitted: float
    started: float | None = None
    first: float | None = None
    held_slot: int | None = None
    prompt_logprobs: list[TokenLogprob | None] | None = None
    keep_reply: bool = False
    reply: list[int] = field(default_factory=list[int])
    kept: int = 0
    """Tokens at the last snapshot."""


class EngineCore:
    """`context_length` and `vocab_size` bound what is accepted; `clock` gives seconds.

    Without `constraints`, requests with thinking limits or a grammar are refused; without `beginnings`, every prompt is read whole.
    """

    def __init__(
        self,
        runner: StepRunner,
        cache: Slots,
        limits: Limits,
        *,
        context_length: int,
        vocab_size: int,
        constraints: ConstraintMaker | None = None,
        beginnings: Beginnings | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._runner = runner
        self._cache = cache
        self._scheduler = Scheduler(limits)
        self._context_length = context_length
        self._vocab_size = vocab_size
        self._constraints = constraints
        self._beginnings = beginnings
        self._clock = clock
        self._live: dict[str, _Live] = {}
        self._service_s: float | None = None
        self._sampled = 0
        self._status_at = clock()
        self.broken: str | None = None
        """Why no further step can succeed; the process should end. None while all is well."""

    @property
    def has_work(self) -> bool:
        return bool(self._live)

    def submit(self, message: Submit) -> list[FromEngine]:
        """Take a sequence, or say why not with one `Rejected`."""
        refusal = self._refusal(message)
        if refusal is not None:
            return [refusal]
        sampling = message.sampling
        try:
            constraint = self._constrain(message)
        except ValueError as error:
            return [Rejected(message.id, "invalid", str(error))]
        wanted = sampling.prompt_logprobs is not None
        stem = min(message.stem, len(message.prompt)) if self._beginnings is not None else 0
        sequence = Sequence(message.id, message.prompt, sampling.max_tokens, all_logits=wanted, stem=stem)
        try:
            self._scheduler.add(sequence)
        except TooLarge:
            text = f"prompt and max_tokens come to {sequence.reserved} tokens; the KV cache holds {self._scheduler.limits.kv_tokens}"
            return [Rejected(message.id, "too_long", text)]
        except QueueFull:
            text = f"{self._scheduler.running} requests are running and {self._scheduler.waiting} waiting"
            return [Rejected(message.id, "overloaded", text, self._retry_after())]
        live = _Live(sequence, Row(sampling, message.prompt, constraint), self._clock())
        live.prompt_logprobs = [None] if wanted else None
        live.keep_reply = message.keep_reply
        self._live[message.id] = live
        return []

    def cancel(self, message: Cancel) -> list[FromEngine]:
        live = self._live.get(message.id)
        return [] if live is None else [self._finish(live, "cancelled")]

    def end_thinking(self, message: EndThinking) -> list[FromEngine]:
        """Make a sequence's thinking end at its next newline. Ignored when it is not thinking, or is not there."""
        live = self._live.get(message.id)
        if live is not None and live.row.constraint is not None:
            live.row.constraint.end_thinking()
        return []

    def cancel_all(self) -> list[FromEngine]:
        return [self._finish(live, "cancelled") for live in list(self._live.values())]

    def abandon(self, message: str) -> list[FromEngine]:
        """The last messages of all sequences when the process must end; touches neither cache nor scheduler."""
        lost = [live.sequence for live in self._live.values()]
        self._live.clear()
        return [Finished(s.id, "error", len(s.prompt), s.sampled, message=message) for s in lost]

    def status(self) -> Status:
        """The rate is the mean since the last call."""
        now = self._clock()
        rate = self._sampled / max(1e-6, now - self._status_at)
        self._sampled, self._status_at = 0, now
        scheduler = self._scheduler
        return Status(scheduler.running, scheduler.waiting, scheduler.kv_tokens_reserved, rate)

    def idle_faults(self) -> list[str]:
        """What is left over although no sequence is there, each as a half sentence; nothing, unless there is a bug."""
        found = self._scheduler.idle_faults() + self._cache.idle_faults()
        return found if self._beginnings is None else found + self._beginnings.idle_faults()

    def step(self) -> list[FromEngine]:
        """Run one batch: every decoding sequence gets a token, prompts advance. Does nothing when nothing runs."""
        messages: list[FromEngine] = []
        while admitted := self._scheduler.admitted():  # one that cannot begin makes room for others
            for sequence in admitted:
                self._begin(self._live[sequence.id], messages)
        planned = self._scheduler.plan()
        if not planned:
            return messages
        failure: str | None = None
        choices: dict[str, Choice] = {}
        try:
            with torch.inference_mode():
                choices = self._compute(planned)
        except Exception as error:
            failure = explain(error)
        if failure is not None:
            # Outside the handler, whose exception would keep the failed step's tensors alive.
            self._recover()
            messages += [self._finish(self._live[p.sequence.id], "error", message=failure) for p in planned]
            return messages
        for p in planned:
            messages += self._report(p, choices.get(p.sequence.id))
        return messages

    def _refusal(self, message: Submit) -> Rejected | None:
        prompt, sampling = message.prompt, message.sampling

        def invalid(text: str) -> Rejected:
            return Rejected(message.id, "invalid", text)

        if message.id in self._live:
            return invalid(f"the id {message.id!r} is already in use")
        if not prompt:
            return invalid("the prompt has no tokens")
        if sampling.max_tokens < 0:
            return invalid(f"max_tokens is {sampling.max_tokens}")
        for name, ids in (("prompt", prompt), ("logit_bias", list(sampling.logit_bias))):
            if ids and not (min(ids) >= 0 and max(ids) < self._vocab_size):
                strange = next(i for i in ids if not 0 <= i < self._vocab_size)
                return invalid(f"{name} has the token id {strange}; the vocabulary has {self._vocab_size} tokens")
        if len(prompt) + sampling.max_tokens > self._context_length:
            text = (
                f"a prompt of {len(prompt)} tokens and max_tokens of {sampling.max_tokens} exceed "
                f"the context length of {self._context_length} tokens"
            )
            return Rejected(message.id, "too_long", text)
        report = len(prompt) * (sampling.prompt_logprobs + 2) if sampling.prompt_logprobs is not None else 0
        if report * _LOGPROB_BYTES > MAX_FRAME_BYTES // 2:
            text = f"log probabilities for a prompt of {len(prompt)} tokens are too many for one answer"
            return Rejected(message.id, "too_long", text)
        return None

    def _constrain(self, message: Submit) -> Constraint | None:
        sampling = message.sampling
        if sampling.thinking is None and sampling.grammar is None:
            return None
        if self._constraints is None:
            raise ValueError("this engine has no tokenizer, which thinking limits and grammars need")
        return self._constraints.constrain(sampling, message.prompt)

    def _begin(self, live: _Live, messages: list[FromEngine]) -> None:
        """Clear the slot, and put there what is known of the prompt; if that fails the sequence ends and is not run."""
        sequence = live.sequence
        assert sequence.slot is not None
        live.started = self._clock()
        live.held_slot = sequence.slot
        failure: str | None = None
        try:
            self._cache.begin(sequence.slot)
            if self._beginnings is not None and not sequence.all_logits:
                live.kept = self._beginnings.resume(sequence.slot, sequence.prompt)
                self._scheduler.resume(sequence, live.kept)
        except Exception as error:
            failure = explain(error)
        if failure is not None:
            self._recover()
            messages.append(self._finish(live, "error", message=failure))

    def _keep(self, live: _Live) -> None:
        """Take a snapshot if the sequence stands at a place that is worth coming back to."""
        sequence, prompt = live.sequence, live.sequence.prompt
        at, unit = sequence.cached, self._scheduler.limits.prefill_tokens
        if self._beginnings is None or sequence.slot is None or at > len(prompt) or sequence.all_logits:
            return
        if at == sequence.stem or (at < len(prompt) and at % unit == 0):
            self._take(self._beginnings, sequence.slot, prompt[:at])
            live.kept = at

    def _keep_reply(self, live: _Live) -> None:
        """Take a snapshot at a reply's end, if the next turn is likely to have it."""
        sequence = live.sequence
        if self._beginnings is None or sequence.slot is None or sequence.all_logits or not live.keep_reply:
            return
        if sequence.cached >= max(live.kept, len(sequence.prompt)) + _LEAST_REPLY:
            reply = live.reply[: sequence.cached - len(sequence.prompt)]
            self._take(self._beginnings, sequence.slot, [*sequence.prompt, *reply])

    def _take(self, beginnings: Beginnings, slot: int, tokens: list[int]) -> None:
        failed = False
        try:
            beginnings.keep(slot, tokens)
        except Exception:
            failed = True  # no memory for it: the request goes on without
        if failed:
            self._recover()

    def _compute(self, planned: list[Planned]) -> dict[str, Choice]:
        """Run the model and sample; also collects prompt log probabilities. Changes no sequence."""
        logits = self._runner.step([p.chunk for p in planned])
        sampling: list[_Live] = []
        sampled_rows: list[int] = []
        reports: list[tuple[_Live, list[TokenLogprob]]] = []
        row = 0
        for p in planned:
            chunk = p.chunk
            live = self._live[p.sequence.id]
            if chunk.all_logits:
                targets = p.sequence.prompt[chunk.start + 1 : chunk.start + len(chunk.tokens) + 1]
                top = live.row.sampling.prompt_logprobs or 0
                rows = logits[row : row + len(targets)]
                ids = torch.tensor(targets, dtype=torch.int64, device=logits.device)
                reports.append((live, token_logprobs(rows, ids, [top] * len(targets))))
                row += len(chunk.tokens)
            elif chunk.sample:
                row += 1
            if chunk.sample:
                sampling.append(live)
                sampled_rows.append(row - 1)
        if row != len(logits):
            raise RuntimeError(f"the model returned {len(logits)} rows of logits for {row} tokens")
        chosen = logits if len(sampled_rows) == row else logits[sampled_rows]
        choices = sample(chosen, [live.row for live in sampling])
        for live, found in reports:
            if live.prompt_logprobs is not None:
                live.prompt_logprobs += found
        return {live.sequence.id: choice for live, choice in zip(sampling, choices, strict=True)}

    def _report(self, planned: Planned, choice: Choice | None) -> list[FromEngine]:
        """Book one chunk's outcome and say what is new."""
        sequence = planned.sequence
        live = self._live[sequence.id]
        token = choice.token if choice else None
        self._scheduler.advance(planned, token)
        self._keep(live)
        if sequence.remaining_prompt:
            return []
        cached = 0 if sequence.sampled > 1 else sequence.resumed
        if choice is None:  # no tokens were asked for
            return [*self._of_prompt(live, cached), self._finish(live, "length")]
        if token is None:
            return [self._finish(live, "error", message=choice.error)]
        live.first = live.first or self._clock()
        self._sampled += 1
        sampling = live.row.sampling
        if token in sampling.stop_token_ids and not sampling.ignore_eos:
            return [*self._of_prompt(live, cached), self._finish(live, "stop", stop_token=token)]
        live.row.observe(token)
        live.reply.append(token)
        logprobs = None if choice.logprob is None else [choice.logprob]
        messages: list[FromEngine] = [Tokens(sequence.id, [token], logprobs, live.prompt_logprobs, cached)]
        live.prompt_logprobs = None
        if live.row.constraint is not None and live.row.constraint.finished:
            messages.append(self._finish(live, "stop"))
        elif sequence.sampled >= sequence.max_tokens:
            messages.append(self._finish(live, "length"))
        return messages

    def _of_prompt(self, live: _Live, cached: int) -> list[FromEngine]:
        """What is to be told of a prompt whose reply ends with no token that could carry it."""
        if not cached and live.prompt_logprobs is None:
            return []
        return [Tokens(live.sequence.id, [], None, live.prompt_logprobs, cached)]

    def _finish(
        self,
        live: _Live,
        reason: Literal["stop", "length", "cancelled", "error"],
        *,
        stop_token: int | None = None,
        message: str = "",
    ) -> Finished:
        """Free everything a sequence holds, and compose its last message."""
        sequence, now = live.sequence, self._clock()
        if reason in ("stop", "length"):
            self._keep_reply(live)
        del self._live[sequence.id]
        self._scheduler.remove(sequence)
        if live.held_slot is not None:
            self._cache.release(live.held_slot)
        started = now if live.started is None else live.started
        first = now if live.first is None else live.first
        if reason in ("stop", "length"):
            took = now - started
            self._service_s = took if self._service_s is None else 0.8 * self._service_s + 0.2 * took
        return Finished(
            id=sequence.id,
            reason=reason,
            prompt_tokens=len(sequence.prompt),
            completion_tokens=sequence.sampled,
            stop_token=stop_token,
            thinking_cut=live.row.thinking_cut,
            message=message,
            queue_s=started - live.submitted,
            prefill_s=first - started,
            decode_s=now - first,
        )

    def _retry_after(self) -> float:
        """When a place in the queue should be free: the mean time between two requests' ends, in whole seconds."""
        if self._service_s is None:
            return 1.0
        return min(_MAX_RETRY_S, max(1.0, math.ceil(self._service_s / max(1, self._scheduler.running))))

    def _recover(self) -> None:
        """Give back what a failed step left; notice a device that will not work again."""
        if not torch.cuda.is_initialized():
            return
        try:
            torch.cuda.synchronize()
            torch.cuda.empty_cache()
        except RuntimeError as error:
            self.broken = f"the GPU no longer works: {first_line(error)}"
