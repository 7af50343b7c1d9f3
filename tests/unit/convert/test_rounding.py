"""Fears about rounding: it is worse than it need be, breaks on odd groups or silent inputs, or the tensors mean something else."""

from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.convert.rounding import best_scale, quantised
from nemoserve.engine.checkpoint.quantised import QuantisedWeight, joined, stored, take_quantised
from tests.examples import examples


def correlated(tokens: int, columns: int, seed: int = 0) -> torch.Tensor:
    """Inputs as a model's are: of few directions, some columns much larger than others."""
    generator = torch.Generator().manual_seed(seed)
    mixing = torch.randn((12, columns), generator=generator) * torch.logspace(-1, 0.7, columns)
    noise = torch.randn((tokens, columns), generator=generator)
    return torch.randn((tokens, 12), generator=generator) @ mixing + 0.05 * noise


@given(
    bits=st.sampled_from((4, 8)), rows=st.integers(1, 9), columns=st.integers(1, 80), group=st.sampled_from((32, 64))
)
@examples(30)
def test_no_weight_is_further_off_than_its_scale_allows(bits: int, rows: int, columns: int, group: int) -> None:
    weight = torch.randn(rows, columns)
    made, becomes = quantised(weight, bits, group)
    assert torch.equal(becomes, made.dequantised(torch.float32))
    plain = weight.abs().amax() / (7 if bits == 4 else 127)
    # A cut-off largest value may be further off than half a step, but never by more than the search's cut.
    assert (becomes - weight).abs().max() <= 2.8 * plain


def test_the_search_beats_the_plain_scale() -> None:
    weight = torch.randn(64, 32)
    scale = best_scale(weight, torch.ones(32), 4)
    plain = (weight.abs().amax(1, keepdim=True) / 7).bfloat16().float()

    def error(by: torch.Tensor) -> torch.Tensor:
        return ((weight / by).round().clamp(-8, 7) * by - weight).square().sum()

    assert error(scale) < 0.9 * error(plain)


@pytest.mark.parametrize("columns", [64, 75])
def test_calibrated_rounding_errs_less_on_such_inputs(columns: int) -> None:
    x = correlated(400, columns)
    fresh = x[:50] + 0.01 * torch.randn(50, columns)
    weight = torch.randn(48, columns)
    moments = x.T @ x / len(x)
    plain = quantised(weight, 4, 32)[1]
    clever = quantised(weight, 4, 32, moments)[1]

    def error(became: torch.Tensor) -> float:
        return float((fresh @ (became - weight).T).norm())

    assert error(clever) < 0.5 * error(plain)


def test_columns_that_were_never_seen_are_rounded_all_the_same() -> None:
    torch.manual_seed(3)
    x = correlated(40, 64)
    x[:, 10:40] = 0
    weight = torch.randn(8, 64)
    becomes = quantised(weight, 4, 32, x.T @ x / len(x))[1]
    assert torch.isfinite(becomes).all()
    assert (becomes - weight).abs().max() < 1.5
    silent = quantised(weight, 4, 32, torch.zeros(64, 64))[1]
    assert (silent - weight).norm() <= 1.01 * (quantised(weight, 4, 32)[1] - weight).norm()


def test_a_weight_of_zeros_stays_one() -> None:
    for bits in (4, 8):
        assert not quantised(torch.zeros(4, 40), bits, 32)[1].any()


class Folder(dict[str, torch.Tensor]):
    def take(self, name: str, *shape: int) -> torch.Tensor:
        assert self[name].shape == shape
        return self[name]

    def stored_dtype(self, name: str) -> torch.dtype:
        return self[name].dtype


@given(bits=st.sampled_from((4, 8)), columns=st.integers(1, 100), group=st.sampled_from((32, 96)))
@examples(20)
def test_what_is_stored_is_read_back(bits: int, columns: int, group: int) -> None:
    made, becomes = quantised(torch.randn(5, columns), bits, group)
    read = take_quantised(Folder(stored(made, "a.weight")), "a.weight", 5, columns, group)
    assert isinstance(read, QuantisedWeight)
    assert read.bits == bits
    assert torch.equal(read.dequantised(torch.float32), becomes)
    ids = torch.tensor([3, 0, 3])
    assert torch.equal(read.looked_up(ids, torch.float32), becomes[ids])
    twice = joined([read, read])
    assert twice.rows == 10
    assert torch.equal(twice.dequantised(torch.float32), torch.cat([becomes, becomes]))
