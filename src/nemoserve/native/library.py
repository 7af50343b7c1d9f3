"""Finds, builds if need be, and loads the native library; its functions with their types. Knows ctypes; no torch, no models.

`NEMOSERVE_NATIVE=0` does without it.
"""

from __future__ import annotations

import ctypes
import functools
import logging
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from nemoserve.native.build import BuildError, build, file_name

logger = logging.getLogger("nemoserve.engine")

_PACKAGED = Path(__file__).parent


class _Weight(ctypes.Structure):
    _fields_ = [
        ("kind", ctypes.c_int64),
        ("rows", ctypes.c_int64),
        ("columns", ctypes.c_int64),
        ("values", ctypes.c_void_p),
        ("scales", ctypes.c_void_p),
    ]


class _Mamba(ctypes.Structure):
    _fields_ = [
        *((name, ctypes.c_int64) for name in ("heads", "head_dim", "groups", "state_size", "kernel")),
        *((name, ctypes.c_float) for name in ("low", "high", "eps")),
        *((name, ctypes.c_void_p) for name in ("taps", "dt_bias", "a", "d", "norm")),
    ]


class _Attention(ctypes.Structure):
    _fields_ = [(name, ctypes.c_int64) for name in ("heads", "kv_heads", "head_dim", "first")]


class KeysAndValues(ctypes.Structure):
    """Addresses of keys and values [page][head][PAGE][head_dim] of all layers, whose pages lie `page` elements apart; of int32 `table` [slot]
    [`most`], the pages of each slot's sequence; of int64 `slots` and `lengths` [rows], the rows' sequences and the tokens they hold.
    `bytes` of an element: 4, float32, or 2, bfloat16."""

    _fields_ = [
        ("keys", ctypes.c_void_p),
        ("values", ctypes.c_void_p),
        ("page", ctypes.c_int64),
        ("table", ctypes.c_void_p),
        ("most", ctypes.c_int64),
        ("slots", ctypes.c_void_p),
        ("lengths", ctypes.c_void_p),
        ("bytes", ctypes.c_int64),
    ]


class PromptAttention(ctypes.Structure):
    """A run of `tokens` tokens that follows `start` others: addresses of their float32 queries [tokens, heads, head_dim], keys and values
    [tokens, kv heads, head_dim], which lie `q_row` and so on elements from token to token; the layer's first head's keys and values
    in page 0, of `bytes` each; the sequence's pages, int32, `page` elements from number to number; outputs [tokens, heads * head_dim]
    float32, contiguous."""

    _fields_ = [
        *((name, ctypes.c_int64) for name in ("heads", "kv_heads", "head_dim", "start", "tokens")),
        *((name, ctypes.c_void_p) for name in ("q", "k", "v")),
        *((name, ctypes.c_int64) for name in ("q_row", "k_row", "v_row")),
        *((name, ctypes.c_void_p) for name in ("keys", "values", "pages")),
        ("page", ctypes.c_int64),
        ("bytes", ctypes.c_int64),
        ("y", ctypes.c_void_p),
    ]


MAMBA_TAPS = 16
"""The longest convolution that `Native.mamba_run` takes."""
PAGE = 64
"""Tokens of a page of keys and values."""
PROMPT_QUERIES = 64
"""The most heads that may share a key head in `Native.prompt_attention`."""


class States(ctypes.Structure):
    """Addresses of the Mamba layers' states [layer][slot]... with their strides by layer, and the keys and values."""

    _fields_ = [
        ("conv", ctypes.c_void_p),
        ("ssm", ctypes.c_void_p),
        ("conv_layer", ctypes.c_int64),
        ("ssm_layer", ctypes.c_int64),
        ("kv", KeysAndValues),
    ]


class Step(ctypes.Structure):
    """One operation of a program; csrc/program.h says what its fields are."""

    _fields_ = [
        ("operation", ctypes.c_int64),
        ("layer", ctypes.c_void_p),
        ("bias", ctypes.c_void_p),
        ("source", ctypes.c_int64),
        ("target", ctypes.c_int64),
        ("residual", ctypes.c_int64),
        ("size", ctypes.c_int64),
        ("eps", ctypes.c_float),
    ]


