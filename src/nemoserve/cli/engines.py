"""`--engine` and what belongs to it, as settings. Knows the options; starts nothing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from nemoserve.config.engines import EngineSettings, with_names
from nemoserve.config.file import ConfigError
from nemoserve.config.settings import EMBEDDED_MODEL


def engines_of(
    engine: str | None, models: Sequence[str], arguments: Sequence[str], program: str | None
) -> dict[str, object]:
    """The fields of Settings that these options stand for: with an engine, all models run in it. Raises ConfigError."""
    if engine is None:
        if arguments or program is not None:
            raise ConfigError(
                f"{'--engine-arg' if arguments else '--engine-program'} says how to start an engine; say which: --engine vllm"
            )
        return {}
    if engine == "llama-server" and not models:
        raise ConfigError(
            "--engine llama-server needs a model: --model PATH.gguf, or a hub id of one (author/name-GGUF)."
        )
    tables = [
        {"type": engine, "model": model, "args": arguments, "program": program or ""}
        for model in models or [EMBEDDED_MODEL]
    ]
    engines = msgspec.convert(tables, tuple[EngineSettings, ...])
    return {"engines": with_names(engines), "models": ()}
