"""The recurrence equals its definition in float64 for any sizes, cuts and decays, and leaves other sequences alone."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from nemoserve.engine.gpu.scan import scan_run, state_step

OFFSET = 3


@dataclass(frozen=True)
class Sizes:
    groups: int
    heads: int
    head_dim: int
    state_size: int

    @property
    def inner(self) -> int:
        return self.heads * self.head_dim

    @property
    def state(self) -> tuple[int, int, int]:
        return self.groups, self.state_size, self.inner // self.groups

    @property
    def all(self) -> tuple[int, int, int, int]:
        return self.groups, self.heads, self.head_dim, self.state_size


@dataclass
class Inputs:
    sizes: Sizes
    xbc: torch.Tensor
    projected: torch.Tensor
    dt_bias: torch.Tensor
    a: torch.Tensor
    d: torch.Tensor
    limit: tuple[float, float] | None = None

    def run(self, state: torch.Tensor, begin: int, end: int) -> torch.Tensor:
        rows = self.xbc[begin:end], self.projected[begin:end]
        return scan_run(*rows, OFFSET, self.dt_bias, self.a, self.d, self.limit, state, *self.sizes.all)

    def step(self, states: torch.Tensor, slots: list[int]) -> torch.Tensor:
        rows, numbers = (self.xbc, self.projected), (self.dt_bias, self.a, self.d, self.limit)
        return state_step(*rows, OFFSET, *numbers, states, torch.tensor(slots), *self.sizes.all)


def inputs(
    sizes: Sizes, length: int, *, rate: float = 1.0, step: float = 0.0, dtype: torch.dtype = torch.float32
) -> Inputs:
    """Decay rates of about `rate`, and step sizes of about softplus(step)."""
    heads = sizes.heads
    return Inputs(
        sizes,
        torch.randn(length, sizes.inner + 2 * sizes.groups * sizes.state_size),
        (torch.randn(length, OFFSET + heads + 4) + step).to(dtype)[:, : OFFSET + heads + 2],
        torch.randn(heads),
        -(torch.rand(heads) + 0.5) * rate,
        torch.randn(heads),
    )


def defined(case: Inputs, state: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Outputs and last state, token by token in float64."""
    sizes = case.sizes
    groups, heads, head_dim, size = sizes.all
    dt = functional.softplus(case.projected[:, OFFSET : OFFSET + heads].double() + case.dt_bias.double(), threshold=1e9)
    if case.limit is not None:
        dt = dt.clamp(*case.limit)
    x, b, c = case.xbc.double().split((sizes.inner, groups * size, groups * size), 1)
    state = state.double().view(groups, size, heads // groups, head_dim)
    outputs: list[torch.Tensor] = []
    for t in range(len(x)):
        of_head = x[t].view(groups, 1, -1, head_dim)
        steps = dt[t].view(groups, 1, -1, 1)
        state = state * torch.exp(steps * case.a.double().view(groups, 1, -1, 1))
        state = state + b[t].view(groups, size, 1, 1) * (of_head * steps)
        y = (state * c[t].view(groups, size, 1, 1)).sum(1) + case.d.double().view(groups, -1, 1) * of_head[:, 0]
        outputs.append(y.flatten())
    return torch.stack(outputs), state.view(sizes.state)


def assert_close(ours: torch.Tensor, exact: torch.Tensor, tolerance: float = 1e-5) -> None:
    assert ours.shape == exact.shape
    assert torch.isfinite(ours).all()
    assert (ours.double() - exact).abs().max() <= tolerance * (1 + exact.abs().max())


SHAPES = [Sizes(1, 2, 5, 16), Sizes(2, 2, 80, 20), Sizes(8, 8, 4, 128), Sizes(1, 3, 16, 3), Sizes(2, 4, 33, 32)]


@pytest.mark.parametrize("length", [1, 63, 64, 65, 130])
@pytest.mark.parametrize("sizes", SHAPES[:3])
def test_a_run_equals_the_definition(sizes: Sizes, length: int) -> None:
    case = inputs(sizes, length)
    state = torch.randn(sizes.state)
    wanted, last = defined(case, state)
    assert_close(case.run(state, 0, length), wanted)
    assert_close(state, last)


@settings(max_examples=12, deadline=None)
@given(
    sizes=st.sampled_from(SHAPES),
    pieces=st.lists(st.sampled_from((1, 2, 17, 64, 70)), min_size=1, max_size=3),
    rate=st.sampled_from((1e-4, 0.1, 16.0, 300.0)),
    step=st.sampled_from((-12.0, -4.0, 0.0, 3.0)),
    dtype=st.sampled_from((torch.float32, torch.bfloat16)),
    limit=st.sampled_from((None, (0.01, 0.5))),
    seed=st.integers(0, 99),
)
def test_runs_equal_the_definition_however_they_are_cut(
    sizes: Sizes,
    pieces: list[int],
    rate: float,
    step: float,
    dtype: torch.dtype,
    limit: tuple[float, float] | None,
    seed: int,
) -> None:
    torch.manual_seed(seed)
    length = sum(pieces)
    case = inputs(sizes, length, rate=rate, step=step, dtype=dtype)
    case.limit = limit
    state = torch.randn(sizes.state)
    wanted, last = defined(case, state)
    ends = torch.tensor(pieces).cumsum(0).tolist()
    got = torch.cat([case.run(state, end - piece, end) for piece, end in zip(pieces, ends, strict=True)])
    assert_close(got, wanted, 2e-5)
    assert_close(state, last, 2e-5)


@pytest.mark.parametrize("rate", [1e3, 1e6, 3e38])
def test_decays_that_forget_everything_leave_no_infinities(rate: float) -> None:
    sizes = Sizes(2, 4, 5, 16)
    case = inputs(sizes, 130, rate=1.0, step=2.0)
    case.a.fill_(-rate)
    state = torch.randn(sizes.state) * 1e10
    wanted, last = defined(case, state)
    assert_close(case.run(state, 0, 130), wanted)
    assert_close(state, last)


def test_a_short_memory_after_a_long_sum_is_exact() -> None:
    """Where single float32 sums of the exponents would have lost the digits of their differences."""
    sizes = Sizes(1, 1, 16, 16)
    case = inputs(sizes, 64)
    case.projected[:] = -4.0
    case.projected[:32] = 30.0
    case.dt_bias.zero_()
    case.a.fill_(-30.0)
    state = torch.randn(sizes.state)
    wanted, last = defined(case, state)
    got = case.run(state, 0, 64)
    assert (got - wanted)[40:].abs().max() <= 2e-6 * wanted[40:].abs().max()
    assert_close(state, last, 2e-6)


@pytest.mark.parametrize("raw", [-80.0, -30.0, -8.0, -1e-3, 0.0, 1e-3, 8.0, 19.9, 20.1, 100.0])
def test_step_sizes_keep_their_digits(raw: float) -> None:
    sizes = Sizes(1, 1, 1, 1)
    case = inputs(sizes, 1)
    case.xbc.fill_(1.0)
    case.projected.fill_(raw)
    case.dt_bias.zero_()
    case.d.zero_()
    exact = functional.softplus(torch.tensor(raw, dtype=torch.float64), threshold=1e9)
    for got in (case.step(torch.zeros(1, *sizes.state), [0]), case.run(torch.zeros(sizes.state), 0, 1)):
        assert abs(got.double().item() / exact.item() - 1) <= 5e-7


@pytest.mark.parametrize("sizes", SHAPES)
@pytest.mark.parametrize("limit", [None, (0.2, 0.6)])
def test_each_row_advances_its_own_slot(sizes: Sizes, limit: tuple[float, float] | None) -> None:
    case = inputs(sizes, 4, dtype=torch.bfloat16)
    case.limit = limit
    case.xbc[2] = float("nan")
    states = torch.randn(5, *sizes.state)
    before = states.clone()
    got = case.step(states, [3, 0, -1, 4])
    for row, slot in ((0, 3), (1, 0), (3, 4)):
        alone = Inputs(sizes, case.xbc[[row]], case.projected[[row]], case.dt_bias, case.a, case.d, limit)
        wanted, last = defined(alone, before[slot])
        assert_close(got[[row]], wanted)
        assert_close(states[slot], last)
    assert not got[2].any()
    assert torch.equal(states[[1, 2]], before[[1, 2]])


def test_no_rows() -> None:
    sizes = SHAPES[0]
    case = inputs(sizes, 0)
    state = torch.randn(sizes.state)
    before = state.clone()
    assert case.run(state, 0, 0).shape == (0, sizes.inner)
    assert case.step(state.unsqueeze(0), []).shape == (0, sizes.inner)
    assert torch.equal(state, before)
