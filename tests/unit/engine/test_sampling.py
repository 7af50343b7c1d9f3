"""Sampling: each setting does what its documentation says, in a batch where every row has others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
import torch

from nemoserve.engine.draws import uniform
from nemoserve.engine.logprobs import token_logprobs
from nemoserve.engine.protocol import Sampling
from nemoserve.engine.sampling import Row, sample

LOGITS = [2.0, 1.5, 1.0, 0.5, 0.0, -0.5, -1.0, -4.0]
DRAWS = 4_000


def row(prompt: list[int] | None = None, said: list[int] | None = None, **settings: Any) -> Row:
    made = Row(Sampling(max_tokens=100, **settings), prompt or [0])
    for token in said or []:
        made.observe(token)
    return made


def one(logits: list[float], **settings: Any) -> int:
    token = sample(torch.tensor([logits]), [row(**settings)])[0].token
    assert token is not None
    return token


def frequencies(logits: list[float], **settings: Any) -> np.ndarray:
    """Shares of the tokens in many draws, every one with a seed of its own, in a single call."""
    rows = [row(seed=seed, **settings) for seed in range(DRAWS)]
    choices = sample(torch.tensor(logits).repeat(DRAWS, 1), rows)
    return np.bincount([c.token for c in choices if c.token is not None], minlength=len(logits)) / DRAWS


def softmax(logits: list[float] | np.ndarray) -> np.ndarray:
    weights = np.exp(np.asarray(logits, np.float64) - np.max(logits))
    return weights / weights.sum()


def assert_distribution(found: np.ndarray, expected: np.ndarray) -> None:
    """Chi-square below its 1 - 1e-6 quantile or so (mean k plus six standard deviations); nothing impossible drawn."""
    possible = expected > 0
    assert found[~possible].sum() == 0, "an excluded token was drawn"
    freedom = max(1, int(possible.sum()) - 1)
    chi = DRAWS * ((found[possible] - expected[possible]) ** 2 / expected[possible]).sum()
    assert chi < freedom + 6 * math.sqrt(2 * freedom) + 6, (found, expected)


@pytest.mark.parametrize("temperature", [0.3, 1.0, 2.0])
def test_draws_follow_the_softmax_over_temperature(temperature: float) -> None:
    expected = softmax(np.array(LOGITS) / temperature)
    assert_distribution(frequencies(LOGITS, temperature=temperature), expected)


@pytest.mark.parametrize(
    ("settings", "kept"),
    [
        ({"top_k": 3}, 3),
        ({"top_k": 100}, 8),
        ({"top_p": 0.5}, 2),  # the first holds 0.42, so the second is needed
        ({"top_p": 0.4}, 1),
        ({"top_p": 1e-9}, 1),
        ({"min_p": 0.2}, 4),  # exp(-1.5) = 0.223 stays, exp(-2) = 0.135 goes
        ({"min_p": 1.0}, 1),
        ({"top_k": 4, "top_p": 0.6}, 2),  # of the mass of four, the best two hold 0.64 and the best one 0.41
        ({"top_k": 2, "min_p": 0.2}, 2),
        ({"min_p": 0.3, "top_p": 0.99}, 3),
    ],
)
def test_truncation_keeps_the_best_and_renormalises(settings: dict[str, Any], kept: int) -> None:
    expected = softmax([x if i < kept else -np.inf for i, x in enumerate(LOGITS)])
    assert_distribution(frequencies(LOGITS, **settings), expected)


def test_truncation_looks_at_the_distribution_after_temperature() -> None:
    """At temperature 0.5 the best token holds 0.63, so it alone is the nucleus of 0.6; at 1 it is not."""
    assert_distribution(frequencies(LOGITS, temperature=0.5, top_p=0.6), softmax([0.0] + [-np.inf] * 7))


def test_among_equals_at_the_edge_the_lowest_ids_stay() -> None:
    found = frequencies([1.0, 3.0, 1.0, 1.0, 1.0], top_k=3)
    assert found[3] == found[4] == 0 and found[0] > 0 and found[2] > 0
    assert one([0.0, 5.0, 5.0, 5.0], top_k=1) == 1
    assert one([0.0, 5.0, 5.0, 5.0], top_p=0.01) == 1


def test_temperature_zero_is_the_first_best_token() -> None:
    assert one([0.0, 5.0, 5.0, 1.0], temperature=0.0) == 1


def test_the_first_best_token_is_found_in_a_wide_vocabulary() -> None:
    """Wide vocabularies take another path to the maximum."""
    logits = torch.zeros(3, 8192)
    logits[0, 8191] = 1.0
    logits[1, [300, 5000]] = 2.0
    assert [c.token for c in sample(logits, [row(temperature=0.0)] * 3)] == [8191, 300, 0]


@pytest.mark.parametrize("tiny", [1e-7, 1e-39, 5e-324])
def test_a_tiny_temperature_is_greedy_and_does_not_overflow(tiny: float) -> None:
    assert one([1e4, 1e4 - 1, -1e4], temperature=tiny) == 0


@pytest.mark.parametrize("tiny", [1e-7, 1e-39, 5e-324])
def test_a_tiny_penalty_makes_what_was_seen_certain_and_not_infinite(tiny: float) -> None:
    for temperature in (0.0, 1.0, tiny):
        asked = row([0, 2, 3], repetition_penalty=tiny, temperature=temperature, logprobs=2)
        chosen = sample(torch.tensor([[1.0, 9.0, 2.0, 0.0]]), [asked])[0]
        assert chosen.token == 2 and chosen.logprob is not None and math.isfinite(chosen.logprob.top[1][1])


@pytest.mark.parametrize("setting", ["top_p", "min_p"])
def test_a_tiny_share_keeps_a_token(setting: str) -> None:
    assert one([3.0, 1.0, -1.0], **{setting: 5e-324}) in range(3)


def test_wide_vocabularies_draw_the_same_as_narrow_ones() -> None:
    """The same distribution spread over 8,192 tokens, so that the candidates are picked out by tiles."""
    wide = torch.full((500, 8192), -30.0)
    places = torch.tensor([8191, 17, 4096, 255, 256, 3000, 3001, 3002])
    wide[:, places] = torch.tensor(LOGITS)
    for settings, kept in (({"top_k": 3}, 3), ({"top_p": 0.5}, 2), ({"top_p": 0.9999, "min_p": 0.2}, 4)):
        rows = [row(seed=seed, **settings) for seed in range(len(wide))]
        tokens = {c.token for c in sample(wide.clone(), rows)}
        assert tokens == set(places[:kept].tolist())


def test_penalties_follow_their_formulas() -> None:
    """Logits as log probabilities report them: differences to an untouched token show each penalty."""
    logits = [2.0, -2.0, 1.0, 1.0, 0.0]

    def adjusted(**settings: Any) -> list[float]:
        chosen = sample(torch.tensor([logits]), [row([0, 1], [2, 2, 3], logprobs=5, **settings)])[0].logprob
        assert chosen is not None
        by_token = dict(chosen.top)
        return [by_token[i] - by_token[4] for i in range(4)]

    assert adjusted() == pytest.approx([2.0, -2.0, 1.0, 1.0], abs=1e-6)
    assert adjusted(frequency_penalty=0.5) == pytest.approx([2.0, -2.0, 0.0, 0.5], abs=1e-6)
    assert adjusted(presence_penalty=0.5) == pytest.approx([2.0, -2.0, 0.5, 0.5], abs=1e-6)
    assert adjusted(repetition_penalty=2.0) == pytest.approx([1.0, -4.0, 0.5, 0.5], abs=1e-6)
    assert adjusted(logit_bias={2: 3.0, 1: -1.0}) == pytest.approx([2.0, -3.0, 4.0, 1.0], abs=1e-6)
    everything = adjusted(frequency_penalty=0.1, presence_penalty=0.2, repetition_penalty=2.0, logit_bias={2: 3.0})
    assert everything == pytest.approx([1.0, -4.0, 2.0 - 0.2 - 0.2, 0.5 - 0.1 - 0.2], abs=1e-6)


def test_a_strong_bias_forces_or_bans_a_token() -> None:
    assert one(LOGITS, temperature=0.0, logit_bias={6: 100.0}) == 6
    assert frequencies(LOGITS, logit_bias={0: -100.0})[0] == 0


def test_a_penalty_remembers_a_long_reply() -> None:
    """More distinct tokens than the first allocation holds."""
    logits = torch.zeros(1, 500)
    talker = row([0], list(range(300)) * 2, frequency_penalty=1.0, temperature=0.0)
    assert sample(logits, [talker])[0].token == 300
    assert logits[0, :300].tolist() == [-2.0] * 300


def test_one_rows_settings_never_reach_another() -> None:
    """The mixed batch gives each row what it gets alone."""
    settings: list[dict[str, Any]] = [
        {"temperature": 0.0},
        {"seed": 1},
        {"seed": 2, "top_k": 2},
        {"seed": 3, "top_p": 0.7, "logprobs": 3},
        {"seed": 4, "min_p": 0.1, "temperature": 0.7},
        {"seed": 5, "repetition_penalty": 1.7},
        {"temperature": 0.0, "frequency_penalty": 2.0, "logprobs": 0},
        {"seed": 6, "logit_bias": {3: 2.0}, "presence_penalty": 1.0, "top_p": 0.9},
    ]
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(len(settings), 8192, generator=generator) * 3
    rows = [row([1, 2, 3], [4, 5, 5], **s) for s in settings]
    together = sample(logits.clone(), rows)
    alone = [sample(logits[i : i + 1].clone(), [rows[i]])[0] for i in range(len(rows))]
    assert [c.token for c in together] == [c.token for c in alone]
    for a, b in zip(together, alone, strict=True):
        assert (a.logprob is None) == (b.logprob is None)
        if a.logprob and b.logprob:
            assert a.logprob.logprob == pytest.approx(b.logprob.logprob, abs=1e-6)
            assert [t for t, _ in a.logprob.top] == [t for t, _ in b.logprob.top]


def test_logprobs_are_those_of_the_model_whatever_the_temperature() -> None:
    choice = sample(torch.tensor([LOGITS]), [row(temperature=0.01, top_k=1, logprobs=3)])[0]
    assert choice.logprob is not None and choice.token == choice.logprob.token == 0
    expected = np.log(softmax(LOGITS))
    assert choice.logprob.logprob == pytest.approx(expected[0], abs=1e-6)
    assert [t for t, _ in choice.logprob.top] == [0, 1, 2]
    assert [p for _, p in choice.logprob.top] == pytest.approx(expected[:3].tolist(), abs=1e-6)


def test_logprobs_zero_gives_the_chosen_token_alone_and_none_gives_nothing() -> None:
    first, second = sample(torch.tensor([LOGITS, LOGITS]), [row(logprobs=0, seed=1), row(seed=1)])
    assert first.logprob is not None and first.logprob.top == []
    assert second.logprob is None and second.token == first.token


def test_a_greedy_choice_is_first_among_its_alternatives_even_in_a_tie() -> None:
    for wide in (8, 4096):
        found = token_logprobs(torch.zeros(1, wide), torch.tensor([0]), [1])[0]
        assert found.top == [(0, pytest.approx(-math.log(wide), abs=1e-5))]


def test_more_alternatives_than_tokens_is_all_tokens() -> None:
    assert len(token_logprobs(torch.zeros(1, 3), torch.tensor([2]), [20])[0].top) == 3


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_a_row_without_finite_numbers_spoils_no_other(bad: float) -> None:
    logits = torch.tensor([LOGITS, LOGITS])
    logits[0, 5] = bad
    broken, fine = sample(logits, [row(seed=1, logprobs=2, top_p=0.5), row(temperature=0.0, logprobs=1)])
    assert broken.token is None and broken.logprob is None
    assert fine.token == 0 and fine.logprob is not None


def test_an_unseeded_request_gets_a_seed_of_its_own() -> None:
    assert row().seed != row().seed
    assert row(seed=0).seed == 0


def test_neighbouring_seeds_and_positions_are_unrelated() -> None:
    grid = np.array([[uniform(seed, position) for position in range(200)] for seed in range(200)])
    assert abs(grid.mean() - 0.5) < 0.01 and abs(grid.var() - 1 / 12) < 0.002
    for shifted in (np.roll(grid, 1, axis=0), np.roll(grid, 1, axis=1), np.roll(grid, (1, 1), axis=(0, 1))):
        assert abs(np.corrcoef(grid.ravel(), shifted.ravel())[0, 1]) < 0.02
    counts, _ = np.histogram(grid, bins=100, range=(0, 1))
    assert ((counts - 400) ** 2 / 400).sum() < 100 + 6 * math.sqrt(200)


def test_draws_are_the_same_in_every_release() -> None:
    """Users keep seeds; changing the generator would change their replies."""
    assert [uniform(seed, position) for seed, position in ((0, 0), (42, 7), (-1, 3))] == PINNED


PINNED = [0.6524484863740322, 0.7347204584623639, 0.9269618291063265]


def test_nothing_to_sample_is_no_error() -> None:
    assert sample(torch.empty(0, 8), []) == []
