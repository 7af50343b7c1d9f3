"""`nemoserve mock`: a stand-in for a provider, for tests and trials without keys or cost. Knows the terminal and options."""

from __future__ import annotations

import json
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from nemoserve.mock.server import Mock


class ProviderStyle(StrEnum):
    """Whose wire format the mock speaks."""

    openai = "openai"
    openrouter = "openrouter"
    nim = "nim"
    nvidia = "nvidia"
    aiml = "aiml"
    neuralhub = "neuralhub"
    deepinfra = "deepinfra"
    together = "together"
    vllm = "vllm"
    sglang = "sglang"
    llama_server = "llama-server"
    nemoserve = "nemoserve"
    transformers = "transformers"


def mock(
    style: Annotated[ProviderStyle, typer.Option(help="Whose wire format to speak.")] = ProviderStyle.openai,
    port: Annotated[int, typer.Option(min=0, max=65535, help="Port to listen on; 0 takes a free one.")] = 9000,
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    fault: Annotated[
        list[str] | None,
        typer.Option(help="NAME or NAME:NUMBER, such as stall, cut or 429:5; repeat it. --list-faults shows all."),
    ] = None,
    fault_share: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of the requests that meet one of the faults.")
    ] = 1.0,
    tokens: Annotated[int, typer.Option(min=1, help="Tokens of each reply; half of them thinking, if it thinks.")] = 32,
    pace_ms: Annotated[float, typer.Option(min=0, help="Milliseconds between two tokens.")] = 0.0,
    first_byte_ms: Annotated[float, typer.Option(min=0, help="Milliseconds until the first token.")] = 0.0,
    seed: Annotated[int, typer.Option(min=0, help="The same seed and question give the same answer.")] = 0,
    models: Annotated[
        str | None, typer.Option(help="Ids to serve, with commas between. Default: the provider's Nemotron models")
    ] = None,
    key: Annotated[
        list[str] | None, typer.Option(help="Take only this key; repeat it. Default: any, as the provider does")
    ] = None,
    list_faults: Annotated[bool, typer.Option("--list-faults", help="Show every fault and leave.")] = False,
) -> None:
    """Pretend to be a provider: its model list, chat and text completions, streams, errors; made-up words, no model.

    Point any OpenAI client at the address that it prints. Faults can be changed while it runs, by
    `POST /mock/faults` with {"fault": "stall", "share": 0.3, "times": 5, "model": …, "key": …, "stream": …} or a list
    of these (`[]` clears them), or for one request by its header `x-mock-fault: stall`. `GET /mock/log` shows what was
    received and counts it, `DELETE /mock/log` forgets it, `POST /mock/settings` takes tokens, pace_ms, first_byte_ms,
    seed and keys.
    """
    from nemoserve.mock.faults import FAULTS, UnknownFault, mixed, parse_fault
    from nemoserve.mock.options import Options
    from nemoserve.mock.server import run

    if list_faults:
        for name, what in FAULTS.items():
            typer.echo(f"{name:<22} {what}")
        return
    faults = fault or []
    try:
        for each in faults:
            parse_fault(each)
    except UnknownFault as error:
        raise typer.BadParameter(str(error), param_hint="--fault") from error
    options = Options(
        style=style.value,
        models=tuple(name.strip() for name in models.split(",") if name.strip()) if models else (),
        keys=tuple(key or ()),
        tokens=tokens,
        pace_ms=pace_ms,
        first_byte_ms=first_byte_ms,
        seed=seed,
        faults=tuple(mixed(faults, fault_share)) if faults else (),
    )
    try:
        run(options, host=host, port=port, ready=_announce)
    except OSError as error:
        typer.echo(f"Cannot listen on {host}:{port}: {error.strerror or error}. Choose another with --port.", err=True)
        raise typer.Exit(1) from error


def _announce(mock: Mock) -> None:
    """Says where it is; flushed, as whoever started it may be waiting for the line."""
    style = mock.service.style
    model = mock.service.models[0]
    body = json.dumps({"model": model, "messages": [{"role": "user", "content": "Hello"}]})
    key = " -H 'Authorization: Bearer any'" if style.wants_key or mock.service.options.keys else ""
    print(f"{style.name} mock at {mock.url}", flush=True)
    print(f"Try: curl {mock.url}/chat/completions -H 'Content-Type: application/json'{key} -d '{body}'", flush=True)
    print(f"What it received: curl {mock.origin}/mock/log   Ctrl-C stops it.", flush=True)
