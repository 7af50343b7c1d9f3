"""`nemoserve route`: where a request would go, why and at what price, asked of no endpoint. Knows the terminal."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from nemoserve.cli.audit import Json
from nemoserve.cli.ledger import print_table

if TYPE_CHECKING:
    from nemoserve.routing.order import Router
    from nemoserve.types.chat import ChatRequest, CompletionRequest
    from nemoserve.types.errors import ApiError
    from nemoserve.types.route import Considered, Route, Wish


def route(
    explain: Annotated[
        Path,
        typer.Option(help="A file with the body of a chat or text completion, or - to read it from stdin."),
    ],
    config: Annotated[
        Path | None, typer.Option(help="The server's TOML file. Default: what the server serves without one")
    ] = None,
    json: Json = False,
) -> None:
    """Show the endpoints that a request would be tried at, in order, with reasons and the expected price.

    Nothing is sent and nothing is started: every endpoint counts as healthy and unmeasured. Exits with status 1 when the request
    would be refused.
    """
    from random import Random

    from nemoserve.cli.served import served
    from nemoserve.config.file import ConfigError
    from nemoserve.routing.health import Health
    from nemoserve.routing.order import Router
    from nemoserve.types.errors import ApiError

    try:
        there = served(config)
        request = _request(explain, most_choices=there.settings.max_choices)
        if not there.endpoints:
            raise ConfigError("There is no model to serve.")
    except (ConfigError, ApiError, ValueError) as error:
        typer.echo(f"nemoserve: {error}", err=True)
        raise typer.Exit(1) from None
    routing = there.settings.routing
    router = Router(there.endpoints, there.price, Health(routing), routing, aliases=there.aliases)
    wish, decision = _decided(request, router)
    found, refused = router.explain(wish, 0.0, Random())
    if json:
        _print_json(found, refused, wish, decision)
    else:
        _print(found, refused, wish, decision)
    raise typer.Exit(0 if refused is None else 1)


def _request(file: Path, *, most_choices: int) -> ChatRequest | CompletionRequest:
    """The body as the server reads it. Raises ApiError naming the field that makes no sense, and ConfigError."""
    from nemoserve.config.file import ConfigError
    from nemoserve.http.body import decode
    from nemoserve.http.wire_chat import CHAT_DECODER, read_chat
    from nemoserve.http.wire_text import TEXT_DECODER, read_text

    try:
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file}: {error.strerror}") from None
    chat = decode(body, CHAT_DECODER)
    if chat.messages is None and chat.prompt is not None:
        return read_text(decode(body, TEXT_DECODER), most_choices=most_choices)
    return read_chat(chat, most_choices=most_choices)


def _decided(request: ChatRequest | CompletionRequest, router: Router) -> tuple[Wish, str]:
    """What the request asks of routing, and in words what "auto" comes to; empty where nothing is decided.

    Whether to think is decided for the model that answers; this is what holds for any that was not measured.
    """
    from nemoserve.pipeline import wish_of
    from nemoserve.reasoning.auto import choose_model
    from nemoserve.reasoning.complexity import decide, explain
    from nemoserve.types.caller import KeyLimits
    from nemoserve.types.chat import CompletionRequest

    if isinstance(request, CompletionRequest):
        return wish_of(request, KeyLimits(), None), ""
    request, _ = choose_model(request, partial(router.may_use, None, images=bool(request.images)))
    decision = explain(decide(request)) if request.reasoning.auto else ""
    return wish_of(request, KeyLimits(), request.session_id), decision


def _print_json(found: Route, refused: ApiError | None, wish: Wish, decision: str) -> None:
    import msgspec

    from nemoserve.http.errors import error_object

    body: dict[str, object] = {
        "models": wish.models,
        "prompt_tokens": wish.prompt_tokens,
        "images": wish.images,
        "max_tokens": wish.max_tokens,
        **({"auto": decision} if decision else {}),
        "strategy": found.strategy,
        "endpoints": [_line(verdict) for verdict in found.considered if verdict.excluded_by is None],
        "excluded": [
            {**_line(verdict), "excluded_by": verdict.excluded_by}
            for verdict in found.considered
            if verdict.excluded_by is not None
        ],
    }
    if refused is not None:
        body["error"] = error_object(refused)
    typer.echo(msgspec.json.format(msgspec.json.encode(body)).decode())


def _line(verdict: Considered) -> dict[str, object]:
    from nemoserve.types.money import dollars

    return {
        "provider": verdict.endpoint.provider,
        "model": verdict.endpoint.model,
        "variant": verdict.endpoint.variant,
        "expected_cost": None if verdict.expected_cost is None else dollars(verdict.expected_cost),
        "reason": verdict.reason,
    }


def _print(found: Route, refused: ApiError | None, wish: Wish, decision: str) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from nemoserve.routing.candidate import ASSUMED_TOKENS
    from nemoserve.types.money import dollars

    console = Console(highlight=False)
    length = (
        f"at most {wish.max_tokens}" if wish.max_tokens else f"perhaps {ASSUMED_TOKENS}, as max_tokens is not given"
    )
    pictures = f", {wish.images} image{'s' * (wish.images > 1)} among them" if wish.images else ""
    console.print(f"The prompt has about {wish.prompt_tokens} tokens{pictures}; the reply, {length}.", soft_wrap=True)
    if decision:
        console.print(f"Auto: {escape(decision)}.", soft_wrap=True)
    table = Table(box=None, pad_edge=False)
    for title in ("", "provider", "model", "expected price", "why"):
        table.add_column(title, justify="right" if title in ("", "expected price") else "left")
    for place, verdict in enumerate(found.considered, 1):
        endpoint, out = verdict.endpoint, verdict.excluded_by
        model = f"{endpoint.model}:{endpoint.variant}" if endpoint.variant else endpoint.model
        # All to the nano-dollar: endpoints are compared by it, and a request costs little.
        cost = "" if verdict.expected_cost is None else f"${dollars(verdict.expected_cost):.9f}"
        why = verdict.reason if out is None else f"{out}: {verdict.reason}"
        table.add_row(
            str(place) if out is None else "-",
            *(escape(text) for text in (endpoint.provider, model, cost, why)),
            style=None if out is None else "bright_black",
        )
    if found.considered:
        print_table(console, table)
    if refused is not None:
        console.print(f"\nRefused with {refused.status}: {escape(refused.message)}", style="red", soft_wrap=True)
