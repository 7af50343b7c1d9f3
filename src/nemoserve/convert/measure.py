"""How a model's logits differ from another's, and how well it foretells a text. Knows logits; no files, no tokenizers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch

from nemoserve.engine.batch import Chunk
from nemoserve.engine.models import Model
from nemoserve.engine.runner import Runner

_PIECE = 256
"""Tokens whose logits are held at a time."""


@dataclass(frozen=True, slots=True)
class LogitError:
    relative: float
    """The norm of the differences over that of the logits, both without each position's mean, which changes no probability."""
    agreement: float
    """The share of positions at which both think the same token the likeliest."""
    positions: int


def logits_of(model: Model, tokens: list[int], last: int) -> torch.Tensor:
    """Float32 [positions, vocabulary] of the last so many tokens, or of all if there are fewer."""
    runner = Runner(model, model.new_cache(1, len(tokens)))
    held = max(0, len(tokens) - last)
    # A run of one token would be taken for a reply's.
    if held:
        runner.step([Chunk(0, 0, tokens[:held], sample=False)])
    return runner.step([Chunk(0, held, tokens[held:], sample=True, all_logits=True)])


def logit_error(wanted: list[torch.Tensor], got: list[torch.Tensor]) -> LogitError:
    """Of pairs of [positions, vocabulary]."""
    a, b = (torch.cat(logits).double() for logits in (wanted, got))
    a, b = a - a.mean(1, keepdim=True), b - b.mean(1, keepdim=True)
    agreed = (a.argmax(1) == b.argmax(1)).double().mean()
    return LogitError(float(((a - b).square().sum() / a.square().sum()).sqrt()), float(agreed), len(a))


def perplexity(model: Model, tokens: list[int]) -> float:
    """exp of the mean negative log probability of each token after the first, given all before it."""
    runner = Runner(model, model.new_cache(1, len(tokens)))
    total = 0.0
    for begin in range(0, len(tokens) - 1, _PIECE):
        piece = tokens[begin : min(begin + _PIECE, len(tokens) - 1)]
        logits = runner.step([Chunk(0, begin, piece, sample=True, all_logits=True)])
        nexts = torch.tensor(tokens[begin + 1 : begin + 1 + len(piece)])
        total -= float(logits.double().log_softmax(-1).gather(1, nexts.unsqueeze(1)).sum())
    return math.exp(total / (len(tokens) - 1))
