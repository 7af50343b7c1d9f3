"""Fears about attention, norms and the whole-token call: wrong at odd sizes, or another result than the layers one by one."""

from __future__ import annotations

import ctypes
from pathlib import Path

import pytest
import torch

from nemoserve.convert.__main__ import main
from nemoserve.engine import kv
from nemoserve.engine.batch import Chunk
from nemoserve.engine.layers.program import DecodeProgram
from nemoserve.engine.models import Model, load_model
from nemoserve.engine.runner import Runner
from nemoserve.native.library import Apart, KeysAndValues, Native, PromptAttention
from tests.checkpoints import tiny_checkpoint


@pytest.mark.parametrize(("kv_heads", "queries", "size"), [(1, 1, 1), (2, 3, 20), (3, 1, 16), (2, 5, 128), (1, 18, 32)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("lengths", [[0], [5, 5, 5], [0, 17, 40], [1023, 1024, 2500], [3000, 70]])
def test_attention_is_that_of_float64(
    each_set: Native, kv_heads: int, queries: int, size: int, lengths: list[int], dtype: torch.dtype
) -> None:
    rows, first, room = len(lengths), 2, max(lengths) + 3
    keys, values = (torch.randn(rows, kv_heads + first + 1, room, size).to(dtype) for _ in range(2))
    was = keys.clone()
    qkv = torch.randn(rows, kv_heads * (queries + 2), size) * 2
    q, k, v = qkv.split((kv_heads * queries, kv_heads, kv_heads), 1)
    held = torch.tensor(lengths)
    for equal in (False, True):
        if equal and len(set(lengths)) > 1:
            continue
        address = None if equal else held.data_ptr()
        # The last row in a buffer of its own, of its own size.
        shared = rows - 1
        alone = [block[shared, :, : lengths[-1] + 2].clone() for block in (keys, values)]
        apart = Apart(*(block.data_ptr() for block in alone), alone[0].stride(0), lengths[-1])
        length = lengths[0] if equal else 0
        places = (keys.data_ptr(), values.data_ptr(), keys.stride(0), keys.stride(1), address, length, shared)
        both = KeysAndValues(*places, ctypes.addressof(apart), keys.element_size())
        y = torch.full((rows, kv_heads * queries * size), torch.nan)
        layer = each_set.attention_layer(kv_heads * queries, kv_heads, size, first)
        each_set.attention(layer, both, rows, *((part.data_ptr(), part.stride(0)) for part in (q, k, v)), y.data_ptr())
        for block, own in zip((keys, values), alone, strict=True):
            block[shared, :, : lengths[-1] + 2] = own
        for row, length in enumerate(lengths):
            own = slice(first, first + kv_heads)
            assert torch.equal(keys[row, own, length], k[row].to(dtype))
            seen = [block[row, own, : length + 1].double().repeat_interleave(queries, 0) for block in (keys, values)]
            scores = (seen[0] @ q[row].double().unsqueeze(2)).squeeze(2) / size**0.5
            wanted = (scores.softmax(1).unsqueeze(1) @ seen[1]).flatten()
            # With products of bfloat16s, queries and weights are rounded to them.
            pairs = dtype == torch.bfloat16 and each_set.instruction_set == "avx512-bf16" and size % 32 == 0
            # Many values of both signs may cancel out.
            assert (y[row].double() - wanted).norm() < (1e-2 if pairs else 1e-5) * wanted.norm() + 1e-6
        keys[:, first : first + kv_heads] = was[:, first : first + kv_heads]


@pytest.mark.parametrize(
    ("kv_heads", "queries", "size", "start", "tokens"),
    [
        (1, 1, 1, 0, 1),
        (3, 2, 32, 0, 5),
        (3, 2, 32, 100, 70),
        (2, 4, 20, 63, 65),
        (1, 5, 128, 1000, 130),
        (2, 64, 7, 64, 64),
    ],
)
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
def test_a_prompts_attention_is_that_of_float64(
    each_set: Native, kv_heads: int, queries: int, size: int, start: int, tokens: int, dtype: torch.dtype
) -> None:
    heads, room = kv_heads * queries, start + tokens + 5
    keys, values = (torch.randn(kv_heads, room, size).to(dtype) for _ in range(2))
    after = keys[:, start + tokens :].clone()
    q, k, v = (torch.randn(tokens, heads + 2 * kv_heads, size) * 2).split((heads, kv_heads, kv_heads), 1)
    y = torch.full((tokens, heads * size), torch.nan)
    given = *(part.data_ptr() for part in (q, k, v)), *(part.stride(0) for part in (q, k, v))
    places = keys.data_ptr(), values.data_ptr(), keys.stride(0), keys.element_size(), y.data_ptr()
    each_set.prompt_attention(PromptAttention(heads, kv_heads, size, start, tokens, *given, *places))
    assert torch.equal(keys[:, start : start + tokens], k.transpose(0, 1).to(dtype))
    assert torch.equal(keys[:, start + tokens :], after)
    seen = [block[:, : start + tokens].double().repeat_interleave(queries, 0) for block in (keys, values)]
    scores = q.double().transpose(0, 1) @ seen[0].transpose(1, 2) / size**0.5
    later = torch.ones(tokens, start + tokens, dtype=torch.bool).triu(start + 1)
    wanted = (scores.masked_fill(later, -torch.inf).softmax(-1) @ seen[1]).transpose(0, 1).flatten(1)
    # With products of bfloat16s, queries and weights are rounded to them.
    allowed = 1e-2 if dtype == torch.bfloat16 and each_set.instruction_set == "avx512-bf16" else 1e-5
    assert (y.double() - wanted).norm() < allowed * wanted.norm()


@pytest.mark.parametrize("width", [1, 15, 48, 100])
def test_norms_are_those_of_float64(each_set: Native, width: int) -> None:
    x, weight = torch.randn(5, width) * 3, torch.rand(width) + 0.5
    y = torch.empty_like(x)
    each_set.norm(5, width, weight.data_ptr(), 1e-5, x.data_ptr(), y.data_ptr())
    wide = x.double()
    wanted = wide / (wide.square().mean(1, keepdim=True) + 1e-5).sqrt() * weight.double()
    assert (y.double() - wanted).norm() < 1e-6 * wanted.norm()


def replies(model: Model, steps: int) -> torch.Tensor:
    """Logits of three sequences of different lengths, decoded together."""
    runner = Runner(model, model.new_cache(4))
    lengths = [3, 20, 9]
    for slot, length in enumerate(lengths):
        runner.step([Chunk(slot, 0, list(range(40, 40 + length)), sample=False)])
    found: list[torch.Tensor] = []
    for number in range(steps):
        # The order changes on the way, and one sequence rests for a step.
        slots = [slot for slot in ((0, 1, 2), (2, 0, 1))[number % 2] if number != 2 or slot != 1]
        found.append(runner.step([Chunk(slot, lengths[slot], [50 + number + slot], sample=True) for slot in slots]))
        for slot in slots:
            lengths[slot] += 1
    return torch.cat(found)


@pytest.mark.parametrize("to", ["int4", "int8"])
def test_the_whole_token_call_gives_the_bits_of_the_layers(tmp_path: Path, to: str) -> None:
    folder = tiny_checkpoint(tmp_path / "model", hybrid_override_pattern="M-*M-M*-")
    out = tmp_path / "out"
    assert main([str(folder), str(out), f"--to={to}", "--no-evaluation", "--no-calibration"]) == 0
    model = load_model(out, device="cpu")
    assert model._program is not None
    together = replies(model, 5)
    model._program = None
    assert torch.equal(replies(model, 5), together)


def test_long_sequences_are_in_the_whole_token_call_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, out = tiny_checkpoint(tmp_path / "model", hybrid_override_pattern="M-*M-M*-"), tmp_path / "out"
    assert main([str(folder), str(out), "--to=int8", "--no-evaluation", "--no-calibration"]) == 0
    model = load_model(out, device="cpu")
    together = replies(model, 5)
    monkeypatch.setattr(kv, "SHARED_TOKENS", 8)  # two of the three outgrow the shared block
    called: list[int] = []
    run = DecodeProgram.run
    monkeypatch.setattr(DecodeProgram, "run", lambda *given: called.append(1) or run(*given))
    assert torch.equal(replies(model, 5), together)
    assert len(called) == 5


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_weights_of_floats_have_the_whole_token_call_too(tmp_path: Path, dtype: str) -> None:
    model = load_model(tiny_checkpoint(tmp_path, hybrid_override_pattern="M-*M-M*-"), device="cpu", dtype=dtype)
    assert model._program is not None
    together = replies(model, 5)
    model._program = None
    assert torch.equal(replies(model, 5), together)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_a_sequence_gets_the_same_bits_alone_and_in_company(tmp_path: Path, dtype: str) -> None:
    model = load_model(tiny_checkpoint(tmp_path, hybrid_override_pattern="M-*M-M*-"), device="cpu", dtype=dtype)
    prompts = [list(range(40, 40 + length)) for length in (3, 90, 17)]

    def logits(chosen: list[int]) -> dict[int, torch.Tensor]:
        """Of prompts read in one step and three tokens after each, by the prompt's number."""
        runner = Runner(model, model.new_cache(4))
        found = [runner.step([Chunk(slot, 0, prompts[slot], sample=True) for slot in chosen])]
        for number in range(3):
            lengths = {slot: len(prompts[slot]) + number for slot in chosen}
            found.append(runner.step([Chunk(slot, lengths[slot], [50 + slot], sample=True) for slot in chosen]))
        return {slot: torch.stack([step[place] for step in found]) for place, slot in enumerate(chosen)}

    together = logits([0, 1, 2])
    for slot in range(3):
        assert torch.equal(logits([slot])[slot], together[slot])
