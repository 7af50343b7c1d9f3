"""Servers of other makers that this one starts for itself, as the operator writes them down. Knows no command lines."""

from __future__ import annotations

from typing import Annotated, Final, Literal, get_args

import msgspec

from nemoserve.config.providers import NAME, RESERVED, Modality, check_modalities

EngineType = Literal["vllm", "sglang", "llama-server", "transformers"]
ENGINE_TYPES: Final[tuple[EngineType, ...]] = get_args(EngineType)


class EngineSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One `[[engines]]` table: a server for one model, on this machine."""

    type: EngineType
    model: str
    """A checkpoint folder, a hub id (`author/name`), for llama-server a GGUF file or a hub id with one; `nemoserve/mini`
    is the embedded model. `id=…` before it says under which id requests find it."""
    id: str = ""
    """The id under which requests name the model; empty: by `model`."""
    name: str = ""
    """The provider's name in requests and reports; empty: the type, and `type/2` and so on for further ones."""
    program: str = ""
    """The program, where it is in no place that is searched: a virtual environment of its own, say."""
    args: tuple[str, ...] = ()
    """Further arguments of its command line, after nemoserve's own: the later of two wins."""
    env: dict[str, str] = {}
    """Added to the environment."""
    context_length: Annotated[int, msgspec.Meta(gt=0)] | None = None
    """Tokens of prompt and reply together; None: the model's own."""
    modalities: tuple[Modality, ...] | None = None
    """What the model reads; None: as the catalogue has it, for llama-server text alone."""

    def __post_init__(self) -> None:
        check_modalities(self.modalities)
        if not self.model.strip():
            raise ValueError("model: a checkpoint folder or a hub id")
        if self.name and (not NAME.fullmatch(self.name) or self.name.lower() == RESERVED):
            raise ValueError(
                f"name: letters, digits, dots, dashes, underscores and slashes, 64 at most, and not {RESERVED!r}"
            )


def with_names(engines: tuple[EngineSettings, ...]) -> tuple[EngineSettings, ...]:
    """The same, each with a name of its own. Raises ValueError when two were given the same one."""
    taken = [engine.name.lower() for engine in engines if engine.name]
    if len(set(taken)) < len(taken):
        raise ValueError("engines: two have the same name")
    named: list[EngineSettings] = []
    for engine in engines:
        name, number = engine.name or engine.type, 1
        while not engine.name and name in taken:
            number += 1
            name = f"{engine.type}/{number}"
        taken.append(name)
        named.append(msgspec.structs.replace(engine, name=name))
    return tuple(named)
