"""nemoserve's engine: `python -m bench.engine.workers.with_nemoserve FOLDER DTYPE THREADS SEQUENCES`. Knows the runner; no gateway."""

from __future__ import annotations

import sys
import time
from pathlib import Path

import torch

from bench.engine.own import Own
from bench.engine.workers.loop import serve
from nemoserve import __version__
from nemoserve.engine.models import load_model

CONTEXT = 8192
"""Tokens for which a sequence has room."""


class Nemoserve:
    def __init__(self, own: Own) -> None:
        self._own = own

    def prefill(self, ids: list[int]) -> float:
        start = time.perf_counter()
        self._own.prefill([ids])
        seconds = time.perf_counter() - start
        self._own.clear()
        return seconds

    def decode(self, prompts: list[list[int]], steps: int) -> float:
        self._own.prefill(prompts)
        self._own.decode(2)
        start = time.perf_counter()
        self._own.decode(steps)
        seconds = time.perf_counter() - start
        self._own.clear()
        return seconds


def main() -> None:
    folder, dtype, threads, sequences = Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    torch.set_num_threads(threads)
    own = Own(load_model(folder, dtype=dtype, device="cpu"), sequences, sequences * CONTEXT, folder)
    told = {"version": __version__, "weights": own.weight_bytes, "states": own.cache.state_bytes_per_sequence}
    serve(Nemoserve(own), own.model.config.vocab_size, {**told, "kv": own.cache.kv_bytes_per_token})


if __name__ == "__main__":
    main()
