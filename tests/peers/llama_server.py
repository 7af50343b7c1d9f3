"""llama-server out of the package xllamacpp, which has its code but no program: `python llama_server.py --model FILE --port N …`.

Run by the Python that has the package (`python -m tests.peers.install xllamacpp`). Knows the options that nemoserve gives.
"""

from __future__ import annotations

import argparse
import os
import signal

import xllamacpp  # pyright: ignore[reportMissingImports]


def main() -> None:
    parser = argparse.ArgumentParser(prog="llama-server", allow_abbrev=False)
    for name in ("model", "host", "port", "alias"):
        parser.add_argument(f"--{name}", required=True)
    parser.add_argument("--ctx-size", type=int, default=0)
    for name in ("jinja", "no-webui", "metrics"):
        parser.add_argument(f"--{name}", action="store_true")
    asked = parser.parse_args()
    parameters = xllamacpp.CommonParams()
    parameters.model.path, parameters.model_alias = asked.model, {asked.alias}
    parameters.hostnames, parameters.port, parameters.n_ctx = [asked.host], int(asked.port), asked.ctx_size
    parameters.use_jinja, parameters.endpoint_metrics = asked.jinja, asked.metrics
    parameters.api_keys = [os.environ["LLAMA_API_KEY"]]
    parameters.n_parallel, parameters.kv_unified = 4, True  # as the program does where nobody says how many
    parameters.cache_type_k = parameters.cache_type_v = xllamacpp.ggml_type.GGML_TYPE_F32
    parameters.flash_attn_type = xllamacpp.llama_flash_attn_type.LLAMA_FLASH_ATTN_TYPE_DISABLED  # it rounds to float16
    server = xllamacpp.Server(parameters)
    print(server.listening_address, flush=True)
    signal.pause()


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    main()
