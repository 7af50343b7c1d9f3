"""Log probabilities in the protocol's form, from logits. Knows rows and tokens; nothing of requests or sampling.

They are natural logs of the softmax of the logits as given: temperature and truncation have no part in them.
"""

from __future__ import annotations

import torch

from nemoserve.engine.protocol import TokenLogprob
from nemoserve.engine.typed import integers, numbers


def token_logprobs(logits: torch.Tensor, tokens: torch.Tensor, top: list[int]) -> list[TokenLogprob]:
    """For each row its token's log probability and those of the row's `top[i]` most likely tokens.

    `logits`: float32 [rows, vocabulary]; `tokens`: int64 [rows]. Equally likely tokens are ordered by id, and the row's
    token goes before others as likely as itself, so that a greedy choice is always among its own alternatives.
    """
    rows, vocabulary = logits.shape
    if rows == 0:
        return []
    peak = logits.amax(dim=-1, keepdim=True)
    normaliser = peak + (logits - peak).exp().sum(dim=-1, keepdim=True).log()
    own = numbers((logits.gather(-1, tokens.unsqueeze(-1)) - normaliser).squeeze(-1))
    widest = min(max(top), vocabulary)
    best_ids: list[list[int]] = [[]] * rows
    best_values: list[list[float]] = [[]] * rows
    if widest:
        values, ids = logits.topk(widest, dim=-1)
        best_ids = [integers(row) for row in ids]
        best_values = [numbers(row) for row in values - normaliser]
    return [
        TokenLogprob(token, logprob, _alternatives(token, logprob, list(zip(ids, values, strict=True))[:count]))
        for token, logprob, ids, values, count in zip(integers(tokens), own, best_ids, best_values, top, strict=True)
    ]


def _alternatives(token: int, logprob: float, best: list[tuple[int, float]]) -> list[tuple[int, float]]:
    if best and logprob >= best[-1][1] and all(token != other for other, _ in best):
        best[-1] = (token, logprob)
    return sorted(best, key=lambda pair: (-pair[1], pair[0] != token, pair[0]))
