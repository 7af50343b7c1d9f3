"""Fear: an amount of money is a little different when it is read, told or printed."""

from __future__ import annotations

import pytest

from nemoserve.types.money import NANO, decimal, dollars, nano_dollars, pico_per_token


@pytest.mark.parametrize(
    ("given", "nano"),
    [("0", 0), ("5", 5 * NANO), (5, 5 * NANO), (0.1, NANO // 10), ("0.000000001", 1), ("1e-9", 1), (1e-9, 1), ("1000000000", 10**18),
     (0.1 + 0.2, 3 * NANO // 10), (3 * 0.000123, 369_000), (20 - 0.01 - 0.000000001, 19_989_999_999)],
)  # fmt: skip
def test_an_amount_is_read_as_another(given: str | float, nano: int) -> None:
    assert nano_dollars(given) == nano


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ("five", "'five' is no amount"), ("-1", "0 or more"), (float("nan"), "0 or more"), ("inf", "0 or more"),
        ("0.0000000001", "more than nine decimals"), (1e-10, "more than nine decimals"),
        ("0.30000000000000004", "more than nine decimals"), (1.0000000001, "more than nine decimals"), ("1000000000.000000001", "more than a billion"), ("", "no amount"),
        ("1e999999", "no amount"),
    ],
)  # fmt: skip
def test_what_is_no_amount_is_taken_for_one(given: str | float, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        nano_dollars(given)


def test_a_price_is_read_as_another() -> None:
    assert [pico_per_token(text) for text in ("0.04", "0.000001", "0", 1)] == [40_000, 1, 0, 1_000_000]
    with pytest.raises(ValueError, match="more than six decimals"):
        pico_per_token("0.0000001")


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (0, "0"), (1, "0.000000001"), (-1, "-0.000000001"), (12_000, "0.000012"), (NANO, "1"), (10 * NANO, "10"),
        (-25 * NANO // 10, "-2.5"), (100 * NANO + 1, "100.000000001"), (10**18, "1000000000"),
    ],
)  # fmt: skip
def test_an_amount_is_printed_as_another(nano: int, shown: str) -> None:
    assert decimal(nano) == shown
    assert dollars(nano) == float(shown)
