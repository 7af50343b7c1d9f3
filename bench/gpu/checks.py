"""Are the numbers of a GPU right? Kernels at the 9B's shapes beside float64, whole models beside a CPU. Knows no times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch.nn import functional

from bench.gpu.shapes import TINY, RandomTensors, made
from nemoserve.engine.batch import Chunk
from nemoserve.engine.gpu.attention import decode as attention_step
from nemoserve.engine.gpu.conv import conv_run, conv_step
from nemoserve.engine.gpu.graphs import Recorder
from nemoserve.engine.gpu.norm import gated_norm, rms_norm
from nemoserve.engine.gpu.scan import scan_run, state_step
from nemoserve.engine.kv import PAGE, pages_for
from nemoserve.engine.models import Model
from nemoserve.engine.protocol import Sampling
from nemoserve.engine.runner import Runner
from nemoserve.engine.sampling import Row, sample


@dataclass(frozen=True, slots=True)
class Check:
    """The norm of the error over the norm of what is right."""

    name: str
    error: float
    allowed: float

    @property
    def holds(self) -> bool:
        return self.error <= self.allowed


def checks(config: dict[str, Any], device: torch.device, folder: Path, record: Recorder | None) -> Iterator[Check]:
    """Kernels at the sizes of `config`, then small models; float32 products are exact, not TF32, meanwhile."""
    kept = torch.backends.cuda.matmul.allow_tf32
    torch.backends.cuda.matmul.allow_tf32 = False
    try:
        yield from _mamba(config, device)
        yield from _attention(config, device)
        yield from _norms(config, device)
        yield from _models(device, folder, record)
        yield _sampling(config["vocab_size"], device)
    finally:
        torch.backends.cuda.matmul.allow_tf32 = kept


def _error(got: torch.Tensor, wanted: torch.Tensor) -> float:
    wanted = wanted.double()
    return float((got.double() - wanted).norm() / wanted.norm())


def _mamba(config: dict[str, Any], device: torch.device) -> Iterator[Check]:
    """A run of one sequence, at once and token by token, beside the recurrence in float64."""
    heads, head_dim, groups = config["mamba_num_heads"], config["mamba_head_dim"], config["n_groups"]
    size, kernel, length = config["ssm_state_size"], config["conv_kernel"], 150
    inner, per_group = heads * head_dim, heads // groups
    channels, width = inner + 2 * groups * size, per_group * head_dim
    projected = torch.randn(length, inner + channels + heads, device=device)
    taps = torch.randn(kernel, channels, device=device)
    conv, state = torch.randn(kernel, channels, device=device), torch.randn(groups, size, width, device=device)
    dt_bias, a = torch.randn(heads, device=device) - 1, -15 * torch.rand(heads, device=device) - 1
    d = torch.randn(heads, device=device)

    sums, right_state, right = conv.double(), state.double().view(groups, size, per_group, head_dim), []
    for token in projected.double():
        new = sums + token[inner : inner + channels] * taps.double()
        sums = torch.cat((new[1:], conv[-1:].double()))
        x, b, c = functional.silu(new[0]).split((inner, groups * size, groups * size))
        x, b, c = x.view(groups, 1, per_group, head_dim), b.view(groups, size, 1, 1), c.view(groups, size, 1, 1)
        dt = functional.softplus(token[-heads:] + dt_bias.double()).view(groups, 1, per_group, 1)
        right_state = right_state * (dt * a.double().view(groups, 1, per_group, 1)).exp() + b * dt * x
        right.append(((c * right_state).sum(1, keepdim=True) + d.double().view(groups, 1, per_group, 1) * x).flatten())
    wanted = torch.stack(right)

    numbers, sizes = (inner + channels, dt_bias, a, d, None), (groups, heads, head_dim, size)
    own_conv, own_state = conv.clone(), state.clone()
    y = scan_run(conv_run(projected, inner, own_conv, taps), projected, *numbers, own_state, *sizes)
    yield Check("Mamba-2, a run: outputs", _error(y, wanted), 1e-5)
    yield Check("Mamba-2, a run: states", _error(own_state, right_state.reshape(state.shape)), 1e-5)
    conv_slots, state_slots = conv.repeat(3, 1, 1), state.repeat(3, 1, 1, 1)
    slots, steps = torch.tensor([2, -1], device=device), []
    for token in projected:
        both = token.repeat(2, 1)
        xbc = conv_step(both, inner, conv_slots, slots, taps)
        steps.append(state_step(xbc, both, *numbers, state_slots, slots, *sizes)[0])
    yield Check("Mamba-2, steps: outputs", _error(torch.stack(steps), wanted), 1e-5)
    yield Check("Mamba-2, steps: states", _error(state_slots[2], right_state.reshape(state.shape)), 1e-5)
    yield Check("Mamba-2, steps: other sequences' states", float((state_slots[:2] - state).abs().max()), 0.0)


def _attention(config: dict[str, Any], device: torch.device) -> Iterator[Check]:
    """New tokens of sequences of very different lengths."""
    dtype = _narrow(device)
    heads, kv_heads, size = config["num_attention_heads"], config["num_key_value_heads"], config["head_dim"]
    lengths = [0, 63, 64, 1000, 5000]
    most = pages_for(max(lengths) + 1)
    table = torch.randperm(len(lengths) * most, device=device).view(len(lengths), most).int()
    shape = (len(lengths) * most, kv_heads + 1, PAGE, size)
    keys, values = (torch.randn(shape, device=device).to(dtype) for _ in range(2))
    qkv = torch.randn(len(lengths), heads + 2 * kv_heads, size, device=device).to(dtype)
    q, k, v = qkv.split((heads, kv_heads, kv_heads), 1)
    slots, held = torch.arange(len(lengths), device=device), torch.tensor(lengths, device=device)
    got = attention_step(q, k, v, keys, values, 1, table, slots, held)
    right: list[torch.Tensor] = []
    for row, length in enumerate(lengths):
        seen = [
            pool[table[row].long(), 1:]
            .transpose(0, 1)
            .flatten(1, 2)[:, : length + 1]
            .double()
            .repeat_interleave(heads // kv_heads, 0)
            for pool in (keys, values)
        ]
        scores = (seen[0] @ q[row].double().unsqueeze(2)).squeeze(2) / size**0.5
        right.append((scores.softmax(1).unsqueeze(1) @ seen[1]).flatten())
    yield Check(f"attention of new tokens, {_name(dtype)}", _error(got, torch.stack(right)), 1e-2)


def _norms(config: dict[str, Any], device: torch.device) -> Iterator[Check]:
    width, groups = config["hidden_size"], config["n_groups"]
    inner = config["mamba_num_heads"] * config["mamba_head_dim"]
    x, weight = torch.randn(7, width, device=device), torch.rand(width, device=device) + 0.5
    wide = x.double()
    wanted = wide / (wide.square().mean(1, keepdim=True) + 1e-5).sqrt() * weight.double()
    yield Check("norm", _error(rms_norm(x, weight, 1e-5, False, torch.float32), wanted), 1e-6)
    y, gate, weight = (
        torch.randn(7, inner, device=device),
        torch.randn(7, inner + 5, device=device),
        torch.rand(inner, device=device),
    )
    gated = (y.double() * functional.silu(gate[:, :inner].double())).view(7, groups, -1)
    normed = (gated / (gated.square().mean(2, keepdim=True) + 1e-5).sqrt()).flatten(1) * weight.double()
    yield Check("gated norm", _error(gated_norm(y, gate, weight, 1e-5, groups, torch.float32), normed), 1e-6)


def _models(device: torch.device, folder: Path, record: Recorder | None) -> Iterator[Check]:
    """The same weights on this device and on a CPU."""
    wanted = _logits(_same(folder, torch.float32, torch.device("cpu"), triton=False), None)
    yield Check(
        "a model, float32", _error(_logits(_same(folder, torch.float32, device, triton=True), None), wanted), 1e-4
    )
    dtype = _narrow(device)
    narrow = _same(folder, dtype, device, triton=True)
    plain = _logits(narrow, None)
    yield Check(f"a model, {_name(dtype)}", _error(plain, wanted), 5e-2)
    if record is not None:
        recorded = _logits(narrow, record)
        yield Check(f"a model, {_name(dtype)}, recorded steps beside others", _error(recorded, plain), 2e-2)


def _sampling(vocabulary: int, device: torch.device) -> Check:
    """The share of tokens that are drawn otherwise than on a CPU, with settings of all kinds side by side."""
    kinds = [
        {"temperature": 0.0}, {"temperature": 1.0}, {"temperature": 0.7, "top_p": 0.9}, {"temperature": 1.3, "top_k": 40},
        {"temperature": 1.0, "min_p": 0.05}, {"temperature": 0.9, "top_k": 100, "top_p": 0.95, "repetition_penalty": 1.2},
        {"temperature": 1.0, "frequency_penalty": 0.5, "presence_penalty": 0.5, "logit_bias": {5: 9.0, 7: -100.0}},
    ]  # fmt: skip
    settings = [Sampling(max_tokens=9, seed=seed, **kinds[seed % len(kinds)]) for seed in range(8 * len(kinds))]
    logits = torch.randn(len(settings), vocabulary, generator=torch.Generator().manual_seed(1)) * 3
    drawn = [
        [choice.token for choice in sample(logits.clone().to(where), [Row(each, [5, 6, 7, 5]) for each in settings])]
        for where in (device, torch.device("cpu"))
    ]
    different = sum(a != b for a, b in zip(*drawn, strict=True))
    return Check("sampling: tokens drawn otherwise than on a CPU", different / len(settings), 0.0)


def _narrow(device: torch.device) -> torch.dtype:
    """What a GPU computes in. Triton's interpreter has bfloat16 as bits, and does not multiply it."""
    return torch.bfloat16 if device.type == "cuda" else torch.float32


