"""What a GPU can do, and how near the engine and transformers come to it. Knows work and time; no numbers' rightness."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, Protocol

import torch

from bench.gpu.shapes import RandomTensors, made
from nemoserve.engine.batch import Chunk
from nemoserve.engine.gpu.graphs import Recorder
from nemoserve.engine.runner import Runner

CONTEXT = 512
"""Tokens that each sequence holds before its decoding is timed."""


@dataclass(frozen=True, slots=True)
class Machine:
    """Bytes per second read and written by a copy; products per second of a large bfloat16 matrix product, two for each multiplied pair."""

    name: str
    copied: float
    multiplied: float


@dataclass(slots=True)
class Rates:
    """Tokens per second by job, one for each round; jobs that failed, and why."""

    found: dict[str, list[float]] = field(default_factory=dict[str, list[float]])
    failed: dict[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Floor:
    """What a job has to do at least. Seconds follow from a machine."""

    bytes: float
    products: float

    def seconds(self, machine: Machine) -> float:
        return max(self.bytes / machine.copied, self.products / machine.multiplied)


class Engine(Protocol):
    def prefill(self, tokens: int) -> None:
        """Reads a prompt of so many tokens, in an empty cache."""
        ...

    def start(self, sequences: int) -> None:
        """So many sequences, each of which holds CONTEXT tokens."""
        ...

    def decode(self, steps: int) -> None:
        """So many tokens of each of them, and what they are is known afterwards."""
        ...


def wait(device: torch.device) -> None:
    """Until the device has done all that it was given."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def machine(device: torch.device, *, small: bool = False) -> Machine:
    """Best of several copies of 2 GiB and of products of 8192 x 8192 matrices; `small`: to try the script out."""
    size, side = (1 << 24, 256) if small else (1 << 31, 8192)
    name = torch.cuda.get_device_name(device) if device.type == "cuda" else "a CPU"
    return Machine(name, 2 * size / _copy(size, device), 2 * side**3 / _multiply(side, device))


def _copy(size: int, device: torch.device) -> float:
    source = torch.empty(size, dtype=torch.uint8, device=device)
    return _best(partial(torch.empty_like(source).copy_, source), device)


def _multiply(side: int, device: torch.device) -> float:
    a, b = (torch.randn(side, side, device=device).bfloat16() for _ in range(2))
    return _best(partial(torch.mm, a, b), device)


def _best(work: Callable[[], object], device: torch.device) -> float:
    return min(_seconds(work, device) for _ in range(8))


class Own:
    """nemoserve's engine, through its runner."""

    def __init__(
        self,
        config: dict[str, Any],
        folder: Path,
        device: torch.device,
        most: int,
        prompt: int,
        piece: int,
        record: Recorder | None,
    ) -> None:
        """Room for `most` sequences, or a prompt of `prompt` tokens, which is read `piece` tokens at a time."""
        weights = RandomTensors(torch.bfloat16, device)
        self.model = made(
            config, folder, weights, torch.bfloat16, device, triton=device.type == "cuda" or record is not None
        )
        self.cache = self.model.new_cache(most, max(prompt, most * 2 * CONTEXT))
        self._runner = Runner(self.model, self.cache)
        if record is not None:
            self._runner.record(record)
        self._piece, self._sequences, self._length = piece, 0, 0

    def prefill(self, tokens: int) -> None:
        self._clear()
        self._read(0, tokens)
        self.cache.release(0)

    def start(self, sequences: int) -> None:
        self._clear()
        for slot in range(sequences):
            self._read(slot, CONTEXT)
        self._sequences, self._length = sequences, CONTEXT

    def decode(self, steps: int) -> None:
        for _ in range(steps):
            logits = self._runner.step([Chunk(slot, self._length, [17], True) for slot in range(self._sequences)])
            logits.argmax(-1).tolist()
            self._length += 1

    def floor(self, job: str, count: int) -> Floor:
        """Of a prompt of `count` tokens, or of a token of each of `count` sequences."""
        config, state, token = self.model.config, self.cache.state_bytes_per_sequence, self.cache.kv_bytes_per_token
        weights = self.model.parameters - config.vocab_size * config.hidden_size  # of the embeddings few rows are read
        if job == "prefill":
            return Floor(2.0 * weights + 2 * state, 2.0 * count * (weights - config.vocab_size * config.hidden_size))
        return Floor(2.0 * weights + count * (2 * state + CONTEXT * token), 2.0 * count * weights)

    def _read(self, slot: int, tokens: int) -> None:
        ids = [(31 * at + 7 * slot) % self.model.config.vocab_size for at in range(tokens)]
        for begin in range(0, tokens, self._piece):
            end = min(begin + self._piece, tokens)
            logits = self._runner.step([Chunk(slot, begin, ids[begin:end], sample=end == tokens)])
            if end == tokens:
                logits.argmax(-1).tolist()

    def _clear(self) -> None:
        for slot in range(self._sequences):
            self.cache.release(slot)
        self._sequences = 0


