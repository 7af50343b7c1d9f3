"""llama.cpp's log probabilities of what follows given tokens. Run by the Python that has it: `python gguf_oracle.py FILE '[[1, 2], [3]]'`.

Knows llama-cpp-python, which is built on install, and xllamacpp, the same code as a ready wheel. Prints one JSON list for each prompt.
"""

from __future__ import annotations

import importlib.util
import json
import math
import sys
from typing import Any


def with_llama_cpp_python(file: str, prompts: list[list[int]]) -> list[list[float]]:
    from llama_cpp import Llama

    # Type 0 is float32; a cache of float16 would be most of the difference.
    model = Llama(
        model_path=file,
        n_ctx=512,
        n_threads=1,
        n_threads_batch=1,
        logits_all=True,
        type_k=0,
        type_v=0,
        flash_attn=False,
        verbose=False,
    )
    found = []
    for prompt in prompts:
        model.reset()
        model.eval(prompt)
        logits = [float(value) for value in model.scores[len(prompt) - 1]]
        most = max(logits)
        total = most + math.log(sum(math.exp(value - most) for value in logits))
        found.append([value - total for value in logits])
    return found


def with_xllamacpp(file: str, prompts: list[list[int]]) -> list[list[float]]:
    import xllamacpp

    parameters = xllamacpp.CommonParams()
    parameters.model.path = file
    parameters.n_ctx, parameters.n_parallel, parameters.n_gpu_layers, parameters.warmup = 512, 1, 0, False
    parameters.cpuparams.n_threads = parameters.cpuparams_batch.n_threads = 1
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED  # it rounds to float16
    server = xllamacpp.Server(parameters)
    found = []
    for prompt in prompts:
        body: dict[str, Any] = {"prompt": prompt, "n_predict": 1, "n_probs": 1 << 20, "temperature": 1.0,
                                "cache_prompt": False, "samplers": []}  # fmt: skip
        reply: Any = server.handle_completions(body)
        (choice,) = reply["choices"]
        (step,) = choice["logprobs"]["content"]
        by_token = {entry["id"]: entry["logprob"] for entry in step["top_logprobs"]}
        found.append([by_token[token] for token in range(len(by_token))])
    return found


if __name__ == "__main__":
    run = with_llama_cpp_python if importlib.util.find_spec("llama_cpp") else with_xllamacpp
    print(json.dumps(run(sys.argv[1], json.loads(sys.argv[2]))))
