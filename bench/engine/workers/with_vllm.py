"""vLLM for CPUs: `python with_vllm.py FOLDER DTYPE THREADS SEQUENCES LONGEST VOCABULARY`, run by the Python that has it.

Its engine is stepped by hand in this process, so that reading prompts and decoding can be timed apart.
"""

from __future__ import annotations

import importlib.metadata
import os
import sys
import time
from typing import Any

os.environ["VLLM_ENABLE_V1_MULTIPROCESSING"] = "0"
os.environ.setdefault("VLLM_CPU_KVCACHE_SPACE", "1")
os.environ.setdefault("VLLM_CPU_OMP_THREADS_BIND", f"0-{int(sys.argv[3]) - 1}")
os.environ.setdefault("HF_HUB_OFFLINE", "1")

from loop import serve


class Vllm:
    def __init__(self, folder: str, dtype: str, sequences: int, longest: int) -> None:
        from vllm import LLM, SamplingParams  # pyright: ignore[reportMissingImports]

        self._params = SamplingParams
        llm = LLM(
            model=folder, dtype=dtype, skip_tokenizer_init=True, enable_prefix_caching=False, max_num_seqs=sequences,
            max_model_len=max(longest, 256) + 64, max_num_batched_tokens=max(2048, longest),
        )  # fmt: skip
        self._engine: Any = llm.llm_engine
        self._count = 0

    def _add(self, ids: list[int], tokens: int) -> None:
        self._count += 1
        wanted = self._params(temperature=0.0, max_tokens=tokens, ignore_eos=True, detokenize=False)
        self._engine.add_request(str(self._count), {"prompt_token_ids": ids}, wanted)

    def _step(self, made: dict[str, int]) -> None:
        for output in self._engine.step():
            made[output.request_id] = len(output.outputs[0].token_ids)

    def prefill(self, ids: list[int]) -> float:
        start = time.perf_counter()
        self._add(ids, 1)
        while self._engine.has_unfinished_requests():
            self._engine.step()
        return time.perf_counter() - start

    def decode(self, prompts: list[list[int]], steps: int) -> float:
        made: dict[str, int] = {}
        for ids in prompts:
            self._add(ids, steps + 8)
        while len(made) < len(prompts) or min(made.values()) < 3:
            self._step(made)
        before, start = sum(made.values()), time.perf_counter()
        for _ in range(steps):
            self._step(made)
        seconds = time.perf_counter() - start
        share = (sum(made.values()) - before) / (len(prompts) * steps)
        while self._engine.has_unfinished_requests():
            self._engine.step()
        return seconds / share


def main() -> None:
    folder, dtype = sys.argv[1:3]
    sequences, longest, vocab = map(int, sys.argv[4:7])
    version = importlib.metadata.version("vllm_cpu")
    serve(Vllm(folder, dtype, sequences, longest), vocab, {"version": version})


if __name__ == "__main__":
    main()
