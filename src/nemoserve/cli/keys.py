"""`nemoserve keys`: the commands and their options. Knows names and help texts; values are read and shown by `cli.keys_shown`.

Nothing heavy is imported here, so that `nemoserve --help` answers at once.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer

from nemoserve.cli.audit import DatabaseUrl, DataDir, Json

app = typer.Typer(
    name="keys",
    help="Make, list, limit and end the keys of a server, while it runs or not.",
    no_args_is_help=True,
    rich_markup_mode=None,
)


class KeyRole(StrEnum):
    """inference keys generate; management keys manage keys and read all usage."""

    inference = "inference"
    management = "management"


Which = Annotated[str, typer.Argument(metavar="KEY", help="A key's hash, its first characters, or the key's name.")]
Owner = Annotated[str | None, typer.Option(help="The person or team that pays.")]
Tag = Annotated[
    list[str] | None,
    typer.Option(help="NAME=VALUE for chargeback, such as team=search; repeat it. Replaces all; none removes them."),
]
Limit = Annotated[str | None, typer.Option(help="US dollars that may be spent per window, such as 5.00; or none.")]
LimitReset = Annotated[str | None, typer.Option(help="A new window at midnight UTC: daily, weekly, monthly; or none.")]
Expires = Annotated[
    str | None, typer.Option(help="A day such as 2027-01-31 (it ends as that begins, UTC), 30d; or none.")
]
Model = Annotated[list[str] | None, typer.Option(help="A model that is allowed; repeat it. none allows all.")]
Provider = Annotated[list[str] | None, typer.Option(help="A provider that is allowed; repeat it. none allows all.")]
PerMinute = Annotated[str | None, typer.Option("--requests-per-minute", help="A number, or none.")]
Tokens = Annotated[str | None, typer.Option("--tokens-per-minute", help="Prompts and replies together; or none.")]
Concurrency = Annotated[str | None, typer.Option(help="Requests that run at the same time; or none.")]
Thinking = Annotated[
    str | None, typer.Option("--reasoning-cap", "--reasoning-tokens", help="The most thinking per request; or none.")
]
Reserve = Annotated[
    str | None,
    typer.Option("--answer-reserve", help="Tokens of max_tokens that thinking leaves to the answer; or none."),
]
Store = Annotated[bool | None, typer.Option("--store-content/--no-store-content", help="Keep prompts and replies.")]


@app.command()
def create(
    name: Annotated[str | None, typer.Argument(help="What the key is for.")] = None,
    named: Annotated[str | None, typer.Option("--name", help="The same as NAME.")] = None,
    role: Annotated[
        KeyRole, typer.Option(help="inference: may generate; management: manages keys.")
    ] = KeyRole.inference,
    owner: Owner = None,
    tag: Tag = None,
    limit: Limit = None,
    limit_reset: LimitReset = None,
    expires: Expires = None,
    model: Model = None,
    provider: Provider = None,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: Tokens = None,
    concurrency: Concurrency = None,
    reasoning_tokens: Thinking = None,
    answer_reserve: Reserve = None,
    store_content: Store = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Make a key and print it, this once."""
    if (name is None) == (named is None):
        raise typer.BadParameter("give the key one name, such as: nemoserve keys create search")
    from msgspec import UNSET

    from nemoserve.cli.keys_shown import change_of, options_named, show_new
    from nemoserve.cli.store import opened
    from nemoserve.http.wire_keys import limits_of

    with opened(data_dir, database_url, make=True) as store, options_named():
        change = change_of(
            owner=owner,
            tags=tag,
            limit=limit,
            limit_reset=limit_reset,
            expires=expires,
            models=model,
            providers=provider,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            concurrency=concurrency,
            reasoning_tokens=reasoning_tokens,
            answer_reserve=answer_reserve,
            store_content=store_content,
        )
        key, text = store.keyring.create(
            name or named or "",
            role=role.value,
            owner=change.owner or "",
            tags=change.tags or {},
            limits=limits_of(change),
            expires_at=None if change.expires_at is UNSET else change.expires_at,
            store_content=bool(change.store_content),
            actor=store.actor,
        )
        show_new(store, key, text, json=json)


@app.command("list")
def list_keys(
    every: Annotated[bool, typer.Option("--all", help="Disabled ones too.")] = False,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """List the keys, the newest first."""
    from nemoserve.cli.keys_shown import show_list
    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store:
        show_list(store, store.keyring.list(include_disabled=every, limit=10_000), json=json)


@app.command()
def show(key: Which, data_dir: DataDir = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Show a key's limits and what it has spent."""
    from nemoserve.cli.keys_shown import show_key
    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store:
        show_key(store, store.keyring.find(key), json=json)


@app.command()
def limits(
    key: Which,
    name: Annotated[str | None, typer.Option(help="A new name.")] = None,
    owner: Owner = None,
    tag: Tag = None,
    limit: Limit = None,
    limit_reset: LimitReset = None,
    expires: Expires = None,
    model: Model = None,
    provider: Provider = None,
    requests_per_minute: PerMinute = None,
    tokens_per_minute: Tokens = None,
    concurrency: Concurrency = None,
    reasoning_tokens: Thinking = None,
    answer_reserve: Reserve = None,
    store_content: Store = None,
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Change what a key may do; what is not named stays. The next request already counts by it."""
    from nemoserve.cli.keys_shown import change_of, options_named, show_key
    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store, options_named():
        change = change_of(
            name=name,
            owner=owner,
            tags=tag,
            limit=limit,
            limit_reset=limit_reset,
            expires=expires,
            models=model,
            providers=provider,
            requests_per_minute=requests_per_minute,
            tokens_per_minute=tokens_per_minute,
            concurrency=concurrency,
            reasoning_tokens=reasoning_tokens,
            answer_reserve=answer_reserve,
            store_content=store_content,
        )
        found = store.keyring.find(key)
        show_key(store, store.keyring.update(found.id, change, actor=store.actor), json=json)


@app.command()
def rotate(
    key: Which,
    overlap: Annotated[str, typer.Option(help="How long the old text works on, such as 24h; 0 ends it at once.")] = "0",
    data_dir: DataDir = None,
    database_url: DatabaseUrl = None,
    json: Json = False,
) -> None:
    """Give a key a new text, and print it, this once. Limits and usage go on."""
    from nemoserve.cli.keys_shown import options_named, seconds, show_new
    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store, options_named():
        found = store.keyring.find(key)
        changed, text = store.keyring.rotate(found.id, seconds("--overlap", overlap), actor=store.actor)
        show_new(store, changed, text, json=json)


@app.command()
def disable(key: Which, data_dir: DataDir = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Refuse a key from the next request on, until it is enabled again."""
    from nemoserve.cli.keys_shown import show_key
    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store:
        found = store.keyring.find(key)
        show_key(store, store.keyring.disable(found.id, actor=store.actor), json=json)


@app.command()
def enable(key: Which, data_dir: DataDir = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """Take a disabled key again."""
    from nemoserve.cli.keys_shown import show_key
    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store:
        found = store.keyring.find(key)
        show_key(store, store.keyring.enable(found.id, actor=store.actor), json=json)


@app.command()
def delete(key: Which, data_dir: DataDir = None, database_url: DatabaseUrl = None, json: Json = False) -> None:
    """End a key for good. Its lines in the ledger stay, under its name."""
    from nemoserve.cli.keys_shown import show_deleted
    from nemoserve.cli.store import opened

    with opened(data_dir, database_url) as store:
        found = store.keyring.find(key)
        store.keyring.delete(found.id, actor=store.actor)
        show_deleted(found, json=json)
