"""Rotary positions (Su et al. 2021), with Llama 3's stretching of slow frequencies. Knows angles; no weights, no caches."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch

_FIRST_POSITIONS = 2048


@dataclass(frozen=True, slots=True)
class Rope:
    """`theta` and the width of a head; `factor` 1 is no stretching, and then the next three play no part.

    `divisors`, one for each frequency, are a stretching that was worked out beforehand, as GGUF files have it.
    """

    head_dim: int
    theta: float
    factor: float = 1.0
    low: float = 1.0
    high: float = 4.0
    original_context: int = 8192
    divisors: tuple[float, ...] = ()

    def frequencies(self) -> torch.Tensor:
        """[head_dim / 2] float32, radians per position.

        A wavelength under original_context / high stays, one above original_context / low is `factor` times longer, and those
        between are blended (transformers, `modeling_rope_utils.py`).
        """
        exponents = torch.arange(0, self.head_dim, 2, dtype=torch.int64).float() / self.head_dim
        plain = 1.0 / torch.tensor(self.theta, dtype=torch.float32) ** exponents
        if self.divisors:
            return plain / torch.tensor(self.divisors, dtype=torch.float32)
        if self.factor == 1.0:
            return plain
        waves = 2 * math.pi / plain
        blend = ((self.original_context / waves - self.low) / (self.high - self.low)).clamp(0, 1)
        return (1 - blend) * plain / self.factor + blend * plain


class Rotary:
    """Turns queries and keys by their positions: pairs are (i, i + head_dim / 2), as Hugging Face checkpoints have them."""

    def __init__(self, rope: Rope, device: torch.device, *, places: int | None = None) -> None:
        """With `places`, more positions than this are never asked for, and they are turned by Triton's kernel: a step that is recorded
        cannot make a longer table."""
        self._frequencies = rope.frequencies().to(device)
        self._cos, self._sin = self._angles(_FIRST_POSITIONS if places is None else places)
        self._on_gpu: Callable[..., torch.Tensor] | None = None
        if places is not None:
            from nemoserve.engine.gpu.rope import turn  # Triton is not there without a GPU

            self._on_gpu = turn

    def __call__(self, x: torch.Tensor, positions: torch.Tensor, highest: int) -> torch.Tensor:
        """x [tokens, heads, head_dim] and positions int64 [tokens], none above `highest`, to x's shape and dtype."""
        if self._on_gpu is not None:
            return self._on_gpu(x, self._cos, self._sin, positions)
        if highest >= len(self._cos):
            self._cos, self._sin = self._angles(2 * highest)
        cos, sin = self._cos[positions].unsqueeze(1), self._sin[positions].unsqueeze(1)
        first, second = x.float().chunk(2, -1)
        return torch.cat((first * cos - second * sin, second * cos + first * sin), -1).to(x.dtype)

    def _angles(self, count: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Cosines and sines [positions, head_dim / 2] float32."""
        places = torch.arange(count, dtype=torch.float32, device=self._frequencies.device)
        angles = torch.outer(places, self._frequencies)
        return angles.cos(), angles.sin()
