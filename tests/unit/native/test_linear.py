"""Fears about the native products: wrong at odd sizes, on one instruction set, or by the company a token is in."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.engine.checkpoint.quantised import QuantisedWeight, packed_nibbles
from nemoserve.engine.layers import linear as linear_forms
from nemoserve.engine.layers.linear import Forms
from nemoserve.engine.layers.native import NativeLinear
from nemoserve.native import library
from nemoserve.native.build import BuildError
from nemoserve.native.library import Native, native
from tests.examples import examples

SIZES = [(1, 1), (16, 32), (17, 33), (40, 64), (100, 192), (33, 31), (250, 97)]


def random_weight(bits: int, rows: int, columns: int, group: int = 32, seed: int = 0) -> QuantisedWeight:
    generator = torch.Generator().manual_seed(seed)
    most = 127 if bits == 8 else 7
    integers = torch.randint(-most - (bits == 4), most + 1, (rows, columns), generator=generator, dtype=torch.int8)
    scales = (torch.rand((rows, -(-columns // group)), generator=generator) - 0.4).bfloat16()
    return QuantisedWeight(bits, columns, group, integers if bits == 8 else packed_nibbles(integers), scales)


def rounded(x: torch.Tensor) -> torch.Tensor:
    """What the kernels make of activations, [tokens, columns] float64: 8 bits for each 32 columns, factors in float32."""
    tokens, columns = x.shape
    parts = torch.nn.functional.pad(x, (0, -columns % 32)).view(tokens, -1, 32)
    most = parts.abs().amax(-1, keepdim=True)
    # A number by a tensor would be its product with a reciprocal: an ulp off, and values near a half round otherwise.
    factor = torch.where(most > 1e-30, torch.full_like(most, 127) / most, 0)
    scale = torch.where(most > 1e-30, most * torch.tensor(1 / 127, dtype=torch.float32), 0)
    return ((parts * factor).round().double() * scale.double()).flatten(1)[:, :columns]


def exact(weight: QuantisedWeight) -> torch.Tensor:
    wide = weight.scales.double().repeat_interleave(weight.group, 1)[:, : weight.columns]
    return weight.integers().double() * wide


@pytest.mark.parametrize("bits", [4, 8])
@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_products_are_those_of_float64(each_set: Native, bits: int, rows: int, columns: int) -> None:
    weight = random_weight(bits, rows, columns)
    bias = torch.randn(rows)
    layer = NativeLinear(weight, bias, each_set)
    for tokens in (1, 2, 3, 7, 8, 9, 21):
        x, residual = torch.randn(tokens, columns) * 3, torch.randn(tokens, rows)
        wanted = rounded(x) @ exact(weight).T + bias.double()
        size = (rounded(x).abs() @ exact(weight).abs().T).amax()
        assert (layer(x).double() - wanted).abs().max() <= 1e-6 * size + 1e-6
        assert (layer(x, residual).double() - wanted - residual.double()).abs().max() <= 1e-6 * size + 1e-6


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize(("rows", "columns"), SIZES)
def test_products_with_floats_are_those_of_float64(
    each_set: Native, dtype: torch.dtype, rows: int, columns: int
) -> None:
    weight, bias = torch.randn(rows, columns).to(dtype), torch.randn(rows)
    layer = NativeLinear(weight, bias, each_set)
    rounds = dtype == torch.bfloat16 and each_set.instruction_set == "avx512-bf16"
    for tokens in (1, 2, 3, 5, 6, 7, 8, 9, 21, 150):
        x, residual = torch.randn(tokens, columns) * 3, torch.randn(tokens, rows)
        seen = (x.bfloat16() if rounds else x).double()
        wanted = seen @ weight.double().T + bias.double()
        size = (seen.abs() @ weight.double().abs().T).amax()
        together = layer(x)
        assert (together.double() - wanted).abs().max() <= 1e-6 * size + 1e-6
        assert (layer(x, residual).double() - wanted - residual.double()).abs().max() <= 1e-6 * size + 1e-6
        assert torch.equal(torch.cat([layer(row.unsqueeze(0)) for row in x]), together)


def test_every_float16_is_read_as_it_is(each_set: Native) -> None:
    every = torch.arange(1 << 16, dtype=torch.int32).to(torch.uint16).view(torch.float16)
    finite = every[every.isfinite() & ((every == 0) | (every.float().abs() >= 2**-14))]  # subnormals may count as zero
    read = NativeLinear(finite.unsqueeze(1), None, each_set)(torch.ones(1, 1)).squeeze(0)
    assert torch.equal(read, finite.float())


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_rows_are_looked_up_as_they_were(dtype: torch.dtype) -> None:
    found = native()
    assert found is not None
    weight = torch.randn(37, 19).to(dtype)
    ids = torch.tensor([0, 36, 16, 15, 16])
    assert torch.equal(NativeLinear(weight, None, found).looked_up(ids), weight[ids].float())


@pytest.mark.parametrize("bits", [4, 8])
def test_rounding_the_activations_costs_little(each_set: Native, bits: int) -> None:
    weight = random_weight(bits, 64, 320)
    x = torch.randn(5, 320)
    wanted = x.double() @ exact(weight).T
    error = (NativeLinear(weight, None, each_set)(x).double() - wanted).norm() / wanted.norm()
    assert error < 0.01


@given(
    bits=st.sampled_from((4, 8)),
    rows=st.integers(1, 70),
    columns=st.integers(1, 100),
    tokens=st.integers(1, 30),
    threads=st.integers(1, 3),
)
@examples(25)
def test_a_token_does_not_notice_its_company(bits: int, rows: int, columns: int, tokens: int, threads: int) -> None:
    found = native()
    assert found is not None
    found.set_threads(threads)
    layer = NativeLinear(random_weight(bits, rows, columns), None, found)
    x = torch.randn(tokens, columns)
    together = layer(x)
    alone = torch.cat([layer(x[i : i + 1]) for i in range(tokens)])
    found.set_threads(torch.get_num_threads())
    assert torch.equal(together, alone)


def test_many_tokens_on_many_threads() -> None:
    found = native()
    assert found is not None
    weight = random_weight(4, 300, 200)
    layer = NativeLinear(weight, None, found)
    x = torch.randn(300, 200)
    wanted = rounded(x) @ exact(weight).T
    for threads in (1, 2, 5, 2):
        found.set_threads(threads)
        assert (layer(x).double() - wanted).norm() < 1e-6 * wanted.norm()
    found.set_threads(torch.get_num_threads())


def test_groups_of_128_columns(each_set: Native) -> None:
    weight = random_weight(4, 20, 300, group=128)
    x = torch.randn(3, 300)
    wanted = rounded(x) @ exact(weight).T
    assert (NativeLinear(weight, None, each_set)(x).double() - wanted).norm() < 1e-6 * wanted.norm()


def test_silence_gives_the_bias(each_set: Native) -> None:
    bias = torch.randn(20)
    layer = NativeLinear(random_weight(4, 20, 64), bias, each_set)
    assert torch.equal(layer(torch.zeros(2, 64)), bias.expand(2, 20))
    assert torch.equal(layer(torch.full((1, 64), 1e-38)), bias.unsqueeze(0))


def test_other_dtypes_and_strides(each_set: Native) -> None:
    layer = NativeLinear(random_weight(8, 24, 64), None, each_set)
    x = torch.randn(64, 6).bfloat16().t()
    residual = torch.randn(6, 24).bfloat16()
    y = layer(x, residual)
    assert y.dtype == torch.bfloat16
    wanted = rounded(x.float().contiguous()) @ exact(random_weight(8, 24, 64)).T + residual.double()
    assert (y.double() - wanted).norm() < 0.01 * wanted.norm()


def test_without_the_library_the_same_product_runs_on_torch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(linear_forms, "library_for_layers", lambda: None)
    forms = Forms(torch.float32, torch.device("cpu"))
    weight = random_weight(4, 40, 96)
    x = torch.randn(4, 96)
    wanted = x.double() @ exact(weight).T
    assert (forms.quantised(weight)(x).double() - wanted).norm() < 1e-5 * wanted.norm()


def test_a_machine_without_a_compiler_is_told_once(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    def no_compiler(folder: Path) -> Path:
        raise BuildError("there is no C++ compiler")

    monkeypatch.setattr(library, "_find", lambda: None)
    monkeypatch.setattr(library, "build", no_compiler)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    fresh: Any = library.native.__wrapped__
    with caplog.at_level(logging.WARNING):
        assert fresh() is None
    assert [record.getMessage() for record in caplog.records] == [
        "computing without the native library, more slowly: there is no C++ compiler"
    ]
    monkeypatch.setenv("NEMOSERVE_NATIVE", "0")
    caplog.clear()
    assert fresh() is None
    assert not caplog.records


def test_floats_go_to_pytorch_where_only_plain_kernels_are_there(each_set: Native) -> None:
    forms = Forms(torch.float32, torch.device("cpu"))
    plain = each_set.instruction_set == "plain"
    assert (forms.library is None) == plain
    assert isinstance(forms.linear(torch.randn(20, 30)), NativeLinear) != plain
    assert isinstance(forms.quantised(random_weight(8, 20, 64)), NativeLinear)
