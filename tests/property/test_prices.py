"""Prices: exact, dated, and a file of one's own that is wrong is said to be wrong, and where."""

from __future__ import annotations

import time
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.ledger.pricing import PriceBook, Sheet, sheet
from nemoserve.types.price import Price, PriceRow
from nemoserve.types.usage import Usage

DAY = 86_400_000
MODEL = "nvidia/nemotron-nano-9b-v2"
counts = st.integers(0, 10**7)
prices = st.builds(
    Price,
    prompt=st.integers(0, 10**7),
    completion=st.integers(0, 10**7),
    reasoning=st.none() | st.integers(0, 10**7),
    cached=st.none() | st.integers(0, 10**7),
    image=st.integers(0, 10**10),
    request=st.integers(0, 10**10),
)


@st.composite
def usages(draw: st.DrawFn) -> Usage:
    prompt, completion = draw(counts), draw(counts)
    return Usage(prompt, completion, draw(st.integers(0, completion)), draw(st.integers(0, prompt)))


@given(prices, usages(), st.integers(0, 100))
def test_a_cost_is_the_decimal_sum_rounded_once(price: Price, usage: Usage, images: int) -> None:
    reasoning = price.completion if price.reasoning is None else price.reasoning
    cached = price.prompt if price.cached is None else price.cached
    exact = (
        Decimal(usage.prompt_tokens - usage.cached_tokens) * price.prompt
        + Decimal(usage.cached_tokens) * cached
        + Decimal(usage.completion_tokens - usage.reasoning_tokens) * price.completion
        + Decimal(usage.reasoning_tokens) * reasoning
        + Decimal(images) * price.image
        + price.request
    ) / 1000
    assert price.cost(usage, images) == int(exact.quantize(Decimal(1), ROUND_HALF_UP))


@given(prices, usages(), st.integers(0, 100))
def test_no_request_costs_more_than_was_held_for_it(price: Price, usage: Usage, images: int) -> None:
    assert price.cost(usage, images) <= price.most(usage.prompt_tokens, usage.completion_tokens, images)


@given(prices, usages(), st.integers(0, 10**12))
def test_what_a_hold_affords_never_costs_more_than_the_hold(price: Price, usage: Usage, held: int) -> None:
    tokens = price.affordable(held, usage.prompt_tokens)
    if tokens is None:
        assert price.most(usage.prompt_tokens, usage.completion_tokens) <= held
    elif tokens >= 0:
        assert price.most(usage.prompt_tokens, tokens) <= held < price.most(usage.prompt_tokens, tokens + 1)


def test_what_costs_something_is_called_free() -> None:
    assert Price().free and Price(reasoning=0, cached=0).free
    for field in ("prompt", "completion", "reasoning", "cached", "image", "request"):
        assert not Price(**{field: 1}).free, field


def test_money_for_the_prompt_alone_affords_no_token_and_is_not_too_little() -> None:
    price = Price(prompt=1000, completion=10_000)
    assert [price.affordable(held, 5) for held in (4, 5, 14, 15)] == [-1, 0, 0, 1]
    assert [Price(prompt=1000).affordable(held, 5) for held in (4, 5)] == [-1, None]


def book(folder: Path, text: str) -> PriceBook:
    path = folder / "mine.toml"
    path.write_text(text)
    return PriceBook.load(path)


def row(model: str = MODEL, provider: str = "nemoserve", begin: str = "2026-01-01", prices: str = "") -> str:
    return f'[[prices]]\nmodel = "{model}"\nprovider = "{provider}"\nfrom = {begin}\n{prices}\n'


JANUARY = 1_767_225_600_000
"""2026-01-01T00:00:00Z."""


