"""The server's settings, fixed when it starts. Knows defaults and limits; neither reads nor writes files."""

from __future__ import annotations

import errno
import os
import sys
from pathlib import Path

import msgspec

from nemoserve.config.address import is_loopback
from nemoserve.config.engines import EngineSettings
from nemoserve.config.providers import ProviderSettings
from nemoserve.config.routing import RoutingSettings

EMBEDDED_MODEL = "nemoserve/mini"
"""The id of the model that comes with the package."""


def default_data_dir() -> Path:
    """Where the server keeps logs and downloads unless told otherwise: `$XDG_DATA_HOME/nemoserve` or its usual place."""
    base = os.environ.get("XDG_DATA_HOME")
    return (Path(base) if base else Path.home() / ".local" / "share") / "nemoserve"


def make_data_dir(folder: Path) -> None:
    """Makes the folder where there is none. Raises ValueError, a sentence, where nothing can be kept in it."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if not os.access(folder, os.W_OK | os.X_OK):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    except OSError as error:
        raise ValueError(nothing_kept(folder, error)) from error


def nothing_kept(folder: Path, error: OSError) -> str:
    """A sentence about a data folder that takes no files, such as one on a disk that is full."""
    return f"Nothing can be kept in {folder} ({error.strerror}); --data-dir names another folder."


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Everything that is decided before the first request. Times are in seconds, sizes in bytes."""

    host: str = "127.0.0.1"
    port: int = 8000
    """0 takes a free port; the callback of `serve` tells which."""
    require_key: bool = False
    """Ask for a key on loopback too. Where others can reach the address, keys are always asked for."""
    data_dir: Path = msgspec.field(default_factory=default_data_dir)

    database_url: str | None = None
    """`postgresql://…`; None: SQLite in `data_dir`."""
    prices: Path | None = None
    """A TOML file with prices of one's own, which go before those that come with the package."""
    retain_content_days: int | None = None
    """Stored prompts and replies are deleted after so many days; None keeps them until somebody deletes them."""

    models: tuple[str, ...] = (EMBEDDED_MODEL,)
    """Checkpoint folders, hub ids, or `id=folder` to serve a folder under a name of one's own; empty: providers alone."""
    engines: tuple[EngineSettings, ...] = ()
    """Servers of other makers that this one starts, each for one model; their names differ."""
    dtype: str = "auto"
    device: str = "auto"
    max_sequences: int | None = None
    """Per engine; None leaves it to the engine, as with the next five."""
    kv_tokens: int | None = None
    max_waiting: int | None = None
    prefill_chunk: int | None = None
    prefix_cache_mib: int | None = None
    """Memory for beginnings of prompts that were read before; 0: every prompt is read whole."""
    threads: int | None = None
    default_max_tokens: int = 8192
    """Longest chat answer when a request does not say; cut to what the context leaves."""

    keep_reasoning_s: float = 3600.0
    """Thinking is kept for clients that drop it between turns, for so long after its last use; 0 keeps none."""

    max_body_bytes: int = 16 << 20
    max_choices: int = 128
    """Largest `n`, and largest number of prompts times `n` of a text completion."""
    keepalive_s: float = 10.0
    """A quiet stream gets a comment this often; 0 switches comments off. The first comes after `first_keepalive_s`."""
    first_keepalive_s: float = 1.0
    keepalive_text: str = "NEMOSERVE PROCESSING"
    stalled_reader_s: float = 300.0
    """A client that reads nothing for this long while its stream has something to say is hung up on."""
    http_idle_s: int = 75
    """Idle connections are kept this long for the next request."""
    shutdown_s: int = 10
    """Running requests may take this long to finish when the server is told to stop."""

    engine_command: tuple[str, ...] = (sys.executable, "-m", "nemoserve.engine.worker")
    engine_connect_s: float = 180.0
    """An engine process that has not called back by then is taken for stuck."""
    restart_wait_s: float = 20.0
    """Requests wait this long for an engine that is being restarted, before they get a 503."""
    restart_first_s: float = 0.25
    restart_longest_s: float = 30.0
    """Pause before a restart; doubled from the first to the longest while the engine keeps dying."""
    exit_when_nothing_loads: bool = True
    """End the server when every model has failed to load, instead of answering 503 for ever."""
    log_level: str = "info"

    providers: tuple[ProviderSettings, ...] = ()
    """Others that answer requests, beside this machine's own engines."""
    routing: RoutingSettings = RoutingSettings()
    aliases: dict[str, str] = {}
    """Other names of served models, each with its model."""

    @property
    def keys_required(self) -> bool:
        """Whether a request needs a key."""
        return self.require_key or not is_loopback(self.host)
