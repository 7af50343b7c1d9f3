"""Fear: a model loses its sense in 4 bits though 8 for a few of its weights would have saved it, or grows more than it must."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from nemoserve.convert import __main__ as convert
from nemoserve.convert.calibration import Calibrated, Loss
from nemoserve.convert.policy import Format, assign, policy_for, raised
from nemoserve.engine.checkpoint.tensors import open_tensors
from nemoserve.engine.checkpoint.weights import Weights
from nemoserve.engine.models import load_model
from nemoserve.engine.models.load import read_config
from tests.checkpoints import FIRST_BYTE, tiny_checkpoint

WIDE: dict[str, Any] = {"hybrid_override_pattern": "M-M*"}
shares = st.integers(0, 1000).map(lambda number: number / 1000)
products = st.lists(st.tuples(st.integers(1, 3), st.integers(1, 1000), shares, st.booleans()), min_size=1, max_size=12)


def worth(loss: Loss) -> float:
    return loss.error / loss.weights


@given(drawn=products, share=shares)
def test_the_wrong_weights_are_raised(drawn: list[tuple[int, int, float, bool]], share: float) -> None:
    losses = [
        Loss(tuple(f"{number}.{part}" for part in range(parts)), weights, error)
        for number, (parts, weights, error, _) in enumerate(drawn)
    ]
    bits = {name: 4 for loss in losses for name in loss.names} | {"head": 8}
    free = [loss for loss, (*_, may) in zip(losses, drawn, strict=True) if may]
    finer = {name: 8 if any(name in loss.names for loss in free) else 4 for name in bits} | {"head": 8}
    made = raised(bits, finer, losses, share)
    changed = [loss for loss in losses if made[loss.names[0]] == 8]
    assert made.keys() == bits.keys() and all(bits[name] <= made[name] <= finer[name] for name in bits)
    assert all(len({made[name] for name in loss.names}) == 1 for loss in losses), "a block's weights differ in bits"
    assert bool(changed) == bool(free)
    if len(changed) > 1:
        assert sum(loss.weights for loss in changed) <= share * sum(loss.weights for loss in free) + 1e-6
    if free:
        assert max(map(worth, changed)) == max(map(worth, free))
    if share == 1:
        assert changed == free


def test_a_block_that_loses_much_is_taken_for_one_that_loses_little(tmp_path: Path) -> None:
    folder = tiny_checkpoint(tmp_path / "model", **WIDE)
    config = read_config(folder)
    texts = [[FIRST_BYTE + byte for byte in b"Some words, and 1234 of them."]]
    found: dict[str, dict[str, float]] = {}
    formats: tuple[Format, ...] = ("int4", "int8")
    for to in formats:
        with open_tensors(folder) as weights, torch.inference_mode():
            model = Calibrated(config, weights)
            made = dict(model.quantised_weights(texts, assign(config, policy_for(to)), 32))
        found[to] = {loss.names[0].rpartition(".mixer")[0]: loss.error for loss in model.losses}
        assert [name for loss in model.losses for name in loss.names] == [
            name for name in made if name != "lm_head.weight"
        ]
        assert all(
            loss.weights == sum(made[name].rows * made[name].columns for name in loss.names) for loss in model.losses
        )
    assert found["int4"].keys() == {f"layers.{number}" for number in range(4)}
    assert all(0 < found["int8"][name] < 0.1 * found["int4"][name] < 0.01 for name in found["int4"]), found


def eight_bits(folder: Path) -> set[str]:
    with Weights(folder) as weights:
        return {name for name in weights.shapes if name.endswith("_q") and weights.stored_dtype(name) == torch.int8}


@pytest.mark.parametrize(("most", "kept"), [(3, True), (1, False)])
def test_what_loses_too_much_in_4_bits_stays_so_or_is_not_told_of(
    most: int, kept: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tiny_checkpoint(tmp_path / "model", **WIDE)

    def loss_of(before: convert.Measured, after: convert.Measured, _: object) -> float:
        # A random model loses nothing that could be measured, so the loss is what is not of 8 bits.
        assert before.perplexity and after.perplexity
        return 10.0 - len(eight_bits(tmp_path / "out.partial"))

    monkeypatch.setattr(convert, "loss_of", loss_of)
    assert convert.main([str(folder), str(tmp_path / "out"), "--to=int4", f"--loss={most}", "--attention=int4"]) == 0
    said = capsys.readouterr().out
    found = eight_bits(tmp_path / "out")
    assert 7 <= len(found) < 12 and "points were lost" in said
    assert (f"loss         {10 - len(found):.2f} points, more than --loss 1;" in said) != kept
    assert not any(f"layers.3.mixer.{part}_proj" in name for name in found for part in "qkvo"), "it was chosen"
    load_model(tmp_path / "out")


def test_nothing_is_raised_where_nothing_is_lost_or_nothing_is_known(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tiny_checkpoint(tmp_path / "model", **WIDE)
    for number, options in enumerate((["--loss=1000000"], ["--loss=0", "--no-calibration"], ["--no-evaluation"])):
        out = tmp_path / f"out{number}"
        assert convert.main([str(folder), str(out), "--to=int4", *options]) == 0
        assert len(eight_bits(out)) == 2, "embeddings and head"
        assert not re.search("mixed", capsys.readouterr().out)
