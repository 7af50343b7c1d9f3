"""Fears about models on a GPU: other logits than a CPU's, a recorded step that is not the step, a padded one that touches a state."""

from __future__ import annotations

import random
from pathlib import Path

import pytest
import torch

from nemoserve.engine.batch import Chunk
from nemoserve.engine.core import EngineCore
from nemoserve.engine.gpu.graphs import sizes
from nemoserve.engine.layers.moe import grouped_unseen
from nemoserve.engine.models import load_model
from nemoserve.engine.models.decoder import Decoder
from nemoserve.engine.prefixes import Prefixes
from nemoserve.engine.protocol import Sampling, Submit, Tokens
from nemoserve.engine.runner import Runner
from nemoserve.engine.scheduler import Limits
from tests.checkpoints import VOCAB_SIZE
from tests.unit.engine.gpu.models import FAMILIES, made, on_gpu, recorder
from tests.unit.engine.test_nemotron_h import assert_close, cut, tokens, whole


@pytest.fixture(scope="module", params=FAMILIES)
def pair(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> tuple[Decoder, Decoder]:
    """A model on a GPU, and on a CPU."""
    folder = made(request.param, tmp_path_factory.mktemp(request.param))
    return on_gpu(folder), load_model(folder, dtype="float32", device="cpu")


@pytest.mark.parametrize(
    "pieces",
    [[150], *(pytest.param(pieces, marks=pytest.mark.slow) for pieces in ([1] * 3 + [64, 65, 18], [130, 1, 19]))],
)
def test_logits_are_those_of_a_cpu(pair: tuple[Decoder, Decoder], pieces: list[int]) -> None:
    gpu, cpu = pair
    ids = tokens(150, 1)
    assert_close(cut(gpu, ids, pieces), whole(cpu, ids), 2e-5)


@pytest.mark.slow
def test_bfloat16_is_as_near_as_a_cpus(tmp_path: Path) -> None:
    folder, ids = made("hybrid", tmp_path), tokens(90, 2)
    exact = whole(load_model(folder, dtype="float32", device="cpu"), ids)
    got = whole(on_gpu(folder, torch.bfloat16), ids)
    assert (got - exact).norm() < 0.03 * exact.norm()


@pytest.mark.slow
def test_recorded_steps_are_the_steps(pair: tuple[Decoder, Decoder]) -> None:
    """Sequences join, rest, end, and are replaced, in any order; each gets the logits it would get alone."""
    gpu, cpu = pair
    draw = random.Random(7)
    cache = gpu.new_cache(5, 600)
    runner = Runner(gpu, cache)
    runner.record(recorder)
    texts = [tokens(draw.randrange(20, 80), seed) for seed in range(9)]
    expected = [whole(cpu, ids) for ids in texts]
    running: dict[int, tuple[int, int]] = {}
    waiting = list(range(len(texts)))
    for _ in range(18):
        for slot in range(5):
            if slot not in running and waiting and draw.random() < 0.5:
                text = waiting.pop()
                held = draw.randrange(2, 12)
                cache.begin(slot)
                runner.step([Chunk(slot, 0, texts[text][:held], False)])
                running[slot] = text, held
        chosen = [slot for slot in running if draw.random() < 0.8]
        draw.shuffle(chosen)
        resting = [slot for slot in range(5) if slot not in chosen]
        before = cache.conv[:, resting].clone(), cache.ssm[:, resting].clone()
        if not chosen:
            continue
        chunks = [Chunk(slot, running[slot][1], [texts[running[slot][0]][running[slot][1]]], True) for slot in chosen]
        logits = runner.step(chunks)
        assert_close(logits, torch.stack([expected[running[s][0]][running[s][1]] for s in chosen]), 2e-5)
        for now, was in zip((cache.conv, cache.ssm), before, strict=True):
            assert torch.equal(now[:, resting].nan_to_num(), was.nan_to_num()), "a padded step advanced a state"
        for slot in chosen:
            text, held = running[slot]
            running[slot] = text, held + 1
            if held + 1 == len(texts[text]) or draw.random() < 0.03:
                del running[slot]
                cache.release(slot)


@pytest.mark.slow
def test_logits_come_in_the_order_of_the_chunks_only_where_asked(pair: tuple[Decoder, Decoder]) -> None:
    gpu, cpu = pair
    ids = tokens(20)
    expected = whole(cpu, ids)
    runner = Runner(gpu, gpu.new_cache(3, 200))
    runner.record(recorder)
    runner.step([Chunk(0, 0, ids[:4], False), Chunk(1, 0, ids[:6], False), Chunk(2, 0, ids[:2], False)])
    logits = runner.step([Chunk(2, 2, [ids[2]], True), Chunk(0, 4, [ids[4]], False), Chunk(1, 6, [ids[6]], True)])
    assert_close(logits, expected[[2, 6]], 2e-5)


@pytest.mark.parametrize("most", [1, 2, 3, 7, 8, 9, 64, 100])
def test_every_batch_fits_into_a_recording_with_little_padding(most: int) -> None:
    found = sizes(most)
    assert found == sorted(set(found)) and found[-1] == most
    for count in range(1, most + 1):
        size = min(size for size in found if size >= count)
        assert size - count < max(8, count)


@pytest.mark.slow
def test_a_whole_engine_replies_as_on_a_cpu(tmp_path: Path) -> None:
    """Prompts in pieces beside others' decoding, beginnings that are known, recorded steps."""
    folder = made("hybrid", tmp_path)
    replies: list[dict[str, list[int]]] = []
    for model in (on_gpu(folder), load_model(folder, dtype="float32", device="cpu")):
        cache = model.new_cache(3, 1000)
        runner, prefixes = Runner(model, cache), Prefixes(cache, 1 << 22)
        runner.record(recorder)
        core = EngineCore(
            runner, cache, Limits(3, 1000, 20, 32), context_length=512, vocab_size=VOCAB_SIZE, beginnings=prefixes
        )
        found: dict[str, list[int]] = {}
        for turn in range(2):
            for number in range(4):
                prompt = tokens(40 + 9 * number, number, VOCAB_SIZE)[: 30 + 9 * number + 10 * turn]
                core.submit(Submit(f"{turn}{number}", prompt, Sampling(max_tokens=6, temperature=0.0), stem=30))
            while core.has_work:
                for message in core.step():
                    if isinstance(message, Tokens):
                        found.setdefault(message.id, []).extend(message.tokens)
        assert core.idle_faults() == []
        replies.append(found)
    assert len(replies[0]) == 8 and replies[0] == replies[1]


@pytest.mark.parametrize(
    ("capability", "there"), [((8, 0), False), ((8, 9), False), ((9, 0), True), ((10, 3), True), ((12, 0), False)]
)
def test_a_product_of_experts_that_asks_for_its_counts_is_recorded(
    capability: tuple[int, int], there: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What PyTorch does where it has no kernel (`_grouped_mm_fallback`), which ends the recording, and with it the start of the engine."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _device: capability)
    assert grouped_unseen(torch.device("cuda"), torch.bfloat16) is there
    assert not grouped_unseen(torch.device("cuda"), torch.float16)
