"""The commands and their options. Knows names, defaults and help texts; the work is in the modules it imports on demand.

Nothing heavy is imported here, so that `nemoserve --help` answers at once.
"""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from nemoserve import __version__
from nemoserve.cli import audit, config, content, keys
from nemoserve.cli.bill import bill
from nemoserve.cli.convert import convert
from nemoserve.cli.mock import mock
from nemoserve.cli.models import models
from nemoserve.cli.pull import pull
from nemoserve.cli.route import route
from nemoserve.cli.usage import usage

DEFAULT_PORT = 8000


class _Commands(TyperGroup):
    """The commands, whose options complain in a person's words alone."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except typer.BadParameter as error:
            error.message = error.message.removeprefix("Value error, ")
            raise


# Plain help: rich's help formatter would triple the start-up time of every command.
app = typer.Typer(
    name="nemoserve",
    cls=_Commands,
    help="Serve NVIDIA Nemotron models on your own machine, through the API that OpenAI and OpenRouter clients speak.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.add_typer(keys.app)
app.add_typer(audit.app)
app.add_typer(content.app)
app.add_typer(config.app)


class Dtype(StrEnum):
    """The number format of the weights; auto is the checkpoint's own, or what the device does fastest."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"


class Engine(StrEnum):
    """Servers of other makers that can be started in place of nemoserve's own engine."""

    vllm = "vllm"
    sglang = "sglang"
    llama_server = "llama-server"
    transformers = "transformers"


_FIELDS = {"model": "models"}
"""Options that are called otherwise than their settings."""


