"""Logits equal transformers' own nemotron_h, however a sequence is cut into steps and whatever shares the batch."""

from __future__ import annotations

import itertools
import math
import random
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file, save_file

from nemoserve.engine.batch import Chunk
from nemoserve.engine.layers import linear
from nemoserve.engine.models import load_model
from nemoserve.engine.models.decoder import Decoder
from nemoserve.engine.runner import Runner
from tests.checkpoints import random_weights, tiny_checkpoint, tiny_config

TOLERANCE = 1e-4
"""Absolute, on float32 logits whose standard deviation is about 1."""

PATTERNS = ("M-M*-", "M*M*", "*-M", "MM-*-*M", "M", "*", "M-M-M*-M", "-M*", "MMM*MM*")
LENGTHS = (1, 2, 3, 5, 31, 63, 64, 65, 77, 127, 128, 129, 150)
"""Around the engine's chunk of 64 tokens and below the width of the convolution."""


def random_config(seed: int) -> dict[str, Any]:
    """Small shapes of every kind: group counts, head counts, biases, an attention width that differs from the hidden one."""
    draw = random.Random(seed)
    groups = (1, 2, 4)[seed % 3]
    kv_heads = draw.choice((1, 2, 3))
    return tiny_config(
        hybrid_override_pattern=PATTERNS[seed % len(PATTERNS)],
        hidden_size=draw.choice((32, 48, 56)),
        intermediate_size=draw.choice((40, 96)),
        n_groups=groups,
        mamba_num_heads=groups * draw.choice((1, 2, 3)),
        mamba_head_dim=draw.choice((4, 8, 20)),
        ssm_state_size=draw.choice((4, 16, 24)),
        conv_kernel=draw.choice((4, 4, 4, 3, 2)),
        num_key_value_heads=kv_heads,
        num_attention_heads=kv_heads * draw.choice((1, 2, 4)),
        head_dim=draw.choice((8, 16, 24)),
        use_bias=draw.random() < 0.2,
        # No attention_bias: the reference has none, whatever its config says.
        mlp_bias=draw.random() < 0.2,
        use_conv_bias=draw.random() < 0.8,
        chunk_size=draw.choice((8, 16, 32)),
        vocab_size=64,
    )


def reference(config: dict[str, Any], seed: int, folder: Path) -> Any:
    """transformers' model with random weights, saved into `folder` by transformers itself."""
    transformers = pytest.importorskip("transformers")
    known = {
        key: value for key, value in config.items() if key not in ("architectures", "torch_dtype", "time_step_limit")
    }
    model = transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known)).float().eval()
    model.load_state_dict(random_weights(config, seed, prefix="model."))
    for layer in model.model.layers:
        if hasattr(layer.mixer, "time_step_limit"):
            # It clamps the step size at time_step_min in the chunked path, against NVIDIA's own code and every other engine.
            layer.mixer.time_step_limit = (0.0, math.inf)
    model.save_pretrained(folder)
    return model


def load(folder: Path, dtype: str = "float32") -> Decoder:
    return load_model(folder, dtype=dtype, device="cpu")


def tokens(count: int, seed: int = 0, vocabulary: int = 64) -> list[int]:
    draw = random.Random(seed)
    return [draw.randrange(vocabulary) for _ in range(count)]


def whole(model: Decoder, ids: list[int]) -> torch.Tensor:
    """Logits of every token, from one call on an empty cache."""
    return Runner(model, model.new_cache(1, 4096)).step([Chunk(0, 0, ids, sample=True, all_logits=True)])


def cut(model: Decoder, ids: list[int], sizes: list[int]) -> torch.Tensor:
    """The same from several calls."""
    runner = Runner(model, model.new_cache(1, 4096))
    starts = [0, *itertools.accumulate(sizes)]
    pieces = [ids[a:b] for a, b in itertools.pairwise(starts)]
    assert sum(sizes) == len(ids)
    return torch.cat(
        [runner.step([Chunk(0, at, piece, False, all_logits=True)]) for at, piece in zip(starts, pieces, strict=False)]
    )


def assert_close(ours: torch.Tensor, theirs: torch.Tensor, tolerance: float = TOLERANCE) -> None:
    assert ours.shape == theirs.shape
    assert ours.dtype == torch.float32
    worst = (ours - theirs).abs().max().item()
    assert worst < tolerance, f"differs by {worst}"


@pytest.mark.parametrize("seed", range(26))
def test_logits_equal_those_of_transformers(seed: int, tmp_path: Path) -> None:
    config = random_config(seed)
    model = reference(config, seed, tmp_path)
    ids = tokens(LENGTHS[seed % len(LENGTHS)], seed)
    with torch.no_grad():
        expected = model(torch.tensor([ids]), use_cache=False).logits[0]
    assert expected.std() > 0.1
    ours = load(tmp_path)
    assert ours.parameters == sum(parameter.numel() for parameter in model.parameters())
    assert_close(whole(ours, ids), expected)
    assert_close(cut(ours, ids, [1] * min(4, len(ids)) + [len(ids) - min(4, len(ids))] * (len(ids) > 4)), expected)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Decoder:
    return load(tiny_checkpoint(tmp_path_factory.mktemp("tiny"), seed=3, hybrid_override_pattern="M-M*-M*"))


