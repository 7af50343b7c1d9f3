"""Scalar functions that several kernels apply to their tiles. Knows no memory."""

from __future__ import annotations

from nemoserve.engine.gpu.language import constexpr, device_function, tensor, tl


@device_function
def silu(x: tensor) -> tensor:
    """x / (1 + e^-x) of float32."""
    return x / (1.0 + tl.exp(-x))


@device_function
def softplus(x: tensor) -> tensor:
    """log(1 + e^x) of float32, to the last digits for any x.

    It is max(x, 0) + log(1 + u) with u = e^-|x|. The GPU's logarithm is imprecise near 1, where small step sizes lie, so
    log(1 + u) = 2 artanh(s) with s = u / (2 + u) <= 1/3, whose series ends here with a term of 1.4e-8 relative to the first.
    """
    u = tl.exp(-tl.abs(x))
    s = u / (2.0 + u)
    q = s * s
    series = 1.0 / 15.0
    series = series * q + 1.0 / 13.0
    series = series * q + 1.0 / 11.0
    series = series * q + 1.0 / 9.0
    series = series * q + 1.0 / 7.0
    series = series * q + 1.0 / 5.0
    series = series * q + 1.0 / 3.0
    return tl.where(x > 0, x, 0.0) + 2.0 * s * (1.0 + series * q)


@device_function
def time_step(x: tensor, lowest: tensor, highest: tensor, limited: constexpr) -> tensor:
    """Mamba's step size of its projection with the bias: softplus, between the bounds where there are any."""
    dt = softplus(x)
    if limited:
        dt = tl.minimum(tl.maximum(dt, lowest), highest)
    return dt
