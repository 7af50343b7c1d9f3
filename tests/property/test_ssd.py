"""The chunked scan equals the recurrence that defines it, for any sizes, cuts and decays."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.engine.layers import ssd
from tests.examples import examples


@dataclass
class Case:
    heads: int
    head_dim: int
    groups: int
    size: int
    pieces: list[int]
    step: float
    seed: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    groups = draw(st.sampled_from((1, 2, 4)))
    return Case(
        heads=groups * draw(st.integers(1, 3)),
        head_dim=draw(st.integers(1, 5)),
        groups=groups,
        size=draw(st.integers(1, 6)),
        pieces=draw(st.lists(st.integers(1, 40), min_size=1, max_size=4)),
        # Mean step size: from hardly any decay to a state that is forgotten at once.
        step=draw(st.sampled_from((1e-4, 1e-2, 0.3, 5.0))),
        seed=draw(st.integers(0, 2**16)),
    )


def inputs(case: Case) -> tuple[torch.Tensor, ...]:
    generator = torch.Generator().manual_seed(case.seed)
    length = sum(case.pieces)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator)

    x = normal(length, case.heads, case.head_dim)
    dt = torch.nn.functional.softplus(normal(length, case.heads) * 3) * case.step
    a = -torch.rand(case.heads, generator=generator) * 15 - 1
    b = normal(length, case.groups, case.size)
    c = normal(length, case.groups, case.size)
    state = normal(case.groups, case.size, case.heads // case.groups * case.head_dim)
    return x, dt, a, b, c, state


def defined(
    x: torch.Tensor, dt: torch.Tensor, a: torch.Tensor, b: torch.Tensor, c: torch.Tensor, state: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs and last state, head by head and token by token in float64, straight from the definition."""
    x, dt, a, b, c = (t.double() for t in (x, dt, a, b, c))
    length, heads, head_dim = x.shape
    groups, size, _ = state.shape
    per_head = (
        state.double().view(groups, size, heads // groups, head_dim).permute(0, 2, 3, 1).reshape(heads, head_dim, size)
    )
    outputs: list[torch.Tensor] = []
    for t in range(length):
        of_head_b = b[t].repeat_interleave(heads // groups, 0)
        of_head_c = c[t].repeat_interleave(heads // groups, 0)
        decay = torch.exp(dt[t] * a).view(heads, 1, 1)
        per_head = decay * per_head + (dt[t].view(heads, 1) * x[t]).unsqueeze(2) * of_head_b.unsqueeze(1)
        outputs.append((per_head * of_head_c.unsqueeze(1)).sum(2))
    back = per_head.view(groups, heads // groups, head_dim, size).permute(0, 3, 1, 2).reshape(state.shape)
    return torch.stack(outputs), back


def assert_equal(ours: torch.Tensor, exact: torch.Tensor, scale: torch.Tensor) -> None:
    assert ours.shape == exact.shape
    assert (ours.double() - exact).abs().max() <= 2e-5 * (1 + scale.abs().max())


@given(cases())
@examples(60)
def test_any_cut_of_the_scan_equals_the_recurrence(case: Case) -> None:
    x, dt, a, b, c, state = inputs(case)
    expected, last = defined(x, dt, a, b, c, state)
    begin = 0
    outputs: list[torch.Tensor] = []
    for length in case.pieces:
        span = slice(begin, begin + length)
        outputs.append(ssd.scan_chunk(x[span], dt[span], a, b[span], c[span], state))
        begin += length
    assert_equal(torch.cat(outputs), expected, expected)
    assert_equal(state, last, last)


@given(cases())
@examples(30)
def test_steps_equal_the_recurrence_in_a_batch(case: Case) -> None:
    """Two sequences stepped together: the given one and the same backwards."""
    x, dt, a, b, c, state = inputs(case)
    order = [torch.arange(len(x)), torch.arange(len(x)).flip(0)]
    expected = [defined(x[o], dt[o], a, b[o], c[o], state) for o in order]
    states = torch.stack((state, state))
    outputs: list[torch.Tensor] = []
    for t in range(len(x)):
        now = torch.stack([o[t] for o in order])
        outputs.append(ssd.step(x[now], dt[now].unsqueeze(2), a.unsqueeze(1), b[now], c[now], states))
    for i, (y, last) in enumerate(expected):
        assert_equal(torch.stack(outputs)[:, i], y, y)
        assert_equal(states[i], last, last)
