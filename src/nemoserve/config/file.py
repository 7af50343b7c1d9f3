"""The configuration file: TOML to Settings, with the place and a mend for whatever is wrong. Knows the file's tables.

Reads that one file. Keys are not in it, only where they are found; nobody is asked for them here.
"""

from __future__ import annotations

import re
import tomllib
import types
from collections.abc import Iterator, Mapping
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar, Union, cast, get_args, get_origin

import msgspec
from msgspec import UNSET, UnsetType

from nemoserve.config.credentials import CredentialError, check_reference
from nemoserve.config.engines import EngineSettings, with_names
from nemoserve.config.providers import FAMILY_NAMES, ProviderModel, ProviderSettings, Reference
from nemoserve.config.routing import RoutingSettings
from nemoserve.config.settings import EMBEDDED_MODEL, Settings

Table = TypeVar("Table", bound=msgspec.Struct)

_Count = Annotated[int, msgspec.Meta(ge=1)]
_Amount = Annotated[int, msgspec.Meta(ge=0)]
_Duration = Annotated[float, msgspec.Meta(ge=0)]


class ConfigError(ValueError):
    """The file cannot be used; the message names the file, the place in it and what to do."""


class ServerTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The `[server]` table: fields of `Settings` by their own names, and `embedded`."""

    host: str | UnsetType = UNSET
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] | UnsetType = UNSET
    require_key: bool | UnsetType = UNSET
    data_dir: str | UnsetType = UNSET
    database_url: str | UnsetType = UNSET
    prices: str | UnsetType = UNSET
    retain_content_days: _Amount | UnsetType = UNSET
    models: tuple[str, ...] | UnsetType = UNSET
    embedded: bool | UnsetType = UNSET
    """False: the model that comes with the package is not served. True: it is, beside `models`."""
    dtype: Literal["auto", "float32", "bfloat16", "float16"] | UnsetType = UNSET
    device: str | UnsetType = UNSET
    max_sequences: _Count | UnsetType = UNSET
    kv_tokens: _Count | UnsetType = UNSET
    max_waiting: _Amount | UnsetType = UNSET
    prefill_chunk: _Count | UnsetType = UNSET
    prefix_cache_mib: _Amount | UnsetType = UNSET
    threads: _Count | UnsetType = UNSET
    default_max_tokens: _Count | UnsetType = UNSET
    keep_reasoning_s: _Duration | UnsetType = UNSET
    max_body_bytes: _Count | UnsetType = UNSET
    max_choices: _Count | UnsetType = UNSET
    keepalive_s: _Duration | UnsetType = UNSET
    first_keepalive_s: _Duration | UnsetType = UNSET
    keepalive_text: str | UnsetType = UNSET
    stalled_reader_s: _Duration | UnsetType = UNSET
    http_idle_s: _Count | UnsetType = UNSET
    shutdown_s: _Amount | UnsetType = UNSET
    restart_wait_s: _Duration | UnsetType = UNSET
    log_level: Literal["debug", "info", "warning", "error"] | UnsetType = UNSET


_TABLES = ("server", "routing", "providers", "engines", "aliases")
_KINDS: Final[dict[str, type[msgspec.Struct]]] = {
    "server": ServerTable,
    "routing": RoutingSettings,
    "providers": ProviderSettings,
    "engines": EngineSettings,
}
_PATHS = ("data_dir", "prices")
_DEVICE = re.compile(r"auto|cpu|cuda(:\d{1,3})?", re.ASCII)


def load_settings(path: Path | None, flags: Mapping[str, object]) -> Settings:
    """The settings of a file, of `flags` (names and values of `Settings`), which win over it, and defaults for the rest.

    Raises ConfigError. Relative paths in the file are meant from its folder.
    """
    fields: dict[str, object] = {}
    embedded: bool | UnsetType = UNSET
    if path is not None:
        document = _parsed(path)
        if wrong := list(_wrong_keys(document, path)):
            raise ConfigError("\n".join(wrong))
        server = _table(document.get("server", {}), ServerTable, f"{path}: server")
        fields = {name: getattr(server, name) for name in server.__struct_fields__ if name != "embedded"}
        fields = {name: value for name, value in fields.items() if value is not UNSET}
        for name in set(_PATHS) & set(fields):
            fields[name] = _beside(path, str(fields[name]))
        embedded = server.embedded
        fields["routing"] = _table(document.get("routing", {}), RoutingSettings, f"{path}: routing")
        fields["providers"] = _providers(document.get("providers", []), path)
        fields["engines"] = _engines(document.get("engines", []), path)
        fields["aliases"] = _aliases(document.get("aliases", {}), f"{path}: aliases")
    settings = Settings(**{**fields, **flags})  # pyright: ignore[reportArgumentType] - names and types are those checked above
    _check_names(settings)
    if not _DEVICE.fullmatch(settings.device):
        where = "--device" if "device" in flags else f"{path}: server.device"
        raise ConfigError(f"{where}: {settings.device!r} is none of auto, cpu, cuda and cuda:N")
    if "models" in flags or embedded is UNSET:
        return settings
    models = tuple(model for model in settings.models if model != EMBEDDED_MODEL)
    return msgspec.structs.replace(settings, models=(EMBEDDED_MODEL, *models) if embedded else models)


def _check_names(settings: Settings) -> None:
    providers = {provider.name.lower() for provider in settings.providers}
    for engine in settings.engines:
        if engine.name.lower() in providers:
            raise ConfigError(
                f"engines: {engine.name!r} is the name of a provider already; give one of the two another name"
            )


def _parsed(path: Path) -> dict[str, object]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise ConfigError(f"{path} does not exist.") from None
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise ConfigError(f"{path}: {error}") from None


def _providers(tables: object, path: Path) -> tuple[ProviderSettings, ...]:
    providers: list[ProviderSettings] = []
    for number, table in enumerate(_list_of_tables(tables, f"{path}: providers", "[[providers]]")):
        name = table.get("name")
        where = f"{path}: providers[{number}]" + (f" ({name})" if isinstance(name, str) else "")
        models = _list_of_tables(table.get("models", []), f"{where}.models", "[[providers.models]]")
        whole = [_model(model, f"{where}.models[{place}]") for place, model in enumerate(models)]
        provider = _table({**table, "models": whole}, ProviderSettings, where)
        if any(other.name.lower() == provider.name.lower() for other in providers):
            raise ConfigError(f"{where}.name: another provider has it already")
        for reference in provider.references:
            try:
                check_reference(reference)
            except CredentialError as error:
                raise ConfigError(f"{where}.{'api_key' if provider.api_key else 'api_keys'}: {error}") from None
        providers.append(
            msgspec.structs.replace(
                provider,
                api_key=_reference(path, provider.api_key),
                api_keys=tuple(key for key in (_reference(path, key) for key in provider.api_keys) if key is not None),
            )
        )
    return tuple(providers)


def _engines(tables: object, path: Path) -> tuple[EngineSettings, ...]:
    engines: list[EngineSettings] = []
    for number, table in enumerate(_list_of_tables(tables, f"{path}: engines", "[[engines]]")):
        engine = _table(table, EngineSettings, f"{path}: engines[{number}]")
        # A path is one when it leads somewhere from the file's folder; else it may be a hub id.
        name, found, model = engine.model.rpartition("=")
        if model != EMBEDDED_MODEL and _beside(path, model).exists():
            engine = msgspec.structs.replace(engine, model=f"{name}{found}{_beside(path, model)}")
        if "/" in engine.program:
            engine = msgspec.structs.replace(engine, program=str(_beside(path, engine.program)))
        engines.append(engine)
    try:
        return with_names(tuple(engines))
    except ValueError as error:
        raise ConfigError(f"{path}: {error}") from None


def _aliases(table: object, where: str) -> dict[str, str]:
    """What each leads to is looked up where it is known what is served."""
    try:
        aliases = msgspec.convert(table, dict[str, str])
    except msgspec.ValidationError:
        raise ConfigError(f'{where}: is a table of names in quotes, such as "gpt-4o-mini" = "nemoserve/mini"') from None
    seen = set[str]()
    for name in aliases:
        if not name.strip() or name.strip().lower() in seen:
            raise ConfigError(f"{where}: {name!r} is {'there twice, but for its case' if name.strip() else 'no name'}")
        seen.add(name.strip().lower())
    return aliases


def _model(table: dict[str, object], where: str) -> ProviderModel:
    model = _table(table, ProviderModel, where)
    if model.price is not None:
        try:
            model.price.price()
        except ValueError as error:
            raise ConfigError(f"{where}.price.{error}") from None
    if model.family is not None and model.family not in FAMILY_NAMES:
        raise ConfigError(f"{where}.family: {_nearest(model.family, FAMILY_NAMES)}")
    return model


def _list_of_tables(value: object, where: str, form: str) -> list[dict[str, object]]:
    if not isinstance(value, list) or not all(isinstance(table, dict) for table in cast("list[object]", value)):
        raise ConfigError(f"{where}: is written as {form}, once for each")
    return cast("list[dict[str, object]]", value)


def _table(value: object, kind: type[Table], where: str) -> Table:
    """One table as its Struct. Raises ConfigError with the place."""
    try:
        return msgspec.convert(value, kind, str_keys=True)
    except msgspec.ValidationError as error:
        problem, _, place = str(error).partition(" - at `$")
        place = place.rstrip("`")
        if problem.startswith("Expected `str") and problem.endswith(("got `float`", "got `int`")):
            problem += "; write it in quotes"
        if problem.startswith("Invalid enum value '"):
            problem = _nearest(
                problem[len("Invalid enum value '") : -1], _choices(kind, place.lstrip(".").partition("[")[0])
            )
        raise ConfigError(f"{where}{place}{': ' if place or ':' not in problem else '.'}{problem}") from None


def _wrong_keys(document: dict[str, object], path: Path) -> Iterator[str]:
    """All names in the file that mean nothing, so that one look mends them all."""
    for key in document:
        if key not in _TABLES:
            homes = (name for name in ("server", "routing") if key in _fields(_KINDS[name]))
            home = next(homes, None)
            yield f"{path}: {_nearest(key, _TABLES) if home is None else f'{key!r} belongs into [{home}]'}"
    for name, kind in _KINDS.items():
        value = document.get(name)
        for place, table in _tables_in(value, f"{path}: {name}"):
            named = table.get("name") if name == "providers" else None
            yield from _wrong_in(table, kind, place + (f" ({named})" if isinstance(named, str) else ""))


def _wrong_in(table: dict[str, object], kind: type[msgspec.Struct], where: str) -> Iterator[str]:
    fields = _fields(kind)
    for name, value in table.items():
        if name not in fields:
            yield f"{where}: {_nearest(name, tuple(fields))}"
        elif (inner := _struct_in(fields[name])) is not None:
            for place, each in _tables_in(value, f"{where}.{name}"):
                yield from _wrong_in(each, inner, place)


def _fields(kind: type[msgspec.Struct]) -> dict[str, object]:
    return {field.name: field.type for field in msgspec.structs.fields(kind)}


def _tables_in(value: object, where: str) -> Iterator[tuple[str, dict[str, object]]]:
    """A table, or each of a list of them, with its place."""
    if isinstance(value, dict):
        yield where, cast("dict[str, object]", value)
    elif isinstance(value, list):
        for number, each in enumerate(cast("list[object]", value)):
            if isinstance(each, dict):
                yield f"{where}[{number}]", cast("dict[str, object]", each)


def _struct_in(kind: object) -> type[msgspec.Struct] | None:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        return kind
    options = get_args(kind) if get_origin(kind) in (Union, types.UnionType, tuple) else ()
    return next((inner for option in options if (inner := _struct_in(option)) is not None), None)


def _choices(kind: type[msgspec.Struct], name: str) -> tuple[str, ...]:
    """The words that a field may be."""
    (found,) = (field.type for field in msgspec.structs.fields(kind) if field.name == name)
    words: list[str] = []
    options = [found]
    while options:
        option = options.pop()
        if get_origin(option) is Literal:
            words += get_args(option)
        else:
            options += get_args(option)
    return tuple(words)


def _nearest(name: str, known: tuple[str, ...]) -> str:
    return f"{name!r} is unknown; the nearest known name is {get_close_matches(name, known, 1, cutoff=0.0)[0]!r}"


def _beside(path: Path, other: str) -> Path:
    """A path as the file means it."""
    return (path.parent / Path(other).expanduser()).absolute()


def _reference(path: Path, reference: Reference | None) -> Reference | None:
    """The same, with a `file:` made absolute."""
    if isinstance(reference, str) and reference.startswith("file:"):
        return f"file:{_beside(path, reference.removeprefix('file:'))}"
    return reference