def test_the_published_prices_are_what_was_published() -> None:
    shipped = PriceBook.load()
    known = {
        (MODEL, "deepinfra"): (40_000, 160_000),
        (MODEL, "amazon-bedrock"): (60_000, 230_000),
        ("nvidia/nemotron-nano-12b-v2-vl", "deepinfra"): (200_000, 600_000),
        ("nvidia/llama-3.3-nemotron-super-49b-v1.5", "openrouter"): (400_000, 400_000),
        ("nvidia/nemotron-3-nano-30b-a3b", "deepinfra"): (50_000, 200_000),
        ("nvidia/nemotron-3-super-120b-a12b", "deepinfra"): (85_000, 400_000),
        ("nvidia/nemotron-3-ultra-550b-a55b", "deepinfra"): (500_000, 2_200_000),
    }
    for (model, provider), (prompt, completion) in known.items():
        price = shipped.price(model, provider, JANUARY + 330 * DAY)
        assert (price.prompt, price.completion) == (prompt, completion), model
        assert shipped.price(model.upper(), provider, JANUARY + 330 * DAY) == price
    million = Usage(10**6, 10**6)
    assert shipped.hosted(MODEL, JANUARY, million) == 200_000_000
    assert shipped.hosted("nvidia/NVIDIA-Nemotron-Nano-9B-v2", JANUARY, million) == 200_000_000
    assert shipped.hosted(MODEL, 0, million) is None
    assert shipped.price(MODEL, "nemoserve", JANUARY).free


def test_a_price_holds_from_its_own_millisecond_until_the_next(tmp_path: Path) -> None:
    text = (
        row(prices='prompt = "2"') + row(begin="2026-01-03", prices='prompt = "3"') + row(begin="2026-01-02T12:00:00Z")
    )
    own = book(tmp_path, text)
    found = [own.price(MODEL, "nemoserve", JANUARY + offset).prompt for offset in (-1, 0, DAY, DAY * 3 // 2, 2 * DAY)]
    assert found == [0, 2_000_000, 2_000_000, 0, 3_000_000]


def test_a_row_of_ones_own_goes_before_the_packages_once_it_holds(tmp_path: Path) -> None:
    own = book(tmp_path, row(provider="deepinfra", prices='prompt = "9"\nimage = "0.01"\nrequest = "0.000000001"'))
    assert own.price(MODEL, "deepinfra", JANUARY - 1).prompt == 40_000
    assert own.price(MODEL, "deepinfra", JANUARY) == Price(prompt=9_000_000, image=10_000_000_000, request=1000)
    assert own.price(MODEL, "amazon-bedrock", JANUARY).prompt == 60_000
    assert (
        own.hosted(MODEL, JANUARY, Usage(10**6, 0))
        == PriceBook.load().price(MODEL, "openrouter", JANUARY).prompt * 1000
    )
    cheap = book(tmp_path, row(provider="deepinfra", prices='prompt = "0.01"'))
    assert cheap.hosted(MODEL, JANUARY, Usage(10**6, 0)) == 10_000_000


def test_a_price_of_several_models_holds_for_one_of_them(tmp_path: Path) -> None:
    text = row(prices='prompt = "2"').replace(f'model = "{MODEL}"', f'model = ["{MODEL}", "Acme/Other"]')
    own = book(tmp_path, text)
    assert [own.price(model, "nemoserve", JANUARY).prompt for model in (MODEL, "acme/other")] == [2_000_000, 2_000_000]
    assert book(tmp_path, "").price(MODEL, "nemoserve", JANUARY).free, "a file may be empty"


@pytest.mark.parametrize("zone", ["Asia/Tokyo", "America/New_York"])
@pytest.mark.parametrize(
    "begin", ["2026-01-01", "2026-01-01T00:00:00", "2026-01-01T00:00:00Z", "2026-01-01T09:00:00+09:00"]
)
def test_a_price_begins_at_the_machines_own_midnight(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, zone: str, begin: str
) -> None:
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        own = book(tmp_path, row(begin=begin, prices='prompt = "2"'))
        assert [own.price(MODEL, "nemoserve", JANUARY + offset).prompt for offset in (-1, 0)] == [0, 2_000_000]
    finally:
        monkeypatch.undo()
        time.tzset()


def test_what_is_configured_stands_between_the_users_file_and_the_published_prices(tmp_path: Path) -> None:
    configured = [(MODEL, "deepinfra", Price(prompt=7)), ("acme/own", "acme", Price(prompt=8))]
    path = tmp_path / "mine.toml"
    path.write_text(row(provider="deepinfra", begin="2026-01-02", prices='prompt = "9"'))
    own = PriceBook.load(path, configured)
    assert [own.price(MODEL, "deepinfra", JANUARY + offset).prompt for offset in (-1, DAY)] == [7, 9_000_000]
    assert own.price("ACME/own", "acme", 0).prompt == 8 and own.hosted("acme/own", 0, Usage(10**6, 0)) == 8000
    with pytest.raises(ValueError, match="acme/own at acme has another price from the same time"):
        PriceBook.load(None, [configured[1], configured[1]])


def test_what_is_free_to_try_is_no_hosted_price() -> None:
    """A free variant, with its small allowance, would make every saving nothing."""
    assert PriceBook.load().hosted(MODEL, JANUARY, Usage(10**6, 0)) == 40_000_000
    assert PriceBook.load().hosted("nvidia/nemotron-3-nano-4b", JANUARY, Usage(10**6, 0)) is None


def test_ones_own_price_for_local_serving_is_no_hosted_price(tmp_path: Path) -> None:
    own = book(tmp_path, row(prices='prompt = "0.01"\ncompletion = "0.01"\nreasoning = "0.5"\ncached = "0"'))
    assert own.price(MODEL, "nemoserve", JANUARY) == Price(
        prompt=10_000, completion=10_000, reasoning=500_000, cached=0
    )
    assert own.hosted(MODEL, JANUARY, Usage(10**6, 0)) == 40_000_000


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (row(prices='promt = "1"'), "price 1: promt is unknown; the nearest known one is prompt"),
        (row() + row(begin="2027-01-01", prices='cashed = "1"'), "price 2: cashed is unknown; .* cached"),
        ("[[price]]\n", "price is unknown; the nearest known one is prices"),
        (row(prices="prompt = 0.04"), "prompt is an amount in quotes"),
        (row(prices='prompt = "cheap"'), "prompt: 'cheap' is no amount"),
        (row(prices='prompt = "-1"'), "0 or more"),
        (row(prices='prompt = "0.0000001"'), "more than six decimals"),
        (row(begin='"2026-01-01"'), "from is the day"),
        (row(provider=""), "provider is missing"),
        (row(model=""), "model is the model's id"),
        (row() + row(), "price 2: .* has another price from the same time"),
        ("prices = 3", r"\[\[prices\]\]"),
        ("prices = [3]", r"price 1: prices are written as \[\[prices\]\]"),
        (row(prices='zzz = "1"'), "price 1: zzz is unknown; the nearest known one is "),
        ("[[prices", "mine.toml: "),
    ],
)
def test_a_file_that_makes_no_sense_is_refused_with_the_row_at_fault(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message) as caught:
        book(tmp_path, text)
    assert "mine.toml" in str(caught.value)


