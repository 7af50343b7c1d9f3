"""transformers on PyTorch, without compilation: `python -m bench.engine.workers.with_transformers FOLDER DTYPE THREADS`."""

from __future__ import annotations

import sys
import time

import torch
import transformers

from bench.engine.workers.loop import serve


class Transformers:
    def __init__(self, folder: str, dtype: torch.dtype) -> None:
        self.model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=dtype).eval()

    @torch.inference_mode()
    def prefill(self, ids: list[int]) -> float:
        start = time.perf_counter()
        self.model(torch.tensor([ids]), use_cache=True, logits_to_keep=1).logits[:, -1].float().numpy().argmax(-1)
        return time.perf_counter() - start

    @torch.inference_mode()
    def decode(self, prompts: list[list[int]], steps: int) -> float:
        past = self.model(torch.tensor(prompts), use_cache=True, logits_to_keep=1).past_key_values
        token = torch.full((len(prompts), 1), 17)
        start = 0.0
        for step in range(steps + 2):
            if step == 2:
                start = time.perf_counter()
            out = self.model(token, past_key_values=past, use_cache=True)
            past = out.past_key_values
            out.logits[:, -1].float().numpy().argmax(-1)
        return time.perf_counter() - start


def main() -> None:
    folder, dtype, threads = sys.argv[1], sys.argv[2], int(sys.argv[3])
    torch.set_num_threads(threads)
    engine = Transformers(folder, {"float32": torch.float32, "bfloat16": torch.bfloat16}[dtype])
    serve(engine, engine.model.config.vocab_size, {"version": transformers.__version__})


if __name__ == "__main__":
    main()