def _said(ctx: typer.Context, option: str) -> bool:
    """Whether an option was given, on the command line or by its variable, rather than left at its default."""
    source = ctx.get_parameter_source(option)
    return source is not None and source.name not in ("DEFAULT", "DEFAULT_MAP")


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"nemoserve {__version__}")
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options that stand before a command."""


@app.command()
def serve(
    ctx: typer.Context,
    config: Annotated[
        Path | None,
        typer.Option(
            help="A TOML file with settings and providers; options given here win over it. docs/config.example.toml"
        ),
    ] = None,
    host: Annotated[
        str, typer.Option(help="Address to listen on. Where others can reach it, every request needs a key.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = DEFAULT_PORT,
    data_dir: Annotated[
        Path | None, typer.Option(help="Where the server keeps its files. Default: ~/.local/share/nemoserve")
    ] = None,
    model: Annotated[
        list[str] | None,
        typer.Option(
            help="A checkpoint folder, a GGUF file or a hub id; repeat it for several models. Default: nemoserve/mini"
        ),
    ] = None,
    engine: Annotated[
        Engine | None,
        typer.Option(
            help="Run the models in this server, which nemoserve starts, watches and ends. It has to be installed."
        ),
    ] = None,
    engine_arg: Annotated[
        list[str] | None,
        typer.Option(help="An argument for that server's command line: --engine-arg=--max-model-len=8192. Repeat it."),
    ] = None,
    engine_program: Annotated[
        str | None, typer.Option(help="That server's program, where it is not found: …/venv/bin/vllm")
    ] = None,
    dtype: Annotated[Dtype, typer.Option(help="Number format of the weights.")] = Dtype.auto,
    device: Annotated[
        str, typer.Option(help="Where the models run: cpu, cuda, cuda:N, or auto, which takes a GPU when there is one.")
    ] = "auto",
    max_sequences: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Requests that generate at the same time, per model. Default: by memory, at most 16, on a GPU 64",
        ),
    ] = None,
    kv_tokens: Annotated[
        int | None,
        typer.Option(
            min=1, help="Tokens that fit into the KV cache of a model, over all its requests. Default: by memory"
        ),
    ] = None,
    max_waiting: Annotated[
        int | None, typer.Option(min=0, help="Requests that may wait per model; beyond it they get a 429. Default: 256")
    ] = None,
    prefill_chunk: Annotated[
        int | None,
        typer.Option(
            min=1,
            help="Prompt tokens that are read between two steps of the running requests. Default: 512, on a GPU 2048",
        ),
    ] = None,
    prefix_cache_mib: Annotated[
        int | None,
        typer.Option(
            min=0,
            help="MiB for beginnings of prompts that were read before, per model. 0 reads each prompt whole. Default: by memory",
        ),
    ] = None,
    threads: Annotated[int | None, typer.Option(min=1, help="CPU threads of each engine. Default: all cores")] = None,
    require_key: Annotated[
        bool,
        typer.Option("--require-key", help="Ask for a key on a loopback address too; `nemoserve keys` makes them."),
    ] = False,
    database_url: Annotated[
        str | None,
        typer.Option(
            envvar="NEMOSERVE_DATABASE_URL",
            help="postgresql://… for keys and ledger, which several servers may share. Default: SQLite in the data folder",
        ),
    ] = None,
    prices: Annotated[
        Path | None, typer.Option(help="A TOML file with prices of your own; docs/ledger.md has its form.")
    ] = None,
    retain_content_days: Annotated[
        int | None, typer.Option(min=0, help="Days that stored prompts and replies are kept. Default: until deleted")
    ] = None,
) -> None:
    """Start the server: loads the models and answers on http://HOST:PORT until Ctrl-C."""
    from nemoserve.cli.engines import engines_of
    from nemoserve.cli.serve import refuse, run
    from nemoserve.config.file import ConfigError, load_settings

    options: dict[str, object] = {
        "host": host,
        "port": port,
        "data_dir": data_dir,
        "model": None if model is None else tuple(model),
        "dtype": dtype.value,
        "device": device,
        "max_sequences": max_sequences,
        "kv_tokens": kv_tokens,
        "max_waiting": max_waiting,
        "prefill_chunk": prefill_chunk,
        "prefix_cache_mib": prefix_cache_mib,
        "threads": threads,
        "require_key": require_key,
        "database_url": database_url,
        "prices": prices,
        "retain_content_days": retain_content_days,
    }
    flags = {_FIELDS.get(name, name): options[name] for name in options if _said(ctx, name)}
    try:
        flags |= engines_of(engine.value if engine else None, model or [], engine_arg or [], engine_program)
        settings = load_settings(config, flags)
    except ConfigError as error:
        raise typer.Exit(refuse(str(error))) from None
    raise typer.Exit(run(settings))


@app.command()
def chat(
    url: Annotated[
        str | None,
        typer.Option(help=f"A running server. Default: http://127.0.0.1:{DEFAULT_PORT}, started if none answers there"),
    ] = None,
    key: Annotated[
        str | None, typer.Option("--key", envvar="NEMOSERVE_API_KEY", help="The key, where the server asks for one.")
    ] = None,
    model: Annotated[str | None, typer.Option(help="The model to talk to. Default: the server's first")] = None,
    system: Annotated[str | None, typer.Option(help="The system prompt to begin with.")] = None,
    think: Annotated[bool, typer.Option(help="Begin with thinking on or off.")] = True,
    temperature: Annotated[
        float | None, typer.Option(min=0.0, max=2.0, help="0 always takes the likeliest token.")
    ] = None,
) -> None:
    """Talk to a model in the terminal. Thinking is dimmed; /help lists the commands. Reads questions from a pipe too."""
    from nemoserve.cli.chat import run

    raise typer.Exit(run(url=url, key=key, model=model, system=system, think=think, temperature=temperature))


app.command()(models)
app.command()(pull)
app.command()(usage)
app.command()(bill)
app.command()(convert)
app.command()(mock)
app.command()(route)


def main() -> None:
    """The entry point of the `nemoserve` program."""
    for stream in (sys.stdin, sys.stdout, sys.stderr):
        if callable(reconfigure := getattr(stream, "reconfigure", None)):
            reconfigure(errors="replace")  # a letter that the terminal's or a file's encoding lacks ends no command
    app()