_HISTORIES = st.dictionaries(
    st.tuples(st.sampled_from(["a", "b", "c"]), st.integers(0, 6)), st.integers(0, 9), max_size=8
).map(lambda rows: sheet(PriceRow("m", name, at, Price(prompt=1000 * dear)) for (name, at), dear in rows.items()))


@given(_HISTORIES, _HISTORIES, st.lists(st.integers(-1, 8), min_size=1))
def test_a_change_of_price_is_overlooked_in_what_hosting_would_cost(
    first: Sheet, second: Sheet, times: list[int]
) -> None:
    book = PriceBook(first, second)
    for at in times:
        known = [price for name in "abc" if (price := book.known("m", name, at)) is not None]
        assert book.hosted("M", at, Usage(7, 0)) == min((price.cost(Usage(7, 0)) for price in known), default=None)


@given(st.lists(prices, min_size=1, max_size=6), st.lists(usages(), min_size=1, max_size=5), st.integers(0, 3))
def test_the_cheapest_provider_is_left_out_because_another_is_cheaper_for_other_requests(
    given_prices: list[Price], wanted: list[Usage], images: int
) -> None:
    rows = [PriceRow("m", f"p{number}", 0, price) for number, price in enumerate(given_prices)]
    book = PriceBook(sheet(rows))
    for usage in wanted:
        assert book.hosted("m", 1, usage, images) == min(price.cost(usage, images) for price in given_prices)
