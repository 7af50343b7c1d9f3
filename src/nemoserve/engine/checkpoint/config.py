"""A checkpoint's config.json with checked access. Knows JSON and what makes a value sensible; no model family and no torch."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

_LARGEST = 1 << 30
"""Of sizes: sums of products of two then fit into the whole numbers that torch takes for a shape."""
_SERVED_FORMATS = "only FP8, float32, float16 and bfloat16 are served"


class CheckpointError(ValueError):
    """A checkpoint that cannot be served; the message is one sentence that names the file, key or tensor at fault."""


def read_json(path: Path) -> dict[str, Any]:
    """The object in a JSON file. Python's reader takes the literal `Infinity`, which some configs hold.

    Raises CheckpointError when the file is missing, unreadable or not an object.
    """
    try:
        value: object = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise CheckpointError(f"{path} does not exist") from None
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointError(f"{path} cannot be read: {error}") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointError(f"{path} is not valid JSON: {error}") from error
    if not isinstance(value, dict):
        raise CheckpointError(f"{path} holds a JSON {type(value).__name__}, not an object")
    return cast(dict[str, Any], value)


class Keys:
    """The keys of a config.json, and of the generation_config.json beside it if there is one."""

    def __init__(self, path: Path, raw: dict[str, Any], generation: dict[str, Any]) -> None:
        self.path = path
        self.raw = {key: value for key, value in raw.items() if value is not None}
        self.generation = generation

    @classmethod
    def read(cls, folder: Path) -> Keys:
        """Raises CheckpointError when the files cannot be read, or mark a checkpoint whose format is not served."""
        if not folder.is_dir():
            raise CheckpointError(f"{folder} is not a folder")
        path, generation = folder / "config.json", folder / "generation_config.json"
        raw = read_json(path)
        quantized = folder / "hf_quant_config.json"
        if quantized.exists():
            algorithm = _fields(read_json(quantized).get("quantization")).get("quant_algo")
            if algorithm != "FP8":
                raise CheckpointError(
                    f"{quantized} marks a quantized checkpoint (quant_algo {algorithm!r}); {_SERVED_FORMATS}"
                )
        return cls(path, raw, read_json(generation) if generation.exists() else {})

    def renamed(self, aliases: Mapping[str, str]) -> Keys:
        """With each alias under its current name. A key under its own name wins over an alias of it."""
        raw = {aliases.get(key, key): value for key, value in self.raw.items()}
        raw.update({key: value for key, value in self.raw.items() if key not in aliases})
        return Keys(self.path, raw, self.generation)

    def error(self, what: str) -> CheckpointError:
        return CheckpointError(f"{self.path}: {what}")

    def size(self, key: str, default: int | None = None) -> int:
        value = self.raw.get(key, default)
        if value is None:
            raise self.error(f"the key {key} is missing")
        return self.as_size(key, value)

    def as_size(self, key: str, value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, int) or value <= 0:
            raise self.error(f"{key} is {value!r}, not a positive whole number")
        if value > _LARGEST:
            raise self.error(f"{key} is above {_LARGEST}, which is larger than any model's")
        return value

    def flag(self, key: str, default: bool) -> bool:
        value = self.raw.get(key, default)
        if not isinstance(value, bool):
            raise self.error(f"{key} is {value!r}, neither true nor false")
        return value

    def number(self, key: str, default: float) -> float:
        return self.as_float(key, self.raw.get(key, default))

    def as_float(self, key: str, value: Any) -> float:
        """A JSON number, or `{"__float__": "Infinity"}`, which is how transformers writes what JSON cannot."""
        if isinstance(value, dict):
            value = cast(dict[str, Any], value).get("__float__")
        if isinstance(value, str) and value.lower().lstrip("+-") in ("infinity", "inf"):
            return -math.inf if value.startswith("-") else math.inf
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self.error(f"{key} is {value!r}, not a number")
        try:
            return float(value)
        except OverflowError:
            raise self.error(f"{key} is too large a number") from None

    def epsilon(self, key: str, default: float) -> float:
        """What a norm adds before its root."""
        value = self.number(key, default)
        if not 0 <= value < 1:
            raise self.error(f"{key} is {value!r}, not a small number of 0 or more")
        return value

    def only(self, key: str, value: object) -> None:
        """Refuses any other value of the key."""
        if self.raw.get(key, value) != value:
            raise self.error(f"{key} is {self.raw[key]!r}; only {value!r} is served")

    def refuse_quantized(self) -> None:
        """What `nemoserve convert` writes is read, and FP8 weights with their scales beside them, whoever made them; no others."""
        if "quantization_config" not in self.raw:
            return
        quantization = _fields(self.raw["quantization_config"])
        method = quantization.get("quant_method", "unnamed")
        if method == "modelopt":
            algorithm = quantization.get("quant_algo", _fields(quantization.get("quantization")).get("quant_algo"))
            served = algorithm == "FP8"
        else:
            served = method in ("nemoserve", "fp8") or (
                method == "compressed-tensors" and quantization.get("format") == "float-quantized"
            )
        if not served:
            raise self.error(f"the checkpoint is quantized (quant_method {method!r}); {_SERVED_FORMATS}")

    @property
    def dtype(self) -> str:
        return str(self.raw.get("torch_dtype", self.raw.get("dtype", "float32"))).removeprefix("torch.")

    @property
    def bos_token_id(self) -> int | None:
        return self._optional_id(self.generation.get("bos_token_id", self.raw.get("bos_token_id")))

    @property
    def eos_token_ids(self) -> tuple[int, ...]:
        """generation_config.json decides: there the chat's end of turn is listed; config.json knows the base model's."""
        value: Any = self.generation.get("eos_token_id")
        if value is None:
            value = self.raw.get("eos_token_id")
        ids = cast(list[Any], value) if isinstance(value, list) else [value]
        return tuple(token for token in map(self._optional_id, ids) if token is not None)

    def _optional_id(self, value: object) -> int | None:
        if value is None or (isinstance(value, int) and not isinstance(value, bool)):
            return value
        raise self.error(f"the token id {value!r} is not a whole number")


def _fields(value: object) -> dict[str, object]:
    return cast("dict[str, object]", value) if isinstance(value, dict) else {}
