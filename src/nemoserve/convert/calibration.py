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
            y += self.bias.float()
        return y if residual is None else y.add_(residual)


class Calibrated(Decoder):
    """The decoder in float32, its products watched. Weights stay as stored, views of the mapped file, until they are replaced."""

    def __init__(self, config: ModelConfig, weights: Tensors) -> None:
        self._now: list[Watched] = []
        self._watched: list[list[Watched]] = []
        super().__init__(config, weights, _PLAIN)

    def quantised_weights(
        self, sequences: list[list[int]], bits: dict[str, int], group: int
    ) -> Iterator[tuple[str, QuantisedWeight]]:
        """The names of `bits` with their weights, in the order of the blocks; the embeddings are not among them.

        `sequences` are the calibration texts as token ids; together they fit into memory as one batch.
        """
        cache = self.new_cache(len(sequences))
        plan = self._prepared(sequences, cache)
        x = self._embedded(torch.tensor(plan.tokens))
        for (norm, layer), watched in zip(self._blocks, self._watched, strict=False):
            h = norm(x)
            _watch(watched, True)
            self._run(layer, h, plan, cache, x)
            _watch(watched, False)
            for product in watched:
                yield from _replaced(product, bits, group)
            plan = self._prepared(sequences, cache)
            x = self._run(layer, h, plan, cache, x)
        head = [product for product in self._now if any(part.name in bits for part in product.parts)]
        if head:
            h = self._norm(x)
            _watch(head, True)
            for product in head:
                product(h[:: max(1, len(h) // 2048)])
                yield from _replaced(product, bits, group)

    def _prepared(self, sequences: list[list[int]], cache: Cache) -> StepPlan:
        """The whole step, with empty states."""
        for slot, tokens in enumerate(sequences):
            cache.reserve(slot, len(tokens))
        return cache.prepare([Chunk(slot, 0, tokens, sample=False) for slot, tokens in enumerate(sequences)])

    def _built(self, name: str, mixer: Mixer) -> Layer:
        self._now = []
        layer = super()._built(name, mixer)
        self._watched.append(self._now)
        self._now = []
        return layer

    def _stacked(self, parts: list[tuple[str, int]], columns: int, bias: bool) -> Linear:
        weights = [Part(f"{name}.weight", self._take(f"{name}.weight", rows, columns)) for name, rows in parts]
        biases = [self._take(f"{name}.bias", rows) for name, rows in parts if bias]
        self._now.append(Watched(weights, torch.cat(biases) if biases else None))
        return self._now[-1]


def _watch(products: list[Watched], on: bool) -> None:
    for product in products:
        product.watching = on


def _replaced(product: Watched, bits: dict[str, int], group: int) -> Iterator[tuple[str, QuantisedWeight]]:
    moments = None if product.moments is None else product.moments.div_(max(1, product.seen))
    for part in product.parts:
        if part.name in bits:
            made, becomes = quantised(part.weight, bits[part.name], group, moments)
            # The next blocks are to see what will be served; half the bytes are enough for that.
            part.weight = becomes.to(part.weight.dtype)
            yield part.name, made
    product.moments = None
    product.seen = 0
