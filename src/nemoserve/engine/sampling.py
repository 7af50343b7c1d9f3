"""From logits to tokens, for a batch in which every row has its own settings. Knows tensors; no scheduling, no text.

The order of operations is vLLM's ("vllm/v1/sample/sampler.py"): logit bias, penalties, what a row's constraint forbids, then
for rows that are not greedy temperature, min_p, top_k, top_p, and the draw. Log probabilities are taken after the penalties and
before anything is forbidden, so that they are the model's own, also of a token that was forced or whose rivals were forbidden.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass

import numpy as np
import torch

from nemoserve.engine.constraint import Constraint, restrict
from nemoserve.engine.draws import draw, draw_few, uniform
from nemoserve.engine.logprobs import token_logprobs
from nemoserve.engine.penalties import Adjustments, adjust
from nemoserve.engine.protocol import Sampling, TokenLogprob
from nemoserve.engine.truncation import TILE, apply_min_p, in_order, keep_best, narrow, tileable
from nemoserve.engine.typed import flags, from_array, integers


class Row:
    """What sampling remembers of one sequence between steps."""

    def __init__(self, sampling: Sampling, prompt: list[int], constraint: Constraint | None = None) -> None:
        self.sampling = sampling
        self.constraint = constraint
        self.thinking_cut = False
        """The thinking was ended at its budget."""
        """What the next token must be or may be; None once there is nothing left to watch."""
        self.seed = secrets.randbits(64) if sampling.seed is None else sampling.seed
        self.position = len(prompt)
        """Of the next token in its sequence, prompt included."""
        self.adjustments = Adjustments(sampling, prompt)

    @property
    def greedy(self) -> bool:
        return self.sampling.temperature <= 0.0

    def observe(self, token: int) -> None:
        """`token` has been added to the reply."""
        self.adjustments.observe(token)
        self.position += 1
        if self.constraint is not None:
            self.constraint.observe(token)
            self.thinking_cut = self.constraint.cut
            if self.constraint.done:
                self.constraint = None


@dataclass(frozen=True, slots=True)
class Choice:
    token: int | None
    """None: no choice can be made."""
    logprob: TokenLogprob | None = None
    error: str = ""
    """Why there is no token."""


NOT_FINITE = "the model's output is not a finite number"
_LEAST_TEMPERATURE = 2.0**-64
"""What is smaller, and 0 as a float32 perhaps, makes no other choice."""


def sample(logits: torch.Tensor, rows: list[Row]) -> list[Choice]:
    """Choose a token for every row. `logits`: float32 [rows, vocabulary]; changed in place by bias, penalties, constraints.

    The rows are not told of their tokens: call `Row.observe` for those that are kept.
    """
    if not rows:
        return []
    logits = logits.contiguous()
    if any(row.adjustments.active for row in rows):
        adjust(logits, [row.adjustments for row in rows])
    constrained = [(i, row.constraint) for i, row in enumerate(rows) if row.constraint is not None]
    unrestricted = {i: logits[i].clone() for i, _ in constrained if rows[i].sampling.logprobs is not None}
    if constrained:
        restrict(logits, constrained)
    forced = {i: token for i, constraint in constrained if (token := constraint.forced) is not None}
    failures = {i: grammar.error for i, constraint in constrained if (grammar := constraint.grammar) and grammar.error}
    peaks, tokens = _argmax(logits)
    usable = [finite and i not in failures for i, finite in enumerate(flags(torch.isfinite(peaks)))]

    random = [i for i, row in enumerate(rows) if usable[i] and not row.greedy and i not in forced]
    if random:
        scaled = _rows(logits, random) - _rows(peaks, random).unsqueeze(-1)
        temperatures = [max(_LEAST_TEMPERATURE, rows[i].sampling.temperature) for i in random]
        scaled /= torch.tensor(temperatures, device=scaled.device).unsqueeze(-1)
        tokens[random] = _draw(scaled, [rows[i] for i in random])
    if forced:
        tokens[list(forced)] = torch.tensor(list(forced.values()), device=tokens.device)

    logprobs: dict[int, TokenLogprob] = {}
    wanted = [i for i, row in enumerate(rows) if usable[i] and row.sampling.logprobs is not None]
    if wanted:
        for i, row in unrestricted.items():
            logits[i] = row
        top = [rows[i].sampling.logprobs or 0 for i in wanted]
        logprobs = dict(zip(wanted, token_logprobs(_rows(logits, wanted), tokens[wanted], top), strict=True))
    ids = integers(tokens)
    return [
        Choice(ids[i], logprobs.get(i)) if usable[i] else Choice(None, error=failures.get(i, NOT_FINITE))
        for i in range(len(rows))
    ]


def _draw(scaled: torch.Tensor, rows: list[Row]) -> torch.Tensor:
    """int64 [rows]. `scaled`: float32 [rows, vocabulary], logits over temperature less the row's maximum; overwritten.

    A row is drawn in the way that its own settings ask for, so that its token is the same in any batch.
    """
    settings = [row.sampling for row in rows]
    uniforms = np.asarray([uniform(row.seed, row.position) for row in rows])
    apply_min_p(scaled, settings)
    ordered = [i for i, s in enumerate(settings) if in_order(s, scaled.shape[1])]
    few = [] if scaled.is_cuda else ordered
    tokens = torch.empty(len(rows), dtype=torch.int64, device=scaled.device)
    if few:
        found = narrow(_rows(scaled, few), [settings[i] for i in few])
        drawn = draw_few(np.exp(found.values), uniforms[few])
        tokens[few] = from_array(found.ids[np.arange(len(few)), drawn])
    left = sorted(set(range(len(rows))) - set(few))
    if left:
        if ordered and not few:
            part = scaled[ordered]
            keep_best(part, [settings[i] for i in ordered])
            scaled[ordered] = part
        tokens[left] = draw(_rows(scaled, left).exp_(), from_array(uniforms[left]).to(scaled.device))
    return tokens


def _argmax(logits: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Each row's maximum and its first index; NaN where the row has one.

    On a CPU the plain maximum is vectorised and the index is not, so the index is sought only in the tile that holds it.
    """
    rows, vocabulary = logits.shape
    if not tileable(logits):
        return logits.amax(dim=-1), logits.argmax(dim=-1)
    tiles = logits.view(rows, vocabulary // TILE, TILE)
    tops = tiles.amax(dim=-1)
    tile = tops.argmax(dim=-1)
    every = torch.arange(rows)
    return tops[every, tile], tile * TILE + tiles[every, tile].argmax(dim=-1)


def _rows(tensor: torch.Tensor, index: list[int]) -> torch.Tensor:
    """The rows named, in ascending order; the tensor itself, not a copy, when that is all of them."""
    return tensor if len(index) == len(tensor) else tensor[index]