@pytest.mark.parametrize("sizes", [[1] * 90, [89, 1], [64, 26], [3, 64, 23], [2, 1, 1, 86], [65, 25], [40, 2, 48]])
def test_the_cut_into_steps_does_not_matter(tiny: Decoder, sizes: list[int]) -> None:
    ids = tokens(90, 1)
    assert_close(cut(tiny, ids, sizes), whole(tiny, ids), 2e-5)


def test_what_shares_the_batch_does_not_matter(tiny: Decoder) -> None:
    """Sequences join, are prefilled in pieces beside the others' decoding, end, and their slots are used again."""
    draw = random.Random(5)
    texts = [tokens(draw.randrange(2, 60), seed) for seed in range(14)]
    expected = [whole(tiny, ids) for ids in texts]
    cache = tiny.new_cache(5, 4096)
    runner = Runner(tiny, cache)
    waiting = list(range(len(texts)))
    running: dict[int, tuple[int, int]] = {}  # slot: (text, tokens held)
    while waiting or running:
        for slot in range(5):
            if slot not in running and waiting and draw.random() < 0.6:
                running[slot] = (waiting.pop(0), 0)
                cache.begin(slot)
        slots = [slot for slot in running if draw.random() < 0.8]
        draw.shuffle(slots)
        chunks: list[Chunk] = []
        for slot in slots:
            text, held = running[slot]
            size = 1 if draw.random() < 0.7 else draw.randrange(1, 20)
            chunks.append(Chunk(slot, held, texts[text][held : held + size], True, all_logits=draw.random() < 0.5))
        logits = runner.step(chunks)
        row = 0
        for chunk in chunks:
            text, held = running[chunk.slot]
            end = held + len(chunk.tokens)
            count = len(chunk.tokens) if chunk.all_logits else 1
            assert_close(logits[row : row + count], expected[text][end - count : end], 2e-5)
            row += count
            running[chunk.slot] = (text, end)
            if end == len(texts[text]):
                del running[chunk.slot]
                cache.release(chunk.slot)
        assert row == len(logits)


def test_sequences_that_outgrow_their_pages_leave_others_unharmed(tiny: Decoder) -> None:
    """They take pages one by one, in the middle of decoding, and those of one that has ended are another's."""
    lengths = {0: 60, 1: 9, 2: 128, 3: 55, 4: 190}
    texts = {slot: tokens(lengths[slot] + 12, slot) for slot in lengths}
    expected = {slot: whole(tiny, ids) for slot, ids in texts.items()}
    cache = tiny.new_cache(5, 600)
    runner = Runner(tiny, cache)
    runner.step([Chunk(slot, 0, texts[slot][:7], False) for slot in texts])
    runner.step([Chunk(slot, 7, texts[slot][7:length], False) for slot, length in lengths.items()])
    for step in range(12):
        if step == 3:
            cache.release(1)
            del lengths[1]
        chunks = [Chunk(slot, n + step, [texts[slot][n + step]], True) for slot, n in lengths.items()]
        rows = torch.stack([expected[slot][n + step] for slot, n in lengths.items()])
        assert_close(runner.step(chunks), rows, 2e-5)


def test_rows_come_in_the_order_of_the_chunks_and_only_where_asked(tiny: Decoder) -> None:
    runner = Runner(tiny, tiny.new_cache(4, 4096))
    ids = tokens(20)
    full = whole(tiny, ids)
    runner.step([Chunk(2, 0, ids[:9], sample=False), Chunk(0, 0, ids[:1], sample=False)])
    logits = runner.step(
        [
            Chunk(3, 0, ids[:6], sample=True),
            Chunk(2, 9, ids[9:10], sample=True),
            Chunk(1, 0, ids[:5], sample=False),
            Chunk(0, 1, ids[1:4], sample=False, all_logits=True),
        ]
    )
    assert_close(logits, torch.cat([full[5:6], full[9:10], full[1:4]]), 2e-5)
    assert runner.step([Chunk(1, 5, ids[5:7], sample=False)]).shape == (0, 288)
    assert runner.step([]).shape == (0, 288)


def test_a_chunk_that_does_not_continue_its_slot_is_refused(tiny: Decoder) -> None:
    runner = Runner(tiny, tiny.new_cache(2, 4096))
    ids = tokens(20)
    runner.step([Chunk(0, 0, ids[:4], True)])
    for chunks, words in (
        ([Chunk(0, 5, [1], True)], "starts at 5, but 4 tokens are held"),
        ([Chunk(1, 3, [1], True)], "starts at 3, but 0 tokens are held"),
        ([Chunk(0, 4, [], True)], "has no tokens"),
        ([Chunk(0, 4, [1], True), Chunk(0, 5, [1], True)], "same slot"),
        ([Chunk(0, 4, [1], True), Chunk(1, 0, [1], True), Chunk(2, 0, [1], True)], "no slot 2; the cache has 2"),
    ):
        with pytest.raises(ValueError, match=words):
            runner.step(chunks)
    assert_close(runner.step([Chunk(0, 4, ids[4:6], True)]), whole(tiny, ids[:6])[-1:], 2e-5)


