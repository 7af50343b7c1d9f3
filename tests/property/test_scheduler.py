"""Whatever arrives, ends and is cancelled in whatever order: the scheduler's promises hold at every step."""

from __future__ import annotations

from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from nemoserve.engine.scheduler import LOGITS_CHUNK, PATIENCE, Limits, Planned, QueueFull, Scheduler, Sequence, TooLarge
from tests.examples import examples


@dataclass
class Request:
    prompt: int
    max_tokens: int
    all_logits: bool
    ends_after: int
    """Tokens after which it stops by itself, if max_tokens does not end it first."""


limits = st.builds(
    Limits,
    max_sequences=st.integers(1, 5),
    kv_tokens=st.integers(1, 2000),
    max_waiting=st.integers(0, 6),
    prefill_tokens=st.integers(1, 400),
)
requests = st.builds(
    Request,
    prompt=st.one_of(st.integers(1, 20), st.integers(1, 900)),
    max_tokens=st.integers(0, 30),
    all_logits=st.booleans(),
    ends_after=st.integers(1, 40),
)
operations = st.lists(st.one_of(requests, st.integers(0, 30), st.none()), max_size=60)
"""A request to submit, the number of a request to cancel, or None: a step."""


@dataclass
class World:
    """Plays the core and the model, and checks every plan against what it has seen."""

    limits: Limits
    scheduler: Scheduler = field(init=False)
    live: dict[str, Sequence] = field(default_factory=dict)
    requests: dict[str, Request] = field(default_factory=dict)
    computed: dict[str, list[int]] = field(default_factory=dict)
    """Every token the model was given, per sequence, in order: what its cache would hold."""
    sampled: dict[str, list[int]] = field(default_factory=dict)
    passed_over: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.scheduler = Scheduler(self.limits)

    def submit(self, request: Request) -> None:
        name = f"r{len(self.requests)}"
        self.requests[name] = request
        prompt = [1000 * len(self.requests) + i for i in range(request.prompt)]
        sequence = Sequence(name, prompt, request.max_tokens, request.all_logits)
        waiting, free = self.scheduler.waiting, self.has_room(sequence)
        try:
            self.scheduler.add(sequence)
        except TooLarge:
            assert sequence.reserved > self.limits.kv_tokens
        except QueueFull:
            assert waiting == self.limits.max_waiting
            assert waiting or not free, "refused although it could have run at once"
        else:
            self.live[name] = sequence
            self.computed[name], self.sampled[name] = [], []
            self.passed_over[name] = 0
        self.check_bounds()

    def has_room(self, sequence: Sequence) -> bool:
        running = [s for s in self.live.values() if s.slot is not None]
        reserved = sum(s.reserved for s in running)
        return len(running) < self.limits.max_sequences and reserved + sequence.reserved <= self.limits.kv_tokens

    def end(self, name: str) -> None:
        self.scheduler.remove(self.live.pop(name))
        self.check_bounds()

    def cancel(self, number: int) -> None:
        name = f"r{number}"
        if name in self.live:
            before = self.scheduler.running + self.scheduler.waiting
            self.end(name)
            assert self.scheduler.running + self.scheduler.waiting == before - 1

    def step(self) -> None:
        planned = self.scheduler.plan()
        self.check_plan(planned)
        for p in planned:
            name, chunk = p.sequence.id, p.chunk
            self.computed[name] += chunk.tokens
            token = None
            if chunk.sample:
                token = 10**6 + 1000 * int(name[1:]) + len(self.sampled[name])
                self.sampled[name].append(token)
            self.scheduler.advance(p, token)
            done = len(self.sampled[name])
            whole_prompt = len(self.computed[name]) >= len(p.sequence.prompt)
            if whole_prompt and done >= min(p.sequence.max_tokens, self.requests[name].ends_after):
                assert self.computed[name] == (p.sequence.prompt + self.sampled[name])[: len(self.computed[name])]
                assert len(self.computed[name]) == len(p.sequence.prompt) + max(0, done - 1)
                self.end(name)

    def check_bounds(self) -> None:
        running = [s for s in self.live.values() if s.slot is not None]
        waiting = [s for s in self.live.values() if s.slot is None]
        assert len(running) == self.scheduler.running <= self.limits.max_sequences
        assert len(waiting) == self.scheduler.waiting <= self.limits.max_waiting
        assert sum(s.reserved for s in running) == self.scheduler.kv_tokens_reserved <= self.limits.kv_tokens
        slots = [s.slot for s in running]
        assert len(set(slots)) == len(slots), "a slot is shared"
        assert all(0 <= slot < self.limits.max_sequences for slot in slots if slot is not None)
        if running and waiting:
            assert max(s.arrival for s in running) < min(s.arrival for s in waiting), "someone jumped the queue"
        if waiting:
            assert not self.has_room(min(waiting, key=lambda s: s.arrival)), "room is left empty"

    def check_plan(self, planned: list[Planned]) -> None:
        running = {s.id: s for s in self.live.values() if s.slot is not None}
        names = [p.sequence.id for p in planned]
        assert len(set(names)) == len(names)
        assert bool(planned) == bool(running), "a step without work, or work without a step"
        prefilled = 0
        for p in planned:
            chunk, sequence = p.chunk, running[p.sequence.id]
            assert chunk.slot == sequence.slot
            history = sequence.prompt + self.sampled[sequence.id]
            assert chunk.start == len(self.computed[sequence.id])
            assert chunk.tokens and chunk.tokens == history[chunk.start : chunk.start + len(chunk.tokens)]
            end = chunk.start + len(chunk.tokens)
            assert chunk.sample == (end >= len(sequence.prompt) and sequence.max_tokens > 0)
            if chunk.start < len(sequence.prompt):
                prefilled += len(chunk.tokens)
                assert end <= len(sequence.prompt)
                assert chunk.all_logits == sequence.all_logits
                unit = min(self.limits.prefill_tokens, LOGITS_CHUNK) if chunk.all_logits else self.limits.prefill_tokens
                assert chunk.start % unit == 0 and (end % unit == 0 or end == len(sequence.prompt))
            else:
                assert len(chunk.tokens) == 1 and not chunk.all_logits
        assert prefilled <= self.limits.prefill_tokens
        for name, sequence in running.items():
            if len(self.computed[name]) >= len(sequence.prompt):
                assert name in names, "a decoding sequence was left out"
        self.check_patience(set(names), running)

    def check_patience(self, served: set[str], running: dict[str, Sequence]) -> None:
        unfinished = [s for s in running.values() if len(self.computed[s.id]) < len(s.prompt)]
        if unfinished:
            oldest = min(unfinished, key=lambda s: s.arrival).id
            self.passed_over[oldest] = 0 if oldest in served else self.passed_over[oldest] + 1
            assert self.passed_over[oldest] <= PATIENCE, "the oldest prompt starves"

    def drain(self) -> None:
        work = sum(s.reserved + 1 for s in self.live.values())
        for _ in range(work):
            if not self.live:
                break
            self.step()
        assert not self.live, "not everything finishes"
        assert self.scheduler.running == self.scheduler.waiting == self.scheduler.kv_tokens_reserved == 0


@examples(150)
@given(limits, operations)
def test_promises_hold_under_any_traffic(limits: Limits, operations: list[Request | int | None]) -> None:
    world = World(limits)
    for operation in operations:
        if isinstance(operation, Request):
            world.submit(operation)
        elif isinstance(operation, int):
            world.cancel(operation)
        else:
            world.step()
    world.drain()