def _name(dtype: torch.dtype) -> str:
    return str(dtype).removeprefix("torch.")


class _Moved(RandomTensors):
    """Drawn on a CPU, as two devices draw differently."""

    def __init__(self, target: torch.device) -> None:
        super().__init__(torch.float32, torch.device("cpu"))
        self._target = target

    def take(self, name: str, *shape: int) -> torch.Tensor:
        return super().take(name, *shape).to(self._target)


def _same(folder: Path, dtype: torch.dtype, device: torch.device, *, triton: bool) -> Model:
    return made(TINY, folder, _Moved(device), dtype, device, triton=triton)


def _logits(model: Model, record: Recorder | None) -> torch.Tensor:
    """Two sequences: prompts in pieces, one of them beside the other's decoding, then both decode."""
    runner = Runner(model, model.new_cache(3, 1000))
    if record is not None:
        runner.record(record)
    vocab = model.config.vocab_size
    first, second = ([(31 * at + 7 * seed) % vocab for at in range(200)] for seed in (1, 2))
    found = [runner.step([Chunk(0, 0, first[:150], True)])]
    found.append(runner.step([Chunk(0, 150, first[150:151], True), Chunk(2, 0, second[:70], True)]))
    for step in range(20):
        chunks = [Chunk(0, 151 + step, [first[151 + step]], True), Chunk(2, 70 + step, [second[70 + step]], True)]
        found.append(runner.step(chunks).clone())
    return torch.cat(found).cpu()