class Transformers:
    """transformers' own class with random weights, its cache, and a plain loop."""

    def __init__(self, config: dict[str, Any], device: torch.device) -> None:
        import transformers

        kinds = {"M": "mamba", "-": "mlp", "*": "attention"}
        known = {key: value for key, value in config.items() if key not in ("model_type", "residual_in_fp32")}
        known["layers_block_type"] = [kinds[letter] for letter in known.pop("hybrid_override_pattern")]
        with torch.device(device):
            dtype = torch.get_default_dtype()
            torch.set_default_dtype(torch.bfloat16)
            try:
                model: Any = transformers.NemotronHForCausalLM(transformers.NemotronHConfig(**known))
            finally:
                torch.set_default_dtype(dtype)
        self._model: Any = model.to(device).eval()
        self._device, self._vocab = device, config["vocab_size"]
        self._cache: Any = None
        self._newest: torch.Tensor | None = None

    def prefill(self, tokens: int) -> None:
        self._read(1, tokens)
        self._cache = None

    def start(self, sequences: int) -> None:
        self._read(sequences, CONTEXT)

    def decode(self, steps: int) -> None:
        for _ in range(steps):
            with torch.no_grad():
                found = self._model(input_ids=self._newest, past_key_values=self._cache, use_cache=True)
            self._newest = self._chosen(found.logits)

    def _read(self, sequences: int, tokens: int) -> None:
        ids = torch.arange(sequences * tokens, device=self._device).view(sequences, tokens) * 31 % self._vocab
        with torch.no_grad():
            found = self._model(input_ids=ids, use_cache=True, logits_to_keep=1)
        self._cache, self._newest = found.past_key_values, self._chosen(found.logits)

    def _chosen(self, logits: torch.Tensor) -> torch.Tensor:
        """The likeliest tokens, waited for."""
        chosen = logits[:, -1:].argmax(-1)
        chosen.tolist()
        return chosen


def rates(engine: Engine, prompt: int, batches: list[int], steps: int, rounds: int, device: torch.device) -> Rates:
    """Each job once to warm up, then `rounds` times. A job that the memory does not suffice for is told of, and the others go on."""
    done = Rates()
    for name, count, tokens in [("prefill", prompt, prompt), *(("decode", batch, batch * steps) for batch in batches)]:
        job = f"{name} {count}"
        try:
            for number in range(rounds + 1):
                if name == "decode":
                    engine.start(count)
                    engine.decode(2)
                work = (lambda: engine.prefill(prompt)) if name == "prefill" else (lambda: engine.decode(steps))
                seconds = _seconds(work, device)
                if number:
                    done.found.setdefault(job, []).append(tokens / seconds)
        except torch.OutOfMemoryError:
            done.failed[job] = "out of memory"
        if job in done.failed and device.type == "cuda":
            torch.cuda.empty_cache()
    return done


def _seconds(work: Callable[[], object], device: torch.device) -> float:
    wait(device)
    start = time.perf_counter()
    work()
    wait(device)
    return time.perf_counter() - start