FLOAT16, BFLOAT16, FLOAT32 = 15, 16, 32
"""Kinds of weights."""

NORM, LINEAR, MAMBA, SQUARED_RELU, ATTENTION = range(5)
"""Operations."""


@dataclass(frozen=True, slots=True)
class Record:
    """What the library is told of a layer: sizes and addresses, themselves at an address. The memory they name is the caller's."""

    kept: ctypes.Structure
    address: int


@dataclass(frozen=True, slots=True)
class MambaNumbers:
    """Sizes of a Mamba-2 mixer in elements, the bounds of its step size, its norm's epsilon, and the addresses of its float32 arrays:
    taps [kernel, channels] with the latest first, dt_bias, a and d [heads], norm [inner]."""

    heads: int
    head_dim: int
    groups: int
    state_size: int
    kernel: int
    low: float
    high: float
    eps: float
    taps: int
    dt_bias: int
    a: int
    d: int
    norm: int


class Native:
    """The loaded library. All addresses are of contiguous memory that the caller keeps alive; sizes are in elements."""

    def __init__(self, path: Path) -> None:
        """Raises OSError when the file is no library of ours."""
        self.path = path
        library = ctypes.CDLL(str(path))
        pointer, size, number = ctypes.c_void_p, ctypes.c_int64, ctypes.c_int
        self._name = library.nemo_instruction_set
        self._name.restype = ctypes.c_char_p
        self._name.argtypes = []
        self._use = library.nemo_use
        self._use.argtypes = [ctypes.c_char_p]
        self._set_threads = library.nemo_set_threads
        self._set_threads.argtypes = [number]
        self._set_threads.restype = None
        self._pack = library.nemo_pack
        self._pack.argtypes = [number, size, size, pointer, pointer, pointer, pointer]
        self._pack.restype = None
        self._linear = library.nemo_linear
        self._linear.argtypes = [pointer, pointer, size, pointer, pointer, pointer]
        self._linear.restype = None
        self._mamba_step, self._mamba_run = library.nemo_mamba_step, library.nemo_mamba_run
        self._mamba_step.argtypes = [pointer, size, pointer, pointer, pointer, pointer, pointer]
        self._mamba_run.argtypes = [pointer, size, pointer, pointer, pointer, pointer]
        self._mamba_step.restype = self._mamba_run.restype = None
        self._norm = library.nemo_norm
        self._norm.argtypes = [size, size, pointer, ctypes.c_float, pointer, pointer]
        self._attention = library.nemo_attention
        self._attention.argtypes = [pointer, pointer, size, pointer, size, pointer, size, pointer, size, pointer]
        self._prompt_attention = library.nemo_prompt_attention
        self._prompt_attention.argtypes = [pointer]
        self._squared_relu = library.nemo_squared_relu
        self._squared_relu.argtypes = [size, pointer]
        self._run = library.nemo_run
        self._run.argtypes = [pointer, size, size, pointer, pointer]
        for function in (self._norm, self._attention, self._prompt_attention, self._squared_relu, self._run):
            function.restype = None

    @property
    def instruction_set(self) -> str:
        """plain, avx2, avx512-vnni or avx512-bf16."""
        return (self._name() or b"").decode()

    def use(self, instruction_set: str) -> bool:
        """Compute with this set from now on; False, and nothing is changed, when the machine does not have it."""
        return bool(self._use(instruction_set.encode()))

    def set_threads(self, count: int) -> None:
        """Threads that share a product, the caller among them."""
        self._set_threads(count)

    def pack(self, bits: int, rows: int, columns: int, q: int, scales: int, values: int, packed_scales: int) -> None:
        """From q int8 [rows, columns] and scales bfloat16 [rows, groups] into `values` and `packed_scales` (`packed_sizes`)."""
        self._pack(bits, rows, columns, q, scales, values, packed_scales)

    def weight(self, kind: int, rows: int, columns: int, values: int, packed_scales: int | None) -> Record:
        """`kind` is 4 or 8, bits with scales, or FLOAT16, BFLOAT16 or FLOAT32, without."""
        record = _Weight(kind, rows, columns, values, packed_scales)
        return Record(record, ctypes.addressof(record))

    def linear(self, weight: Record, bias: int | None, tokens: int, x: int, residual: int | None, y: int) -> None:
        """y [tokens, rows] = x [tokens, columns] W^T + bias + residual, all float32; `residual` may be `y`."""
        self._linear(weight.address, bias, tokens, x, residual, y)

    def mamba(self, numbers: MambaNumbers) -> Record:
        record = _Mamba(**asdict(numbers))
        return Record(record, ctypes.addressof(record))

    def mamba_step(self, layer: Record, rows: int, slots: int, projected: int, conv: int, states: int, y: int) -> None:
        """One token of each of `rows` sequences, whose `slots` are int64: projected [rows, gate x B C dt] to y [rows, inner]; conv [slot, kernel,
        channels] and states [slot, groups, state size, group width] advance. All float32."""
        self._mamba_step(layer.address, rows, slots, projected, conv, states, y)

    def mamba_run(self, layer: Record, length: int, projected: int, conv: int, state: int, y: int) -> None:
        """The same for `length` tokens of one sequence, by the chunked scan."""
        self._mamba_run(layer.address, length, projected, conv, state, y)

    def norm(self, rows: int, width: int, weight: int, eps: float, x: int, y: int) -> None:
        """y [rows, width] = x / rms(x) * weight."""
        self._norm(rows, width, weight, eps, x, y)

    def attention_layer(self, heads: int, kv_heads: int, head_dim: int, first: int) -> Record:
        """`first`: the number of key heads that the layers before this one have."""
        record = _Attention(heads, kv_heads, head_dim, first)
        return Record(record, ctypes.addressof(record))

    def attention(
        self,
        layer: Record,
        kv: KeysAndValues,
        rows: int,
        q: tuple[int, int],
        k: tuple[int, int],
        v: tuple[int, int],
        y: int,
    ) -> None:
        """One new token of each of `rows` sequences to y [rows, heads * head_dim]; its key and value are written. q, k and v are the first
        row's address and the rows' distance in elements."""
        self._attention(layer.address, ctypes.addressof(kv), rows, *q, *k, *v, y)

    def prompt_attention(self, run: PromptAttention) -> None:
        """The run's keys and values are written, then every token of it looks at what comes before it and at itself."""
        self._prompt_attention(ctypes.addressof(run))

    def squared_relu(self, count: int, x: int) -> None:
        """x [count] float32 to max(x, 0) squared, in place."""
        self._squared_relu(count, x)

    def program(self, steps: list[Step]) -> ctypes.Array[Step]:
        return (Step * len(steps))(*steps)

    def run(self, program: ctypes.Array[Step], rows: int, buffers: list[int], states: States) -> None:
        """All steps of a program, one token of each of `rows` sequences; `buffers` are the addresses of [rows][a buffer's width]."""
        places = (ctypes.c_void_p * len(buffers))(*buffers)
        self._run(ctypes.addressof(program), len(program), rows, places, ctypes.addressof(states))


def packed_sizes(bits: int, rows: int, columns: int) -> tuple[int, int]:
    """Bytes of the values and number of the scales of a weight in the library's layout."""
    panels, groups = -(-rows // 16), -(-columns // 32)
    return panels * groups * 64 * bits, panels * groups * 16


def cache_folder() -> Path:
    """Where a library that was compiled at first use is kept."""
    base = os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "nemoserve" / "native"


@functools.cache
def native() -> Native | None:
    """The library, from the package, or from the cache, or compiled now (some seconds, once per machine). None without it; a
    warning has then said why, once."""
    if os.environ.get("NEMOSERVE_NATIVE", "1") == "0":
        return None
    try:
        return Native(_find() or _build())
    except (BuildError, OSError, AttributeError, RuntimeError) as error:
        logger.warning("computing without the native library, more slowly: %s", error)
        return None


def _find() -> Path | None:
    name = file_name()
    return next((found for folder in (_PACKAGED, cache_folder()) if (found := folder / name).exists()), None)


def _build() -> Path:
    folder = cache_folder()
    logger.info("compiling the native library, once, into %s", folder)
    return build(folder)
