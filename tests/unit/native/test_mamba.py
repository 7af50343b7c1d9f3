"""Fears about the fused Mamba-2 mixer: wrong at odd sizes, by where a prompt was cut, or in what it leaves to the next token."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.native.library import MambaNumbers, Native, native
from tests.examples import examples


@dataclass(frozen=True)
class Shape:
    groups: int
    per_group: int
    head_dim: int
    state: int
    kernel: int = 4
    low: float = 0.0
    high: float = float("inf")

    @property
    def heads(self) -> int:
        return self.groups * self.per_group

    @property
    def inner(self) -> int:
        return self.heads * self.head_dim

    @property
    def channels(self) -> int:
        return self.inner + 2 * self.groups * self.state


class Mixer:
    """A random mixer, by the library and by its definition in float64, token after token."""

    def __init__(self, library: Native, shape: Shape, seed: int = 0, rows: int = 1) -> None:
        draw = torch.Generator().manual_seed(seed)
        self.library, self.shape, self.rows = library, shape, rows
        self.taps = torch.randn((shape.kernel, shape.channels), generator=draw)
        self.dt_bias = torch.randn(shape.heads, generator=draw) - 1
        self.a = -torch.rand(shape.heads, generator=draw) * 15 - 1
        self.d, self.norm = torch.rand(shape.heads, generator=draw), torch.rand(shape.inner, generator=draw) + 0.5
        self.conv = torch.randn((rows, shape.kernel, shape.channels), generator=draw)
        self.state = torch.randn((rows, shape.groups, shape.state, shape.per_group * shape.head_dim), generator=draw)
        sizes = (shape.heads, shape.head_dim, shape.groups, shape.state, shape.kernel)
        arrays = (self.taps, self.dt_bias, self.a, self.d, self.norm)
        numbers = MambaNumbers(*sizes, shape.low, shape.high, 1e-5, *(array.data_ptr() for array in arrays))
        self.record = library.mamba(numbers)
        self.projected_size = shape.inner + shape.channels + shape.heads
        self._wide: dict[str, Any] = {"conv": self.conv.double(), "state": self.state.double()}

    def run(self, projected: torch.Tensor, row: int = 0) -> torch.Tensor:
        y = torch.empty(len(projected), self.shape.inner)
        places = (projected.data_ptr(), self.conv[row].data_ptr(), self.state[row].data_ptr(), y.data_ptr())
        self.library.mamba_run(self.record, len(projected), *places)
        return y

    def step(self, projected: torch.Tensor) -> torch.Tensor:
        y = torch.empty(len(projected), self.shape.inner)
        slots = torch.arange(len(projected)).flip(0)
        projected, backwards = projected.flip(0).contiguous(), y.flip(0).contiguous()
        places = (projected.data_ptr(), self.conv.data_ptr(), self.state.data_ptr(), backwards.data_ptr())
        self.library.mamba_step(self.record, len(projected), slots.data_ptr(), *places)
        y = backwards.flip(0)
        return y

    def defined(self, projected: torch.Tensor, row: int = 0) -> torch.Tensor:
        """One token, [projected] to [inner], float64; advances states of its own."""
        shape, wide = self.shape, projected.double()
        gate, xbc, dt = wide.split((shape.inner, shape.channels, shape.heads))
        conv = self._wide["conv"][row]
        sums = conv + xbc * self.taps.double()
        conv[:-1] = sums[1:].clone()
        x, b, c = torch.nn.functional.silu(sums[0]).split((shape.inner,) + (shape.groups * shape.state,) * 2)
        dt = torch.nn.functional.softplus(dt + self.dt_bias.double()).clamp(shape.low, shape.high)
        x = x.view(shape.groups, shape.per_group, shape.head_dim)
        state = self._wide["state"][row].view(shape.groups, shape.state, shape.per_group, shape.head_dim)
        by_group = dt.view(shape.groups, 1, shape.per_group, 1)
        state *= (by_group * self.a.double().view(by_group.shape)).exp()
        b, c = (part.view(shape.groups, shape.state, 1, 1) for part in (b, c))
        state += b * by_group * x.unsqueeze(1)
        y = (c * state).sum(1) + self.d.double().view(shape.groups, shape.per_group, 1) * x
        y = y.flatten(1) * torch.nn.functional.silu(gate).view(shape.groups, -1)
        y = y / (y.square().mean(1, keepdim=True) + 1e-5).sqrt()
        return y.flatten() * self.norm.double()

    def assert_states(self) -> None:
        for name, mine in (("conv", self.conv), ("state", self.state)):
            wanted = self._wide[name]
            assert (mine.double() - wanted).norm() <= 2e-6 * wanted.norm() + 1e-6, name


SHAPES = [Shape(1, 1, 1, 1), Shape(2, 3, 5, 7, kernel=2), Shape(1, 2, 33, 16), Shape(2, 1, 80, 19), Shape(2, 4, 16, 32)]


@pytest.fixture(autouse=True)
def same_numbers() -> None:
    """At every run: one draw in some hundreds is nearer to its tolerance than rounding leaves room."""
    torch.manual_seed(0)


@pytest.mark.parametrize("shape", SHAPES)
def test_steps_are_those_of_float64(each_set: Native, shape: Shape) -> None:
    mixer = Mixer(each_set, shape, rows=3)
    for _ in range(4):
        projected = torch.randn(3, mixer.projected_size)
        wanted = torch.stack([mixer.defined(projected[row], row) for row in range(3)])
        got = mixer.step(projected).double()
        assert (got - wanted).norm() < 1e-5 * wanted.norm()
    mixer.assert_states()


@pytest.mark.parametrize("shape", [*SHAPES, Shape(1, 2, 8, 12, low=0.01, high=0.2)])
def test_runs_are_those_of_float64(each_set: Native, shape: Shape) -> None:
    mixer = Mixer(each_set, shape)
    for length in (2, 63, 66):
        projected = torch.randn(length, mixer.projected_size)
        wanted = torch.stack([mixer.defined(token) for token in projected])
        got = mixer.run(projected).double()
        assert (got - wanted).norm() < 1e-5 * wanted.norm()
    mixer.assert_states()


@given(st.lists(st.integers(1, 90), min_size=1, max_size=4), st.integers(1, 3), st.integers(0, 100))
@examples(15)
def test_where_a_prompt_is_cut_does_not_matter(pieces: list[int], threads: int, seed: int) -> None:
    library = native()
    assert library is not None
    library.set_threads(threads)
    shape = Shape(2, 2, 12, 9)
    whole, cut = Mixer(library, shape, seed), Mixer(library, shape, seed)
    projected = torch.randn((sum(pieces), whole.projected_size), generator=torch.Generator().manual_seed(seed))
    together = whole.run(projected)
    apart = torch.cat([cut.step(piece) if len(piece) == 1 else cut.run(piece) for piece in projected.split(pieces)])
    library.set_threads(torch.get_num_threads())
    assert torch.equal(apart, together)
    assert torch.equal(cut.state, whole.state)
    assert torch.equal(cut.conv, whole.conv)


def test_a_strong_decay_neither_overflows_nor_forgets_the_newest(each_set: Native) -> None:
    shape = Shape(1, 2, 16, 8)
    mixer = Mixer(each_set, shape)
    mixer.a.fill_(-60.0)
    projected = torch.randn(130, mixer.projected_size)
    projected[:, -shape.heads :] = 30.0
    wanted = torch.stack([mixer.defined(token) for token in projected])
    assert (mixer.run(projected).double() - wanted).norm() < 1e-5 * wanted.norm()
    mixer.assert_states()


def test_a_sequence_does_not_notice_its_company(each_set: Native) -> None:
    shape = Shape(2, 3, 20, 16)
    together, alone = Mixer(each_set, shape, rows=4), Mixer(each_set, shape, rows=4)
    projected = torch.randn(4, together.projected_size)
    y = together.step(projected)
    for row in range(4):
        own = Mixer(each_set, shape, rows=4)
        own.conv, own.state = alone.conv[row : row + 1].clone(), alone.state[row : row + 1].clone()
        assert torch.equal(own.step(projected[row : row + 1])[0], y[row])
        assert torch.equal(own.state[0], together.state[row])
