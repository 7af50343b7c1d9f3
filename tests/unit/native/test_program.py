"""Fears about attention, norms and the whole-token call: wrong at odd sizes, or another result than the layers one by one."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from nemoserve.convert.__main__ import main
from nemoserve.engine.batch import Chunk
from nemoserve.engine.kv import PAGE, pages_for
from nemoserve.engine.models import Model, load_model
from nemoserve.engine.runner import Runner
from nemoserve.native.library import KeysAndValues, Native, PromptAttention
from tests.checkpoints import tiny_checkpoint


@pytest.mark.parametrize(("kv_heads", "queries", "size"), [(1, 1, 1), (2, 3, 20), (3, 1, 16), (2, 5, 128), (1, 18, 32)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("lengths", [[0], [5, 5, 5], [0, 17, 40], [1023, 1024, 2500], [3000, 70]])
def test_attention_is_that_of_float64(
    each_set: Native, kv_heads: int, queries: int, size: int, lengths: list[int], dtype: torch.dtype
) -> None:
    rows, first, longest = len(lengths), 2, pages_for(max(lengths) + 1)
    table = torch.randperm(rows * longest).view(rows, longest).int()
    keys, values = (torch.randn(rows * longest, kv_heads + first + 1, PAGE, size).to(dtype) for _ in range(2))
    qkv = torch.randn(rows, kv_heads * (queries + 2), size) * 2
    q, k, v = qkv.split((kv_heads * queries, kv_heads, kv_heads), 1)
    slots, held = torch.arange(rows).flip(0), torch.tensor(lengths)
    pools = keys.data_ptr(), values.data_ptr(), keys.stride(0)
    places = table.data_ptr(), table.stride(0), slots.data_ptr(), held.data_ptr()
    y = torch.full((rows, kv_heads * queries * size), torch.nan)
    layer, kv = (
        each_set.attention_layer(kv_heads * queries, kv_heads, size, first),
        KeysAndValues(*pools, *places, keys.element_size()),
    )
    each_set.attention(layer, kv, rows, *((part.data_ptr(), part.stride(0)) for part in (q, k, v)), y.data_ptr())
    own = slice(first, first + kv_heads)
    for row, length in enumerate(lengths):
        lying = [pool[table[slots[row]].long(), own].transpose(0, 1).flatten(1, 2) for pool in (keys, values)]
        assert torch.equal(lying[0][:, length], k[row].to(dtype)) and torch.equal(lying[1][:, length], v[row].to(dtype))
        seen = [block[:, : length + 1].double().repeat_interleave(queries, 0) for block in lying]
        scores = (seen[0] @ q[row].double().unsqueeze(2)).squeeze(2) / size**0.5
        wanted = (scores.softmax(1).unsqueeze(1) @ seen[1]).flatten()
        # With products of bfloat16s, queries and weights are rounded to them.
        pairs = dtype == torch.bfloat16 and each_set.instruction_set == "avx512-bf16" and size % 32 == 0
        # Many values of both signs may cancel out.
        assert (y[row].double() - wanted).norm() < (1e-2 if pairs else 1e-5) * wanted.norm() + 1e-6


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
    heads, count, first = kv_heads * queries, pages_for(start + tokens), 1
    pages = torch.randperm(count + 1)[:count].int()
    keys, values = (torch.randn(count + 1, first + kv_heads, PAGE, size).to(dtype) for _ in range(2))
    was = keys.clone()
    q, k, v = (torch.randn(tokens, heads + 2 * kv_heads, size) * 2).split((heads, kv_heads, kv_heads), 1)
    y = torch.full((tokens, heads * size), torch.nan)
    given = *(part.data_ptr() for part in (q, k, v)), *(part.stride(0) for part in (q, k, v))
    pools = keys[0, first].data_ptr(), values[0, first].data_ptr(), pages.data_ptr(), keys.stride(0)
    numbers = heads, kv_heads, size, start, tokens
    each_set.prompt_attention(PromptAttention(*numbers, *given, *pools, keys.element_size(), y.data_ptr()))
    lying = [pool[pages.long(), first:].transpose(0, 1).flatten(1, 2) for pool in (keys, values, was)]
    assert torch.equal(lying[0][:, start : start + tokens], k.transpose(0, 1).to(dtype))
    lying[2][:, start : start + tokens] = lying[0][:, start : start + tokens]
    assert torch.equal(lying[0], lying[2]) and torch.equal(keys[:, :first], was[:, :first])
    seen = [block[:, : start + tokens].double().repeat_interleave(queries, 0) for block in lying[:2]]
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
    runner = Runner(model, model.new_cache(4, 16384))
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
        runner = Runner(model, model.new_cache(4, 16384))
        found = [runner.step([Chunk(slot, 0, prompts[slot], sample=True) for slot in chosen])]
        for number in range(3):
            lengths = {slot: len(prompts[slot]) + number for slot in chosen}
            found.append(runner.step([Chunk(slot, lengths[slot], [50 + slot], sample=True) for slot in chosen]))
        return {slot: torch.stack([step[place] for step in found]) for place, slot in enumerate(chosen)}

    together = logits([0, 1, 2])
    for slot in range(3):
        assert torch.equal(logits([slot])[slot], together[slot])
