"""Quantises a model block after block, each by what its inputs look like. Knows the decoder's blocks; no files, no texts.

The calibration texts run through the model as it has become so far, so that a block makes up for the errors of those before it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

import torch
from torch.nn import functional

from nemoserve.convert.rounding import quantised
from nemoserve.engine.batch import Chunk
from nemoserve.engine.cache import Cache, StepPlan
from nemoserve.engine.checkpoint.quantised import QuantisedWeight
from nemoserve.engine.checkpoint.tensors import Tensors
from nemoserve.engine.layers.linear import Forms, Linear
from nemoserve.engine.models.blocks import Mixer, ModelConfig
from nemoserve.engine.models.decoder import Decoder, Layer

_PLAIN = Forms(torch.float32, torch.device("cpu"))
_SMALLEST = 1e-12


@dataclass(frozen=True, slots=True)
class Loss:
    """What rounding cost one block: the square of the change in what it passes on over that of the whole, the mean over positions."""

    names: tuple[str, ...]
    """Of its weights that were rounded."""
    weights: int
    """How many numbers these have."""
    error: float


@dataclass(slots=True)
class Part:
    """One weight of a product: its name and rows."""

    name: str
    weight: torch.Tensor


@dataclass(slots=True)
class Watched:
    """A product of several weights on the same input, which can gather its inputs' second moments."""

    parts: list[Part]
    bias: torch.Tensor | None
    watching: bool = False
    moments: torch.Tensor | None = field(default=None)
    seen: int = 0

    def __call__(self, x: torch.Tensor, residual: torch.Tensor | None = None) -> torch.Tensor:
        wide = x.float()
        if self.watching:
            added = wide.t() @ wide
            self.moments = added if self.moments is None else self.moments.add_(added)
            self.seen += len(wide)
        y = torch.cat([functional.linear(wide, part.weight.float()) for part in self.parts], 1)
        if self.bias is not None:
            y += self.bias
        return y if residual is None else y.add_(residual)


class Calibrated(Decoder):
    """The decoder in float32, its products watched. Weights stay as stored, views of the mapped file, until they are replaced."""

    def __init__(self, config: ModelConfig, weights: Tensors) -> None:
        self._now: list[Watched] = []
        self._watched: list[list[Watched]] = []
        self.losses: list[Loss] = []
        """Of the blocks that were quantised so far."""
        super().__init__(config, weights, _PLAIN)

    def quantised_weights(
        self, sequences: list[list[int]], bits: dict[str, int], group: int
    ) -> Iterator[tuple[str, QuantisedWeight]]:
        """The names of `bits` with their weights, in the order of the blocks; the embeddings are not among them.

        `sequences` are the calibration texts as token ids, of which what is beyond the context is not read; together they fit into memory as
        one batch.
        """
        sequences = [tokens[: self.config.context_length] for tokens in sequences]
        cache = self.new_cache(len(sequences), sum(map(len, sequences)))
        plan = self._prepared(sequences, cache)
        x = self._embedded(plan.ids)
        for (norm, layer), watched in zip(self._blocks, self._watched, strict=False):
            h = norm(x)
            _watch(watched, True)
            exact = self._run(layer, h, plan, cache, x)
            _watch(watched, False)
            made: dict[str, QuantisedWeight] = {}
            for product in watched:
                made |= _replaced(product, bits, group)
            yield from made.items()
            plan = self._prepared(sequences, cache)
            x = self._run(layer, h, plan, cache, x)
            if made:
                weights = sum(weight.rows * weight.columns for weight in made.values())
                change = (x - exact).square().sum(1) / exact.square().sum(1).clamp(min=_SMALLEST)
                self.losses.append(Loss(tuple(made), weights, float(change.mean())))
        head = [product for product in self._now if any(part.name in bits for part in product.parts)]
        if head:
            h = self._norm(x)
            _watch(head, True)
            for product in head:
                product(h[:: max(1, len(h) // 2048)])
                yield from _replaced(product, bits, group).items()

    def _prepared(self, sequences: list[list[int]], cache: Cache) -> StepPlan:
        """The whole step, with empty states."""
        for slot in range(len(sequences)):
            cache.begin(slot)
        return cache.prepare([Chunk(slot, 0, tokens, sample=False) for slot, tokens in enumerate(sequences)])

    def _built(self, name: str, mixer: Mixer) -> Layer:
        self._now = []
        layer = super()._built(name, mixer)
        self._watched.append(self._now)
        self._now = []
        return layer

    def _stacked(self, parts: list[tuple[str, int]], columns: int, bias: bool | None) -> Linear:
        weights = [Part(f"{name}.weight", self._take(f"{name}.weight", rows, columns)) for name, rows in parts]
        self._now.append(Watched(weights, self._stacked_bias(parts, bias)))
        return self._now[-1]


def _watch(products: list[Watched], on: bool) -> None:
    for product in products:
        product.watching = on


def _replaced(product: Watched, bits: dict[str, int], group: int) -> dict[str, QuantisedWeight]:
    """The product's weights, quantised, which it has from now on."""
    moments = None if product.moments is None else product.moments.div_(max(1, product.seen))
    found: dict[str, QuantisedWeight] = {}
    for part in product.parts:
        if part.name in bits:
            found[part.name], becomes = quantised(part.weight, bits[part.name], group, moments)
            # The next blocks are to see what will be served; half the bytes are enough for that.
            part.weight = becomes.to(part.weight.dtype)
    product.moments = None
    product.seen = 0
    return found
