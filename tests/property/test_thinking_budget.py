"""For any tokens and limits: thinking ends once, in time, where it was due, and never again is anything forced."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field

import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.engine.constraint import Constraint
from nemoserve.engine.protocol import Sampling, Thinking
from nemoserve.engine.sampling import Row, sample
from nemoserve.engine.thinking import Phase, ThinkingState
from nemoserve.engine.token_bytes import TokenBytes
from tests.examples import examples

CLOSER = b"</think>"
PIECES = [
    b"", b"a", b" b", b"\n", b"\n\n", b"x\ny", b".\n", b"<", b"</", b"/", b"think", b"think>", b">", b"</th", b"ink", b"nk>",
    b">\n\n", b"</think>", b"</think>\n\n", b"</think>so", b"\n<", b"a</", b"<think>", b"<thi", b" <", b"stop",
]  # fmt: skip
SPELLING = TokenBytes(PIECES)
ENDS = [
    [b"</think>"],
    [b"\n", b"</think>", b"\n\n"],
    [b"\n\n", b"</", b"think", b">", b"\n\n"],
    [b"\n", b"<", b"/", b"think>"],
    [b"stop", b".\n", b"</th", b"ink", b">\n\n"],
]

limits = st.builds(
    Thinking,
    opened=st.booleans(),
    budget=st.one_of(st.none(), st.integers(0, 12)),
    grace=st.integers(0, 8),
    minimum=st.sampled_from([0, 0, 3, 10]),
    end=st.sampled_from([tuple(PIECES.index(piece) for piece in end) for end in ENDS]),
)
plain = st.sampled_from([i for i, piece in enumerate(PIECES) if CLOSER not in piece])
replies = st.lists(st.one_of(plain, plain, st.integers(0, len(PIECES) - 1)), min_size=60, max_size=60)


@dataclass
class Run:
    """A reply that took the offered tokens, save where others were forced or the offered one was banned."""

    state: ThinkingState
    tokens: list[int] = field(default_factory=list[int])
    forced: list[int] = field(default_factory=list[int])
    """Places of the forced tokens."""
    asked: int | None = None
    """Thinking tokens at the time when the end was asked for."""


def run(limits: Thinking, offered: list[int], ask_at: int | None = None, new_line: bool = False) -> Run:
    run = Run(ThinkingState(limits, SPELLING, new_line=new_line))
    for place, token in enumerate(offered):
        state = run.state
        if place == ask_at and state.phase is Phase.INSIDE:
            run.asked = state.count
            state.end_now()
        if state.forced is not None:
            run.forced.append(place)
            token = state.forced
        elif state.early and token in dict(state.closing()):
            token = PIECES.index(b"a")
        state.observe(token)
        run.tokens.append(token)
    return run


def text(tokens: list[int]) -> bytes:
    return SPELLING.join(tokens)


@examples(400)
@given(limits, replies, st.one_of(st.none(), st.integers(0, 20)), st.booleans())
def test_the_end_comes_in_time_and_once(
    limits: Thinking, offered: list[int], ask_at: int | None, new_line: bool
) -> None:
    done = run(limits, offered, ask_at, new_line)
    state = done.state
    bounds = [] if limits.budget is None else [limits.budget + (limits.grace if limits.budget else 0)]
    bounds += [] if done.asked is None else [done.asked + 16]
    if bounds and state.opened:
        assert state.phase is Phase.AFTER
        assert state.count <= min(bounds) + len(limits.end)
    if done.forced:
        first, last = done.forced[0], done.forced[-1]
        assert done.forced == list(range(first, last + 1)), "sampled tokens between forced ones"
        assert tuple(done.tokens[first : last + 1]) == limits.end[-len(done.forced) :]
        before, whole = text(done.tokens[:first]), text(done.tokens[: last + 1])
        if limits.opened:
            assert CLOSER not in before and whole.count(CLOSER) == 1
    if not state.opened:
        assert not done.forced


@examples(300)
@given(limits, replies)
def test_forcing_starts_at_the_first_newline_that_is_due_or_when_the_grace_is_over(
    limits: Thinking, offered: list[int]
) -> None:
    """The rule once more, written down as a search over the whole reply."""
    limits = Thinking(opened=True, budget=limits.budget or 0, grace=limits.grace, end=limits.end)
    done = run(limits, offered)
    budget = limits.budget or 0
    closed = next((n for n in range(1, 61) if CLOSER in text(offered[:n])), 99)
    newline = next((n for n in range(max(1, budget), 61) if b"\n" in PIECES[offered[n - 1]]), 99)
    start = min(newline, budget + limits.grace) if budget else 0
    if closed <= start:
        assert not done.forced and done.tokens == offered
    else:
        assert done.forced[0] == start
        assert done.tokens[done.forced[-1] + 1 :] == offered[done.forced[-1] + 1 :]


@examples(300)
@given(limits, replies)
def test_the_tokens_said_to_close_are_those_that_do(limits: Thinking, offered: list[int]) -> None:
    state = ThinkingState(limits, SPELLING)
    for token in offered:
        if state.phase is Phase.INSIDE:
            closing = dict(state.closing())
            for other in range(len(PIECES)):
                trial = copy.copy(state)
                trial.observe(other)
                assert (trial.phase is Phase.AFTER) == (other in closing)
        if state.early:
            assert state.count < limits.minimum
        state.observe(token if state.forced is None else state.forced)


@examples(200)
@given(replies, st.integers(0, 12))
def test_only_a_reply_that_begins_with_the_opener_thinks(offered: list[int], budget: int) -> None:
    state = ThinkingState(Thinking(opened=False, budget=budget, end=(PIECES.index(CLOSER),)), SPELLING)
    for n, token in enumerate(offered, 1):
        state.observe(token if state.forced is None else state.forced)
        begun = text(offered[:n]).lstrip()
        if b"<think>".startswith(begun) and begun != b"<think>":
            assert state.phase is Phase.BEFORE
        else:
            assert state.opened == begun.startswith(b"<think>")
            return


def generate(asked: list[tuple[Thinking, int]], steps: int = 25) -> list[list[int]]:
    """Replies sampled in one batch; a row's logits depend on its own tokens alone."""
    replies: list[list[int]] = [[] for _ in asked]
    rows = [
        Row(
            Sampling(max_tokens=steps, seed=seed, frequency_penalty=0.3, logprobs=1 if seed % 2 else None),
            [0],
            Constraint(ThinkingState(limits, SPELLING), None, None, SPELLING, [0]),
        )
        for limits, seed in asked
    ]
    for _ in range(steps):
        generators = [torch.Generator().manual_seed(hash(tuple(reply)) % 2**32) for reply in replies]
        logits = torch.stack([torch.randn(len(PIECES), generator=generator) * 2 for generator in generators])
        for row, reply, choice in zip(rows, replies, sample(logits, rows), strict=True):
            assert choice.token is not None
            row.observe(choice.token)
            reply.append(choice.token)
    return replies


@examples(25)
@given(st.lists(st.tuples(limits, st.integers(0, 2**32)), min_size=2, max_size=5))
def test_a_sequence_gets_the_same_tokens_alone_and_in_any_batch(asked: list[tuple[Thinking, int]]) -> None:
    assert generate(asked) == [generate([one])[0] for one in asked]
