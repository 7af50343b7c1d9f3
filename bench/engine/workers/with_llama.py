"""llama.cpp: `python with_llama.py LIBRARIES FILE THREADS SEQUENCES LONGEST VOCABULARY`. Standard library only.

LIBRARIES is a folder with its shared libraries; its backend for this CPU is chosen among them by llama.cpp. Its C functions are called
with as little around them as its own benchmark has. Of its structs only what is named here is known, so that they may grow.
"""

from __future__ import annotations

import ctypes
import sys
import time
from pathlib import Path

from loop import serve

_ROOM = ctypes.c_uint64 * 128
"""For a struct of parameters, which is longer or shorter from version to version."""


class _Parameters(ctypes.Structure):
    _fields_ = [("room", _ROOM)]


class _ContextParameters(ctypes.Structure):
    _fields_ = [
        ("tokens", ctypes.c_uint32),
        ("batch", ctypes.c_uint32),
        ("micro_batch", ctypes.c_uint32),
        ("sequences", ctypes.c_uint32),
        ("room", _ROOM),
    ]


class _Batch(ctypes.Structure):
    _fields_ = [
        ("count", ctypes.c_int32),
        ("token", ctypes.POINTER(ctypes.c_int32)),
        ("embedding", ctypes.POINTER(ctypes.c_float)),
        ("position", ctypes.POINTER(ctypes.c_int32)),
        ("sequence_count", ctypes.POINTER(ctypes.c_int32)),
        ("sequence", ctypes.POINTER(ctypes.POINTER(ctypes.c_int32))),
        ("wanted", ctypes.POINTER(ctypes.c_int8)),
    ]


class LlamaCpp:
    """One model with one context; a step is one call."""

    def __init__(self, libraries: Path, file: str, threads: int, sequences: int, longest: int) -> None:
        ggml, llama = (_load(libraries, f"lib{name}*.so") for name in ("ggml.", "llama."))
        ggml.ggml_backend_load_all_from_path(str(libraries).encode())
        pointer = ctypes.c_void_p
        llama.llama_model_default_params.restype = _Parameters
        llama.llama_context_default_params.restype = _ContextParameters
        llama.llama_model_load_from_file.argtypes, llama.llama_model_load_from_file.restype = (
            [ctypes.c_char_p, _Parameters],
            pointer,
        )
        llama.llama_init_from_model.argtypes, llama.llama_init_from_model.restype = (
            [pointer, _ContextParameters],
            pointer,
        )
        llama.llama_batch_init.argtypes, llama.llama_batch_init.restype = [ctypes.c_int32] * 3, _Batch
        llama.llama_decode.argtypes, llama.llama_decode.restype = [pointer, _Batch], ctypes.c_int32
        llama.llama_synchronize.argtypes = [pointer]
        llama.llama_get_memory.argtypes, llama.llama_get_memory.restype = [pointer], pointer
        llama.llama_memory_clear.argtypes = [pointer, ctypes.c_bool]
        llama.llama_set_n_threads.argtypes = [pointer, ctypes.c_int32, ctypes.c_int32]
        for name in ("llama_print_system_info", "llama_version"):
            getattr(llama, name).restype = ctypes.c_char_p
        llama.llama_backend_init()
        self._llama = llama
        self._model = llama.llama_model_load_from_file(file.encode(), llama.llama_model_default_params())
        if not self._model:
            raise RuntimeError(f"llama.cpp cannot load {file}")
        wanted = llama.llama_context_default_params()
        each = max(longest, 192) + 64
        wanted.tokens, wanted.batch, wanted.sequences = sequences * each, max(wanted.batch, longest), sequences
        self._context = llama.llama_init_from_model(self._model, wanted)
        if not self._context:
            raise RuntimeError("llama.cpp makes no context")
        llama.llama_set_n_threads(self._context, threads, threads)
        self._batch = llama.llama_batch_init(wanted.batch, 0, 1)
        self.version = llama.llama_version().decode()
        self.instructions = llama.llama_print_system_info().decode()

    def _run(self, tokens: list[tuple[int, int, int, bool]]) -> None:
        """(token, position, sequence, whether its logits are wanted) of each."""
        batch = self._batch
        batch.count = len(tokens)
        for place, (token, position, sequence, wanted) in enumerate(tokens):
            batch.token[place], batch.position[place], batch.wanted[place] = token, position, wanted
            batch.sequence_count[place] = 1
            batch.sequence[place][0] = sequence
        if self._llama.llama_decode(self._context, batch):
            raise RuntimeError("llama_decode failed")
        self._llama.llama_synchronize(self._context)

    def _clear(self) -> None:
        self._llama.llama_memory_clear(self._llama.llama_get_memory(self._context), True)

    def _read(self, ids: list[int], sequence: int) -> None:
        self._run([(token, at, sequence, at == len(ids) - 1) for at, token in enumerate(ids)])

    def prefill(self, ids: list[int]) -> float:
        self._clear()
        start = time.perf_counter()
        self._read(ids, 0)
        return time.perf_counter() - start

    def decode(self, prompts: list[list[int]], steps: int) -> float:
        self._clear()
        for sequence, ids in enumerate(prompts):
            self._read(ids, sequence)
        at = len(prompts[0])
        start = 0.0
        for step in range(steps + 2):
            if step == 2:
                start = time.perf_counter()
            self._run([(17, at + step, sequence, True) for sequence in range(len(prompts))])
        return time.perf_counter() - start


def _load(folder: Path, pattern: str) -> ctypes.CDLL:
    return ctypes.CDLL(str(next(folder.glob(pattern))), mode=ctypes.RTLD_GLOBAL)


def main() -> None:
    libraries, file = Path(sys.argv[1]), sys.argv[2]
    threads, sequences, longest, vocab = map(int, sys.argv[3:7])
    engine = LlamaCpp(libraries, file, threads, sequences, longest)
    serve(engine, vocab, {"version": engine.version, "instructions": engine.instructions})


if __name__ == "__main__":
    main()
