"""Servers of other makers, started, watched and ended with this one: vLLM, SGLang, llama-server, `transformers serve`."""
