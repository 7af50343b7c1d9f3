"""For any logits and settings: only allowed tokens are drawn, and a row's token does not depend on the batch."""

from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.engine.draws import draw, draw_few, uniform
from nemoserve.engine.protocol import Sampling
from nemoserve.engine.sampling import Row, sample
from nemoserve.engine.truncation import apply_min_p, in_order, keep_best, narrow
from tests.examples import examples

samplings = st.builds(
    Sampling,
    max_tokens=st.just(10),
    temperature=st.one_of(st.just(0.0), st.floats(0.05, 3.0)),
    top_p=st.one_of(st.just(1.0), st.floats(0.0, 1.0)),
    top_k=st.one_of(st.just(0), st.integers(1, 20), st.integers(1, 10000)),
    min_p=st.one_of(st.just(0.0), st.floats(0.0, 1.0)),
    frequency_penalty=st.sampled_from([0.0, -2.0, 0.7]),
    presence_penalty=st.sampled_from([0.0, 1.5]),
    repetition_penalty=st.sampled_from([1.0, 0.5, 1.3]),
    seed=st.integers(-(2**70), 2**70),
    logprobs=st.one_of(st.none(), st.integers(0, 20)),
)
vocabularies = st.sampled_from([1, 7, 256, 257, 4096, 4097])


def random_logits(rows: int, vocabulary: int, seed: int, coarse: bool) -> torch.Tensor:
    """Normal logits; `coarse` rounds them, so that many are equal."""
    logits = torch.randn(rows, vocabulary, generator=torch.Generator().manual_seed(seed)) * 3
    return logits.round() if coarse else logits


@examples(60)
@given(st.lists(samplings, min_size=1, max_size=6), vocabularies, st.integers(0, 1000), st.booleans())
def test_a_row_gets_the_same_token_alone_and_in_any_batch(
    settings: list[Sampling], vocabulary: int, seed: int, coarse: bool
) -> None:
    logits = random_logits(len(settings), vocabulary, seed, coarse)
    rows = [Row(s, [0, 0]) for s in settings]
    for row in rows:
        row.observe(vocabulary // 2)
    together = [choice.token for choice in sample(logits.clone(), rows)]
    reversed_ = [choice.token for choice in sample(logits.flip(0), rows[::-1])]
    alone = [sample(logits[i : i + 1].clone(), [row])[0].token for i, row in enumerate(rows)]
    assert together == alone == reversed_[::-1]
    assert all(token is not None and 0 <= token < vocabulary for token in together)


def allowed(logits: np.ndarray, s: Sampling) -> set[int]:
    """The definition of min_p, top_k and top_p, one token after the other, in float64."""
    order = sorted(range(len(logits)), key=lambda i: (-logits[i], i))
    weights = {i: float(np.exp(logits[i])) for i in order if np.exp(logits[i]) >= s.min_p}
    kept = list(weights)[: s.top_k or None]
    total, mass, nucleus = sum(weights[i] for i in kept), 0.0, set[int]()
    for i in kept:
        nucleus.add(i)
        mass += weights[i]
        if s.top_p < 1.0 and mass >= s.top_p * total:
            break
    return nucleus


@examples(60)
@given(samplings, vocabularies, st.integers(0, 1000), st.booleans())
def test_truncation_is_its_definition(s: Sampling, vocabulary: int, seed: int, coarse: bool) -> None:
    logits = random_logits(1, vocabulary, seed, coarse)
    scaled = logits - logits.amax()
    expected = allowed(scaled[0].double().numpy(), s)
    apply_min_p(scaled, [s])
    dense = scaled.clone()
    keep_best(dense, [s])
    found = set((dense[0] > -torch.inf).nonzero().squeeze(-1).tolist())
    # The last token of a nucleus is a matter of the last digit; nothing else is.
    assert len(found ^ expected) <= (1 if s.top_p < 1.0 or s.min_p > 0 else 0)
    if in_order(s, vocabulary):
        candidates = narrow(scaled, [s])
        assert set(candidates.ids[candidates.values > -np.inf].tolist()) == found


@examples(80)
@given(
    st.integers(1, 600).flatmap(
        lambda n: st.tuples(st.just(n), st.sets(st.integers(0, n - 1), min_size=1, max_size=9))
    ),
    st.one_of(st.floats(0, 1, exclude_max=True), st.sampled_from([0.0, 1.0 - 2.0**-53])),
    st.sampled_from([1e-30, 1e-3, 1.0, 1e30]),
)
def test_weightless_indices_are_never_drawn(shape: tuple[int, set[int]], u: float, scale: float) -> None:
    n, positive = shape
    weights = torch.zeros(1, n)
    weights[0, sorted(positive)] = scale
    assert int(draw(weights, torch.tensor([u], dtype=torch.float64))) in positive
    assert int(draw_few(weights.numpy(), np.array([u]))[0]) in positive


@given(st.integers(), st.integers(0, 2**40))
def test_uniforms_lie_below_one(seed: int, position: int) -> None:
    assert 0.0 <= uniform(seed, position) < 1.0
    assert uniform(seed, position) == uniform(seed % 2**64, position)