def test_a_slot_inherits_nothing(tiny: Decoder) -> None:
    """Not even from a sequence whose states are no numbers any more."""
    cache = tiny.new_cache(2, 4096)
    runner = Runner(tiny, cache)
    ids = tokens(30)
    runner.step([Chunk(0, 0, ids, True), Chunk(1, 0, ids[:3], True)])
    with torch.inference_mode():
        page = int(cache.kv.table[0, 0])
        for states in cache.conv[:, 0], cache.ssm[:, 0], cache.kv.keys[page], cache.kv.values[page]:
            states.fill_(math.nan)
    cache.release(0)
    assert_close(runner.step([Chunk(1, 3, ids[3:5], True)]), whole(tiny, ids[:5])[-1:], 2e-5)
    runner.step([Chunk(0, 0, ids[:1], True)])
    both = runner.step([Chunk(0, 1, ids[1:2], True), Chunk(1, 5, ids[5:6], True)])
    assert_close(both, torch.stack([whole(tiny, ids[:2])[-1], whole(tiny, ids[:6])[-1]]), 2e-5)


def test_the_cache_tells_its_size(tiny: Decoder) -> None:
    cache = tiny.new_cache(3, 4096)
    assert cache.kv_bytes_per_token == 2 * 2 * 2 * 16 * 4
    assert cache.state_bytes_per_sequence == 4 * sum(states[:, 0].numel() for states in (cache.conv, cache.ssm))
    assert tiny.config.context_length == 2048


def test_a_tied_head_is_the_embeddings(tmp_path: Path) -> None:
    tied = tiny_checkpoint(tmp_path / "tied", tie_word_embeddings=True)
    untied = tiny_checkpoint(tmp_path / "untied")
    weights = load_file(tied / "model.safetensors")
    save_file(weights | {"lm_head.weight": weights["backbone.embeddings.weight"].clone()}, untied / "model.safetensors")
    assert_close(whole(load(tied), tokens(9)), whole(load(untied), tokens(9)), 1e-5)


def test_a_finite_step_limit_is_honoured(tmp_path: Path) -> None:
    """Published checkpoints do not bound the step size; one that does gets its bounds on every path."""
    free = load(tiny_checkpoint(tmp_path / "free"))
    bound = load(tiny_checkpoint(tmp_path / "bound", time_step_limit=[0.01, 0.05]))
    ids = tokens(70)
    assert (whole(free, ids) - whole(bound, ids)).abs().max() > 1e-3
    assert_close(cut(bound, ids, [1] * 5 + [65]), whole(bound, ids), 2e-5)


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
def test_16_bit_weights_stay_close_to_float32_alone_and_in_batches(tmp_path: Path, dtype: str) -> None:
    folder = tiny_checkpoint(tmp_path, torch_dtype=dtype)
    model = load(folder, dtype)
    assert model.dtype == getattr(torch, dtype)
    ids = tokens(70)
    exact = whole(load(folder), ids)
    ours = whole(model, ids)
    noise = {"bfloat16": 0.05, "float16": 0.006}[dtype] * exact.std().item()
    assert (ours - exact).pow(2).mean().sqrt() < noise
    assert (cut(model, ids, [1] * 3 + [30, 2, 35]) - exact).pow(2).mean().sqrt() < noise


@pytest.mark.parametrize("shape", [(40, 24), (24, 40)])
@pytest.mark.parametrize("bias", [False, True])
def test_every_form_of_a_linear_map_gives_the_same_product(
    shape: tuple[int, int], bias: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(linear, "_PIECE", 512)
    generator = torch.Generator().manual_seed(1)
    weight = torch.randn(shape, generator=generator)
    offset = torch.randn(shape[0], generator=generator) if bias else None
    for dtype in (torch.float32, torch.bfloat16, torch.float16):
        cast_weight, cast_bias = weight.to(dtype), None if offset is None else offset.to(dtype)
        forms: list[linear.Linear] = [linear.PlainLinear(cast_weight, cast_bias)]
        if dtype == torch.float32:
            forms.append(linear.BlockedLinear(cast_weight, cast_bias))
        else:
            forms.append(linear.WidenedLinear(cast_weight, cast_bias))
        for count in (1, 2, 17):
            x = torch.randn((count, shape[1]), generator=generator).to(dtype)
            residual = torch.randn((count, shape[0]), generator=generator).to(dtype)
            exact = x.double() @ cast_weight.double().t() + (0 if cast_bias is None else cast_bias.double())
            allowed = 3 * torch.finfo(dtype).eps * exact.abs().max()
            for form in forms:
                kept = residual.clone()
                with torch.inference_mode():
                    assert (form(x).double() - exact).abs().max() <= allowed
                    added = form(x, residual)
                assert added.dtype == dtype
                assert (added.double() - exact - residual.double()).abs().max() <= 2 * allowed
                assert torch.equal(residual, kept)
