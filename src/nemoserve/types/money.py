"""Money as whole numbers: amounts in nano-dollars, prices in pico-dollars per token. Knows decimals and rounding; no prices.

A nano-dollar is 1e-9 US dollars, a pico-dollar 1e-12. USD 0.04 per million tokens are 40,000 pico-dollars per token, so every
price that is published with up to six decimals per million tokens is exact.
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation, Overflow

NANO = 10**9
"""Nano-dollars in a dollar."""
_MOST = 10**18
"""No amount is larger (a billion dollars in nano-dollars): it has to fit into 64 bits wherever it is stored."""

_NOISE = Decimal("1e-14")
"""Part of a float that rounding may have added, in some steps."""


def nano_dollars(dollars: str | int | float) -> int:
    """An amount in dollars as nano-dollars. Raises ValueError for what is no amount, is negative or has too many decimals.

    What a float has beside them from a sum or a product of floats, as JSON's clients make them, is let go.
    """
    return _scaled(dollars, NANO, "nine decimals")


def pico_per_token(dollars_per_million: str | int | float) -> int:
    """A price in dollars per million tokens as pico-dollars per token. Raises ValueError, as `nano_dollars`."""
    return _scaled(dollars_per_million, 10**6, "six decimals")


def dollars(nano: int) -> float:
    """Nano-dollars as dollars, for JSON. The nearest float: exact to the nano-dollar up to nine million dollars."""
    return nano / NANO


def decimal(nano: int) -> str:
    """Nano-dollars as dollars, exactly, as headers and tables have it: `0.000012`, `0`."""
    text = f"{nano // NANO}.{nano % NANO:09d}" if nano >= 0 else f"-{-nano // NANO}.{-nano % NANO:09d}"
    return text.rstrip("0").rstrip(".")


def _scaled(value: str | int | float, scale: int, precision: str) -> int:
    try:
        number = Decimal(str(value)) * scale
    except (InvalidOperation, Overflow):
        raise ValueError(f"{value!r} is no amount of dollars") from None
    if not number.is_finite() or number < 0:
        raise ValueError(f"{value!r} is no amount of dollars, which is 0 or more")
    nearest = number.to_integral_value()
    if isinstance(value, float) and abs(number - nearest) <= number * _NOISE:
        number = nearest
    if number != nearest:
        raise ValueError(f"{value!r} has more than {precision}")
    if number > _MOST:
        raise ValueError(f"{value!r} is more than a billion dollars")
    return int(number)
